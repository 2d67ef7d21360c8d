"""Scores of the verdict and of the naive rules over the same cases, and the calibration map fitted on the fitting settings alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

from benchmarks.verdict.judging import Result
from benchmarks.verdict.scenarios import BY_NAME, HELD, Job, answerable
from model_insights.evidence.change import wilson
from model_insights.verdict import word

_PRIOR = 1.0  # right and wrong answers assumed beside the seen ones of a knot (add-one), so that no knot says 0 or 1
_FEWEST = 12  # cases a knot rests on
_NOTHING = (0.0, 0.0)  # below the lowest knot nothing was learnt: from there the map falls to nothing


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """Hits out of cases, with Wilson's 95 % interval."""

    hits: int
    cases: int

    @property
    def text(self) -> str:
        if not self.cases:
            return "no case"
        low, high = wilson(self.hits / self.cases, self.cases)
        return f"{self.hits / self.cases:.2f} ({low:.2f} to {high:.2f}; {self.hits} of {self.cases})"


def share(found: Sequence[bool]) -> Share:
    return Share(hits=sum(found), cases=len(found))


class Map(msgspec.Struct, frozen=True, kw_only=True):
    """Knots (share of resampled periods, P(right)) of a tier, and the cases they were fitted on."""

    knots: tuple[tuple[float, float], ...]
    cases: int

    def at(self, raw: float) -> float:
        """As model_insights.calibration reads it."""
        shares, right = zip(*self.knots, strict=True)
        return float(np.interp(raw, shares, right))


def as_said(one: Result, maps: Mapping[str, Map]) -> Result:
    """The result as the map makes the product say it, whatever map was shipped when the case was run."""
    one = msgspec.structs.replace(one, answerable=answerable(one.job))
    if one.raw is None or not one.named:
        return msgspec.structs.replace(one, corner="", confidence="cannot tell", probability=None)
    probability = maps[one.job.tier].at(one.raw)
    confidence = word(probability)
    return msgspec.structs.replace(
        one, probability=probability, confidence=confidence, corner=one.named if confidence != "cannot tell" else ""
    )


def is_held_out(job: Job) -> bool:
    """Held-out settings have worlds of their own, told by the seed."""
    return job.seed >= HELD


def is_good(one: Result) -> bool:
    """Quiet where nothing was put in, the right corner where one can be told, none where none can."""
    if BY_NAME[one.job.scenario].kind == "null":
        return one.kind != "fault"
    return is_right(one) if one.answerable else not one.corner


def is_right(one: Result) -> bool:
    """The corner named is one of the right ones, where one could be named."""
    return one.answerable and one.corner in BY_NAME[one.job.scenario].corners


def pooled(raw: Sequence[float], right: Sequence[bool]) -> tuple[tuple[float, float], ...]:
    """Knots (raw, P(right)) of an isotonic regression by pooling adjacent violators; few knots, each over at least _FEWEST cases."""
    order = np.argsort(np.asarray(raw), kind="stable")
    blocks: list[list[float]] = []  # sum of raw, hits, cases
    for i in order:
        if blocks and raw[i] == blocks[-1][3]:
            blocks[-1][0], blocks[-1][1], blocks[-1][2] = blocks[-1][0] + raw[i], blocks[-1][1] + right[i], blocks[-1][2] + 1
        else:
            blocks.append([raw[i], float(right[i]), 1.0, raw[i]])
    merged: list[list[float]] = []
    for block in blocks:
        merged.append(block)
        while len(merged) > 1 and (merged[-2][2] < _FEWEST or _rate(merged[-2]) >= _rate(merged[-1])):
            last = merged.pop()
            merged[-1] = [merged[-1][0] + last[0], merged[-1][1] + last[1], merged[-1][2] + last[2], last[3]]
    if len(merged) > 1 and merged[-1][2] < _FEWEST:
        last = merged.pop()
        merged[-1] = [merged[-1][0] + last[0], merged[-1][1] + last[1], merged[-1][2] + last[2], last[3]]
    return (_NOTHING, *((round(block[0] / block[2], 4), round(_rate(block), 4)) for block in merged))


def _rate(block: list[float]) -> float:
    return (block[1] + _PRIOR) / (block[2] + 2 * _PRIOR)


def knots(results: Sequence[Result], tier: str) -> Map:
    """The map of a tier: cases in which one corner was in front, in settings that are not held out."""
    used = [one for one in results if one.job.tier == tier and not is_held_out(one.job) and one.raw is not None and one.named]
    right = [answerable(one.job) and one.named in BY_NAME[one.job.scenario].corners for one in used]
    return Map(knots=pooled([one.raw or 0.0 for one in used], right), cases=len(used))


def calibration_error(probability: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error: the mean distance of what was said from how often it was right."""
    said, hit = np.asarray(probability), np.asarray(right, float)
    at = np.minimum((said * bins).astype(int), bins - 1)
    return (
        float(sum(abs(said[at == i].mean() - hit[at == i].mean()) * (at == i).mean() for i in range(bins) if (at == i).any()))
        if len(said)
        else 0.0
    )


Answer = Callable[[Result], str]
ANSWERS: dict[str, Answer] = {"verdict": lambda one: one.corner, **{
    name: (lambda one, name=name: one.naive[name]) for name in ("largest PSI", "any JSD > 0.01", "alarm counting", "smart rules", "correlation ranker")
}}  # fmt: skip


def faults(results: Sequence[Result], tier: str, at_least: float) -> list[Result]:
    """Single answerable faults of a size in MDE."""
    return [
        one
        for one in results
        if one.job.tier == tier and one.answerable and one.size >= at_least and BY_NAME[one.job.scenario].kind == "fault"
    ]


def nulls(results: Sequence[Result], *names: str) -> list[Result]:
    return [one for one in results if BY_NAME[one.job.scenario].kind == "null" and (not names or one.job.scenario in names)]


def unanswerable(results: Sequence[Result]) -> list[Result]:
    """Cases with a loss that could be found, whose corner no artifact of the tier tells."""
    return [one for one in results if not one.answerable and one.size >= 1]


def macro(results: Sequence[Result], answer: Answer) -> float:
    """Mean over the corners of the share named rightly: always saying one corner gains nothing."""
    by_corner: dict[str, list[bool]] = {}
    for one in results:
        corners = BY_NAME[one.job.scenario].corners
        by_corner.setdefault(corners[0], []).append(answer(one) in corners)
    return float(np.mean([np.mean(found) for found in by_corner.values()])) if by_corner else float("nan")


def reliability(results: Sequence[Result], tier: str) -> dict[str, tuple[int, int]]:
    """By word: (right, named) over the held-out cases of a tier; words that were never said are left out."""
    found: dict[str, tuple[int, int]] = {}
    for one in results:
        if one.job.tier == tier and is_held_out(one.job) and one.corner:
            hits, cases = found.get(one.confidence, (0, 0))
            found[one.confidence] = (hits + is_right(one), cases + 1)
    return found
