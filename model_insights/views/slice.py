"""A slice: its metrics over time with intervals, the curves of its plots, its confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scipy import stats

from model_insights.cost.rates import confusion, scalar
from model_insights.errors import UnknownId
from model_insights.evidence.model import key_text, metric_change, metric_error, metric_name, scalar_names
from model_insights.history import candidate_model, evaluation_of, serving
from model_insights.judgement import Judgement
from model_insights.metrics import (
    Array,
    AtCutoffs,
    Blob,
    Bounded,
    ConfusionAtThresholds,
    ConfusionMatrix,
    Evaluation,
    Message,
    Metric,
    MultiClassConfusion,
    MultiLabelConfusion,
    Plot,
    Scalar,
)
from model_insights.run import Run
from model_insights.slices import SliceKey
from model_insights.view import (
    Axis,
    Block,
    Cell,
    Column,
    Curve,
    Line,
    Mark,
    Paragraph,
    Point,
    Row,
    Section,
    Table,
    TableRequest,
    Tick,
    TimeSeries,
)
from model_insights.views import curves
from model_insights.views.curves import Role, Shown
from model_insights.views.page import period_text, run_axis, table, value_axis
from model_insights.wording import Words, plural

_PREFERRED = ("calibration", "auc", "binary_accuracy", "mean_label", "mean_prediction", "loss")


def sections(
    judged: Judgement,
    where: SliceKey,
    plots: Sequence[Plot],
    earlier: Sequence[Plot],
    plot_reason: str,
    words: Words,
    tables: Mapping[str, TableRequest],
) -> tuple[Section, ...]:
    """All sections of the slice page. Raises UnknownId for a slice that no run of the history has."""
    runs = judged.series.runs
    is_priced = any(where in cost.cells.units for run in runs if (cost := judged.series.cost(run.id)) is not None)
    if not is_priced and not any(where in e.slice_index for run in runs if (e := evaluation_of(run))):
        raise UnknownId(f"Slice {where.text} is in no evaluation of this pipeline. Choose one from the tables.")
    evaluation = evaluation_of(judged.run)
    if evaluation is None or where not in evaluation.slice_index:
        text = f"This run's evaluation has no slice {where.text}."
        return (Section(id="metrics", title=text, blocks=(Paragraph(text=text, tone="unknown"),)), _history(judged, where, words))
    if evaluation.is_suppressed(where):
        text = f"{where.text} was suppressed: {evaluation.errors[evaluation.slice_index[where]]}"
        return (Section(id="metrics", title=text, blocks=(Paragraph(text=text, tone="unknown"),)), _history(judged, where, words))
    return (
        _metrics(judged, evaluation, where, words, tables),
        _history(judged, where, words),
        _curves(judged, plots, earlier, plot_reason, words),
        _confusion(judged, evaluation, where, plots, words, tables),
    )


def _metrics(judged: Judgement, evaluation: Evaluation, where: SliceKey, words: Words, tables: Mapping[str, TableRequest]) -> Section:
    """Every metric the file holds for the slice: all models, all kinds."""
    rows: list[Row] = []
    for key in evaluation.keys:
        metric = evaluation.metric(where, key)
        if metric is None or key.name.startswith("_"):
            continue
        change = (
            metric_change(key.name, where, judged.run, judged.reference)
            if judged.reference and key.model_name == serving(judged.run).model and not key.is_diff
            else None
        )
        rows.append(
            Row(
                id=f"{key.name}:{key.model_name}:{key.is_diff}:{len(rows)}",
                cells=(
                    Cell(text=key_text(key)),
                    Cell(text=key.model_name or "any"),
                    Cell(text=value_text(metric, words), value=metric.value.value if isinstance(metric.value, Scalar) else None),
                    Cell(text=_interval_text(metric, words)),
                    Cell(text=words.signed(change.difference) if change else "", value=change.difference if change else None),
                    Cell(text="" if change is None or change.low is None or change.high is None else f"{words.signed(change.low)} to {words.signed(change.high)}"),
                ),
            )
        )  # fmt: skip
    columns = (
        Column(id="metric", title="Metric"), Column(id="model", title="Model"), Column(id="value", title="Value", align="right"),
        Column(id="interval", title="TFMA's interval", align="right", sortable=False),
        Column(id="change", title="Change", align="right", hint="serving model, against the reference"),
        Column(id="change_interval", title="95 % of the change", align="right", sortable=False, hint="TFMA's errors where stored, else from the counts"),
    )  # fmt: skip
    n = scalar(evaluation, where, "example_count", serving(judged.run).model or "")
    title = f"{where.text}: {words.count(n)} evaluated examples" if n is not None else f"{where.text}: {plural(len(rows), 'metric')}"
    note = ""
    if (text := evaluation.errors.get(evaluation.slice_index[where])) is not None:
        note = f"TFMA says of this slice: {text}"
    return Section(
        id="metrics",
        title=title,
        blocks=(table("metrics", "Metrics", columns, rows, tables.get("metrics"), empty="No metric.", note=note, size=20),),
    )


def value_text(metric: Metric, words: Words) -> str:
    """Any metric value in words: a scalar as a number, others by what they are."""
    value = metric.value
    if isinstance(value, Scalar):
        return words.number(value.value, 4) if value.value is not None else f"undefined ({value.nonfinite})"
    if isinstance(value, Bounded):
        return words.number(value.value, 4) if value.value is not None else "undefined"
    if isinstance(value, ConfusionAtThresholds):
        return plural(len(value.matrices), "threshold")
    if isinstance(value, AtCutoffs):
        return "; ".join(f"@{k}: {words.number(v) if v is not None else 'undefined'}" for k, v in value.values)
    if isinstance(value, Array):
        return f"array {'×'.join(map(str, value.shape)) or '0'}"
    if isinstance(value, Message):
        return value.text
    return {MultiClassConfusion: "multi-class confusion matrix", MultiLabelConfusion: "multi-label confusion matrix", Blob: "bytes"}.get(
        type(value), "distribution"
    )


def _interval_text(metric: Metric, words: Words) -> str:
    if metric.interval is None or not isinstance(metric.interval.low, Scalar) or not isinstance(metric.interval.high, Scalar):
        return "" if metric.interval is None else "stored per element"
    low, high = metric.interval.low.value, metric.interval.high.value
    return f"{words.number(low)} to {words.number(high)}" if low is not None and high is not None else "undefined"


def _history(judged: Judgement, where: SliceKey, words: Words) -> Section:
    """The serving model's metrics over time with intervals, most telling first."""
    names: list[str] = []
    for run in judged.series.runs:
        evaluation, who = evaluation_of(run), serving(run).model
        if evaluation is not None and who is not None:
            names += [n for n in (*scalar_names(evaluation, who), "mean_label", "mean_prediction") if n not in names]
    chosen = [n for n in _PREFERRED if n in names] + [n for n in names if n not in _PREFERRED]
    figures = tuple(figure for name in chosen[:4] if (figure := _metric_series(judged, where, name, words)) is not None)
    blocks: tuple[Block, ...] = figures or (Paragraph(text="The serving model was not evaluated in any period.", tone="unknown"),)
    return Section(
        id="history",
        title=f"{where.text} over {plural(len(judged.series.runs), 'period')}",
        lead="The model that served in each period.",
        blocks=blocks,
    )


def _metric_series(judged: Judgement, where: SliceKey, name: str, words: Words) -> TimeSeries | None:
    points = []
    for i, run in enumerate(judged.series.runs):
        points.append(_metric_point(i, run, where, name, words, run.id == judged.run.id))
    if all(point.y is None for point in points):
        return None
    label = metric_name(name)
    y = value_axis(
        label[0].upper() + label[1:],
        [v for p in points for v in (p.y, p.low, p.high)],
        words,
        zero=name in ("mean_label", "mean_prediction"),
    )
    marks = (Mark(at=1.0, text="right", axis="y", kind="threshold"),) if name == "calibration" else ()
    alt = f"{label} of {where.text} per period: " + "; ".join(p.text for p in points) + "."
    note = "Bars: 95 % intervals, TFMA's where stored, else from the counts."
    return TimeSeries(
        title=label[0].upper() + label[1:],
        alt=alt,
        x=run_axis(judged.series.runs, words),
        y=y,
        lines=(Line(name=label, points=tuple(points)),),
        marks=marks,
        note=note,
    )


def _metric_point(i: int, run: Run, where: SliceKey, name: str, words: Words, emphasis: bool) -> Point:
    evaluation, who = evaluation_of(run), serving(run).model
    value = scalar(evaluation, where, name, who) if evaluation is not None and who is not None else None
    text = period_text(run, words)
    if value is None or evaluation is None or who is None:
        return Point(x=float(i), y=None, text=f"{text}: not known")
    error = metric_error(evaluation, where, name, who)
    if error is None:
        return Point(x=float(i), y=value, text=f"{text}: {words.number(value)}", emphasis=emphasis)
    half = float(stats.t.ppf(0.975, error[1])) * error[0]
    said = f"{text}: {words.number(value)} (95 %: {words.number(value - half)} to {words.number(value + half)})"
    return Point(x=float(i), y=value, low=value - half, high=value + half, text=said, emphasis=emphasis)


# --- curves from the plots -------------------------------------------------------------------------------------------------------


def _curves(judged: Judgement, plots: Sequence[Plot], earlier: Sequence[Plot], reason: str, words: Words) -> Section:
    now = _of_model(plots, serving(judged.run).model)
    then = _of_model(earlier, serving(judged.reference).model) if judged.reference else None
    if now is None:
        text = reason or "The evaluation stored no plots for this slice. Add CalibrationPlot and ConfusionMatrixPlot to the metrics."
        return Section(id="curves", title="No curves for this slice", blocks=(Paragraph(text=text, tone="unknown"),))
    shown = [Shown(name=f"now: {period_text(judged.run, words)}", plot=now, role="main")]
    if then is not None and judged.reference is not None:
        shown.append(Shown(name=f"reference: {period_text(judged.reference, words)}", plot=then, role="reference"))
    if (trained := _candidate(plots, judged.run)) is not None:
        shown.append(Shown(name="candidate, trained in this run", plot=trained, role="candidate"))
    made = [draw(shown, words) for draw in (_calibration, curves.residuals, curves.predictions, _roc, _precision_recall, curves.gain)]
    figures = tuple(figure for figure in made if figure is not None)
    return Section(id="curves", title="Calibration, predictions, ROC, precision-recall and gain of the serving model", blocks=figures)


def _candidate(plots: Sequence[Plot], run: Run) -> Plot | None:
    """The plots of the model trained in the run, judged on the same data beside the serving one; None where only one was judged."""
    name = candidate_model(run)
    return next((p for p in plots if name and p.key.model_name == name and (p.confusion or p.calibration)), None)


def _of_model(plots: Sequence[Plot], model: str | None) -> Plot | None:
    return next((p for p in plots if p.key.model_name in (model, "") and (p.confusion or p.calibration)), None)


def _line(name: str, pairs: Sequence[tuple[float | None, float | None, str]], role: Role) -> Line:
    points = tuple(Point(x=x, y=y, text=f"{name}, {text}") for x, y, text in pairs if x is not None and y is not None)
    return Line(name=name, points=points, role=role)


def _unit_axis(label: str, words: Words) -> Axis:
    return Axis(label=label, ticks=tuple(Tick(value=v, text=words.number(v, 2)) for v in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)), low=0.0, high=1.0)


def _guide(name: str, high: float = 1.0) -> Line:
    return Line(name=name, points=(Point(x=0.0, y=0.0, text=name), Point(x=high, y=high, text=name)), role="guide")


def _calibration(shown: Sequence[Shown], words: Words) -> Curve | None:
    """Mean label against mean prediction per stored bucket; buckets with fewer than 10 examples are left out."""
    lines = []
    for one in shown:
        pairs = [
            (x := b.prediction_sum / b.examples, y := b.label_sum / b.examples, f"predicted {words.number(x)}, observed {words.number(y)}, n {words.count(b.examples)}")
            for b in one.plot.calibration if b.examples >= 10
        ]  # fmt: skip
        if pairs:
            lines.append(_line(one.name, pairs, one.role))
    if not lines:
        return None
    top = max(v for line in lines for p in line.points for v in (p.x, p.y or 0.0)) * 1.05
    axis = [value_axis(label, [0.0, top], words) for label in ("Mean prediction", "Observed rate")]
    alt = "Observed rate against mean prediction: " + "; ".join(p.text for p in lines[0].points) + "."
    return Curve(
        title="Calibration",
        alt=alt,
        x=axis[0],
        y=axis[1],
        lines=(*lines, _guide("right", top)),
        note="Each point is a stored bucket with at least 10 examples.",
    )


def _roc(shown: Sequence[Shown], words: Words) -> Curve | None:
    lines = [_line(one.name, [_roc_point(m, words) for m in one.plot.confusion], one.role) for one in shown if one.plot.confusion]
    lines = [line for line in lines if line.points]
    if not lines:
        return None
    x, y = _unit_axis("False positive rate", words), _unit_axis("True positive rate (recall)", words)
    return Curve(title="ROC", alt=f"ROC curves of {', '.join(line.name for line in lines)}.", x=x, y=y, lines=(*lines, _guide("chance")))


def _roc_point(m: ConfusionMatrix, words: Words) -> tuple[float | None, float | None, str]:
    positives, negatives = m.true_positives + m.false_negatives, m.false_positives + m.true_negatives
    if positives <= 0 or negatives <= 0:
        return None, None, ""
    x, y = m.false_positives / negatives, m.true_positives / positives
    return x, y, f"threshold {words.number(m.threshold)}: false positive rate {words.number(x)}, recall {words.number(y)}"


def _precision_recall(shown: Sequence[Shown], words: Words) -> Curve | None:
    lines = []
    for one in shown:
        pairs = []
        for m in one.plot.confusion:
            found, flagged = m.true_positives + m.false_negatives, m.true_positives + m.false_positives
            if found > 0 and flagged > 0:
                recall, precision = m.true_positives / found, m.true_positives / flagged
                pairs.append(
                    (
                        recall,
                        precision,
                        f"threshold {words.number(m.threshold)}: recall {words.number(recall)}, precision {words.number(precision)}",
                    )
                )
        if pairs:
            lines.append(_line(one.name, pairs, one.role))
    if not lines:
        return None
    x, y = _unit_axis("Recall", words), _unit_axis("Precision", words)
    return Curve(
        title="Precision and recall",
        alt=f"Precision-recall curves of {', '.join(line.name for line in lines)}.",
        x=x,
        y=y,
        lines=tuple(lines),
    )


def _confusion(
    judged: Judgement, evaluation: Evaluation, where: SliceKey, plots: Sequence[Plot], words: Words, tables: Mapping[str, TableRequest]
) -> Section:
    model = serving(judged.run).model or ""
    classes = curves.classes(curves.stored_classes(evaluation, where, model, plots), words)
    if classes is not None:
        return Section(id="confusion", title="Which classes are taken for which", blocks=(classes,))
    matrices = confusion(evaluation, where, model)
    return Section(
        id="confusion",
        title=f"Confusion matrix at {plural(len(matrices), 'threshold')}",
        blocks=(_confusion_table(matrices, words, tables.get("confusion")),),
    )


def _confusion_table(matrices: tuple[ConfusionMatrix, ...], words: Words, asked: TableRequest | None) -> Table:
    names = (("tp", "True positives"), ("fp", "False positives"), ("tn", "True negatives"), ("fn", "False negatives"))
    columns = (
        Column(id="threshold", title="Threshold", align="right"),
        *(Column(id=key, title=title, align="right") for key, title in names),
    )
    rows = []
    for m in matrices:
        counts = (m.true_positives, m.false_positives, m.true_negatives, m.false_negatives)
        rows.append(
            Row(
                id=f"{m.threshold:g}",
                cells=(Cell(text=words.number(m.threshold), value=m.threshold), *(Cell(text=words.count(c), value=c) for c in counts)),
            )
        )
    empty = "The evaluation stored none. Add ConfusionMatrixAtThresholds to the metrics."
    return table("confusion", "Confusion matrix of the serving model", columns, rows, asked, empty=empty)
