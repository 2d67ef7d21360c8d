"""TensorBoard's time to its first byte, with our plugin over without, in two environments that differ by our distribution only.

    python benchmarks/bench_startup.py [--pairs 20] [--python 3.13]

Both environments hold the newest TensorBoard and everything our plugin needs, no TensorFlow. Starts alternate, which of the two comes
first changes from pair to pair, and the first start of each is thrown away: it compiles byte code and fills the page cache.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".cache" / "startup"
LOGDIR = ROOT / "examples" / "shoes" / "runs"
PATIENCE = 120.0  # seconds


def uv() -> str:
    """The checkout's uv, or the machine's."""
    own = ROOT / ".venv" / "bin" / "uv"
    return str(own) if own.exists() else shutil.which("uv") or "uv"


def index() -> dict[str, str]:
    """The environment with the package index that pip is configured for: uv does not read pip's configuration."""
    asked = subprocess.run([sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False)
    address = asked.stdout.strip()
    return {**os.environ, "UV_DEFAULT_INDEX": os.environ.get("UV_DEFAULT_INDEX", address)} if address else dict(os.environ)


def environments(version: str) -> tuple[Path, Path]:
    """Bin folders of the environments with and without us. Made anew: the checkout may have changed."""
    made = []
    for name in ("with", "without"):
        place = HOME / name
        run(uv(), "venv", "--quiet", "--clear", "--python", version, place)
        run(uv(), "pip", "install", "--quiet", "--compile-bytecode", "--python", place / "bin" / "python", f"{ROOT}")
        made.append(place / "bin")
    run(uv(), "pip", "uninstall", "--quiet", "--python", made[1] / "python", "tensorboard-plugin-insights")
    return made[0], made[1]


def run(*command: object) -> None:
    """A command of the set-up; its own words tell what went wrong."""
    subprocess.run([str(word) for word in command], check=True, env=index(), cwd=ROOT)


class Start(NamedTuple):
    """Seconds from the start of the process to the first byte of the page, and what the processor worked until then."""

    clock: float
    work: float


def first_byte(home: Path, logdir: Path) -> Start:
    """Start TensorBoard, wait for its page, and end it."""
    port = free_port()
    command = [home / "tensorboard", "--logdir", logdir, "--host", "127.0.0.1", "--port", str(port)]
    began = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as server:
        try:
            while time.perf_counter() - began < PATIENCE:
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as page:
                    page.read(1)
                    return Start(time.perf_counter() - began, work_of(server.pid))
                time.sleep(0.002)
            raise SystemExit(f"{home}: TensorBoard did not answer within {PATIENCE:.0f} s")
        finally:
            server.terminate()
            server.wait()


def work_of(process: int) -> float:
    """Processor seconds of a process so far, its threads included (Linux; elsewhere not a number). A busy machine hardly moves it."""
    path = Path(f"/proc/{process}/stat")
    if not path.exists():
        return float("nan")
    fields = path.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure(homes: tuple[Path, Path], logdir: Path, pairs: int) -> tuple[tuple[Start, Start], ...]:
    """Starts with and without us, pair by pair."""
    for home in homes:
        first_byte(home, logdir)
    found = []
    for number in range(pairs):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        took = {which: first_byte(homes[which], logdir) for which in order}
        found.append((took[0], took[1]))
    return tuple(found)


def interval(ratios: list[float], *, draws: int = 10_000, seed: int = 1) -> tuple[float, float]:
    """95 % bootstrap interval of the median (percentiles over the pairs)."""
    chance = random.Random(seed)
    medians = sorted(statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(draws))
    return medians[int(0.025 * draws)], medians[int(0.975 * draws) - 1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--python", default="3.11", help="the Python of both environments")
    parser.add_argument("--logdir", type=Path, default=LOGDIR)
    parser.add_argument("--keep", action="store_true", help="use the environments of the last time")
    options = parser.parse_args()
    homes = (HOME / "with" / "bin", HOME / "without" / "bin") if options.keep else environments(options.python)
    pairs = measure(homes, options.logdir, options.pairs)
    tell("first byte", [(ours.clock, bare.clock) for ours, bare in pairs], goal="; goal 1.05")
    tell("processor time until then", [(ours.work, bare.work) for ours, bare in pairs])


def tell(what: str, pairs: list[tuple[float, float]], *, goal: str = "") -> None:
    """Both medians, and the ratio with its interval."""
    ratios = [ours / bare for ours, bare in pairs]
    low, high = interval(ratios)
    ours, bare = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    print(f"{what}: without us {bare:.2f} s, with us {ours:.2f} s (medians of {len(pairs)})")
    print(f"    with over without {statistics.median(ratios):.3f} (95 % {low:.3f} to {high:.3f}{goal})")


if __name__ == "__main__":
    main()
