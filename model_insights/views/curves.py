"""What the stored plots tell of a slice beside ROC and calibration: predictions, residuals, gain, confusion of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from model_insights.evidence.change import wilson
from model_insights.metrics import CalibrationBucket, Evaluation, MultiClassConfusion, MultiClassMatrix, Plot
from model_insights.noun import Noun
from model_insights.slices import SliceKey
from model_insights.view import Curve, Distribution, DistributionBin, HeatCell, HeatMap, Line, Mark, Point, Value
from model_insights.views.page import value_axis
from model_insights.wording import Words, plural

Role = Literal["main", "reference", "candidate"]
_BINS = 25
_CLASSES = 15
_ENOUGH = 10  # examples of a bucket that is drawn as a point


class Shown(Noun):
    """A model's plots of one slice, and what the legend calls them."""

    name: str
    plot: Plot
    role: Role


def predictions(shown: Sequence[Shown], words: Words) -> Distribution | None:
    """Share of examples per range of predictions; ranges are the first model's calibration buckets, merged to at most 25."""
    kept = [(one, filled) for one in shown if (filled := [b for b in one.plot.calibration if b.examples > 0])]
    if not kept or kept[0][0].role != "main":
        return None
    edges = _edges(kept[0][0].plot.calibration)
    columns = [_shares(filled, edges) for _, filled in kept]
    used = [i for i in range(len(edges) + 1) if any(column[i] > 0 for column in columns)]
    bins = tuple(_bin(i, edges, [column[i] for column in columns], words) for i in used)
    top = max(bins, key=lambda one: one.shares[0] or 0.0)
    return Distribution(
        title="Predictions", alt=f"Share of examples by prediction; most have {top.label}: {top.texts[0]}.",
        series=tuple(one.name for one, _ in kept), roles=tuple(one.role for one, _ in kept),
        axis=value_axis("Share of examples", [s for b in bins for s in b.shares], words, kind="percent"), bins=bins,
        note="Ranges are calibration buckets of the evaluation.",
    )  # fmt: skip


def _edges(buckets: Sequence[CalibrationBucket]) -> list[float]:
    """Inner bounds around the filled buckets, every k-th when there are many."""
    filled = [i for i, b in enumerate(buckets) if b.examples > 0]
    bounds = [b.high for b in buckets[filled[0] : filled[-1]] if b.high is not None]
    step = max(1, -(-len(bounds) // (_BINS - 1)))
    return bounds[::step]


def _shares(buckets: Sequence[CalibrationBucket], edges: Sequence[float]) -> list[float]:
    """By the mean prediction of each bucket, which lies inside it."""
    total = sum(b.examples for b in buckets)
    sums = np.zeros(len(edges) + 1)
    for b in buckets:
        sums[int(np.searchsorted(edges, b.prediction_sum / b.examples, side="right"))] += b.examples / total
    return [float(one) for one in sums]


def _bin(i: int, edges: Sequence[float], shares: Sequence[float], words: Words) -> DistributionBin:
    low, high = (edges[i - 1] if i > 0 else None), (edges[i] if i < len(edges) else None)
    label = f"{words.number(low or 0.0)} to {words.number(high or 0.0)}"
    if low is None or high is None:
        label = (
            "all"
            if low is None and high is None
            else f"below {words.number(high or 0.0)}"
            if low is None
            else f"{words.number(low)} and more"
        )
    return DistributionBin(label=label, shares=tuple(shares), texts=tuple(words.percent(s, 1) for s in shares), low=low, high=high)


def residuals(shown: Sequence[Shown], words: Words) -> Curve | None:
    """Observed minus predicted per bucket of at least 10 examples; 95 % (Wilson) where labels are between 0 and 1."""
    lines = [line for one in shown if (line := _residual_line(one, words)).points]
    if not lines:
        return None
    points = [p for line in lines for p in line.points]
    alt = "Observed minus predicted: " + "; ".join(p.text for p in lines[0].points) + "."
    return Curve(
        title="Residuals", alt=alt, x=value_axis("Mean prediction", [p.x for p in points], words),
        y=value_axis("Observed minus predicted", [v for p in points for v in (p.y, p.low, p.high)], words), lines=tuple(lines),
        marks=(Mark(at=0.0, text="right", axis="y", kind="threshold"),), note="Above 0 the model promised too little, below 0 too much.",
    )  # fmt: skip


def _residual_line(one: Shown, words: Words) -> Line:
    points = []
    for b in one.plot.calibration:
        if b.examples < _ENOUGH:
            continue
        predicted, observed = b.prediction_sum / b.examples, b.label_sum / b.examples
        low, high = wilson(observed, b.examples) if 0 <= observed <= 1 else (observed, observed)
        y = observed - predicted
        text = f"{one.name}, predicted {words.number(predicted)}, observed minus predicted {words.signed(y)}, n {words.count(b.examples)}"
        is_share = 0 <= observed <= 1
        points.append(
            Point(x=predicted, y=y, low=low - predicted if is_share else None, high=high - predicted if is_share else None, text=text)
        )
    return Line(name=one.name, points=tuple(points), role=one.role)


def gain(shown: Sequence[Shown], words: Words) -> Curve | None:
    """Share of the positives that are found among the share of examples with the highest predictions."""
    lines = [line for one in shown if (line := _gain_line(one, words)).points]
    if not lines:
        return None
    axis = [value_axis(label, [0.0, 1.0], words, kind="percent") for label in ("Examples, highest predictions first", "Positives found")]
    chance = Line(name="chance", points=(Point(x=0.0, y=0.0, text="chance"), Point(x=1.0, y=1.0, text="chance")), role="guide")
    alt = f"Gain curves of {', '.join(line.name for line in lines)}. {_at_tenth(lines[0], words)}".strip()
    return Curve(title="Gain", alt=alt, x=axis[0], y=axis[1], lines=(*lines, chance), note=_at_tenth(lines[0], words))


def _gain_line(one: Shown, words: Words) -> Line:
    found: dict[float, float] = {}
    for m in one.plot.confusion:
        positives = m.true_positives + m.false_negatives
        if m.total > 0 and positives > 0:
            share, recall = (m.true_positives + m.false_positives) / m.total, m.true_positives / positives
            found[share] = max(recall, found.get(share, 0.0))
    points = tuple(
        Point(x=x, y=y, text=f"{one.name}, {words.percent(x, 1)} of examples hold {words.percent(y, 1)} of the positives")
        for x, y in sorted(found.items())
    )
    return Line(name=one.name, points=points, role=one.role)


def _at_tenth(line: Line, words: Words) -> str:
    """What the best tenth of the examples holds, read off the curve."""
    xs, ys = [p.x for p in line.points], [p.y or 0.0 for p in line.points]
    if len(xs) < 2 or not xs[0] <= 0.1 <= xs[-1]:
        return ""
    return f"The tenth with the highest predictions holds {words.percent(float(np.interp(0.1, xs, ys)))} of the positives."


# --- several classes -------------------------------------------------------------------------------------------------------------


def stored_classes(evaluation: Evaluation, where: SliceKey, model: str, plots: Sequence[Plot]) -> tuple[MultiClassMatrix, ...]:
    """Confusion matrices of classes, from the metrics or else from the plots; empty where neither holds one."""
    for key in evaluation.keys:
        if key.model_name in (model, "") and not key.is_diff:
            metric = evaluation.metric(where, key)
            if metric is not None and isinstance(metric.value, MultiClassConfusion):
                return metric.value.matrices
    return next((one.multi_class for one in plots if one.key.model_name in (model, "") and one.multi_class), ())


def classes(matrices: Sequence[MultiClassMatrix], words: Words) -> HeatMap | None:
    """Actual by predicted class at the lowest threshold, as shares of the actual class; the classes with most mistakes when there are many."""
    if not matrices or not matrices[0].entries:
        return None
    entries = matrices[0].entries
    totals: dict[int, float] = {}
    mistakes: dict[int, float] = {}
    for e in entries:
        totals[e.actual] = totals.get(e.actual, 0.0) + e.examples
        for one in (e.actual, e.predicted) if e.actual != e.predicted else ():
            mistakes[one] = mistakes.get(one, 0.0) + e.examples
    names = sorted({one for e in entries for one in (e.actual, e.predicted)})
    kept = sorted(sorted(names, key=lambda one: (-mistakes.get(one, 0.0), one))[:_CLASSES])
    actual = [one for one in kept if one in totals]
    cells = tuple(
        HeatCell(row=actual.index(e.actual), column=kept.index(e.predicted), value=_class_value(e.examples, totals[e.actual], words))
        for e in entries if e.actual in actual and e.predicted in kept
    )  # fmt: skip
    wrong = [e for e in entries if e.actual != e.predicted]
    worst = max(wrong, key=lambda e: e.examples, default=None)
    said = (
        f"Most often class {worst.actual} was taken for {_class(worst.predicted)} ({words.count(worst.examples)} examples)."
        if worst
        else "No mistake."
    )
    rest = f" {plural(len(names) - len(kept), 'class', 'classes')} with fewer mistakes not shown." if len(names) > len(kept) else ""
    return HeatMap(
        title="Actual by predicted class", alt=said, rows=tuple(f"class {one}" for one in actual), columns=tuple(_class(one) for one in kept), cells=cells,
        row_label="Actual", column_label="Predicted", note=f"Shares of the actual class at threshold {words.number(matrices[0].threshold)}. {said}{rest}",
    )  # fmt: skip


def _class(number: int) -> str:
    return "no prediction" if number == -1 else f"class {number}"


def _class_value(examples: float, total: float, words: Words) -> Value:
    share = examples / total if total else 0.0
    return Value(text=f"{words.percent(share, 1)} ({words.count(examples)})", value=share)
