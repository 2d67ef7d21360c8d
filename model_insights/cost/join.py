"""Joins business tables of one run: rows of its period, one to one at the grain, keys compared as text, with every row that finds no partner.

Keys are compared by their text (7, 7.0 and "7" are the same key; "007" is another), because TFMA, CSV files and databases disagree about
the types of the same column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec
import polars as pl

from model_insights.config import TableSource
from model_insights.cost.currency import at_rate
from model_insights.errors import TableError
from model_insights.noun import Noun
from model_insights.periods import parse_period
from model_insights.slices import AnySlice, SliceKey, SliceValue

TIME = ("span", "period")  # columns of the grain that choose the run's rows
_EMPTY = "\0"  # begins the stand-in for an empty key, which matches nothing
_KEY, _IN, _LATE, REASON = "__key_", "__in_", "__late_", "__reason"
_EXACT = 2.0**53  # whole floats up to here are told as whole numbers


class Keyed(Protocol):
    """What joins tables: a cost rule, or the account of the business result."""

    @property
    def name(self) -> str: ...
    @property
    def grain(self) -> tuple[str, ...]: ...
    @property
    def tables(self) -> tuple[str, ...]: ...


class When(Noun):
    """The run's period as tables know it: the span and label as text, the first day in ISO; "" where not known."""

    span: str = ""
    period: str = ""
    start: str = ""


class Joined(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The tables side by side, one row per key, in the order of the keys.

    `matched` has every table's columns; `rest` the rows that a table lacks (its columns are empty), with the column REASON."""

    matched: pl.DataFrame
    rest: pl.DataFrame
    grain: tuple[str, ...]

    def keys(self, frame: pl.DataFrame, count: int) -> tuple[str, ...]:
        """The keys of the first rows, as text."""
        shown = [column for column in self.grain if column not in TIME] or list(self.grain)
        return tuple(
            ", ".join(_shown(part) for part in row)
            for row in frame.select(_KEY + c if c not in TIME else c for c in shown).head(count).rows()
        )

    def key_rows(self, frame: pl.DataFrame) -> list[tuple[str, ...]]:
        """The keys of all rows as text, without span and period: the same key of two periods is equal."""
        columns = [_KEY + column for column in self.grain if column not in TIME]
        return list(frame.select(columns).rows()) if columns else [()] * frame.height


def join(rule: Keyed, tables: Mapping[str, pl.DataFrame], sources: Mapping[str, TableSource], when: When) -> Joined:
    """The tables of the run, joined at the grain of `rule`. Raises TableError: a key column is missing, a key has several rows, a first
    day of validity is none."""
    keys = [column for column in rule.grain if column not in TIME]
    parts = {name: _part(rule, name, frame, sources.get(name, _NO_SOURCE), when) for name, frame in tables.items()}
    on = [_KEY + column for column in keys] or [_KEY]
    # A key that has rows on other days only is this run's business if another table has it, or if there is no other table.
    known = [part.select(on) for part, _ in parts.values()] + ([late for _, late in parts.values()] if len(parts) == 1 else [])
    base = pl.concat(known).unique()
    for name, (part, late) in parts.items():
        base = base.join(
            part.drop(rule.grain, strict=False).with_columns(pl.lit(value=True).alias(_IN + name)), on=on, how="left", suffix=f"_{name}"
        )
        base = base.join(late.with_columns(pl.lit(value=True).alias(_LATE + name)), on=on, how="left")
    base = base.sort(on).with_columns(_typed(rule, tables, when)).with_columns(_reason(list(parts), on, when).alias(REASON))
    is_matched = pl.col(REASON) == ""
    return Joined(matched=base.filter(is_matched), rest=base.filter(~is_matched), grain=rule.grain)


_NO_SOURCE = TableSource()


def joinable(rule: Keyed, tables: Mapping[str, pl.DataFrame], sources: Mapping[str, TableSource]) -> tuple[str, ...]:
    """The tables that have every key column of the rule."""
    return tuple(name for name, frame in tables.items() if set(_wanted(rule, frame, sources.get(name, _NO_SOURCE))) <= set(frame.columns))


def _wanted(rule: Keyed, frame: pl.DataFrame, source: TableSource) -> tuple[str, ...]:
    """Key columns a table must have; one whose rows are valid from a day on needs neither span nor period."""
    return tuple(c for c in rule.grain if not source.valid_from or c not in TIME or c in frame.columns)


# --- one table -------------------------------------------------------------------------------------------------------------------


def _part(rule: Keyed, name: str, frame: pl.DataFrame, source: TableSource, when: When) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(rows of the run with text keys, unique; keys that have rows, but none valid at the run's first day)."""
    frame = at_rate(name, frame, source, when.start)
    wanted = _wanted(rule, frame, source)
    if missing := [column for column in wanted if column not in frame.columns]:
        raise TableError(
            f"Table {name!r} has no column {', '.join(missing)}, which cost {rule.name!r} joins on. It has {', '.join(frame.columns)}."
        )
    for column, key in (("span", when.span), ("period", when.period)):
        if column in wanted:
            frame = frame.filter(text_key(frame, column) == key)
    keys = [column for column in wanted if column not in TIME]
    frame = frame.with_columns(*[_filled(frame, name, column) for column in keys], *([] if keys else [pl.lit("").alias(_KEY)]))
    on = [_KEY + column for column in keys] or [_KEY]
    every = frame.select(on).unique()
    if source.valid_from:
        frame = _valid(name, frame, source, when, on)
    if doubled := frame.filter(frame.select(on).is_duplicated()).unique(on, maintain_order=True).head(3).select(wanted).rows():
        shown = "; ".join(", ".join(_shown(part) for part in row) for row in doubled)
        same = f", {source.valid_from}" if source.valid_from else ""
        raise TableError(
            f"Table {name!r} has several rows for {shown} ({', '.join(wanted)}{same}). One row per key is needed; correct `grain`."
        )
    return frame, every.join(frame, on=on, how="anti")


def text_key(frame: pl.DataFrame, column: str) -> pl.Expr:
    """The column as text, so that the same key is the same text: whole floats lose their `.0`; text stays as it is."""
    if not frame.schema[column].is_float():
        return pl.col(column).cast(pl.String)
    is_whole = (pl.col(column).round() == pl.col(column)) & (pl.col(column).abs() <= _EXACT)
    return pl.when(is_whole).then(pl.col(column).cast(pl.Int64, strict=False).cast(pl.String)).otherwise(pl.col(column).cast(pl.String))


def _filled(frame: pl.DataFrame, name: str, column: str) -> pl.Expr:
    """The text key; an empty one is filled with what no other row has."""
    own = pl.format(_EMPTY + name + "{}", pl.int_range(pl.len()))
    return pl.coalesce(text_key(frame, column), own).alias(_KEY + column)


def _valid(name: str, frame: pl.DataFrame, source: TableSource, when: When, on: Sequence[str]) -> pl.DataFrame:
    """Of each key the latest row that holds on the first day of the period (as-of join); none where no row does."""
    for column in (source.valid_from, source.valid_to):
        if column and column not in frame.columns:
            raise TableError(f"Table {name!r} has no column {column}, which says since or until when a row holds.")
    if not when.start:
        text = f"Table {name!r} holds from `{source.valid_from}` on, and the first day of this run's period is not known."
        raise TableError(f"{text} Give `period` in [insights].")
    first = _days(name, frame, source.valid_from, last=False)
    holds = frame.with_columns(first.alias("__from")).filter(pl.col("__from") <= when.start)
    if source.valid_to:
        holds = holds.filter(_days(name, holds, source.valid_to, last=True) >= when.start)
    return holds.filter(pl.col("__from") == pl.col("__from").max().over(list(on))).drop("__from")


def _days(name: str, frame: pl.DataFrame, column: str, *, last: bool) -> pl.Series:
    """Days as ISO text: dates, times, or labels such as 2026-W03 (their first or last day); an empty cell is long ago, or far ahead."""
    labels = frame[column].cast(pl.String)
    known: dict[str | None, str] = {None: "9999-12-31" if last else "0001-01-01"}
    for label in labels.unique().drop_nulls():
        found = parse_period(label)
        if found is None:
            raise TableError(f"Table {name!r}, `{column}`: {label!r} is no day. Write it as 2026-01-31.")
        known[label] = ((found[1] or found[0]) if last else found[0]).isoformat()
    return pl.Series("__day", [known[label] for label in labels], dtype=pl.String)


# --- side by side ----------------------------------------------------------------------------------------------------------------


def _typed(rule: Keyed, tables: Mapping[str, pl.DataFrame], when: When) -> list[pl.Expr]:
    """The columns of the grain under their own names: of the type all tables give them, or text."""
    known = {"span": pl.lit(when.span), "period": pl.lit(when.period)}
    made = []
    for column in rule.grain:
        kinds = {frame.schema[column] for frame in tables.values() if column in frame.columns}
        text = known.get(column, pl.col(_KEY + column) if column not in known else pl.lit(""))
        kind = kinds.pop() if len(kinds) == 1 else pl.String()
        made.append((text == "true" if kind == pl.Boolean else text.cast(kind, strict=False)).alias(column))
    return made


def _reason(names: Sequence[str], on: Sequence[str], when: When) -> pl.Expr:
    """Why a row has no partner in some table; "" where it has one in all."""
    parts = [
        pl.when(pl.col(_IN + name).is_not_null())
        .then(pl.lit(None, dtype=pl.String))
        .when(pl.col(_LATE + name).is_not_null())
        .then(pl.lit(f"no row of {name} holds on {when.start}"))
        .otherwise(pl.lit(f"not in {name}"))
        for name in names
    ]
    is_empty = pl.any_horizontal(pl.col(column).str.starts_with(_EMPTY) for column in on)
    found = pl.concat_str(parts, separator=", ", ignore_nulls=True)
    return pl.when(is_empty).then(pl.lit("the key is empty")).otherwise(found)


def _shown(part: object) -> str:
    return "(empty)" if part is None or str(part).startswith(_EMPTY) else str(part)


# --- slices ----------------------------------------------------------------------------------------------------------------------


def slice_text(key: SliceKey) -> tuple[tuple[str, str], ...]:
    """The slice without its types and its order: what two spellings of one slice have in common."""
    return tuple(sorted((column, _value_text(value)) for column, value in key.items))


def _value_text(value: SliceValue) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT else str(value)


def slices_by_text(slices: Iterable[AnySlice]) -> dict[tuple[tuple[str, str], ...], tuple[SliceKey, ...]]:
    """The evaluated slices by their text; two of one text (7 and "7") are both kept, for the caller to refuse."""
    found: dict[tuple[tuple[str, str], ...], tuple[SliceKey, ...]] = {}
    for key in slices:
        if isinstance(key, SliceKey):
            found[slice_text(key)] = (*found.get(slice_text(key), ()), key)
    return found
