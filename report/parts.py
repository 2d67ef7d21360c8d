"""What stands beside what on a page."""

from __future__ import annotations

from collections.abc import Sequence

from model_insights.view import Block, Curve, Distribution, Facts, HeatMap, Paragraph, Scatter, Section, Table, TimeSeries


def paired(blocks: Sequence[Block]) -> list[tuple[Block, ...]]:
    """Blocks from top to bottom. Beside a table, or where there are many, two small figures that follow each other share a row."""
    out: list[tuple[Block, ...]] = []
    rest, series = list(blocks), sum(isinstance(block, TimeSeries) for block in blocks) > 2
    beside = any(isinstance(block, Table) for block in blocks) or sum(map(is_small, blocks)) > 2
    while rest:
        both = len(rest) > 1 and all(is_small(block) or (series and isinstance(block, TimeSeries)) for block in rest[:2])
        count = 2 if both and (beside or series) else 1
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


def sentence(words: str) -> str:
    """The words with a capital at the start, where a piece of a sentence stands alone."""
    return words[:1].upper() + words[1:]
