"""The table of `make calibrate`: what was asked, the goal, and what was found with Wilson's interval."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

from benchmarks.calibrate import judging
from benchmarks.calibrate.worlds import FAULTS
from benchmarks.verdict.scoring import Share, share

_COUNTS = re.compile(r"(\d+) of (\d+)\)$")
SIZES = (50, 200, 1_000, 5_000, 20_000, 50_000)
FAULT_SIZES = (500, 5_000, 50_000)
SEASON_WEEKS = tuple(range(0, judging.YEAR, 2))


class Asked(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One line of the table. `least`/`most` is the goal for the share; None for lines that are shown for comparison."""

    what: str
    rows: str
    ask: Callable[[], Share]
    least: float | None = None
    most: float | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    what: str
    rows: str
    found: Share
    least: float | None = None
    most: float | None = None

    @property
    def goal(self) -> str:
        return f"at least {self.least:.2f}" if self.least is not None else f"at most {self.most:.2f}" if self.most is not None else ""

    @property
    def is_met(self) -> bool:
        """The share itself meets the goal; the interval beside it says how much that is worth."""
        value = self.found.hits / max(self.found.cases, 1)
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


def questions(seeds: int) -> Iterator[Asked]:
    """Every line, the cheap ones first; `seeds` worlds a line."""
    yield Asked(
        what="any flag, the same statistics twice",
        rows="1,000",
        most=0.0,
        ask=lambda: _flagged(lambda s: judging.identical_flags(s, 1_000), seeds),
    )
    yield Asked(
        what="0.2 % becomes exactly 0.4 %: flagged",
        rows="20,000",
        least=1.0,
        ask=lambda: _flagged(lambda _: judging.doubling_flags(None, 20_000), 1),
    )
    for rows, least in ((20_000, 0.8), (50_000, 0.95)):
        yield Asked(
            what="0.2 % becomes 0.4 %, both sampled: flagged", rows=f"{rows:,}", least=least,
            ask=lambda rows=rows: _flagged(lambda s: judging.doubling_flags(s, rows), 2 * seeds),
        )  # fmt: skip
    for fault in FAULTS:
        for rows in FAULT_SIZES:
            yield Asked(
                what=f"{fault.name}: named", rows=f"{rows:,}", least=0.95 if rows > 500 else None,
                ask=lambda fault=fault, rows=rows: share([judging.fault_found(seed, rows, fault) for seed in range(seeds)]),
            )  # fmt: skip
    for rows in SIZES:
        yield Asked(
            what="any flag on 50 features without a change, two runs, no history", rows=f"{rows:,}", most=0.05,
            ask=lambda rows=rows: _flagged(lambda s: judging.pair_flags(s, rows), 2 * seeds),
        )  # fmt: skip
    for rows in (200, 5_000):
        yield Asked(
            what="the same, with ten runs of history and two splits each", rows=f"{rows:,}", most=0.05,
            ask=lambda rows=rows: _flagged(lambda s: judging.history_flags(s, rows), seeds),
        )  # fmt: skip
    yield Asked(
        what="weeks of a pure season flagged, same-season reference", rows="4,000", most=0.05, ask=lambda: _season(seeds, same=True)
    )
    yield Asked(
        what="weeks of a pure season flagged, fixed reference (for comparison)",
        rows="4,000",
        ask=lambda: _season(max(seeds // 5, 1), same=False),
    )


def _flagged(flags: Callable[[int], list[str]], seeds: int) -> Share:
    return share([bool(flags(seed)) for seed in range(seeds)])


def _season(seeds: int, *, same: bool) -> Share:
    worlds = [judging.season_flags(seed, 4_000, SEASON_WEEKS, same_season=same) for seed in range(max(seeds // 10, 1))]
    return share([bool(found) for world in worlds for found in world])


def page(answers: list[Answer]) -> str:
    """The README of the benchmark."""
    rows = "".join(f"| {one.what} | {one.rows} | {one.goal} | {one.found.text} | {_met(one)} |\n" for one in answers)
    missed = sum(not one.is_met for one in answers)
    return f"{HEAD}{rows}\n{'Every goal is met.' if not missed else f'{missed} of {len(answers)} lines miss their goal.'}\n"


def written(text: str) -> dict[tuple[str, str], Share]:
    """What a README of the benchmark holds, by line and rows."""
    rows = (line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| "))
    found = ((cells, _COUNTS.search(cells[3])) for cells in rows if len(cells) > 3)
    return {(cells[0], cells[1]): Share(hits=int(counts[1]), cases=int(counts[2])) for cells, counts in found if counts}


def _met(one: Answer) -> str:
    return "" if not one.goal else "yes" if one.is_met else "no"


HEAD = """# False alarms and planted faults

Written by `make calibrate`; do not edit. Worlds whose law is known (`worlds.py`) go, as statistics in memory laid out as TFDV stores them, through
the product's own calibration, change tests, detectors and evidence (`judging.py`). A flag is any fact of the data corner in state watch or
violated. The fifty features: twenty of 2 to 500 categories (even and Zipf), ten laws of numbers three times each (normal, log-normal, Pareto 2.1,
Student 2, uniform, counts, mostly zero, rounded, a 3 % flag) without gaps and with 0.4 % and 15 % missing. A fault is named when feature, kind and
factor (or value, or share within 5 points and a tenth) are right. Shares with Wilson's 95 % interval.

| what | rows | goal | found | met |
|---|---|---|---|---|
"""
