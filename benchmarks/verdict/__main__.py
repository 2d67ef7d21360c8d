"""Runs the cases that are not yet in the results file, then writes the scoreboard: `python -m benchmarks.verdict`.

`--ship` also fits the calibration map on the settings that are not scored and writes it into model_insights/calibration.py.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from benchmarks.verdict.judging import Result, result
from benchmarks.verdict.page import page
from benchmarks.verdict.scenarios import HELD, Job, jobs
from benchmarks.verdict.scoring import Map, as_said, knots, reliability
from benchmarks.verdict.weekly import HELD as HELD_STORIES
from benchmarks.verdict.weekly import History, history
from model_insights.remembered import Remembered

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TABLE = re.compile(r"(?<=# table: written by benchmarks/verdict\n).*(?=# end of table\n)", re.DOTALL)


def main() -> int:
    """Exit code 0 when every wanted case was run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verdict", description=__doc__)
    parser.add_argument("--results", type=Path, default=ROOT / "build" / "verdict" / "cases.jsonl", help="JSON lines, one per case")
    parser.add_argument("--seeds", type=int, default=1, help="worlds per setting")
    parser.add_argument("--stories", type=int, default=24, help="whole histories to fit on, and as many held out")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after this long; a later call goes on")
    parser.add_argument("--ship", action="store_true", help="write the calibration map into the product")
    given = parser.parse_args()
    wanted = list(jobs(given.seeds))
    end = time.monotonic() + 60 * given.minutes
    done = run(wanted, given.results, end=end) and tell(given.stories, given.results.with_name("stories.jsonl"), end=end)
    keys = {job.key for job in wanted}
    results = sorted((one for one in read(given.results, Result) if one.job.key in keys), key=lambda one: one.job.key)
    maps = {tier: knots(results, tier) for tier in ("T0", "T1")}
    if given.ship:
        ship(maps, results, ROOT / "model_insights" / "calibration.py")
    (HERE / "README.md").write_text(page(results, maps, read(given.results.with_name("stories.jsonl"), History), wanted=len(wanted)))
    return 0 if done else 1


def run(wanted: Sequence[Job], path: Path, *, end: float) -> bool:
    """Appends a line per case that the file lacks, until `end` of the monotonic clock; True when none is left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {one.job.key for one in read(path, Result)}
    left = sorted(
        (job for job in wanted if job.key not in known), key=lambda job: (job.n, job.seed % HELD, job.world, job.seed)
    )  # a past serves many
    remembered, started = Remembered(path.parent / "state"), time.monotonic()
    with path.open("ab") as out:
        for i, job in enumerate(left):
            if time.monotonic() > end:
                return False
            out.write(msgspec.json.encode(result(job, remembered)) + b"\n")
            out.flush()
            print(
                f"\r{i + 1} of {len(left)} cases, {(time.monotonic() - started) / 60:.1f} min, {job.key}        ", end="", file=sys.stderr
            )
    return True


def tell(count: int, path: Path, *, end: float) -> bool:
    """Appends a line per history that the file lacks, fitting and held-out ones in turn; True when none is left."""
    known, remembered = {one.seed for one in read(path, History)}, Remembered(path.parent / "state")
    with path.open("ab") as out:
        for seed in (seed for i in range(count) for seed in (i, HELD_STORIES + i)):
            if time.monotonic() > end:
                return False
            if seed not in known:
                out.write(msgspec.json.encode(history(seed, remembered)) + b"\n")
                out.flush()
                print(f"\rhistory {seed}        ", end="", file=sys.stderr)
    return True


_Line = TypeVar("_Line", Result, History)


def read(path: Path, kind: type[_Line]) -> list[_Line]:
    """Results so far. A last line that was cut short is taken off the file, so that its case is run again."""
    if not path.exists():
        return []
    whole, newline, _ = path.read_bytes().rpartition(b"\n")
    path.write_bytes(whole + newline)
    return [msgspec.json.decode(line, type=kind) for line in whole.split(b"\n") if line]


def ship(maps: dict[str, Map], results: Sequence[Result], module: Path) -> None:
    """Writes the tables between the two comments: the maps, and how often the words that they make were right where they were not fitted."""
    said = [as_said(one, maps) for one in results]
    held = "".join(f'    "{tier}": {reliability(said, tier)!r},\n' for tier in maps)
    cases = ", ".join(f'"{tier}": {one.cases}' for tier, one in maps.items())
    rows = "".join(f'    "{tier}": {one.knots!r},\n' for tier, one in maps.items())
    table = f"CASES: Mapping[str, int] = {{{cases}}}\nKNOTS: Mapping[str, Knots] = {{\n{rows}}}\nHELD: Mapping[str, Mapping[str, tuple[int, int]]] = {{\n{held}}}\n"
    module.write_text(TABLE.sub(table, module.read_text()))


if __name__ == "__main__":
    raise SystemExit(main())
