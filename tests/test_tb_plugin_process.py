"""A real TensorBoard process on real runs, asked over HTTP. TensorFlow is kept out of it: TensorBoard does without, as on a light machine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import msgspec
import pytest
from tab_fakes import a_client, a_context, read

from model_insights.view import Problem, Request, View
from model_insights.workspace import Workspace
from tb_plugin import loader

START = """
import sys, types
sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")
sys.modules["tensorflow"] = None  # also for plugins of others, which would load it where it is installed
sys.argv[0] = "tensorboard"
from tensorboard.main import run_main
run_main()
"""


class Server:
    """A running TensorBoard."""

    def __init__(self, address: str) -> None:
        self.address = address

    def get(self, path: str) -> bytes:
        try:
            with urllib.request.urlopen(self.address + path, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as refused:
            return refused.read()

    def view(self, query: str = "", tab: str = "insights_triangle") -> bytes:
        """The answer once everything is read."""
        for _ in range(1200):
            status = json.loads(self.get(f"data/plugin/{tab}/status"))
            if status["scanned"] and not status["scanning"]:
                return self.get(f"data/plugin/{tab}/view?{query}")
            time.sleep(0.1)
        raise AssertionError("the first scan does not end")


@contextmanager
def tensorboard(tmp_path: Path, *flags: object) -> Iterator[Server]:
    log = tmp_path / "log.txt"
    command = [sys.executable, "-W", "ignore", "-c", START, "--port", "0", "--host", "localhost", "--insights_state", tmp_path / "state"]
    with log.open("w") as file, subprocess.Popen([*command, *flags], stderr=file, stdout=file) as process:
        try:
            yield Server(said_address(process, log))
        finally:
            process.terminate()


def said_address(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"at (http://localhost:\d+/\S*)", log.read_text()):
            return found.group(1)
        time.sleep(0.05)
    raise AssertionError(f"TensorBoard did not start:\n{log.read_text()}")


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


class Started(NamedTuple):
    """A running TensorBoard, and what it was started with."""

    server: Server
    logdir: str
    state: Path


@pytest.fixture(scope="module")
def started(root, tmp_path_factory) -> Iterator[Started]:
    """TensorBoard on the demo, where reading must leave no trace, and on two of its evaluations without their lineage, below a prefix."""
    shop, other, state = root / "examples" / "shoes" / "runs", tmp_path_factory.mktemp("other"), tmp_path_factory.mktemp("demo")
    for run in ("103", "115"):
        shutil.copytree(shop / "pipeline" / "Evaluator" / "evaluation" / run, other / "Evaluator" / "evaluation" / run)
    (other / "insights.toml").write_text('[insights]\ncurrency = "USD"\nname = "Loose evaluations"\n')
    spec = f"a:{shop},b:{other}"
    before = stamps(shop)
    with tensorboard(state, "--logdir_spec", spec, "--path_prefix", "/tb/x") as server:
        yield Started(server, spec, state / "state")
    assert before == stamps(shop)


@pytest.fixture
def demo(started) -> Server:
    return started.server


def test_tensorboard_lists_both_tabs_in_their_order(demo):
    listing = json.loads(demo.get("data/plugins_listing"))

    names = [name for name in listing if name in ("insights_triangle", "business_cost")]
    assert ["insights_triangle", "business_cost"] == names
    assert [True, True] == [listing[name]["enabled"] for name in names]


def test_the_answer_is_the_view_of_the_core_byte_by_byte(started):
    answer = started.server.view(tab="business_cost")
    workspace = Workspace.open(started.logdir, state=str(started.state))  # what the server decoded need not be decoded again
    workspace.scan()

    assert msgspec.json.Encoder(order="deterministic").encode(workspace.view(Request(view="cost"))) == answer


@pytest.mark.parametrize("view", ["insights", "cost"])
def test_a_page_is_lighter_than_300_kilobytes(demo, view):
    assert len(demo.view(f"view={view}")) < 300_000


def test_both_tabs_answer_every_view_alike(demo):
    assert demo.view("view=cost", tab="insights_triangle") == demo.view("view=cost", tab="business_cost")


def test_an_unknown_run_is_a_sentence(demo):
    problem = msgspec.json.decode(demo.view("run=2099"), type=Problem)

    assert "2099" in problem.error


def test_several_directories_with_a_configuration_each_under_a_path_prefix_are_all_there(demo):
    listed = msgspec.json.decode(demo.view("view=cost"), type=View).selection.pipelines
    titles = [msgspec.json.decode(demo.view(f"view=cost&pipeline={quote(one.id)}"), type=View).view for one in listed]

    assert "/tb/x/" in demo.address
    assert "Loose evaluations" in [one.text for one in listed]
    assert ["cost"] * len(listed) == titles
    assert len(listed) >= 2


# --- the same backend without a process around it -----------------------------------------------------------------------------


def ask(logdir: Path, tmp_path: Path, **flags: str) -> tuple[bool, bytes]:
    """Whether the tab is in the bar after reading, and its page."""
    context = a_context(str(logdir), insights_state=str(tmp_path / "state"), **flags)
    backend = read(loader.TriangleLoader().load(context).backend)
    return backend.is_active(), a_client(backend).get("/data/plugin/insights_triangle/view").data


def test_an_empty_directory_has_no_tab_in_the_bar_and_an_empty_page(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()

    active, page = ask(logs, tmp_path)

    assert (False, "empty") == (active, msgspec.json.decode(page, type=View).view)


def test_a_mistake_in_the_configuration_is_a_sentence_in_a_tab_that_can_be_found(root, tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[insights]\ncurency = "EUR"\n')

    active, page = ask(root / "examples" / "shoes" / "runs", tmp_path, insights_config=str(wrong))

    assert active
    assert "curency" in page.decode()
