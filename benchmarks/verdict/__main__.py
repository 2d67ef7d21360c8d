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

import msgspec

from benchmarks.verdict.judging import Result, result
from benchmarks.verdict.scenarios import Job, jobs
from benchmarks.verdict.scoring import Map, knots, page
from model_insights.remembered import Remembered

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TABLE = re.compile(r"(?<=# table: written by benchmarks/verdict\n).*(?=# end of table\n)", re.DOTALL)


def main() -> int:
    """Exit code 0 when every wanted case was run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verdict", description=__doc__)
    parser.add_argument("--results", type=Path, default=ROOT / "build" / "verdict" / "cases.jsonl", help="JSON lines, one per case")
    parser.add_argument("--seeds", type=int, default=2, help="worlds per setting")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after this long; a later call goes on")
    parser.add_argument("--ship", action="store_true", help="write the calibration map into the product")
    given = parser.parse_args()
    wanted = list(jobs(given.seeds))
    done = run(wanted, given.results, minutes=given.minutes)
    keys = {job.key for job in wanted}
    results = sorted((one for one in read(given.results) if one.job.key in keys), key=lambda one: one.job.key)
    maps = {tier: knots(results, tier) for tier in ("T0", "T1")}
    if given.ship:
        ship(maps, ROOT / "model_insights" / "calibration.py")
    (HERE / "README.md").write_text(page(results, maps))
    return 0 if done else 1


def run(wanted: Sequence[Job], path: Path, *, minutes: float) -> bool:
    """Appends a line per case that the file lacks; True when none is left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {one.job.key for one in read(path)}
    left = sorted((job for job in wanted if job.key not in known), key=lambda job: (job.seed, job.world, job.n))  # a past serves many
    remembered, started = Remembered(path.parent / "state"), time.monotonic()
    with path.open("ab") as out:
        for i, job in enumerate(left):
            spent = (time.monotonic() - started) / 60
            if spent > minutes:
                return False
            out.write(msgspec.json.encode(result(job, remembered)) + b"\n")
            out.flush()
            print(f"\r{i + 1} of {len(left)} cases, {spent:.1f} min, {job.key}        ", end="", file=sys.stderr)
    return True


def read(path: Path) -> list[Result]:
    """Results so far. A last line that was cut short is taken off the file, so that its case is run again."""
    if not path.exists():
        return []
    whole, newline, _ = path.read_bytes().rpartition(b"\n")
    path.write_bytes(whole + newline)
    return [msgspec.json.decode(line, type=Result) for line in whole.split(b"\n") if line]


def ship(maps: dict[str, Map], module: Path) -> None:
    """Writes the table between its two comments."""
    cases = ", ".join(f'"{tier}": {one.cases}' for tier, one in maps.items())
    rows = "".join(f'    "{tier}": {one.knots!r},\n' for tier, one in maps.items())
    table = f"CASES: Mapping[str, int] = {{{cases}}}\nKNOTS: Mapping[str, Knots] = {{\n{rows}}}\n"
    module.write_text(TABLE.sub(table, module.read_text()))


if __name__ == "__main__":
    raise SystemExit(main())
