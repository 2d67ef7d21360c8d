"""A confidence sequence may be looked at every week."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model_insights.cost.level import Expected
from model_insights.sequence import TIGHTEST, excess_sequence, half_width

LEVEL = Expected(value=100.0, spread=10.0, periods=8)


def looks(costs: list[float | None], level: Expected | None = LEVEL):
    return excess_sequence(costs, [level] * len(costs))


def test_a_year_of_ordinary_weeks_is_hardly_ever_left_at_any_look() -> None:
    random = np.random.default_rng(1)
    left = [any(one.is_above for one in looks(list(random.normal(100.0, 10.0, 52)))) for _ in range(600)]

    assert np.mean(left) < 0.05


def test_a_fixed_interval_looked_at_every_week_would_be_left_often() -> None:
    random = np.random.default_rng(1)
    sums = np.cumsum(random.normal(0.0, 1.0, (600, 52)), axis=1) / np.sqrt(np.arange(1, 53))

    assert (sums.max(axis=1) > 1.645).mean() > 0.2


def test_a_small_loss_that_lasts_is_found_though_no_week_is_far_out() -> None:
    found = looks([115.0] * 12)

    assert not found[0].is_above
    assert found[-1].is_above
    assert (12, 15.0) == (found[-1].looks, found[-1].mean)


def test_what_is_cheaper_than_expected_is_not_above() -> None:
    assert not looks([50.0] * 20)[-1].is_above


def test_weeks_without_a_cost_or_a_level_are_no_looks() -> None:
    assert 2 == looks([100.0, None, 100.0])[-1].looks
    assert (0, math.inf) == ((none := looks([100.0] * 3, None)[-1]).looks, none.half_width)
    assert 0 == looks([100.0], Expected(value=100.0, spread=10.0, periods=2))[-1].looks


def test_the_width_for_its_variance_is_smallest_where_it_was_chosen() -> None:
    def relative(n: int) -> float:
        first = looks([100.0] * 52)[n - 1]
        return first.half_width * math.sqrt(n)

    assert TIGHTEST == min(range(1, 53), key=relative)


def test_the_boundary_is_that_of_the_normal_mixture() -> None:
    assert half_width(3.0, 2.0, 0.05) == pytest.approx(math.sqrt(5 * math.log(5 / (2 * 0.0025))))
