"""Laws of the account: it adds up, it is symmetric, and each line speaks only of its own cause."""

from __future__ import annotations

import itertools

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_insights.cost.model import Cells, costs, unit_cost
from model_insights.ledger import Adjacent, adjacent_ledger, chain, with_retrain_noise
from tests.builders import a_cost, a_unit, some_cells

UNITS = ("a", "b", "c")
rate = st.floats(0.0, 1.0)
amount = st.floats(0.0, 1e4, allow_subnormal=False)


@st.composite
def cells(draw: st.DrawFn, *, kind: str = "inventory") -> Cells:
    """Any three units, or fewer: periods gain and lose units."""
    units = tuple(name for name in UNITS if draw(st.booleans())) or ("a",)
    width = 3 if kind == "inventory" else 4
    rates = [[draw(rate) for _ in range(2)] for _ in units] if kind == "inventory" else [_shares(draw) for _ in units]
    return some_cells(
        units=units,
        volume=[draw(st.floats(1.0, 1e5)) for _ in units],
        values=[[draw(amount) for _ in range(width)] for _ in units],
        rates=rates,
        kind=kind,
    )


def _shares(draw: st.DrawFn) -> list[float]:
    raw = [draw(st.floats(0.01, 1.0)) for _ in range(4)]
    return [part / sum(raw) for part in raw]


def an_adjacent(before: Cells, after: Cells, middle: Cells | None = None) -> Adjacent:
    return Adjacent(before=a_cost(before, run_id="r0"), after=a_cost(after, run_id="r1"), middle=middle)


@settings(max_examples=40, deadline=None)
@given(before=cells(), after=cells(), middle=st.one_of(st.none(), cells()))
def test_lines_sum_to_the_change_and_units_sum_to_lines(before: Cells, after: Cells, middle: Cells | None) -> None:
    ledger = adjacent_ledger(an_adjacent(before, after, middle))
    scale = max(1.0, ledger.scale)

    assert sum(line.money.value for line in ledger.lines) == pytest.approx(ledger.change, abs=1e-9 * scale)
    for line in ledger.lines:
        assert sum(money for _, money in line.by_unit) == pytest.approx(line.money.value, abs=1e-9 * scale)


@settings(max_examples=20, deadline=None)
@given(before=cells(kind="classification"), after=cells(kind="classification"))
def test_outcome_costs_add_up_too(before: Cells, after: Cells) -> None:
    ledger = adjacent_ledger(an_adjacent(before, after))

    assert sum(line.money.value for line in ledger.lines) == pytest.approx(
        float(costs(after).sum() - costs(before).sum()), rel=1e-9, abs=1e-6
    )


@settings(max_examples=20, deadline=None)
@given(before=cells(), after=cells())
def test_swapping_the_periods_flips_every_sign(before: Cells, after: Cells) -> None:
    there, back = adjacent_ledger(an_adjacent(before, after)), adjacent_ledger(an_adjacent(after, before))

    for line in there.lines:
        mirrored = back.line(line.id)
        assert mirrored is not None
        assert mirrored.money.value == pytest.approx(-line.money.value, rel=1e-9, abs=1e-9 * max(1.0, there.scale))


def test_equal_unit_values_leave_the_values_line_at_exactly_zero() -> None:
    ledger = adjacent_ledger(an_adjacent(some_cells(), some_cells(rates=((0.3, 0.1), (0.2, 0.2)))))

    assert ledger.line("values").money.value == 0.0


def test_a_doubled_volume_is_volume_and_nothing_else() -> None:
    ledger = adjacent_ledger(an_adjacent(some_cells(), some_cells(volume=(200.0, 400.0))))

    assert ledger.line("volume").money.value == pytest.approx(ledger.change)
    assert {line.id: round(line.money.value, 9) for line in ledger.lines if line.id != "volume"} == {
        "values": 0,
        "rate": 0,
        "mix": 0,
        "unseen": 0,
    }


def test_moved_cases_are_mix() -> None:
    ledger = adjacent_ledger(an_adjacent(some_cells(volume=(100.0, 200.0)), some_cells(volume=(200.0, 100.0))))

    assert ledger.line("mix").money.value == pytest.approx(ledger.change)


def test_the_same_model_has_a_model_line_of_exactly_zero() -> None:
    before = some_cells()
    ledger = adjacent_ledger(an_adjacent(before, some_cells(rates=((0.3, 0.1), (0.1, 0.1))), middle=before))

    assert ledger.line("model").money.value == 0.0
    assert ledger.tier == "T1"


def test_a_worse_model_on_the_reference_data_is_the_model_line() -> None:
    before = some_cells()
    worse = some_cells(rates=((0.4, 0.1), (0.3, 0.1)))
    ledger = adjacent_ledger(an_adjacent(before, worse, middle=worse))

    assert ledger.line("model").money.value == pytest.approx(ledger.change)
    assert ledger.line("rate").money.value == 0.0


def test_without_the_cell_the_rates_may_belong_to_any_corner() -> None:
    ledger = adjacent_ledger(an_adjacent(some_cells(), some_cells(rates=((0.4, 0.1), (0.3, 0.1)))))

    assert ledger.line("rate").corners == ("business", "data", "model")
    assert not ledger.model_known


def test_a_new_unit_is_unseen_whole() -> None:
    after = some_cells(units=("a", "b", "c"), volume=(100.0, 200.0, 50.0), rates=((0.2, 0.1), (0.1, 0.1), (0.5, 0.1)))
    ledger = adjacent_ledger(an_adjacent(some_cells(), after))

    assert ledger.line("unseen").by_unit == ((a_unit("c"), pytest.approx(float(costs(after)[2]))),)


def test_chained_steps_still_add_up() -> None:
    weeks = [some_cells(), some_cells(rates=((0.3, 0.1), (0.1, 0.2))), some_cells(volume=(150.0, 250.0), rates=((0.2, 0.1), (0.2, 0.2)))]
    priced = [a_cost(week, run_id=f"r{i}") for i, week in enumerate(weeks)]
    steps = [adjacent_ledger(Adjacent(before=a, after=b, middle=None)) for a, b in itertools.pairwise(priced)]
    ledger = chain(steps)

    assert ledger.steps == 2
    assert sum(line.money.value for line in ledger.lines) == pytest.approx(priced[2].total.value - priced[0].total.value)


def test_retrain_noise_widens_the_model_line_only() -> None:
    before = some_cells()
    ledger = adjacent_ledger(
        an_adjacent(before, some_cells(rates=((0.3, 0.1), (0.1, 0.1))), middle=some_cells(rates=((0.25, 0.1), (0.1, 0.1))))
    )
    wider = with_retrain_noise(ledger, 50.0)

    assert wider.line("model").money.high - wider.line("model").money.low > ledger.line("model").money.high - ledger.line("model").money.low
    assert wider.line("rate") == ledger.line("rate")


def test_unrest_of_other_lines_is_added_to_those_lines() -> None:
    ledger = adjacent_ledger(an_adjacent(some_cells(), some_cells(rates=((0.3, 0.1), (0.1, 0.1)))))
    wider = with_retrain_noise(ledger, 50.0, name="rate")

    assert np.std(wider.draws["rate"]) == pytest.approx(np.hypot(np.std(ledger.draws["rate"]), 50.0), rel=0.1)
    assert wider.line("rate").money.value == ledger.line("rate").money.value


def test_the_noise_of_two_steps_adds_up_as_independent_noise_does() -> None:
    priced = [a_cost(some_cells(), run_id=name) for name in ("r0", "r1", "r2")]
    steps = [adjacent_ledger(Adjacent(before=a, after=b, middle=a.cells)) for a, b in itertools.pairwise(priced)]
    chained = chain([with_retrain_noise(step, 50.0) for step in steps])

    assert np.std(chained.draws["model"]) == pytest.approx(50.0 * np.sqrt(2), rel=0.1)


def test_what_ordinary_steps_show_adds_up_along_a_chain() -> None:
    priced = [a_cost(some_cells(), run_id=name) for name in ("r0", "r1", "r2")]
    steps = [adjacent_ledger(Adjacent(before=a, after=b, middle=a.cells)) for a, b in itertools.pairwise(priced)]

    assert {"rate": 6.0} == chain([msgspec.structs.replace(step, ordinary={"rate": 3.0}) for step in steps]).ordinary


def test_an_account_that_does_not_add_up_is_refused() -> None:
    from model_insights.ledger import check

    ledger = adjacent_ledger(an_adjacent(some_cells(), some_cells(volume=(200.0, 400.0))))
    with pytest.raises(AssertionError, match="misses"):
        check(msgspec.structs.replace(ledger, after=ledger.after + 1.0))


@settings(max_examples=40, deadline=None)
@given(one=cells(), factor=st.floats(0.1, 10.0))
def test_cost_is_linear_in_volume(one: Cells, factor: float) -> None:
    scaled = msgspec.structs.replace(one, volume=one.volume * factor)

    np.testing.assert_allclose(costs(scaled), costs(one) * factor, rtol=1e-9, atol=1e-12)


def test_over_in_one_unit_does_not_cancel_under_in_another() -> None:
    money = unit_cost("inventory", np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]), np.array([[0.2, 0.1], [0.1, 0.2]]))

    assert money.tolist() == pytest.approx([0.2, 0.3])
