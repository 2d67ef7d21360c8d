"""Each detector names its own corruption, replays it, and stays silent for ordinary changes."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from model_insights.evidence.change import feature_change, sized
from model_insights.evidence.quality import Corruption, Operator, corruptions
from model_insights.stats import DatasetStats
from tests.builders import a_dataset, numeric_stats, string_stats


def prices(seed: int, n: int = 3_000) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).lognormal(4, 0.35, n)


def found(reference: DatasetStats, current: DatasetStats) -> tuple[Corruption, ...]:
    changed = [
        c for f in current.features if (o := reference.feature(f.path)) and (c := feature_change(o, f)) and sized(c).state != "equivalent"
    ]
    return corruptions(reference, current, changed)


def only(reference: Any, current: Any) -> Corruption:
    hits = found(a_dataset(reference), a_dataset(current))
    assert 1 == len(hits)
    return hits[0]


def test_cents_instead_of_euros_is_a_unit() -> None:
    hit = only(numeric_stats(prices(1)), numeric_stats(prices(2) * 100))

    assert (hit.kind, hit.operator.factor, hit.snapped) == ("unit", 100.0, True)


def test_a_doubled_price_is_no_known_unit() -> None:
    hit = only(numeric_stats(prices(1)), numeric_stats(prices(2) * 2.0))

    assert (hit.kind, hit.snapped) == ("unit", False)


@pytest.mark.parametrize("share", [0.12, 0.2, 0.4])
def test_cents_in_a_part_of_the_rows_is_a_partial_unit_of_about_that_share(share: float) -> None:
    hit = only(numeric_stats(prices(1)), numeric_stats(Operator(kind="partial unit", factor=100.0, share=share).apply(prices(2), seed=5)))

    assert (hit.kind, hit.operator.factor) == ("partial unit", 100.0)
    assert hit.share == pytest.approx(share, abs=0.05)


def test_the_end_of_a_unit_bug_is_no_new_one() -> None:
    corrupt = Operator(kind="partial unit", factor=100.0, share=0.2).apply(prices(1))

    assert not found(a_dataset(numeric_stats(corrupt)), a_dataset(numeric_stats(prices(2))))


def test_an_ordinary_shift_is_no_fault() -> None:
    assert not found(a_dataset(numeric_stats(prices(1))), a_dataset(numeric_stats(prices(2) * 1.15)))


def test_a_sensor_that_repeats_itself_is_stuck() -> None:
    values = np.where(np.arange(3_000) % 100 == 0, prices(2), 50.0)

    assert only(numeric_stats(prices(1)), numeric_stats(values * 1.0 + np.linspace(0, 0.01, 3_000))).kind == "stuck"


def test_lost_values_are_missing_with_their_share() -> None:
    hit = only(numeric_stats(prices(1)), numeric_stats(prices(2, 2_400), missing=600))

    assert (hit.kind, round(hit.share, 2)) == ("missing", 0.2)
    assert hit.low < 0.2 < hit.high


def test_a_default_that_took_from_all_values_alike_is_a_default_value() -> None:
    hit = only(string_stats({"a": 600, "b": 400}), string_stats({"a": 480, "b": 320, "unknown": 200}))

    assert (hit.kind, hit.operator.value) == ("default value", "unknown")


def test_a_new_category_is_no_default() -> None:
    assert not found(a_dataset(string_stats({"a": 600, "b": 400})), a_dataset(string_stats({"a": 480, "b": 320, "c": 200})))


def test_upper_case_is_a_re_encoding() -> None:
    hit = only(string_stats({"red": 600, "blue": 400}), string_stats({"RED": 610, "blue": 390}))

    assert (hit.kind, hit.operator.mapping) == ("re-encoding", (("red", "RED"),))


def test_exchanged_columns_are_swapped() -> None:
    random = np.random.default_rng(4)
    a, b = (lambda n: random.normal(100, 5, n)), (lambda n: random.normal(20, 2, n))
    reference = a_dataset(numeric_stats(a(2_000), name="a"), numeric_stats(b(2_000), name="b"))
    current = a_dataset(numeric_stats(b(2_000), name="a"), numeric_stats(a(2_000), name="b"))

    assert {("a",): "swapped", ("b",): "swapped"} == {hit.path: hit.kind for hit in found(reference, current) if hit.kind == "swapped"}


def test_operators_are_deterministic_and_hit_their_share() -> None:
    values = np.ones(10_000)
    hit = Operator(kind="missing", share=0.3)

    assert np.isnan(hit.apply(values)).mean() == pytest.approx(0.3, abs=0.02)
    assert np.array_equal(np.isnan(hit.apply(values)), np.isnan(hit.apply(values)))


# --- one number that took the place of others ------------------------------------------------------------------------------------


def spiked(value: float, share: float, seed: int = 2) -> np.ndarray:  # type: ignore[type-arg]
    return Operator(kind="default value", value=str(value), share=share).apply(prices(seed), seed=7)


@pytest.mark.parametrize(("value", "share"), [(-1.0, 0.08), (0.0, 0.1), (99_999.0, 0.05), (40.0, 0.3)])
def test_a_number_that_took_the_place_of_others_is_a_default_value(value: float, share: float) -> None:
    values = spiked(value, share)
    new = numeric_stats(values)
    new = msgspec.structs.replace(new, numeric=msgspec.structs.replace(new.numeric, num_zeros=int((values == 0).sum())))
    hit = only(numeric_stats(prices(1)), new)

    assert ("default value", value) == (hit.kind, float(hit.operator.value))
    assert hit.low - 0.01 < share < hit.high + 0.01


def test_a_longer_tail_is_no_default_value() -> None:
    assert not found(a_dataset(numeric_stats(prices(1))), a_dataset(numeric_stats(np.append(prices(2), [9_000.0]))))


def test_mostly_zero_and_still_so_is_nothing_stuck() -> None:
    def sales(seed: int) -> Any:
        rng = np.random.default_rng(seed)
        return numeric_stats(np.where(rng.random(5_000) < 0.6, 0.0, rng.exponential(5, 5_000) * (1.3 if seed == 2 else 1)))

    assert not found(a_dataset(sales(1)), a_dataset(sales(2)))


def test_days_in_hours_is_a_unit() -> None:
    days = np.random.default_rng(5).exponential(14.0, 3_000) + 1

    assert (24.0, True) == ((hit := only(numeric_stats(days), numeric_stats(days * 24))).operator.factor, hit.snapped)


def test_a_default_in_the_place_of_every_value_is_a_default_value() -> None:
    hit = only(string_stats({"a": 700.0, "b": 300.0}), string_stats({"unknown": 1000.0}))

    assert ("default value", 1.0) == (hit.kind, hit.share)
