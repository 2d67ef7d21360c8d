"""Money per case as a function of unit values and rates: the formulas everything else is built on.

inventory (newsvendor; methods A7.2): k * (over * max(0, p - y) + under * max(0, y - p)), with p the predicted and y the observed rate,
k units per event. classification (A7.1): sum of money per outcome times the outcome's share of cases. multiclass: the same over pairs of
classes. regression: see cost.regression. amounts: the mean money per row (cost.amounts).
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from model_insights.cost.regression import drawn_rates, normal_cost
from model_insights.slices import SliceKey

Kind = Literal["inventory", "classification", "multiclass", "regression", "amounts"]
Floats = NDArray[np.float64]


class Cells(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One model on one period's data, unit by unit.

    volume [units]: cases of the period; values [units, values]: in the order of CostRule.prices; rates [units, rates]:
    (predicted, observed), (bias, spread) or one share per value; spread [units]: standard deviation of one prediction (inventory) or of
    the money of one row (amounts); n [units]: evaluated examples; realised: the observed rate
    comes from the business (no sampling error), not from the evaluation sample."""

    kind: Kind
    units: tuple[SliceKey, ...]
    volume: Floats
    values: Floats
    rates: Floats
    spread: Floats
    n: Floats
    realised: bool

    def take(self, units: tuple[SliceKey, ...]) -> Cells:
        """The same for a part of the units, in the given order."""
        places = {unit: i for i, unit in enumerate(self.units)}
        at = [places[unit] for unit in units]
        return Cells(
            kind=self.kind, units=units, volume=self.volume[at], values=self.values[at], rates=self.rates[at],
            spread=self.spread[at], n=self.n[at], realised=self.realised,
        )  # fmt: skip


def unit_cost(kind: Kind, values: Floats, rates: Floats) -> Floats:
    """Money per case. values [..., units, values] and rates [..., units, rates] broadcast to [..., units]."""
    if kind == "inventory":
        per_event, over, under = values[..., 0], values[..., 1], values[..., 2]
        gap = rates[..., 0] - rates[..., 1]
        money: Floats = per_event * (over * np.maximum(gap, 0.0) + under * np.maximum(-gap, 0.0))
        return money
    if kind == "regression":
        return normal_cost(values, rates)
    total: Floats = (values * rates).sum(axis=-1)
    return total


def costs(cells: Cells) -> Floats:
    """Money of the period per unit [units]; the total is its sum."""
    money: Floats = cells.volume * unit_cost(cells.kind, cells.values, cells.rates)
    return money


def rate_draws(cells: Cells, noise: Floats) -> Floats:
    """Rates as they could have been with another sample of the same size: [draws, units, rates].

    `noise` [draws, units, at least 4 and one per rate] is standard normal (cost.account.noise).
    Counts use the normal approximation on the square-root scale (variance-stabilising for Poisson counts; methods A5.2)."""
    if cells.kind == "inventory":
        shared, own = _demand_noise(cells)
        moved = np.stack([_prediction_noise(cells) * noise[..., 0], shared * noise[..., 0] + own * noise[..., 1]], axis=-1)
        rates: Floats = np.clip(cells.rates + moved, 0.0, None)
        return rates
    if cells.kind == "regression":
        return drawn_rates(cells.rates, cells.n, noise)
    if cells.kind == "amounts":
        error = cells.spread / np.sqrt(np.maximum(cells.n, 1.0))
        money: Floats = cells.rates + error[:, None] * noise[..., :1]
        return money
    counts = cells.rates * cells.n[:, None]
    drawn = np.clip(np.sqrt(counts) + 0.5 * noise[..., : counts.shape[1]], 0.0, None) ** 2
    drawn = np.where(counts > 0, drawn, 0.0)
    shares: Floats = drawn / np.maximum(drawn.sum(axis=-1, keepdims=True), 1e-12)
    return shares


def gap_error(cells: Cells) -> Floats:
    """Standard error of predicted less observed rate [units] (inventory)."""
    shared, own = _demand_noise(cells)
    error: Floats = np.hypot(_prediction_noise(cells) - shared, own)
    return error


def _prediction_noise(cells: Cells) -> Floats:
    """Standard error of the mean prediction [units].

    Realised demand is that of the period's own cases, of which the evaluated ones are a part: the larger the part, the less is unknown."""
    error: Floats = cells.spread / np.sqrt(np.maximum(cells.n, 1.0))
    if cells.realised:
        part = cells.n / np.maximum(cells.volume, 1.0)
        error = error * np.sqrt(np.where(part < 1, 1 - part, 1.0))  # more examples than cases: they are of something else
    return error


def _demand_noise(cells: Cells) -> tuple[Floats, Floats]:
    """Standard error of the observed rate, in two parts [units]: what moves with the predictions, and the chance of the outcomes.

    A row with a higher prediction is a positive more often, so a sample with high predictions has high demand, too: the covariance of the
    two is the variance of the predictions, scaled to the observed level. Of realised demand neither part is there."""
    predicted, observed = cells.rates[:, 0], cells.rates[:, 1]
    if cells.realised:
        return np.zeros_like(observed), np.zeros_like(observed)
    whole = np.sqrt(np.clip(observed * (1 - observed), 0.0, None) / np.maximum(cells.n, 1.0))
    shared = np.minimum(_prediction_noise(cells) * observed / np.maximum(predicted, 1e-12), whole)
    return shared, np.sqrt(whole**2 - shared**2)
