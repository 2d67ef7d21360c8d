"""The Business Cost page, and the cost series that both pages show."""

from __future__ import annotations

from collections.abc import Mapping

from model_insights.cost.account import CostLine, RunCost, by_unit
from model_insights.cost.level import Expected
from model_insights.cost.threshold import Plots
from model_insights.cost.unlabelled import Estimate
from model_insights.evidence.findings import RowFindings
from model_insights.history import evaluation_of
from model_insights.judgement import Judgement, by_rule
from model_insights.slices import SliceKey
from model_insights.view import (
    Band,
    Block,
    Cell,
    Column,
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
    TimeSeries,
)
from model_insights.views import search
from model_insights.views.advice import money_action, slices_action
from model_insights.views.computed import FORMULAS
from model_insights.views.decision import choice_sections, coverage_figure, hangs_section
from model_insights.views.estimate import estimate_blocks, estimate_of
from model_insights.views.joined import join_facts, not_covered, rate_facts
from model_insights.views.kinds import kind_facts, rule_facts
from model_insights.views.page import period_text, run_axis, slice_link, table, value_axis
from model_insights.views.result import result_sections
from model_insights.views.rules import asked_of, of_rule, rules_section, sum_section
from model_insights.wording import Words, money_value, plural


def sections(
    judged: Judgement,
    plots: Plots,
    earlier_plots: Plots,
    words: Words,
    tables: Mapping[str, TableRequest],
    threshold: str = "",
    *,
    rows: RowFindings | None = None,
) -> tuple[Section, ...]:
    """All sections of the page, in reading order. Without a cost there is one, which says why and what to do."""
    cost, parts = judged.cost, by_rule(judged)
    wanted = float(threshold) if threshold else None
    first = _no_cost(judged, words) if cost is None else _money_section(judged, words)
    if parts:
        whole = (rules_section(judged, parts, cost, words, tables), sum_section(judged, cost, words, tables)) if cost is not None else ()
        own = [
            of_rule(part, one)
            for part in parts
            for one in _rule_sections(part, plots, earlier_plots, words, asked_of(part, tables), wanted)
        ]
        return (first, *whole, *own, *result_sections(judged, words, tables))
    if cost is None:
        return (first, *result_sections(judged, words, tables))
    slices, *hows, account = _rule_sections(judged, plots, earlier_plots, words, tables, wanted)
    found = (search.section(judged, rows, words, tables),) if rows is not None else ()
    return (first, slices, *found, *hows, *result_sections(judged, words, tables), account)


def _rule_sections(
    judged: Judgement, plots: Plots, earlier_plots: Plots, words: Words, tables: Mapping[str, TableRequest], wanted: float | None
) -> tuple[Section, ...]:
    """Of one cost rule: its slices first, how it is counted last. Of a rule without a cost the sentence why."""
    cost = judged.cost
    if cost is None:
        return (_no_cost(judged, words),)
    return (
        _slices_section(judged, cost, words, tables),
        *choice_sections(judged, cost, plots, earlier_plots, wanted, words, tables),
        hangs_section(judged, cost, words, tables.get("sensitivity")),
        _account_section(judged, cost, words),
    )


def _no_cost(judged: Judgement, words: Words) -> Section:
    remedy = (
        "Describe prices and keys in insights.toml (docs/insights_toml.md) beside the pipeline root." if judged.case.rule is None else ""
    )
    text = f"{judged.cost_reason.rstrip('.')}. {remedy}".strip()
    title, found = "No cost is known for this run", estimate_of(judged)
    if isinstance(found, Estimate):
        title = f"Without labels yet, mistakes are estimated at {words.amount(found.total.value)}"
    blocks = (Paragraph(text=text, tone="unknown"), *estimate_blocks(judged, words))
    return Section(id="money", title=title, lead=text, blocks=blocks)


# --- over time -------------------------------------------------------------------------------------------------------------------


def _money_section(judged: Judgement, words: Words) -> Section:
    cost = judged.cost
    assert cost is not None
    title = f"Mistakes cost {words.money(cost.total.value)} in the period of {period_text(judged.run, words)}"
    lead = f"{words.interval(cost.total.low, cost.total.high)}."
    if judged.expected is not None:
        lead += f" Expected from the periods before: {words.money(judged.expected.value)}."
    blocks = (cost_series(judged, words), *estimate_blocks(judged, words))
    return Section(id="money", title=title, lead=lead, action=money_action(judged, words), blocks=blocks)


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
        note=f"Bars: 95 % intervals. Band: {level_text(judged.expected)}, plus and minus two spreads.",
    )  # fmt: skip


def level_text(level: Expected | None) -> str:
    """How the expected level was found, and whether a season could hide in it."""
    how = {
        "recent": "median of up to 4 earlier periods; a season cannot be excluded",
        "season ratio": "last season's period, scaled by how recent periods compare with theirs",
        "trend and season": "trend and season of the earlier periods (STL)",
    }
    return how[level.method] if level is not None else "the level of the periods before, where two are known"


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
    carried = coverage_figure(cost, words)
    blocks: list[Block] = [
        _slice_ranges(lines, words),
        *([carried] if carried else []),
        _slice_table(judged, cost, lines, old, words, tables.get("slices")),
    ]
    if cost.gaps:
        blocks.append(_gap_table(cost, words, tables.get("gaps")))
    outside = not_covered(cost, judged.case.units.get(judged.run.id), words)
    return Section(
        id="slices",
        title=title,
        lead=f"{plural(len(lines), 'unit')} priced; they sum to {words.money(cost.total.value)}{outside}.",
        action=slices_action(lines, {unit.text: line.money.value for unit, line in old.items()}, words),
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


# --- how it is counted ----------------------------------------------------------------------------------------------------------


def _account_section(judged: Judgement, cost: RunCost, words: Words) -> Section:
    rule, evaluation = cost.rule, evaluation_of(judged.run)
    weighted = "weighted" if evaluation and any(m.example_weight_key for m in evaluation.config.models) else "unweighted"
    items = [
        Fact(label="Formula", value=FORMULAS[rule.kind]),
        *(Fact(label=label, value=value) for label, value in rule_facts(rule, weighted)),
        Fact(label="Model", value=f"{cost.model or 'the only model'}: {judged.serving.reason}"),
        Fact(label="Currency", value=words.currency),
    ]
    items += [Fact(label=label, value=value) for label, value in kind_facts(judged, cost, words)]
    if rule.kind == "classification":
        items.append(Fact(label="Decision threshold", value=words.number(rule.threshold or 0.0)))
    items += join_facts(cost, judged.case.units.get(judged.run.id), words)
    items += rate_facts(judged.case.config, judged.case.sources, judged.run.period.start, words)
    return Section(id="account", title="How the cost is counted", blocks=(Facts(items=tuple(items)),))
