"""When did the level of a series change? Its date with an interval, after the season is taken out (methods A2.4).

The best partition under a penalty is found exactly, by dynamic programming: PELT (Killick 2012) gives the same one and prunes, which a
series of a few hundred periods does not need.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_insights.noun import Noun

Floats = NDArray[np.float64]
FEWEST = 6  # periods, below which no change is dated
LEVEL = 0.8  # of the interval
_PENALTY = 3.0  # times log(periods) times the variance, for each change


class Shift(Noun):
    """A change of level. `at`, `low`, `high` are positions in the series: the first period of the new level, and its 80 % interval."""

    at: int
    low: int
    high: int
    before: float
    after: float


def shifts(values: Sequence[float | None], *, season: int | None = None) -> tuple[Shift, ...]:
    """Every change of level, oldest first; none with fewer than six known periods. Unknown periods are passed over.

    With a season and more than one of it, the values are held against the same period of the season before, so that a season is no
    change; `before` and `after` are then differences to it."""
    known, series = _held_against_season(values, season)
    if len(known) < FEWEST:
        return ()
    spread = _spread(series)
    starts = _partition(series, _PENALTY * math.log(len(series)) * spread**2)
    cuts = [*starts, len(series)]
    errors = np.concatenate([series[a:b] - series[a:b].mean() for a, b in itertools.pairwise(cuts)])
    freedom = max(len(series) - len(starts), 1)
    variance = max(float((errors**2).sum()) / freedom, (0.25 * spread) ** 2, 1e-24)
    return tuple(_dated(series, known, (cuts[i - 1], cuts[i], cuts[i + 1]), variance, freedom) for i in range(1, len(starts)))


def _held_against_season(values: Sequence[float | None], season: int | None) -> tuple[list[int], Floats]:
    """(positions, values) of the known periods; differences to the season before where there are six of them."""
    known = [i for i, value in enumerate(values) if value is not None]
    if season is not None and season > 1:
        pairs = [
            (i, value - then)
            for i in known
            if i >= season and (value := values[i]) is not None and (then := values[i - season]) is not None
        ]
        if len(pairs) >= FEWEST:
            return [i for i, _ in pairs], np.array([difference for _, difference in pairs])
    return known, np.array([values[i] for i in known], dtype=float)


def _spread(series: Floats) -> float:
    """Standard deviation of one period, robust against changes of level: from the steps between neighbours."""
    steps = np.abs(np.diff(series))
    found = 1.4826 * float(np.median(steps)) / math.sqrt(2)
    return found or 1e-9 * max(float(np.abs(series).max()), 1.0)


def _partition(series: Floats, penalty: float) -> list[int]:
    """Starts of the segments that minimise the squares within segments plus the penalty per segment."""
    sums, squares = np.concatenate([[0.0], np.cumsum(series)]), np.concatenate([[0.0], np.cumsum(series**2)])
    best, last = np.zeros(len(series) + 1), np.zeros(len(series) + 1, dtype=int)
    best[0] = -penalty
    for end in range(1, len(series) + 1):
        starts = np.arange(end)
        within = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / (end - starts)
        total = best[:end] + np.maximum(within, 0.0) + penalty
        last[end] = int(np.argmin(total))
        best[end] = total[last[end]]
    cuts, end = [], len(series)
    while end > 0:
        end = int(last[end])
        cuts.append(end)
    return cuts[::-1]


def _dated(series: Floats, known: Sequence[int], around: tuple[int, int, int], variance: float, freedom: int) -> Shift:
    """The change between two others, with the shortest run of dates around the likeliest that holds 80 % of the posterior (flat prior)."""
    left, at, right = around
    chances = _chances(series[left:right], variance, freedom)
    low = high = at - left - 1
    mass = chances[low]
    while mass < LEVEL and (low > 0 or high < len(chances) - 1):
        down, up = chances[low - 1] if low > 0 else -1.0, chances[high + 1] if high < len(chances) - 1 else -1.0
        low, high = (low - 1, high) if down >= up else (low, high + 1)
        mass += max(down, up)
    return Shift(
        at=known[at], low=known[left + 1 + low], high=known[left + 1 + high], before=float(series[left:at].mean()), after=float(series[at:right].mean())
    )  # fmt: skip


def _chances(part: Floats, variance: float, freedom: int) -> Floats:
    """Probability of each first period of the new level (1 to the last) of a stretch with one change: Student's t, levels integrated out."""
    n = len(part)
    sizes = np.arange(1, n)
    sums = np.cumsum(part)
    first, second = sums[:-1] / sizes, (sums[-1] - sums[:-1]) / (n - sizes)
    within = float((part**2).sum()) - sizes * first**2 - (n - sizes) * second**2
    logs = -(freedom + 1) / 2 * np.log1p(np.maximum(within - within.min(), 0.0) / (freedom * variance)) - 0.5 * np.log(sizes * (n - sizes))
    weights = np.exp(logs - logs.max())
    found: Floats = weights / weights.sum()
    return found
