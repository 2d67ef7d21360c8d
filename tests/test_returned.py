"""A feature that is back where it was casts no doubt; one that is new where it is does. And a loss that lasts is remembered."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.verdict.histories import told
from examples.shoes.story import DEMO
from model_insights.evidence.data import Calibration
from model_insights.evidence.fact import Evidence
from model_insights.evidence.returned import returned, without_returned
from model_insights.judgement import ordinary_before, series
from model_insights.loaded import Loaded
from model_insights.run import Run
from model_insights.stats import Statistics
from tests.builders import a_dataset, a_run, numeric_stats

CALIBRATION = Calibration(effects={}, clocks=frozenset(), spans=4)


def a_span(name: str, seed: int, factor: float = 1.0, missing: int = 0) -> Run:
    values = np.random.default_rng(seed).lognormal(4, 0.3, 2_000) * factor
    stats = Statistics(split="train", datasets=(a_dataset(numeric_stats(values, name="price", missing=missing)),))
    return a_run(name, statistics=(Loaded(value=stats),))


def a_move(measure: str = "PSI", subject: str = "price", **parts: Any) -> Evidence:
    return Evidence(id="x", corner="data", subject=subject, measure=measure, sentence="It moved.", **{"state": "violated", **parts})


def test_a_price_that_is_right_again_is_back() -> None:
    assert {"price"} == returned(a_span("now", 1), [a_span("before", 2)], [a_move()], CALIBRATION).keys()


def test_a_price_that_was_never_like_this_is_not_back() -> None:
    assert {} == returned(a_span("now", 1, 2.0), [a_span("before", 2)], [a_move()], CALIBRATION)


def test_as_many_values_must_be_missing_too() -> None:
    assert {} == returned(a_span("now", 1, missing=500), [a_span("before", 2)], [a_move("missing values")], CALIBRATION)


def test_only_features_that_moved_are_asked_about() -> None:
    assert {} == returned(a_span("now", 1), [a_span("before", 2)], [a_move(state="held")], CALIBRATION)


def test_only_the_last_few_ordinary_runs_count() -> None:
    earlier = [*(a_span(f"r{i}", i, 5.0) for i in range(4)), a_span("long ago", 9)]

    assert {} == returned(a_span("now", 1), earlier, [a_move()], CALIBRATION)


def test_a_data_fault_stays_a_doubt_even_where_the_feature_is_back() -> None:
    facts = (a_move(), a_move("data fault"), a_move(subject="channel"))

    assert facts[1:] == without_returned(facts, {"price"})


def test_a_loss_that_was_found_and_is_still_there_is_held_against_the_time_before() -> None:
    """The demo's campaign starts in week 12 and is relearnt until week 15."""
    case = told(DEMO, last=13).case
    made = series(case)
    run = case.history.runs[12]

    assert "week-11" == getattr(made.lasting.get(run.id), "id", None) == getattr(ordinary_before(made, run), "id", None)
