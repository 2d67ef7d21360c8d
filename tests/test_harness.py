"""The harness that holds the verdict against known faults: its artifacts look like TFX's, its cases are what they say, its scores are right."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.verdict import layout
from benchmarks.verdict.pipelines import Change, past, present, true_loss
from benchmarks.verdict.scenarios import SCENARIOS, Job, answerable, jobs
from benchmarks.verdict.worlds import FRAUD, SHOES, WORLDS, fit, law, matrix, names_of_inputs, predict, rows
from tests.builders import numeric_stats, string_stats

VALUES = np.random.default_rng(1).normal(50, 10, 500)


def test_numbers_are_laid_out_as_tfdv_stores_them() -> None:
    assert numeric_stats(VALUES) == layout.numeric("x", VALUES)


def test_missing_numbers_are_counted_and_left_out_of_the_buckets() -> None:
    found = layout.numeric("x", np.concatenate([VALUES, np.full(100, np.nan)]))

    assert (100, 1 / 6) == (found.common.num_missing, pytest.approx(found.common.missing))
    assert numeric_stats(VALUES).numeric == found.numeric


def test_categories_are_ranked_by_count_as_tfdv_ranks_them() -> None:
    codes = np.array([1] * 5 + [0] * 3 + [2] * 1)

    assert string_stats({"b": 5.0, "a": 3.0, "c": 1.0}) == layout.categorical("c", codes, ("a", "b", "c"))


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_a_model_fitted_in_a_world_is_calibrated_there(world) -> None:
    random = np.random.default_rng(2)
    columns = rows(world, random.integers(0, len(world.units) - 1, 20_000), random)
    inputs = matrix(world, columns)
    truth = np.where(np.arange(inputs.shape[1]) == 0, -3.0, 0.3)
    outcomes = (random.random(len(inputs)) < predict(inputs, truth)).astype(float)

    assert len(names_of_inputs(world)) == inputs.shape[1]
    assert outcomes.mean() == pytest.approx(predict(inputs, fit(inputs, outcomes)).mean(), rel=1e-4)


@pytest.fixture(scope="module")
def healthy():
    return past(SHOES, law(SHOES, 3), 1000, 4)


def test_a_case_is_made_the_same_twice(healthy) -> None:
    one, other = (present(healthy, Change(volume=1.3), with_lineage=True) for _ in range(2))

    assert np.array_equal(one.history.runs[-1].evaluation.value.scalars, other.history.runs[-1].evaluation.value.scalars, equal_nan=True)
    assert one.units == other.units


def test_nothing_put_in_costs_nothing_and_more_cases_cost_in_proportion(healthy) -> None:
    base = true_loss(healthy, Change(volume=2.0))

    assert (0.0, pytest.approx(base / 2)) == (true_loss(healthy, Change()), true_loss(healthy, Change(volume=1.5)))


def test_fraud_is_rare() -> None:
    week = past(FRAUD, law(FRAUD, 0), 5000, 1).weeks[0]

    assert 0.005 < week.train[1].mean() < 0.03


def test_a_spoiled_model_served_in_the_last_week_and_was_judged_on_the_week_before(healthy) -> None:
    change = next(one for one in SCENARIOS if one.name == "M4").make(SHOES, 1.0)
    case = present(healthy, change, with_lineage=True)
    before, after = case.history.runs[-2:]

    assert before.candidate.artifact.id == after.baseline.artifact.id
    assert not np.array_equal(before.evaluation.value.scalars, healthy.runs[-1].evaluation.value.scalars, equal_nan=True)


def test_without_the_models_cell_faults_of_rate_and_model_cannot_be_answered() -> None:
    given = {"world": "shoes", "level": 1.0, "n": 2000, "seed": 0}

    assert (True, False) == tuple(answerable(Job(scenario="M1", tier=tier, **given)) for tier in ("T1", "T0"))
    assert answerable(Job(scenario="B2", tier="T0", **given))


def test_every_case_has_its_own_key() -> None:
    keys = [job.key for job in jobs(3)]

    assert len(keys) == len(set(keys))
