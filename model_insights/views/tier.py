"""What the account rests on: its tier, where the model step was taken, how comparable the rows were, what would part it further."""

from __future__ import annotations

from collections.abc import Mapping

from model_insights.attribution.notes import Order, Ranking, RowNotes
from model_insights.ledger import Ledger
from model_insights.view import Block, Cell, Column, Fact, Row, Section, TableRequest
from model_insights.views.page import table
from model_insights.wording import Words, plural

_ORDER: dict[Order, str] = {
    "earlier data": "on the reference data; the new model had seen that period, so it looks better there than it is",
    "later data": "on this period's data, which neither model had seen",
    "both": "the mean over both periods' data, which the new model had not seen",
    "same model": "none: the same model served in both periods",
}
_POOR, _SEPARABLE = 0.2, 0.95  # effective share below which, and ROC area above which, the rows are said to be hardly comparable


def tier_facts(ledger: Ledger, words: Words) -> list[Fact]:
    """Facts about how the ledger came to be, for "How we know"."""
    if ledger.rows is None:
        known = "known from the Evaluator's baseline" if ledger.model_known else "not stored: merged into the rates"
        facts = [
            Fact(label="Tier", value=f"{ledger.tier}: slice aggregates; the serving model on the reference data is {known}"),
            Fact(label="Model step", value=_ORDER["earlier data"]),
        ]
        return [*facts, *([Fact(label="No rows compared", value=ledger.rows_reason)] if ledger.rows_reason else [])]
    return [
        Fact(label="Tier", value=f"{ledger.tier}: {_TIERS[ledger.tier]}"),
        Fact(label="Model step", value=_ORDER[ledger.rows.order]),
        *_row_facts(ledger.rows, words),
    ]


_TIERS = {
    "T2": "slice aggregates, parted by rows with the predictions that the pipeline kept",
    "T3": "slice aggregates, parted by rows that the models were asked about again",
}


def _row_facts(rows: RowNotes, words: Words) -> list[Fact]:
    told = rows.overlap
    poor = told.effective < _POOR or told.separability > _SEPARABLE
    overlap = (
        f"{words.percent(told.effective)} effective rows after reweighting, largest weight {words.percent(told.largest_weight, 1)}; "
        f"the periods can be told apart with ROC area {words.number(told.separability, 2)}{': hardly comparable' if poor else ''}"
    )
    facts = [
        Fact(label="Rows compared", value=f"{words.count(told.rows[0])} and {words.count(told.rows[1])}"),
        Fact(label="Overlap of the rows", value=overlap),
        Fact(
            label="Outcome model",
            value=f"largest mean residual by tenth of its predictions: {words.number(told.miscalibration, 2)} standard errors",
        ),
    ]
    if rows.faults:
        how = (
            "put into clean rows and scored by the model"
            if rows.quality == "re-scored"
            else "adjusted, not re-scored: scores of like rows that have it"
        )
        facts.append(Fact(label="Data faults measured", value=f"{', '.join(rows.faults)}: {how}"))
    if rows.overlap_units:
        facts.append(Fact(label="Compared on the overlap only", value=f"{plural(rows.overlap_units, 'slice')} of {rows.units}"))
    if rows.merged:
        facts.append(Fact(label="Not parted", value=f"{plural(rows.merged, 'slice')} of {rows.units}: too few rows, or no overlap"))
    return facts


# --- what rows tell besides money ----------------------------------------------------------------------------------------------------

_PARTS = {"model": "Model change", "inputs": "Inputs moved", "outcomes": "Outcomes of like cases"}


def rows_sections(ledger: Ledger | None, words: Words, tables: Mapping[str, TableRequest]) -> tuple[Section, ...]:
    """What rows tell besides money; nothing where no rows were compared."""
    rows = ledger.rows if ledger is not None else None
    if rows is None:
        return ()
    blocks = [_leaf_table(rows, words, tables.get("leaves")), _input_table(rows, words, tables.get("moved_inputs"))]
    if rows.ranking is not None:
        blocks.append(_ranking_table(rows.ranking, words, tables.get("ranking")))
    title = f"What {plural(sum(rows.overlap.rows), 'row')} tell besides money"
    return (Section(id="rows", title=title, blocks=tuple(blocks)),)


def _leaf_table(rows: RowNotes, words: Words, asked: TableRequest | None) -> Block:
    columns = (
        Column(id="where", title="Rows"),
        Column(id="count", title="Number", align="right"),
        Column(id="excess", title="Outcome beyond what the reference lets expect", align="right"),
        Column(id="interval", title="Interval", sortable=False),
    )
    made = [
        Row(
            id=" and ".join(one.where), cells=(
                Cell(text=" and ".join(one.where) or "all rows"), Cell(text=words.count(one.rows), value=float(one.rows)),
                Cell(text=words.signed(one.excess), value=one.excess), Cell(text=words.interval(one.low, one.high, money=False)),
            ),
        )
        for one in rows.leaves
    ]  # fmt: skip
    note = "Found on one half of the rows, measured on the other. Like rows of the reference period, same model; no money."
    return table("leaves", "Where outcomes left what they were", columns, made, asked, empty="No group of rows stands out.", note=note)


def _input_table(rows: RowNotes, words: Words, asked: TableRequest | None) -> Block:
    columns = (Column(id="input", title="Input"), Column(id="change", title="Change of the mean prediction", align="right"))
    made = [
        Row(
            id=one.name or "interplay",
            cells=(Cell(text=one.name or "interplay of inputs"), Cell(text=words.signed(one.change), value=one.change)),
        )
        for one in rows.moved
    ]
    note = "By a linear stand-in of the model; the parts sum to the whole change of the rows compared. No money."
    return table("moved_inputs", "Which inputs moved the predictions", columns, made, asked, empty="Too few rows.", note=note)


def _ranking_table(ranking: Ranking, words: Words, asked: TableRequest | None) -> Block:
    columns = (
        Column(id="part", title="Part"),
        Column(id="change", title="Change of AUC", align="right"),
        Column(id="interval", title="Interval", sortable=False),
    )
    made = [
        Row(
            id=one.name, cells=(
                Cell(text=_PARTS[one.name]), Cell(text=words.signed(one.change), value=one.change), Cell(text=words.interval(one.low, one.high, money=False)),
            ),
        )
        for one in ranking.parts
    ]  # fmt: skip
    title = f"Another measure, no money: AUC from {words.number(ranking.before)} to {words.number(ranking.after)}"
    note = "AUC is not additive over slices, so it has no place in the account; reweighted rows, Shapley, bootstrap intervals."
    return table("ranking", title, columns, made, asked, empty="", note=note)
