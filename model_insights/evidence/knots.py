"""The distribution functions of two spans at the same cuts, from the knots that TFDV stores, coarse values included."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from model_insights.stats import FeatureStats, Histogram

Floats = NDArray[np.float64]
_STEPS = (1.0, 0.5, 0.25, 0.1, 0.05, 0.01)  # grids that values may be rounded to
_COARSE = 0.002  # share of the values on one point of the grid, above which a quantile's place is said by the grid


class Knots(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What is stored of one numeric feature's distribution.

    `edges`: the quantile edges, repeated where a value holds a whole bucket. `marks`, `below`: boundaries of the equal-width buckets and the
    share of values below each. `xs`, `ys`: both together, rising. `at_zero`: the share of values up to zero, where no value lies below."""

    edges: Floats
    marks: Floats
    below: Floats
    xs: Floats
    ys: Floats
    at_zero: float | None
    is_whole: bool  # values of a type without fractions


def knots(feature: FeatureStats) -> Knots:
    """The knots of a numeric feature; empty arrays where it has no histogram."""
    numeric, n = feature.numeric, feature.common.tot_num_values
    standard = numeric.histogram("STANDARD") if numeric else None
    edges, shares = _read(numeric.histogram("QUANTILES") if numeric else None)
    marks, below = _read(standard)
    if not len(edges):
        edges, shares = marks, below
    xs, ys = _joined(marks, below, edges, shares)
    is_bounded = numeric is not None and numeric.min is not None and numeric.min >= 0 and n > 0
    at_zero = numeric.num_zeros / n if numeric is not None and is_bounded else None
    if at_zero and len(xs) and xs[0] == 0:
        ys = np.maximum(ys, min(at_zero, 1.0))
    return Knots(edges=edges, marks=marks, below=below, xs=xs, ys=ys, is_whole=feature.type == "INT", at_zero=at_zero)


def _read(histogram: Histogram | None) -> tuple[Floats, Floats]:
    """(boundaries, share of values below each); a bucket without an end is left out, its mass is not."""
    if histogram is None or not histogram.buckets:
        return np.empty(0), np.empty(0)
    points, shares, mass = [], [], 0.0
    first = histogram.buckets[0].low
    if first is not None:
        points, shares = [first], [0.0]
    for bucket in histogram.buckets:
        mass += bucket.count
        if bucket.high is not None:
            points.append(bucket.high)
            shares.append(mass)
    return (np.array(points), np.array(shares) / mass) if mass > 0 else (np.empty(0), np.empty(0))


def _joined(marks: Floats, below: Floats, edges: Floats, shares: Floats) -> tuple[Floats, Floats]:
    """All points once, rising; a quantile wins over a mark, and a repeated quantile holds the mass up to it."""
    known = dict(zip(marks.tolist(), below.tolist(), strict=True))
    known.update(zip(edges.tolist(), shares.tolist(), strict=True))
    xs = np.array(sorted(known))
    ys = np.maximum.accumulate(np.array([known[x] for x in xs.tolist()])) if len(xs) else np.empty(0)
    return xs, ys


def paired(reference: Knots, current: Knots) -> tuple[Floats, Floats, Floats]:
    """(cuts, share of the reference up to each cut, share of the current span): the reference's inner quantile edges.

    On smooth values by interpolation. Where a value holds much mass (repeated edges, rounded values) a quantile tells its place only to
    the width of the grid: there both shares are taken as equal as the stored knots allow, so that a quantile which luck puts on the next
    value is no change."""
    cuts = np.unique(reference.edges)
    if not len(cuts) or not len(current.edges):
        return np.empty(0), np.empty(0), np.empty(0)
    step = _grid(reference, current)
    is_coarse = step > 0 or bool(np.isin(cuts[1:-1], current.edges).any())  # smooth values never meet again to the last digit
    tied = np.full(len(cuts), True) if is_coarse else _tied(cuts, reference.edges) | _after_tie(cuts, current.edges)
    kept = np.append(np.full(len(cuts) - 1, True), len(cuts) == 1)  # everything lies up to the largest
    kept[0] = bool(tied[0])  # the smallest value is a cut of its own only where it holds mass
    cuts, tied = cuts[kept], tied[kept]
    ours, theirs = interpolated(reference, cuts), interpolated(current, cuts)
    if tied.any():
        ours[tied], theirs[tied] = _nearest(_bounds(reference, cuts[tied], step), _bounds(current, cuts[tied], step))
        ours, theirs = np.maximum.accumulate(ours), np.maximum.accumulate(theirs)
    return cuts, ours, theirs


def _grid(one: Knots, other: Knots) -> float:
    """The grid that the values of both lie on, where one point of it holds remarkable mass; 0 for smooth values."""
    edges = np.concatenate([one.edges, other.edges])
    widths = np.diff(one.edges)
    step = 1.0 if one.is_whole and other.is_whole else next((s for s in _STEPS if _lies_on(edges, s)), 0.0)
    widest = float(np.median(widths[widths > 0])) if (widths > 0).any() else 0.0
    return step if widest and step / widest / max(len(widths), 1) > _COARSE else 0.0


def _lies_on(edges: Floats, step: float) -> bool:
    scaled = edges / step
    return bool((np.abs(scaled - np.rint(scaled)) < 1e-6).all())


def _tied(cuts: Floats, edges: Floats) -> NDArray[np.bool_]:
    """Cuts on which two or more quantile edges lie."""
    return np.searchsorted(edges, cuts, side="right") - np.searchsorted(edges, cuts, side="left") > 1


def _after_tie(cuts: Floats, edges: Floats) -> NDArray[np.bool_]:
    """Cuts whose next edge below (or at them) is one that two or more quantiles share: how much mass it holds is known to a bucket only."""
    below = edges[np.maximum(np.searchsorted(edges, cuts, side="right") - 1, 0)]
    found: NDArray[np.bool_] = _tied(below, edges) & (below <= cuts) & ~((below == 0) & (cuts > 0) & (edges[0] == 0))  # zeros are counted
    return found


def _bounds(known: Knots, cuts: Floats, step: float) -> tuple[Floats, Floats]:
    """Least and largest share of values up to each cut."""
    last = np.searchsorted(known.edges, cuts, side="right") - 1
    buckets = max(len(known.edges) - 1, 1)
    low = np.clip(last / buckets, 0.0, 1.0)
    high = np.where(last < 0, 0.0, np.minimum((last + 1) / buckets, 1.0))
    if step and len(known.marks):  # a mark between this value and the next tells the share exactly
        after = np.searchsorted(known.marks, cuts + 1e-9 * step, side="right")
        inside = (after < len(known.marks)) & (known.marks[np.minimum(after, len(known.marks) - 1)] < cuts + step * (1 - 1e-9))
        exact = known.below[np.minimum(after, len(known.below) - 1)]
        low, high = np.where(inside, exact, low), np.where(inside, exact, high)
    if known.at_zero is not None:
        low, high = np.where(cuts == 0, known.at_zero, low), np.where(cuts == 0, known.at_zero, high)
    return low, high


def _nearest(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """The two shares within their bounds that lie closest to each other."""
    (low0, high0), (low1, high1) = one, other
    common = (np.maximum(low0, low1) + np.minimum(high0, high1)) / 2
    return np.clip(common, low0, high0), np.clip(common, low1, high1)


def interpolated(known: Knots, at: Floats | Sequence[float]) -> Floats:
    """Share of values below each point: monotone cubic through the knots, straight with fewer than four of them."""
    points = np.asarray(at, dtype=np.float64)
    xs, ys = known.xs, known.ys
    if len(xs) == 0:
        return np.zeros(len(points))
    if len(xs) < 4:
        return np.interp(points, xs, ys, left=0.0, right=1.0)
    inside = _cubic(xs, ys, np.clip(points, xs[0], xs[-1]))
    return np.where(points < xs[0], 0.0, np.where(points > xs[-1], 1.0, np.clip(inside, 0.0, 1.0)))


def _cubic(xs: Floats, ys: Floats, at: Floats) -> Floats:
    """Fritsch and Butland's monotone cubic (1984), as in SciPy's PchipInterpolator, but for the end slopes, which are those of the end chords."""
    widths = np.diff(xs)
    slopes = np.diff(ys) / widths
    before, after = 2 * widths[1:] + widths[:-1], widths[1:] + 2 * widths[:-1]
    flat = (slopes[:-1] <= 0) | (slopes[1:] <= 0)
    safe = np.where(slopes > 0, slopes, 1.0)
    inner = np.where(flat, 0.0, (before + after) / (before / safe[:-1] + after / safe[1:]))
    tangents = np.concatenate([slopes[:1], inner, slopes[-1:]])
    i = np.clip(np.searchsorted(xs, at, side="right") - 1, 0, len(widths) - 1)
    h = widths[i]
    t = (at - xs[i]) / h
    rest = 1 - t
    smooth = t * t * (3 - 2 * t)
    found: Floats = (1 - smooth) * ys[i] + smooth * ys[i + 1] + h * t * rest * (rest * tangents[i] - t * tangents[i + 1])
    return found
