"""Outliers are proven from the stored knots alone: heavy tails and chance make none, a few absurd values do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_insights.evidence.outliers import gather, tails
from model_insights.evidence.quality import Corruption, Operator
from model_insights.wording import Words
from model_insights.workspace import Workspace
from tests.builders import a_dataset, numeric_stats


def fares(seed: int, n: int = 2_000) -> Any:
    return np.random.default_rng(seed).lognormal(2.5, 0.5, n)


def found(old: Any, new: Any, faults: tuple[Corruption, ...] = ()) -> list[tuple[str, str]]:
    facts = gather(a_dataset(numeric_stats(old)), a_dataset(numeric_stats(new)), [("x",)], faults, Words())
    return [(fact.state, fact.sentence) for fact in facts]


def test_equal_periods_have_no_outlier() -> None:
    assert [] == found(fares(1), fares(1))


def test_one_absurd_value_is_found_with_how_far_out_it_lies() -> None:
    values = fares(2)
    values[7] = 5_000.0
    ((state, sentence),) = found(fares(1), values)

    assert ("watch", True) == (state, "the largest value is 5,000" in sentence and "times as far out as the reference's" in sentence)


def test_an_absurd_value_below_is_found_too() -> None:
    values = fares(2)
    values[7] = -3_000.0

    assert "the smallest value is −3,000" in found(fares(1), values)[0][1]


def test_a_share_far_outside_the_range_of_the_reference_is_violated_with_its_bound() -> None:
    values = fares(2)
    values[:60] = np.linspace(900, 1_000, 60)
    ((state, sentence),) = found(fares(1), values)

    assert "violated" == state
    assert "of the values lie outside" in sentence


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1])
def test_the_bounds_hold_the_true_share_outside(share: float) -> None:
    old, new = fares(1), fares(2)
    new[: int(share * len(new))] *= 50
    one = tails(numeric_stats(old), numeric_stats(new))
    assert one is not None
    true = float(np.mean((new < one.low) | (new > one.high)))

    assert one.outside_low - 1e-9 <= true <= one.outside_high + 1e-9


def test_the_range_holds_the_middle_of_the_reference() -> None:
    old = fares(1)
    one = tails(numeric_stats(old), numeric_stats(fares(2)))
    assert one is not None

    assert np.mean((old >= one.low) & (old <= one.high)) >= 0.998


def test_a_distribution_that_moved_whole_is_a_change_and_no_outlier() -> None:
    assert [] == found(fares(1), fares(2) + 40)


def test_what_a_found_fault_explains_is_not_said_twice() -> None:
    fault = Corruption(path=("x",), kind="partial unit", operator=Operator(kind="partial unit", factor=100.0, share=0.05), share=0.05)
    values = fares(2)
    values[:100] *= 100

    assert found(fares(1), values)
    assert [] == found(fares(1), values, (fault,))


def test_fewer_than_fifty_values_and_constants_are_not_judged() -> None:
    assert tails(numeric_stats(fares(1, 49)), numeric_stats(fares(2))) is None
    assert tails(numeric_stats(np.full(100, 3.0)), numeric_stats(fares(2))) is None


@pytest.mark.parametrize("draw", ["normal", "pareto 1.2", "pareto 2.1", "student 3", "zeros and exponential"])
@pytest.mark.parametrize("n", [100, 1_000, 5_000])
def test_tails_without_a_change_raise_an_alarm_in_few_of_a_hundred_pairs(draw: str, n: int) -> None:
    """Twelve features each: at most 5 % of the pages would hold a false outlier, Cauchy-like tails at worst."""
    rng = np.random.default_rng(3)
    made = {
        "normal": lambda: rng.normal(size=n), "pareto 1.2": lambda: rng.pareto(1.2, n), "pareto 2.1": lambda: rng.pareto(2.1, n),
        "student 3": lambda: rng.standard_t(3, n), "zeros and exponential": lambda: rng.exponential(size=n) * (rng.random(n) < 0.3),
    }[draw]  # fmt: skip
    names = [f"f{i}" for i in range(12)]
    pages = 40
    alarms = 0
    for _ in range(pages):
        old, new = (a_dataset(*(numeric_stats(made(), name=name) for name in names)) for _ in range(2))
        alarms += bool(gather(old, new, [(name,) for name in names], (), Words()))

    assert alarms <= 0.1 * pages  # 5 % and the luck of 40 pages


@pytest.mark.parametrize(
    ("then", "now", "name", "said"),
    [("2015Q3", "2015Q4", "trip_miles", "the largest value is 1,710, 22 times"), ("2016Q1", "2016Q2", "fare", "the largest value is 700, 14 times")],
)  # fmt: skip
def test_the_absurd_trips_of_the_taxi_data_are_found(runs: Path, tmp_path: Path, then: str, now: str, name: str, said: str) -> None:
    workspace = Workspace.open(str(runs / "taxi"), state=str(tmp_path))
    workspace.scan()
    wholes = {run.period.label: run.split("train") for run in workspace.histories()[0].runs}
    old, new = (one.whole for one in (wholes[then], wholes[now]) if one is not None)
    assert old is not None
    assert new is not None
    numbers = [f.path for f in new.features if f.numeric and not f.name.startswith("trip_start")]

    assert [(f"data:outliers:{name}", True)] == [(f.id, said in f.sentence) for f in gather(old, new, numbers, (), Words())]
