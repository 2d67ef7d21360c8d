"""Numbers on another scale (degrees Celsius as Fahrenheit) or cut off at a bound (a sensor at its limit), from the stored quantiles (methods A3)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model_insights.evidence.knots import interpolated, knots
from model_insights.stats import FeatureStats

Floats = NDArray[np.float64]
# (factor, offset) between scales of temperature: Celsius to Fahrenheit, Celsius to Kelvin, Fahrenheit to Kelvin, and back.
_SCALES = ((1.8, 32.0), (1 / 1.8, -32 / 1.8), (1.0, 273.15), (1.0, -273.15), (1 / 1.8, 255.372), (1.8, -459.67))
_STRAIGHT = 0.995  # R2 of the quantiles against those of the reference, at which they lie on one line
_LEAST = 0.02  # share of the values that a bound must hold


def affine(old: Floats, new: Floats, spread: float, rows: int) -> tuple[float, float] | None:
    """(factor, offset) of a known change of scale between the quantiles `old` and `new`; None where they fit none.

    `spread` is the reference's standard deviation: quantiles of `rows` values wander by a few of its errors."""
    if len(old) < 5 or spread <= 0 or np.ptp(old) <= 0 or np.ptp(new) <= 0:
        return None
    if float(np.corrcoef(old, new)[0, 1]) ** 2 < _STRAIGHT:
        return None
    allowed = spread * (0.1 + 5 / math.sqrt(max(rows, 1)))
    apart = [(float(np.abs(factor * old + offset - new).mean()) / factor, factor, offset) for factor, offset in _SCALES]
    distance, factor, offset = min(apart)
    stayed = float(np.abs(old - new).mean())
    return (factor, offset) if distance < allowed and distance < 0.2 * stayed else None


def bound(old: FeatureStats, new: FeatureStats) -> tuple[float, float] | None:
    """(bound, share of the values that lie on it) where all values beyond it were set to it; None where that is not what happened.

    Below the bound everything lies as it did. Rows that were dropped would make the rest denser."""
    if old.numeric is None or new.numeric is None or None in (old.numeric.min, old.numeric.max, new.numeric.min, new.numeric.max):
        return None
    before, now = knots(old), knots(new)
    if len(before.xs) < 4 or len(now.xs) < 2:
        return None
    high, low = new.numeric.max, new.numeric.min
    upper = (
        1 - float(interpolated(before, [high])[0]) if high is not None and old.numeric.max is not None and high < old.numeric.max else 0.0
    )
    lower = float(interpolated(before, [low])[0]) if low is not None and old.numeric.min is not None and low > old.numeric.min else 0.0
    share, value = max((upper, high), (lower, low))
    n0, n1 = old.common.tot_num_values, new.common.tot_num_values
    if value is None or share < max(_LEAST, 25 / n1):  # by luck alone an end lies within a few values of the reference's
        return None
    cuts = np.unique(before.edges)
    cuts = cuts[(cuts < value) & (cuts > cuts[0])] if share == upper else cuts[(cuts > value) & (cuts < cuts[-1])]
    ours, theirs = interpolated(before, cuts), interpolated(now, cuts)
    noise = 3 * np.sqrt(ours * (1 - ours) * (1 / n0 + 1 / n1)) + 0.01
    moved = np.abs(ours - theirs)
    dropped = np.abs((ours / (1 - upper) if share == upper else (ours - lower) / (1 - lower)) - theirs)
    is_cut_off = len(cuts) >= 3 and bool((moved < noise).all()) and float(moved.mean()) < float(dropped.mean())
    return (float(value), share) if is_cut_off else None
