"""Intervals of costs: how often they hold the truth, and what they know of chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.coverage import KINDS, Tally, units_of
from model_insights.cost.account import chance_cost, drawn_beside, noise
from model_insights.cost.level import Expected
from model_insights.cost.model import Cells, gap_error, rate_draws
from model_insights.cost.sensitivity import late_share, late_spread, uncertainty
from model_insights.cost.unlabelled import Scores
from tests.builders import a_cost


def stock(rates: Any, *, n: float, spread: float, realised: bool = False) -> Cells:
    """Stocking units of a thousand cases."""
    found = np.array(rates, float)
    count = len(found)
    return Cells(
        kind="inventory", units=units_of(count), volume=np.full(count, 1_000.0), values=np.tile([1.0, 2.0, 5.0], (count, 1)), rates=found,
        spread=np.full(count, spread), n=np.full(count, n), realised=realised,
    )  # fmt: skip


def coverage_of(kind: str, seeds: int) -> float:
    tally = Tally()
    for seed in range(seeds):
        tally.add(KINDS[kind](seed))
    return sum(tally.totals) / seeds


@pytest.mark.parametrize("kind", [name for name in KINDS if "inventory" in name] + ["regression (pinball), normal errors"])
def test_most_intervals_hold_the_truth(kind: str) -> None:
    """benchmarks/coverage.py says how many of a thousand; sixty tell a broken interval from a right one."""
    assert coverage_of(kind, 60) >= 0.85


def test_a_calibrated_model_may_cost_nothing() -> None:
    """A sample of a model without any fault shows a cost; its interval begins at nothing, and what chance adds is told."""
    rng = np.random.default_rng(5)
    n, rate = 2_000.0, 0.1
    lowest, floors, shown = [], [], []
    for seed in range(40):
        observed = rng.binomial(int(n), rate, 6) / n
        cells = stock(np.column_stack([np.full(6, rate), observed]), n=n, spread=0.0)
        cost = a_cost(cells, run_id=f"r{seed}")
        lowest.append(cost.total.low)
        floors.append(cost.noise_floor)
        shown.append(cost.total.value)

    assert np.mean(np.array(lowest) == 0.0) >= 0.85
    assert np.mean(floors) == pytest.approx(np.mean(shown), rel=0.2)


def test_chance_adds_nothing_to_a_large_gap() -> None:
    cells = stock([[0.4, 0.1], [0.1, 0.4]], n=5_000.0, spread=0.1)

    assert chance_cost(cells, -1.25) == pytest.approx([0.0, 0.0], abs=1e-9)


def test_demand_and_predictions_of_one_sample_rise_together() -> None:
    """Scores of calibrated rows: the gap of the means varies as the simulated one does, not as two independent means would."""
    rng = np.random.default_rng(9)
    n = 400
    gaps = []
    for _ in range(2_000):
        chance = rng.beta(0.5, 0.5, n)
        gaps.append(chance.mean() - (rng.random(n) < chance).mean())
    cells = stock([[0.5, 0.5]], n=float(n), spread=float(np.sqrt(0.125)))

    assert float(gap_error(cells)[0]) == pytest.approx(np.std(gaps), rel=0.05)


# --- where the uncertainty comes from ---------------------------------------------------------------------------------------------


def test_the_parts_of_the_uncertainty_sum_to_the_whole_and_tell_what_halving_them_leaves() -> None:
    cost = a_cost(stock([[0.4, 0.1], [0.1, 0.2]], n=900.0, spread=0.1))
    level = Expected(value=1.0, spread=300.0, periods=5)
    parts = {part.source: part for part in uncertainty(cost, level, late=0.3)}
    whole = sum(part.spread**2 for part in parts.values())

    assert sum(part.share for part in parts.values()) == pytest.approx(1.0)
    for part in parts.values():
        assert part.left == pytest.approx(np.sqrt((whole - part.spread**2 + (part.spread / 2) ** 2) / whole))


def test_without_late_outcomes_there_is_no_such_part() -> None:
    assert [part.source for part in uncertainty(a_cost(), None)] == ["sampling"]


def test_late_outcomes_make_the_total_as_unsure_as_drawing_their_cost() -> None:
    """A fifth is not in yet; each run of the dice gives those cases nothing to twice the cost of the known ones."""
    cost = a_cost(stock([[0.4, 0.1]], n=900.0, spread=0.0))
    drawn = cost.total.value * (0.8 + 0.2 * np.random.default_rng(3).uniform(0, 2, 20_000))

    assert late_spread(cost, 0.2) == pytest.approx(np.std(drawn), rel=0.02)


def test_late_outcomes_are_counted_in_predictions_or_told_by_the_detector() -> None:
    labels = np.array([1.0, 0.0, np.nan, np.nan, 1.0])
    some = Scores(units=units_of(1), at=np.zeros(5, int), score=np.full(5, 0.5), label=labels)
    none = Scores(units=units_of(1), at=np.zeros(5, int), score=np.full(5, 0.5), label=np.full(5, np.nan))

    assert late_share([], some) == pytest.approx(0.4)
    assert late_share([0.6], some) == 0.6
    assert late_share([], none) == 0.0, "without a single label they are not late, they are not asked for"
    assert late_share([], "no predictions") == 0.0


# --- two models on the same rows ---------------------------------------------------------------------------------------------------


def outcomes(*rates: tuple[float, float, float, float]) -> Cells:
    count = len(rates)
    return Cells(
        kind="classification", units=units_of(count), volume=np.full(count, 1_000.0), values=np.tile([0.0, 2.0, 0.0, 9.0], (count, 1)),
        rates=np.array(rates), spread=np.zeros(count), n=np.full(count, 2_000.0), realised=False,
    )  # fmt: skip


def test_the_same_model_twice_differs_by_nothing() -> None:
    cells = outcomes((0.2, 0.1, 0.6, 0.1))
    shared = noise("r1", 1)

    assert np.array_equal(drawn_beside(cells, cells, shared, "r1"), rate_draws(cells, shared))


def test_another_model_decides_otherwise_but_the_positives_stay_the_same() -> None:
    one, two = outcomes((0.2, 0.1, 0.6, 0.1)), outcomes((0.19, 0.12, 0.58, 0.11))
    shared = noise("r1", 1)
    beside, alone = drawn_beside(one, two, shared, "r1"), rate_draws(two, shared)

    assert beside[..., [0, 3]].sum(axis=-1) == pytest.approx(alone[..., [0, 3]].sum(axis=-1))
    assert beside.min() >= 0
    assert np.std(beside[..., 0] - alone[..., 0]) > 0.002


@pytest.mark.parametrize("kind", ["classification", "inventory"])
def test_most_intervals_of_a_difference_hold_it(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.coverage.POPULATION", 200_000)

    assert coverage_of(f"two models on the same rows, {kind}", 60) >= 0.85


def test_the_larger_the_evaluated_part_of_realised_cases_the_less_is_unknown() -> None:
    most, few, other = (stock([[0.2, 0.1]], n=n, spread=0.1, realised=True) for n in (900.0, 9.0, 5_000.0))

    assert float(gap_error(most)[0]) == pytest.approx(0.1 / 30 * np.sqrt(0.1))
    assert float(gap_error(few)[0]) == pytest.approx(0.1 / 3 * np.sqrt(0.991))
    assert float(gap_error(other)[0]) == pytest.approx(0.1 / np.sqrt(5_000)), "more examples than cases: they are of something else"
