"""Numbers to millimetres: where values and ticks of an axis lie."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from math import log10

from model_insights.view import Axis, Tick
from report.measure import measure


class Scale:
    """Maps `low`..`high` of an axis to `start`..`end` millimetres, linear or logarithmic."""

    def __init__(self, axis: Axis, values: Iterable[float | None], start: float, end: float) -> None:
        self._log = axis.scale == "log"
        known = [value for value in values if value is not None and (value > 0 or not self._log)]
        marks = [tick.value for tick in axis.ticks if tick.value > 0 or not self._log]
        low = axis.low if axis.low is not None else min((*known, *marks), default=0)
        high = axis.high if axis.high is not None else max((*known, *marks), default=1)
        self.low, self.high = self._bend(low), self._bend(high)
        self.start, self.end = start, end
        if self.high <= self.low:  # one value only: it stands in the middle
            self.low, self.high = self.low - 0.5, self.low + 0.5

    def __call__(self, value: float) -> float:
        share = (self._bend(value) - self.low) / (self.high - self.low)
        return self.start + min(max(share, -0.02), 1.02) * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Whether the value lies within the axis."""
        return self.low - 1e-9 <= self._bend(value) <= self.high + 1e-9

    def _bend(self, value: float) -> float:
        return log10(max(value, 1e-12)) if self._log else value


def spread(ticks: tuple[Tick, ...], scale: Scale, *, size: float = 8, gap: float = 2.5) -> tuple[Tick, ...]:
    """Every k-th tick, with the smallest k whose words do not touch each other along x."""
    inside = tuple(tick for tick in ticks if scale.holds(tick.value))
    for step in range(1, len(inside) + 1):
        kept = inside[::step]
        spans = [(scale(tick.value), measure(tick.text, size) / 2) for tick in kept]
        if all(left + half + gap <= right - other for (left, half), (right, other) in pairwise(spans)):
            return kept
    return inside[:1]


def apart(places: list[float], gap: float, low: float, high: float) -> list[float]:
    """Positions moved as little as needed so that neighbours are `gap` apart and all lie in low..high, if that can be."""
    order = sorted(range(len(places)), key=lambda i: (places[i], i))
    out = list(places)
    at = low
    for i in order:
        out[i] = at = max(at, places[i])
        at += gap
    limit = high
    for i in reversed(order):
        out[i] = min(out[i], limit)
        limit = out[i] - gap
    return out
