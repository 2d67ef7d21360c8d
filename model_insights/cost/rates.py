"""Takes the rates a cost rule needs (predicted and observed, outcome shares, bias and spread) out of a TFMA evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Union

import msgspec
import numpy as np

from model_insights.config import CostRule
from model_insights.cost.capacity import capped_shares
from model_insights.cost.model import Cells, Floats
from model_insights.cost.multiclass import nearest, pair_shares
from model_insights.cost.regression import bias_and_spread
from model_insights.cost.units import UnitRow, UnitTable, value_names
from model_insights.metrics import ConfusionAtThresholds, ConfusionMatrix, Evaluation, MetricKey, MultiClassConfusion, MultiClassMatrix
from model_insights.noun import Noun
from model_insights.slices import SliceKey

# Standard deviation of one prediction of (model, slice), where the plots tell; None otherwise.
Spread = Callable[[str, SliceKey], "float | None"]
# Multi-class confusion matrices of (model, slice) from the plots; empty where there are none.
Matrices = Callable[[str, SliceKey], "tuple[MultiClassMatrix, ...]"]
# Counts by threshold of (model, units) from the plots (cost.threshold.confusion_counts); without the units that have none.
Counts = Callable[[str, "tuple[SliceKey, ...]"], "Mapping[SliceKey, Floats]"]
Found = Union[tuple[tuple[float, ...], float], str]  # rates and evaluated examples, or why there are none


class Gap(Noun):
    """A unit that has no cost, and why: never counted as zero."""

    unit: SliceKey
    reason: str
    volume: float | None = None


class Priced(Noun):
    """Cells of the units that could be priced, and the gaps."""

    cells: Cells | None
    gaps: tuple[Gap, ...] = ()


def find_key(evaluation: Evaluation, name: str, model: str) -> MetricKey | None:
    """The metric's key for the model: not a diff, no sub key; the unweighted one where both exist. Model-independent metrics count."""
    found = [k for k in evaluation.keys if k.name == name and not k.is_diff and k.sub_key is None and k.model_name in (model, "")]
    return min(found, key=lambda k: (k.model_name != model, bool(k.example_weighted)), default=None)


def scalar(evaluation: Evaluation, where: SliceKey, name: str, model: str) -> float | None:
    """A scalar metric by name, or None."""
    key = find_key(evaluation, name, model)
    return evaluation.scalar(where, key) if key else None


def confusion(evaluation: Evaluation, where: SliceKey, model: str) -> tuple[ConfusionMatrix, ...]:
    """Confusion matrices by threshold as metrics hold them; empty where they do not."""
    key = find_key(evaluation, "confusion_matrix_at_thresholds", model)
    metric = evaluation.metric(where, key) if key else None
    return metric.value.matrices if metric and isinstance(metric.value, ConfusionAtThresholds) else ()


def no_matrices(model: str, where: SliceKey) -> tuple[MultiClassMatrix, ...]:
    """Where no plots were read."""
    return ()


def price(
    rule: CostRule,
    evaluation: Evaluation,
    model: str,
    table: UnitTable,
    *,
    spread: Spread,
    matrices: Matrices = no_matrices,
    counts: Counts | None = None,
) -> Priced:
    """Cells of `model` ("" when the evaluation names none) for every unit of `table`, and the gaps with their reasons.

    `counts` are asked where the rule has a capacity."""
    rows: list[tuple[UnitRow, tuple[float, ...], float, float]] = []
    gaps: list[Gap] = []
    for row in _rows(rule, evaluation, table):
        found = _rates(rule, evaluation, model, row, matrices)
        if isinstance(found, str):
            gaps.append(Gap(unit=row.unit, reason=found, volume=row.volume))
            continue
        rates, n = found
        rows.append((row, rates, n, _prediction_spread(rule, rates, spread(model, row.unit))))
    gaps += _unpriced_slices(rule, evaluation, table)
    cells = _cells(rule, rows) if rows else None
    if cells is None or rule.capacity is None or rule.threshold is None:
        return Priced(cells=cells, gaps=tuple(gaps))
    shares = capped_shares(cells.units, counts(model, cells.units) if counts else {}, cells.volume, rule.threshold, rule.capacity)
    if isinstance(shares, str):
        return Priced(cells=None, gaps=(*(Gap(unit=unit, reason=shares) for unit in cells.units), *gaps))
    return Priced(cells=cells if shares is None else msgspec.structs.replace(cells, rates=shares), gaps=tuple(gaps))


def _rows(rule: CostRule, evaluation: Evaluation, table: UnitTable) -> tuple[UnitRow, ...]:
    """The table's rows; of constants one row per evaluated slice of the unit, with the slice's own volume."""
    if rule.grain or not rule.unit:
        return table.rows
    found = [where for where in evaluation.slices if isinstance(where, SliceKey) and where.is_by(rule.unit)]
    return tuple(msgspec.structs.replace(row, unit=where, volume=None) for where in found for row in table.rows)


def _prediction_spread(rule: CostRule, rates: tuple[float, ...], known: float | None) -> float:
    if rule.kind not in ("inventory", "classification"):
        return 0.0
    return known if known is not None else float(np.sqrt(max(rates[0] * (1 - rates[0]), 0.0)))


def _rates(rule: CostRule, evaluation: Evaluation, model: str, row: UnitRow, matrices: Matrices) -> Found:
    if row.unit not in evaluation.slice_index:
        return "the evaluation has no such slice"
    if evaluation.is_suppressed(row.unit):
        return f"the evaluation suppressed the slice ({evaluation.errors[evaluation.slice_index[row.unit]]})"
    n = scalar(evaluation, row.unit, "example_count", model)
    if rule.kind == "inventory":
        return _inventory(evaluation, model, row, n)
    if rule.kind == "regression":
        return _errors(evaluation, model, row, n)
    if rule.kind == "multiclass":
        return _pairs(rule, evaluation, model, row, matrices)
    return _outcomes(rule, evaluation, model, row, n)


def _errors(evaluation: Evaluation, model: str, row: UnitRow, n: float | None) -> Found:
    """Bias and spread of the errors, in units of the label."""
    predicted, label = (scalar(evaluation, row.unit, name, model) for name in ("mean_prediction", "mean_label"))
    squared, root = (scalar(evaluation, row.unit, name, model) for name in ("mean_squared_error", "root_mean_squared_error"))
    if squared is None and root is not None:
        squared = root**2
    if predicted is None or label is None or squared is None or n is None:
        return "the evaluation lacks mean_prediction, mean_label, mean_squared_error or example_count; add MeanPrediction, MeanLabel, MeanSquaredError, ExampleCount"
    found = bias_and_spread(predicted, label, squared)
    if found is None:
        return (
            "mean_squared_error is smaller than the squared difference of mean_prediction and mean_label: they are not of the same examples"
        )
    return found, n


def _pairs(rule: CostRule, evaluation: Evaluation, model: str, row: UnitRow, matrices: Matrices) -> Found:
    """Shares of the priced class pairs, from the metric or else the plot."""
    matrix = nearest(multi_class(evaluation, row.unit, model) or matrices(model, row.unit), rule.threshold)
    found = pair_shares(matrix, tuple(rule.pairs)) if matrix is not None else None
    return found if found is not None else "no multi-class confusion matrix; add MultiClassConfusionMatrixAtThresholds or its plot"


def multi_class(evaluation: Evaluation, where: SliceKey, model: str) -> tuple[MultiClassMatrix, ...]:
    """Multi-class confusion matrices by threshold as metrics hold them; empty where they do not."""
    key = find_key(evaluation, "multi_class_confusion_matrix_at_thresholds", model)
    metric = evaluation.metric(where, key) if key else None
    return metric.value.matrices if metric and isinstance(metric.value, MultiClassConfusion) else ()


def _inventory(evaluation: Evaluation, model: str, row: UnitRow, n: float | None) -> Found:
    label = scalar(evaluation, row.unit, "mean_label", model)
    predicted = scalar(evaluation, row.unit, "mean_prediction", model)
    calibration = scalar(evaluation, row.unit, "calibration", model)
    if predicted is None and calibration is not None and label is not None:
        predicted = calibration * label
    observed = row.events / row.volume if row.events is not None and row.volume else label
    if predicted is None or observed is None or n is None:
        return "the evaluation lacks mean_prediction (or calibration and mean_label) or example_count; add MeanPrediction, MeanLabel, ExampleCount"
    return (predicted, observed), n


def _outcomes(rule: CostRule, evaluation: Evaluation, model: str, row: UnitRow, n: float | None) -> Found:
    matrices = confusion(evaluation, row.unit, model)
    matrix = next((m for m in matrices if rule.threshold is not None and abs(m.threshold - rule.threshold) < 1e-6), None)
    if matrix is None or matrix.total <= 0:
        have = ", ".join(f"{m.threshold:g}" for m in matrices) or "none"
        return f"no confusion matrix at threshold {rule.threshold:g} (stored: {have}); add ConfusionMatrixAtThresholds with it"
    counts = (matrix.true_positives, matrix.false_positives, matrix.true_negatives, matrix.false_negatives)
    return tuple(count / matrix.total for count in counts), n if n is not None else matrix.total


def _unpriced_slices(rule: CostRule, evaluation: Evaluation, table: UnitTable) -> Iterable[Gap]:
    """Evaluated units the business tables know nothing of."""
    known = {row.unit for row in table.rows}
    for where in evaluation.slices:
        if isinstance(where, SliceKey) and where.is_by(rule.unit) and rule.grain and where not in known:
            yield Gap(unit=where, reason="the business tables have no row for it")


def _cells(rule: CostRule, rows: list[tuple[UnitRow, tuple[float, ...], float, float]]) -> Cells:
    return Cells(
        kind=rule.kind,
        units=tuple(row.unit for row, *_ in rows),
        volume=np.array([n if row.volume is None else row.volume for row, _, n, _ in rows], dtype=np.float64),
        values=np.array([row.values for row, *_ in rows], dtype=np.float64).reshape(len(rows), len(value_names(rule))),
        rates=np.array([rates for _, rates, *_ in rows], dtype=np.float64),
        spread=np.array([sd for *_, sd in rows], dtype=np.float64),
        n=np.array([n for _, _, n, _ in rows], dtype=np.float64),
        realised=rule.kind == "inventory" and all(row.events is not None for row, *_ in rows),
    )
