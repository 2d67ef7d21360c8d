"""The Business Cost page, and the cost series that both pages show."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from model_insights.cost.account import CostLine, RunCost, by_unit
from model_insights.cost.model import Cells, Floats, unit_cost
from model_insights.cost.units import value_names
from model_insights.history import evaluation_of
from model_insights.judgement import Judgement
from model_insights.metrics import Plot
from model_insights.slices import SliceKey
from model_insights.view import (
    Axis,
    Band,
    Block,
    Cell,
    Column,
    Curve,
    Fact,
    Facts,
    Line,
    Link,
    Mark,
    Paragraph,
    Point,
    RangePlot,
    RangeRow,
    Row,
    Section,
    Table,
    TableRequest,
    Tick,
    TimeSeries,
)
from model_insights.views.page import period_text, run_axis, slice_link, table, value_axis
from model_insights.wording import Words, money_value, plural

Plots = Mapping[SliceKey, tuple[Plot, ...]]

_FORMULAS = {
    "inventory": "cost = volume × units per event × (over × max(0, predicted − observed) + under × max(0, observed − predicted)), per unit, then summed",
    "classification": "cost = volume × (TP share × tp + FP share × fp + TN share × tn + FN share × fn), per unit, then summed",
}


def sections(
    judged: Judgement, plots: Plots, earlier_plots: Plots, words: Words, tables: Mapping[str, TableRequest]
) -> tuple[Section, ...]:
    """All sections of the page, in reading order. Without a cost there is one, which says why and what to do."""
    if judged.cost is None:
        return (_no_cost(judged),)
    return (
        _money_section(judged, words),
        _slices_section(judged, judged.cost, words, tables),
        _choice_section(judged, judged.cost, plots, earlier_plots, words),
        _account_section(judged, judged.cost, words),
    )


def _no_cost(judged: Judgement) -> Section:
    remedy = (
        "Describe prices and keys in insights.toml (docs/insights_toml.md) beside the pipeline root." if judged.case.rule is None else ""
    )
    text = f"{judged.cost_reason.rstrip('.')}. {remedy}".strip()
    return Section(id="money", title="No cost is known for this run", lead=text, blocks=(Paragraph(text=text, tone="unknown"),))


# --- over time -------------------------------------------------------------------------------------------------------------------


def _money_section(judged: Judgement, words: Words) -> Section:
    cost = judged.cost
    assert cost is not None
    title = f"Mistakes cost {words.money(cost.total.value)} in the period of {period_text(judged.run, words)}"
    lead = f"{words.interval(cost.total.low, cost.total.high)}."
    if judged.expected is not None:
        lead += f" Expected from the periods before: {words.money(judged.expected.value)}."
    return Section(id="money", title=title, lead=lead, blocks=(cost_series(judged, words),))


def cost_series(judged: Judgement, words: Words) -> TimeSeries:
    """Cost per period with interval, expected band, model changes and business events."""
    made, runs = judged.series, judged.series.runs
    points, band, forecast = [], [], []
    for i, run in enumerate(runs):
        cost, level = made.cost(run.id), made.expected_at(run.id)
        text = period_text(run, words)
        if cost is None:
            points.append(Point(x=float(i), y=None, text=f"{text}: no cost known"))
        else:
            said = f"{text}: {words.money(cost.total.value)} ({words.interval(cost.total.low, cost.total.high)})"
            link = Link(view="cost", run=run.id)
            points.append(
                Point(
                    x=float(i),
                    y=cost.total.value,
                    low=cost.total.low,
                    high=cost.total.high,
                    text=said,
                    link=link,
                    emphasis=run.id == judged.run.id,
                )
            )
        if level is not None:
            low, high = max(0.0, level.value - 2 * level.spread), level.value + 2 * level.spread
            band.append(Point(x=float(i), y=level.value, low=low, high=high, text=f"{text}: expected {words.money(level.value)}"))
    last = made.candidate_costs.get(runs[-1].id) if runs else None
    if last is not None and made.cost(runs[-1].id) is not None:
        said = f"If the model trained in {period_text(runs[-1], words)} serves next: {words.money(last.total.value)} on this period's data"
        forecast.append(Point(x=float(len(runs) - 1), y=last.total.value, text=said))
    lines = [Line(name="cost of mistakes", points=tuple(points))]
    lines += [Line(name="newest model, if pushed", points=tuple(forecast), role="candidate")] if forecast else []
    y = value_axis(f"Cost per period ({words.currency})", [v for p in (*points, *band) for v in (p.y, p.high)], words, kind="money")
    alt = "Cost of mistakes per period: " + "; ".join(p.text for p in points) + "."
    return TimeSeries(
        title="Cost of mistakes over time", alt=alt, x=run_axis(runs, words), y=y, lines=tuple(lines),
        bands=(Band(name="expected level", points=tuple(band)),) if band else (), marks=_marks(judged, words),
        note="Bars: 95 % intervals. Band: median of up to 4 earlier periods, plus and minus two spreads; a season cannot be excluded.",
    )  # fmt: skip


def _marks(judged: Judgement, words: Words) -> tuple[Mark, ...]:
    """Business events at the period that holds them."""
    marks = []
    for event in judged.case.events:
        for i, run in enumerate(judged.series.runs):
            if run.period.start <= event.date <= (run.period.end or run.period.start):
                marks.append(Mark(at=float(i), text=event.text, kind="event"))
    return tuple(marks)


# --- per slice -------------------------------------------------------------------------------------------------------------------


def _slices_section(judged: Judgement, cost: RunCost, words: Words, tables: Mapping[str, TableRequest]) -> Section:
    before = judged.series.cost(judged.reference.id) if judged.reference else None
    old = by_unit(before) if before else {}
    lines = sorted(cost.lines, key=lambda line: -line.money.value)
    total = cost.total.value or 1.0
    top = lines[0]
    cases = float(cost.cells.volume.sum()) or 1.0
    title = f"{top.unit.text} costs {words.money(top.money.value)}: {words.percent(top.money.value / total)} of the loss with {words.percent(top.cases / cases)} of the cases"
    blocks: list[Block] = [_slice_ranges(lines, words), _slice_table(judged, cost, lines, old, words, tables.get("slices"))]
    if cost.gaps:
        blocks.append(_gap_table(cost, words, tables.get("gaps")))
    return Section(
        id="slices",
        title=title,
        lead=f"{plural(len(lines), 'unit')} priced; they sum to {words.money(cost.total.value)}.",
        blocks=tuple(blocks),
    )


def _slice_ranges(lines: list[CostLine], words: Words) -> RangePlot:
    shown = lines[:15]
    rows = tuple(
        RangeRow(
            label=line.unit.text, value=money_value(words, line.money), low=line.money.low, high=line.money.high, link=slice_link(line.unit)
        )
        for line in shown
    )
    axis = value_axis(
        f"Cost of the period ({words.currency})", [v for row in rows for v in (row.value.value, row.high)], words, kind="money"
    )
    alt = "Cost per slice: " + "; ".join(f"{row.label} {row.value.text} ({row.value.interval_text})" for row in rows) + "."
    note = f"{len(lines) - len(shown)} smaller units are in the table." if len(lines) > len(shown) else ""
    return RangePlot(title="Cost per slice, with 95 % intervals", alt=alt, axis=axis, rows=rows, note=note)


_SLICE_COLUMNS = (
    Column(id="slice", title="Slice"),
    Column(id="cost", title="Cost", align="right"),
    Column(id="interval", title="Interval", align="right", sortable=False),
    Column(id="share", title="Share of cost", align="right"),
    Column(id="cases", title="Cases", align="right"),
    Column(id="per_case", title="Cost per case", align="right"),
    Column(id="change", title="Change", align="right", hint="against the reference"),
    Column(id="n", title="Evaluated", align="right", hint="examples the rates rest on"),
)


def _slice_table(
    judged: Judgement, cost: RunCost, lines: list[CostLine], old: Mapping[SliceKey, CostLine], words: Words, asked: TableRequest | None
) -> Table:
    critical = [set(one.items()) for one in judged.case.config.critical] if judged.case.config else []
    total = cost.total.value or 1.0
    rows = []
    for line in lines:
        change = line.money.value - old[line.unit].money.value if line.unit in old else None
        is_critical = any(wanted <= set(line.unit.items) for wanted in critical)
        rows.append(
            Row(
                id=line.unit.text, link=slice_link(line.unit), emphasis=is_critical,
                cells=(
                    Cell(text=line.unit.text, hint="declared critical in insights.toml" if is_critical else ""),
                    Cell(text=words.money(line.money.value), value=line.money.value, bar=line.money.value / total),
                    Cell(text=f"{words.money(line.money.low)} to {words.money(line.money.high)}"),
                    Cell(text=words.percent(line.money.value / total), value=line.money.value / total),
                    Cell(text=words.count(round(line.cases)), value=line.cases),
                    Cell(text=words.money(line.money.value / line.cases, digits=3) if line.cases else "no cases", value=line.money.value / line.cases if line.cases else None),
                    Cell(text=words.change(change) if change is not None else "new", value=change, tone="neutral" if change is None else "bad" if change > 0 else "good"),
                    Cell(text=words.count(round(line.evaluated)), value=line.evaluated),
                ),
            )
        )  # fmt: skip
    rows.sort(key=lambda row: not row.emphasis)  # critical first; the order by cost stays within
    return table(
        "slices", "Cost per slice", _SLICE_COLUMNS, rows, asked, empty="No unit could be priced.", note="Slices sum to the total.", size=15
    )


def _gap_table(cost: RunCost, words: Words, asked: TableRequest | None) -> Table:
    columns = (
        Column(id="slice", title="Not priced"),
        Column(id="cases", title="Cases", align="right"),
        Column(id="reason", title="Why", sortable=False),
    )
    rows = [
        Row(
            id=gap.unit.text,
            cells=(
                Cell(text=gap.unit.text),
                Cell(text=words.count(round(gap.volume)) if gap.volume else "not known", value=gap.volume),
                Cell(text=gap.reason),
            ),
        )
        for gap in cost.gaps
    ]
    return table("gaps", "Not in the total", columns, rows, asked, empty="", note="What could not be priced is not counted as zero.")


# --- the decision: threshold, or how much to order -----------------------------------------------------------------------------


def _choice_section(judged: Judgement, cost: RunCost, plots: Plots, earlier: Plots, words: Words) -> Section:
    return (
        _order_section(judged, cost, words) if cost.cells.kind == "inventory" else _threshold_section(judged, cost, plots, earlier, words)
    )


def _order_section(judged: Judgement, cost: RunCost, words: Words) -> Section:
    """Cost if every order had been a multiple of the model's; the best factor, and what last period's best would have saved."""
    factors = np.round(np.arange(0.3, 1.701, 0.02), 2)
    now = _scaled(cost.cells, factors)
    best = float(factors[int(np.argmin(now))])
    previous = judged.series.cost(judged.reference.id) if judged.reference else None
    honest = _honest(cost.cells, previous.cells if previous else None, factors)
    lines: tuple[Line, ...] = (_curve_line("this period", factors, now, words, main=True),)
    if previous is not None:
        lines += (_curve_line("reference", factors, _scaled(previous.cells, factors), words, main=False),)
    saving = cost.total.value - float(now.min())
    title = (
        f"Ordering {words.number(best)} × the prediction would have cost {words.money(saving)} less"
        if saving > 0.005
        else "No single correction of the orders would have cost less"
    )
    lead = "Chosen with hindsight on this period, so it is the most that one factor could have saved."
    if honest is not None and judged.reference is not None:
        factor, gain = honest
        word = "saved" if gain >= 0 else "cost more:"
        lead += f" The best factor of {period_text(judged.reference, words)} ({words.number(factor)}) would have {word} {words.money(abs(gain))} here."
    marks = (
        Mark(at=1.0, text="order as predicted", kind="threshold"),
        Mark(at=best, text=f"best here: {words.number(best)}", kind="change"),
    )
    figure = Curve(
        title="Cost if all orders were scaled", alt=f"{title}. {lead}", lines=lines, marks=marks,
        x=value_axis("Order as a multiple of the model's", [0.3, 1.7], words, zero=False),
        y=value_axis(f"Cost of the period ({words.currency})", [v for line in lines for p in line.points for v in (p.y,)], words, kind="money"),
    )  # fmt: skip
    return Section(id="threshold", title=title, lead=lead, blocks=(figure,))


def _scaled(cells: Cells, factors: Floats) -> Floats:
    rates = np.repeat(cells.rates[None], len(factors), axis=0)
    rates[..., 0] *= factors[:, None]
    total: Floats = (cells.volume * unit_cost(cells.kind, cells.values, rates)).sum(axis=-1)
    return total


def _honest(now: Cells, before: Cells | None, factors: Floats) -> tuple[float, float] | None:
    """(factor chosen on the earlier period, money it would have saved in this one); None without an earlier period."""
    if before is None:
        return None
    factor = float(factors[int(np.argmin(_scaled(before, factors)))])
    gain = float(_scaled(now, np.array([1.0]))[0] - _scaled(now, np.array([factor]))[0])
    return factor, gain


def _curve_line(name: str, xs: Floats, ys: Floats, words: Words, *, main: bool) -> Line:
    points = tuple(Point(x=float(x), y=float(y), text=f"{name}, {words.number(float(x))}: {words.money(float(y))}") for x, y in zip(xs, ys, strict=False))
    return Line(name=name, points=points, role="main" if main else "reference")


def _threshold_section(judged: Judgement, cost: RunCost, plots: Plots, earlier: Plots, words: Words) -> Section:
    """Cost at every stored threshold, units summed; the current one, the best one, and the honest regret."""
    model = cost.model
    now = threshold_costs(cost.cells, plots, model)
    if now is None:
        text = "No curve: the evaluation stored no confusion plots for every unit. Add ConfusionMatrixPlot to the metrics."
        return Section(id="threshold", title="Cost by threshold is not known", blocks=(Paragraph(text=text, tone="unknown"),))
    thresholds, money = now
    current = cost.rule.threshold if cost.rule.threshold is not None else 0.5
    best = float(thresholds[int(np.argmin(money))])
    at_current = float(np.interp(current, thresholds, money))
    regret = at_current - float(money.min())
    previous = judged.series.cost(judged.reference.id) if judged.reference else None
    before = threshold_costs(previous.cells, earlier, previous.model) if previous else None
    title = (
        f"A threshold of {words.number(best)} would have cost {words.money(max(regret, 0.0))} less than the current {words.number(current)}"
    )
    lead = "Chosen with hindsight on the same examples, so it is the most that one threshold could have saved."
    if before is not None and judged.reference is not None:
        chosen = float(before[0][int(np.argmin(before[1]))])
        gain = at_current - float(np.interp(chosen, thresholds, money))
        word = "saved" if gain >= 0 else "cost more:"
        lead += f" The best threshold of {period_text(judged.reference, words)} ({words.number(chosen)}) would have {word} {words.money(abs(gain))} here."
    lines: tuple[Line, ...] = (_curve_line("this period", thresholds, money, words, main=True),)
    if before is not None:
        lines += (_curve_line("reference", before[0], before[1], words, main=False),)
    marks = (
        Mark(at=current, text=f"current: {words.number(current)}", kind="threshold"),
        Mark(at=best, text=f"best here: {words.number(best)}", kind="change"),
    )
    figure = Curve(
        title="Cost by decision threshold", alt=f"{title}. {lead}", lines=lines, marks=marks, x=Axis(label="Decision threshold", ticks=_unit_ticks(words), low=0.0, high=1.0),
        y=value_axis(f"Cost of the period ({words.currency})", [v for line in lines for p in line.points for v in (p.y,)], words, kind="money"),
    )  # fmt: skip
    return Section(id="threshold", title=title, lead=lead, blocks=(figure,))


def _unit_ticks(words: Words) -> tuple[Tick, ...]:
    return value_axis("", [0.0, 1.0], words).ticks


def threshold_costs(cells: Cells, plots: Plots, model: str) -> tuple[Floats, Floats] | None:
    """(thresholds [t], total money [t]) over the stored confusion plots; None when a unit has none.

    Counts are shares of the unit's examples, scaled to the unit's volume."""
    total, thresholds = None, None
    for i, unit in enumerate(cells.units):
        plot = next((p for p in plots.get(unit, ()) if p.key.model_name in (model, "") and p.confusion), None)
        if plot is None:
            return None
        found = np.array([[m.threshold, m.true_positives, m.false_positives, m.true_negatives, m.false_negatives] for m in plot.confusion])
        found = found[(found[:, 0] >= 0) & (found[:, 0] <= 1)]
        shares = found[:, 1:] / np.maximum(found[:, 1:].sum(axis=1, keepdims=True), 1e-12)
        money = cells.volume[i] * (shares * cells.values[i]).sum(axis=1)
        if thresholds is None or total is None:
            thresholds, total = found[:, 0], money
        else:
            total = total + np.interp(thresholds, found[:, 0], money)
    return None if thresholds is None or total is None else (thresholds, total)


# --- how it is counted ----------------------------------------------------------------------------------------------------------


def _account_section(judged: Judgement, cost: RunCost, words: Words) -> Section:
    rule, evaluation = cost.rule, evaluation_of(judged.run)
    weighted = "weighted" if evaluation and any(m.example_weight_key for m in evaluation.config.models) else "unweighted"
    items = [
        Fact(label="Formula", value=_FORMULAS[rule.kind]),
        Fact(label="Volume", value=f"{rule.volume}" if rule.grain else "evaluated examples"),
        *(Fact(label=name, value=str(getattr(rule, name))) for name in value_names(rule) if getattr(rule, name) is not None),
        Fact(label="Realised demand", value=str(rule.demand) if rule.demand is not None else "the evaluation sample's labels"),
        Fact(label="Tables joined on", value=", ".join(rule.grain) or "nothing: constants"),
        Fact(label="Counts", value=f"{weighted}, from the Evaluator"),
        Fact(label="Model", value=f"{cost.model or 'the only model'}: {judged.serving.reason}"),
        Fact(label="Currency", value=words.currency),
    ]
    if rule.kind == "classification":
        items.append(Fact(label="Decision threshold", value=words.number(rule.threshold or 0.0)))
    table_of = judged.case.units.get(judged.run.id)
    if table_of is not None and not isinstance(table_of, str):
        items.append(Fact(label="Rows joined", value=words.count(table_of.joined)))
        items += [Fact(label="Unmatched", value=key) for key in table_of.unmatched[:10]]
    return Section(id="account", title="How the cost is counted", blocks=(Facts(items=tuple(items)),))
