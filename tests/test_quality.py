"""Each detector names its own corruption, replays it, and stays silent for ordinary changes."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from model_insights.evidence import skew
from model_insights.evidence.change import feature_change, sized
from model_insights.evidence.data import calibrate, find_corruptions, gather, judge_features
from model_insights.evidence.quality import Corruption, Operator, corruptions
from model_insights.loaded import Loaded
from model_insights.metrics import EvalConfig, ModelSpec
from model_insights.stats import DatasetStats, Statistics
from model_insights.wording import Words
from tests.builders import a_dataset, a_run, an_evaluation, numeric_stats, string_stats


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


# --- scales, bounds, keys, labels ------------------------------------------------------------------------------------------------


def degrees(seed: int, n: int = 3_000) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).normal(18, 6, n)


@pytest.mark.parametrize(("factor", "offset"), [(1.8, 32.0), (1.0, 273.15), (1 / 1.8, -32 / 1.8)])
def test_another_scale_is_named_with_its_factor_and_offset(factor: float, offset: float) -> None:
    hit = only(numeric_stats(degrees(1)), numeric_stats(factor * degrees(2) + offset))

    assert ("affine", pytest.approx(factor), pytest.approx(offset)) == (hit.kind, hit.operator.factor, hit.operator.offset)
    assert np.allclose(factor * degrees(3) + offset, hit.operator.apply(degrees(3)))


def test_a_warm_week_is_no_other_scale() -> None:
    assert not found(a_dataset(numeric_stats(degrees(1))), a_dataset(numeric_stats(degrees(2) + 9)))


@pytest.mark.parametrize(("bound", "upper"), [(22.0, True), (12.0, False)])
def test_a_sensor_at_its_limit_is_saturated_there(bound: float, upper: bool) -> None:
    clip = np.minimum if upper else np.maximum
    hit = only(numeric_stats(degrees(1)), numeric_stats(clip(degrees(2), bound)))

    assert ("saturated", bound, upper) == (hit.kind, float(hit.operator.value), hit.operator.is_upper)
    assert np.array_equal(clip(degrees(3), bound), hit.operator.apply(degrees(3)))


def test_dropped_rows_are_no_limit() -> None:
    kept = degrees(2)[degrees(2) < 22.0]

    assert "saturated" not in {one.kind for one in found(a_dataset(numeric_stats(degrees(1))), a_dataset(numeric_stats(kept)))}


def test_keys_that_repeat_are_rows_that_came_twice() -> None:
    old = string_stats({f"order {i}": 1 for i in range(1_000)}, name="order")
    new = string_stats({f"order {i}": 2 if i < 200 else 1 for i in range(800)}, name="order")
    (hit,) = found(a_dataset(old), a_dataset(new))

    assert ("duplicates", pytest.approx(0.2)) == (hit.kind, hit.share)


def test_a_category_that_repeats_is_no_key() -> None:
    old, new = (string_stats({"a": 500, "b": 400 + extra, "c": 100 - extra}) for extra in (0, 10))

    assert not found(a_dataset(old), a_dataset(new))


@pytest.mark.parametrize("rows", [50, 120, 400])
def test_values_that_seldom_repeat_in_a_small_sample_are_no_repeated_keys(rows: int) -> None:
    def sample(seed: int) -> Any:
        counts = np.random.default_rng(seed).multinomial(rows, [1 / 500] * 500)
        return a_dataset(string_stats({str(i): float(count) for i, count in enumerate(counts) if count}))

    assert not [seed for seed in range(40) if found(sample(2 * seed), sample(2 * seed + 1))]


def test_an_outcome_that_is_not_in_yet_is_a_late_label_and_no_lost_sensor() -> None:
    def run(name: str, missing: int) -> Any:
        config = EvalConfig(models=(ModelSpec(name="m", label_key="click"),))
        evaluation = msgspec.structs.replace(an_evaluation(), config=config)
        whole = a_dataset(string_stats({"0": 800 - missing, "1": 200}, name="click", missing=missing), numeric_stats(prices(1, 1_000)))
        return a_run(name, evaluation=Loaded(value=evaluation), statistics=(Loaded(value=Statistics(split="train", datasets=(whole,))),))

    before, now = run("a", 0), run("b", 300)
    judged = judge_features(now, before, calibrate((before, now)))
    (fault,) = find_corruptions(now, before, judged)
    sentence = next(fact.sentence for fact in gather(now, before, judged, (fault,), Words()) if fact.measure == "data fault")

    assert "label delay" == fault.kind
    assert "30.0\u00a0% of the outcomes are not in yet" in sentence


# --- training against serving ------------------------------------------------------------------------------------------------------


def with_splits(**splits: Any) -> Any:
    return a_run(
        "r", statistics=tuple(Loaded(value=Statistics(split=name, datasets=(a_dataset(*found),))) for name, found in splits.items())
    )


def test_a_feature_that_is_another_in_service_is_said_with_its_effect() -> None:
    run = with_splits(train=[numeric_stats(prices(1))], serving=[numeric_stats(prices(2, 1_000) * 3)])
    (fact,) = skew.gather(run, Words())

    assert ("training/serving skew", "violated") == (fact.measure, fact.state)
    assert "split serving differs from split train" in fact.sentence


def test_the_same_in_service_is_held_and_no_serving_statistics_say_nothing() -> None:
    same = with_splits(train=[numeric_stats(prices(1))], serving=[numeric_stats(prices(2, 1_000))])
    without = with_splits(train=[numeric_stats(prices(1))], eval=[numeric_stats(prices(2, 1_000) * 3)])

    assert ["held"] == [fact.state for fact in skew.gather(same, Words())]
    assert () == skew.gather(without, Words())
