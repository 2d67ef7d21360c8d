"""Money in another currency becomes money in ours: at a constant rate, or at the rate of the run's first day; never silently."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import polars as pl

from model_insights.config import General, TableSource
from model_insights.errors import TableError
from model_insights.periods import parse_period

_COLUMNS = ("currency", "rate")


class DatedSource(TableSource):
    """A table in another currency whose rate differs by day: (first day in ISO, rate) by rising day, and the table that says so."""

    dated: tuple[tuple[str, float], ...] = ()
    rates_table: str = ""

    def rate_at(self, start: str) -> float | None:
        """The latest rate that holds on the day; None before the first, or where the day is not known."""
        return next((rate for day, rate in reversed(self.dated) if start and day <= start), None)


def sources_of(tables: Mapping[str, TableSource], general: General, rates: pl.DataFrame | None) -> dict[str, TableSource]:
    """The tables of insights.toml, those in a currency of the table of rates with their rates by day.

    Raises TableError: the table of rates lacks a column, a rate is none, a day is none, two rates of one day."""
    by_currency = _dated(general.rates_table, tables[general.rates_table], rates) if rates is not None else {}
    return {
        name: DatedSource(**msgspec.structs.asdict(one), dated=by_currency[one.currency], rates_table=general.rates_table)
        if one.currency != general.currency and one.currency in by_currency
        else one
        for name, one in tables.items()
    }


def _dated(name: str, source: TableSource, frame: pl.DataFrame) -> dict[str, tuple[tuple[str, float], ...]]:
    """By currency its rates by rising day."""
    if lost := [column for column in (*_COLUMNS, source.valid_from) if column not in frame.columns]:
        raise TableError(
            f"Table {name!r}, which insights.rates_table names, has no column {', '.join(lost)}. It has {', '.join(frame.columns)}."
        )
    found: dict[str, dict[str, float]] = {}
    for code, rate, since in frame.select(*_COLUMNS, source.valid_from).iter_rows():
        day = "0001-01-01" if since is None else _day(name, source.valid_from, str(since))
        if not isinstance(rate, (int, float)) or not 0 < rate < float("inf"):
            raise TableError(f"Table {name!r} has the rate {rate!r} of {code} from {since}; give a number above 0.")
        if found.setdefault(str(code), {}).setdefault(day, float(rate)) != float(rate):
            raise TableError(f"Table {name!r} has two rates of {code} from {since}. Keep one.")
    return {code: tuple(sorted(days.items())) for code, days in found.items()}


def _day(name: str, column: str, text: str) -> str:
    found = parse_period(text)
    if found is None:
        raise TableError(f"Table {name!r}, `{column}`: {text!r} is no day. Write it as 2026-01-31.")
    return found[0].isoformat()


def in_currency(name: str, frame: pl.DataFrame, source: TableSource, general: General) -> pl.DataFrame:
    """The table with its money columns in `general.currency`; rates by day wait for a run (`at_rate`).

    Raises TableError: a money column is missing or holds no numbers, no rate is known. `config` has refused foreign tables without money
    columns before."""
    for column in source.money:
        if column not in frame.columns:
            raise TableError(f"Table {name!r} has no column {column}, which `money` names. It has {', '.join(frame.columns)}.")
        filled = frame[column].drop_nulls()
        if len(filled) and not filled.dtype.is_numeric():
            raise TableError(f"Table {name!r}, money column {column} holds {filled[0]!r}, which is no number.")
    if source.currency in ("", general.currency) or isinstance(source, DatedSource):
        return frame
    if source.currency not in general.rates:
        raise TableError(
            f"Table {name!r} is in {source.currency}, and table {general.rates_table!r} has no rate of it: two currencies are not added. "
            f"Add rows of {source.currency}, or a constant rate in [insights.rates]."
        )
    return _converted(frame, source, general.rates[source.currency])


def at_rate(name: str, frame: pl.DataFrame, source: TableSource, start: str) -> pl.DataFrame:
    """The table as a run whose period begins on `start` (ISO) sees it. Raises TableError where no rate holds on that day."""
    if not isinstance(source, DatedSource):
        return frame
    rate = source.rate_at(start)
    if rate is None:
        when = f"on {start}, the first day of this run's period" if start else "for a run whose first day is not known"
        raise TableError(
            f"Table {name!r} is in {source.currency}, and table {source.rates_table!r} has no rate of it {when}; its first is from "
            f"{source.dated[0][0]}. Add an earlier rate."
        )
    return _converted(frame, source, rate)


def _converted(frame: pl.DataFrame, source: TableSource, rate: float) -> pl.DataFrame:
    return frame.with_columns(pl.col(column).cast(pl.Float64) * rate for column in source.money)
