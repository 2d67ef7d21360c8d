"""Is a changed feature a fault of the data? Detectors that name the corruption and can replay it (methods A3), from TFDV's histograms.

Each finding carries an operator: what was done to the values, executable on rows. A detector fires only for a corruption that the
current span has and the reference has not; the end of a corruption is not a new one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model_insights.evidence.change import FeatureChange, cdf_knots, share_change
from model_insights.noun import Noun
from model_insights.stats import DatasetStats, FeaturePath, FeatureStats

Floats = NDArray[np.float64]
Kind = Literal["unit", "partial unit", "stuck", "default value", "missing", "re-encoding", "swapped"]

# Known factors between units: powers of ten, 1024, inches, feet, miles, pounds, minutes, hours.
_FACTORS = (10.0, 100.0, 1000.0, 1e4, 1e6, 1024.0, 2.54, 0.3048, 1.609344, 0.45359, 60.0, 3600.0)
_SNAP = 0.08
_GRID = np.linspace(0.005, 0.995, 199)
_DEFAULTS = frozenset({"", "unknown", "none", "null", "nan", "n/a", "na", "-1", "0", "999", "9999", "missing", "default"})


class Operator(Noun):
    """A corruption as a function on values. `share` of the rows are hit, at random (missing and default values too)."""

    kind: Kind
    factor: float = 1.0
    value: str = ""
    share: float = 1.0
    other: FeaturePath = ()  # the feature it was swapped with
    mapping: tuple[tuple[str, str], ...] = ()

    def apply(self, values: NDArray, seed: int = 0) -> NDArray:  # type: ignore[type-arg]
        """Clean values in, corrupted ones out; missing becomes None (object) or NaN (float). Deterministic by seed."""
        hit = np.random.default_rng(seed).random(len(values)) < self.share
        if self.kind in ("unit", "partial unit"):
            return np.where(hit, values * self.factor, values)
        if self.kind == "missing":
            gone = values.astype(float if values.dtype.kind == "f" else object)
            gone[hit] = np.nan if values.dtype.kind == "f" else None
            return gone
        if self.kind == "re-encoding":
            table = dict(self.mapping)
            return np.array([table.get(value, value) for value in values], dtype=object)
        if self.kind in ("default value", "stuck"):
            return np.where(hit, float(self.value) if values.dtype.kind == "f" else self.value, values)
        return values  # swapped columns are exchanged by the caller, who has both


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
    found: dict[FeaturePath, Corruption] = {}
    for a, b in _swapped(reference, current, paths):  # first: a swapped column may look like a unit
        for path, other in ((a, b), (b, a)):
            found[path] = Corruption(path=path, kind="swapped", operator=Operator(kind="swapped", other=other), share=1.0)
    for path in (one for one in paths if one not in found):
        old, new = reference.feature(path), current.feature(path)
        if old is None or new is None or old.type != new.type:
            continue
        hit = _numeric(old, new) if old.numeric and new.numeric else _categorical(old, new)
        if hit is not None:
            found[path] = hit
    for path, hit in _missing(reference, current).items():
        found.setdefault(path, hit)
    return tuple(found[path] for path in sorted(found))


# --- numbers ---------------------------------------------------------------------------------------------------------------------


def _numeric(old: FeatureStats, new: FeatureStats) -> Corruption | None:
    return _whole_unit(old, new) or _stuck(old, new) or _partial_unit(old, new)


def quantiles(feature: FeatureStats, at: Floats) -> Floats | None:
    """Quantile function from the stored histograms; None with fewer than three knots."""
    xs, ys = cdf_knots(feature)
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
    factor = _snapped(math.exp(mean))
    operator = Operator(kind="unit", factor=factor or math.exp(mean))
    return Corruption(path=new.path, kind="unit", operator=operator, share=1.0, snapped=factor is not None)


def _snapped(factor: float) -> float | None:
    """The known factor (or its inverse) within 8 %."""
    known = [one for base in _FACTORS for one in (base, 1 / base)]
    best = min(known, key=lambda one: abs(math.log(factor / one)))
    return best if abs(factor / best - 1) <= _SNAP else None


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


def _mixture(q0: Floats, factor: float, share: float) -> Floats:
    """Log-quantiles of (1 - share) Q0 + share (factor Q0)."""
    values = np.concatenate([np.log(q0), np.log(q0 * factor)])
    weights = np.concatenate([np.full(len(q0), (1 - share) / len(q0)), np.full(len(q0), share / len(q0))])
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order]) - weights[order] / 2
    return np.interp(_GRID, cumulative, values[order])


def _swapped(reference: DatasetStats, current: DatasetStats, paths: Sequence[FeaturePath]) -> list[tuple[FeaturePath, FeaturePath]]:
    """Pairs of changed numeric features that each look like the other did: distances below a tenth of the spread, own ones above it all."""
    known = {}
    for path in paths:
        old, new = reference.feature(path), current.feature(path)
        if old is not None and new is not None and old.numeric and new.numeric:
            q0, q1 = quantiles(old, _GRID), quantiles(new, _GRID)
            if q0 is not None and q1 is not None:
                known[path] = (q0, q1, max(float(q0[149] - q0[49]), 1e-12))
    pairs = []
    for a, b in itertools.combinations(known, 2):
        (a0, a1, a_spread), (b0, b1, b_spread) = known[a], known[b]
        crossed = float(np.abs(a1 - b0).mean()) < 0.1 * b_spread and float(np.abs(b1 - a0).mean()) < 0.1 * a_spread
        moved = float(np.abs(a1 - a0).mean()) > a_spread and float(np.abs(b1 - b0).mean()) > b_spread
        if crossed and moved:
            pairs.append((a, b))
    return pairs


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
        others = [(before[v] / rest0, now.get(v, 0.0) / rest1) for v in before if v != value and before[v] > 0.02]
        if rest0 > 0 and rest1 > 0 and all(abs(a - b) < 4 * math.sqrt(a * (1 - a) * (1 / n0 + 1 / n1)) + 0.01 for a, b in others):
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


def _missing(reference: DatasetStats, current: DatasetStats) -> dict[FeaturePath, Corruption]:
    """Jumps of the missing share by more than one percentage point and four standard errors."""
    found = {}
    for new in current.features:
        old = reference.feature(new.path)
        if old is None or old.common.missing is None or new.common.missing is None:
            continue
        change = share_change((old.common.missing, reference.num_examples), (new.common.missing, current.num_examples))
        error = (change.high - change.low) / 3.92
        if change.difference > max(0.01, 4 * error) and change.reference < 1:
            share = change.difference / (1 - change.reference)
            operator = Operator(kind="missing", share=share)
            found[new.path] = Corruption(
                path=new.path, kind="missing", operator=operator, share=change.difference, low=change.low, high=change.high
            )
    return found
