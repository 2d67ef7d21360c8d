"""Every table of the pages as CSV: one line per cell, with the words of the tab and the number behind them in full."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from model_insights.view import Table, View

_HEAD = ("page", "section", "table", "row", "column", "text", "value")


def as_csv(views: Sequence[View]) -> bytes:
    """RFC 4180 in UTF-8. `value` is empty where a cell is words only; a text that a spreadsheet would run as a formula gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEAD)
    writer.writerows(_cells(views))
    return out.getvalue().encode()


def _cells(views: Sequence[View]) -> Iterator[tuple[str, ...]]:
    for view in views:
        for section in view.sections:
            for table in (block for block in section.blocks if isinstance(block, Table)):
                for row in table.rows:
                    for column, cell in zip(table.columns, row.cells, strict=True):
                        where = (view.view, section.id, table.id, _word(row.id), column.title)
                        yield (*where, _word(cell.text), "" if cell.value is None else repr(float(cell.value)))


def _word(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
