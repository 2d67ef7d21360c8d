"""The business result: the second account, a section of its own on the Business Cost page. It is never added to the cost of mistakes."""

from __future__ import annotations

from collections.abc import Mapping

from model_insights.config import ResultRule
from model_insights.cost.result import ResultLine, RunResult
from model_insights.cost.result_ledger import RESULT_LINES, ResultLedger, result_ledger
from model_insights.cost.units import Unmatched
from model_insights.history import evaluation_of
from model_insights.judgement import Judgement
from model_insights.results import Results
from model_insights.run import Run
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
    Paragraph,
    Point,
    Row,
    Section,
    Step,
    Table,
    TableRequest,
    TimeSeries,
    Value,
    Waterfall,
)
from model_insights.views.page import period_text, run_axis, slice_link, table, value_axis
from model_insights.wording import RESULT_HINTS, Words, plural
from model_insights.wording import RESULT_LINES as NAMES

APART = (
    "A second account: what the business earned, as its tables book it. It is never added to the cost of mistakes, for the same euro may "
    "stand in both. A customer lost to a competitor is in here; the goods ordered in vain for that customer are in the cost of mistakes."
)


def result_sections(judged: Judgement, words: Words, tables: Mapping[str, TableRequest]) -> tuple[Section, ...]:
    """The section; none where insights.toml has no [result]."""
    made = judged.series.results
    if made is None:
        return ()
    now = made.found.get(judged.run.id, "the business tables were not read")
    if isinstance(now, str):
        text = f"The {made.rule.name} of this period is not known: {now.rstrip('.')}."
        blocks: tuple[Block, ...] = (Paragraph(text=text, tone="unknown"), Paragraph(text=APART))
        return (Section(id="result", title="Business result: not known", lead=text, blocks=blocks),)
    before = made.result(judged.reference.id) if judged.reference is not None else None
    ledger = result_ledger(before, now) if before is not None else None
    parts: list[Block] = [Paragraph(text=APART)]
    if ledger is not None and judged.reference is not None:
        parts.append(result_waterfall(judged.reference, judged.run, ledger, words))
    parts += [result_series(judged, made, words), _slice_table(judged, now, ledger, words, tables.get("result"))]
    parts += [_change_table(judged, now.rule, ledger, words, tables.get("result_change"))] if ledger is not None else []
    parts.append(_facts(made, now, words))
    return (Section(id="result", title=_title(made, now, ledger, words), lead=_lead(judged, made, ledger, words), blocks=tuple(parts)),)


def _title(made: Results, now: RunResult, ledger: ResultLedger | None, words: Words) -> str:
    title = f"Business result: {made.rule.name} of {words.amount(now.total)}"
    return title if ledger is None else f"{title}, {words.change(ledger.change)} against the reference"


def _lead(judged: Judgement, made: Results, ledger: ResultLedger | None, words: Words) -> str:
    level = made.levels.get(judged.run.id)
    lead = "Booked by the business tables, not estimated."
    if level is not None:
        lead += f" Expected from the periods before: {words.amount(level.value)}."
    if ledger is not None:
        top = max(ledger.lines, key=lambda line: abs(line.money))
        lead += f" The largest line of its change is “{NAMES[top.id].lower()}” with {words.change(top.money)}."
    return lead


# --- over time and against the reference -----------------------------------------------------------------------------------------


def result_series(judged: Judgement, made: Results, words: Words) -> TimeSeries:
    """Result and revenue per period, with the level expected of the result."""
    runs = judged.series.runs
    names = [made.rule.name] + (["revenue"] if made.rule.costs is not None else [])
    points = {name: tuple(_point(i, run, made, name, words, judged) for i, run in enumerate(runs)) for name in names}
    band = []
    for i, run in enumerate(runs):
        level = made.levels.get(run.id)
        if level is not None:
            text = f"{period_text(run, words)}: expected {words.amount(level.value)}"
            band.append(
                Point(x=float(i), y=level.value, low=level.value - 2 * level.spread, high=level.value + 2 * level.spread, text=text)
            )
    known = [point.y for one in points.values() for point in one] + [v for point in band for v in (point.low, point.high)]
    return TimeSeries(
        title=f"{made.rule.name.capitalize()} over time", x=run_axis(runs, words), y=value_axis(f"Per period ({words.currency})", known, words, kind="money"),
        alt=f"{made.rule.name.capitalize()} per period: " + "; ".join(point.text for point in points[made.rule.name]) + ".",
        lines=tuple(Line(name=name, points=one, role="main" if name == made.rule.name else "reference") for name, one in points.items()),
        bands=(Band(name="expected level", points=tuple(band)),) if band else (), note="Band: the expected level, plus and minus two spreads.",
    )  # fmt: skip


def _point(i: int, run: Run, made: Results, name: str, words: Words, judged: Judgement) -> Point:
    found, when = made.result(run.id), period_text(run, words)
    if found is None:
        return Point(x=float(i), y=None, text=f"{when}: not known")
    value = found.total if name == made.rule.name else found.revenue
    link = Link(view="cost", run=run.id, anchor="result")
    return Point(x=float(i), y=value, text=f"{when}: {name} {words.amount(value)}", link=link, emphasis=run.id == judged.run.id)


def result_waterfall(reference: Run, run: Run, ledger: ResultLedger, words: Words) -> Waterfall:
    """From the reference's result to now, line by line."""
    at = ledger.before
    steps = [_total_step(period_text(reference, words), ledger.before, words)]
    for line in ledger.lines:
        if abs(line.money) >= 0.005:
            value = Value(text=words.change(line.money), value=line.money, tone="good" if line.money > 0 else "bad")
            steps.append(Step(label=NAMES[line.id], value=value, start=at, end=at + line.money))
            at += line.money
    steps.append(_total_step(period_text(run, words), ledger.after, words))
    alt = "From " + "; ".join(f"{step.label}: {step.value.text}" for step in steps) + "."
    axis = value_axis(f"Business result ({words.currency})", [v for s in steps for v in (s.start, s.end)], words, kind="money")
    title = f"Business result from {steps[0].value.text} to {steps[-1].value.text}"
    note = "Its own account: lines add up to the change of the result exactly, and to nothing else."
    return Waterfall(title=title, alt=alt, axis=axis, steps=tuple(steps), note=note)


def _total_step(label: str, money: float, words: Words) -> Step:
    return Step(label=label, value=Value(text=words.amount(money), value=money), start=0.0, end=money, total=True)


# --- per slice -------------------------------------------------------------------------------------------------------------------


def _slice_table(judged: Judgement, now: RunResult, ledger: ResultLedger | None, words: Words, asked: TableRequest | None) -> Table:
    changes = dict(ledger.by_unit) if ledger is not None else None
    lines = {line.unit: line for line in now.lines}
    columns, known = _columns(now.rule, changes is not None), _linked(judged)
    rows = []
    for unit in (*lines, *(unit for unit in changes or () if unit not in lines)):
        cells = {
            "slice": Cell(text=unit.text),
            **_line_cells(lines.get(unit), words),
            "change": _change_cell((changes or {}).get(unit, 0.0), words),
        }
        link = slice_link(unit) if unit in known else None
        rows.append(Row(id=unit.text, cells=tuple(cells[column.id] for column in columns), link=link))
    rows.sort(key=lambda row: (row.cells[-1].value or 0.0 if changes else 0.0, row.id))
    return table(
        "result", "Business result per slice", columns, rows, asked, empty="No row of the tables.", note="Slices sum to the total."
    )


def _columns(rule: ResultRule, has_change: bool) -> tuple[Column, ...]:
    """Of the rule's own parts only: without costs the result is the revenue, without `sold` every case is a sale."""
    shown = [("slice", "Slice", ""), ("result", rule.name.capitalize(), "")]
    shown += [("revenue", "Revenue", "")] if rule.costs is not None else []
    shown += [("units", "Units sold", "")] if rule.sold is not None else []
    shown += [("cases", "Cases", "")]
    shown += [("change", "Change", "against the reference")] if has_change else []
    return tuple(Column(id=name, title=title, hint=hint, align="left" if name == "slice" else "right") for name, title, hint in shown)


def _line_cells(line: ResultLine | None, words: Words) -> dict[str, Cell]:
    if line is None:
        return dict.fromkeys(("result", "revenue", "units", "cases"), Cell(text="none", tone="muted"))
    return {
        "result": Cell(text=words.amount(line.money), value=line.money),
        "revenue": Cell(text=words.amount(line.revenue), value=line.revenue),
        "units": Cell(text=words.count(line.sold), value=line.sold),
        "cases": Cell(text=words.count(line.volume), value=line.volume),
    }


def _change_cell(money: float, words: Words) -> Cell:
    return Cell(text=_change(money, words), value=money, tone="bad" if money < 0 else "good")


def _change_table(judged: Judgement, rule: ResultRule, ledger: ResultLedger, words: Words, asked: TableRequest | None) -> Table:
    names, known = _lines_of(rule), _linked(judged)
    columns = (
        Column(id="slice", title="Slice"),
        Column(id="change", title="Change", align="right", hint="against the reference"),
        *(Column(id=name, title=NAMES[name], align="right", hint=RESULT_HINTS[name]) for name in names),
    )
    parts = {line.id: dict(line.by_unit) for line in ledger.lines if line.id in names}
    rows = [
        Row(
            id=unit.text, link=slice_link(unit) if unit in known else None,
            cells=(
                Cell(text=unit.text), _change_cell(change, words),
                *(Cell(text=_change(part.get(unit, 0.0), words), value=part.get(unit, 0.0)) for part in parts.values()),
            ),
        )
        for unit, change in sorted(ledger.by_unit, key=lambda pair: (pair[1], pair[0].text))
    ]  # fmt: skip
    note = "Slices add up to the lines, lines to the change of the result."
    return table("result_change", "Where the change of the result came from", columns, rows, asked, empty="Nothing changed.", note=note)


def _lines_of(rule: ResultRule) -> tuple[str, ...]:
    absent = {*(("costs",) if rule.costs is None else ()), *(("sold",) if rule.sold is None else ())}
    return tuple(name for name in RESULT_LINES if name not in absent)


def _change(money: float, words: Words) -> str:
    """Rounding of what was summed is no change."""
    return words.change(money if abs(money) >= 0.005 else 0.0)


def _linked(judged: Judgement) -> frozenset[SliceKey]:
    """Slices that have a page of their own."""
    evaluation = evaluation_of(judged.run)
    return frozenset(one for one in evaluation.slices if isinstance(one, SliceKey)) if evaluation is not None else frozenset()


# --- how it is counted -----------------------------------------------------------------------------------------------------------


def _facts(made: Results, now: RunResult, words: Words) -> Facts:
    rule = made.rule
    formula = "money that came in" if rule.costs is None else "revenue − variable costs of what was sold"
    items = [
        Fact(label="Formula", value=f"{rule.name} = {formula}, per row of the tables, then summed"),
        Fact(label="Revenue", value=str(rule.revenue)),
        *([Fact(label="Costs", value=str(rule.costs))] if rule.costs is not None else []),
        *([Fact(label="Sold", value=str(rule.sold))] if rule.sold is not None else []),
        Fact(label="Cases", value=str(rule.volume)),
        Fact(label="Rows joined", value=f"{words.count(len(now.rows))}, one to one on {', '.join(rule.grain)}"),
        *(Fact(label="Not in it", value=_unmatched(one)) for one in now.unmatched),
    ]
    return Facts(title="How the business result is counted", items=tuple(items))


def _unmatched(one: Unmatched) -> str:
    more = one.rows - len(one.keys)
    return f"{plural(one.rows, 'row')}: {one.reason} ({'; '.join(one.keys)}{f' and {more:,} more' if more > 0 else ''})"
