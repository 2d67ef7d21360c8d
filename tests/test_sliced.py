"""Changes inside slices of the statistics: found where the whole hides them, and told with their slice."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from model_insights.evidence.data import calibrate, gather, judge_features
from model_insights.evidence.sliced import slice_changes
from model_insights.loaded import Loaded
from model_insights.stats import FeatureStats, Statistics
from model_insights.wording import Words
from tests.builders import a_dataset, a_run, numeric_stats


def price(seed: int, shift: float = 0.0, n: int = 3_000, missing: int = 0) -> FeatureStats:
    return numeric_stats(np.random.default_rng(seed).normal(50 + shift, 10, n), name="price", missing=missing)


def sliced(seed: int, *, south: float = 0.0, north: float = 0.0, missing: int = 0, size: int = 3_000) -> Statistics:
    """Two regions and the whole of them."""
    rows = [np.random.default_rng(seed + i).normal(50 + shift, 10, size) for i, shift in enumerate((south, north))]
    datasets = [a_dataset(numeric_stats(np.concatenate(rows), name="price"))]
    for name, values, gone in (("region_south", rows[0], missing), ("region_north", rows[1], 0)):
        datasets.append(msgspec.structs.replace(a_dataset(numeric_stats(values, name="price", missing=gone)), name=name))
    return Statistics(split="train", datasets=tuple(datasets))


def test_a_change_of_one_slice_is_told_with_it() -> None:
    found, tested = slice_changes(sliced(1), sliced(5, south=4.0))

    assert (["region_south"], 2) == ([one.slice for one in found], tested)


def test_opposite_changes_that_the_whole_hides_are_both_found() -> None:
    found, _ = slice_changes(sliced(1), sliced(5, south=3.0, north=-3.0))

    assert {"region_south", "region_north"} == {one.slice for one in found}


def test_a_missing_share_that_jumped_in_one_slice_says_where_the_fault_lies() -> None:
    found, _ = slice_changes(sliced(1), sliced(5, missing=600))

    assert [("region_south", True)] == [(one.slice, one.missing is not None) for one in found]


def test_slices_without_a_change_and_slices_that_are_too_small_are_not_told() -> None:
    assert () == slice_changes(sliced(1), sliced(5))[0]
    assert ((), 0) == slice_changes(sliced(1, size=60), sliced(5, south=30.0, size=60))


def facts(before: Statistics, now: Statistics) -> dict[str, Any]:
    runs = [a_run(name, statistics=(Loaded(value=one),)) for name, one in (("a", before), ("b", now))]
    judged = judge_features(runs[1], runs[0], calibrate(tuple(runs)))
    return {one.id: one for one in gather(runs[1], runs[0], judged, (), Words()) if one.measure == "change in a slice"}


def test_the_data_corner_says_what_changed_in_which_slice() -> None:
    found = facts(sliced(1), sliced(5, south=4.0, missing=600))

    assert (
        "In slice region_south (3,600 examples) the distribution of price moved" in found["data:sliced:region_south:price:change"].sentence
    )
    assert "missing values of price went from 0.0\u00a0% to 16.7\u00a0%" in found["data:sliced:region_south:price:missing"].sentence


def test_unchanged_slices_are_held_and_unsliced_statistics_say_nothing() -> None:
    whole = Statistics(split="train", datasets=(a_dataset(price(1)),))

    assert ["held"] == [one.state for one in facts(sliced(1), sliced(5)).values()]
    assert {} == facts(whole, whole)
