"""What if the unit values were others? The same history under prices a few percent higher or lower, and how the page says so. Pure."""

from __future__ import annotations

import msgspec
import numpy as np

from model_insights.config import CostRule
from model_insights.cost.account import CostLine, Money, RunCost, severity
from model_insights.cost.level import Expected
from model_insights.cost.units import value_names
from model_insights.cost.unlabelled import Estimate
from model_insights.judgement import Judgement, Series
from model_insights.ledger import Ledger, LedgerLine
from model_insights.view import Assumption, AssumptionStop, Fact, Notice, View
from model_insights.wording import SEVERITIES, Words

MOST = 0.5  # the slider's ends, as a part of the unit values
STEP = 0.05
_QUANTITIES = ("units_per_event",)  # unit values that are no money


def scaled(made: Series, factor: float) -> Series:
    """The series as it would be with every price times `factor`, in every period: costs, ledgers, levels and estimates are proportional.

    Quantities (units per event, volume, demand) stay as they are, and so does the business result."""
    return msgspec.structs.replace(
        made,
        costs={run: _cost(one, factor) if isinstance(one, RunCost) else one for run, one in made.costs.items()},
        candidate_costs={run: _cost(one, factor) for run, one in made.candidate_costs.items()},
        steps={run: _ledger(one, factor) if isinstance(one, Ledger) else one for run, one in made.steps.items()},
        retrain_spread=made.retrain_spread * factor,
        levels={run: _level(one, factor) for run, one in made.levels.items()},
        parts=tuple(scaled(part, factor) for part in made.parts),
        estimates={run: _estimate(one, factor) if isinstance(one, Estimate) else one for run, one in made.estimates.items()},
    )


def _cost(cost: RunCost, factor: float) -> RunCost:
    factors = np.array(_factors(cost.rule, factor))
    if cost.rule.kind == "amounts":  # the rates are the money, the value is one
        cells = msgspec.structs.replace(cost.cells, rates=cost.cells.rates * factor, spread=cost.cells.spread * abs(factor))
    else:
        cells = msgspec.structs.replace(cost.cells, values=cost.cells.values * factors)
    return msgspec.structs.replace(
        cost, cells=cells, lines=tuple(_cost_line(line, cost.rule, factor) for line in cost.lines), total=_money(cost.total, factor),
        draws=cost.draws * factor, noise_floor=cost.noise_floor * factor, parts=tuple(_cost(part, factor) for part in cost.parts),
    )  # fmt: skip


def _cost_line(line: CostLine, rule: CostRule, factor: float) -> CostLine:
    rates = tuple(rate * factor for rate in line.rates) if rule.kind == "amounts" else line.rates
    values = tuple(value * times for value, times in zip(line.values, _factors(rule, factor), strict=True))
    return msgspec.structs.replace(line, money=_money(line.money, factor), rates=rates, values=values)


def _factors(rule: CostRule, factor: float) -> list[float]:
    return [1.0 if name in _QUANTITIES or rule.kind == "amounts" else factor for name in value_names(rule)]


def _ledger(ledger: Ledger, factor: float) -> Ledger:
    return msgspec.structs.replace(
        ledger, before=ledger.before * factor, after=ledger.after * factor, lines=tuple(_ledger_line(line, factor) for line in ledger.lines),
        draws={name: draws * factor for name, draws in ledger.draws.items()}, scale=ledger.scale * factor,
        ordinary={name: money * factor for name, money in ledger.ordinary.items()},
        unrest={name: money * factor for name, money in ledger.unrest.items()},
    )  # fmt: skip


def _ledger_line(line: LedgerLine, factor: float) -> LedgerLine:
    by_unit = tuple((unit, money * factor) for unit, money in line.by_unit)
    return msgspec.structs.replace(line, money=_money(line.money, factor), by_unit=by_unit)


def _level(level: Expected | None, factor: float) -> Expected | None:
    return msgspec.structs.replace(level, value=level.value * factor, spread=level.spread * factor) if level is not None else None


def _estimate(one: Estimate, factor: float) -> Estimate:
    return msgspec.structs.replace(
        one, total=_money(one.total, factor), by_unit=tuple((unit, money * factor) for unit, money in one.by_unit),
        sampling=one.sampling * factor, errors=tuple(error * factor for error in one.errors),
    )  # fmt: skip


def _money(money: Money, factor: float) -> Money:
    return Money(value=money.value * factor, low=money.low * factor, high=money.high * factor)


# --- what the page says ----------------------------------------------------------------------------------------------------------


def told(page: View, judged: Judgement, factor: float) -> View:
    """The page with the slider, where there is a cost; and, where something is assumed, with a loud word about it."""
    cost, words = judged.cost, judged.case.words
    slider = _slider(judged, cost, factor, words) if cost is not None and page.view in ("insights", "cost") else None
    if factor == 1.0:
        return msgspec.structs.replace(page, assumption=slider)
    text = _percent(words, factor)
    notice = Notice(
        level="warning", text=f"Assumption: every unit value {text} against the business tables, in every period. The cost of mistakes here is what it would be then.",
        remedy="The business result and the budgets are as they are.",
    )  # fmt: skip
    return msgspec.structs.replace(
        page, assumption=slider, subtitle=f"{page.subtitle}, assuming unit values {text}", notices=(notice, *page.notices),
        footer=(Fact(label="Assumed", value=f"unit values {text}"), *page.footer),
    )  # fmt: skip


def _slider(judged: Judgement, cost: RunCost, factor: float, words: Words) -> Assumption:
    factors = [round(1 + i * STEP, 6) for i in range(-round(MOST / STEP), round(MOST / STEP) + 1)]
    stops = tuple(_stop(judged, cost, one, one / factor, words) for one in sorted({*factors, factor}))
    now = next(stop for stop in stops if stop.factor == factor)
    return Assumption(factor=factor, text=_percent(words, factor), effect=now.text, stops=stops)


def _stop(judged: Judgement, cost: RunCost, factor: float, times: float, words: Words) -> AssumptionStop:
    """The cost at a factor, `times` what it is now. Costs, intervals and expected level are all proportional to the prices."""
    run, config = judged.run, judged.case.config
    money = words.money(cost.total.value * times)
    level = severity(_cost(cost, times), _level(judged.expected, times), config.severity if config else None, days=run.period.days).level
    what = "As in the business tables" if factor == 1.0 else f"At {_percent(words, factor)}"
    severe = f": {SEVERITIES[level].lower()}" if level != "unknown" else ""
    return AssumptionStop(factor=factor, name=_percent(words, factor), text=f"{what}, mistakes cost {money}{severe}", level=level)  # type: ignore[arg-type]


def _percent(words: Words, factor: float) -> str:
    """`+20 %`, `−5 %`, `±0 %`."""
    share = round(factor - 1, 6)
    sign = "±" if share == 0 else "+" if share > 0 else ""
    return f"{sign}{words.percent(share, 0 if round(100 * share, 4).is_integer() else 1)}"
