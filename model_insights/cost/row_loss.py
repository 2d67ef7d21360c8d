"""The money that falls on each row: what the cost of a period's units is made of, so that any part of the rows has a cost (methods A5.3).

classification: the price of the row's outcome; regression: over or under per unit of the row's error; inventory: the row's part of its
unit's gap, at the price of the side on which the unit as a whole lies (over in one row cancels under in another of the same unit, as it
does on the shelf); amounts: the row's own money. Each unit's rows stand for the unit's whole volume.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from model_insights.cost.account import RunCost
from model_insights.cost.amounts import MISSING
from model_insights.cost.join import slice_text, text_key
from model_insights.cost.model import Floats

SCORE = "prediction"
_EITHER = 0.5  # a label above is a positive


def unit_places(cost: RunCost, rows: pl.DataFrame) -> NDArray[np.int64] | str:
    """The priced unit of each row [rows], -1 where it has none; a sentence where the rows lack a column of the units."""
    units = cost.cells.units
    columns = sorted({column for unit in units for column in unit.columns})
    if not columns:
        return np.zeros(rows.height, np.int64)
    if lacking := [column for column in columns if column not in rows.columns]:
        return f"the rows have no {', '.join(lacking)}, by which the cost is counted"
    known = {tuple(value for _, value in slice_text(unit)): i for i, unit in enumerate(units)}
    keys = rows.select(text_key(rows, column).fill_null(MISSING).alias(column) for column in columns)
    return np.fromiter((known.get(key, -1) for key in keys.iter_rows()), np.int64, rows.height)


def row_losses(cost: RunCost, rows: pl.DataFrame, label: str) -> Floats | str:
    """Money of the period that falls on each row [rows], NaN where it has no unit, label or score; a sentence where none can have any.

    The rows are those that the serving model judged: `prediction` is what it said. Kinds but amounts (see `scaled`)."""
    kind = cost.rule.kind
    if kind not in ("inventory", "classification", "regression"):
        return f"rows of a rule of kind {kind} have no money of their own"
    if label not in rows.columns:
        return f"the rows have no label {label!r}" if label else "nothing names the label of the rows"
    if SCORE not in rows.columns or not rows.schema[SCORE].is_numeric():
        return "the model says no single number per row"
    at = unit_places(cost, rows)
    if isinstance(at, str):
        return at
    score, truth = (rows[column].cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy() for column in (SCORE, label))
    values = cost.cells.values[np.maximum(at, 0)]
    if kind == "classification":
        money = _of_outcome(score, truth, values, cost.rule.threshold or 0.0)
    elif kind == "regression":
        money = values[:, 0] * np.where(score > truth, values[:, 1], -values[:, 2]) * (score - truth)
    else:
        money = _of_gap(cost, score, truth, at)
    return scaled(cost, np.where(at >= 0, money, np.nan), at)


def scaled(cost: RunCost, money: Floats, at: NDArray[np.int64]) -> Floats:
    """Money per row times the cases of its unit that each of the unit's priced rows stands for."""
    known = np.isfinite(money) & (at >= 0)
    priced = np.bincount(at[known], minlength=len(cost.cells.units)).astype(float)
    weight = cost.cells.volume / np.maximum(priced, 1.0)
    found: Floats = np.where(known, money * weight[np.maximum(at, 0)], np.nan)
    return found


def _of_outcome(score: Floats, truth: Floats, values: Floats, threshold: float) -> Floats:
    """Values are in the order tp, fp, tn, fn."""
    decided, is_positive = score >= threshold, truth > _EITHER
    outcome = np.where(decided, np.where(is_positive, 0, 1), np.where(is_positive, 3, 2))
    money: Floats = values[np.arange(len(outcome)), outcome]
    return np.where(np.isfinite(score) & np.isfinite(truth), money, np.nan)


def _of_gap(cost: RunCost, score: Floats, truth: Floats, at: NDArray[np.int64]) -> Floats:
    """The side of each unit is the one that its cost was counted on."""
    values, rates = cost.cells.values, cost.cells.rates
    sides = rates[:, 0] >= rates[:, 1]
    price = values[:, 0] * np.where(sides, values[:, 1], -values[:, 2])
    money: Floats = price[np.maximum(at, 0)] * (score - truth)
    return money
