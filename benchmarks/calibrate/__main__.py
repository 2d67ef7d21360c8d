"""Asks every question of the table and writes it: `python -m benchmarks.calibrate`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.calibrate.scoring import Answer, page, questions


def main() -> int:
    """Exit code 0 when every goal is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibrate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="worlds a line")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "README.md")
    given = parser.parse_args()
    answers, started = [], time.monotonic()
    for one in questions(given.seeds):
        answers.append(Answer(what=one.what, rows=one.rows, found=one.ask(), least=one.least, most=one.most))
        print(
            f"{(time.monotonic() - started) / 60:5.1f} min  {one.what} ({one.rows}): {answers[-1].found.text}", file=sys.stderr, flush=True
        )
    given.out.write_text(page(answers))
    return 0 if all(one.is_met for one in answers) else 1


if __name__ == "__main__":
    raise SystemExit(main())
