"""Stored slices in place of rows: which crossings appeared, what they cost, what only bounds are known of."""

from __future__ import annotations

import numpy as np
import pytest
from builders import a_run, an_evaluation, some_cells

from model_insights.config import CostRule
from model_insights.cost.account import run_cost
from model_insights.evidence.crossings import Crossings, crossings, stored_costs
from model_insights.loaded import Loaded
from model_insights.metrics import ConfusionAtThresholds, ConfusionMatrix, Evaluation, MetricKey
from model_insights.run import Run
from model_insights.slices import OVERALL, SliceKey

COUNT = MetricKey(name="example_count", model_name="baseline")
MATRIX = MetricKey(name="confusion_matrix_at_thresholds", model_name="baseline")
RULE = CostRule(name="r", kind="classification", threshold=0.5, fp=2.0, unit=("line",))


def a_slice(**items: str) -> SliceKey:
    return SliceKey(items=tuple(items.items()))


def a_counted_run(counts: dict[SliceKey, float], name: str = "now") -> Run:
    return a_run(name, evaluation=Loaded(value=an_evaluation({(where, COUNT): count for where, count in counts.items()})))


def found(now: dict[SliceKey, float], before: dict[SliceKey, float]) -> Crossings:
    outcome = crossings(a_counted_run(now), a_counted_run(before, "then"))
    assert isinstance(outcome, Crossings), outcome
    return outcome


THEN = {OVERALL: 1_000.0, a_slice(line="a", channel="tv"): 300.0, a_slice(line="b", channel="tv"): 700.0}


def test_a_crossed_slice_that_was_not_there_is_new():
    outcome = found({**THEN, a_slice(line="c", channel="tv"): 60.0}, THEN)

    assert [one.slice.text for one in outcome.new] == ["line=c, channel=tv"]
    assert outcome.new[0].low < 0.06 < outcome.new[0].high
    assert outcome.lost == ()


def test_a_crossed_slice_that_is_gone_is_lost():
    assert [one.slice.text for one in found({OVERALL: 1_000.0, a_slice(line="b", channel="tv"): 1_000.0}, THEN).lost] == [
        "line=a, channel=tv"
    ]


def test_equal_counts_are_neither():
    outcome = found(THEN, THEN)

    assert (outcome.new, outcome.lost, outcome.tests) == ((), (), 4)


def test_columns_that_nobody_crossed_have_bounds():
    counts = {OVERALL: 100.0, a_slice(line="a"): 70.0, a_slice(line="b"): 30.0, a_slice(device="phone"): 60.0}
    bound = found(counts, counts).bounds[0]

    assert (bound.columns, bound.slice.text) == (("device", "line"), "device=phone, line=a")
    assert (bound.low, bound.high) == (pytest.approx(0.3), pytest.approx(0.6))


def test_an_evaluation_without_slices_says_so():
    assert crossings(a_counted_run({OVERALL: 10.0}), None) == "The evaluation has no slices by two columns either."
    assert crossings(a_run(), None) == "The run has no evaluation with example counts either."


def with_matrices(matrices: dict[SliceKey, tuple[float, float, float, float]]) -> Evaluation:
    """Confusion counts (tp, fp, tn, fn) at 0.5 beside the example counts."""
    plain = an_evaluation({(where, key): sum(counts) for where, counts in matrices.items() for key in (COUNT, MATRIX)})
    others = {
        (plain.slice_index[where], plain.key_index[MATRIX]): ConfusionAtThresholds(
            matrices=(
                ConfusionMatrix(threshold=0.5, true_positives=tp, false_positives=fp, true_negatives=tn, false_negatives=fn),
            )
        )
        for where, (tp, fp, tn, fn) in matrices.items()
    }  # fmt: skip
    scalars = plain.scalars.copy()
    scalars[:, plain.key_index[MATRIX]] = np.nan
    return type(plain)(**{**{name: getattr(plain, name) for name in plain.__struct_fields__}, "others": others, "scalars": scalars})


def test_a_stored_crossing_has_the_prices_and_its_share_of_the_volume_of_its_unit():
    tv, web = SliceKey(items=(("line", "a"), ("channel", "tv"))), SliceKey(items=(("line", "a"), ("channel", "web")))
    evaluation = with_matrices({OVERALL: (0, 60, 340, 0), a_slice(line="a"): (0, 60, 340, 0), tv: (0, 50, 50, 0), web: (0, 10, 290, 0)})
    cells = some_cells(
        units=("a",), volume=(4_000.0,), values=[[0.0, 2.0, 0.0, 0.0]], rates=((0, 0.15, 0.85, 0),), n=400.0, kind="classification"
    )
    top, *others = stored_costs(a_run(evaluation=Loaded(value=evaluation)), run_cost("now", RULE, "baseline", cells, ()))

    assert (top.line.unit, top.line.cases, others) == (tv, 1_000.0, [])
    assert top.line.money.value == pytest.approx(1_000 * 0.5 * 2)
    assert top.excess.value == pytest.approx(1_000 - 1_000 * (1_200 - 1_000) / 3_000)
    assert top.is_certain


def test_a_part_of_a_stocking_unit_has_no_cost_of_its_own():
    cells = some_cells(units=("a",), volume=(100.0,), rates=((0.2, 0.1),))
    rule = CostRule(name="stock", kind="inventory", over=2.0, under=3.0, unit=("line",))

    assert stored_costs(a_counted_run(THEN), run_cost("now", rule, "baseline", cells, ())) == ()
