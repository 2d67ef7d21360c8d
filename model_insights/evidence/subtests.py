"""Small tests that a test of the whole distribution is blind to (one rare value, the mean), and how tests are combined (methods A1.5)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from model_insights.noun import Noun

Floats = NDArray[np.float64]
_TESTABLE = 8  # examples of a value in both spans together, below which no split of them could be remarkable
_LEAST_P = 1e-300
MANY = 30  # values that are not zero, from which on the mean is tested


class ValueChange(Noun):
    """The value whose share changed least by chance: shares of both spans, their ratio with 95 % interval, p corrected for all values."""

    label: str
    reference: float
    current: float
    ratio: float
    low: float
    high: float
    p: float


def cauchy(p: Sequence[float]) -> float:
    """One p of several, valid whatever their dependence (Liu and Xie 2020). A p near 1 must not outweigh a small one: exact tests give it often."""
    if len(p) == 1:
        return max(p[0], _LEAST_P)
    mean = sum(1 / (max(one, _LEAST_P) * math.pi) if one < 1e-15 else math.tan((0.5 - min(one, 0.9)) * math.pi) for one in p) / len(p)
    return min(1.0, 1 / (mean * math.pi)) if mean > 1e12 else max(_LEAST_P, 0.5 - math.atan(mean) / math.pi)


def value_change(labels: Sequence[str], before: Floats, now: Floats, n0: float, n1: float) -> ValueChange | None:
    """The most remarkable value among `labels` with counts in n0 and n1 independent values; None when all are too rare to tell.

    Exact given how often a value was seen in both spans together (binomial; hypergeometric would be sharper for common values, of which
    the test of the whole distribution tells), Bonferroni over the values seen often enough."""
    both = before + now
    at = np.flatnonzero(both >= _TESTABLE)
    if not len(at) or n0 <= 0 or n1 <= 0:
        return None
    p = _split_p(before[at], now[at], n1 / (n0 + n1))
    is_pair = len(labels) == 2 and math.isclose(float(before.sum()), n0) and math.isclose(float(now.sum()), n1)  # one test, told twice
    best = int(at[int(np.argmin(p))])
    a, b = float(before[best]), float(now[best])
    corrected = [max(one, 0.5) if min(a, b) == 0 else one for one in (a, b)]
    ratio = (corrected[1] / n1) / (corrected[0] / n0)
    error = 1.96 * math.sqrt(max(1 / corrected[0] - 1 / n0, 0.0) + max(1 / corrected[1] - 1 / n1, 0.0))
    return ValueChange(
        label=labels[best], reference=a / n0, current=b / n1, ratio=ratio, low=ratio * math.exp(-error), high=ratio * math.exp(error),
        p=max(_LEAST_P, min(1.0, float(p.min()) * (1 if is_pair else len(at)))),
    )  # fmt: skip


def _split_p(before: Floats, now: Floats, share: float) -> Floats:
    """Two-sided p of how the examples of each value split between the spans; counts need not be whole."""
    at_most = special.betainc(np.maximum(before, 1e-9), now + 1, 1 - share)
    at_least = special.betainc(np.maximum(now, 1e-9), before + 1, share)
    found: Floats = np.minimum(1.0, 2 * np.minimum(at_most, at_least))
    return found


def mean_p(reference: tuple[float, float, float], current: tuple[float, float, float]) -> tuple[float, float]:
    """(p of equal means, t) from (mean, standard deviation, independent values) of each span; Welch's t, the smaller span's degrees of freedom.

    Where the tail is heavy the deviation grows with the mean, so the test stays on the careful side."""
    (mean0, sd0, n0), (mean1, sd1, n1) = reference, current
    error = math.sqrt(sd0**2 / n0 + sd1**2 / n1)
    if error <= 1e-12 * max(abs(mean0), abs(mean1)) or min(n0, n1) < MANY:
        return 1.0, 0.0
    t = (mean1 - mean0) / error
    return max(_LEAST_P, 2 * float(special.stdtr(min(n0, n1) - 1, -abs(t)))), t
