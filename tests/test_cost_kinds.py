"""Cost kinds beyond inventory and classification: regression, class pairs, amounts per row, and estimates without labels."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_insights.config import CostRule, parse
from model_insights.cost.account import RunCost, run_cost
from model_insights.cost.model import Cells, costs, rate_draws
from model_insights.cost.rates import Priced, price
from model_insights.cost.regression import bias_and_spread, heavy_tailed_cost, normal_cost
from model_insights.cost.units import UnitTable, unit_table
from model_insights.errors import ConfigError
from model_insights.ledger import Adjacent, adjacent_ledger, chain
from model_insights.metrics import ClassPair, Evaluation, MetricKey, MultiClassConfusion, MultiClassMatrix
from model_insights.slices import OVERALL, SliceKey
from tests.builders import a_unit, an_evaluation

START = '[insights]\ncurrency = "EUR"\n'
DEMAND = CostRule(name="demand", kind="regression", unit=("line",), over=2.0, under=5.0, units_per_event=1.5)
CLASSES = CostRule(name="sorting", kind="multiclass", unit=("line",), pairs={"0->1": 3.0, "2->-1": 7.0}, wrong=1.0, none=2.0)


def no_spread(model: str, where: SliceKey) -> float | None:
    return None


def constants(rule: CostRule) -> UnitTable:
    return unit_table(rule, {}, span="", period="")


# --- regression -----------------------------------------------------------------------------------------------------------------


def of_errors(errors: dict[str, Any], label: float = 10.0) -> Evaluation:
    """An evaluation whose slices saw these errors (prediction less label)."""
    values: dict[Any, float] = {}
    for name, found in errors.items():
        parts = {
            "mean_prediction": label + float(np.mean(found)), "mean_label": label, "mean_squared_error": float(np.mean(np.square(found))),
            "example_count": float(len(found)),
        }  # fmt: skip
        values |= {(a_unit(name), MetricKey(name=metric, model_name="baseline")): value for metric, value in parts.items()}
    return an_evaluation(values)


def priced(rule: CostRule, evaluation: Evaluation, **parts: Any) -> Priced:
    return price(rule, evaluation, "baseline", constants(rule), spread=no_spread, **parts)


def cost_of(rule: CostRule, evaluation: Evaluation, *, run_id: str = "r1") -> RunCost:
    found = priced(rule, evaluation)
    assert found.cells is not None
    return run_cost(run_id, rule, "baseline", found.cells, found.gaps)


@settings(max_examples=25, deadline=None)
@given(bias=st.floats(-3, 3), spread=st.floats(0.1, 4), over=st.floats(0, 10), under=st.floats(0, 10))
def test_the_formula_is_the_mean_cost_of_normal_errors(bias: float, spread: float, over: float, under: float) -> None:
    grid = (np.arange(200_000) + 0.5) / 200_000
    from scipy.stats import norm

    errors = bias + spread * norm.ppf(grid)
    brute = float(np.mean(over * np.maximum(errors, 0) + under * np.maximum(-errors, 0)))

    assert float(normal_cost(np.array([1.0, over, under]), np.array([bias, spread]))) == pytest.approx(brute, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(("bias", "expected"), [(2.0, 2 * 3.0), (-2.0, 2 * 7.0), (0.0, 0.0)])
def test_without_spread_the_bias_alone_costs(bias: float, expected: float) -> None:
    values, rates = np.array([1.0, 3.0, 7.0]), np.array([bias, 0.0])

    assert float(normal_cost(values, rates)) == expected
    assert float(heavy_tailed_cost(values, rates)) == expected


def test_an_unbiased_model_still_pays_for_its_spread() -> None:
    assert float(normal_cost(np.array([1.0, 2.0, 2.0]), np.array([0.0, 1.0]))) == pytest.approx(2 * np.sqrt(2 / np.pi))


def test_heavy_tails_cost_what_students_errors_cost() -> None:
    from scipy.stats import t

    grid = (np.arange(400_000) + 0.5) / 400_000
    errors = 0.7 + 2.0 * np.sqrt(3 / 5) * t.ppf(grid, 5)
    brute = float(np.mean(2 * np.maximum(errors, 0) + 5 * np.maximum(-errors, 0)))

    assert float(heavy_tailed_cost(np.array([1.0, 2.0, 5.0]), np.array([0.7, 2.0]))) == pytest.approx(brute, rel=1e-3)


def test_bias_and_spread_come_back_from_the_mean_squared_error() -> None:
    errors = np.array([1.0, -2.0, 4.0, 0.5])

    found = bias_and_spread(float(np.mean(10 + errors)), 10.0, float(np.mean(errors**2)))

    assert found == pytest.approx((float(errors.mean()), float(errors.std())))


def test_metrics_of_other_examples_are_not_believed() -> None:
    assert bias_and_spread(12.0, 10.0, 1.0) is None


def test_regression_slices_sum_to_the_total_and_cost_what_the_formula_says() -> None:
    rng = np.random.default_rng(5)
    errors = {"a": rng.normal(1, 2, 5000), "b": rng.normal(-1, 1, 3000)}
    cost = cost_of(DEMAND, of_errors(errors))
    rows = sum(float(1.5 * (2 * np.maximum(e, 0) + 5 * np.maximum(-e, 0)).sum()) for e in errors.values())

    assert cost.total.value == sum(line.money.value for line in cost.lines)
    assert cost.total.value == pytest.approx(rows, rel=0.01)
    assert cost.total.low < rows < cost.total.high


def test_the_regression_interval_is_as_wide_as_repeated_samples_differ() -> None:
    rng = np.random.default_rng(7)
    totals = [cost_of(DEMAND, of_errors({"a": rng.normal(1, 2, 400)})).total.value for _ in range(300)]
    cost = cost_of(DEMAND, of_errors({"a": rng.normal(1, 2, 400)}))

    assert float(np.std(cost.draws)) == pytest.approx(float(np.std(totals)), rel=0.15)


def test_the_root_of_the_mean_squared_error_will_do() -> None:
    evaluation = an_evaluation(
        {
            (OVERALL, MetricKey(name=name, model_name="baseline")): value
            for name, value in {"mean_prediction": 11.0, "mean_label": 10.0, "root_mean_squared_error": 2.0, "example_count": 100.0}.items()
        }
    )
    found = priced(msgspec.structs.replace(DEMAND, unit=()), evaluation)

    assert found.cells is not None
    assert found.cells.rates[0] == pytest.approx((1.0, np.sqrt(3.0)))


def test_missing_regression_metrics_are_named() -> None:
    key = MetricKey(name="mean_label", model_name="baseline")

    assert "add MeanPrediction, MeanLabel, MeanSquaredError" in priced(DEMAND, an_evaluation({(a_unit("a"), key): 1.0})).gaps[0].reason


# --- class pairs ----------------------------------------------------------------------------------------------------------------


def of_pairs(counts: dict[str, dict[tuple[int, int], float]], *, thresholds: tuple[float, ...] = (0.5,)) -> Evaluation:
    """An evaluation that counted these (actual, predicted) pairs per slice, at every threshold alike."""
    key = MetricKey(name="multi_class_confusion_matrix_at_thresholds", model_name="baseline")
    found = an_evaluation({(a_unit(name), key): float("nan") for name in counts})
    for i, pairs in enumerate(counts.values()):
        entries = tuple(ClassPair(actual=a, predicted=p, examples=n) for (a, p), n in pairs.items())
        found.others[i, 0] = MultiClassConfusion(matrices=tuple(MultiClassMatrix(threshold=t, entries=entries) for t in thresholds))
    return found


PAIRS = {"a": {(0, 0): 50.0, (0, 1): 8.0, (1, 0): 4.0, (2, -1): 3.0, (0, -1): 2.0}, "b": {(1, 1): 30.0, (0, 1): 1.0, (2, 0): 5.0}}


def brute(counts: dict[tuple[int, int], float]) -> float:
    prices = {(0, 1): 3.0, (2, -1): 7.0}
    total = 0.0
    for (actual, predicted), n in counts.items():
        usual = 2.0 if predicted == -1 else 0.0 if actual == predicted else 1.0
        total += n * prices.get((actual, predicted), usual)
    return total


def test_each_pair_has_its_price_and_no_prediction_its_own() -> None:
    cost = cost_of(CLASSES, of_pairs(PAIRS))

    assert [line.money.value for line in cost.lines] == pytest.approx([brute(PAIRS["a"]), brute(PAIRS["b"])], abs=1e-9)
    assert cost.total.value == sum(line.money.value for line in cost.lines)


counted = st.dictionaries(st.tuples(st.integers(0, 3), st.integers(-1, 3)), st.floats(0.5, 1000), min_size=1, max_size=12)


@given(counted)
def test_class_pairs_cost_the_same_as_counting_every_example(counts: dict[tuple[int, int], float]) -> None:
    assert cost_of(CLASSES, of_pairs({"a": counts})).total.value == pytest.approx(brute(counts), rel=1e-9, abs=1e-9)


def test_right_ones_may_bring_money() -> None:
    rule = msgspec.structs.replace(CLASSES, pairs={"0->0": -1.0})

    assert cost_of(rule, of_pairs({"a": {(0, 0): 10.0, (1, 1): 5.0}})).total.value == pytest.approx(-10.0)


def test_no_prediction_costs_what_a_wrong_one_does_unless_priced() -> None:
    rule = msgspec.structs.replace(CLASSES, pairs={}, none=None)

    assert cost_of(rule, of_pairs({"a": {(0, -1): 4.0, (0, 1): 1.0}})).total.value == pytest.approx(5.0)


def test_more_pairs_than_four_have_an_interval() -> None:
    rule = msgspec.structs.replace(CLASSES, pairs={f"{i}->{i + 1}": float(i + 1) for i in range(9)})
    cost = cost_of(rule, of_pairs({"a": {(i, i + 1): 5.0 for i in range(9)}}))

    assert cost.total.low < cost.total.value < cost.total.high


def test_the_plot_serves_where_the_metric_is_not_stored() -> None:
    matrix = MultiClassMatrix(
        threshold=0.5, entries=(ClassPair(actual=0, predicted=1, examples=2.0), ClassPair(actual=0, predicted=0, examples=2.0))
    )
    evaluation = an_evaluation({(a_unit("a"), MetricKey(name="example_count", model_name="baseline")): 4.0})
    found = priced(CLASSES, evaluation, matrices=lambda model, where: (matrix,))

    assert found.cells is not None
    assert float(costs(found.cells).sum()) == pytest.approx(6.0)


def test_without_a_matrix_the_metric_to_add_is_named() -> None:
    evaluation = an_evaluation({(a_unit("a"), MetricKey(name="example_count", model_name="baseline")): 4.0})

    assert "add MultiClassConfusionMatrixAtThresholds" in priced(CLASSES, evaluation).gaps[0].reason


# --- both: ledger, configuration --------------------------------------------------------------------------------------------------


def regression_cells(seed: int) -> Cells:
    rng = np.random.default_rng(seed)
    return Cells(
        kind="regression", units=(a_unit("a"), a_unit("b")), volume=rng.uniform(50, 500, 2), values=rng.uniform(0.5, 5, (2, 3)),
        rates=np.stack([rng.normal(0, 2, 2), rng.uniform(0.1, 3, 2)], axis=1), spread=np.zeros(2), n=np.full(2, 300.0), realised=False,
    )  # fmt: skip


def pair_cells(seed: int) -> Cells:
    rng = np.random.default_rng(seed)
    return Cells(
        kind="multiclass", units=(a_unit("a"), a_unit("b")), volume=rng.uniform(50, 500, 2), values=rng.uniform(-3, 5, (2, 6)),
        rates=rng.dirichlet(np.ones(6), 2), spread=np.zeros(2), n=np.full(2, 300.0), realised=False,
    )  # fmt: skip


@pytest.mark.parametrize("made", [regression_cells, pair_cells])
@pytest.mark.parametrize("with_model", [True, False])
def test_the_ledger_of_other_kinds_adds_up_alone_and_chained(made: Any, with_model: bool) -> None:
    runs = [run_cost(f"r{i}", DEMAND, "baseline", made(i), ()) for i in range(3)]
    steps = [
        adjacent_ledger(Adjacent(before=one, after=two, middle=made(10 + i) if with_model else None))
        for i, (one, two) in enumerate(itertools.pairwise(runs))
    ]
    whole = chain(steps)

    assert sum(line.money.value for line in whole.lines) == pytest.approx(runs[2].total.value - runs[0].total.value, abs=1e-9)
    assert whole.tier == ("T1" if with_model else "T0")


def test_resampled_shares_still_sum_to_one() -> None:
    cells = pair_cells(3)
    drawn = rate_draws(cells, np.random.default_rng(0).standard_normal((50, 2, 6)))

    assert np.allclose(drawn.sum(axis=-1), 1.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "regression"\nover = 1\n', "needs `under`"),
        ('kind = "multiclass"\n', "nothing has a price"),
        ('kind = "multiclass"\npairs = { "a->b" = 1 }\n', 'write "actual->predicted"'),
        ('kind = "multiclass"\npairs = { "-1->0" = 1 }\n', "for no prediction"),
        ('kind = "amounts"\n', "needs `predictions`"),
        ('kind = "amounts"\npredictions = "BulkInferrer"\n', "needs `cost`, or `decision` and `label`"),
    ],
)
def test_an_incomplete_kind_is_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"insights\.toml: cost 'x'") as error:
        parse(f'{START}[[cost]]\nname = "x"\n{text}')

    assert said in str(error.value)
