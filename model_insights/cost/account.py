"""The misprediction cost of each run: what its serving model's mistakes cost, unit by unit, with intervals and the expected level."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Literal

import msgspec
import numpy as np
from scipy import special

from model_insights.config import CostRule, SeverityBudget
from model_insights.cost.level import Expected
from model_insights.cost.model import Cells, Floats, costs, gap_error, rate_draws, unit_cost
from model_insights.cost.rates import Gap
from model_insights.noun import Noun
from model_insights.slices import SliceKey

DRAWS = 1000
LEVEL = 0.95
AGREEMENT = 0.95  # correlation of two models' predictions for the same rows; between neighbours in shoes and taxi 0.87 to 0.99
SAME_DECISIONS = 0.8  # correlation of their decisions that goes with it, whatever the share of positives
_SEED = 20_240_612
_SURELY, _HARDLY = 1.25, 0.25  # standard errors of the gap by which its true size may differ; benchmarks/coverage.py tells how they do


class Money(Noun):
    """An amount with its interval at LEVEL; None: not known."""

    value: float
    low: float
    high: float


class CostLine(Noun):
    """The cost of one unit in one period."""

    unit: SliceKey
    money: Money
    cases: float
    evaluated: float  # examples the rates rest on
    rates: tuple[float, ...]
    values: tuple[float, ...]


class RunCost(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The cost of one run's period under one model. `lines` sum to `total` exactly."""

    run_id: str
    rule: CostRule
    model: str
    cells: Cells
    lines: tuple[CostLine, ...]
    total: Money
    draws: Floats  # totals of the resampled periods
    gaps: tuple[Gap, ...] = ()
    noise_floor: float = 0.0  # what a perfectly calibrated model would show at this n (0 when demand is realised)
    account: Literal["mistakes"] = "mistakes"
    parts: tuple[RunCost, ...] = ()  # the costs it is the sum of, one per rule (cost.adding); empty: a rule's own


class SeverityVerdict(Noun):
    """A step of the ladder (A7.5): money above the expected level, scaled to 30 days."""

    level: str  # none, little, big, emergency, unknown
    excess: Money | None
    could_be: str = ""
    reason: str = ""


def noise(run_id: str, units: int, rates: int = 4) -> Floats:
    """Standard normal draws [DRAWS, units, max(4, rates)], the same for every model and reference of a run: comparisons stay paired."""
    return np.random.default_rng([_SEED, zlib.crc32(run_id.encode())]).standard_normal((DRAWS, units, max(4, rates)))


def drawn_beside(first: Cells, second: Cells, shared: Floats, run_id: str) -> Floats:
    """Resampled rates of a second model judged on the same rows as the first, whose draws `shared` (of `noise`) makes.

    The outcomes of the rows are the same for both; what the models say of them agrees to AGREEMENT, what they decide to
    SAME_DECISIONS; with equal rates it is the same model."""
    if np.array_equal(first.rates, second.rates):
        return rate_draws(second, shared)
    own = np.random.default_rng([_SEED, 1, zlib.crc32(run_id.encode())]).standard_normal(shared.shape)
    if second.kind == "classification":
        return _other_decisions(first, second, rate_draws(second, shared), own)
    agree = AGREEMENT if second.kind in ("inventory", "regression") else SAME_DECISIONS
    mixed = agree * shared + np.sqrt(1 - agree**2) * own
    if second.kind == "inventory":
        mixed[..., 1] = shared[..., 1]  # the chance of the outcomes
    return rate_draws(second, mixed)


def _other_decisions(first: Cells, second: Cells, drawn: Floats, own: Floats) -> Floats:
    """Shares of TP, FP, TN, FN with as many rows decided otherwise as the two models disagree on: positives stay positives.

    They disagree on the rows by which their counts differ, and on rows to and fro besides. Only those make the difference unsure (McNemar)."""
    for of_own, (yes, no) in enumerate(((0, 3), (1, 2))):
        one, other = second.rates[:, yes], second.rates[:, no]
        all_of = np.maximum(one + other, 1e-300)
        net = np.abs(one - first.rates[:, yes])
        apart = np.hypot(2 * (1 - SAME_DECISIONS) * one * other / all_of, net)
        disagree = np.maximum(apart - net**2 / all_of, 0.0)
        moved = np.sqrt(disagree / np.maximum(second.n, 1.0)) * own[..., of_own]
        moved = np.clip(moved, -drawn[..., yes], drawn[..., no])
        drawn[..., yes] += moved
        drawn[..., no] -= moved
    return drawn


def money_of(value: float, draws: Floats) -> Money:
    """Interval around `value` from draws, centred: the draws of a convex cost lie above it on average, which is no news of the period."""
    centred = draws - np.mean(draws) + value
    low, high = np.quantile(centred, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Money(value=value, low=float(low), high=float(high))


def run_cost(run_id: str, rule: CostRule, model: str, cells: Cells, gaps: tuple[Gap, ...]) -> RunCost:
    """Prices one run. Source of the interval: resampled rates at the evaluation's n (methods A5.2, A7.4)."""
    money = costs(cells)
    rates = rate_draws(cells, noise(run_id, *cells.rates.shape))
    drawn = cells.volume * unit_cost(cells.kind, cells.values, rates)
    most, least = (chance_cost(cells, shift) for shift in (-_SURELY, _HARDLY))
    lines = tuple(
        CostLine(
            unit=unit, money=_clipped(cells, _less(money_of(float(money[i]), drawn[:, i]), most[i], least[i])), cases=float(cells.volume[i]), evaluated=float(cells.n[i]),
            rates=tuple(map(float, cells.rates[i])), values=tuple(map(float, cells.values[i])),
        )
        for i, unit in enumerate(cells.units)
    )  # fmt: skip
    total = sum(line.money.value for line in lines)
    return RunCost(
        run_id=run_id, rule=rule, model=model, cells=cells, lines=lines, total=_clipped(cells, _less(money_of(total, drawn.sum(axis=1)), most.sum(), least.sum())),
        draws=drawn.sum(axis=1), gaps=gaps, noise_floor=_noise_floor(cells),
    )  # fmt: skip


def _clipped(cells: Cells, money: Money) -> Money:
    """A cost of over and under is never negative; outcome values may be (revenue), so they stay."""
    return Money(value=money.value, low=max(0.0, money.low), high=money.high) if cells.kind in ("inventory", "regression") else money


def chance_cost(cells: Cells, shift: float | None) -> Floats:
    """Money that chance alone adds to the cost of each unit on average [units]: max(0, noisy) is convex (design, "Demand and noise").

    It is largest where the true gap of predicted and observed rate is none (`shift` None) and fades with the gap; otherwise the true gap
    is taken to be the measured one, moved by `shift` of its standard errors. E|z + noise| - |z| = 2 (phi(z) - |z| Phi(-|z|))."""
    if cells.kind != "inventory":
        return np.zeros(len(cells.units))
    error = gap_error(cells)
    away = np.abs(cells.rates[:, 0] - cells.rates[:, 1]) / np.maximum(error, 1e-300)
    z = np.zeros_like(error) if shift is None else np.maximum(away + shift, 0.0)
    per_event, over, under = cells.values.T
    density = np.exp(-0.5 * np.minimum(z, 40.0) ** 2) / np.sqrt(2 * np.pi)
    added: Floats = cells.volume * per_event * (over + under) * error * (density - z * special.ndtr(-z))
    return added


def _noise_floor(cells: Cells) -> float:
    """Cost a calibrated model would show because the observed rate is a sample; none where demand is realised."""
    return 0.0 if cells.realised else float(chance_cost(cells, None).sum())


def _less(money: Money, most: float, least: float) -> Money:
    """The interval moved down by what chance may have added: its low end by the most, its high end by the least."""
    return Money(value=money.value, low=money.low - float(most), high=max(money.high - float(least), money.value))


def severity(cost: RunCost, level: Expected | None, budget: SeverityBudget | None, *, days: float | None) -> SeverityVerdict:
    """The ladder's step: the highest whose budget is passed with probability one half or more; `could_be` from one tenth."""
    if budget is None:
        return SeverityVerdict(level="unknown", excess=None, reason="insights.toml has no [severity] budgets")
    if level is None:
        return SeverityVerdict(
            level="unknown", excess=None, reason="fewer than two earlier periods have a cost, so no level can be expected"
        )
    scale = 30.0 / days if days else 1.0
    wobble = np.random.default_rng([_SEED, 7]).standard_normal(len(cost.draws)) * level.spread
    draws = scale * (cost.draws - cost.draws.mean() + cost.total.value - level.value + wobble)
    steps = (("emergency", budget.emergency), ("big", budget.big), ("little", budget.little))
    is_level = next((name for name, bound in steps if np.mean(draws > bound) >= 0.5), "none")
    could = next((name for name, bound in steps if np.mean(draws > bound) >= 0.1), "none")
    excess = money_of(scale * (cost.total.value - level.value), draws)
    return SeverityVerdict(level=is_level, excess=excess, could_be=could if could != is_level else "")


def by_unit(cost: RunCost) -> Mapping[SliceKey, CostLine]:
    return {line.unit: line for line in cost.lines}
