"""The one place where money of several sources is added: it refuses what would count a euro twice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from model_insights.config import CostRule, rules_fault
from model_insights.cost.account import CostLine, Money, RunCost
from model_insights.cost.model import Cells, Floats
from model_insights.cost.rates import Gap
from model_insights.errors import AccountError
from model_insights.slices import SliceKey

ALL_RULES = CostRule(name="all rules", kind="amounts")  # of a sum: its rates are the money per case


class Booked(Protocol):
    """Money of one run: which account it is of, and which run's."""

    @property
    def account(self) -> str: ...
    @property
    def run_id(self) -> str: ...


def check_addable(parts: Sequence[Booked]) -> None:
    """Raises AccountError for money of two accounts or of two periods."""
    if len({part.account for part in parts}) > 1:
        raise AccountError(
            "The cost of mistakes and the business result are two accounts and never added: the same euro may stand in both. "
            "Read them side by side."
        )
    if len({part.run_id for part in parts}) > 1:
        raise AccountError("Costs of different periods are not one period's cost. Add costs of one run.")


def added(parts: Sequence[RunCost], currency: str = "") -> RunCost:
    """The cost of one run over several rules: the total is the sum of theirs, units of the same name are one unit.

    The rules rest on the same examples, so their errors are taken to go together: the interval is the widest it can be.
    Raises AccountError for what must not be added."""
    check_addable(parts)
    if fault := rules_fault([part.rule for part in parts], currency):
        raise AccountError(fault)
    lines = _lines(parts)
    draws = together([part.draws for part in parts])
    total = Money(**{name: math.fsum(getattr(part.total, name) for part in parts) for name in ("value", "low", "high")})
    gaps = tuple(Gap(unit=gap.unit, reason=f"{part.rule.name}: {gap.reason}", volume=gap.volume) for part in parts for gap in part.gaps)
    return RunCost(
        run_id=parts[0].run_id, rule=ALL_RULES, model=parts[0].model, cells=_cells(lines), lines=lines, total=total,
        draws=draws, gaps=gaps, noise_floor=math.fsum(part.noise_floor for part in parts), parts=tuple(parts),
    )  # fmt: skip


def together(draws: Sequence[Floats]) -> Floats:
    """The sum of draws, spread as wide as if their errors went together; they may, and nothing tells how far they do."""
    total: Floats = np.sum(draws, axis=0)
    spread, widest = float(np.std(total)), sum(float(np.std(one)) for one in draws)
    return total if spread <= 0 else total.mean() + (total - total.mean()) * (widest / spread)


def _lines(parts: Sequence[RunCost]) -> tuple[CostLine, ...]:
    found: dict[SliceKey, list[CostLine]] = {}
    for part in parts:
        for line in part.lines:
            found.setdefault(line.unit, []).append(line)
    return tuple(_merged(unit, lines) for unit, lines in found.items())


def _merged(unit: SliceKey, lines: Sequence[CostLine]) -> CostLine:
    money = Money(**{name: math.fsum(getattr(line.money, name) for line in lines) for name in ("value", "low", "high")})
    cases = max(line.cases for line in lines)  # rules count the same cases, each in its own way
    evaluated = max(line.evaluated for line in lines)
    return CostLine(unit=unit, money=money, cases=cases, evaluated=evaluated, rates=(money.value / cases if cases else 0.0,), values=(1.0,))


def _cells(lines: Sequence[CostLine]) -> Cells:
    """Money per case of each unit, for figures that ask for cells; ledgers and prices are those of the parts."""
    return Cells(
        kind="amounts", units=tuple(line.unit for line in lines), volume=np.array([line.cases for line in lines]), values=np.ones((len(lines), 1)),
        rates=np.array([line.rates for line in lines]).reshape(len(lines), 1), spread=np.zeros(len(lines)),
        n=np.array([line.evaluated for line in lines]), realised=False,
    )  # fmt: skip
