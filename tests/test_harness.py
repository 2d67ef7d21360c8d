"""The harness that holds the verdict against known faults: its artifacts look like TFX's, its cases are what they say, its scores are right."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from benchmarks.verdict import layout
from benchmarks.verdict.__main__ import read, run, ship
from benchmarks.verdict.judging import Result
from benchmarks.verdict.page import page
from benchmarks.verdict.pipelines import Change, past, present, true_ledger, true_loss
from benchmarks.verdict.scenarios import BY_NAME, SCENARIOS, Job, answerable, jobs
from benchmarks.verdict.scoring import Map, as_said, calibration_error, is_good, is_held_out, knots, pooled, reliability, share
from benchmarks.verdict.weekly import History, Told
from benchmarks.verdict.worlds import DEMAND, FRAUD, SHOES, TAXI, WORLDS, fit, fitted, law, matrix, names_of_inputs, predict, rows, scored
from model_insights import calibration
from model_insights.calibration import KNOTS, calibrated
from model_insights.verdict import word
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
    assert answerable(Job(scenario="X1", tier="T0", **given))  # of its two causes one has a line of its own


def test_every_case_has_its_own_key() -> None:
    keys = [job.key for job in jobs(3)]

    assert len(keys) == len(set(keys))


# --- one case, and going on ---------------------------------------------------------------------------------------------------------

BAD_FEED = Job(world="shoes", scenario="D1", level=100.0, n=2000, tier="T1", seed=0)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("harness") / "cases.jsonl"
    assert run([BAD_FEED, msgspec.structs.replace(BAD_FEED, scenario="N0", level=0.0)], path, end=math.inf)
    return path


def test_a_unit_bug_is_the_data_and_a_healthy_week_is_quiet(ran: Path) -> None:
    fault, healthy = sorted(read(ran, Result), key=lambda one: one.job.key)

    assert ("fault", "data", ("rate",)) == (fault.kind, fault.named, fault.confirmed)
    assert fault.size > 2
    assert ("quiet", 0.0) == (healthy.kind, healthy.loss)


def test_a_second_run_repeats_nothing_and_a_line_cut_short_is_run_again(ran: Path) -> None:
    whole = ran.read_bytes()
    ran.write_bytes(whole + b'{"job": {"wor')

    assert run([BAD_FEED], ran, end=math.inf)
    assert whole == ran.read_bytes()


# --- scores -------------------------------------------------------------------------------------------------------------------------


def a_result(**parts: Any) -> Result:
    given: dict[str, Any] = {
        "job": BAD_FEED, "answerable": True, "loss": 10.0, "size": 3.0, "kind": "fault", "corner": "data", "named": "data", "confidence": "likely",
        "raw": 0.9, "probability": 0.9, "cannot_tell": (), "confirmed": ("rate",),
        "naive": dict.fromkeys(("largest PSI", "any JSD > 0.01", "alarm counting", "smart rules", "correlation ranker"), "business"),
    }  # fmt: skip
    return Result(**{**given, **parts})


def test_a_share_comes_with_wilsons_interval() -> None:
    assert "0.50 (0.24 to 0.76; 5 of 10)" == share([True, False] * 5).text


def test_violators_are_pooled_into_a_map_that_never_falls() -> None:
    raw = [0.2] * 20 + [0.5] * 20 + [0.8] * 20
    right = [True] * 10 + [False] * 10 + [True] * 4 + [False] * 16 + [True] * 19 + [False]

    assert ((0.0, 0.0), (0.35, round(15 / 42, 4)), (0.8, round(20 / 22, 4))) == pooled(raw, right)


def test_no_knot_rests_on_a_handful_of_cases() -> None:
    assert 2 == len(pooled([0.1, 0.2, 0.9] + [0.95] * 12, [False, True, True] + [True] * 12))


def test_the_calibration_error_is_the_distance_of_said_from_seen() -> None:
    assert (0.0, pytest.approx(0.3)) == (
        calibration_error([0.75] * 4, [True, True, True, False]), calibration_error([0.8] * 4, [True, True, False, False])
    )  # fmt: skip


def test_a_corner_below_six_in_ten_is_not_named_and_one_that_cannot_be_told_apart_neither() -> None:
    maps = {"T1": Map(knots=((0.0, 0.0), (1.0, 1.0)), cases=9)}

    assert ("data", "likely") == ((said := as_said(a_result(), maps)).corner, said.confidence)
    assert ("", "") == (as_said(a_result(raw=0.5), maps).corner, as_said(a_result(named=""), maps).corner)


def test_where_nothing_can_be_told_naming_is_wrong_and_silence_is_right() -> None:
    assert (False, True) == (is_good(a_result(answerable=False)), is_good(a_result(answerable=False, corner="")))


def test_at_least_a_third_of_the_settings_is_held_out_and_a_setting_never_on_both_sides() -> None:
    held, fitted = ({job.setting for job in jobs(1) if is_held_out(job) is wanted} for wanted in (True, False))
    same = {
        setting for setting in held & fitted if not setting.startswith(("shoes/N0/", "fraud/N0/", "demand/N0/"))
    }  # nothing has no level

    assert len(held) / len(held | fitted) > 0.3
    assert not {setting for setting in same if "/D5/" not in setting}  # nor has an exchange of two inputs
    assert {job.world for job in jobs(1) if job.world == "taxi" and not is_held_out(job)} == set()


def test_there_are_as_many_cases_of_each_kind_as_were_asked_for() -> None:
    kinds = [(BY_NAME[job.scenario].kind, answerable(job)) for job in jobs(1)]

    assert sum(not known for _, known in kinds) >= 200
    assert kinds.count(("mixed", True)) >= 200
    assert kinds.count(("null", True)) >= 350
    assert kinds.count(("fault", True)) >= 800


def test_held_out_answers_are_counted_by_their_word() -> None:
    held = next(job for job in jobs(1) if is_held_out(job) and job.scenario == "D1" and job.tier == "T1")
    found = [a_result(job=held), a_result(job=held, corner="model"), a_result(job=held, corner=""), a_result(job=BAD_FEED)]

    assert {"likely": (1, 2)} == reliability(found, "T1")
    assert {} == reliability(found, "T0")


def test_the_map_is_fitted_on_settings_that_are_not_scored() -> None:
    scored = next(job for job in jobs(1) if is_held_out(job) and job.tier == "T1")
    fitted = next(job for job in jobs(1) if not is_held_out(job) and job.tier == "T1")

    assert 12 == knots([*[a_result(job=fitted)] * 12, *[a_result(job=scored)] * 50], "T1").cases


def test_the_page_says_how_often_the_verdict_and_the_rules_were_right() -> None:
    held = next(job for job in jobs(1) if is_held_out(job) and job.scenario == "D1" and job.tier == "T1")
    maps = {tier: Map(knots=((1.0, 0.9),), cases=9) for tier in ("T0", "T1")}
    week = Told(span=8, right=("data",), scored=True, kind="fault", corner="data", late=1)
    text = page([a_result(job=held)] * 4, maps, [History(seed=100, weeks=(week,), healthy=(week,))], wanted=9)

    assert "| verdict | 1.00 (0.51 to 1.00; 4 of 4)" in text
    assert "4 of the 9 cases of the design" in text
    assert "| smart rules | 0.00 (0.00 to 0.49; 0 of 4)" in text
    assert "| false alarm per healthy week | at most 0.02 | 1.00 (0.21 to 1.00; 1 of 1) | no case |" in text
    assert "| start week within one run, where a start is told | 0.85 | 1.00 (0.21 to 1.00; 1 of 1)" in text


# --- the shipped map ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", KNOTS)
def test_the_shipped_map_never_falls_and_stays_between_nothing_and_certainty(tier: str) -> None:
    found = [calibrated(raw, tier) for raw in np.linspace(0, 1, 101)]

    assert found == sorted(found)
    assert 0 <= found[0] <= found[-1] <= 1
    assert found == [calibrated(raw, tier) for raw in np.linspace(0, 1, 101)]


def test_an_unknown_tier_has_no_map() -> None:
    with pytest.raises(KeyError):
        calibrated(0.5, "T9")


def test_words_begin_at_their_thresholds() -> None:
    assert ["cannot tell", "leaning", "likely", "very likely"] == [word(p) for p in (0.59, 0.6, 0.8, 0.95)]
    assert ["leaning", "likely"] == [word(p) for p in (0.79, 0.94)]


def test_shipping_writes_the_table_and_leaves_the_rest(tmp_path: Path) -> None:
    module = tmp_path / "shipped.py"
    module.write_text(Path(str(calibration.__file__)).read_text())
    held = next(job for job in jobs(1) if is_held_out(job) and job.tier == "T1")
    ship(
        {"T0": Map(knots=((0.5, 0.7),), cases=12), "T1": Map(knots=((0.4, 0.6), (1.0, 0.9)), cases=34)},
        [a_result(job=held, raw=1.0)],
        module,
    )
    spec = importlib.util.spec_from_file_location("shipped", module)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)

    assert ({"T0": 12, "T1": 34}, 0.7, pytest.approx(0.75)) == (made.CASES, made.calibrated(0.1, "T0"), made.calibrated(0.7, "T1"))
    assert (0, 1) in [made.reliability("T1", "likely"), made.reliability("T1", "very likely")] or (1, 1) == made.reliability("T1", "likely")


# --- true accounts --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_the_true_account_adds_up_and_puts_the_money_where_it_was_put(world) -> None:
    before, change = past(world, law(world, 3), 1000, 4), Change(volume=1.5)
    ledger = true_ledger(before, change, present(before, change, with_lineage=True), with_middle=True)

    assert sum(line.money.value for line in ledger.lines) == pytest.approx(ledger.change, rel=1e-9)
    assert "volume" == max(ledger.lines, key=lambda line: line.money.value).id


def test_pieces_are_forecast_by_least_squares_without_bias() -> None:
    week = past(DEMAND, law(DEMAND, 1), 4000, 2).weeks[-1]
    inputs = matrix(DEMAND, week.train[0])
    errors = scored(DEMAND, inputs, fitted(DEMAND, inputs, week.train[1])) - week.train[1]

    assert (pytest.approx(0.0, abs=0.05), pytest.approx(DEMAND.noise, rel=0.05)) == (float(errors.mean()), float(errors.std()))


def test_records_of_the_taxi_world_have_gaps_and_absurd_prices_in_ordinary_weeks() -> None:
    columns = past(TAXI, law(TAXI, 1), 4000, 2).weeks[-1].train[0]

    assert 0.2 < np.isnan(columns["loyalty"]).mean() < 0.45
    assert columns["price"].max() > 50 * np.median(columns["price"])
