"""Combinations of feature values: what the model has learned from, what is new, lost or thin, what it costs and what to collect."""

from __future__ import annotations

import math
from collections.abc import Mapping

from model_insights.evidence.change import wilson
from model_insights.evidence.combinations import FEW_WANTED, Combination, Coverage, SupportCurve, Want
from model_insights.evidence.fact import worst
from model_insights.evidence.findings import READING, WAYS, PastThin, RowFindings, gather, items_text
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
    Link,
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
from model_insights.views.crossings import stored_blocks
from model_insights.views.page import period_text, run_axis, table, value_axis
from model_insights.wording import STATES, Words, plural

_HOW = "share of the period's rows; the interval is Wilson's at 95 %"
_MONEY = "what the serving model's mistakes on these rows cost in the period, with its 95 % interval"


def section(judged: Judgement, found: RowFindings, words: Words, tables: Mapping[str, TableRequest]) -> Section:
    """The page's section below the data corner."""
    if isinstance(found.coverage, str):
        return nothing(judged, found.coverage, words, tables)
    facts = gather(found, words)
    state = worst(facts)
    made = found.coverage
    blocks: list[Block] = [_new(made, words, tables.get("new")), _lost(made, words, tables.get("lost"))]
    blocks.append(_wants(judged, made, words, tables.get("wants")))
    blocks += [_over_time(judged, made, found.past, words)] if found.past else []
    blocks += [_curve(made.curve, words)] if made.curve is not None else []
    blocks.append(_facts(found, made, words))
    return Section(
        id="combinations", title=_title(made, words), lead=facts[0].sentence, corner="data", state=state, state_text=STATES[state], blocks=tuple(blocks)
    )  # fmt: skip


def nothing(judged: Judgement, reason: str, words: Words, tables: Mapping[str, TableRequest]) -> Section:
    """Where no rows can be read or compared: what stored slices and bounds say."""
    title = "Combinations of features are being counted" if reason == READING else "Combinations of features cannot be counted row by row"
    blocks: tuple[Block, ...] = (Paragraph(text=reason, tone="unknown"),)
    if reason != READING:
        blocks += stored_blocks(judged, words, tables)
    return Section(
        id="combinations", title=title, lead=reason, corner="data", state="unknown", state_text=STATES["unknown"], blocks=blocks,
    )  # fmt: skip


def _title(made: Coverage, words: Words) -> str:
    if made.new:
        top = made.new[0]
        more = f", with {plural(len(made.new) - 1, 'more new combination')}" if len(made.new) > 1 else ""
        return f"{items_text(top.items, words)} is new: {words.percent(top.share, 1)} of the rows{more}"
    return f"{words.percent(made.thin.share, 1)} of the rows lie in combinations that the model hardly learned from"


# --- new, lost, wanted -------------------------------------------------------------------------------------------------------------


def _new(made: Coverage, words: Words, asked: TableRequest | None) -> Table:
    rows = [_combination(one, words, now=True) for one in made.new]
    note = _tests(made) if made.before_rows else "There is no reference with rows."
    return table("new", "New combinations", _columns("cost now"), rows, asked, empty="No combination appeared beyond chance.", note=note)


def _lost(made: Coverage, words: Words, asked: TableRequest | None) -> Table:
    rows = [_combination(one, words, now=False) for one in made.lost]
    note = "Shares and costs are those of the reference." if made.before_rows else "There is no reference with rows."
    return table(
        "lost", "Lost combinations", _columns("cost then"), rows, asked, empty="No combination vanished beyond chance.", note=note, size=6
    )


def _columns(money: str) -> tuple[Column, ...]:
    return (
        Column(id="combination", title="Combination", hint="bins are cut at the quantiles of the rows that the model learned from"),
        Column(id="share", title="Traffic", align="right", hint=_HOW),
        Column(id="interval", title="Interval", align="right", sortable=False),
        Column(id="rows", title="Rows now", align="right"),
        Column(id="before", title="Rows then", align="right"),
        Column(id="trained", title="Learned from", align="right", hint="training examples, scaled from the kept rows"),
        Column(id="money", title=money.capitalize(), align="right", hint=_MONEY),
    )


def _combination(one: Combination, words: Words, *, now: bool) -> Row:
    money = "not known" if one.money is None else words.amount(one.money.value)
    said = "" if one.money is None else words.interval(one.money.low, one.money.high)
    name = items_text(one.items, words)
    return Row(
        id=name,
        cells=(
            Cell(text=name), Cell(text=words.percent(one.share, 1), value=one.share, bar=one.share),
            Cell(text=f"{words.percent(one.low, 1)} to {words.percent(one.high, 1)}"),
            Cell(text=words.count(one.now), value=one.now, tone="neutral" if now else "muted"),
            Cell(text=words.count(one.before), value=one.before, tone="muted" if now else "neutral"),
            Cell(text=words.count(round(one.trained)), value=one.trained, tone="watch" if now and one.trained < 1 else "neutral"),
            Cell(text=money, value=one.money.value if one.money else None, tone="neutral" if one.money else "muted", hint=said),
        ),
    )  # fmt: skip


def _tests(made: Coverage) -> str:
    return (
        f"At least ten times as frequent as in the other period, after false-discovery control (5 %) over {made.tests:,} tests. "
        "A value that is new as a whole is told once, not with every partner."
    )


def _wants(judged: Judgement, made: Coverage, words: Words, asked: TableRequest | None) -> Table:
    columns = (
        Column(id="combination", title="Combination"),
        Column(id="share", title="Traffic", align="right", hint="share of the rows now that fall there and in no combination listed before"),
        Column(id="rows", title="Rows", align="right"),
        Column(id="trained", title="Learned from", align="right", hint="training examples, scaled from the kept rows"),
        Column(id="lacking", title="Collect", align="right", hint=f"examples that are lacking to {made.support}"),
        Column(id="worth", title="Worth", align="right", hint="money of the period that these rows would cost less on the curve of loss against support"),
    )  # fmt: skip
    faulty = frozenset(".".join(one.path) for one in judged.faults)
    rows = [_want(one, words, faulty) for one in made.wants]
    worth = "" if not rows or (made.curve is not None and made.curve.is_beyond_chance) else _no_worth(made)
    empty = f"No combination with {FEW_WANTED} rows or more has fewer than {plural(made.support, 'training example')}."
    return table("wants", "What to collect", columns, rows, asked, empty=empty, note=worth, size=10)


def _want(one: Want, words: Words, faulty: frozenset[str]) -> Row:
    """Of a feature with a data fault nothing needs to be collected: it needs repair."""
    broken = ", ".join(item.feature for item in one.items if item.feature in faulty)
    collect = f"repair {broken} instead" if broken else words.count(one.lacking)
    name = items_text(one.items, words)
    worth = "not known" if one.worth is None else words.money(one.worth)
    return Row(
        id=name,
        cells=(
            Cell(text=name), Cell(text=words.percent(one.share, 1), value=one.share, bar=one.share), Cell(text=words.count(one.rows), value=one.rows),
            Cell(text=words.count(round(one.trained)), value=one.trained), Cell(text=collect, value=one.lacking, tone="watch" if broken else "neutral"),
            Cell(text=worth, value=one.worth, tone="muted" if one.worth is None else "neutral"),
        ),
    )  # fmt: skip


def _no_worth(made: Coverage) -> str:
    if made.curve is None:
        return "What they would be worth is not known: the rows have no cost."
    return "What they would be worth is not known: in these rows the loss does not fall with support beyond chance."


# --- over time, against support ----------------------------------------------------------------------------------------------------


def _over_time(judged: Judgement, made: Coverage, past: tuple[PastThin, ...], words: Words) -> TimeSeries:
    """Thin mass of each run against what its own model learned from, beside what those rows show themselves."""
    shares = {one.run: one.thin for one in past} | {judged.run.id: made.thin}
    runs = [run for run in judged.series.runs if run.id in shares]
    now, usual = [], []
    for i, run in enumerate(runs):
        thin, period = shares[run.id], period_text(run, words)
        said = f"{period}: {words.percent(thin.share, 1)} ({words.percent(thin.usual, 1)} among the rows learned from)"
        link = Link(view="insights", run=run.id, anchor="combinations")
        now.append(Point(x=float(i), y=thin.share, text=said, link=link, emphasis=run.id == judged.run.id))
        usual.append(Point(x=float(i), y=thin.usual, text=f"{period}: {words.percent(thin.usual, 1)} among the rows learned from"))
    y = value_axis("Share of rows in thin combinations", [p.y for p in (*now, *usual)], words, kind="percent")
    return TimeSeries(
        title="Thin mass over time", alt="Share of rows in thin combinations: " + "; ".join(p.text for p in now) + ".", x=run_axis(runs, words), y=y,
        lines=(Line(name="now", points=tuple(now)), Line(name="among the rows learned from", points=tuple(usual), role="expected")),
        note=f"Thin: fewer than {plural(made.support, 'training example')}. Each run against what its own model learned from.",
    )  # fmt: skip


def _curve(made: SupportCurve, words: Words) -> Curve:
    """Loss per row against the support of its thinnest combination."""
    points = tuple(
        Point(
            x=_log(one.support), y=one.loss, low=one.low, high=one.high,
            text=f"{words.count(round(one.support))} training examples: {words.amount(one.loss)} per row ({words.interval(one.low, one.high)}), {plural(one.rows, 'row')}",
        )
        for one in made.points
    )  # fmt: skip
    fitted = tuple(Point(x=_log(one.support), y=one.fitted, text=f"fitted: {words.amount(one.fitted)}") for one in made.points)
    relation = "falls with support" if made.is_beyond_chance else "does not fall with support beyond chance"
    marks = (
        (Mark(at=_log(made.enough), text=f"enough: {words.count(round(made.enough))}", kind="threshold"),) if made.is_beyond_chance else ()
    )
    title = "Loss per row against the support of its thinnest combination"
    if made.is_beyond_chance:
        cost = f"{words.money(made.cost.value)} ({words.interval(made.cost.low, made.cost.high)})"
        title = f"Rows with little support cost {cost} more than they would with enough"
    y = value_axis(f"Loss per row ({words.currency})", [v for p in points for v in (p.y, p.low, p.high)], words, kind="money")
    return Curve(
        title=title, alt=f"The loss {relation}: " + "; ".join(p.text for p in points) + ".", x=_support_axis(made, words), y=y,
        lines=(Line(name="rows", points=points), Line(name="falling fit", points=fitted, role="expected")), marks=marks,
        note=f"The loss {relation} (p = {words.number(made.p, 2)}). An association: rows with little support may be dear for other reasons.",
    )  # fmt: skip


def _log(support: float) -> float:
    """Positions of the axis: powers of ten of 1 + support, so that no support has a place."""
    return math.log10(1 + support)


def _support_axis(made: SupportCurve, words: Words) -> Axis:
    high = _log(made.points[-1].support)
    marks = [
        Tick(value=_log(value), text=words.count(value)) for value in (0, 10, 100, 1_000, 10_000, 100_000) if _log(value) <= high + 0.2
    ]
    return Axis(
        label="Training examples of the thinnest combination",
        ticks=tuple(marks),
        low=min(0.0, _log(made.points[0].support)),
        high=high + 0.1,
    )


# --- how it was counted --------------------------------------------------------------------------------------------------------------


def _facts(found: RowFindings, made: Coverage, words: Words) -> Facts:
    sampled = f", about {words.percent(made.base_share)} of its training examples" if made.base_share < 1 else ""
    items = [
        Fact(label="Crossed", value=f"{', '.join(made.features)}: every {WAYS[made.ways]} of {plural(len(made.features), 'feature')}"),
        Fact(label="Rows now", value=found.now_text),
        Fact(label="Rows learned from", value=f"{words.count(made.base_rows)} rows{sampled}: {found.base_text}"),
        Fact(label="Rows then", value=found.before_text or "no reference with rows"),
        Fact(
            label="Covered",
            value=f"{words.count(made.covered)} of {words.count(made.possible)} possible combinations have {plural(made.support, 'training example')} or more",
        ),
    ]
    low, high = wilson(made.unseen, made.rows)
    said = f"{words.percent(made.unseen, 1)} of further rows would hold a combination that these rows never show (Good-Turing; 95 %: "
    items.append(Fact(label="Still unseen", value=f"{said}{words.percent(low, 1)} to {words.percent(high, 1)})"))
    if found.loss_text:
        items.append(Fact(label="No cost per row", value=found.loss_text))
    items += [Fact(label=f"Not crossed: {name}", value=why) for name, why in made.left_out[:8]]
    return Facts(title="How it was counted", items=tuple(items))
