"""Whole histories judged week after week: what is named when, since when, and how often a healthy week is called a fault."""

from __future__ import annotations

import msgspec

from benchmarks.verdict.histories import told
from benchmarks.verdict.judging import MemoryBook
from benchmarks.verdict.stories import story, truths
from examples.shoes.story import Story
from model_insights.history import judged_runs
from model_insights.remembered import Remembered
from model_insights.sequence import excess_sequence

HELD = 100  # seeds from here on were never looked at while rules were mended
FIRST = 4  # the first week with an account and a level to hold it against
WOBBLE = 0.05  # of the log-odds, by which every second story's retrains are off


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One week: the right corners (none: an ordinary week), whether it is scored, what was said. `late`: said start minus true one, in weeks.

    `above`: the confidence sequence of the weekly looks says that the cost left its level."""

    span: int
    right: tuple[str, ...]
    scored: bool
    kind: str
    corner: str
    late: int | None = None
    above: bool = False


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A story, and the same weeks without its faults."""

    seed: int
    weeks: tuple[Told, ...]
    healthy: tuple[Told, ...]


def history(seed: int, remembered: Remembered) -> History:
    """Makes and judges one story. Deterministic."""
    the, wobble = story(seed), WOBBLE if seed % 2 else 0.0
    faulty, healthy = told(the, wobble=wobble), told(Story(seed=the.seed, faults=()), wobble=wobble)
    right = truths(the, faulty.costs, healthy.costs)
    starts = {span: _start(the, span, right[span].corners) for span in right}
    weeks = tuple(
        msgspec.structs.replace(one, right=right[one.span].corners, scored=right[one.span].scored, late=_late(one, starts[one.span]))
        for one in said(MemoryBook(faulty.case, remembered))
        if one.span in right
    )
    return History(seed=seed, weeks=weeks, healthy=tuple(said(MemoryBook(healthy.case, remembered))))


def said(book: MemoryBook) -> list[Told]:
    """What the product says of each week from FIRST on; `late` still holds the span of the start that it tells."""
    runs = judged_runs(book.history)
    spans = {run.period.label: i for i, run in enumerate(runs, start=1)}
    made, _ = book._series()  # the book's own series, made once
    above = excess_sequence(
        [cost.total.value if (cost := made.cost(run.id)) else None for run in runs], [made.expected_at(run.id) for run in runs]
    )
    return [
        Told(
            span=i, right=(), scored=i >= FIRST, kind=one.kind, corner=one.corner or "", late=spans.get(one.since), above=above[i - 1].is_above
        )
        for i, one in enumerate(book.records(), start=1)
        if i >= FIRST
    ]  # fmt: skip


def _start(the: Story, span: int, corners: tuple[str, ...]) -> int | None:
    """The first week in which the fault that is felt in `span` costs money; None where it is not one fault."""
    firsts = {one.first + (one.corner == "model") for one in the.faults if one.corner in corners and one.first <= span}
    return max(firsts) if len(corners) == 1 and firsts else None


def _late(one: Told, start: int | None) -> int | None:
    return one.late - start if one.late is not None and start is not None else None
