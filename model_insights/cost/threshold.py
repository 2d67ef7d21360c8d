"""Cost as a function of the decision threshold, per unit and in total, from the confusion plots TFMA stored (methods A7.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from model_insights.cost.model import Cells, Floats
from model_insights.metrics import Plot
from model_insights.slices import SliceKey

Plots = Mapping[SliceKey, Floats]  # by unit what `confusion_counts` took out of its plots


class ThresholdCosts(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Money by threshold.

    thresholds [t] in [0, 1], as stored; money [units, t] scaled to the period's volume; positives, negatives [units, t]: examples scored
    at or above the threshold, as TFMA counted them (weighted where the evaluation is); scale [units]: cases per counted example; values
    [units, 4]: money per TP, FP, TN, FN."""

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
        return float(np.interp(threshold, self.thresholds, self._money(unit)))

    def best(self, unit: int | None = None) -> float:
        """The cheapest threshold; of equal ones the middle, which is the least fragile."""
        money = self._money(unit)
        ties = np.flatnonzero(money <= money.min() + 1e-9)
        return float(self.thresholds[ties[len(ties) // 2]])

    def error(self, one: float, other: float, unit: int | None = None) -> float:
        """Standard error of the money between two thresholds: only examples scored between them count (A7.1), Poisson in number."""
        rows = slice(None) if unit is None else slice(unit, unit + 1)
        moved = [abs(self._count(n[rows], one) - self._count(n[rows], other)) for n in (self.positives, self.negatives)]
        return float(np.sqrt(self._variance(rows, *moved).sum()))

    def indifferent(self, unit: int | None = None) -> tuple[float, float]:
        """The thresholds around the best one whose extra money is below one standard error of the paired difference."""
        best, money = self.best(unit), self._money(unit)
        rows = slice(None) if unit is None else slice(unit, unit + 1)
        at = int(np.searchsorted(self.thresholds, best))
        moved = [np.abs(n[rows] - n[rows, at : at + 1]) for n in (self.positives, self.negatives)]
        near = money - money[at] <= np.sqrt(self._variance(rows, *moved).sum(axis=0))
        far = np.flatnonzero(~near)
        below, above = far[far < at], far[far > at]
        low = int(below[-1]) + 1 if len(below) else 0
        high = int(above[0]) - 1 if len(above) else len(near) - 1
        return float(self.thresholds[low]), float(self.thresholds[high])

    def _money(self, unit: int | None) -> Floats:
        return self.total if unit is None else self.money[unit]

    def _count(self, n: Floats, threshold: float) -> Floats:
        """Examples at or above a threshold between the stored ones [units, 1]."""
        at = int(np.clip(np.searchsorted(self.thresholds, threshold, side="right") - 1, 0, len(self.thresholds) - 2))
        low, high = self.thresholds[at], self.thresholds[at + 1]
        part = min(max((threshold - low) / (high - low), 0.0), 1.0)
        found: Floats = n[:, at : at + 1] * (1 - part) + n[:, at + 1 : at + 2] * part
        return found

    def _variance(self, rows: slice, positives: Floats, negatives: Floats) -> Floats:
        """Of the money of examples that change sides [units, ...]."""
        tp, fp, tn, fn = self.values[rows].T[..., None]
        found: Floats = self.scale[rows, None] ** 2 * (positives * (tp - fn) ** 2 + negatives * (fp - tn) ** 2)
        return found


def confusion_counts(plots: Sequence[Plot], model: str) -> Floats | None:
    """Rows of threshold, TP, FP, TN, FN [5, t] by rising threshold in [0, 1]; None where `model` has no confusion plot.

    TFMA stores thresholds just outside [0, 1] at both ends: there everything, or nothing, is called positive."""
    plot = next((p for p in plots if p.key.model_name in (model, "") and p.confusion), None)
    if plot is None:
        return None
    rows = np.array([[m.threshold, m.true_positives, m.false_positives, m.true_negatives, m.false_negatives] for m in plot.confusion])
    thresholds, first = np.unique(np.clip(rows[:, 0], 0.0, 1.0), return_index=True)
    found = rows[first].T.astype(np.float64)
    found[0] = thresholds
    return found if len(thresholds) > 1 else None


def threshold_costs(cells: Cells, plots: Plots, *, limit: tuple[float, Floats] | None = None) -> ThresholdCosts | None:
    """The curves for all units of `cells`; None when a unit has no confusion plot, or the rule counts no outcomes.

    `limit`: (lowest threshold that the capacity allows, counts there [units, 4]); below it no more is acted on (cost.capacity)."""
    if cells.kind != "classification":
        return None
    known = [plots[unit] for unit in cells.units if unit in plots]
    if not known or len(known) < len(cells.units):
        return None
    thresholds, counts = aligned(known)
    if limit is not None:
        thresholds, counts = _limited(thresholds, counts, *limit)
    tp, fp = counts[:, 0], counts[:, 1]
    n = np.maximum(counts[:, :, 0].sum(axis=1), 1e-12)
    scale = cells.volume / n
    money = scale[:, None] * np.einsum("uk,ukt->ut", cells.values, counts)
    return ThresholdCosts(
        units=cells.units, thresholds=thresholds, money=money, positives=tp, negatives=fp, scale=scale, values=cells.values,
    )  # fmt: skip


def aligned(known: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Thresholds [t] and counts [units, 4, t]; where units were stored at different thresholds, all of them, straight between."""
    thresholds = known[0][0]
    if all(one.shape == known[0].shape and np.array_equal(one[0], thresholds) for one in known):
        return thresholds, np.stack([one[1:] for one in known])
    thresholds = np.unique(np.concatenate([one[0] for one in known]))
    return thresholds, np.array([[np.interp(thresholds, one[0], row) for row in one[1:]] for one in known])


def _limited(thresholds: Floats, counts: Floats, limit: float, there: Floats) -> tuple[Floats, Floats]:
    """The counts with the limit among the thresholds; below it those of the limit."""
    above = thresholds > limit
    low = thresholds[~above & (thresholds < limit)]
    kept = np.concatenate([low, [limit], thresholds[above]])
    return kept, np.concatenate([np.repeat(there[..., None], len(low) + 1, axis=2), counts[..., above]], axis=2)


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
