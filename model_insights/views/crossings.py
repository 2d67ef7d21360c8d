"""What stored slices say of combinations and costly crossings, where no rows are kept."""

from __future__ import annotations

from collections.abc import Mapping

from model_insights.evidence.crossings import Bound, Crossings, StoredCombination, StoredCost, crossings, stored_costs
from model_insights.judgement import Judgement
from model_insights.view import Block, Cell, Column, Paragraph, Row, Table, TableRequest
from model_insights.views.page import slice_link, table
from model_insights.wording import Words


def stored_blocks(judged: Judgement, words: Words, tables: Mapping[str, TableRequest]) -> tuple[Block, ...]:
    """New and lost crossed slices of the evaluations, and bounds for the columns that nobody crossed."""
    found = crossings(judged.run, judged.reference)
    if isinstance(found, str):
        return (Paragraph(text=found, tone="unknown"),)
    blocks: list[Block] = []
    if found.crossed and found.before_rows:
        blocks += [_combinations("new", found, found.new, words, tables), _combinations("lost", found, found.lost, words, tables)]
    if found.bounds:
        blocks.append(_bounds(found, words, tables.get("bounds")))
    return tuple(blocks)


def _combinations(
    name: str, found: Crossings, listed: tuple[StoredCombination, ...], words: Words, tables: Mapping[str, TableRequest]
) -> Table:
    columns = (
        Column(id="combination", title="Combination"),
        Column(id="share", title="Traffic", align="right", hint="share of the evaluated examples; the interval is Wilson's at 95 %"),
        Column(id="interval", title="Interval", align="right", sortable=False),
        Column(id="rows", title="Examples now", align="right"),
        Column(id="before", title="Examples then", align="right"),
    )
    rows = [
        Row(
            id=one.slice.text, link=slice_link(one.slice) if one.now else None,
            cells=(
                Cell(text=one.slice.text), Cell(text=words.percent(one.share, 1), value=one.share, bar=one.share),
                Cell(text=f"{words.percent(one.low, 1)} to {words.percent(one.high, 1)}"), Cell(text=words.count(one.now), value=one.now),
                Cell(text=words.count(one.before), value=one.before),
            ),
        )
        for one in listed
    ]  # fmt: skip
    crossed = "; ".join(" x ".join(columns) for columns in found.crossed)
    note = f"From the slices that the Evaluator crossed ({crossed}), after false-discovery control (5 %) over {found.tests:,} tests."
    title, verb = ("New combinations", "appeared") if name == "new" else ("Lost combinations", "vanished")
    return table(name, title, columns, rows, tables.get(name), empty=f"No stored crossing {verb} beyond chance.", note=note)


def _bounds(found: Crossings, words: Words, asked: TableRequest | None) -> Table:
    columns = (
        Column(id="columns", title="Not crossed"),
        Column(id="combination", title="Least known"),
        Column(id="low", title="At least", align="right", hint="Fréchet: the two shares less one, at least nothing"),
        Column(id="high", title="At most", align="right", hint="Fréchet: the smaller of the two shares"),
    )
    note = (
        "Without rows, crossings that the Evaluator does not slice by lie between these bounds. Keep predictions or examples to count them."
    )
    rows = [_bound(one, words) for one in found.bounds]
    return table("bounds", "What only bounds are known of", columns, rows, asked, empty="", note=note)


def _bound(one: Bound, words: Words) -> Row:
    return Row(
        id=" x ".join(one.columns),
        cells=(
            Cell(text=" x ".join(one.columns)), Cell(text=one.slice.text), Cell(text=words.percent(one.low, 1), value=one.low),
            Cell(text=words.percent(one.high, 1), value=one.high),
        ),
    )  # fmt: skip


def stored_costs_blocks(judged: Judgement, words: Words, asked: TableRequest | None) -> tuple[Block, ...]:
    """Stored crossings of the priced units by their excess; of an inventory rule the sentence why there are none."""
    if judged.cost is None:
        return ()
    if judged.cost.rule.kind == "inventory":
        text = "A part of a stocking unit has no stock of its own: stored crossings have no cost. Keep the serving model's predictions to search rows."
        return (Paragraph(text=text, tone="muted"),)
    found = stored_costs(judged.run, judged.cost)
    columns = (
        Column(id="slice", title="Slice"),
        Column(id="excess", title="Excess", align="right", hint="cost of the period above what as many cases outside of the slice cost"),
        Column(id="interval", title="Interval", align="right", sortable=False),
        Column(id="cost", title="Cost", align="right"),
        Column(id="n", title="Evaluated", align="right"),
        Column(id="certain", title="Beyond chance", hint="false-discovery control (5 %) over all stored crossings"),
    )
    note = "Crossings that the Evaluator stored, at the prices of their unit; not searched, and priced by the examples that they were chosen by."
    rows = [_stored(one, words) for one in found]
    empty = "The Evaluator stored no crossing of the priced units, or none costs more than the rest."
    return (table("found", "Costliest stored crossings", columns, rows, asked, empty=empty, note=note, size=8),)


def _stored(one: StoredCost, words: Words) -> Row:
    return Row(
        id=one.line.unit.text, link=slice_link(one.line.unit),
        cells=(
            Cell(text=one.line.unit.text), Cell(text=words.change(one.excess.value), value=one.excess.value, tone="bad" if one.is_certain else "neutral"),
            Cell(text=f"{words.amount(one.excess.low)} to {words.amount(one.excess.high)}"),
            Cell(text=words.money(one.line.money.value), value=one.line.money.value),
            Cell(text=words.count(round(one.line.evaluated)), value=one.line.evaluated), Cell(text="yes" if one.is_certain else "no", value=float(one.is_certain)),
        ),
    )  # fmt: skip
