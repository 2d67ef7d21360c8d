"""Drift against money: how far each slice's rates moved, and what that did to its cost. What moved without costing is no alarm."""

from __future__ import annotations

import numpy as np

from model_insights.cost.account import CostLine, RunCost, by_unit
from model_insights.judgement import Judgement
from model_insights.view import Axis, Scatter, ScatterPoint, Tone
from model_insights.views.page import period_text, slice_link, value_axis
from model_insights.wording import Words, plural

MOST = 200  # points drawn: those whose cost changed most
_HOW = {
    "inventory": "the larger of the changes of the predicted and the observed rate",
    "classification": "half the sum of the changes of the shares of true and false positives and negatives",
    "multiclass": "half the sum of the changes of the shares of the pairs of classes",
    "regression": "the change of the mean error",
}


def drift_scatter(judged: Judgement, words: Words) -> Scatter | None:
    """One point per slice that both periods have; None where only money per row is known, or there is nothing to compare with."""
    cost, before = judged.cost, judged.series.cost(judged.reference.id) if judged.reference else None
    if cost is None or before is None or judged.reference is None or cost.cells.kind not in _HOW or cost.parts:
        return None
    points = _points(cost, before, words)
    if len(points) < 2:
        return None
    shown = points[:MOST]
    far, dear = max(shown, key=lambda point: point.x), shown[0]
    against = period_text(judged.reference, words)
    alt = f"How far slices moved since {against} against the change of their cost. Moved most: {far.text}. Cost changed most: {dear.text}."
    left = f" The {plural(len(points) - MOST, 'slice')} with the smallest changes are not drawn." if len(points) > MOST else ""
    return Scatter(
        title="Drift against money, slice by slice", alt=alt, points=tuple(shown),
        x=_axis(cost.cells.kind, shown, words),
        y=value_axis(f"Change of cost ({words.currency})", [point.y for point in shown], words, kind="money"),
        note=f"Across: {_HOW[cost.cells.kind]}. Up: what the slice costs more than in the period of {against}.{left}",
    )  # fmt: skip


def _axis(kind: str, shown: list[ScatterPoint], words: Words) -> Axis:
    if kind == "regression":
        return value_axis("How far its mean error moved", [point.x for point in shown], words)
    return value_axis("How far its rates moved", [point.x for point in shown], words, kind="percent")


def _points(cost: RunCost, before: RunCost, words: Words) -> list[ScatterPoint]:
    """The slices of both periods, the largest change of cost first."""
    old = by_unit(before)
    points = [_point(line, old[line.unit], cost.cells.kind, words) for line in cost.lines if line.unit in old]
    return sorted(points, key=lambda point: (-abs(point.y), point.label))


def _point(now: CostLine, then: CostLine, kind: str, words: Words) -> ScatterPoint:
    moved = np.abs(np.array(now.rates) - np.array(then.rates))
    far = float(moved[0] if kind == "regression" else moved.max() if kind == "inventory" else 0.5 * moved.sum())
    change = now.money.value - then.money.value
    tone: Tone = "bad" if now.money.low > then.money.high else "good" if now.money.high < then.money.low else "neutral"
    said = f"mean error moved by {words.number(far)}" if kind == "regression" else f"rates moved by {words.percent(far, 1)}"
    text = f"{now.unit.text}: {said}, cost {words.change(change)}"
    return ScatterPoint(x=far, y=change, label=now.unit.text, text=text, tone=tone, link=slice_link(now.unit))
