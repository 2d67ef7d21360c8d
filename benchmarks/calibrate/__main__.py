"""Asks every question of the table and writes it: `python -m benchmarks.calibrate`.

`--only TEXT` asks the lines anew that hold the text (`--only "history | 50 |"`), and keeps the others as they are written.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.calibrate.scoring import Answer, page, questions, written


def main() -> int:
    """Exit code 0 when every goal is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibrate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="worlds a line")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "README.md")
    parser.add_argument("--only", default="", help="part of the lines to be asked anew")
    given = parser.parse_args()
    known = written(given.out.read_text()) if given.only and given.out.exists() else {}
    answers, started = [], time.monotonic()
    for one in questions(given.seeds):
        kept = known.get((one.what, one.rows)) if given.only not in f"| {one.what} | {one.rows} |" else None
        answers.append(Answer(what=one.what, rows=one.rows, found=kept or one.ask(), least=one.least, most=one.most))
        print(
            f"{(time.monotonic() - started) / 60:5.1f} min  {one.what} ({one.rows}): {answers[-1].found.text}", file=sys.stderr, flush=True
        )
    given.out.write_text(page(answers))
    return 0 if all(one.is_met for one in answers) else 1


if __name__ == "__main__":
    raise SystemExit(main())
