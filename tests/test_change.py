"""Does a feature's change test know its sample size?"""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from model_insights.evidence.change import FeatureChange, design_effects, moves_with_time, share_change, sized, wilson
from model_insights.evidence.change import feature_change as unsized_change
from model_insights.stats import FeatureStats
from tests.builders import a_dataset, numeric_stats, string_stats


def feature_change(reference: FeatureStats, current: FeatureStats) -> FeatureChange | None:
    change = unsized_change(reference, current)
    return sized(change) if change is not None else None


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


# --- what a test of the whole distribution is blind to ---------------------------------------------------------------------------


def outcomes(rare: int, n: int = 20_000) -> FeatureStats:
    return string_stats({"no": n - rare, "yes": rare})


def test_a_doubled_rare_value_is_a_change_that_effect_sizes_do_not_see() -> None:
    change = feature_change(outcomes(40), outcomes(80))

    assert ("changed", True) == (change.state, change.w_high < 0.1)
    assert ("yes", 2.0) == (change.value.label, pytest.approx(change.value.ratio))


def test_a_rare_value_that_luck_explains_is_no_change() -> None:
    assert "equivalent" == feature_change(outcomes(40), outcomes(48)).state


def test_values_that_lie_on_a_grid_and_did_not_change_seldom_look_changed() -> None:
    """A decile that luck puts on the next whole number moves a tenth of the values at once."""
    p = [feature_change(*(numeric_stats(np.random.default_rng(2 * i + j).poisson(30, 20_000)) for j in range(2))).p for i in range(40)]

    assert sum(one < 0.05 for one in p) <= 7  # 2 expected


def test_a_changed_mean_of_coarse_values_is_found() -> None:
    old, new = (np.random.default_rng(seed).poisson(mean, 5_000) for seed, mean in ((1, 2.0), (2, 2.3)))

    assert "changed" == feature_change(numeric_stats(old), numeric_stats(new)).state


def test_a_value_beyond_the_end_of_a_cut_off_list_is_taken_as_little_changed() -> None:
    whole = string_stats({"a": 500, "b": 300, "c": 100, "d": 100})
    cut = msgspec.structs.replace(whole, string=msgspec.structs.replace(whole.string, ranks=whole.string.ranks[:2]))

    assert 0.5 < feature_change(whole, cut).p


def test_values_that_a_small_sample_had_not_seen_are_no_new_mass() -> None:
    old, new = (
        string_stats(dict(zip(map(str, range(500)), row, strict=True)))
        for row in np.random.default_rng(1).multinomial(1_500, [1 / 500] * 500, 2)
    )

    assert 0.0 == feature_change(old, new).new_mass


def test_values_that_recur_in_both_spans_are_places_and_not_a_scale() -> None:
    """Thirty places of equal mass: the deciles of two samples fall on different neighbours."""
    places = np.random.default_rng(9).normal(-87.6, 0.1, 30)
    p = [feature_change(*(numeric_stats(np.random.default_rng(2 * i + j).choice(places, 20_000)) for j in range(2))).p for i in range(40)]

    assert sum(one < 0.05 for one in p) <= 7  # 2 expected
