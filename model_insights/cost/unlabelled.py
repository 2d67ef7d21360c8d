"""Cost without labels: recalibrated scores in place of outcomes (CBPE; methods A7.6).

The scores of a model are recalibrated (isotonic) on an earlier period whose labels are known; now each row counts as a positive with its
recalibrated probability. That holds while outcomes keep following the scores as they did: a change of customers (concept) cannot be seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from model_insights.config import CostRule
from model_insights.cost.account import LEVEL, Money, noise
from model_insights.cost.join import slice_text
from model_insights.cost.model import Cells, Floats, costs, rate_draws, unit_cost
from model_insights.cost.units import UnitRow, UnitTable
from model_insights.noun import Noun
from model_insights.slices import SliceKey

BINS = 200  # quantiles of the score at which the calibration is fitted
DRAWS = 60  # resampled calibrations
OWN_ROWS = 500  # labelled rows from which a unit has a calibration of its own
FEW_LABELS = 50  # below, nothing can be calibrated
CONFORMAL_RUNS = 8  # earlier estimates from which their errors give a quantile
_SEED = 20_240_613


class Scores(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Scores of one model on one period: `at` [rows] indexes `units`; `label` [rows] is 1, 0 or NaN (not known).

    `money` [rows, 2], of the kind amounts: the row's money if negative, if positive. `stride`: each row stands for so many."""

    units: tuple[SliceKey, ...]
    at: NDArray[np.int64]
    score: Floats
    label: Floats
    money: Floats | None = None
    stride: int = 1

    @property
    def labelled(self) -> int:
        return int(np.isfinite(self.label).sum())


class Estimate(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The cost of a period as its scores let expect it. `sampling` is the standard deviation from the rows and the calibration alone.

    `errors`: realised less estimated cost of earlier periods, oldest first; they widen `total`."""

    total: Money
    by_unit: tuple[tuple[SliceKey, float], ...]
    rows: int
    calibrated_on: int  # labelled rows
    reference: str  # id of the run whose labels were used
    sampling: float
    is_loss: bool = True  # no price is below zero
    errors: tuple[float, ...] = ()

    @property
    def typical_error(self) -> float | None:
        return float(np.median(np.abs(self.errors))) if self.errors else None


class Curve(Noun, eq=False):
    """A calibration: knots of the score and the probability there; straight between them, flat outside."""

    x: Floats
    y: Floats

    def __call__(self, score: Floats) -> Floats:
        found: Floats = np.interp(score, self.x, self.y)
        return found


def isotonic(x: Floats, positives: Floats, n: Floats) -> Curve:
    """The rising curve closest to the observed shares (pool adjacent violators). x rises strictly; n > 0 are weights."""
    shares: list[float] = []
    weights: list[float] = []
    counts: list[int] = []
    for share, weight in zip((positives / n).tolist(), n.tolist(), strict=True):
        count = 1
        while shares and shares[-1] >= share:
            share = (shares[-1] * weights[-1] + share * weight) / (weights[-1] + weight)
            weight += weights.pop()
            count += counts.pop()
            shares.pop()
        shares.append(share)
        weights.append(weight)
        counts.append(count)
    return Curve(x=x, y=np.repeat(shares, counts))


class _Bins(Noun, eq=False):
    x: Floats
    positives: Floats
    n: Floats

    def curve(self) -> Curve:
        return isotonic(self.x, self.positives, self.n)

    def drawn(self, rng: np.random.Generator) -> Curve:
        """The curve of another sample of labels."""
        return isotonic(self.x, rng.binomial(self.n.astype(int), np.clip(self.positives / self.n, 0, 1)).astype(float), self.n)


def _bins(score: Floats, label: Floats) -> _Bins:
    """Mean score, positives and rows per quantile of the score."""
    edges = np.unique(np.quantile(score, np.linspace(0, 1, BINS + 1)))
    at = np.clip(np.searchsorted(edges, score, side="right") - 1, 0, max(len(edges) - 2, 0))
    n = np.bincount(at).astype(float)
    kept = n > 0
    scores, positives = np.bincount(at, weights=score)[kept], np.bincount(at, weights=label)[kept]
    return _Bins(x=scores / n[kept], positives=positives.astype(np.float64), n=n[kept])


class Recalibration(Noun, eq=False):
    """A curve for all rows, and one of its own for each unit with enough labels."""

    whole: _Bins
    own: dict[SliceKey, _Bins]
    labels: int

    def probabilities(self, scores: Scores, rng: np.random.Generator | None = None) -> Floats:
        """Probability of a positive of each row; under resampled labels of the reference where `rng` is given."""
        made = self.whole.curve() if rng is None else self.whole.drawn(rng)
        found = made(scores.score)
        for unit, bins in self.own.items():
            if unit in scores.units:
                rows = scores.at == scores.units.index(unit)
                curve = bins.curve() if rng is None else bins.drawn(rng)
                found[rows] = curve(scores.score[rows])
        return found


def recalibrate(reference: Scores) -> Recalibration | str:
    """The calibration that the labels of the reference give; a sentence where they are too few."""
    known = np.isfinite(reference.label) & np.isfinite(reference.score)
    if int(known.sum()) < FEW_LABELS:
        return f"only {int(known.sum())} earlier predictions have a label; {FEW_LABELS} are needed"
    own = {}
    for i, unit in enumerate(reference.units):
        rows = known & (reference.at == i)
        if len(reference.units) > 1 and int(rows.sum()) >= OWN_ROWS:
            own[unit] = _bins(reference.score[rows], reference.label[rows])
    return Recalibration(whole=_bins(reference.score[known], reference.label[known]), own=own, labels=int(known.sum()))


def estimate(
    run_id: str, rule: CostRule, scores: Scores, table: UnitTable | None, calibration: Recalibration, reference: str
) -> Estimate | str:
    """Expected cost of the rows under the rule's prices, without their labels; a sentence where no unit can be priced."""
    made = _cells(rule, scores, table, calibration.probabilities(scores))
    if made is None:
        return "no unit of the predictions has a price"
    money = costs(made)
    rng = np.random.default_rng([_SEED, len(scores.score)])
    curves = [_cells(rule, scores, table, calibration.probabilities(scores, rng)) for _ in range(DRAWS)]
    fits = [float(costs(one).sum()) for one in curves if one is not None]
    rows = (made.volume * unit_cost(made.kind, made.values, rate_draws(made, noise(run_id, *made.rates.shape)))).sum(axis=-1)
    sampling = float(np.hypot(np.std(fits), np.std(rows)))
    total = float(money.sum())
    is_loss = bool((made.values if scores.money is None else scores.money).min() >= 0)
    return Estimate(
        total=_around(total, 1.96 * sampling, is_loss=is_loss), by_unit=tuple(zip(made.units, money.tolist(), strict=True)), rows=len(scores.score) * scores.stride,
        calibrated_on=calibration.labels, reference=reference, sampling=sampling, is_loss=is_loss,
    )  # fmt: skip


def with_history(made: Estimate, errors: Sequence[float]) -> Estimate:
    """The interval widened to what earlier estimates missed: their conformal quantile, of few of them the largest."""
    if not errors:
        return made
    missed = sorted(abs(error) for error in errors)
    rank = math.ceil((len(missed) + 1) * LEVEL) if len(missed) >= CONFORMAL_RUNS else len(missed)
    half = max(1.96 * made.sampling, missed[min(rank, len(missed)) - 1])
    return msgspec.structs.replace(made, total=_around(made.total.value, half, is_loss=made.is_loss), errors=tuple(errors))


def _around(value: float, half: float, *, is_loss: bool) -> Money:
    """Where nothing brings money, a cost is never less than nothing."""
    low = value - half
    return Money(value=value, low=max(0.0, low) if is_loss else low, high=value + half)


def _cells(rule: CostRule, scores: Scores, table: UnitTable | None, chance: Floats) -> Cells | None:
    """The cells that the rows would show if each were a positive with its probability."""
    kept = []
    for i, unit in enumerate(scores.units):
        row = _row(rule, unit, table)
        rows = np.flatnonzero(scores.at == i)
        if row is None or not len(rows):
            continue
        money = scores.money[rows] if scores.money is not None else None
        rates, sd = _rates(rule, scores.score[rows], chance[rows], money)
        volume = row.volume if row.volume else float(len(rows) * scores.stride)
        kept.append((unit, volume, row.values, rates, sd, float(len(rows))))
    if not kept:
        return None
    units, volumes, values, all_rates, spreads, n = zip(*kept, strict=True)
    return Cells(
        kind=rule.kind, units=tuple(units), volume=np.array(volumes, float), values=np.array(values, float), rates=np.array(all_rates, float),
        spread=np.array(spreads, float), n=np.array(n), realised=False,
    )  # fmt: skip


def _row(rule: CostRule, unit: SliceKey, table: UnitTable | None) -> UnitRow | None:
    """Prices of the unit: of the joined tables, or the rule's constants."""
    if rule.kind == "amounts" and table is None:
        return UnitRow(unit=unit, volume=None, events=None, values=(1.0,))
    rows = table.rows if table is not None else ()
    if not rule.grain:
        return rows[0] if rows else None
    return next((row for row in rows if slice_text(row.unit) == slice_text(unit)), None)


def _rates(rule: CostRule, score: Floats, chance: Floats, money: Floats | None) -> tuple[tuple[float, ...], float]:
    """Rates of the kind, and the spread that Cells want."""
    if money is not None:
        expected = chance * money[:, 1] + (1 - chance) * money[:, 0]
        spread = np.sqrt(np.var(expected) + np.mean(chance * (1 - chance) * (money[:, 1] - money[:, 0]) ** 2))
        return (float(expected.mean()),), float(spread)
    if rule.kind == "inventory":
        return (float(score.mean()), float(chance.mean())), float(score.std())
    decided = score >= (rule.threshold if rule.threshold is not None else 0.5)
    outcomes = (decided * chance, decided * (1 - chance), ~decided * (1 - chance), ~decided * chance)
    return tuple(float(one.mean()) for one in outcomes), 0.0
