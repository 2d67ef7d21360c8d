"""Runs the cases that are not yet in the results file, then writes the scoreboard: `python -m benchmarks.verdict`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import msgspec

from benchmarks.verdict.judging import Result, result
from benchmarks.verdict.scenarios import Job, jobs
from model_insights.artifacts.confirmed import ConfirmedCauses

HERE = Path(__file__).parent


def main() -> int:
    """Exit code 0 when every wanted case was run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verdict", description=__doc__)
    parser.add_argument(
        "--results", type=Path, default=HERE.parents[1] / "build" / "verdict" / "cases.jsonl", help="JSON lines, one per case"
    )
    parser.add_argument("--seeds", type=int, default=3, help="worlds per setting")
    parser.add_argument("--only", default="", help="scenarios to run, separated by commas")
    parser.add_argument("--minutes", type=float, default=30.0, help="stop after this long; a later call goes on")
    given = parser.parse_args()
    wanted = [job for job in jobs(given.seeds) if not given.only or job.scenario in given.only.split(",")]
    return 0 if run(wanted, given.results, minutes=given.minutes) else 1


def run(wanted: list[Job], path: Path, *, minutes: float) -> bool:
    """Appends a line per case that the file lacks; True when none is left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {one.job.key for one in read(path)}
    left = sorted((job for job in wanted if job.key not in known), key=lambda job: (job.seed, job.world, job.n))  # a past serves many
    causes, started = ConfirmedCauses(path.parent / "state"), time.monotonic()
    with path.open("ab") as out:
        for i, job in enumerate(left):
            spent = time.monotonic() - started
            if spent > 60 * minutes:
                return False
            out.write(msgspec.json.encode(result(job, causes)) + b"\n")
            out.flush()
            print(f"\r{i + 1} of {len(left)} cases, {spent / 60:.1f} min, {job.key}        ", end="", file=sys.stderr)
    return True


def read(path: Path) -> list[Result]:
    """Results so far; a last line that was cut short is run again."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [msgspec.json.decode(line, type=Result) for line in lines]


if __name__ == "__main__":
    raise SystemExit(main())
