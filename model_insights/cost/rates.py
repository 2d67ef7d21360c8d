"""Takes the rates a cost rule needs (predicted and observed, or outcome shares) out of a TFMA evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from model_insights.config import CostRule
from model_insights.cost.model import RATE_NAMES, Cells
from model_insights.cost.units import UnitRow, UnitTable, value_names
from model_insights.metrics import ConfusionAtThresholds, ConfusionMatrix, Evaluation, MetricKey
from model_insights.noun import Noun
from model_insights.slices import SliceKey

# Standard deviation of one prediction of (model, slice), where the plots tell; None otherwise.
Spread = Callable[[str, SliceKey], "float | None"]


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


def price(rule: CostRule, evaluation: Evaluation, model: str, table: UnitTable, *, spread: Spread) -> Priced:
    """Cells of `model` ("" when the evaluation names none) for every unit of `table`, and the gaps with their reasons."""
    rows: list[tuple[UnitRow, tuple[float, ...], float, float]] = []
    gaps: list[Gap] = []
    for row in table.rows or ():
        found = _rates(rule, evaluation, model, row)
        if isinstance(found, str):
            gaps.append(Gap(unit=row.unit, reason=found, volume=row.volume))
            continue
        rates, n = found
        sd = spread(model, row.unit)
        rows.append((row, rates, n, sd if sd is not None else float(np.sqrt(max(rates[0] * (1 - rates[0]), 0.0)))))
    gaps += _unpriced_slices(rule, evaluation, table)
    return Priced(cells=_cells(rule, rows) if rows else None, gaps=tuple(gaps))


def _rates(rule: CostRule, evaluation: Evaluation, model: str, row: UnitRow) -> tuple[tuple[float, ...], float] | str:
    if row.unit not in evaluation.slice_index:
        return "the evaluation has no such slice"
    if evaluation.is_suppressed(row.unit):
        return f"the evaluation suppressed the slice ({evaluation.errors[evaluation.slice_index[row.unit]]})"
    n = scalar(evaluation, row.unit, "example_count", model)
    return _inventory(evaluation, model, row, n) if rule.kind == "inventory" else _outcomes(rule, evaluation, model, row, n)


def _inventory(evaluation: Evaluation, model: str, row: UnitRow, n: float | None) -> tuple[tuple[float, ...], float] | str:
    label = scalar(evaluation, row.unit, "mean_label", model)
    predicted = scalar(evaluation, row.unit, "mean_prediction", model)
    calibration = scalar(evaluation, row.unit, "calibration", model)
    if predicted is None and calibration is not None and label is not None:
        predicted = calibration * label
    observed = row.events / row.volume if row.events is not None and row.volume else label
    if predicted is None or observed is None or n is None:
        return "the evaluation lacks mean_prediction (or calibration and mean_label) or example_count; add MeanPrediction, MeanLabel, ExampleCount"
    return (predicted, observed), n


def _outcomes(rule: CostRule, evaluation: Evaluation, model: str, row: UnitRow, n: float | None) -> tuple[tuple[float, ...], float] | str:
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
        if isinstance(where, SliceKey) and where.columns == rule.unit and rule.grain and where not in known:
            yield Gap(unit=where, reason="the business tables have no row for it")


def _cells(rule: CostRule, rows: list[tuple[UnitRow, tuple[float, ...], float, float]]) -> Cells:
    return Cells(
        kind=rule.kind,
        units=tuple(row.unit for row, *_ in rows),
        volume=np.array([row.volume if row.volume else n for row, _, n, _ in rows], dtype=np.float64),
        values=np.array([row.values for row, *_ in rows], dtype=np.float64).reshape(len(rows), len(value_names(rule))),
        rates=np.array([rates for _, rates, *_ in rows], dtype=np.float64).reshape(len(rows), len(RATE_NAMES[rule.kind])),
        spread=np.array([sd for *_, sd in rows], dtype=np.float64),
        n=np.array([n for _, _, n, _ in rows], dtype=np.float64),
        realised=rule.kind == "inventory" and all(row.events is not None for row, *_ in rows),
    )
