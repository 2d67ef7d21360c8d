"""Joins business tables into unit values per stocking unit: what a case is worth, how many there were.

Rows are joined one to one at the declared grain (a fan-out is an error with its keys), then rolled up to the unit of the slices:
volume and events add up, values are weighted by volume.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from model_insights.config import CostRule, Expression
from model_insights.errors import TableError
from model_insights.noun import Noun
from model_insights.slices import SliceKey, SliceValue


class UnitRow(Noun):
    """One stocking unit in one period.

    `volume` in cases, `events` in realised positives (None: the tables do not say); `values` in the order of
    CostRule.prices."""

    unit: SliceKey
    volume: float | None
    events: float | None
    values: tuple[float, ...]


class UnitTable(Noun):
    """The units of one period and how well the tables covered them."""

    rows: tuple[UnitRow, ...]
    joined: int  # rows matched at the grain
    unmatched: tuple[str, ...] = ()  # keys that one table has and another has not, as text

    def row(self, unit: SliceKey) -> UnitRow | None:
        return next((one for one in self.rows if one.unit == unit), None)


def value_names(rule: CostRule) -> tuple[str, ...]:
    """The unit values of the rule's kind, in the order of UnitRow.values."""
    return tuple(rule.prices)


def unit_table(rule: CostRule, tables: Mapping[str, pl.DataFrame], *, span: str, period: str) -> UnitTable:
    """Unit values of the run with this span and period label. Raises TableError with the keys of a fan-out or a bad expression."""
    if not rule.grain:
        return UnitTable(rows=(_constant_row(rule),), joined=0)
    named = rule.tables or tuple(name for name, frame in tables.items() if set(rule.grain) <= set(frame.columns))
    frames = [(name, _of_run(tables[name], rule, span=span, period=period, name=name)) for name in named if name in tables]
    if not frames:
        raise TableError(f"Cost {rule.name!r}: no table has the columns {', '.join(rule.grain)}. Name tables in insights.toml that do.")
    joined, unmatched = _join(rule, frames)
    return UnitTable(rows=_roll_up(rule, joined), joined=joined.height, unmatched=unmatched)


def _constant_row(rule: CostRule) -> UnitRow:
    try:
        values = tuple(float(_default(price)) for price in rule.prices.values())
    except ValueError as error:
        raise TableError(f"Cost {rule.name!r} has no grain, so its values must be numbers, not expressions. Declare `grain`.") from error
    return UnitRow(unit=SliceKey(), volume=None, events=None, values=values)


def _default(expression: Expression | None) -> Expression:
    return 0.0 if expression is None else expression


def _of_run(frame: pl.DataFrame, rule: CostRule, *, span: str, period: str, name: str) -> pl.DataFrame:
    """Rows of this run's period, checked to be unique at the grain."""
    missing = [column for column in rule.grain if column not in frame.columns]
    if missing:
        raise TableError(
            f"Table {name!r} has no column {', '.join(missing)}, which cost {rule.name!r} joins on. It has {', '.join(frame.columns)}."
        )
    for column, key in (("span", span), ("period", period)):
        if column in rule.grain:
            frame = frame.filter(pl.col(column).cast(pl.String) == key)
    keys = frame.select(rule.grain)
    if doubled := keys.filter(keys.is_duplicated()).unique(maintain_order=True).head(3).rows():
        shown = "; ".join(", ".join(str(part) for part in row) for row in doubled)
        raise TableError(
            f"Table {name!r} has several rows for {shown} ({', '.join(rule.grain)}). One row per key is needed; correct `grain`."
        )
    return frame


def _join(rule: CostRule, frames: list[tuple[str, pl.DataFrame]]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    joined, unmatched = frames[0][1], []
    for name, frame in frames[1:]:
        for left, right, lacking in ((joined, frame, name), (frame, joined, frames[0][0])):
            rows = left.join(right, on=list(rule.grain), how="anti").select(rule.grain).rows()
            unmatched += [f"{', '.join(str(part) for part in row)} (not in {lacking})" for row in rows]
        joined = joined.join(frame, on=list(rule.grain), how="inner", suffix=f"_{name}", maintain_order="left")
    return joined, tuple(unmatched)


def _roll_up(rule: CostRule, frame: pl.DataFrame) -> tuple[UnitRow, ...]:
    """Sums of volume and events per unit; values weighted by volume."""
    columns = {"volume": rule.volume, "events": rule.demand, **rule.prices}
    try:
        computed = frame.select(
            *[pl.col(column).alias(f"unit_{i}") for i, column in enumerate(rule.unit)],
            *[_expression(rule, name, text).alias(name) for name, text in columns.items() if text is not None],
        )
    except pl.exceptions.PolarsError as error:
        have = ", ".join(frame.columns)
        raise TableError(f"Cost {rule.name!r} cannot be computed: {str(error).splitlines()[0]}. The joined tables have {have}.") from error
    rows = []
    for key, group in (
        computed.group_by([f"unit_{i}" for i in range(len(rule.unit))], maintain_order=True) if rule.unit else [((), computed)]
    ):
        volume = float(group["volume"].sum())
        weights = group["volume"] / volume if volume else pl.Series([1.0 / group.height] * group.height)
        rows.append(
            UnitRow(
                unit=SliceKey(items=tuple(zip(rule.unit, map(_slice_value, key), strict=False))),
                volume=volume,
                events=float(group["events"].sum()) if rule.demand is not None else None,
                values=tuple(float((group[name] * weights).sum()) for name in value_names(rule)),
            )
        )
    return tuple(rows)


def _slice_value(value: object) -> SliceValue:
    return value if isinstance(value, (int, float, str)) else str(value)


def _expression(rule: CostRule, name: str, text: Expression) -> pl.Expr:
    if not isinstance(text, str):
        return pl.lit(float(text))
    try:
        return pl.sql_expr(text).cast(pl.Float64)
    except pl.exceptions.PolarsError as error:
        raise TableError(f"Cost {rule.name!r}, `{name}`: {text!r} is no expression of Polars' SQL ({error}).") from error
