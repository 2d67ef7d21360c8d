"""A tab's answers beside TensorBoard's own: warm views against /data/runs, what they weigh, and the first answer after a start.

    python benchmarks/bench_tabs.py [--logdir examples/shoes/runs] [--keep]

Uses the environment of bench_startup.py: the newest TensorBoard, no TensorFlow. Questions alternate, each over a connection of its own, and
accept gzip. TensorBoard runs with --load_fast=false: its data server answers /data/runs in 46 ms here, which would flatter us.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import http.client
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from bench_startup import HOME, LOGDIR, ROOT, environments, free_port

TAB = "/data/plugin/insights_triangle"
PAGES = {"insights page": {"view": "insights"}, "cost page": {"view": "cost"}}
ROUNDS = 300
STATIC = ROOT / "tb_plugin" / "static"


class Asker:
    """Asks a TensorBoard that has just been started."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str) -> tuple[int, bytes, float]:
        """Status, body as sent and seconds."""
        began = time.perf_counter()
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            body = answer.read()
        return answer.status, body, time.perf_counter() - began

    def wait(self, path: str) -> float:
        """Seconds until a path answers 200."""
        began = time.perf_counter()
        while time.perf_counter() - began < 120:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.get(path)[0] == 200:
                    return time.perf_counter() - began
            time.sleep(0.01)
        raise SystemExit(f"{path} does not answer")


def details(asker: Asker) -> dict[str, dict[str, str]]:
    """A slice and a feature that the pages link to."""
    links = {}
    for page in PAGES.values():
        text = gzip.decompress(asker.get(f"{TAB}/view?{urlencode(page)}")[1])
        for link in found_links(json.loads(text)):
            if link["view"] in ("slice", "feature", "artifact"):
                links.setdefault(f"{link['view']} page", {"view": link["view"], "id": link["id"]})
    return links


def found_links(part: object) -> list[dict[str, str]]:
    if isinstance(part, list):
        return [link for inner in part for link in found_links(inner)]
    if not isinstance(part, dict):
        return []
    own = [part["link"]] if isinstance(part.get("link"), dict) else []
    return own + [link for inner in part.values() for link in found_links(inner)]


def tell(asker: Asker) -> None:
    for name, query in {**PAGES, **details(asker)}.items():
        path = f"{TAB}/view?{urlencode(query)}"
        _, body, cold = asker.get(path)
        pairs = [(asker.get(path)[2], asker.get("/data/runs")[2]) for _ in range(ROUNDS)]
        ours, theirs = (statistics.median(seconds) * 1000 for seconds in zip(*pairs, strict=True))
        weight = f"{len(gzip.decompress(body)) / 1000:.0f} kB, {len(body) / 1000:.1f} kB sent"
        print(f"{name:14} {weight}; first asked {cold * 1000:.0f} ms; warm {ours:.2f} ms, /data/runs {theirs:.2f} ms: {ours / theirs:.2f}")


def bundle() -> int:
    """Bytes of the built front end, gzipped file by file."""
    return sum(len(gzip.compress(file.read_bytes())) for file in STATIC.glob("*.js"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--logdir", type=Path, default=LOGDIR)
    parser.add_argument("--python", default="3.11")
    parser.add_argument("--keep", action="store_true", help="use the environment of the last time")
    options = parser.parse_args()
    home = HOME / "with" / "bin" if options.keep else environments(options.python)[0]
    port = free_port()
    with tempfile.TemporaryDirectory() as state:
        flags = ("--host", "127.0.0.1", "--port", str(port), "--load_fast", "false", "--insights_state", state)
        command = [home / "tensorboard", "--logdir", options.logdir, *flags]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as server:
            try:
                asker = Asker(port)
                asker.wait("/")
                print(f"first page after TensorBoard answers, nothing cached: {asker.wait(f'{TAB}/view'):.1f} s")
                tell(asker)
            finally:
                server.terminate()
    print(f"bundle: {bundle() / 1000:.0f} kB gzipped (goal: under 200)")


if __name__ == "__main__":
    main()
