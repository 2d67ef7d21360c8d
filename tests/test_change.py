"""Does a feature's change test know its sample size?"""

from __future__ import annotations

import numpy as np
import pytest

from model_insights.evidence.change import design_effects, feature_change, moves_with_time, share_change, wilson
from tests.builders import a_dataset, numeric_stats, string_stats


def drawn(seed: int, n: int, shift: float = 0.0) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).normal(shift, 1.0, n)


@pytest.mark.parametrize("n", [200, 2_000, 20_000])
def test_the_same_law_seldom_looks_changed_whatever_the_sample_size(n: int) -> None:
    p = [feature_change(numeric_stats(drawn(2 * i, n)), numeric_stats(drawn(2 * i + 1, n))).p for i in range(60)]

    assert sum(one < 0.05 for one in p) <= 9  # 3 expected, 9 is the 99.9 % quantile


def test_identical_data_have_no_change_at_all() -> None:
    one = numeric_stats(drawn(1, 1_000))
    change = feature_change(one, one)

    assert (change.psi, change.state) == (pytest.approx(0.0, abs=1e-9), "equivalent")


def test_a_unit_change_is_found() -> None:
    values = np.abs(drawn(1, 2_000)) + 1
    change = feature_change(numeric_stats(values), numeric_stats(values * 100))

    assert change.state == "changed"
    assert change.psi > 50 * change.psi_null


def test_the_null_band_of_psi_is_what_simulation_gives() -> None:
    """methods D.4: 95 % quantile of PSI under no change, 10 bins, n = 1,000 each: 0.034."""
    change = feature_change(numeric_stats(drawn(1, 1_000)), numeric_stats(drawn(2, 1_000)))

    assert change.psi_null == pytest.approx(0.034, rel=0.03)


def test_a_new_category_is_new_mass() -> None:
    change = feature_change(string_stats({"a": 500, "b": 500}), string_stats({"a": 450, "b": 450, "c": 100}))

    assert change.new_mass == pytest.approx(0.1)
    assert change.state == "changed"


def test_too_few_rows_are_said_and_not_tested() -> None:
    change = feature_change(string_stats({"a": 20}), string_stats({"b": 20}))

    assert (change.state, change.p) == ("too_few", None)


def test_an_id_is_no_category() -> None:
    ids = string_stats({f"id-{i}": 1 for i in range(500)})

    assert feature_change(ids, ids) is None


def test_newcombe_interval_of_a_published_example() -> None:
    """Newcombe (1998), table II, method 10: 56/70 against 48/80, difference 0.2, interval 0.0524 to 0.3339."""
    change = share_change((48 / 80, 80), (56 / 70, 70))

    assert (change.low, change.high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


def test_wilson_interval_of_nothing_seen_stays_above_zero() -> None:
    low, high = wilson(0.0, 100)

    assert low == 0.0
    assert high == pytest.approx(0.0370, abs=5e-5)


def test_duplicated_rows_raise_the_design_effect() -> None:
    def clustered(seed: int) -> np.ndarray:  # type: ignore[type-arg]
        return np.repeat(drawn(seed, 100), 10)

    pairs = [(a_dataset(numeric_stats(clustered(2 * i))), a_dataset(numeric_stats(clustered(2 * i + 1)))) for i in range(8)]

    assert design_effects(pairs)[("x",)] > 3


def test_a_clock_is_known_by_its_ranges_that_never_meet() -> None:
    spans = [a_dataset(numeric_stats(np.linspace(i, i + 0.9, 100), name="time"), numeric_stats(drawn(i, 100))) for i in range(5)]

    assert moves_with_time(spans) == frozenset({("time",)})


def test_one_jump_of_unit_is_no_clock() -> None:
    prices = [np.abs(drawn(i, 100)) + 1 for i in range(6)]
    prices[3] = prices[3] * 1_000

    assert moves_with_time([a_dataset(numeric_stats(one, name="price")) for one in prices]) == frozenset()
