"""Did a feature's distribution change, and by how much? From TFDV's stored histograms, knowing the sample size (methods A1).

Recomputed from the histograms rather than taken from TFDV's comparators: those ignore the sample size, and return 0 for a numeric
feature under an L-infinity comparator.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from model_insights.evidence.bins import OTHERS, Bin, bins_between, category_counts, counts_of, largest_bins, unlisted
from model_insights.evidence.knots import Floats, knots, paired
from model_insights.evidence.subtests import MANY, ValueChange, cauchy, mean_p, value_change
from model_insights.noun import Noun
from model_insights.stats import DatasetStats, FeaturePath, FeatureStats

EFFECT = 0.1  # Cohen's w that matters by default (PSI about 0.01); standard deviations, for the mean
_MULTIPLIED = 1.5  # times as often: a rare value that moved so is a change, however small its share
_RARE = 0.05
_FEWEST = 50  # values in a span that is tested
_EXPECTED = 5  # values a bin must be expected to hold
_LATEST = 8  # spans whose splits are compared
_SKETCH_ERROR = 0.0025  # rank error of TFDV's quantile sketch: a quarter of its bound (methods A1.1)


class FeatureChange(Noun):
    """Distribution change of one feature between two spans.

    `statistic` is X2 over the bins with `freedom` degrees of freedom, at `n_effective` values (harmonic, clustering and sketch allowed for).
    psi in nats of the symmetric form; jensen_shannon in bits; both with the 95 % quantile of their values under no change at these
    sample sizes (`*_null`). `value` is the single value that moved most, `shift` the move of the mean in the reference's standard
    deviations (`shift_low`: at least so far, 95 %). p tests "no change" by all of them together. w is Cohen's effect size,
    noise-corrected, with its interval (None until `sized`)."""

    path: FeaturePath
    state: Literal["changed", "equivalent", "inconclusive", "too_few"]
    n_reference: int
    n_current: int
    bins: tuple[Bin, ...] = ()
    statistic: float = 0.0
    freedom: int = 0
    n_effective: float = 0.0
    p: float | None = None
    psi: float | None = None
    psi_null: float | None = None
    jensen_shannon: float | None = None
    jensen_shannon_null: float | None = None
    value: ValueChange | None = None
    shift: float | None = None
    shift_low: float = 0.0
    w: float | None = None
    w_low: float | None = None
    w_high: float | None = None
    new_mass: float = 0.0  # share of current examples on categories the (whole) reference list has not, where luck does not explain it
    reason: str = ""

    @property
    def is_multiplied(self) -> bool:
        """A rare value became much more or much less frequent: too small a share for w to see, and often the one that costs."""
        one = self.value
        if one is None or one.p > 0.05 or max(one.reference, one.current) > _RARE:
            return False
        return one.ratio > _MULTIPLIED or one.ratio < 1 / _MULTIPLIED


class ShareChange(Noun):
    """A share (missing, zeros) in two periods: difference with Newcombe's interval; p of "no change", where it was tested."""

    reference: float
    current: float
    low: float
    high: float
    p: float | None = None

    @property
    def difference(self) -> float:
        return self.current - self.reference


class Tested(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The tests of one feature between two spans, before anything is said of them: shares of each bin, and what the tests gave."""

    labels: tuple[str, ...]  # of categories; empty for numbers
    cuts: Floats  # between the bins of numbers; empty for categories
    shares0: Floats
    shares1: Floats
    merged: tuple[Floats, Floats]  # bins too thin to be tested put together
    statistic: float
    freedom: int
    n_effective: float
    value: ValueChange | None
    shift: tuple[float, float]  # (standard deviations, at least)
    p: float

    @property
    def surprise(self) -> float:
        return surprise_of(self.p, self.freedom)


def surprise_of(p: float, freedom: int) -> float:
    """p as a chi-square of `freedom` degrees: the scale on which the history's yardstick compares changes of any kind."""
    return float(special.chdtri(freedom, max(p, 1e-280)))


def feature_change(reference: FeatureStats, current: FeatureStats, *, design_effect: float = 1.0) -> FeatureChange | None:
    """The change between two spans, or None when the feature holds nothing that can be binned (structs, bytes, ids, other type).

    The interval of the effect is left out, which is most of the work: see `sized`."""
    n0, n1 = reference.common.tot_num_values, current.common.tot_num_values
    if min(n0, n1) < _FEWEST:
        return FeatureChange(
            path=current.path, state="too_few", n_reference=n0, n_current=n1, reason=f"{min(n0, n1)} values; {_FEWEST} are needed"
        )
    found = tested(reference, current, design_effect)
    if found is None:
        return None
    p0, p1 = found.merged
    critical = float(special.chdtri(found.freedom, 0.05)) / found.n_effective
    return FeatureChange(
        path=current.path, state="inconclusive", n_reference=n0, n_current=n1, bins=_bins(found), statistic=found.statistic, freedom=found.freedom,
        n_effective=found.n_effective, p=found.p, psi=_psi(p0, p1), psi_null=critical, jensen_shannon=_jensen_shannon(p0, p1),
        jensen_shannon_null=critical / 8 / math.log(2), value=found.value, shift=found.shift[0] if found.shift[1] or found.shift[0] else None,
        shift_low=found.shift[1], new_mass=_new_mass(reference, current) if current.string else 0.0,
    )  # fmt: skip


def sized(change: FeatureChange) -> FeatureChange:
    """The change with the interval of its effect and what follows from it: changed, equivalent or inconclusive (A1.1)."""
    if change.freedom < 1 or change.n_effective <= 0:
        return change
    low, high = _noncentrality(change.statistic, change.freedom)
    w, w_low, w_high = (math.sqrt(max(0.0, x) / change.n_effective) for x in (change.statistic - change.freedom, low, high))
    is_changed = w_low > EFFECT or change.shift_low > EFFECT or change.is_multiplied
    state: Literal["changed", "equivalent", "inconclusive"] = (
        "changed" if is_changed else "equivalent" if w_high < EFFECT else "inconclusive"
    )
    return msgspec.structs.replace(change, state=state, w=w, w_low=w_low, w_high=w_high)


def tested(reference: FeatureStats, current: FeatureStats, design_effect: float) -> Tested | None:
    """The tests between two spans of at least 50 values each; None where there is nothing to test (one bin, ids, other types)."""
    n0, n1 = reference.common.tot_num_values, current.common.tot_num_values
    if min(n0, n1) < _FEWEST:
        return None
    if reference.numeric and current.numeric:
        return _numbers_tested(reference, current, n0, n1, design_effect)
    if reference.string and current.string and not _is_id(reference):
        labels, before, now = category_counts(reference, current)
        rest = np.array([[max(n0 - before.sum(), 0.0)], [max(n1 - now.sum(), 0.0)]])
        has_rest = bool(rest.max() > 1e-9 * max(n0, n1))
        shares0, shares1 = np.append(before, rest[0]) / n0, np.append(now, rest[1]) / n1
        named = (*labels, OTHERS) if has_rest else labels
        value = value_change(labels, before / design_effect, now / design_effect, n0 / design_effect, n1 / design_effect)
        kept = slice(None) if has_rest else slice(0, -1)
        sizes = (n0 / design_effect, n1 / design_effect)
        return _combined(named, np.empty(0), (shares0[kept], shares1[kept]), sizes, value, None)
    return None


def _numbers_tested(old: FeatureStats, new: FeatureStats, n0: int, n1: int, deff: float) -> Tested | None:
    """Shares between the reference's quantiles, the share of zeros, and the mean."""
    assert old.numeric is not None
    assert new.numeric is not None
    cuts, below0, below1 = paired(knots(old), knots(new))
    shares0, shares1 = np.diff([0.0, *below0, 1.0]), np.diff([0.0, *below1, 1.0])
    zeros = np.array([old.numeric.num_zeros], float), np.array([new.numeric.num_zeros], float)
    has_zeros = bool(zeros[0][0] + zeros[1][0])
    value = value_change(("0",), zeros[0] / deff, zeros[1] / deff, n0 / deff, n1 / deff) if has_zeros else None
    is_flag = min(n0 - zeros[0][0], n1 - zeros[1][0]) < MANY  # of so few values the share of zeros tells more, and exactly
    mean = None if is_flag else _mean_tested(old, new, n0 / deff, n1 / deff)
    return _combined((), cuts, (shares0, shares1), (_effective(n0, deff), _effective(n1, deff)), value, mean)


def _mean_tested(old: FeatureStats, new: FeatureStats, n0: float, n1: float) -> tuple[float, float, float] | None:
    """(p of equal means, its move in the reference's standard deviations, at least so far); None where a mean or a deviation is not stored."""
    one, other = old.numeric, new.numeric
    if one is None or other is None or one.mean is None or other.mean is None or not one.std_dev or other.std_dev is None:
        return None
    p, t = mean_p((one.mean, one.std_dev, n0), (other.mean, other.std_dev, n1))
    moved = (other.mean - one.mean) / one.std_dev
    return p, moved, abs(moved) * max(0.0, 1 - 1.96 / abs(t)) if t else 0.0


def _combined(
    labels: tuple[str, ...], cuts: Floats, shares: tuple[Floats, Floats], sizes: tuple[float, float], value: ValueChange | None,
    mean: tuple[float, float, float] | None,
) -> Tested | None:  # fmt: skip
    """X2 over the bins, and one p of it, the most remarkable value and the mean."""
    (shares0, shares1), (e0, e1) = shares, sizes
    if len(shares0) < 2 and value is None and mean is None:
        return None
    pooled = (shares0 * e0 + shares1 * e1) / (e0 + e1)
    groups = _groups(pooled, min(e0, e1))
    p0, p1, pool = (np.bincount(groups, weights=one).astype(np.float64) for one in (shares0, shares1, pooled))
    harmonic, freedom = 1 / (1 / e0 + 1 / e1), max(len(pool) - 1, 1)
    statistic = float(((p0 - p1) ** 2 / np.maximum(pool, 1e-12)).sum() * harmonic)
    tests = [float(special.chdtrc(freedom, statistic))] if len(pool) > 1 else []
    tests += ([value.p] if value else []) + ([mean[0]] if mean else [])
    return Tested(
        labels=labels, cuts=cuts, shares0=shares0, shares1=shares1, merged=(p0, p1) if len(pool) > 1 else (shares0, shares1),
        statistic=statistic, freedom=freedom, n_effective=harmonic, value=value, shift=mean[1:] if mean else (0.0, 0.0),
        p=cauchy(tests) if tests else 1.0,
    )  # fmt: skip


def _groups(pooled: Floats, n: float) -> NDArray[np.int64]:
    """The bin that each bin is tested in: those expected to hold fewer than five values together, with the thinnest other if that is still too few."""
    thin = pooled * n < _EXPECTED
    if not thin.any():
        return np.arange(len(pooled))
    groups = np.cumsum(~thin) - 1
    last = int(groups[-1]) + 1
    if last and float(pooled[thin].sum()) * n < _EXPECTED:
        last = int(groups[np.flatnonzero(~thin)[int(np.argmin(pooled[~thin]))]])
    groups[thin] = last
    return groups


def share_change(reference: tuple[float, int], current: tuple[float, int]) -> ShareChange:
    """Difference of two shares (share, n) with Newcombe's hybrid score interval (Newcombe 1998, method 10)."""
    (p0, n0), (p1, n1) = reference, current
    (low0, high0), (low1, high1) = wilson(p0, n0), wilson(p1, n1)
    down = math.sqrt((p1 - low1) ** 2 + (high0 - p0) ** 2)
    up = math.sqrt((high1 - p1) ** 2 + (p0 - low0) ** 2)
    return ShareChange(reference=p0, current=p1, low=p1 - p0 - down, high=p1 - p0 + up)


def missing_change(reference: tuple[FeatureStats, int], current: tuple[FeatureStats, int]) -> ShareChange | None:
    """The share of examples without a value in two spans (statistics, examples), tested exactly; None where it is not known."""
    (old, n0), (new, n1) = reference, current
    if old.common.missing is None or new.common.missing is None:
        return None
    before, now = old.common.missing, new.common.missing
    if before == now == 0:
        return ShareChange(reference=0.0, current=0.0, low=0.0, high=0.0, p=1.0)
    counts = (before * n0, now * n1) if before * n0 + now * n1 <= (n0 + n1) / 2 else ((1 - before) * n0, (1 - now) * n1)
    value = value_change(("missing",), np.array([counts[0]]), np.array([counts[1]]), n0, n1)
    return msgspec.structs.replace(share_change((before, n0), (now, n1)), p=value.p if value is not None else 1.0)


def wilson(share: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share."""
    z = float(special.ndtri(0.5 + level / 2))
    if n <= 0:
        return 0.0, 1.0
    centre, half = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return (0.0 if share <= 0 else max(0.0, (centre - half) / scale)), (1.0 if share >= 1 else min(1.0, (centre + half) / scale))


def design_effects(pairs: Iterable[tuple[DatasetStats, DatasetStats]]) -> dict[FeaturePath, float]:
    """How much more two splits of the same span differ than independent rows would, per feature (A/A test, A1.4), at least 1.

    Of the latest eight spans. Half the feature's own median ratio of the test's chi-square to its null median, half the median over features (geometric mean): clustered rows,
    duplicates and values too coarse for the stored quantiles show here, before they can raise an alarm."""
    ratios: dict[FeaturePath, list[float]] = {}
    for one, other in list(pairs)[-_LATEST:]:
        twins = {feature.path: feature for feature in other.features}
        for feature in one.features:
            found = tested(feature, twins[feature.path], 1.0) if feature.path in twins else None
            if found is not None:
                ratios.setdefault(feature.path, []).append(found.surprise / float(special.chdtri(found.freedom, 0.5)))
    medians = {path: float(np.median(found)) for path, found in ratios.items()}
    common = max(1.0, float(np.median(list(medians.values())))) if medians else 1.0
    return {path: max(1.0, own, math.sqrt(max(1.0, own) * common)) for path, own in medians.items()}


def moves_with_time(spans: Sequence[DatasetStats]) -> frozenset[FeaturePath]:
    """Numeric features whose ranges in adjacent spans do not overlap, more often than not: clocks and running numbers, not drift."""
    apart: dict[FeaturePath, list[bool]] = {}
    for one, other in itertools.pairwise(spans):
        known = {feature.path: feature for feature in one.features if feature.numeric}
        for feature in other.features:
            before = known.get(feature.path)
            if (
                before
                and before.numeric
                and feature.numeric
                and None not in (before.numeric.min, before.numeric.max, feature.numeric.min, feature.numeric.max)
            ):
                disjoint = feature.numeric.min > before.numeric.max or feature.numeric.max < before.numeric.min  # type: ignore[operator]
                apart.setdefault(feature.path, []).append(disjoint)
    return frozenset(path for path, found in apart.items() if len(found) > 1 and sum(found) > len(found) / 2)


def _bins(found: Tested) -> tuple[Bin, ...]:
    if found.labels:
        return largest_bins(found.labels, found.shares0, found.shares1, found.value)
    return bins_between(found.cuts, found.shares0, found.shares1)


def _effective(n: int, deff: float) -> float:
    """Rows a decile test can really use: clustered rows count less, and a sketch is never sharper than its error (A1.1)."""
    return n / (deff + n * _SKETCH_ERROR**2 * 4 / 3)


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


def _new_mass(reference: FeatureStats, current: FeatureStats) -> float:
    """Share of the current examples on values that the reference, whole, does not list; 0 where its own rare values let expect as many.

    What a sample has not seen is about the share of its values seen once (Good 1953)."""
    counts0, counts1 = counts_of(reference), counts_of(current)
    n0, n1 = max(reference.common.tot_num_values, 1), max(current.common.tot_num_values, 1)
    if unlisted(reference, counts0):
        return 0.0
    share = sum(count for value, count in counts1.items() if value not in counts0) / n1
    expected = (sum(count == 1 for count in counts0.values()) + 3) / n0
    return share if share - 3 * math.sqrt(share / n1) > expected else 0.0


def _is_id(feature: FeatureStats) -> bool:
    """Nearly every value is its own: a key, not a category."""
    string, n = feature.string, feature.common.tot_num_values
    return string is not None and string.unique > 0.5 * max(n, 1)
