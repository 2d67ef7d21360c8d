"""Cost as a function of the decision threshold, per unit and in total, from the confusion plots TFMA stored (methods A7.1)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from model_insights.cost.model import Cells, Floats
from model_insights.metrics import Plot
from model_insights.slices import SliceKey

Plots = Mapping[SliceKey, tuple[Plot, ...]]
_GRID = np.linspace(0.0, 1.0, 101)


class ThresholdCosts(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Money by threshold.

    thresholds [t] in [0, 1]; money [units, t] scaled to the period's volume; positives, negatives [units, t]: examples scored at or above
    the threshold, as TFMA counted them (weighted where the evaluation is); scale [units]: cases per counted example; values [units, 4]:
    money per TP, FP, TN, FN."""

    units: tuple[SliceKey, ...]
    thresholds: Floats
    money: Floats
    positives: Floats
    negatives: Floats
    scale: Floats
    values: Floats

    @property
    def total(self) -> Floats:
        """Money of all units [t]; over and under never mix, they only add."""
        total: Floats = self.money.sum(axis=0)
        return total

    def at(self, threshold: float, unit: int | None = None) -> float:
        """Money at a threshold between the stored ones (linear); of all units or of one."""
        return float(np.interp(threshold, self.thresholds, self.total if unit is None else self.money[unit]))

    def best(self, unit: int | None = None) -> float:
        """The cheapest threshold; of equal ones the middle, which is the least fragile."""
        money = self.total if unit is None else self.money[unit]
        ties = np.flatnonzero(money <= money.min() + 1e-9)
        return float(self.thresholds[ties[len(ties) // 2]])

    def error(self, one: float, other: float, unit: int | None = None) -> float:
        """Standard error of the money between two thresholds: only examples scored between them count (A7.1), Poisson in number."""
        rows = range(len(self.units)) if unit is None else (unit,)
        return float(np.sqrt(sum(self._moved_variance(i, one, other) for i in rows)))

    def _moved_variance(self, i: int, one: float, other: float) -> float:
        tp, fp, tn, fn = self.values[i]
        moved = [
            abs(np.interp(one, self.thresholds, n[i]) - np.interp(other, self.thresholds, n[i])) for n in (self.positives, self.negatives)
        ]
        return float(self.scale[i] ** 2 * (moved[0] * (tp - fn) ** 2 + moved[1] * (fp - tn) ** 2))

    def indifferent(self, unit: int | None = None) -> tuple[float, float]:
        """The thresholds around the best one whose extra money is below one standard error of the paired difference."""
        best = self.best(unit)
        money = self.total if unit is None else self.money[unit]
        least = self.at(best, unit)
        near = [float(t) for t, m in zip(self.thresholds, money, strict=True) if m - least <= self.error(float(t), best, unit)]
        return _around(best, near, self.thresholds)


def threshold_costs(cells: Cells, plots: Plots, model: str) -> ThresholdCosts | None:
    """The curves of `model` for all units of `cells`; None when a unit has no confusion plot, or the rule counts no outcomes."""
    if cells.kind != "classification":
        return None
    found = [_counts(plots.get(unit, ()), model) for unit in cells.units]
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found):
        return None
    positives, negatives, shares, scale = [], [], [], []
    for counts, volume in zip(known, cells.volume, strict=True):
        n = max(float(counts[:, 0].sum()), 1e-12)
        positives.append(counts[0])
        negatives.append(counts[1])
        shares.append(counts / n)
        scale.append(float(volume) / n)
    money = np.array([v * (s.T * c).sum(axis=1) for v, s, c in zip(cells.volume, shares, cells.values, strict=True)])
    return ThresholdCosts(
        units=cells.units, thresholds=_GRID, money=money, positives=np.array(positives), negatives=np.array(negatives),
        scale=np.array(scale), values=cells.values,
    )  # fmt: skip


def _counts(plots: tuple[Plot, ...], model: str) -> Floats | None:
    """TP, FP, TN, FN [4, t] on the common grid, interpolated between the stored thresholds."""
    plot = next((p for p in plots if p.key.model_name in (model, "") and p.confusion), None)
    if plot is None:
        return None
    rows = np.array([[m.threshold, m.true_positives, m.false_positives, m.true_negatives, m.false_negatives] for m in plot.confusion])
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    return np.array([np.interp(_GRID, rows[:, 0], rows[:, i]) for i in range(1, 5)])


def _around(best: float, near: list[float], thresholds: Floats) -> tuple[float, float]:
    """The unbroken stretch of `near` around `best`."""
    members = set(near) | {best}
    at = int(np.argmin(np.abs(thresholds - best)))
    low = high = at
    while low > 0 and float(thresholds[low - 1]) in members:
        low -= 1
    while high < len(thresholds) - 1 and float(thresholds[high + 1]) in members:
        high += 1
    return float(thresholds[low]), float(thresholds[high])


class CostSpace(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Drummond and Holte's cost space: x is the probability-cost of positives, y the normalised expected cost.

    A change of base rate or prices moves a period along x; a change of model or data moves its curve."""

    x: Floats
    envelope: Floats  # the least over all thresholds
    operating: tuple[float, float]  # where the period stands with its current threshold


def cost_space(costs: ThresholdCosts, threshold: float) -> CostSpace | None:
    """The curve of one period over all its units; None without positives, negatives or prices of mistakes."""
    weights = costs.scale[:, None]
    positives, negatives = costs.positives * weights, costs.negatives * weights
    fn_price, fp_price = _prices(costs)
    all_positive, all_negative = float(positives[:, 0].sum()), float(negatives[:, 0].sum())
    if min(all_positive, all_negative) <= 0 or fn_price + fp_price <= 0:
        return None
    fnr = 1 - positives.sum(axis=0) / all_positive
    fpr = negatives.sum(axis=0) / all_negative
    x = np.linspace(0, 1, 51)
    envelope = np.min(fnr[:, None] * x + fpr[:, None] * (1 - x), axis=0)
    share = all_positive / (all_positive + all_negative)
    here = share * fn_price / (share * fn_price + (1 - share) * fp_price)
    y = float(np.interp(threshold, costs.thresholds, fnr) * here + np.interp(threshold, costs.thresholds, fpr) * (1 - here))
    return CostSpace(x=x, envelope=envelope, operating=(float(here), y))


def _prices(costs: ThresholdCosts) -> tuple[float, float]:
    """Price of a missed positive and of a false alarm, over what the right decision would have brought; averaged over the cases they concern."""
    positives, negatives = costs.positives[:, 0] * costs.scale, costs.negatives[:, 0] * costs.scale
    tp, fp, tn, fn = costs.values.T
    missed = float(((fn - tp) * positives).sum() / max(float(positives.sum()), 1e-12))
    alarm = float(((fp - tn) * negatives).sum() / max(float(negatives.sum()), 1e-12))
    return max(missed, 0.0), max(alarm, 0.0)
