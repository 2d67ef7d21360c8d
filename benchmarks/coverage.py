"""How often the intervals of costs hold the truth: many seeds in memory, every kind, total and slice by slice.

    python -m benchmarks.coverage [--seeds 1000]

A seed draws a period's truth (rates per slice, as a business would have them), a sample of it as an evaluation or a prediction log would
hold, and asks the product for the cost. The truth is the cost of the whole period at the true rates; of estimates without labels it is
what the labels of the same rows then show.
"""

from __future__ import annotations

import argparse
import functools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from examples.shoes import model
from examples.shoes.shop import LINES, impressions_of
from examples.shoes.story import Story, weeks
from model_insights.config import CostRule
from model_insights.cost.account import Money, RunCost, drawn_beside, money_of, noise, run_cost
from model_insights.cost.amounts import amount_cells, chunk_sums, combined, row_plan
from model_insights.cost.join import When
from model_insights.cost.model import Cells, Floats, costs, rate_draws, unit_cost
from model_insights.cost.regression import bias_and_spread
from model_insights.cost.units import unit_table
from model_insights.cost.unlabelled import Estimate, Scores, estimate, recalibrate
from model_insights.evidence.change import wilson
from model_insights.slices import SliceKey

LEVEL = 0.95


class Seen(NamedTuple):
    """A cost as the product tells it, and the true money of every unit."""

    total: Money
    lines: tuple[Money, ...]
    truth: Floats


class Tally:
    """How many intervals held the truth."""

    def __init__(self) -> None:
        self.totals: list[bool] = []
        self.lines: list[bool] = []

    def add(self, seen: Seen) -> None:
        self.totals.append(_holds(seen.total, float(seen.truth.sum())))
        self.lines += [_holds(line, float(true)) for line, true in zip(seen.lines, seen.truth, strict=bool(seen.lines))]


def _holds(money: Money, truth: float) -> bool:
    slack = 1e-9 * max(1.0, abs(truth))
    return money.low - slack <= truth <= money.high + slack


def units_of(count: int) -> tuple[SliceKey, ...]:
    return tuple(SliceKey(items=(("slice", f"s{i:02d}"),)) for i in range(count))


def _rule(kind: str, **more: object) -> CostRule:
    return CostRule(name="coverage", kind=kind, unit=("slice",), **more)  # type: ignore[arg-type]


def _seen(seed: int, rule: CostRule, cells: Cells, true_rates: Floats) -> Seen:
    cost: RunCost = run_cost(f"seed {seed}", rule, "m", cells, ())
    return Seen(cost.total, tuple(line.money for line in cost.lines), cells.volume * unit_cost(cells.kind, cells.values, true_rates))


# --- the kinds --------------------------------------------------------------------------------------------------------------------


def _shares(seed: int, kind: str, outcomes: int, least: int, values: Floats) -> Seen:
    """Outcome shares per slice (some rare), counted in a sample of `least` to 20 times as many examples."""
    rng = np.random.default_rng(seed)
    count = 8
    true = rng.dirichlet(np.r_[0.3 * np.ones(outcomes - 1), 3.0], size=count)
    n = np.exp(rng.uniform(math.log(least), math.log(20 * least), count)).astype(int)
    drawn = np.array([rng.multinomial(size, shares) for size, shares in zip(n, true, strict=True)], float)
    prices = values * rng.uniform(0.5, 2.0, (count, outcomes))
    cells = Cells(
        kind=kind, units=units_of(count), volume=rng.uniform(1e3, 1e5, count), values=prices, rates=drawn / n[:, None],  # type: ignore[arg-type]
        spread=np.zeros(count), n=n.astype(float), realised=False,
    )  # fmt: skip
    rule = _rule("classification", threshold=0.5) if kind == "classification" else _rule("multiclass", pairs={"0->1": 1.0})
    return _seen(seed, rule, cells, true)


def classification(seed: int) -> Seen:
    return _shares(seed, "classification", 4, 300, np.array([0.0, 2.0, 0.0, 9.0]))


def with_revenue(seed: int) -> Seen:
    return _shares(seed, "classification", 4, 300, np.array([-6.0, 2.0, 0.0, 9.0]))


def multiclass(seed: int) -> Seen:
    return _shares(seed, "multiclass", 9, 300, np.array([4.0, 1.0, 7.0, 2.0, 3.0, 9.0, 1.0, 5.0, 0.0]))


def _inventory(seed: int, *, realised: bool, gap: float, least: int = 2_000) -> Seen:
    """Predicted and clicked rates per stocking unit; `gap` is how far from calibrated the model is, as a share of the rate."""
    rng = np.random.default_rng(seed)
    count = 8
    clicked = rng.uniform(0.03, 0.2, count)
    predicted = clicked * np.exp(gap * rng.standard_normal(count))
    n = np.exp(rng.uniform(math.log(least), math.log(10 * least), count)).astype(int)
    found, seen, spread = np.empty(count), np.empty(count), np.empty(count)
    for i in range(count):
        a = 6.0
        chance = rng.beta(a * clicked[i], a * (1 - clicked[i]), n[i])  # every row's true probability
        score = chance * predicted[i] / clicked[i]
        found[i], spread[i], seen[i] = score.mean(), score.std(), (rng.random(n[i]) < chance).mean()
    values = np.column_stack([rng.uniform(0.2, 1, count), rng.uniform(1, 4, count), rng.uniform(3, 9, count)])
    volume = n * rng.uniform(1.5, 20, count)
    if realised:  # the period's own cases: those of the sample, and the others
        others = predicted + spread / np.sqrt(volume - n) * rng.standard_normal(count)
        predicted = (n * found + (volume - n) * others) / volume
    cells = Cells(
        kind="inventory", units=units_of(count), volume=volume, values=values,
        rates=np.column_stack([found, clicked if realised else seen]), spread=spread, n=n.astype(float), realised=realised,
    )  # fmt: skip
    return _seen(seed, _rule("inventory", over=1.0, under=1.0), cells, np.column_stack([predicted, clicked]))


def regression(seed: int) -> Seen:
    """Normal errors of demand; bias and spread from the sample's mean prediction, mean label and mean squared error."""
    rng = np.random.default_rng(seed)
    count = 8
    bias, spread = rng.normal(0, 3, count), rng.uniform(2, 15, count)
    n = np.exp(rng.uniform(math.log(150), math.log(3_000), count)).astype(int)
    rates = []
    for i in range(count):
        errors = rng.normal(bias[i], spread[i], n[i])
        rates.append(bias_and_spread(50 + float(errors.mean()), 50.0, float((errors**2).mean())) or (0.0, 0.0))
    values = np.column_stack([rng.uniform(0.5, 2, count), rng.uniform(1, 4, count), rng.uniform(2, 9, count)])
    cells = Cells(
        kind="regression", units=units_of(count), volume=rng.uniform(1e3, 1e4, count), values=values, rates=np.array(rates),
        spread=np.zeros(count), n=n.astype(float), realised=False,
    )  # fmt: skip
    return _seen(seed, _rule("regression", over=1.0, under=1.0), cells, np.column_stack([bias, spread]))


def amounts(seed: int) -> Seen:
    """Lognormal order values, lost in about a quarter of the rows; read through the rows' own plan and sums."""
    rng = np.random.default_rng(seed)
    count = 8
    n = np.exp(rng.uniform(math.log(400), math.log(8_000), count)).astype(int)
    wrong, level, width = rng.uniform(0.05, 0.4, count), rng.uniform(2, 4, count), rng.uniform(0.3, 1.0, count)
    at = np.repeat(np.arange(count), n)
    lost = (rng.random(len(at)) < wrong[at]) * np.exp(level[at] + width[at] * rng.standard_normal(len(at)))
    rule = CostRule(name="coverage", kind="amounts", unit=("slice",), cost="lost", predictions="BulkInferrer")
    plan = row_plan(rule, {}, When())
    frame = pl.DataFrame({"slice": [units_of(count)[i].items[0][1] for i in at], "lost": lost})
    found = amount_cells(rule, combined(plan, [chunk_sums(plan, frame)]), None)
    assert found.cells is not None
    return _seen(seed, rule, found.cells, (wrong * np.exp(level + width**2 / 2))[:, None])


def unlabelled(seed: int) -> Seen:
    """Scores of a crooked but stable model; the labels of an earlier period calibrate it, those of this one are the truth."""
    rng = np.random.default_rng(seed)
    count = 4
    rule = CostRule(name="coverage", kind="classification", unit=("slice",), threshold=0.4, fp=2.0, fn=7.0, predictions="B", label="y")
    earlier, _ = _scored(rng, count, 20_000)
    now, label = _scored(rng, count, 15_000)
    calibration = recalibrate(earlier)
    assert not isinstance(calibration, str)
    table = unit_table(rule, {}, span="1", period="p")
    made = estimate(f"seed {seed}", rule, _without_labels(now), table, calibration, "before")
    assert isinstance(made, Estimate)
    decided = now.score >= 0.4
    money = 2.0 * (decided & (label == 0)) + 7.0 * (~decided & (label == 1))
    return Seen(made.total, (), np.array([money.sum()]))


def _scored(rng: np.random.Generator, count: int, n: int) -> tuple[Scores, Floats]:
    at = rng.integers(0, count, n)
    chance = rng.beta(1.5, 3.0, n)
    label = (rng.random(n) < chance).astype(float)
    return Scores(units=units_of(count), at=at, score=chance**1.4, label=label), label


def _without_labels(scores: Scores) -> Scores:
    return Scores(units=scores.units, at=scores.at, score=scores.score, label=np.full(len(scores.score), np.nan))


_FIRST, _SECOND = weeks()[:2]
_VALUES = np.array([0.35, 14.0, 31.0])  # units per click, money per unit over and under


def demo(seed: int) -> Seen:
    """The shop of examples/shoes with another seed: a model trained on its first week serves in the second, demand is realised."""
    story = Story(seed=10_000 + seed, faults=())
    before, now = (impressions_of(week, story) for week in (_FIRST, _SECOND))
    weights, _ = model.train({name: values[~before["is_eval"]] for name, values in before.items()}, seed=story.seed)
    score, rows = model.score(now, weights), []
    for line in LINES:
        here = now["product_line"] == line
        seen = score[here & now["is_eval"]]
        rows.append([here.sum(), seen.mean(), now["click"][here].mean(), seen.std(), len(seen), score[here].mean()])
    volume, found, clicked, spread, n, whole = np.array(rows, float).T
    cells = Cells(
        kind="inventory", units=units_of(len(rows)), volume=volume, values=np.tile(_VALUES, (len(rows), 1)), n=n,
        rates=np.column_stack([found, clicked]), spread=spread, realised=True,
    )  # fmt: skip
    return _seen(seed, _rule("inventory", over=1.0, under=1.0), cells, np.column_stack([whole, clicked]))


# --- two models on the same rows ---------------------------------------------------------------------------------------------------

POPULATION = 2_000_000
_BASES = np.linspace(0.06, 0.3, 8)


def _two_models(rng: np.random.Generator, base: float, n: int) -> tuple[Floats, Floats, Floats]:
    """Scores of a model and of its retrained successor (they agree to about 0.95), and the outcomes."""
    known, noise = rng.standard_normal(n), rng.standard_normal((2, n))
    level = math.log(base / (1 - base))
    label = rng.random(n) < 1 / (1 + np.exp(-(level + known)))
    one, two = (1 / (1 + np.exp(-(level + shift + known + 0.23 * part))) for shift, part in zip((-0.2, 0.2), noise, strict=True))
    return one, two, label.astype(float)


def _rates_of(kind: str, score: Floats, label: Floats, demand: float) -> list[float]:
    if kind == "inventory":
        return [float(score.mean()), demand]
    decided, is_positive = score >= 0.2, label > 0.5
    return [float(np.mean(one)) for one in (decided & is_positive, decided & ~is_positive, ~decided & ~is_positive, ~decided & is_positive)]


@functools.cache
def _population(kind: str) -> Floats:
    """Rates of both models in each slice [2, slices, rates], and the demand, out of POPULATION rows a slice."""
    rng, found = np.random.default_rng(1), []
    for base in _BASES:
        one, two, label = _two_models(rng, float(base), POPULATION)
        found.append([_rates_of(kind, score, label, float(label.mean())) for score in (one, two)])
    return np.moveaxis(np.array(found), 1, 0)


def compared(seed: int, kind: str) -> Seen:
    """What the retrained model costs more than the one before, on the same sample of 2,000 rows a slice."""
    rng, true = np.random.default_rng(seed), _population(kind)
    made, spread = [], []
    for i, base in enumerate(_BASES):
        one, two, label = _two_models(rng, float(base), 2_000)
        demand = float(true[0, i, 1]) if kind == "inventory" else 0.0
        made.append([_rates_of(kind, score, label, demand) for score in (one, two)])
        spread.append([one.std(), two.std()])
    prices = np.array([0.5, 2.0, 6.0]) if kind == "inventory" else np.array([0.0, 2.0, 0.0, 9.0])
    models = [
        Cells(
            kind=kind, units=units_of(len(_BASES)), volume=np.full(len(_BASES), 1e6), values=np.tile(prices, (len(_BASES), 1)),  # type: ignore[arg-type]
            rates=np.array(made)[:, which], spread=np.array(spread)[:, which], n=np.full(len(_BASES), 2_000.0), realised=True,
        )
        for which in (0, 1)
    ]  # fmt: skip
    shared = noise(f"seed {seed}", *models[0].rates.shape)
    rates = rate_draws(models[0], shared), drawn_beside(models[0], models[1], shared, f"seed {seed}")
    drawn = [cells.volume * unit_cost(kind, cells.values, one) for cells, one in zip(models, rates, strict=True)]  # type: ignore[arg-type]
    now = costs(models[1]) - costs(models[0])
    truth = models[0].volume * np.subtract(*(unit_cost(kind, models[0].values, true[i]) for i in (1, 0)))  # type: ignore[arg-type]
    lines = tuple(money_of(float(now[i]), (drawn[1] - drawn[0])[:, i]) for i in range(len(_BASES)))
    return Seen(money_of(float(now.sum()), (drawn[1] - drawn[0]).sum(axis=1)), lines, truth)


KINDS: dict[str, Callable[[int], Seen]] = {
    "classification, mistakes only": classification,
    "classification with revenue": with_revenue,
    "multiclass, 9 outcomes": multiclass,
    "inventory, realised demand, miscalibrated by 30 %": lambda seed: _inventory(seed, realised=True, gap=0.3),
    "inventory, realised demand, miscalibrated by 5 %": lambda seed: _inventory(seed, realised=True, gap=0.05),
    "inventory, realised demand, calibrated": lambda seed: _inventory(seed, realised=True, gap=0.0),
    "inventory, sampled demand, miscalibrated by 30 %": lambda seed: _inventory(seed, realised=False, gap=0.3),
    "inventory, sampled demand, miscalibrated by 5 %": lambda seed: _inventory(seed, realised=False, gap=0.05),
    "inventory, sampled demand, calibrated": lambda seed: _inventory(seed, realised=False, gap=0.0),
    "regression (pinball), normal errors": regression,
    "amounts, lognormal orders": amounts,
    "estimate without labels": unlabelled,
    "the demo's shop, second week": demo,
    "two models on the same rows, classification": lambda seed: compared(seed, "classification"),
    "two models on the same rows, inventory": lambda seed: compared(seed, "inventory"),
}


def rows(seeds: int, only: str = "") -> Iterator[str]:
    for name, make in KINDS.items():
        if only not in name:
            continue
        tally = Tally()
        for seed in range(seeds):
            tally.add(make(seed))
        yield f"| {name} | {_cell(tally.totals)} | {_cell(tally.lines)} |"


def _cell(found: list[bool]) -> str:
    if not found:
        return ""
    low, high = wilson(sum(found) / len(found), len(found))
    return f"{100 * sum(found) / len(found):.1f} % ({100 * low:.1f} to {100 * high:.1f}, n {len(found):,})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--only", default="", help="kinds whose name holds this")
    options = parser.parse_args()
    print("| kind | total | slice by slice |\n|---|---|---|")
    for row in rows(options.seeds, options.only):
        print(row, flush=True)


if __name__ == "__main__":
    main()
