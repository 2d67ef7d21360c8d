"""The columns of a slice in another order are the same slice, wherever a rule's `unit` meets the evaluation's slices."""

from __future__ import annotations

import numpy as np
import polars as pl

from model_insights.config import CostRule
from model_insights.cost.amounts import Amounts, UnitAmounts, amount_cells
from model_insights.cost.rates import price
from model_insights.cost.units import UnitTable, aligned, unit_table
from model_insights.cost.unlabelled import Scores, estimate, recalibrate
from model_insights.metrics import Evaluation, MetricKey
from model_insights.slices import SliceKey
from tests.builders import an_evaluation

OURS, THEIRS = SliceKey(items=(("line", "a"), ("shop", 7))), SliceKey(items=(("shop", 7), ("line", "a")))
RULE = CostRule(name="stock", kind="inventory", grain=("span", "line", "shop"), unit=("line", "shop"), volume="seen", over="o", under="u")
TABLE = pl.DataFrame({"span": [1], "line": ["a"], "shop": [7], "seen": [100.0], "o": [2.0], "u": [3.0]})


def evaluation() -> Evaluation:
    values = {"mean_label": 0.1, "mean_prediction": 0.2, "example_count": 50.0}
    return an_evaluation({(THEIRS, MetricKey(name=name, model_name="baseline")): value for name, value in values.items()})


def unit_prices(rule: CostRule = RULE) -> UnitTable:
    return aligned(rule, unit_table(rule, {"t": TABLE}, span="1", period=""), evaluation().slices)


def test_a_joined_unit_is_priced_and_leaves_no_gap() -> None:
    found = price(RULE, evaluation(), "baseline", unit_prices(), spread=lambda *_: None)

    assert found.cells is not None
    assert (found.cells.units, found.gaps) == ((THEIRS,), ())


def test_constants_find_the_slices_of_their_unit() -> None:
    rule = CostRule(name="stock", kind="inventory", unit=("line", "shop"), over=2.0, under=3.0)
    found = price(rule, evaluation(), "baseline", unit_table(rule, {}, span="", period=""), spread=lambda *_: None)

    assert found.cells is not None
    assert found.cells.units == (THEIRS,)


def test_a_slice_that_the_tables_lack_is_a_gap() -> None:
    found = price(RULE, evaluation(), "baseline", UnitTable(rows=(), joined=0), spread=lambda *_: None)

    assert [gap.unit for gap in found.gaps] == [THEIRS]


def test_rows_meet_the_volume_of_their_unit_and_take_its_name() -> None:
    rows = Amounts(units=(UnitAmounts(unit=OURS, rows=10, priced=10, mean=2.0, variance=1.0),))
    found = amount_cells(CostRule(name="ads", kind="amounts", unit=("line", "shop")), rows, unit_prices())

    assert found.cells is not None
    assert (found.cells.units, found.cells.volume.tolist(), found.gaps) == ((THEIRS,), [100.0], ())


def test_scores_meet_the_prices_of_their_unit() -> None:
    rng = np.random.default_rng(3)
    score = rng.uniform(size=400)
    label = (rng.uniform(size=400) < score).astype(float)
    scores = Scores(units=(OURS,), at=np.zeros(400, dtype=np.int64), score=score, label=label)
    calibration = recalibrate(scores)
    assert not isinstance(calibration, str)

    assert not isinstance(estimate("r", RULE, scores, unit_prices(), calibration, "r0"), str)
