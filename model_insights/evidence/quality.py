"""Is a changed feature a fault of the data? Detectors that name the corruption and can replay it (methods A3), from TFDV's histograms.

Each finding carries an operator: what was done to the values, executable on rows. A detector fires only for a corruption that the
current span has and the reference has not; the end of a corruption is not a new one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model_insights.evidence.change import FeatureChange, share_change
from model_insights.evidence.duplicates import repeated_keys
from model_insights.evidence.knots import interpolated, knots
from model_insights.evidence.scales import affine, bound
from model_insights.noun import Noun
from model_insights.stats import DatasetStats, FeaturePath, FeatureStats

Floats = NDArray[np.float64]
Features = Mapping[FeaturePath, FeatureStats]
Kind = Literal[
    "unit",
    "partial unit",
    "affine",
    "stuck",
    "saturated",
    "default value",
    "missing",
    "re-encoding",
    "swapped",
    "duplicates",
    "label delay",
]

# Known factors between units: powers of ten, 1024, inches, feet, miles, pounds, minutes, hours, days, weeks.
_FACTORS = (10.0, 100.0, 1000.0, 1e4, 1e6, 1024.0, 2.54, 0.3048, 1.609344, 0.45359, 60.0, 3600.0, 24.0, 7.0)
_SNAP = 0.08
_GRID = np.linspace(0.005, 0.995, 199)
_MIDDLE = slice(9, 190)  # of the grid, without the tails: their quantiles are guesses between two knots
_DEFAULTS = frozenset({"", "unknown", "none", "null", "nan", "n/a", "na", "-1", "0", "999", "9999", "missing", "default"})


class Operator(Noun):
    """A corruption as a function on values. `share` of the rows are hit, at random (missing and default values too)."""

    kind: Kind
    factor: float = 1.0
    offset: float = 0.0  # of another scale: factor times the value, plus this
    is_upper: bool = True  # of a bound: the values above it were set to it
    value: str = ""
    share: float = 1.0
    other: FeaturePath = ()  # the feature it was swapped with
    mapping: tuple[tuple[str, str], ...] = ()

    def apply(self, values: NDArray, seed: int = 0) -> NDArray:  # type: ignore[type-arg]
        """Clean values in, corrupted ones out; missing becomes None (object) or NaN (float). Deterministic by seed."""
        hit = np.random.default_rng(seed).random(len(values)) < self.share
        if self.kind in ("unit", "partial unit"):
            return np.where(hit, values * self.factor, values)
        if self.kind == "affine":
            return self.factor * values + self.offset
        if self.kind == "saturated":
            return np.minimum(values, float(self.value)) if self.is_upper else np.maximum(values, float(self.value))
        if self.kind == "missing":
            gone = values.astype(float if values.dtype.kind == "f" else object)
            gone[hit] = np.nan if values.dtype.kind == "f" else None
            return gone
        if self.kind == "re-encoding":
            table = dict(self.mapping)
            return np.array([table.get(value, value) for value in values], dtype=object)
        if self.kind in ("default value", "stuck"):
            return np.where(hit, float(self.value) if values.dtype.kind == "f" else self.value, values)
        return values  # swapped columns are exchanged by the caller, who has both; rows that came twice keep their values


class Corruption(Noun):
    """A detected fault of one feature: what, how much of it, and in words without numbers' formatting (the caller words it)."""

    path: FeaturePath
    kind: Kind
    operator: Operator
    share: float  # of the examples
    low: float | None = None  # 95 % interval of the share, where it was estimated from counts
    high: float | None = None
    snapped: bool = True  # a unit factor that is a known one; otherwise a real change of the quantity is as likely


def corruptions(reference: DatasetStats, current: DatasetStats, changed: Sequence[FeatureChange]) -> tuple[Corruption, ...]:
    """Faults found in the features that changed, one per feature (the most specific), by feature name."""
    paths = sorted({one.path for one in changed})
    olds, news = ({one.path: one for one in whole.features} for whole in (reference, current))
    found: dict[FeaturePath, Corruption] = {}
    for a, b in _swapped(olds, news, paths):  # first: a swapped column may look like a unit
        for path, other in ((a, b), (b, a)):
            found[path] = Corruption(path=path, kind="swapped", operator=Operator(kind="swapped", other=other), share=1.0)
    for path in (one for one in paths if one not in found):
        old, new = olds.get(path), news.get(path)
        if old is None or new is None or old.type != new.type:
            continue
        hit = _numeric(old, new) if old.numeric and new.numeric else _categorical(old, new)
        if hit is not None:
            found[path] = hit
    for path, share in repeated_keys(olds, news).items():
        found[path] = Corruption(path=path, kind="duplicates", operator=Operator(kind="duplicates", share=share), share=share)
    for path, hit in _missing(olds, reference.num_examples, current).items():
        found.setdefault(path, hit)
    return tuple(found[path] for path in sorted(found))


# --- numbers ---------------------------------------------------------------------------------------------------------------------


def _numeric(old: FeatureStats, new: FeatureStats) -> Corruption | None:
    return (
        _scale(old, new) or _whole_unit(old, new) or spike(old, new) or _saturated(old, new) or _stuck(old, new) or _partial_unit(old, new)
    )


def _scale(old: FeatureStats, new: FeatureStats) -> Corruption | None:
    grid = _GRID[_MIDDLE]
    q0, q1 = quantiles(old, grid), quantiles(new, grid)
    if q0 is None or q1 is None:
        return None
    rows = min(old.common.tot_num_values, new.common.tot_num_values)
    found = affine(q0, q1, float(np.std(q0)), rows)
    if found is None:
        return None
    return Corruption(path=new.path, kind="affine", operator=Operator(kind="affine", factor=found[0], offset=found[1]), share=1.0)


def _saturated(old: FeatureStats, new: FeatureStats) -> Corruption | None:
    found = bound(old, new)
    if found is None or new.numeric is None:
        return None
    operator = Operator(kind="saturated", value=f"{found[0]:.10g}", is_upper=found[0] == new.numeric.max)
    return Corruption(path=new.path, kind="saturated", operator=operator, share=found[1])


def quantiles(feature: FeatureStats, at: Floats) -> Floats | None:
    """Quantile function from the stored histograms; None with fewer than three knots."""
    known = knots(feature)
    xs, ys = known.xs, known.ys
    if len(xs) < 3 or ys[-1] <= ys[0]:
        return None
    keep = np.concatenate([[True], np.diff(ys) > 1e-12])
    return np.interp(at, ys[keep], xs[keep])


def _stuck(old: FeatureStats, new: FeatureStats) -> Corruption | None:
    """A sensor that repeats itself: the middle fifth of the values shrinks to less than a fifth of its width."""
    middle = np.array([0.4, 0.6])
    before, now = quantiles(old, middle), quantiles(new, middle)
    if before is None or new.numeric is None or before[1] <= before[0]:
        return None
    width = 0.0 if now is None else float(now[1] - now[0])
    if width >= 0.2 * float(before[1] - before[0]):
        return None
    return Corruption(path=new.path, kind="stuck", operator=Operator(kind="stuck", value=str(new.numeric.median)), share=1.0)


def _whole_unit(old: FeatureStats, new: FeatureStats) -> Corruption | None:
    """All values scaled: the log-ratio of the deciles is the same everywhere and large."""
    grid = np.linspace(0.1, 0.9, 9)
    q0, q1 = quantiles(old, grid), quantiles(new, grid)
    if q0 is None or q1 is None or np.any(q0 <= 0) or np.any(q1 <= 0):
        return None
    ratios = np.log(q1 / q0)
    mean = float(ratios.mean())
    if abs(mean) <= math.log(1.8) or float(ratios.std()) >= 0.15 * abs(mean):
        return None
    spread = float(np.log(q1[7] / q1[1])) / 1.68  # of the middle 60 %, as a standard deviation
    noise = spread * math.sqrt(1 / old.common.tot_num_values + 1 / new.common.tot_num_values)
    factor = _snapped(math.exp(mean), max(_SNAP, 3 * noise))
    operator = Operator(kind="unit", factor=factor or math.exp(mean))
    return Corruption(path=new.path, kind="unit", operator=operator, share=1.0, snapped=factor is not None)


def _snapped(factor: float, tolerance: float) -> float | None:
    """The nearest known factor (or its inverse) within the tolerance."""
    known = [one for base in _FACTORS for one in (base, 1 / base)]
    best = min(known, key=lambda one: abs(math.log(factor / one)))
    return best if abs(math.log(factor / best)) <= tolerance else None


def _partial_unit(old: FeatureStats, new: FeatureStats) -> Corruption | None:
    """A part of the values scaled by a known factor: the share that brings the mixture closest to what is seen (in log space).

    Fires when the mixture explains four fifths of the distance, for a share of at least 2 %."""
    q0, q1 = quantiles(old, _GRID), quantiles(new, _GRID)
    if q0 is None or q1 is None or np.any(q0 <= 0) or np.any(q1 <= 0):
        return None
    target = np.log(q1)
    alone = float(np.abs(np.log(q0) - target).mean())
    if alone < 0.02:
        return None
    best: tuple[float, float, float] | None = None
    for base in (factor for one in _FACTORS for factor in (one, 1 / one)):
        for share in np.linspace(0.02, 0.6, 30):
            distance = float(np.abs(_mixture(q0, base, float(share)) - target).mean())
            if best is None or distance < best[0]:
                best = (distance, base, float(share))
    if best is None or best[0] > 0.2 * alone:
        return None
    _, factor, share = best
    return Corruption(path=new.path, kind="partial unit", operator=Operator(kind="partial unit", factor=factor, share=share), share=share)


def spike(old: FeatureStats, new: FeatureStats) -> Corruption | None:
    """One value took a share of all others: where the rest still lies as it did, only thinner (a mixture of the reference and a point)."""
    best: Corruption | None = None
    for value in _suspects(old, new):
        found = _spike_at(old, new, value)
        if found is not None and (best is None or found.share > best.share):
            best = found
    return best


def _suspects(old: FeatureStats, new: FeatureStats) -> tuple[float, ...]:
    """Zero where zeros became frequent, a new smallest or largest value, and values that hold a quantile bucket for the first time."""
    one, other = old.numeric, new.numeric
    if one is None or other is None or None in (one.min, one.max, other.min, other.max):
        return ()
    zeros = (one.num_zeros / max(old.common.tot_num_values, 1), other.num_zeros / max(new.common.tot_num_values, 1))
    found = [0.0] if zeros[1] > zeros[0] + 0.005 else []
    found += [other.min] if other.min < one.min else []  # type: ignore[operator,list-item]  # None was excluded above
    found += [other.max] if other.max > one.max else []  # type: ignore[operator,list-item]
    edges = knots(new).edges
    found += [float(v) for v in edges[:-1][np.diff(edges) == 0] if v not in knots(old).edges]
    return tuple(dict.fromkeys(found))


def _spike_at(old: FeatureStats, new: FeatureStats, value: float) -> Corruption | None:
    before, now = knots(old), knots(new)
    cuts = np.unique(before.edges)[1:-1]
    cuts = cuts[cuts != value]
    if len(cuts) < 5:
        return None
    n0, n1 = old.common.tot_num_values, new.common.tot_num_values
    ours, theirs = interpolated(before, cuts), interpolated(now, cuts)
    lost = np.where(cuts < value, ours, ours - 1)  # what a whole share of the value would take from each point
    fitted = float(-(lost * (theirs - ours)).sum() / (lost**2).sum())
    counted = _counted(old, new, value)
    share = fitted if counted is None else counted
    error = math.sqrt(max(share * (1 - share), 0.0) / n1 + (0.25 / 9 * (1 / n0 + 1 / n1) if counted is None else 0.0))
    noise = 4 * np.sqrt(ours * (1 - ours) * (1 / n0 + 1 / n1)) + 0.01
    is_known = counted is not None or bool((now.edges == value).sum() > 1) or _at_end(new, value) > share - 4 * error
    if share < max(0.01, 4 * error) or (np.abs(theirs - ours + share * lost) > noise).any() or not is_known:
        return None
    return Corruption(
        path=new.path, kind="default value", operator=Operator(kind="default value", value=f"{value:.10g}", share=share), share=share,
        low=max(0.0, share - 1.96 * error), high=min(1.0, share + 1.96 * error),
    )  # fmt: skip


def _counted(old: FeatureStats, new: FeatureStats, value: float) -> float | None:
    """The share that came to lie on the value, where it was counted: zeros, and an end bucket that the reference does not reach."""
    one, other = old.numeric, new.numeric
    if one is None or other is None:
        return None
    if value == 0:
        zeros = one.num_zeros / old.common.tot_num_values, other.num_zeros / new.common.tot_num_values
        return (zeros[1] - zeros[0]) / max(1 - zeros[0], 1e-9)
    marks, below = knots(new).marks, knots(new).below
    if len(marks) < 3 or one.min is None or one.max is None:
        return None
    if value == other.max and one.max < marks[-2]:
        return 1 - float(below[-2])
    return float(below[1]) if value == other.min and one.min > marks[1] else None


def _at_end(feature: FeatureStats, value: float) -> float:
    """The share of values in the end bucket that starts or ends with the value."""
    known = knots(feature)
    if len(known.marks) < 3 or value not in (known.marks[0], known.marks[-1]):
        return 0.0
    return float(known.below[1]) if value == known.marks[0] else 1 - float(known.below[-2])


def _mixture(q0: Floats, factor: float, share: float) -> Floats:
    """Log-quantiles of (1 - share) Q0 + share (factor Q0)."""
    values = np.concatenate([np.log(q0), np.log(q0 * factor)])
    weights = np.concatenate([np.full(len(q0), (1 - share) / len(q0)), np.full(len(q0), share / len(q0))])
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order]) - weights[order] / 2
    return np.interp(_GRID, cumulative, values[order])


def _swapped(olds: Features, news: Features, paths: Sequence[FeaturePath]) -> list[tuple[FeaturePath, FeaturePath]]:
    """Pairs of changed numeric features that each look like the other did: distances near a tenth of the spread, own ones above it all."""
    known = {}
    for path in paths:
        old, new = olds.get(path), news.get(path)
        if old is not None and new is not None and old.numeric and new.numeric:
            q0, q1 = quantiles(old, _GRID), quantiles(new, _GRID)
            if q0 is not None and q1 is not None:
                noise = 2 / math.sqrt(min(old.common.tot_num_values, new.common.tot_num_values))
                known[path] = (q0[_MIDDLE], q1[_MIDDLE], max(float(q0[149] - q0[49]), 1e-12), 0.1 + noise)
    pairs = []
    for a, b in _candidates(known):
        (a0, a1, a_spread, near), (b0, b1, b_spread, _) = known[a], known[b]
        crossed = float(np.abs(a1 - b0).mean()) < near * b_spread and float(np.abs(b1 - a0).mean()) < near * a_spread
        moved = float(np.abs(a1 - a0).mean()) > a_spread and float(np.abs(b1 - b0).mean()) > b_spread
        if crossed and moved:
            pairs.append((a, b))
    return pairs


def _candidates(known: Mapping[FeaturePath, tuple[Floats, Floats, float, float]]) -> list[tuple[FeaturePath, FeaturePath]]:
    """Pairs whose means lie near each other crosswise: the difference of means is never above the mean distance, so no pair is lost."""
    paths = list(known)
    if len(paths) < 2:
        return []
    then, now, spread, near = np.array([(q0.mean(), q1.mean(), width, allowed) for q0, q1, width, allowed in known.values()]).T
    is_near = np.abs(now[:, None] - then[None, :]) < near[:, None] * spread[None, :]
    return [(paths[i], paths[j]) for i, j in np.argwhere(is_near & is_near.T) if i < j]


# --- categories and presence -----------------------------------------------------------------------------------------------------


def _categorical(old: FeatureStats, new: FeatureStats) -> Corruption | None:
    if not old.string or not new.string:
        return None
    return _reencoded(old, new) or _default_value(old, new)


def _shares(feature: FeatureStats) -> dict[str, float]:
    n = max(feature.common.tot_num_values, 1)
    return {one.value: one.count / n for one in feature.string.ranks} if feature.string else {}


def _reencoded(old: FeatureStats, new: FeatureStats) -> Corruption | None:
    """Values that vanished came back spelt otherwise (case, spaces, a prefix): the same shares under new names."""
    before, now = _shares(old), _shares(new)
    gone, came = before.keys() - now.keys(), now.keys() - before.keys()
    by_form = {_form(value): value for value in gone}
    mapping = tuple((by_form[_form(value)], value) for value in sorted(came) if _form(value) in by_form)
    share = sum(now[value] for _, value in mapping)
    if not mapping or share < 0.005 or share < 0.8 * sum(now[value] for value in came):
        return None
    return Corruption(path=new.path, kind="re-encoding", operator=Operator(kind="re-encoding", mapping=mapping, share=share), share=share)


def _form(value: str) -> str:
    """What is left of a spelling: letters and digits in lower case."""
    return "".join(char for char in value.casefold() if char.isalnum())


def _default_value(old: FeatureStats, new: FeatureStats) -> Corruption | None:
    """One default-like value took mass from all others in proportion."""
    before, now = _shares(old), _shares(new)
    n0, n1 = old.common.tot_num_values, new.common.tot_num_values
    for value in sorted(now):
        change = share_change((before.get(value, 0.0), n0), (now[value], n1))
        if value.strip().casefold() not in _DEFAULTS or change.low <= 0.005:
            continue
        rest0, rest1 = 1 - before.get(value, 0.0), 1 - now[value]
        kept = (
            [v for v in before if v != value and before[v] > 0.02] if rest0 > 0 and rest1 > 0 else []
        )  # none where all became the default
        others = [(before[v] / rest0, now.get(v, 0.0) / rest1) for v in kept]
        if rest0 > 0 and all(abs(a - b) < 4 * math.sqrt(a * (1 - a) * (1 / n0 + 1 / n1)) + 0.01 for a, b in others):
            share = change.difference / rest0
            operator = Operator(kind="default value", value=value, share=share)
            return Corruption(
                path=new.path,
                kind="default value",
                operator=operator,
                share=change.difference,
                low=change.low,
                high=change.high,
            )
    return None


def _missing(olds: Features, examples: int, current: DatasetStats) -> dict[FeaturePath, Corruption]:
    """Jumps of the missing share by more than one percentage point and four standard errors."""
    found = {}
    for new in current.features:
        old = olds.get(new.path)
        if old is None or old.common.missing is None or not new.common.missing:
            continue
        change = share_change((old.common.missing, examples), (new.common.missing, current.num_examples))
        error = (change.high - change.low) / 3.92
        if change.difference > max(0.01, 4 * error) and change.reference < 1:
            share = change.difference / (1 - change.reference)
            operator = Operator(kind="missing", share=share)
            found[new.path] = Corruption(
                path=new.path, kind="missing", operator=operator, share=change.difference, low=change.low, high=change.high
            )
    return found
