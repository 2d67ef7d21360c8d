"""Money row by row: predictions joined with business tables, priced by an expression, summed per unit (methods A7.2, "from examples").

Rows are folded chunk by chunk into counts, means and squares (Chan's parallel variance), so a period of any length needs little memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
import polars as pl

from model_insights.config import CostRule, Expression, TableSource
from model_insights.cost.join import TIME, When, join, joinable, slice_text, text_key
from model_insights.cost.model import Cells
from model_insights.cost.rates import Gap, Priced
from model_insights.cost.units import UnitTable
from model_insights.errors import TableError
from model_insights.noun import Noun
from model_insights.slices import SliceKey, SliceValue
from model_insights.sql_text import expression_fault

DECISION = "decision"
MONEY, _LOST, _KEY = "__money", "__lost_", "__key_"
# Aggregates and windows as Polars shows them: over a chunk of rows they would mean something else than over all.
_OVER_ROWS = re.compile(r"\.(mean|sum|min|max|first|last|median|std|var|count|n_unique|quantile|rank|over|shift|len|cum_\w+)\(|\blen\(\)")
MISSING = "(none)"  # unit of the rows that have no value of a unit's column


class UnitAmounts(Noun):
    """The rows of one unit: all of them, those with a price, the mean and variance (over n) of their money."""

    unit: SliceKey
    rows: int
    priced: int
    mean: float
    variance: float


class Amounts(Noun):
    """Money of one model's predictions of one period. `unmatched`: rows without a partner, by table."""

    units: tuple[UnitAmounts, ...]
    unmatched: tuple[tuple[str, int], ...] = ()

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.units)


class RowPlan(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A rule made ready for the rows of one run: the tables' rows of its period, and the expressions."""

    rule: CostRule
    tables: Mapping[str, pl.DataFrame]  # one row per key, the keys as text
    on: tuple[str, ...]

    def features(self, seen: Sequence[str]) -> tuple[str, ...] | None:
        """Features of the examples to decode, of columns seen in the first rows; None: all (a column was not seen yet)."""
        needed = self.needed
        known = {column for table in self.tables.values() for column in table.columns}
        if any(column not in seen and column not in known for column in needed):
            return None
        return tuple(sorted(column for column in needed if column in seen and not column.startswith("prediction")))

    @property
    def needed(self) -> frozenset[str]:
        """Columns that the rule speaks of."""
        texts = [self.rule.decision, self.rule.cost, *(getattr(self.rule, name) for name in ("tp", "fp", "tn", "fn"))]
        roots = {root for text in texts if isinstance(text, str) and text for root in _sql(self.rule, text).meta.root_names()}
        label = {self.rule.label} if self.rule.label else set()
        return frozenset((roots | label | set(self.on) | set(self.rule.unit)) - {DECISION})


def row_plan(rule: CostRule, tables: Mapping[str, pl.DataFrame], when: When, sources: Mapping[str, TableSource] | None = None) -> RowPlan:
    """The plan of a run. Raises TableError: a table has no key column or several rows for a key, an expression is none."""
    asked = msgspec.structs.replace(rule, grain=rule.keys)
    if unread := [name for name in rule.tables if name not in tables]:
        raise TableError(f"Cost {rule.name!r}: table {unread[0]!r} was not read.")
    named = (rule.tables or joinable(asked, tables, sources or {})) if rule.keys else ()
    if rule.keys and not named:
        raise TableError(f"Cost {rule.name!r}: no table has the key columns {', '.join(rule.keys)}. Name tables in insights.toml that do.")
    found = {name: _of_run(asked, name, tables[name], when, sources or {}) for name in named}
    plan = RowPlan(rule=rule, tables=found, on=tuple(key for key in rule.keys if key not in TIME))
    plan.needed  # noqa: B018  # a text that is no expression is said before a row is read
    return plan


def _of_run(rule: CostRule, name: str, frame: pl.DataFrame, when: When, sources: Mapping[str, TableSource]) -> pl.DataFrame:
    """The table's rows of the run, one per key, with the keys as text beside the other columns."""
    try:
        rows = join(rule, {name: frame}, sources, when).matched
    except TableError as error:
        raise TableError(str(error).replace("correct `grain`", "correct `keys`")) from error
    keys = [_KEY + key for key in rule.grain if key not in TIME]
    return rows.select(*keys, *(column for column in rows.columns if column not in rule.grain and not column.startswith("__")))


def chunk_sums(plan: RowPlan, rows: pl.DataFrame) -> pl.DataFrame:
    """Per unit: rows, priced rows, mean and sum of squares of their money, rows without a partner by table. Raises TableError."""
    money = priced_rows(plan, rows)
    unit = [f"unit_{i}" for i in range(len(plan.rule.unit))]
    value = pl.col(MONEY)
    sums = [
        pl.len().alias("rows"), value.count().alias("priced"), value.mean().alias("mean"),
        (value.var(ddof=0) * value.count()).alias("squares"),
        *(pl.col(_LOST + name).sum().alias(_LOST + name) for name in plan.tables),
    ]  # fmt: skip
    return money.group_by(unit, maintain_order=True).agg(sums) if unit else money.select(sums)


def priced_rows(plan: RowPlan, rows: pl.DataFrame) -> pl.DataFrame:
    """Columns unit_<i>, the row's money (null: no price), and for each table whether the row lacks a partner. Raises TableError."""
    rule = plan.rule
    frame = rows.with_columns(column for name in plan.tables for column in _partners(plan, rows, name)).lazy()
    try:
        if rule.decision:
            frame = frame.with_columns(_sql(rule, rule.decision).cast(pl.Boolean).alias(DECISION))
        money = pl.when(_complete(plan)).then(_money(rule).cast(pl.Float64))
        return frame.select(
            *(pl.col(column).alias(f"unit_{i}") for i, column in enumerate(rule.unit)),
            pl.when(money.is_finite()).then(money).alias(MONEY),
            *(pl.col(_LOST + name) for name in plan.tables),
        ).collect()
    except pl.exceptions.PolarsError as error:
        have = ", ".join(dict.fromkeys((*rows.columns, *(column for table in plan.tables.values() for column in table.columns))))
        raise TableError(f"Cost {rule.name!r} cannot be computed: {str(error).splitlines()[0]}. The rows have {have}.") from error


def _complete(plan: RowPlan) -> pl.Expr:
    """Rows that have a partner in every table, a decision and a label. Of the others only mistakes would lack a price: they would look cheap."""
    known = [pl.col(_LOST + name).not_() for name in plan.tables]
    known += [pl.col(DECISION).is_not_null()] if plan.rule.decision else []
    known += [pl.col(plan.rule.label).is_not_null()] if plan.rule.label else []
    return pl.all_horizontal(known) if known else pl.lit(value=True)


def _partners(plan: RowPlan, rows: pl.DataFrame, name: str) -> list[pl.Series]:
    """The columns of a table that the rule speaks of, row by row, and whether a row lacks a partner. Raises TableError.

    A column that rows have already gets the table's name behind. An unordered join finds the places and the values are gathered: keeping
    the order in the join costs three times as much, and without order the last digits of sums would differ from time to time."""
    table = plan.tables[name]
    if lacking := [key for key in plan.on if key not in rows.columns]:
        raise TableError(
            f"Cost {plan.rule.name!r} joins rows on {', '.join(plan.on)}, and they have no {', '.join(lacking)}. "
            f"The rows have {', '.join(rows.columns)}."
        )
    at = _places(rows, table, plan.on)
    new = {column: f"{column}_{name}" if column in rows.columns else column for column in table.columns if not column.startswith("__")}
    found = [table[column].gather(at).alias(shown) for column, shown in new.items() if shown in plan.needed]
    return [*found, at.is_null().alias(_LOST + name)]


def _places(rows: pl.DataFrame, table: pl.DataFrame, on: tuple[str, ...]) -> pl.Series:
    """For each row the number of its partner in the table, by the text of the keys; null where it has none."""
    if not on:
        return pl.Series([0 if table.height else None], dtype=pl.Int64).new_from_index(0, rows.height)
    keys = [_KEY + key for key in on]
    left = rows.lazy().select(text_key(rows, key).alias(alias) for key, alias in zip(on, keys, strict=True)).with_row_index("__row")
    pairs = left.join(table.lazy().select(keys).with_row_index("__at"), on=keys, how="inner").select("__row", "__at").collect()
    at = np.full(rows.height, -1, dtype=np.int64)
    at[pairs["__row"].to_numpy()] = pairs["__at"].to_numpy()
    found = pl.Series(at)
    return found.set(found < 0, None)


def _money(rule: CostRule) -> pl.Expr:
    """The row's money: `cost`, or the value of its outcome by decision and label."""
    if rule.cost is not None:
        return _sql(rule, rule.cost)
    decided, label = pl.col(DECISION), pl.col(rule.label).cast(pl.Float64)
    tp, fp, tn, fn = (_sql(rule, getattr(rule, name)).cast(pl.Float64) for name in ("tp", "fp", "tn", "fn"))
    of_positive, of_negative = pl.when(decided).then(tp).otherwise(fn), pl.when(decided).then(fp).otherwise(tn)
    return pl.when(label > 0.5).then(of_positive).otherwise(of_negative)


def _sql(rule: CostRule, text: Expression) -> pl.Expr:
    if not isinstance(text, str):
        return pl.lit(float(text))
    if fault := expression_fault(text):
        raise TableError(f"Cost {rule.name!r}: {text!r} {fault}. Only expressions over columns are computed.")
    try:
        found = pl.sql_expr(text)
    except pl.exceptions.PolarsError as error:
        raise TableError(f"Cost {rule.name!r}: {text!r} is no expression of Polars' SQL ({error}).") from error
    if _OVER_ROWS.search(str(found)):
        raise TableError(f"Cost {rule.name!r}: {text!r} looks at several rows at once; the money of a row must follow from that row.")
    return found


def combined(plan: RowPlan, parts: Iterable[pl.DataFrame]) -> Amounts:
    """The amounts of a period from those of its chunks, units in the order of their text."""
    known: dict[SliceKey, tuple[int, int, float, float]] = {}
    lost = dict.fromkeys(plan.tables, 0)
    for part in parts:
        for row in part.iter_rows(named=True):
            unit = SliceKey(items=tuple((column, slice_value(row[f"unit_{i}"])) for i, column in enumerate(plan.rule.unit)))
            new = (row["rows"], row["priced"], row["mean"] or 0.0, row["squares"] or 0.0)
            known[unit] = _added(known.get(unit, (0, 0, 0.0, 0.0)), new)
            for name in lost:
                lost[name] += int(row[_LOST + name])
    units = (
        UnitAmounts(unit=unit, rows=rows, priced=n, mean=mean, variance=squares / n if n else 0.0)
        for unit, (rows, n, mean, squares) in sorted(known.items(), key=lambda pair: pair[0].text)
    )
    return Amounts(units=tuple(units), unmatched=tuple((name, count) for name, count in lost.items() if count))


def _added(one: tuple[int, int, float, float], two: tuple[int, int, float, float]) -> tuple[int, int, float, float]:
    """Rows, priced rows, mean and sum of squares of both parts together (Chan, Golub and LeVeque)."""
    n = one[1] + two[1]
    if not n:
        return one[0] + two[0], 0, 0.0, 0.0
    step = two[2] - one[2]
    return one[0] + two[0], n, one[2] + step * two[1] / n, one[3] + two[3] + step**2 * one[1] * two[1] / n


def slice_value(value: object) -> SliceValue:
    """A column's value as slices have it; rows without one stand apart."""
    if value is None:
        return MISSING
    return value if isinstance(value, (int, float, str)) else str(value)


def amount_cells(rule: CostRule, amounts: Amounts, table: UnitTable | None) -> Priced:
    """Cells of the rows; the volume of `table` (None: the rows themselves), of which the priced share is priced and the rest a gap."""
    kept, gaps = [], []
    known = {slice_text(row.unit): row for row in table.rows} if table is not None else {}
    for one in amounts.units:
        row = known.get(slice_text(one.unit))
        volume = float(row.volume) if row is not None and row.volume is not None else float(one.rows)
        if table is not None and row is None:
            gaps.append(Gap(unit=one.unit, reason="the business tables have no row for it", volume=volume))
            continue
        share = one.priced / one.rows
        if one.priced:
            kept.append((one if row is None else msgspec.structs.replace(one, unit=row.unit), volume * share))
        if one.priced < one.rows:
            gaps.append(Gap(unit=one.unit, reason=_unpriced(one, amounts), volume=volume * (1 - share)))
    if table is not None:
        seen = {slice_text(one.unit) for one in amounts.units}
        gaps += [
            Gap(unit=row.unit, reason="no row was predicted", volume=row.volume) for row in table.rows if slice_text(row.unit) not in seen
        ]
    cells = Cells(
        kind="amounts", units=tuple(one.unit for one, _ in kept), volume=np.array([volume for _, volume in kept]), values=np.ones((len(kept), 1)),
        rates=np.array([[one.mean] for one, _ in kept]).reshape(len(kept), 1), spread=np.sqrt([one.variance for one, _ in kept]),
        n=np.array([float(one.priced) for one, _ in kept]), realised=False,
    )  # fmt: skip
    return Priced(cells=cells if kept else None, gaps=tuple(gaps))


def _unpriced(one: UnitAmounts, amounts: Amounts) -> str:
    tables = (
        f" (without a partner, of all rows: {', '.join(f'{n:,} in {name}' for name, n in amounts.unmatched)})" if amounts.unmatched else ""
    )
    return f"{one.rows - one.priced:,} of {one.rows:,} rows have no price: partner, label or a value is missing{tables}"
