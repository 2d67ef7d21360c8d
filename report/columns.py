"""How wide the columns of a table become: worked out from its words, so that a layout engine need not look at every row again on every page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from model_insights.view import Cell, Table
from report.measure import lines_of, measure

PAD = 3.0  # millimetres before a cell
HEAD_SIZE = 7.5
_SIGN = 4.2  # the sign of a state before its word
_SHORT = 14  # letters that never break
_HEADROOM = 1.02  # what another font draws may be a little wider


def cell_size(table: Table) -> float:
    """Points of the letters in the cells, as the style sheet sets them; the appendix sets them smaller."""
    return 8.0 if len(table.columns) > 6 else 8.5


@lru_cache(maxsize=256)
def widths(table: Table, size: float, room: float) -> tuple[float, ...]:
    """Millimetres of every column, together `room`; what does not fit breaks where it is longest. `size`: points of the cells."""
    count = len(table.columns)
    space = room - PAD * (count - 1)
    sizes = [
        _sizes([row.cells[i] for row in table.rows], table.columns[i].title, size, right=table.columns[i].align == "right")
        for i in range(count)
    ]
    least, natural = [low for low, _ in sizes], [high for _, high in sizes]
    if sum(natural) <= space:
        inner = _stretched(natural, space)
    elif sum(least) <= space:
        inner = _between(least, natural, space)
    else:
        inner = _capped(least, space)
    return tuple(width + (PAD if i else 0.0) for i, width in enumerate(inner))


def rows_high(table: Table, size: float, room: float) -> tuple[int, ...]:
    """Lines of the head and of every row."""
    inner = [width - (PAD if i else 0.0) for i, width in enumerate(widths(table, size, room))]
    head = max((lines_of(column.title, width, HEAD_SIZE) for column, width in zip(table.columns, inner, strict=True)), default=1)
    return head, *(
        max((_cell_lines(cell, width, size, row.emphasis) for cell, width in zip(row.cells, inner, strict=True)), default=1)
        for row in table.rows
    )


def _cell_lines(cell: Cell, width: float, size: float, heavy: bool) -> int:
    return lines_of(cell.text, width - (_SIGN if cell.state else 0.0), size, 600 if heavy or cell.state or cell.tone == "bad" else 400)


def _sizes(cells: Sequence[Cell], title: str, size: float, *, right: bool) -> tuple[float, float]:
    """(the longest that must not break, the longest line)."""
    least = max((measure(word, HEAD_SIZE) for word in title.split(" ")), default=0.0)
    natural = measure(title, HEAD_SIZE) if len(title) <= _SHORT else least
    for text, signed in {(_tabular(cell.text) if right else cell.text, bool(cell.state)) for cell in cells}:
        sign = _SIGN if signed else 0.0
        whole = measure(text, size, 600) * _HEADROOM + sign
        natural = max(natural, whole)
        least = max(
            least, whole if len(text) <= _SHORT else max((measure(word, size, 600) for word in text.split(" ")), default=0.0) + sign
        )
    return least + 0.3, natural + 0.3


def _tabular(text: str) -> str:
    """Right-aligned figures are all as wide as a 0."""
    return text.replace("1", "0")


def _stretched(natural: Sequence[float], space: float) -> list[float]:
    """All that is left goes to the columns in proportion, so that numbers keep their places from page to page."""
    scale = space / (sum(natural) or 1.0)
    return [width * scale for width in natural]


def _between(least: Sequence[float], natural: Sequence[float], space: float) -> list[float]:
    wish = [high - low for low, high in zip(least, natural, strict=True)]
    share = (space - sum(least)) / (sum(wish) or 1.0)
    return [low + more * share for low, more in zip(least, wish, strict=True)]


def _capped(least: Sequence[float], space: float) -> list[float]:
    """The widest columns give way first: none is wider than a cap under which all fit."""
    rest, left = space, sorted(least)
    while left and left[0] * len(left) <= rest:
        rest -= left.pop(0)
    cap = rest / len(left) if left else space
    return [min(width, cap) for width in least]
