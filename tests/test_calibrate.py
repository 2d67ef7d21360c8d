"""The calibration of the data corner on a few seeds: no false alarms where nothing changed, planted faults named. All seeds: `make calibrate`."""

from __future__ import annotations

import pytest

from benchmarks.calibrate import judging
from benchmarks.calibrate.scoring import Answer, page, written
from benchmarks.calibrate.worlds import FAULTS, Fault
from benchmarks.verdict.scoring import Share


def test_the_same_statistics_twice_raise_no_flag() -> None:
    assert [] == judging.identical_flags(1, 500)


@pytest.mark.parametrize("rows", [50, 1_000, 10_000])
def test_fifty_features_without_a_change_seldom_raise_a_flag(rows: int) -> None:
    """6 windows each: at 5 % two of them or more come once in 30."""
    assert sum(bool(judging.pair_flags(seed, rows)) for seed in range(6)) <= 1


def test_a_history_of_ten_runs_raises_no_more() -> None:
    assert sum(bool(judging.history_flags(seed, 300)) for seed in range(2)) <= 1


def test_a_rare_value_that_doubled_is_flagged() -> None:
    assert ["data:change:outcome"] == judging.doubling_flags(None, 20_000)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_planted_fault_is_named_with_its_factor(fault: Fault) -> None:
    assert all(judging.fault_found(seed, 4_000, fault) for seed in range(2))


def test_a_season_is_no_flag_against_the_same_season_and_is_one_against_a_fixed_reference() -> None:
    weeks = (10, 40)
    same, fixed = (judging.season_flags(1, 2_000, weeks, same_season=same) for same in (True, False))

    assert ([False, False], [True, True]) == ([bool(one) for one in same], [bool(one) for one in fixed])


def test_the_table_says_which_goals_are_missed() -> None:
    answers = [Answer(what="it", rows="50", found=Share(hits=hits, cases=100), most=0.05) for hits in (5, 6)]

    assert "1 of 2 lines miss their goal" in page(answers)
    assert "| it | 50 | at most 0.05 | 0.06 (0.03 to 0.12; 6 of 100) | no |" in page(answers)


def test_a_written_table_is_read_back_for_the_lines_that_are_kept() -> None:
    answers = [
        Answer(what="it", rows="1,000", found=Share(hits=5, cases=100), most=0.05),
        Answer(what="more", rows="50", found=Share(hits=3, cases=4)),
    ]

    assert {("it", "1,000"): Share(hits=5, cases=100), ("more", "50"): Share(hits=3, cases=4)} == written(page(answers))
