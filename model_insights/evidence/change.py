"""Did a feature's distribution change, and by how much? From TFDV's stored histograms, knowing the sample size (methods A1).

Recomputed from the histograms rather than taken from TFDV's comparators: those ignore the sample size, and return 0 for a numeric
feature under an L-infinity comparator.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.interpolate import PchipInterpolator

from model_insights.noun import Noun
from model_insights.stats import DatasetStats, FeaturePath, FeatureStats, Histogram

Floats = NDArray[np.float64]
EFFECT = 0.1  # Cohen's w that matters by default (PSI about 0.01)
_SKETCH_ERROR = 0.0025  # rank error of TFDV's quantile sketch: a quarter of its bound (methods A1.1)


class Bin(Noun):
    """One bin in both periods; `low`/`high` None for a category or an open end."""

    label: str
    reference: float  # shares of the examples that have a value
    current: float
    low: float | None = None
    high: float | None = None


class FeatureChange(Noun):
    """Distribution change of one feature between two spans.

    psi in nats of the symmetric form; jensen_shannon in bits; both with the 95 % quantile of their values under no change at these
    sample sizes (`*_null`); w is Cohen's effect size, noise-corrected, with its interval; p tests "no change"."""

    path: FeaturePath
    state: Literal["changed", "equivalent", "inconclusive", "too_few"]
    n_reference: int
    n_current: int
    bins: tuple[Bin, ...] = ()
    statistic: float = 0.0
    freedom: int = 0
    p: float | None = None
    psi: float | None = None
    psi_null: float | None = None
    jensen_shannon: float | None = None
    jensen_shannon_null: float | None = None
    w: float | None = None
    w_low: float | None = None
    w_high: float | None = None
    new_mass: float = 0.0  # share of current examples on categories the (whole) reference list has not
    reason: str = ""


class ShareChange(Noun):
    """A share (missing, zeros) in two periods: difference with Newcombe's interval."""

    reference: float
    current: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        return self.current - self.reference


def feature_change(
    reference: FeatureStats, current: FeatureStats, *, design_effect: float = 1.0, sized: bool = True
) -> FeatureChange | None:
    """The change between two spans, or None when the feature holds nothing that can be binned (structs, bytes, ids, other type).

    `sized` False leaves the interval of the effect out, which is most of the work, for callers that want the statistic only."""
    n0, n1 = reference.common.tot_num_values, current.common.tot_num_values
    if min(n0, n1) < 50:
        return FeatureChange(
            path=current.path, state="too_few", n_reference=n0, n_current=n1, reason=f"{min(n0, n1)} values; 50 are needed"
        )
    if reference.numeric and current.numeric:
        bins = numeric_bins(reference, current)
    elif reference.string and current.string and not _is_id(reference):
        bins = category_bins(reference, current)
    else:
        return None
    return _tested(current, bins, n0, n1, design_effect, numeric=reference.numeric is not None, sized=sized) if len(bins) > 1 else None


def share_change(reference: tuple[float, int], current: tuple[float, int]) -> ShareChange:
    """Difference of two shares (share, n) with Newcombe's hybrid score interval (Newcombe 1998, method 10)."""
    (p0, n0), (p1, n1) = reference, current
    (low0, high0), (low1, high1) = wilson(p0, n0), wilson(p1, n1)
    down = math.sqrt((p1 - low1) ** 2 + (high0 - p0) ** 2)
    up = math.sqrt((high1 - p1) ** 2 + (p0 - low0) ** 2)
    return ShareChange(reference=p0, current=p1, low=p1 - p0 - down, high=p1 - p0 + up)


def wilson(share: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share."""
    z = float(stats.norm.ppf(0.5 + level / 2))
    if n <= 0:
        return 0.0, 1.0
    centre, half = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return (0.0 if share <= 0 else max(0.0, (centre - half) / scale)), (1.0 if share >= 1 else min(1.0, (centre + half) / scale))


def design_effects(pairs: Iterable[tuple[DatasetStats, DatasetStats]]) -> dict[FeaturePath, float]:
    """How much more two splits of the same span differ than independent rows would, per feature (A/A test, A1.4), at least 1.

    Half the feature's own median ratio of X2 to its null median, half the median over features (geometric mean): clustered rows,
    duplicates and values too coarse for the stored quantiles show here, before they can raise an alarm."""
    ratios: dict[FeaturePath, list[float]] = {}
    for one, other in pairs:
        for feature in one.features:
            twin = other.feature(feature.path)
            change = feature_change(feature, twin, sized=False) if twin else None
            if change and change.freedom:
                ratios.setdefault(feature.path, []).append(change.statistic / float(stats.chi2.median(change.freedom)))
    medians = {path: float(np.median(found)) for path, found in ratios.items()}
    common = max(1.0, float(np.median(list(medians.values())))) if medians else 1.0
    return {path: max(1.0, own, math.sqrt(max(1.0, own) * common)) for path, own in medians.items()}


def moves_with_time(spans: Sequence[DatasetStats]) -> frozenset[FeaturePath]:
    """Numeric features whose ranges in adjacent spans do not overlap, more often than not: clocks and running numbers, not drift."""
    apart: dict[FeaturePath, list[bool]] = {}
    for one, other in itertools.pairwise(spans):
        for feature in other.features:
            before = one.feature(feature.path)
            if (
                before
                and before.numeric
                and feature.numeric
                and None not in (before.numeric.min, before.numeric.max, feature.numeric.min, feature.numeric.max)
            ):
                disjoint = feature.numeric.min > before.numeric.max or feature.numeric.max < before.numeric.min  # type: ignore[operator]
                apart.setdefault(feature.path, []).append(disjoint)
    return frozenset(path for path, found in apart.items() if len(found) > 1 and sum(found) > len(found) / 2)


def numeric_bins(reference: FeatureStats, current: FeatureStats) -> tuple[Bin, ...]:
    """Shares in the reference's quantile bins; a repeated edge is a point mass and merges with its neighbour."""
    edges = _edges(reference)
    if len(edges) < 3:
        return ()
    inner = edges[1:-1]
    shares0 = np.diff([0.0, *(_cdf(reference, inner)), 1.0])
    shares1 = np.diff([0.0, *(_cdf(current, inner)), 1.0])
    bounds = [None, *map(float, inner), None]
    return tuple(
        Bin(
            label=_range(bounds[i], bounds[i + 1]),
            reference=max(0.0, float(a)),
            current=max(0.0, float(b)),
            low=bounds[i],
            high=bounds[i + 1],
        )
        for i, (a, b) in enumerate(zip(shares0, shares1, strict=False))
    )


def category_bins(reference: FeatureStats, current: FeatureStats) -> tuple[Bin, ...]:
    """Shares of each value; what neither list names is `(other values)`. At most 20 named bins, the largest in either period."""
    counts0, counts1 = _counts(reference), _counts(current)
    n0, n1 = reference.common.tot_num_values, current.common.tot_num_values
    named = sorted(counts0.keys() | counts1.keys(), key=lambda v: (-max(counts0.get(v, 0) / n0, counts1.get(v, 0) / n1), v))[:20]
    bins = [Bin(label=value, reference=counts0.get(value, 0.0) / n0, current=counts1.get(value, 0.0) / n1) for value in named]
    rest0, rest1 = 1 - sum(b.reference for b in bins), 1 - sum(b.current for b in bins)
    if max(rest0, rest1) > 1e-9:
        bins.append(Bin(label="(other values)", reference=max(0.0, rest0), current=max(0.0, rest1)))
    return tuple(bins)


def _tested(current: FeatureStats, bins: tuple[Bin, ...], n0: int, n1: int, deff: float, *, numeric: bool, sized: bool) -> FeatureChange:
    shares0, shares1 = np.array([b.reference for b in bins]), np.array([b.current for b in bins])
    e0, e1 = (_effective(n, deff, numeric) for n in (n0, n1))
    harmonic = 1 / (1 / e0 + 1 / e1)
    pooled = (shares0 * e0 + shares1 * e1) / (e0 + e1)
    kept = pooled * min(e0, e1) >= 5
    p0, p1, pool = _merged(shares0, kept), _merged(shares1, kept), _merged(pooled, kept)
    freedom = len(pool) - 1
    if freedom < 1:
        return FeatureChange(path=current.path, state="too_few", n_reference=n0, n_current=n1, bins=bins, reason="all mass lies in one bin")
    statistic = float(((p0 - p1) ** 2 / np.maximum(pool, 1e-12)).sum() * harmonic)
    low, high = _noncentrality(statistic, freedom) if sized else (0.0, math.inf)
    w, w_low, w_high = (math.sqrt(max(0.0, x) / harmonic) for x in (statistic - freedom, low, high))
    critical = float(stats.chi2.ppf(0.95, freedom)) / harmonic
    return FeatureChange(
        path=current.path, state="changed" if w_low > EFFECT else "equivalent" if w_high < EFFECT else "inconclusive",
        n_reference=n0, n_current=n1, bins=bins, statistic=statistic, freedom=freedom, p=float(stats.chi2.sf(statistic, freedom)),
        psi=_psi(p0, p1), psi_null=critical, jensen_shannon=_jensen_shannon(p0, p1), jensen_shannon_null=critical / 8 / math.log(2),
        w=w, w_low=w_low, w_high=w_high, new_mass=float(shares1[shares0 == 0].sum()) if not numeric else 0.0,
    )  # fmt: skip


def _effective(n: int, deff: float, numeric: bool) -> float:
    """Rows a decile test can really use: clustered rows count less, and a sketch is never sharper than its error (A1.1)."""
    return n / (deff + (n * _SKETCH_ERROR**2 * 4 / 3 if numeric else 0.0))


def _merged(shares: Floats, kept: NDArray[np.bool_]) -> Floats:
    """Bins expected to hold fewer than five examples become one."""
    rest = float(shares[~kept].sum())
    return np.append(shares[kept], rest) if (~kept).any() else shares[kept]


def _noncentrality(statistic: float, freedom: int) -> tuple[float, float]:
    """95 % interval of the non-centrality of a chi-square statistic, by inversion."""

    def solve(target: float) -> float:
        if stats.chi2.cdf(statistic, freedom) <= target:
            return 0.0
        top = max(4 * statistic, 20.0) + 50.0
        return float(optimize.brentq(lambda x: stats.ncx2.cdf(statistic, freedom, x) - target, 0.0, top))

    return solve(0.975), solve(0.025)


def _psi(p: Floats, q: Floats) -> float:
    p, q = np.maximum(p, 1e-6), np.maximum(q, 1e-6)
    return float(((q - p) * np.log(q / p)).sum())


def _jensen_shannon(p: Floats, q: Floats) -> float:
    middle = (p + q) / 2

    def divergence(x: Floats) -> float:
        on = x > 0
        return float((x[on] * np.log2(x[on] / middle[on])).sum())

    return max(0.0, (divergence(p) + divergence(q)) / 2)


def _edges(feature: FeatureStats) -> list[float]:
    histogram = _numeric_histogram(feature, "QUANTILES") or _numeric_histogram(feature, "STANDARD")
    if histogram is None:
        return []
    raw = [b.low for b in histogram.buckets] + [histogram.buckets[-1].high] if histogram.buckets else []
    finite = [float(edge) for edge in raw if edge is not None]
    return sorted(set(finite))


def _cdf(feature: FeatureStats, at: Sequence[float]) -> Floats:
    """Share of values below each point: monotone interpolation through the knots of both histograms."""
    xs, ys = cdf_knots(feature)
    points = np.array(at, dtype=np.float64)
    if len(xs) == 0:
        return np.zeros(len(points))
    if len(xs) < 4:
        return np.interp(points, xs, ys, left=0.0, right=1.0)
    inside = np.clip(PchipInterpolator(xs, ys)(np.clip(points, xs[0], xs[-1])), 0.0, 1.0)
    return np.where(points < xs[0], 0.0, np.where(points > xs[-1], 1.0, inside))


def cdf_knots(feature: FeatureStats) -> tuple[Floats, Floats]:
    """Points (value, share of values below it) of the distribution function, rising, from both stored histograms."""
    knots: dict[float, float] = {}
    for kind in ("STANDARD", "QUANTILES"):  # the quantile knots win where both have one
        histogram = _numeric_histogram(feature, kind)
        knots.update(_knots(histogram) if histogram else {})
    xs = np.array(sorted(knots))
    ys = np.maximum.accumulate(np.array([knots[x] for x in xs])) if len(xs) else np.array([])
    return xs, ys


def _knots(histogram: Histogram) -> dict[float, float]:
    total = sum(b.count for b in histogram.buckets)
    if total <= 0:
        return {}
    knots: dict[float, float] = {}
    mass = 0.0
    for bucket in histogram.buckets:
        if bucket.low is not None:
            knots.setdefault(float(bucket.low), mass / total)
        mass += bucket.count
        if bucket.high is not None:
            knots[float(bucket.high)] = mass / total
    return knots


def _numeric_histogram(feature: FeatureStats, kind: Literal["STANDARD", "QUANTILES"]) -> Histogram | None:
    return feature.numeric.histogram(kind) if feature.numeric else None


def _counts(feature: FeatureStats) -> dict[str, float]:
    listed = feature.string.ranks or feature.string.top_values if feature.string else ()
    return {one.value: one.count for one in listed}


def _is_id(feature: FeatureStats) -> bool:
    """Nearly every value is its own: a key, not a category."""
    string, n = feature.string, feature.common.tot_num_values
    return string is not None and string.unique > 0.5 * max(n, 1)


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"below {high:.4g}"
    return f"{low:.4g} and more" if high is None else f"{low:.4g} to {high:.4g}"
