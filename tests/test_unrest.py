"""What ordinary steps of a history show: the yardstick that a loss has to exceed."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from model_insights.ledger import Adjacent, Ledger, adjacent_ledger
from model_insights.unrest import Move, around, qn, retrain_spread, with_unrest
from tests.builders import a_cost, some_cells


def moves(*values: float, error: float = 0.0) -> list[Move | None]:
    return [Move(value=value, error=error) for value in values]


def test_qn_is_the_standard_deviation_of_a_normal_sample() -> None:
    random = np.random.default_rng(1)
    found = [qn(random.normal(5.0, 3.0, 15)) for _ in range(400)]

    assert 3.0 == pytest.approx(float(np.mean(found)), rel=0.05)


def test_qn_hardly_notices_a_third_of_foul_values() -> None:
    clean = np.random.default_rng(2).normal(0.0, 1.0, 12)

    assert qn(np.concatenate([clean, np.full(6, 1e6) * np.arange(1, 7)])) < 3 * qn(clean)


def test_qn_of_nothing_is_nothing() -> None:
    assert (0.0, 0.0) == (qn(np.array([])), qn(np.array([4.0])))


def test_the_level_is_the_median_of_the_other_steps() -> None:
    assert 110.0 == around(moves(100.0, 120.0, 5000.0, 110.0), 2).level


def test_a_step_does_not_set_its_own_yardstick() -> None:
    quiet = moves(0.0, 1.0, -1.0, 0.5, -0.5, 0.2)

    assert around([*quiet, Move(value=1e6, error=0.0)], 6).spread == around([*quiet, Move(value=0.0, error=0.0)], 6).spread


def test_too_few_ordinary_steps_tell_nothing() -> None:
    found = around([*moves(1.0, 50.0), None, None, Move(value=9.0, error=0.0)], 4)

    assert (0.0, 0.0) == (found.level, found.spread)


def test_few_steps_widen_the_spread_and_many_do_not() -> None:
    random = np.random.default_rng(3)
    few, many = ([around(moves(*random.normal(0.0, 10.0, n), 0.0), n).spread for _ in range(200)] for n in (4, 24))

    assert np.mean(few) > 1.1 * np.mean(many) * math.sqrt(4 / 8) / math.sqrt(24 / 28)
    assert 10.0 == pytest.approx(float(np.mean(many)), rel=0.15)


def test_what_sampling_explains_is_no_unrest() -> None:
    random = np.random.default_rng(4)
    found = [around(moves(*random.normal(0.0, 10.0, 20), 0.0, error=10.0), 20).spread for _ in range(200)]

    assert np.median(found) < 7.0  # the prior and Student's factor keep some of it


def steps(**changes: Any) -> dict[str, Ledger | str]:
    """Ten steps in which the model gains a little on what it has seen and the rates lose it again."""
    made: dict[str, Ledger | str] = {}
    for i in range(10):
        before, middle = some_cells(), some_cells(rates=((0.5 - 0.001 * i, 0.5), (0.25, 0.25)))
        ledger = adjacent_ledger(Adjacent(before=a_cost(before, run_id=f"r{i}"), after=a_cost(before, run_id=f"r{i + 1}"), middle=middle))
        made[f"r{i + 1}"] = msgspec.structs.replace(ledger, **changes)
    return made


def test_steps_get_the_level_of_each_line_on_the_side_that_is_ordinary() -> None:
    for step in with_unrest(steps(), set()).values():
        assert isinstance(step, Ledger)
        assert step.ordinary["model"] <= 0.0 <= step.ordinary["rate"]


def test_where_the_model_is_not_told_from_the_world_there_is_no_level() -> None:
    found = with_unrest(steps(model_known=False), set())

    assert all(isinstance(step, Ledger) and not step.ordinary for step in found.values())


def test_steps_into_and_out_of_a_loss_are_not_ordinary() -> None:
    every = steps()

    assert retrain_spread(every, set()) > 0.0
    assert 0.0 == retrain_spread(every, {f"r{i}" for i in range(0, 11, 2)})


def test_a_sentence_in_the_place_of_a_ledger_stays_one() -> None:
    assert "no cost" == with_unrest({**steps(), "r11": "no cost"}, set())["r11"]


def test_what_a_step_shows_is_the_news_beyond_the_ordinary() -> None:
    ledger = next(iter(steps(ordinary={"rate": 2.0}).values()))
    assert isinstance(ledger, Ledger)
    line = ledger.line("rate")

    assert line is not None
    assert ledger.news("rate") == line.money.value - 2.0
    assert 0.0 == ledger.news("concept")


def test_restless_volumes_and_shares_are_weighed_and_their_amounts_stay_exact() -> None:
    every: dict[str, Ledger | str] = {}
    for i in range(10):
        unlike = ((0.6, 0.1), (0.1, 0.1))
        before, after = some_cells(rates=unlike), some_cells(rates=unlike, volume=(100.0 + 9.0 * (-1) ** i * i, 200.0 + 5.0 * i))
        every[f"r{i + 1}"] = adjacent_ledger(
            Adjacent(before=a_cost(before, run_id=f"r{i}"), after=a_cost(after, run_id=f"r{i + 1}"), middle=before)
        )
    for run_id, step in with_unrest(every, set()).items():
        bare = every[run_id]
        assert isinstance(step, Ledger)
        assert isinstance(bare, Ledger)
        assert step.line("volume") == bare.line("volume")
        assert step.error("volume") > 0.0
        assert step.error("mix") >= step.unrest["mix"] > 0.0
