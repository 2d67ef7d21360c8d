"""Warm answers of both tabs against TensorBoard's own /data/runs in the same process, their size, and the memory a history takes."""

from __future__ import annotations

import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "examples/shoes/runs"
ROUNDS = 40


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return int(one.getsockname()[1])


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return bytes(answer.read())


def waited(url: str, *, seconds: float = 180) -> None:
    """Until the address answers 200."""
    end = time.monotonic() + seconds
    while True:
        try:
            get(url)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
        else:
            return


def answers(base: str) -> None:
    """Interleaved, so that the machine's load hits all alike."""
    paths = {"/data/runs": [], "insights": [], "cost": []}  # type: dict[str, list[float]]
    urls = {
        "/data/runs": f"{base}/data/runs",
        "insights": f"{base}/data/plugin/insights_triangle/view?view=insights",
        "cost": f"{base}/data/plugin/business_cost/view?view=cost",
    }
    for url in urls.values():
        waited(url)
    for _ in range(ROUNDS):
        for name, url in urls.items():
            start = time.perf_counter()
            get(url)
            paths[name].append(time.perf_counter() - start)
    floor = statistics.median(paths["/data/runs"])
    print(f"TensorBoard's /data/runs: {1000 * floor:.1f} ms, median of {ROUNDS}")
    for name in ("insights", "cost"):
        own = statistics.median(paths[name])
        print(
            f"{name}: {1000 * own:.1f} ms warm, {own / floor:.2f} x /data/runs (goal at most 2); payload {len(get(urls[name])) / 1000:.0f} kB (goal under 300)"
        )


def memory() -> None:
    """In a fresh process: imports, then the demo's whole history read, priced and judged."""
    code = (
        "import resource\n"
        "from model_insights.view import Request\n"
        "from model_insights.workspace import Workspace\n"
        "rss = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000\n"
        "imports = rss()\n"
        f"workspace = Workspace.open({str(DEMO)!r}, state='')\n"
        "workspace.scan(); workspace.view(Request()); workspace.view(Request(view='cost'))\n"
        "print(f'{imports:.0f} MB after the imports, {rss() - imports:.0f} MB more for 17 runs read, priced and judged')\n"
    )
    with tempfile.TemporaryDirectory() as state:
        print(
            subprocess.run(
                [sys.executable, "-c", code.replace("state=''", f"state={state!r}")], check=True, capture_output=True, text=True, cwd=ROOT
            ).stdout,
            end="",
        )


def main() -> None:
    memory()
    with tempfile.TemporaryDirectory() as state:
        port = free_port()
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(DEMO), "--insights_state", state, "--port", str(port)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT) as server:
            try:
                answers(f"http://localhost:{port}")
            finally:
                server.terminate()
    print(f"this script itself: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
