"""Brings the columns of a table to few plain types, so that CSV, Parquet and databases give the same table."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Sequence

import polars as pl

_LARGEST = 2**63 - 1


def plain(frame: pl.DataFrame, *, text: Sequence[str] = ()) -> pl.DataFrame:
    """The frame with Int64, Float64, Boolean and String columns; days and times as ISO text; columns named in `text` as text.

    Whole numbers beyond 64 bits are identifiers rather than amounts, and become text. Raises PolarsError for bytes that are no UTF-8."""
    return frame.select(_plain_column(column, as_text=column.name in text) for column in frame.get_columns())


def _plain_column(column: pl.Series, *, as_text: bool) -> pl.Series:
    kind = column.dtype
    if kind in (pl.String, pl.Boolean) and not as_text:
        return column
    if kind.is_decimal():
        kind, column = _without_decimal(column)
    if kind.is_integer():
        return column.cast(pl.Int64) if not as_text and _fits(column) else column.cast(pl.String)
    if kind.is_float() and not as_text:
        return column.cast(pl.Float64)
    if kind == pl.Date:
        return column.dt.strftime("%Y-%m-%d")
    if isinstance(kind, pl.Datetime):
        return pl.Series(column.name, [_moment(one) for one in column], dtype=pl.String)
    if kind == pl.Object or kind.is_nested() or kind == pl.Duration:
        return pl.Series(column.name, [None if one is None else str(one) for one in column.to_list()], dtype=pl.String)
    return column.cast(pl.String)


def _without_decimal(column: pl.Series) -> tuple[pl.DataType, pl.Series]:
    whole = isinstance(column.dtype, pl.Decimal) and column.dtype.scale == 0
    column = column.cast(pl.Int64 if whole else pl.Float64)
    return column.dtype, column


def _fits(column: pl.Series) -> bool:
    low, high = column.min(), column.max()
    return not isinstance(low, int) or not isinstance(high, int) or (low >= -_LARGEST - 1 and high <= _LARGEST)


def _moment(value: dt.datetime | None) -> str | None:
    """ISO text in UTC where a zone is known; a fraction of a second only where there is one."""
    if value is None:
        return None
    return (value.astimezone(dt.timezone.utc) if value.tzinfo is not None else value).isoformat(sep=" ")


def column_of(name: str, values: Sequence[object], *, as_text: bool = False) -> pl.Series:
    """A plain column of what a database driver returned: numbers stay numbers, exact decimals become numbers, the rest becomes text.

    Raises ValueError for bytes that are no UTF-8."""
    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present}
    if not present or as_text:
        return pl.Series(name, [_text(value) for value in values], dtype=pl.String)
    if kinds == {bool}:
        return pl.Series(name, values, dtype=pl.Boolean)
    if all(_is_whole(value) for value in present):
        whole = [None if value is None else int(value) for value in values]  # type: ignore[call-overload]  # int or Decimal
        fits = all(one is None or -_LARGEST - 1 <= one <= _LARGEST for one in whole)
        return pl.Series(name, whole if fits else [_text(one) for one in whole], dtype=pl.Int64 if fits else pl.String)
    if kinds <= {int, float, decimal.Decimal}:
        numbers = [None if value is None else float(value) for value in values]  # type: ignore[arg-type]  # as above
        return pl.Series(name, numbers, dtype=pl.Float64)
    return pl.Series(name, [_text(value) for value in values], dtype=pl.String)


def _is_whole(value: object) -> bool:
    """An int, or a decimal written without places (7, not 7.00), as CSV tells them apart."""
    if isinstance(value, decimal.Decimal):
        exponent = value.as_tuple().exponent
        return isinstance(exponent, int) and exponent >= 0
    return isinstance(value, int) and not isinstance(value, bool)


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return _moment(value)
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
