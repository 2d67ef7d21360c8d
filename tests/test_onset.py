"""Since when: dates of changes with intervals that hold the truth, a season that is no change, and what began at the same time."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from benchmarks.verdict import layout
from model_insights.evidence.business import BusinessEvent
from model_insights.evidence.changepoint import shifts
from model_insights.evidence.data import calibrate, gather, judge_features
from model_insights.evidence.onset import Onset, coincidences, cost_onset, since_text
from model_insights.loaded import Loaded
from model_insights.run import ModelVersion, Period, Run
from model_insights.stats import Schema, SchemaFeature, Statistics
from model_insights.wording import Words
from tests.builders import a_run

WORDS = Words()


def series(seed: int, length: int, at: int, size: float) -> list[float]:
    values = np.random.default_rng(seed).normal(0, 1, length)
    values[at:] += size
    return [float(value) for value in values]


@pytest.mark.parametrize(("length", "size"), [(16, 3.0), (30, 2.0), (60, 1.5)])
def test_the_interval_of_the_date_holds_it_in_four_of_five_cases(length: int, size: float) -> None:
    rng, held = np.random.default_rng(4), []
    for seed in range(60):
        at = int(rng.integers(4, length - 3))
        found = shifts(series(seed, length, at, size))
        if found:
            nearest = min(found, key=lambda one: abs(one.at - at))
            held.append(nearest.low <= at <= nearest.high)

    assert len(held) > 40
    assert sum(held) / len(held) >= 0.78


def test_a_series_without_a_change_has_seldom_one() -> None:
    assert sum(bool(shifts(series(seed, 30, 0, 0.0))) for seed in range(100)) <= 15


def test_a_jump_in_the_last_period_is_dated_to_it() -> None:
    (found,) = shifts([*series(1, 20, 0, 0.0), 12.0])

    assert (20, 20, 20) == (found.at, found.low, found.high)


def test_unknown_periods_are_passed_over() -> None:
    values: list[float | None] = [*series(1, 20, 12, 6.0)]
    values[3] = values[14] = None
    (found,) = shifts(values)

    assert 12 == found.at


def test_a_season_is_no_change_and_a_change_within_a_season_is_dated() -> None:
    wave = 3 * np.sin(2 * np.pi * np.arange(130) / 52) + np.random.default_rng(2).normal(0, 0.5, 130)
    risen = np.where(np.arange(130) >= 110, wave + 3, wave)

    assert () == shifts(wave.tolist(), season=52)
    assert [110] == [one.at for one in shifts(risen.tolist(), season=52)]


def test_too_few_periods_are_not_dated() -> None:
    assert () == shifts([1.0, 1.0, 1.0, 9.0, 9.0])


# --- money and what began with it ------------------------------------------------------------------------------------------------


def weeks(count: int, *, new_model: int | None = None) -> tuple[Run, ...]:
    return tuple(
        a_run(
            f"r{i}", period=Period(label=f"2024-07-{i + 1:02d}", start=f"2024-07-{i + 1:02d}", end=f"2024-07-{i + 1:02d}"),
            baseline=ModelVersion(uri=f"models/{1 if new_model is None or i < new_model else 2}"),
        )
        for i in range(count)
    )  # fmt: skip


def test_the_rise_of_the_cost_is_dated_and_stands_beside_the_model_that_began_to_serve() -> None:
    runs = weeks(12, new_model=8)
    totals = {run.id: value for run, value in zip(runs, series(5, 12, 8, 9.0), strict=True)}
    onset = cost_onset(runs, totals, runs[8], runs[11], None)
    events = (BusinessEvent(date="2024-07-09", text="prices rose"), BusinessEvent(date="2024-07-03", text="a fair"))

    assert onset is not None
    assert "r8" == onset.first
    assert "since 9 Jul 2024 (80\u00a0%: that period); in that time: model models/2 began to serve, prices rose" == since_text(
        runs, runs[8], onset, events, WORDS
    )


def test_a_cost_that_fell_or_rose_elsewhere_gives_no_interval() -> None:
    runs = weeks(12)
    fell = {run.id: value for run, value in zip(runs, series(5, 12, 8, -9.0), strict=True)}
    rose = {run.id: value for run, value in zip(runs, series(5, 12, 8, 9.0), strict=True)}

    assert cost_onset(runs, fell, runs[8], runs[11], None) is None
    assert cost_onset(runs, rose, runs[3], runs[11], None) is None
    assert "since 4 Jul 2024" == since_text(runs, runs[3], None, (), WORDS)


def test_what_begins_in_every_period_comes_last() -> None:
    runs = tuple(msgspec.structs.replace(run, baseline=ModelVersion(uri=f"models/{i}")) for i, run in enumerate(weeks(6)))
    events = (BusinessEvent(date="2024-07-04", text="prices rose"),)

    assert ("prices rose (4 Jul 2024)", "model models/3 began to serve (4 Jul 2024)") == coincidences(
        runs, Onset(first="r3", low="r3", high="r4"), events, WORDS
    )[:2]


def test_a_revised_schema_is_a_coincidence() -> None:
    schemas = [Loaded(value=Schema(features=(SchemaFeature(path=("x",), low=low),))) for low in (0.0, 0.0, 1.0)]
    runs = tuple(msgspec.structs.replace(run, schema=schema) for run, schema in zip(weeks(3), schemas, strict=True))

    assert ("the schema was revised",) == coincidences(runs, Onset(first="r2", low="r2", high="r2"), (), WORDS)


# --- features --------------------------------------------------------------------------------------------------------------------


def test_a_changed_feature_says_when_its_mean_came_to_its_level() -> None:
    columns = [{"x": np.random.default_rng(i).normal(0.0 if i < 7 else 1.0, 1, 2_000)} for i in range(11)]
    runs = tuple(
        msgspec.structs.replace(run, statistics=(Loaded(value=Statistics(split="train", datasets=(layout.dataset(one, {}),))),))
        for run, one in zip(weeks(11), columns, strict=True)
    )
    judged = judge_features(runs[10], runs[2], calibrate(runs))
    labels = {run.id: run.period.label for run in runs}
    (fact,) = (one for one in gather(runs[10], runs[2], judged, (), WORDS, labels=labels) if one.id == "data:change:x")

    assert "The mean came to its level in 8 Jul 2024 (80\u00a0%: that period)." in fact.sentence
