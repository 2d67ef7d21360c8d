"""Money in another currency becomes money in ours, at the rates that insights.toml gives; never silently."""

from __future__ import annotations

import polars as pl

from model_insights.config import General, TableSource
from model_insights.errors import TableError


def in_currency(name: str, frame: pl.DataFrame, source: TableSource, general: General) -> pl.DataFrame:
    """The table with its money columns in `general.currency`. Raises TableError for a money column that is missing or holds no numbers.

    `config` has refused a foreign table without a rate or without money columns before."""
    for column in source.money:
        if column not in frame.columns:
            raise TableError(f"Table {name!r} has no column {column}, which `money` names. It has {', '.join(frame.columns)}.")
        filled = frame[column].drop_nulls()
        if len(filled) and not filled.dtype.is_numeric():
            raise TableError(f"Table {name!r}, money column {column} holds {filled[0]!r}, which is no number.")
    if source.currency in ("", general.currency):
        return frame
    return frame.with_columns(pl.col(column).cast(pl.Float64) * general.rates[source.currency] for column in source.money)
