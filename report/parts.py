"""What stands beside what on a page."""

from __future__ import annotations

from collections.abc import Sequence

from model_insights.view import Block, Curve, Distribution, Facts, HeatMap, Paragraph, Scatter, Section, Table


def paired(blocks: Sequence[Block]) -> list[tuple[Block, ...]]:
    """Blocks from top to bottom. Beside a table, two small figures that follow each other share a row."""
    out: list[tuple[Block, ...]] = []
    rest = list(blocks)
    beside = any(isinstance(block, Table) for block in blocks)
    while rest:
        count = 2 if beside and len(rest) > 1 and is_small(rest[0]) and is_small(rest[1]) else 1
        out.append(tuple(rest[:count]))
        rest = rest[count:]
    return out


def is_small(block: Block) -> bool:
    """Whether two of them fit beside each other."""
    if isinstance(block, Distribution):
        return any(bin.low is not None or bin.high is not None for bin in block.bins)
    return isinstance(block, Curve | Scatter) or (isinstance(block, HeatMap) and len(block.columns) <= 5)


def is_wordy(section: Section) -> bool:
    """Whether it can stand in a narrow column."""
    return all(isinstance(block, Facts | Paragraph) for block in section.blocks)
