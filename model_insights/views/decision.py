"""Parts of the Business Cost page that help to decide: threshold, order quantity, what the money hangs on, which cases carry the loss."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from model_insights.cost.account import RunCost
from model_insights.cost.capacity import at_capacity
from model_insights.cost.coverage import CoveragePoint, coverage
from model_insights.cost.model import Cells, Floats, unit_cost
from model_insights.cost.orders import OrderLine, order_lines
from model_insights.cost.sensitivity import examples_to_halve, late_share, sensitivities, uncertainty
from model_insights.cost.threshold import Plots, ThresholdCosts, aligned, cost_space, threshold_costs
from model_insights.judgement import Judgement
from model_insights.view import (
    Axis,
    Block,
    Cell,
    Column,
    Curve,
    Fact,
    Facts,
    Line,
    Mark,
    Paragraph,
    Point,
    Row,
    Section,
    Table,
    TableRequest,
    Tick,
)
from model_insights.views.advice import orders_action
from model_insights.views.page import period_text, slice_link, table, value_axis
from model_insights.wording import SEVERITIES, Words, value_name

_DRAWN = 200  # thresholds of a curve


FIRST = 30  # costliest units that a curve names one by one
MOST_POINTS = 100


def choice_sections(
    judged: Judgement, cost: RunCost, plots: Plots, earlier: Plots, wanted: float | None, words: Words, tables: Mapping[str, TableRequest]
) -> tuple[Section, ...]:
    """What to decide: the threshold of a classifier, or the orders of a stock."""
    if cost.cells.kind == "inventory":
        return (_order_section(judged, cost, words, tables), _scale_section(judged, cost, words))
    if cost.cells.kind != "classification":
        return ()
    return (_threshold_section(judged, cost, plots, earlier, wanted, words, tables),)


# --- orders ---------------------------------------------------------------------------------------------------------------------


def _order_section(judged: Judgement, cost: RunCost, words: Words, tables: Mapping[str, TableRequest]) -> Section:
    """How much to order next: the newsvendor's answer beside the model's."""
    made = judged.series
    at = [run.id for run in made.runs].index(judged.run.id)
    priced = [found for run in made.runs[: at + 1] if (found := made.cost(run.id)) is not None]
    planned = made.candidate_costs.get(judged.run.id)
    lines = order_lines(priced, planned)
    if not lines:
        text = "An order needs two periods with a cost; there are fewer."
        return Section(id="orders", title="How much to order cannot be said", blocks=(Paragraph(text=text, tone="unknown"),))
    saving = sum(line.saving or 0.0 for line in lines)
    most = max(lines, key=lambda line: abs((line.planned or line.order) - line.order) * 1.0)
    title = f"Ordering to the observed rates is expected to save {words.money(saving)} next period"
    lead = (
        f"For {most.unit.text}, order {words.count(round(most.order))} units where the newest model would order "
        f"{words.count(round(most.planned)) if most.planned is not None else 'an unknown number of'}."
    )
    action = orders_action(saving, most.unit.text, words.count(round(most.order)))
    return Section(id="orders", title=title, lead=lead, action=action, blocks=(_order_table(lines, words, tables.get("orders")),))


def _order_table(lines: tuple[OrderLine, ...], words: Words, asked: TableRequest | None) -> Table:
    columns = (
        Column(id="unit", title="Stocking unit"),
        Column(id="order", title="Order", align="right", hint="quantile of the demand at which one unit more is as dear as one short"),
        Column(id="planned", title="Newest model's order", align="right", hint="volume x units per event x its mean prediction"),
        Column(id="demand", title="Expected demand", align="right", hint="at this period's observed rate and volume"),
        Column(id="interval", title="80 % interval", align="right", sortable=False),
        Column(id="service", title="Service level", align="right", hint="cost short / (cost short + cost over)"),
        Column(id="saving", title="Expected saving", align="right", hint="against the newest model's order"),
    )
    rows = [
        Row(
            id=line.unit.text, link=slice_link(line.unit),
            cells=(
                Cell(text=line.unit.text),
                Cell(text=words.count(round(line.order)), value=line.order),
                Cell(text=words.count(round(line.planned)) if line.planned is not None else "not known", value=line.planned),
                Cell(text=words.count(round(line.demand)), value=line.demand),
                Cell(text=f"{words.count(round(line.low))} to {words.count(round(line.high))}"),
                Cell(text=words.percent(line.service), value=line.service),
                Cell(text=words.money(line.saving) if line.saving is not None else "not known", value=line.saving),
            ),
        )
        for line in sorted(lines, key=lambda one: -(one.saving or 0.0))
    ]  # fmt: skip
    note = "For a period of this period's volume. The spread of demand comes from the unit's own changes and the sampling of events."
    return table("orders", "How much to order (units)", columns, rows, asked, empty="No stocking unit.", note=note)


def _scale_section(judged: Judgement, cost: RunCost, words: Words) -> Section:
    """Cost if every order had been a multiple of the model's; the best factor, and what the reference's best would have saved."""
    factors = np.round(np.arange(0.3, 1.701, 0.02), 2)
    now = _scaled(cost.cells, factors)
    best = float(factors[int(np.argmin(now))])
    previous = judged.series.cost(judged.reference.id) if judged.reference else None
    lines: tuple[Line, ...] = (_curve_line("this period", factors, now, words, main=True),)
    if previous is not None:
        lines += (_curve_line("reference", factors, _scaled(previous.cells, factors), words, main=False),)
    saving = cost.total.value - float(now.min())
    title = "No single correction of the orders would have cost less"
    if saving > 0.005:
        title = f"Ordering {words.number(best)} × the prediction would have cost {words.money(saving)} less"
    lead = "Chosen with hindsight on this period, so it is the most that one factor could have saved."
    if previous is not None and judged.reference is not None:
        factor = float(factors[int(np.argmin(_scaled(previous.cells, factors)))])
        gain = float(_scaled(cost.cells, np.array([1.0]))[0] - _scaled(cost.cells, np.array([factor]))[0])
        lead += f" The best factor of {period_text(judged.reference, words)} ({words.number(factor)}) would have {_gain(gain, words)} here."
    marks = (
        Mark(at=1.0, text="order as predicted", kind="threshold"),
        Mark(at=best, text=f"best here: {words.number(best)}", kind="change"),
    )
    figure = Curve(
        title="Cost if all orders were scaled", alt=f"{title}. {lead}", lines=lines, marks=marks,
        x=value_axis("Order as a multiple of the model's", [0.3, 1.7], words, zero=False), y=_money_axis(lines, words),
    )  # fmt: skip
    return Section(id="threshold", title=title, lead=lead, blocks=(figure,))


def _gain(gain: float, words: Words) -> str:
    return f"saved {words.money(gain)}" if gain >= 0 else f"cost {words.money(-gain)} more"


def _scaled(cells: Cells, factors: Floats) -> Floats:
    rates = np.repeat(cells.rates[None], len(factors), axis=0)
    rates[..., 0] *= factors[:, None]
    total: Floats = (cells.volume * unit_cost(cells.kind, cells.values, rates)).sum(axis=-1)
    return total


def _drawn(now: ThresholdCosts, *kept: float) -> NDArray[np.int64]:
    """Places of at most about 200 thresholds to draw, evenly spaced, those nearest to `kept` among them."""
    step = -(-len(now.thresholds) // _DRAWN)
    nearest = [int(np.abs(now.thresholds - one).argmin()) for one in kept]
    return np.union1d(np.arange(0, len(now.thresholds), step), [*nearest, len(now.thresholds) - 1])


def _curve_line(name: str, xs: Floats, ys: Floats, words: Words, *, main: bool) -> Line:
    pairs = zip(xs, ys, strict=True)
    points = tuple(Point(x=float(x), y=float(y), text=f"{name}, {words.number(float(x))}: {words.money(float(y))}") for x, y in pairs)
    return Line(name=name, points=points, role="main" if main else "reference")


def _money_axis(lines: tuple[Line, ...], words: Words) -> Axis:
    values = [point.y for line in lines for point in line.points]
    return value_axis(f"Cost of the period ({words.currency})", values, words, kind="money")


# --- threshold ------------------------------------------------------------------------------------------------------------------


def _threshold_section(
    judged: Judgement, cost: RunCost, plots: Plots, earlier: Plots, wanted: float | None, words: Words, tables: Mapping[str, TableRequest]
) -> Section:
    """Cost at every threshold, units summed; the current one, the best one, the honest regret, and a threshold of one's own."""
    now = _curves(cost, plots)
    if now is None:
        text = "No curve: the evaluation stored no confusion plots for every unit. Add ConfusionMatrixPlot to the metrics."
        return Section(id="threshold", title="Cost by threshold is not known", blocks=(Paragraph(text=text, tone="unknown"),))
    current = cost.rule.threshold if cost.rule.threshold is not None else 0.5
    previous = judged.series.cost(judged.reference.id) if judged.reference else None
    before = _curves(previous, earlier) if previous else None
    best, regret = now.best(), now.at(current) - now.at(now.best())
    title = (
        f"A threshold of {words.number(best)} would have cost {words.money(max(regret, 0.0))} less than the current {words.number(current)}"
    )
    if regret <= now.error(current, best):
        title = f"The current threshold {words.number(current)} is as good as the best one within chance"
    lead = _threshold_lead(judged, now, before, current, wanted, words)
    blocks: list[Block] = [_threshold_curve(now, before, current, wanted, title, lead, words)]
    blocks.append(_threshold_table(now, before, current, words, tables.get("thresholds")))
    if cost.rule.capacity is not None:
        blocks.append(_capacity_paragraph(cost.rule.capacity, now, current, words))
    elif (figure := _space_figure(judged, now, before, current, words)) is not None:
        blocks.append(figure)
    return Section(id="threshold", title=title, lead=lead, blocks=tuple(blocks))


def _curves(cost: RunCost, plots: Plots) -> ThresholdCosts | None:
    """Cost by threshold; where the rule has a capacity, no threshold acts on more."""
    free, capacity = threshold_costs(cost.cells, plots), cost.rule.capacity
    if free is None or capacity is None:
        return free
    thresholds, counts = aligned([plots[unit] for unit in cost.cells.units])
    return threshold_costs(cost.cells, plots, limit=at_capacity(thresholds, counts, free.scale, capacity))


def _capacity_paragraph(capacity: float, now: ThresholdCosts, current: float, words: Words) -> Paragraph:
    """Whether the capacity binds: then the cost is that of the cases with the highest scores."""
    acted = (now.scale[:, None] * (now.positives + now.negatives)).sum(axis=0)
    limit = float(now.thresholds[np.flatnonzero(acted >= acted[0] - 1e-9)[-1]])
    text = f"At most {words.count(capacity)} cases of the period can be acted on"
    if acted[0] < capacity - 1e-6 or current >= limit:
        return Paragraph(text=f"{text}; the current threshold picks no more.")
    return Paragraph(
        text=f"{text}: those scored {words.number(limit)} or higher, all slices together. A lower threshold changes nothing.", tone="watch"
    )


def _threshold_lead(
    judged: Judgement, now: ThresholdCosts, before: ThresholdCosts | None, current: float, wanted: float | None, words: Words
) -> str:
    low, high = now.indifferent()
    lead = (
        f"Chosen with hindsight on the same examples; between {words.number(low)} and {words.number(high)} chance explains the difference."
    )
    if before is not None and judged.reference is not None:
        chosen = before.best()
        gain = now.at(current) - now.at(chosen)
        lead += (
            f" The best threshold of {period_text(judged.reference, words)} ({words.number(chosen)}) would have {_gain(gain, words)} here."
        )
    if wanted is not None:
        difference = now.at(wanted) - now.at(current)
        error = 1.96 * now.error(wanted, current)
        lead += (
            f" Your threshold {words.number(wanted)} would have cost {words.money(now.at(wanted))}, {words.change(difference)} "
            f"({words.interval(difference - error, difference + error)})."
        )
    return lead


def _threshold_curve(
    now: ThresholdCosts, before: ThresholdCosts | None, current: float, wanted: float | None, title: str, lead: str, words: Words
) -> Curve:
    at = _drawn(now, current, now.best())
    lines: tuple[Line, ...] = (_curve_line("this period", now.thresholds[at], now.total[at], words, main=True),)
    if before is not None:
        at = _drawn(before, current, before.best())
        lines += (_curve_line("reference", before.thresholds[at], before.total[at], words, main=False),)
    shown = wanted if wanted is not None else current
    marks = [Mark(at=shown, text=f"{'yours' if wanted is not None else 'current'}: {words.number(shown)}", kind="threshold")]
    marks.append(Mark(at=now.best(), text=f"best here: {words.number(now.best())}", kind="change"))
    return Curve(
        title="Cost by decision threshold", alt=f"{title}. {lead}", lines=lines, marks=tuple(marks), draggable=True,
        x=Axis(label="Decision threshold", ticks=_unit_ticks(words), low=0.0, high=1.0), y=_money_axis(lines, words),
        note="Drag the line to price another threshold.",
    )  # fmt: skip


def _threshold_table(now: ThresholdCosts, before: ThresholdCosts | None, current: float, words: Words, asked: TableRequest | None) -> Table:
    """A threshold per unit: the hindsight gain, and the honest one chosen on the reference."""
    columns = (
        Column(id="unit", title="Slice"),
        Column(id="cost", title="Cost now", align="right", hint="at the current threshold"),
        Column(id="best", title="Best threshold", align="right", hint="with hindsight"),
        Column(id="range", title="As good within chance", align="right", sortable=False),
        Column(id="gain", title="Gain with hindsight", align="right"),
        Column(id="honest", title="Honest gain", align="right", hint="threshold chosen on the reference period, judged on this one"),
    )
    rows = []
    for i, unit in enumerate(now.units):
        best, (low, high) = now.best(i), now.indifferent(i)
        gain = now.at(current, i) - now.at(best, i)
        honest = now.at(current, i) - now.at(before.best(before.units.index(unit)), i) if before and unit in before.units else None
        rows.append(
            Row(
                id=unit.text, link=slice_link(unit),
                cells=(
                    Cell(text=unit.text),
                    Cell(text=words.money(now.at(current, i)), value=now.at(current, i)),
                    Cell(text=words.number(best), value=best),
                    Cell(text=f"{words.number(low)} to {words.number(high)}"),
                    Cell(text=words.money(gain), value=gain),
                    Cell(text=words.change(honest) if honest is not None else "no reference", value=honest),
                ),
            )
        )  # fmt: skip
    return table("thresholds", "A threshold per slice", columns, rows, asked, empty="No slice.", note="A negative honest gain is a loss.")


def _space_figure(judged: Judgement, now: ThresholdCosts, before: ThresholdCosts | None, current: float, words: Words) -> Curve | None:
    """Cost space with both periods as points: sideways is business, upwards is model or data."""
    space, old = cost_space(now, current), cost_space(before, current) if before is not None else None
    if space is None:
        return None
    named = [(f"now: {period_text(judged.run, words)}", space, True)]
    if old is not None and judged.reference is not None:
        named.append((f"reference: {period_text(judged.reference, words)}", old, False))
    lines: list[Line] = []
    for name, one, main in named:
        envelope = tuple(Point(x=float(x), y=float(y)) for x, y in zip(one.x, one.envelope, strict=True))
        lines.append(Line(name=f"{name}, best threshold at each price", points=envelope, role="main" if main else "reference"))
        x, y = one.operating
        said = f"{name}: probability-cost {words.number(x)}, expected cost {words.number(y)} of the worst case"
        lines.append(
            Line(name=f"{name}, as operated", points=(Point(x=x, y=y, text=said, emphasis=True),), role="main" if main else "reference")
        )
    alt = "Cost space: " + "; ".join(line.points[0].text for line in lines if line.points[0].text) + "."
    return Curve(
        title="Did prices or the model move?", alt=alt, lines=tuple(lines),
        x=Axis(label="Probability-cost of positives (base rate and prices)", ticks=_unit_ticks(words), low=0.0, high=1.0),
        y=value_axis("Expected cost, share of the worst case", [p.y for line in lines for p in line.points], words),
        note="Drummond and Holte's cost curves: a change of base rate or prices moves the point sideways, a change of model or data moves the curve.",
    )  # fmt: skip


def _unit_ticks(words: Words) -> tuple[Tick, ...]:
    return value_axis("", [0.0, 1.0], words).ticks


# --- what the money hangs on ------------------------------------------------------------------------------------------------------


def coverage_figure(cost: RunCost, words: Words) -> Curve | None:
    """Share of the loss against share of the cases, costliest units first; None with fewer than two lossy units."""
    points = _thinned(coverage(cost))
    if len(points) < 2:
        return None
    said = [f"{words.percent(p.cases)} of the cases ({p.unit.text} added) carry {words.percent(p.loss)} of the loss" for p in points]
    line = Line(
        name="units, costliest per case first",
        points=(Point(x=0.0, y=0.0), *(Point(x=p.cases, y=p.loss, text=text) for p, text in zip(points, said, strict=True))),
    )
    guide = Line(name="if every case cost the same", points=(Point(x=0.0, y=0.0), Point(x=1.0, y=1.0)), role="guide")
    axes = [value_axis(label, [0.0, 1.0], words, kind="percent") for label in ("Share of cases", "Share of the loss")]
    alt = ". ".join([*said[:FIRST], *said[FIRST:][-1:]]) + "."
    return Curve(title="Which cases carry the loss", alt=alt, x=axes[0], y=axes[1], lines=(line, guide))


def _thinned(points: tuple[CoveragePoint, ...]) -> tuple[CoveragePoint, ...]:
    """Every point of the steep beginning, of thousands further on as many as can be told apart, and the last."""
    step = max(1, len(points) // MOST_POINTS)
    return points if step == 1 else tuple(p for i, p in enumerate(points) if i < FIRST or i % step == 0 or i == len(points) - 1)


def hangs_section(judged: Judgement, cost: RunCost, words: Words, asked: TableRequest | None) -> Section:
    """Sensitivity of the total and of the ranking to each unit value; where the uncertainty comes from and what would narrow it."""
    bound, step = _next_step_down(judged)
    lines = sensitivities(cost, bound)
    rows = [
        Row(
            id=line.name,
            cells=(
                Cell(text=_capital(value_name(line.name))),
                Cell(text=words.money(line.down), value=line.down),
                Cell(text=words.money(line.up), value=line.up),
                Cell(text=line.costliest_down.text if line.costliest_down == line.costliest_up else f"{line.costliest_down.text} / {line.costliest_up.text}"),
                Cell(text=f"× {words.number(line.break_even)}" if line.break_even is not None else "never", value=line.break_even),
            ),
        )
        for line in lines
    ]  # fmt: skip
    columns = (
        Column(id="value", title="Unit value"),
        Column(id="down", title="Total at −25 %", align="right"),
        Column(id="up", title="Total at +25 %", align="right"),
        Column(id="costliest", title="Costliest slice", hint="at −25 % / at +25 % where they differ"),
        Column(
            id="even",
            title=f"Break-even: {step}" if step else "Break-even",
            align="right",
            hint="factor on the value at which the step of the ladder changes",
        ),
    )
    top = lines[0] if lines else None
    title = "The total hangs on no unit value"
    if top is not None:
        title = f"25 % on “{value_name(top.name)}” moves the total by {words.money(abs(top.up - top.down) / 2)}"
    blocks: list[Block] = [
        table("sensitivity", "If a unit value were wrong", columns, rows, asked, empty="No unit value."),
        _uncertainty_facts(judged, cost, words),
    ]
    return Section(id="sensitivity", title=title, lead="Each unit value is scaled in every slice at once.", blocks=tuple(blocks))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _next_step_down(judged: Judgement) -> tuple[float | None, str]:
    """The total at which the severity would be one step lower, and that step's name; None where there is no ladder or no step."""
    if judged.whole is not None:  # one rule of several: the others as they are
        bound, step = _next_step_down(judged.whole)
        rest = (
            judged.whole.cost.total.value - judged.cost.total.value if judged.whole.cost is not None and judged.cost is not None else None
        )
        return (bound - rest, step) if bound is not None and rest is not None else (None, "")
    budget = judged.case.config.severity if judged.case.config else None
    if budget is None or judged.expected is None:
        return None, ""
    scale = (judged.run.period.days or 30.0) / 30.0
    steps = {"none": budget.little, "little": budget.little, "big": budget.big, "emergency": budget.emergency}
    lower = {"none": "little", "little": "none", "big": "little", "emergency": "big"}.get(judged.severity.level)
    if lower is None:
        return None, ""
    return judged.expected.value + steps[judged.severity.level] * scale, SEVERITIES[lower].lower()


def _uncertainty_facts(judged: Judgement, cost: RunCost, words: Words) -> Facts:
    late = late_share([one.share for one in judged.faults if one.kind == "label delay"], judged.case.scores.get((judged.run.id, "serving")))
    names = {
        "sampling": "sampling of the evaluated examples",
        "late": f"{words.percent(late, 1)} of the outcomes are not in yet",
        "ordinary": "ordinary differences between periods",
    }
    halved = {
        "sampling": f"evaluate about {words.count(examples_to_halve(cost))} more examples of the period",
        "late": "wait until half of the missing outcomes are in, and evaluate again",
        "ordinary": "name the season in insights.toml, or keep a longer history: more examples do not help",
    }
    parts = uncertainty(cost, judged.expected, late=late)
    items = [
        Fact(
            label=f"{words.percent(part.share)} of the uncertainty",
            value=f"{names[part.source]}: {words.money(part.spread)} standard deviation",
        )
        for part in parts
    ]
    items += [
        Fact(label=f"To halve the {part.source} part", value=f"{halved[part.source]}; the whole interval is then {words.percent(part.left)} as wide")
        for part in parts if part.spread > 0
    ]  # fmt: skip
    items.append(Fact(label="Unit values", value="taken as exact; the table above shows what they could change"))
    return Facts(title="Where the uncertainty comes from", items=tuple(items))
