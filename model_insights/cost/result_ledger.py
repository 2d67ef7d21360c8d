"""The exactly additive account of a change of the business result: volume, mix, units sold per case, price, cost per unit.

A Shapley account over five players (methods A6.5), row by row of the tables' grain, so what moved between brands inside a product line is
mix and no price. Rows sum to units and to lines, lines to the change. Up is good here, unlike in the ledger of mistakes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from model_insights.cost.model import Floats
from model_insights.cost.result import ResultRow, RunResult
from model_insights.cost.shapley import shapley_values
from model_insights.noun import Noun
from model_insights.slices import SliceKey

ResultLineId = Literal["volume", "mix", "sold", "price", "costs", "unseen"]
RESULT_LINES: tuple[ResultLineId, ...] = ("volume", "mix", "sold", "price", "costs", "unseen")

_MOST = 1e9  # sales per case, or money per sale: beyond, the one does not come of the other


class ResultChange(Noun):
    """One line of the account: money (up is good), and the part of each unit."""

    id: ResultLineId
    money: float
    by_unit: tuple[tuple[SliceKey, float], ...]


class ResultLedger(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Where the change of the business result came from. The lines sum to after - before within 1e-9 of what was summed."""

    reference_id: str
    run_id: str
    before: float
    after: float
    lines: tuple[ResultChange, ...]
    account: Literal["result"] = "result"

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def by_unit(self) -> tuple[tuple[SliceKey, float], ...]:
        """The whole change of each unit, over all lines."""
        found: dict[SliceKey, list[float]] = {}
        for line in self.lines:
            for unit, money in line.by_unit:
                found.setdefault(unit, []).append(money)
        return tuple((unit, math.fsum(parts)) for unit, parts in found.items())


def result_ledger(before: RunResult, after: RunResult) -> ResultLedger:
    """The account from one period to another. Raises AssertionError when it does not add up: that would be a fault of ours."""
    old, new = ({row.key: row for row in one.rows} for one in (before, after))
    pairs = [(old[key], new[key]) for key in old if key in new and _comparable(old[key], new[key])]
    alone = [(row, sign) for rows, sign in ((before.rows, -1.0), (after.rows, 1.0)) for row in rows if not _is_paired(row, old, new)]
    parts, scale = _shapley(pairs)
    units = [now.unit for _, now in pairs]
    lines = [_line(name, list(zip(units, parts[name].tolist(), strict=True))) for name in RESULT_LINES if name != "unseen"]
    lines.append(_line("unseen", [(row.unit, sign * (row.revenue - row.costs)) for row, sign in alone]))
    made = ResultLedger(reference_id=before.run_id, run_id=after.run_id, before=before.total, after=after.total, lines=tuple(lines))
    _check(made, max(scale, math.fsum(abs(row.revenue) + abs(row.costs) for one in (before, after) for row in one.rows)))
    return made


def _is_paired(row: ResultRow, old: dict[tuple[str, ...], ResultRow], new: dict[tuple[str, ...], ResultRow]) -> bool:
    return row.key in old and row.key in new and _comparable(old[row.key], new[row.key])


def _comparable(old: ResultRow, new: ResultRow) -> bool:
    """Whether both periods' rows are volume x sold per case x money per unit sold; of a unit that sold nothing the other period's prices
    hold. Money without a sale, or a sale without a case, is no such product."""
    return old.unit == new.unit and all(
        _is_of(row.sold, row.volume) and _is_of(abs(row.revenue) + abs(row.costs), row.sold) for row in (old, new)
    )


def _is_of(amount: float, base: float) -> bool:
    return abs(amount) <= _MOST * abs(base)


def _line(name: ResultLineId, parts: Sequence[tuple[SliceKey, float]]) -> ResultChange:
    found: dict[SliceKey, list[float]] = {}
    for unit, money in parts:
        found.setdefault(unit, []).append(money)
    return ResultChange(
        id=name, money=math.fsum(money for _, money in parts), by_unit=tuple((unit, math.fsum(one)) for unit, one in found.items())
    )


def _shapley(pairs: Sequence[tuple[ResultRow, ResultRow]]) -> tuple[dict[str, Floats], float]:
    """Money per row of each line: 32 evaluations, vectorised over rows; and the largest sum that entered."""
    volume = _column(pairs, "volume")
    sold, revenue, costs = _column(pairs, "sold"), _column(pairs, "revenue"), _column(pairs, "costs")
    share = _ratio(volume, np.broadcast_to(volume.sum(axis=1, keepdims=True), volume.shape))
    rate, price, cost = _ratio(sold, volume), _ratio(revenue, sold), _ratio(costs, sold)
    totals = volume.sum(axis=1)
    worth = {
        chosen: totals[chosen[0]] * share[chosen[1]] * rate[chosen[2]] * (price[chosen[3]] - cost[chosen[4]])
        for chosen in itertools.product((0, 1), repeat=5)
    }
    scale = max(float(np.abs(money).sum()) for money in worth.values())
    return dict(zip(RESULT_LINES, shapley_values(worth), strict=False)), scale


def _column(pairs: Sequence[tuple[ResultRow, ResultRow]], name: str) -> Floats:
    """[2, rows]: before and after."""
    return np.array(
        [[getattr(row, name) for row in side] for side in zip(*pairs, strict=True)] if pairs else np.zeros((2, 0)), dtype=np.float64
    )


def _ratio(over: Floats, under: Floats) -> Floats:
    """over / under of either period; where `under` is zero the other period's, and zero where neither has one."""
    known = under != 0
    found = np.divide(over, under, out=np.zeros_like(over), where=known)
    return np.where(known, found, found[::-1])


def _check(made: ResultLedger, scale: float) -> None:
    gap = abs(math.fsum(line.money for line in made.lines) - made.change)
    if gap > 1e-9 * max(1.0, scale):
        raise AssertionError(f"the account of the result of run {made.run_id} misses {gap} of its change")
