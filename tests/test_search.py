"""The costliest slices: found on one half of the rows, judged on the other, each euro once."""

from __future__ import annotations

import numpy as np
import pytest

from model_insights.evidence.combinations import Compared, cut_rows
from model_insights.evidence.rows import NumberColumn, RowTable, TextColumn
from model_insights.evidence.search import FoundSlice, SliceSearch, search

LEVELS = 12


def a_world(rows: int, seed: int, *, dear: dict[tuple[int, ...], float] | None = None, features: int = 5, levels: int = LEVELS) -> RowTable:
    """Independent features f0, f1, ... of so many values; a tenth of the rows cost something; `dear`: so much more where f0, f1, ... have these values."""
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, levels, rows).astype(np.int32) for _ in range(features)]
    columns = tuple(
        TextColumn(name=f"f{i}", codes=one, labels=tuple(f"v{code:02d}" for code in range(levels))) for i, one in enumerate(codes)
    )
    loss = np.where(rng.random(rows) < 0.1, rng.exponential(2.0, rows), 0.0)
    for values, more in (dear or {}).items():
        inside = np.all([codes[i] == value for i, value in enumerate(values)], axis=0)
        loss = loss + np.where(inside, rng.exponential(more, rows), 0.0)
    return RowTable(columns=columns, rows=rows, loss=loss)


def found(table: RowTable, **options) -> SliceSearch:
    before = options.get("before")
    cut = cut_rows(Compared(now=table, base=(table,), before=before), support=20, ways=2, features=(), leave_out=())
    outcome = search(table, cut, **options)
    assert isinstance(outcome, SliceSearch), outcome
    return outcome


def predicates(one: FoundSlice) -> dict[str, str | float]:
    return {item.feature: item.level.value for item in one.items}


def certain(outcome: SliceSearch) -> list[dict[str, str | float]]:
    return [predicates(one) for one in outcome.slices if one.is_certain]


def test_a_planted_slice_of_two_predicates_is_the_costliest():
    outcome = found(a_world(20_000, 1, dear={(3, 5): 2.0}))
    top = outcome.slices[0]

    assert predicates(top) == {"f0": "v03", "f1": "v05"}
    assert top.is_certain
    assert top.excess.low < 2.0 * 20_000 / LEVELS**2 < top.excess.high
    assert top.share == pytest.approx(1 / LEVELS**2, abs=0.003)


def test_a_slice_of_one_predicate_is_not_cut_smaller():
    assert certain(found(a_world(20_000, 2, dear={(3,): 0.5}))) == [{"f0": "v03"}]


def test_three_predicates_are_found_when_asked_for():
    table = a_world(40_000, 3, dear={(1, 2, 3): 3.0}, features=4, levels=6)
    outcome = found(table, depth=3)

    assert predicates(outcome.slices[0]) == {"f0": "v01", "f1": "v02", "f2": "v03"}
    assert all(len(one.items) <= 2 for one in found(table, depth=2).slices)


def test_two_slices_share_no_row():
    outcome = found(a_world(30_000, 4, dear={(3,): 0.4, (7, 7): 4.0}))

    assert certain(outcome) == [{"f0": "v03"}, {"f0": "v07", "f1": "v07"}] or certain(outcome) == [
        {"f0": "v07", "f1": "v07"},
        {"f0": "v03"},
    ]
    assert sum(one.share for one in outcome.slices) < 1


def test_excesses_and_ordinary_rows_sum_to_the_money_of_the_second_half():
    table = a_world(20_000, 5, dear={(3,): 0.5})
    outcome = found(table)
    assert table.loss is not None
    ordinary = outcome.slices[0].ordinary

    second_half = sum(one.excess.value for one in outcome.slices) + 20_000 * ordinary
    assert second_half == pytest.approx(outcome.money, rel=0.05)
    assert outcome.money == pytest.approx(float(table.loss.sum()))


def test_without_a_costly_slice_nothing_is_certain():
    outcomes = [found(a_world(8_000, seed)) for seed in range(12)]

    assert sum(bool(certain(one)) for one in outcomes) <= 2


def test_one_dear_row_makes_no_slice():
    table = a_world(8_000, 6)
    assert table.loss is not None
    loss = table.loss.copy()
    loss[17] = 5_000.0
    outcome = found(RowTable(columns=table.columns, rows=8_000, loss=loss))

    assert certain(outcome) == []


def test_the_loss_of_the_slice_in_the_reference_stands_beside():
    outcome = found(a_world(20_000, 7, dear={(3,): 0.5}), before=a_world(20_000, 8))

    assert outcome.slices[0].loss == pytest.approx(0.7, abs=0.1)
    assert outcome.slices[0].before == pytest.approx(0.2, abs=0.05)


def test_a_declared_slice_is_judged_however_rare_it_is():
    outcome = found(a_world(5_000, 9), critical=({"f0": "v01", "f1": "v02"}, {"f9": 1}, {"f0": "nobody"}))
    one, lacking, empty = outcome.critical

    assert one.money is not None
    assert one.money.low <= one.money.value <= one.money.high
    assert 0 < one.rows < 100
    assert lacking.reason == "the rows have no f9"
    assert empty.reason == "no row of it has a cost"


def test_a_declared_slice_without_a_mistake_may_still_have_three_in_n():
    table = a_world(5_000, 10)
    column = NumberColumn(name="vip", values=np.array([1.0] * 60 + [0.0] * 4_940))
    assert table.loss is not None
    loss = np.where(column.values == 1.0, 0.0, table.loss)
    outcome = found(RowTable(columns=(*table.columns, column), rows=5_000, loss=loss), critical=({"vip": 1},))

    assert (outcome.critical[0].costly, outcome.critical[0].most) == (0, pytest.approx(0.05))


def test_rows_without_a_cost_are_not_searched():
    table = a_world(1_000, 11)
    cut = cut_rows(Compared(now=table, base=(table,)), support=20, ways=2, features=(), leave_out=())
    unpriced = RowTable(columns=table.columns, rows=1_000, loss_reason="nothing has a price")
    few = RowTable(columns=table.columns, rows=1_000, loss=np.where(np.arange(1_000) < 100, 1.0, np.nan))

    assert search(unpriced, cut) == "nothing has a price"
    assert search(few, cut) == "100 rows have a cost; 400 are needed to search on one half and judge on the other"


def test_equal_rows_give_equal_answers():
    assert found(a_world(3_000, 12)) == found(a_world(3_000, 12))
