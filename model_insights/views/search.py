"""The costliest slices that a search over the rows found: for the model corner and for the cost page."""

from __future__ import annotations

from collections.abc import Mapping

from model_insights.cost.join import slice_text, slices_by_text
from model_insights.evidence.combinations import Item
from model_insights.evidence.findings import RowFindings, items_text
from model_insights.evidence.search import CRITICAL_LEVEL, SMALL_EFFECT, CriticalSlice, FoundSlice, SliceSearch
from model_insights.history import evaluation_of
from model_insights.judgement import Judgement
from model_insights.slices import SliceKey
from model_insights.view import Block, Cell, Column, Fact, Facts, Link, Paragraph, RangePlot, RangeRow, Row, Section, Table, TableRequest
from model_insights.views.crossings import stored_costs_blocks
from model_insights.views.page import slice_link, table, value_axis
from model_insights.wording import Words, money_value, plural

TITLE = "Costliest slices found by search"


def section(judged: Judgement, found: RowFindings, words: Words, tables: Mapping[str, TableRequest]) -> Section:
    """The cost page's section, with how it was searched."""
    if isinstance(found.slices, str):
        text = f"No slices were searched: {found.slices.rstrip('.')}."
        blocks = (Paragraph(text=text, tone="unknown"), *stored_costs_blocks(judged, words, tables.get("found")))
        return Section(id="search", title="Costly slices cannot be searched row by row", lead=text, blocks=blocks)
    made = found.slices
    parts: list[Block] = [_ranges(judged, made, words)] if made.slices else []
    parts.append(_table(judged, made, words, tables.get("found")))
    if made.critical:
        parts.append(_critical(made, words, tables.get("critical")))
    parts.append(_facts(judged, found, made, words))
    return Section(id="search", title=_title(made, words), lead=_lead(made, words), blocks=tuple(parts))


def corner_table(judged: Judgement, found: RowFindings, words: Words, tables: Mapping[str, TableRequest]) -> Table | None:
    """The model corner's table; None where nothing could be searched."""
    return None if isinstance(found.slices, str) else _table(judged, found.slices, words, tables.get("found"))


def _title(made: SliceSearch, words: Words) -> str:
    certain = [one for one in made.slices if one.is_certain]
    if not certain:
        return f"No slice of {plural(made.tried, 'slice')} costs more than the rest beyond chance"
    top = certain[0]
    return f"{items_text(top.items, words)} costs {words.money(top.excess.value)} more than as many ordinary rows"


def _lead(made: SliceSearch, words: Words) -> str:
    certain = sum(one.is_certain for one in made.slices)
    return (
        f"{plural(made.tried, 'slice')} of up to {plural(made.depth, 'predicate')} were tried on one half of {words.count(made.rows)} rows; "
        f"{len(made.slices)} stood out, and {certain} of them on the other half too, on which their money is estimated."
    )


def _ranges(judged: Judgement, made: SliceSearch, words: Words) -> RangePlot:
    rows = tuple(
        RangeRow(
            label=items_text(one.items, words), value=money_value(words, one.excess), low=one.excess.low, high=one.excess.high, link=_link(judged, one.items)
        )
        for one in made.slices
    )  # fmt: skip
    axis = value_axis(
        f"Excess over ordinary rows ({words.currency})", [v for r in rows for v in (r.value.value, r.low, r.high)], words, kind="money"
    )
    alt = "Excess money per slice: " + "; ".join(f"{row.label} {row.value.text} ({row.value.interval_text})" for row in rows) + "."
    return RangePlot(title="Excess of the slices found, with 95 % intervals", alt=alt, axis=axis, rows=rows, guide=0.0)


def _table(judged: Judgement, made: SliceSearch, words: Words, asked: TableRequest | None) -> Table:
    columns = (
        Column(id="slice", title="Slice"),
        Column(id="excess", title="Excess", align="right", hint="money of the period above what as many rows in none of these slices cost; no row counts twice"),
        Column(id="interval", title="Interval", align="right", sortable=False, hint="95 %, from the half of the rows that had no part in the search"),
        Column(id="share", title="Traffic", align="right", hint="share of the rows"),
        Column(id="loss", title="Cost per row", align="right"),
        Column(id="ordinary", title="Elsewhere", align="right", hint="cost per row in none of the slices found"),
        Column(id="before", title="Then", align="right", hint="cost per row of the same slice in the reference"),
        Column(id="certain", title="Beyond chance", hint="false-discovery control (5 %) over the slices found, on the second half"),
    )  # fmt: skip
    rows = [_row(judged, one, words) for one in made.slices]
    empty = f"None of {plural(made.tried, 'slice')} costs more than the rest beyond chance."
    return table("found", TITLE, columns, rows, asked, empty=empty, note=_how(made, words), size=8)


def _row(judged: Judgement, one: FoundSlice, words: Words) -> Row:
    name = items_text(one.items, words)
    word = "no" if not one.is_certain else "yes, small effect" if one.effect < SMALL_EFFECT else "yes"
    hint = f"effect size {words.number(one.effect, 2)} (Cohen's d), p = {words.number(one.p, 2)}, {plural(one.rows, 'row')}"
    return Row(
        id=name, link=_link(judged, one.items),
        cells=(
            Cell(text=name), Cell(text=words.change(one.excess.value), value=one.excess.value, tone="bad" if one.is_certain else "neutral"),
            Cell(text=f"{words.amount(one.excess.low)} to {words.amount(one.excess.high)}"), Cell(text=words.percent(one.share, 1), value=one.share),
            Cell(text=words.amount(one.loss), value=one.loss), Cell(text=words.amount(one.ordinary), value=one.ordinary),
            Cell(text="not known" if one.before is None else words.amount(one.before), value=one.before, tone="muted" if one.before is None else "neutral"),
            Cell(text=word, value=float(one.is_certain), hint=hint),
        ),
    )  # fmt: skip


def _how(made: SliceSearch, words: Words) -> str:
    return (
        f"Found on one half of the rows, money from the other; slices of at least {plural(made.least_rows, 'row')} of the half; "
        "each row counts in the first slice that has it."
    )


def _critical(made: SliceSearch, words: Words, asked: TableRequest | None) -> Table:
    counted = any(one.costly is not None for one in made.critical)
    columns = (
        Column(id="slice", title="Declared critical"),
        Column(id="rows", title="Rows", align="right"),
        *((_COSTLY, _MOST) if counted else ()),
        Column(id="money", title="Cost", align="right"),
        Column(id="interval", title="Interval", align="right", sortable=False, hint=f"{words.percent(CRITICAL_LEVEL)}; declared slices are no search"),
    )  # fmt: skip
    rows = [_critical_row(one, words, counted=counted) for one in made.critical]
    return table("critical", "Slices declared critical, row by row", columns, rows, asked, empty="", size=8)


_COSTLY = Column(id="costly", title="Costly rows", align="right")
_MOST = Column(
    id="most", title="At most", align="right", hint="share of costly rows that is still possible (95 %; without any, three in n)"
)


def _critical_row(one: CriticalSlice, words: Words, *, counted: bool) -> Row:
    money = one.money
    counts = (
        Cell(text="" if one.costly is None else words.count(one.costly), value=one.costly),
        Cell(text="" if one.most is None else words.percent(one.most, 1), value=one.most),
    )
    return Row(
        id=one.text,
        cells=(
            Cell(text=one.text), Cell(text=words.count(one.rows), value=one.rows), *(counts if counted else ()),
            Cell(text=words.amount(money.value) if money else one.reason, value=money.value if money else None, tone="neutral" if money else "muted"),
            Cell(text=f"{words.amount(money.low)} to {words.amount(money.high)}" if money else ""),
        ),
    )  # fmt: skip


def _facts(judged: Judgement, found: RowFindings, made: SliceSearch, words: Words) -> Facts:
    items = [
        Fact(label="Rows", value=f"{found.now_text}; {words.count(made.rows)} have a cost"),
        Fact(label="Features", value=", ".join(made.features)),
    ]
    if judged.cost is not None:
        account = (
            f"{words.amount(made.money)} on these rows, scaled to the period; the account says {words.amount(judged.cost.total.value)}"
        )
        items.append(Fact(label="Cost of mistakes", value=account))
    if judged.cost is not None and judged.cost.rule.kind == "inventory":
        side = "a row's part of its unit's gap, at the price of the side (over or short) that the unit is on; rows of one unit cancel as they do on the shelf"
        items.append(Fact(label="Cost of a row", value=side))
    items.append(
        Fact(
            label="Search", value="excess less three standard errors of as many ordinary rows, losses cut at their 0.1 and 99.9 % quantiles"
        )
    )
    return Facts(title="How it was searched", items=tuple(items))


def _link(judged: Judgement, items: tuple[Item, ...]) -> Link | None:
    """To the slice's page, where the evaluation has a slice of these values."""
    evaluation = evaluation_of(judged.run)
    if evaluation is None or any(one.level.kind != "value" for one in items):
        return None
    wanted = SliceKey(items=tuple((one.feature, one.level.value) for one in items))
    known = slices_by_text(evaluation.slices).get(slice_text(wanted), ())
    return slice_link(known[0]) if known else None
