"""Joins business tables into unit values per stocking unit: what a case is worth, how many there were.

Rows are joined one to one at the declared grain (a fan-out is an error with its keys), then rolled up to the unit of the slices:
volume and events add up, values are weighted by volume. A row that has no partner or no value is kept apart and told, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import polars as pl

from model_insights.config import CostRule, Expression, TableSource
from model_insights.cost.join import REASON, Joined, Keyed, When, join, joinable, slice_text, slices_by_text
from model_insights.errors import TableError
from model_insights.noun import Noun
from model_insights.slices import AnySlice, SliceKey, SliceValue
from model_insights.sql_text import expression_fault

SHOWN_KEYS = 10


class UnitRow(Noun):
    """One stocking unit in one period.

    `volume` in cases, `events` in realised positives (None: the tables do not say); `values` in the order of
    CostRule.prices."""

    unit: SliceKey
    volume: float | None
    events: float | None
    values: tuple[float, ...]


class Unmatched(Noun):
    """Rows of the business tables that have no price, for one reason."""

    reason: str  # "not in prices"
    rows: int
    keys: tuple[str, ...]  # the first of them
    volume: float | None  # cases in these rows as far as the tables tell; None: no row tells


class UnitTable(Noun):
    """The units of one period and how well the tables covered them."""

    rows: tuple[UnitRow, ...]
    joined: int  # rows matched at the grain, with every value
    unmatched: tuple[Unmatched, ...] = ()

    def row(self, unit: SliceKey) -> UnitRow | None:
        return next((one for one in self.rows if one.unit == unit), None)


def value_names(rule: CostRule) -> tuple[str, ...]:
    """The unit values of the rule's kind, in the order of UnitRow.values."""
    return tuple(rule.prices)


def unit_table(
    rule: CostRule,
    tables: Mapping[str, pl.DataFrame],
    *,
    span: str,
    period: str,
    start: str = "",
    sources: Mapping[str, TableSource] | None = None,
) -> UnitTable:
    """Unit values of the run with this span, period label and first day (ISO); `sources` tell since when rows of a table hold.

    Raises TableError: a fan-out (with its keys), a missing key column, a bad expression, a negative volume."""
    if not rule.grain:
        return UnitTable(rows=(_constant_row(rule),), joined=0)
    known = sources or {}
    frames = {name: tables[name] for name in rule.tables or joinable(rule, tables, known) if name in tables}
    if not frames:
        raise TableError(f"Cost {rule.name!r}: no table has the columns {', '.join(rule.grain)}. Name tables in insights.toml that do.")
    joined = join(rule, frames, known, When(span=span, period=period, start=start))
    computed = _computed(rule, joined.matched)
    _refuse_negative(rule, joined, computed)
    lacking = _lacking(rule)
    priced = computed.filter(lacking == "")
    unpriced = computed.filter(lacking != "").with_columns(lacking.alias(REASON))
    unmatched = (*_told(joined, _volumes(rule, joined.rest)), *_told(joined, unpriced))
    return UnitTable(rows=_roll_up(rule, priced), joined=priced.height, unmatched=unmatched)


def _constant_row(rule: CostRule) -> UnitRow:
    try:
        values = tuple(float(_default(price)) for price in rule.prices.values())
    except ValueError as error:
        raise TableError(f"Cost {rule.name!r} has no grain, so its values must be numbers, not expressions. Declare `grain`.") from error
    return UnitRow(unit=SliceKey(), volume=None, events=None, values=values)


def _default(expression: Expression | None) -> Expression:
    return 0.0 if expression is None else expression


# --- expressions -----------------------------------------------------------------------------------------------------------------

_VOLUME, _EVENTS, _VALUE, _UNIT = "__volume", "__events", "__value_", "__unit_"


def _expressions(rule: CostRule) -> dict[str, tuple[str, Expression | None]]:
    """Column -> (key of insights.toml, expression). A volume of 0 means that the evaluation counts the cases."""
    return {
        _VOLUME: ("volume", rule.volume if rule.volume != 0 else None),
        _EVENTS: ("demand", rule.demand),
        **{f"{_VALUE}{i}": pair for i, pair in enumerate(rule.prices.items())},
    }


def _computed(rule: CostRule, frame: pl.DataFrame) -> pl.DataFrame:
    """The matched rows with volume, events, values and unit as columns of their own."""
    wanted = {column: pair for column, pair in _expressions(rule).items() if pair[1] is not None}
    return selected(
        rule,
        frame,
        [
            *[expression(rule, name, text).alias(column) for column, (name, text) in wanted.items() if text is not None],
            *[pl.col(column).alias(f"{_UNIT}{i}") for i, column in enumerate(rule.unit)],
            *[pl.lit(None, dtype=pl.Float64).alias(column) for column in (_VOLUME, _EVENTS) if column not in wanted],
        ],
    )


def _volumes(rule: CostRule, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows without a partner, with their volume where their own table tells it."""
    text = rule.volume if rule.volume != 0 else None
    volume = pl.lit(None, dtype=pl.Float64) if text is None else expression(rule, "volume", text)
    return selected(rule, frame, [volume.alias(_VOLUME)]).with_columns(_finite(_VOLUME))


def selected(rule: Keyed, frame: pl.DataFrame, columns: Sequence[pl.Expr]) -> pl.DataFrame:
    try:
        return frame.with_columns(columns)
    except pl.exceptions.PolarsError as error:
        have = ", ".join(column for column in frame.columns if not column.startswith("__"))
        raise TableError(
            f"Cost {rule.name!r} cannot be computed: {_plain(str(error))}. The joined tables have {have}. Correct the expression or the table."
        ) from error


def _plain(error: str) -> str:
    """What Polars says, for who does not know Polars."""
    first = error.splitlines()[0].split("; valid columns")[0]
    found = re.search(r"conversion from `\w+` to `f64` failed in column '([^']*)'.*?: \[(.*?)[,\]]", first)
    return f"column {found[1]} holds {found[2]}, which is no number" if found else first


def expression(rule: Keyed, name: str, text: Expression) -> pl.Expr:
    """Polars' SQL expression over columns: it has no function that reads or writes, and nothing is ever evaluated as Python."""
    if not isinstance(text, str):
        return pl.lit(float(text))
    if fault := expression_fault(text):
        raise TableError(f"Cost {rule.name!r}, `{name}`: {text!r} {fault}. Only expressions over the tables' columns are computed.")
    try:
        return pl.sql_expr(text).cast(pl.Float64)
    except pl.exceptions.PolarsError as error:
        raise TableError(f"Cost {rule.name!r}, `{name}`: {text!r} is no expression of Polars' SQL ({error}).") from error


def _finite(column: str) -> pl.Expr:
    return pl.when(pl.col(column).is_finite()).then(pl.col(column)).alias(column)


# --- rows that cannot be priced --------------------------------------------------------------------------------------------------


def _lacking(rule: CostRule) -> pl.Expr:
    """The first expression without a finite value, as a reason; "" for none."""
    found = pl.lit("")
    for column, (name, text) in reversed(_expressions(rule).items()):
        if text is not None:
            found = pl.when(pl.col(column).is_finite().fill_null(value=False)).then(found).otherwise(pl.lit(f"no value for {name}"))
    return found


def _refuse_negative(rule: CostRule, joined: Joined, computed: pl.DataFrame) -> None:
    for column, name, what in ((_VOLUME, "volume", rule.volume), (_EVENTS, "demand", rule.demand)):
        if (wrong := computed.filter(pl.col(column) < 0)).height:
            keys = "; ".join(joined.keys(wrong, 3))
            raise TableError(f"Cost {rule.name!r}, `{name}`: {what!r} is negative for {keys}. Correct the table or the expression.")


def _told(joined: Joined, frame: pl.DataFrame) -> tuple[Unmatched, ...]:
    """The rows by their REASON, most rows first."""
    groups = [(str(reason), group) for (reason,), group in frame.group_by(REASON, maintain_order=True)]
    return tuple(
        Unmatched(reason=reason, rows=group.height, keys=joined.keys(group, SHOWN_KEYS), volume=_sum(group[_VOLUME]))
        for reason, group in sorted(groups, key=lambda pair: -pair[1].height)
    )


def _sum(column: pl.Series) -> float | None:
    """The sum of the known values; None where none is known."""
    known = column.filter(column.is_finite().fill_null(value=False))
    return float(known.sum()) if len(known) else None


# --- rows to units ---------------------------------------------------------------------------------------------------------------


def _roll_up(rule: CostRule, frame: pl.DataFrame) -> tuple[UnitRow, ...]:
    """Sums of volume and events per unit; values weighted by volume."""
    units = [f"{_UNIT}{i}" for i in range(len(rule.unit))]
    groups = frame.group_by(units, maintain_order=True) if units else ([((), frame)] if frame.height else [])
    return tuple(_unit_row(rule, key, group) for key, group in groups)


def _unit_row(rule: CostRule, key: Sequence[object], group: pl.DataFrame) -> UnitRow:
    volume = float(group[_VOLUME].sum()) if rule.volume != 0 else None
    weights = group[_VOLUME] / volume if volume else pl.Series([1.0 / group.height] * group.height)
    return UnitRow(
        unit=SliceKey(items=tuple(zip(rule.unit, map(slice_value, key), strict=True))),
        volume=volume,
        events=float(group[_EVENTS].sum()) if rule.demand is not None else None,
        values=tuple(float((group[f"{_VALUE}{i}"] * weights).sum()) for i in range(len(rule.prices))),
    )


def slice_value(value: object) -> SliceValue:
    return value if isinstance(value, (int, float, str)) else str(value)


def aligned(rule: CostRule, table: UnitTable, slices: Iterable[AnySlice]) -> UnitTable:
    """The table with every unit named as the evaluation names the slice of the same text (7 for "7"), in the evaluation's column order.

    Raises TableError when the evaluation has two slices of one text, so that no one could tell which is meant."""
    known = slices_by_text(slices)
    rows = []
    for row in table.rows:
        found = known.get(slice_text(row.unit), (row.unit,))
        if len(found) > 1:
            raise TableError(
                f"Cost {rule.name!r}: the evaluation has several slices that read {row.unit.text}, one of text and one of numbers. "
                f"Evaluate {', '.join(rule.unit)} with one type."
            )
        rows.append(msgspec.structs.replace(row, unit=found[0]))
    return msgspec.structs.replace(table, rows=tuple(rows))
