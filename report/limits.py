"""How much of a block fits a page, and the words for what was left out."""

from __future__ import annotations

import re

from msgspec.structs import replace

from model_insights.noun import Noun
from model_insights.view import Bars, Block, Curve, Distribution, Facts, HeatMap, LineageGraph, Paragraph, RangePlot, Table

MOST_COLUMNS = 7  # a table with more leaves out what says nothing
_SENTENCE = re.compile(r"(?<=[.!?]) +")


class Limit(Noun):
    """How much a sheet shows: rows of a table or figure, figures, facts, sections; and whether it is set closer, with lower charts."""

    rows: int
    figures: int
    facts: int
    sections: int = 9
    close: bool = True


# From what usually fits a page to what always does: rows go first, then whole sections from the end, then figures.
LIMITS = (
    Limit(rows=12, figures=4, facts=14, close=False),
    *(Limit(rows=rows, figures=4, facts=14) for rows in (12, 9, 7, 5)),
    *(Limit(rows=rows, figures=3, facts=12) for rows in (7, 5)),
    *(Limit(rows=rows, figures=3, facts=10, sections=3) for rows in (9, 7, 5, 4)),
    *(Limit(rows=rows, figures=2, facts=8, sections=3) for rows in (7, 5, 4, 3)),
    *(Limit(rows=rows, figures=2, facts=8, sections=2) for rows in (7, 5, 4, 3)),
    *(Limit(rows=rows, figures=1, facts=6, sections=2) for rows in (6, 4, 3)),
    *(Limit(rows=rows, figures=1, facts=5, sections=1) for rows in (8, 6, 4, 3)),
    Limit(rows=4, figures=0, facts=5, sections=1),
    Limit(rows=2, figures=0, facts=2, sections=1),
)
# The last page keeps its facts: they are what it is for.
GROUNDS = (
    Limit(rows=8, figures=2, facts=24, close=False),
    *(Limit(rows=rows, figures=1, facts=24) for rows in (8, 5, 3)),
    *(Limit(rows=rows, figures=1, facts=24, sections=4) for rows in (8, 5, 3)),
    Limit(rows=3, figures=0, facts=24, sections=4),
    *(Limit(rows=3, figures=0, facts=facts, sections=3) for facts in (24, 18)),
    *(Limit(rows=3, figures=0, facts=facts, sections=2) for facts in (24, 18, 14, 10, 8, 5, 2)),
)


def ladder(kind: str) -> tuple[Limit, ...]:
    """The limits of a kind of sheet, each tried in turn."""
    return GROUNDS if kind == "how" else LIMITS


def cut_blocks(blocks: tuple[Block, ...], limit: Limit, figures: int) -> tuple[tuple[Block, ...], int]:
    """The blocks that fit, and how many figures may still follow. What is left out is said."""
    kept: list[Block] = []
    dropped = []
    for block in blocks:
        if isinstance(block, Table | Facts | Paragraph):
            kept.append(cut(block, limit))
            kept.extend(_hidden_facts(block, limit))
        elif figures > 0:
            figures -= 1
            kept.append(cut(block, limit))
        else:
            dropped.append(block.title)
    if dropped:
        kept.append(Paragraph(text=f"More in the tab: {'; '.join(dropped)}.", tone="muted"))
    return tuple(kept), figures


def _hidden_facts(block: Block, limit: Limit) -> list[Block]:
    hidden = len(block.items) - limit.facts if isinstance(block, Facts) else 0
    return [Paragraph(text=_and_more("", hidden, "fact"), tone="muted")] if hidden > 0 else []


def cut(block: Block, limit: Limit) -> Block:
    """The block with at most the limit's rows, and a word on how many more there are."""
    rows = limit.rows
    if isinstance(block, Curve) and block.draggable:
        return replace(block, note=" ".join(sentence for sentence in _SENTENCE.split(block.note) if not sentence.startswith("Drag ")))
    if isinstance(block, Facts):
        return replace(block, items=block.items[: limit.facts])
    if isinstance(block, Table):
        shown = replace(block, rows=block.rows[:rows], note=_and_more(block.note, block.total - len(block.rows[:rows]), "row"))
        return _without_zeros(shown)
    if isinstance(block, Bars):
        return replace(block, bars=block.bars[:rows], note=_and_more(block.note, len(block.bars) - rows, "bar"))
    if isinstance(block, RangePlot):
        return replace(block, rows=block.rows[:rows], note=_and_more(block.note, len(block.rows) - rows, "row"))
    if isinstance(block, Distribution) and all(bin.low is None and bin.high is None for bin in block.bins):
        return replace(block, bins=block.bins[:rows], note=_and_more(block.note, len(block.bins) - rows, "value"))
    if isinstance(block, HeatMap):
        return _cut_heat_map(block, rows, columns=8)
    if isinstance(block, LineageGraph):
        nodes = tuple(node for node in block.nodes if node.row < rows)
        return replace(block, nodes=nodes, note=_and_more(block.note, len(block.nodes) - len(nodes), "artifact"))
    return block


def _without_zeros(table: Table) -> Table:
    """A wide table without the columns that hold nothing but zeros; which they are is said."""
    if len(table.columns) <= MOST_COLUMNS:
        return table
    empty = {i for i in range(1, len(table.columns)) if table.rows and all(row.cells[i].value == 0 for row in table.rows)}
    if not empty:
        return table
    kept = [i for i in range(len(table.columns)) if i not in empty]
    rows = tuple(replace(row, cells=tuple(row.cells[i] for i in kept)) for row in table.rows)
    names = ", ".join(table.columns[i].title.lower() for i in sorted(empty))
    return replace(
        table, columns=tuple(table.columns[i] for i in kept), rows=rows, note=f"{table.note} Zero in every row: {names}.".strip()
    )


def _cut_heat_map(block: HeatMap, rows: int, columns: int) -> HeatMap:
    cells = tuple(cell for cell in block.cells if cell.row < rows and cell.column < columns)
    note = _and_more(block.note, len(block.cells) - len(cells), "cell")
    return replace(block, rows=block.rows[:rows], columns=block.columns[:columns], cells=cells, note=note)


def _and_more(note: str, hidden: int, what: str) -> str:
    return note if hidden <= 0 else f"{note} And {hidden:,} more {what}{'s' if hidden > 1 else ''} in the tab.".strip()
