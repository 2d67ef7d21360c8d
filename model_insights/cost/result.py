"""The business result of a period: revenue and contribution margin from the business tables, row by row of their grain.

This is the second account. It holds what customers no longer bought; the cost of mistakes (cost.account) holds what wrong predictions
made dearer. The same euro may stand in both, so the two are never added: see cost.adding.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec
import polars as pl

from model_insights.config import Expression, ResultRule, TableSource
from model_insights.cost.join import REASON, Joined, When, join, joinable
from model_insights.cost.units import SHOWN_KEYS, Unmatched, expression, selected, slice_value
from model_insights.errors import TableError
from model_insights.noun import Noun
from model_insights.slices import SliceKey

_PARTS = ("volume", "sold", "revenue", "costs")
_COLUMN = "__result_"


class ResultRow(Noun):
    """One key of the grain: cases, units sold, money that came in, variable costs."""

    key: tuple[str, ...]
    unit: SliceKey
    volume: float
    sold: float
    revenue: float
    costs: float


class ResultLine(Noun):
    """The rows of one unit, summed."""

    unit: SliceKey
    volume: float
    sold: float
    revenue: float
    costs: float

    @property
    def money(self) -> float:
        return self.revenue - self.costs


class RunResult(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The result of one run's period, booked: no sample, so no interval. Rows sum to lines, lines to the total.

    `unmatched`: rows of the tables that have no partner or no value, which are not in the total."""

    run_id: str
    rule: ResultRule
    rows: tuple[ResultRow, ...]
    unmatched: tuple[Unmatched, ...] = ()
    account: Literal["result"] = "result"

    @property
    def revenue(self) -> float:
        return math.fsum(row.revenue for row in self.rows)

    @property
    def total(self) -> float:
        return math.fsum(row.revenue for row in self.rows) - math.fsum(row.costs for row in self.rows)

    @property
    def lines(self) -> tuple[ResultLine, ...]:
        """Per unit, in the order of the rows."""
        groups: dict[SliceKey, list[ResultRow]] = {}
        for row in self.rows:
            groups.setdefault(row.unit, []).append(row)
        return tuple(
            ResultLine(unit=unit, **{part: math.fsum(getattr(row, part) for row in rows) for part in _PARTS})
            for unit, rows in groups.items()
        )


def run_result(
    run_id: str, rule: ResultRule, tables: Mapping[str, pl.DataFrame], when: When, sources: Mapping[str, TableSource] | None = None
) -> RunResult:
    """The result of the run with this span, period and first day.

    Raises TableError: a fan-out (with its keys), a missing key column, a bad expression, a negative volume, no row of the period."""
    try:
        return _run_result(run_id, rule, tables, when, sources or {})
    except TableError as error:
        named = str(error).replace(f"Cost {rule.name!r}", "[result]").replace(f"cost {rule.name!r}", "[result]")
        raise TableError(named) from error


def _run_result(
    run_id: str, rule: ResultRule, tables: Mapping[str, pl.DataFrame], when: When, sources: Mapping[str, TableSource]
) -> RunResult:
    frames = {name: tables[name] for name in rule.tables or joinable(rule, tables, sources) if name in tables}
    if not frames:
        raise TableError(f"[result]: no table has the columns {', '.join(rule.grain)}. Name tables in insights.toml that do.")
    joined = join(rule, frames, sources, when)
    computed = selected(rule, joined.matched, [expression(rule, part, text).alias(_COLUMN + part) for part, text in _wanted(rule).items()])
    _refuse_negative(rule, joined, computed)
    known = pl.all_horizontal(pl.col(_COLUMN + part).is_finite().fill_null(value=False) for part in _PARTS)
    lost = computed.filter(~known).with_columns(pl.lit("no value for volume, sold, revenue or costs").alias(REASON))
    made = computed.filter(known)
    unmatched = (*_told(joined, joined.rest), *_told(joined, lost))
    if not made.height:
        raise TableError(f"[result]: the business tables have no row with a value for {_period(when)}.")
    return RunResult(run_id=run_id, rule=rule, rows=tuple(_rows(rule, joined, made)), unmatched=unmatched)


def _wanted(rule: ResultRule) -> dict[str, Expression]:
    return {
        "volume": rule.volume,
        "sold": rule.volume if rule.sold is None else rule.sold,
        "revenue": rule.revenue,
        "costs": rule.costs or 0.0,
    }


def _rows(rule: ResultRule, joined: Joined, frame: pl.DataFrame) -> Iterable[ResultRow]:
    keys = joined.key_rows(frame)
    units = frame.select(rule.unit).rows() if rule.unit else [()] * frame.height
    parts = frame.select(_COLUMN + part for part in _PARTS).rows()
    for key, unit, values in zip(keys, units, parts, strict=True):
        named = SliceKey(items=tuple(zip(rule.unit, map(slice_value, unit), strict=True)))
        yield ResultRow(key=key, unit=named, **dict(zip(_PARTS, values, strict=True)))


def _refuse_negative(rule: ResultRule, joined: Joined, computed: pl.DataFrame) -> None:
    if (wrong := computed.filter(pl.col(_COLUMN + "volume") < 0)).height:
        keys = "; ".join(joined.keys(wrong, 3))
        raise TableError(f"[result], `volume`: {rule.volume!r} is negative for {keys}. Correct the table or the expression.")


def _told(joined: Joined, frame: pl.DataFrame) -> Sequence[Unmatched]:
    groups = [(str(reason), group) for (reason,), group in frame.group_by(REASON, maintain_order=True)]
    return [Unmatched(reason=reason, rows=group.height, keys=joined.keys(group, SHOWN_KEYS), volume=None) for reason, group in groups]


def _period(when: When) -> str:
    return " and ".join(f"{name} {value}" for name, value in (("span", when.span), ("period", when.period)) if value) or "this run"
