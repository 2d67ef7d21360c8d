"""Cost kinds beyond inventory and classification: regression, class pairs, amounts per row, and estimates without labels."""

from __future__ import annotations

import csv
import itertools
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from encoders import write_tfrecord
from hypothesis import given, settings
from hypothesis import strategies as st
from tfdv_encoders import example, floats, predict_log, strings

from model_insights.artifacts.prediction_rows import fold_rows
from model_insights.artifacts.predictions import read_predictions
from model_insights.config import CostRule, TableSource, parse
from model_insights.cost.account import RunCost, run_cost
from model_insights.cost.amounts import Amounts, amount_cells, chunk_sums, combined, row_plan
from model_insights.cost.join import When
from model_insights.cost.model import Cells, costs, rate_draws
from model_insights.cost.rates import Priced, price
from model_insights.cost.regression import bias_and_spread, heavy_tailed_cost, normal_cost
from model_insights.cost.scored import ScoreSample
from model_insights.cost.units import UnitRow, UnitTable, unit_table
from model_insights.cost.unlabelled import Estimate, Recalibration, Scores, estimate, isotonic, recalibrate, with_history
from model_insights.errors import ConfigError, TableError
from model_insights.ledger import Adjacent, adjacent_ledger, chain
from model_insights.lineage import Artifact
from model_insights.loaded import Damaged, Loaded
from model_insights.metrics import ClassPair, Evaluation, MetricKey, MultiClassConfusion, MultiClassMatrix
from model_insights.slices import OVERALL, SliceKey
from model_insights.view import Facts, Paragraph, Request, Table, View
from model_insights.workspace import Workspace
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


# --- amounts per row --------------------------------------------------------------------------------------------------------------

ADS = CostRule(
    name="ads", kind="amounts", predictions="BulkInferrer", label="click", unit=("line",), keys=("span", "line", "brand"), tables=("prices",),
    decision="prediction >= 0.5", cost="CASE WHEN decision AND click = 0 THEN fee WHEN NOT decision AND click = 1 THEN margin * fare ELSE 0 END",
)  # fmt: skip
PRICES = pl.DataFrame(
    {"span": [1, 1, 1, 2], "line": ["a", "a", "b", "a"], "brand": [1, 2, 1, 1], "fee": [0.5, 0.7, 1.0, 9.0], "margin": [0.1, 0.2, 0.3, 9.0]}
)


def some_rows(n: int = 500, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "line": rng.choice(["a", "b"], n), "brand": rng.choice([1, 2], n), "fare": rng.uniform(1, 90, n), "click": rng.integers(0, 2, n),
            "prediction": rng.uniform(0, 1, n),
        }
    )  # fmt: skip


def by_hand(rows: pl.DataFrame) -> dict[str, list[float]]:
    """The money of every row that finds its price, in plain Python."""
    prices = {(row["line"], row["brand"]): row for row in PRICES.rows(named=True) if row["span"] == 1}
    money: dict[str, list[float]] = {"a": [], "b": []}
    for row in rows.rows(named=True):
        price_of = prices.get((row["line"], row["brand"]))
        if price_of is None:
            continue
        decided = row["prediction"] >= 0.5
        missed = price_of["margin"] * row["fare"] if not decided and row["click"] == 1 else 0.0
        money[row["line"]].append(price_of["fee"] if decided and row["click"] == 0 else missed)
    return money


def amounts_of(rows: pl.DataFrame, *, rule: CostRule = ADS, size: int = 64, **tables: pl.DataFrame) -> Amounts:
    plan = row_plan(rule, {"prices": PRICES, **tables}, When(span="1"))
    return combined(plan, [chunk_sums(plan, part) for part in rows.iter_slices(size)])


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_row_by_row_costs_equal_plain_python_however_they_are_cut(size: int) -> None:
    rows = some_rows()
    found = {one.unit: one for one in amounts_of(rows, size=size).units}

    for name, money in by_hand(rows).items():
        assert found[a_unit(name)].priced == len(money)
        assert found[a_unit(name)].mean * len(money) == pytest.approx(sum(money), rel=1e-12)
        assert found[a_unit(name)].variance == pytest.approx(float(np.var(money)), rel=1e-9)


def test_rows_without_a_partner_are_a_gap_and_never_free() -> None:
    rows = some_rows()
    amounts = amounts_of(rows)
    found = amount_cells(ADS, amounts, None)
    lost = int(((rows["line"] == "b") & (rows["brand"] == 2)).sum())

    assert amounts.unmatched == (("prices", lost),)
    assert [gap.volume for gap in found.gaps] == [pytest.approx(lost)]
    assert f"{lost} of " in found.gaps[0].reason
    assert float(costs(found.cells).sum()) == pytest.approx(sum(map(sum, by_hand(rows).values())))  # type: ignore[arg-type]


def test_a_row_without_a_label_is_not_a_right_decision() -> None:
    rows = some_rows(100).with_columns(click=pl.lit(None, pl.Int64))

    assert [one.priced for one in amounts_of(rows).units] == [0, 0]


def test_amounts_of_units_sum_to_the_total_and_to_the_rows() -> None:
    rows = some_rows(2000)
    found = amount_cells(ADS, amounts_of(rows), None)
    assert found.cells is not None
    cost = run_cost("r", ADS, "serving", found.cells, found.gaps)

    assert cost.total.value == sum(line.money.value for line in cost.lines)
    assert cost.total.value == pytest.approx(sum(map(sum, by_hand(rows).values())), rel=1e-12)


def test_the_interval_of_amounts_comes_from_the_variance_of_the_rows() -> None:
    totals = [sum(map(sum, by_hand(some_rows(400, seed)).values())) for seed in range(300)]
    found = amount_cells(ADS, amounts_of(some_rows(400, 999)), None)
    assert found.cells is not None

    assert float(np.std(run_cost("r", ADS, "", found.cells, ()).draws)) == pytest.approx(float(np.std(totals)), rel=0.2)


def test_amounts_are_scaled_to_the_volume_of_the_business() -> None:
    rows = some_rows()
    table = UnitTable(
        rows=tuple(UnitRow(unit=a_unit(name), volume=v, events=None, values=(1.0,)) for name, v in {"a": 1e4, "z": 9.0}.items()), joined=2
    )
    found = amount_cells(ADS, amounts_of(rows), table)
    money = by_hand(rows)["a"]

    assert found.cells is not None
    assert [unit.text for unit in found.cells.units] == ["line=a"]
    assert float(costs(found.cells).sum()) == pytest.approx(1e4 * sum(money) / len(money))
    assert {gap.unit.text: gap.reason for gap in found.gaps} == {
        "line=b": "the business tables have no row for it", "line=z": "no row was predicted"
    }  # fmt: skip


def test_outcomes_may_be_priced_row_by_row() -> None:
    rule = msgspec.structs.replace(ADS, cost=None, fp="fee", fn="margin * fare")
    rows = some_rows()
    unpriced = {one.unit: one for one in amounts_of(rows, rule=rule).units}

    for name, money in by_hand(rows).items():
        assert unpriced[a_unit(name)].mean == pytest.approx(sum(money) / len(money), rel=1e-12)


def test_keys_of_other_types_still_meet() -> None:
    as_text = PRICES.with_columns(pl.col("brand").cast(pl.String), pl.col("span").cast(pl.String))

    assert amounts_of(some_rows(), prices=as_text) == amounts_of(some_rows())
    assert amounts_of(some_rows().with_columns(pl.col("brand").cast(pl.Float64))) == amounts_of(some_rows())


def test_prices_hold_from_their_day_on() -> None:
    dated = PRICES.filter(pl.col("span") == 1).drop("span").with_columns(since=pl.lit("2024-01-01"))
    tables = {"prices": pl.concat([dated, dated.with_columns(since=pl.lit("2024-03-01"), fee=pl.lit(99.0))])}
    rule = msgspec.structs.replace(ADS, keys=("line", "brand"))
    plan = row_plan(rule, tables, When(start="2024-02-10"), {"prices": TableSource(path="p.csv", valid_from="since")})

    assert combined(plan, [chunk_sums(plan, some_rows())]) == amounts_of(some_rows(), size=10_000)


def test_rows_without_a_key_column_say_which() -> None:
    with pytest.raises(TableError, match=r"joins rows on line, brand, and they have no brand\. The rows have line, fare"):
        amounts_of(some_rows().drop("brand"))


def test_the_same_rows_give_the_same_digits() -> None:
    rows = some_rows(50_000)

    assert len({amounts_of(rows, size=20_000).units for _ in range(3)}) == 1


def test_rows_without_the_unit_stand_apart() -> None:
    rows = pl.concat([some_rows(20), some_rows(3).with_columns(line=pl.lit(None, pl.String))])

    assert [one.unit.text for one in amounts_of(rows).units] == ["line=(none)", "line=a", "line=b"]


@pytest.mark.parametrize(
    ("rule", "tables", "said"),
    [
        ({"cost": "nonsense + 1"}, {}, "nonsense"),
        ({"cost": "fare +"}, {}, "no expression of Polars' SQL"),
        ({"decision": "prediction > 'x"}, {}, "no expression of Polars' SQL"),
        ({"cost": "fare - avg(fare)"}, {}, "looks at several rows at once"),
        ({"keys": ("span", "shop")}, {}, "has no column shop"),
        ({}, {"prices": pl.concat([PRICES, PRICES.head(1)])}, "'prices' has several rows for 1, a, 1 (span, line, brand)"),
        ({"tables": (), "keys": ("shop",)}, {}, "no table has the key columns shop"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_price_rows_says_why(rule: dict[str, Any], tables: dict[str, pl.DataFrame], said: str) -> None:
    with pytest.raises(TableError, match=r"'ads'|'prices'") as error:
        amounts_of(some_rows(), rule=msgspec.structs.replace(ADS, **rule), **tables)

    assert said in str(error.value)


# --- amounts: reading -------------------------------------------------------------------------------------------------------------


def written(folder: Path, rows: int, *, batch: int = 1, damaged: bool = False) -> Path:
    """Prediction logs of `rows` examples as BulkInferrer writes them."""
    logs = []
    for start in range(0, rows, batch):
        examples = [example({"line": "ab"[i % 2], "fare": float(i)}) for i in range(start, min(start + batch, rows))]
        logs.append(predict_log({"examples": strings(*examples)}, {"p": floats(*(0.5 for _ in examples))}))
    path = write_tfrecord(folder / "prediction_logs-00000-of-00001", logs)
    if damaged:
        path.write_bytes(path.read_bytes()[:-20])
    return folder


def folded(folder: Path, **options: Any) -> Any:
    artifact = Artifact(id=1, type="InferenceResult", uri="", path=str(folder))
    return fold_rows(artifact, lambda seen: None, lambda rows: (rows.height, float(rows["fare"].sum())), **options)


@pytest.mark.parametrize("batch", [1, 32])
def test_predictions_are_read_in_chunks_without_losing_a_row(tmp_path: Path, batch: int) -> None:
    found = folded(written(tmp_path, 2500, batch=batch), chunk=300)

    assert len(found.value) > 5
    assert max(height for height, _ in found.value) < 300 + batch
    assert sum(height for height, _ in found.value) == 2500
    assert sum(total for _, total in found.value) == sum(range(2500))


def test_a_truncated_prediction_log_is_damaged_and_not_a_shorter_one(tmp_path: Path) -> None:
    found = folded(written(tmp_path, 1500, damaged=True), chunk=300)

    assert isinstance(found, Damaged)
    assert "ends" in found.what


def test_a_folder_without_predictions_says_so(tmp_path: Path) -> None:
    assert "holds no file" in folded(tmp_path).sentence


# --- amounts: real runs -----------------------------------------------------------------------------------------------------------

SHOES_ADS = """
[insights]
currency = "EUR"
period = { calendar = "business/calendar.csv", key = "span", value = "period" }
[tables.economics]
path = "business/product_economics.csv"
[tables.actuals]
path = "business/weekly_actuals.csv"
[[cost]]
name = "ads"
kind = "amounts"
predictions = "BulkInferrer.deployed"
candidate_predictions = "BulkInferrer"
label = "click"
unit = ["product_line"]
keys = ["span", "product_line", "brand"]
tables = ["economics"]
decision = "prediction >= 0.15"
cost = "CASE WHEN decision AND click = 0 THEN 0.05 WHEN NOT decision AND click = 1 THEN units_per_click * unit_margin ELSE 0 END"
"""
TAXI_FARES = """
[insights]
currency = "USD"
period = { calendar = "business/calendar.csv", key = "span", value = "period" }
[tables.revenue]
path = "business/revenue_by_payment_type.csv"
[[cost]]
name = "fares"
kind = "amounts"
predictions = "BulkInferrer.deployed"
label = "big_tip"
unit = ["payment_type"]
decision = "prediction >= 0.5"
fp = 2.0
fn = "0.2 * fare"
"""


def opened(folder: Path, text: str, tmp_path: Path) -> Workspace:
    config = tmp_path / "insights.toml"
    config.write_text(text)
    workspace = Workspace.open(str(folder), config=str(config), state=str(tmp_path / "state"))
    workspace.scan()
    return workspace


def slice_costs(workspace: Workspace, label: str) -> dict[str, float]:
    """Cost per unit of a period, as the table of the page has it."""
    run = next(one.id for one in workspace.histories()[0].runs if one.period.label == label and one.state == "complete")
    view = workspace.view(Request(view="cost", run=run))
    found = next(b for s in view.sections if s.id == "slices" for b in s.blocks if isinstance(b, Table) and b.id == "slices")
    return {row.id: row.cells[1].value or 0.0 for row in found.rows}


def logged(runs: Path, family: str, span: int) -> list[dict[str, Any]]:
    """Rows of the deployed model's predictions of a span: the folders are in the order of the spans, and the first run has none."""
    folders = sorted((runs / family / "pipeline/BulkInferrer.deployed/inference_result").iterdir(), key=lambda path: int(path.name))
    outcome = read_predictions(folders[span - 2])
    assert isinstance(outcome, Loaded)
    return outcome.value.to_dicts()


def test_the_shoes_of_a_week_cost_what_plain_python_says(runs: Path, tmp_path: Path) -> None:
    with (runs / "shoes/business/product_economics.csv").open() as file:
        prices = {(r["product_line"], r["brand"]): r for r in csv.DictReader(file) if r["span"] == "15"}
    expected: dict[str, float] = {}
    for row in logged(runs, "shoes", 15):
        economics, decided = prices[row["product_line"], row["brand"]], row["prediction"] >= 0.15
        money = 0.05 if decided and not row["click"] else 0.0
        if not decided and row["click"]:
            money = float(economics["units_per_click"]) * float(economics["unit_margin"])
        key = f"product_line={row['product_line']}"
        expected[key] = expected.get(key, 0.0) + money

    assert slice_costs(opened(runs / "shoes", SHOES_ADS, tmp_path), "2024-09-09") == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_taxi_rides_of_a_quarter_cost_what_plain_python_says(runs: Path, tmp_path: Path) -> None:
    expected: dict[str, float] = {}
    for row in logged(runs, "taxi", 8):
        decided = row["prediction"] >= 0.5
        money = 2.0 if decided and not row["big_tip"] else 0.2 * row["fare"] if not decided and row["big_tip"] else 0.0
        key = f"payment_type={row['payment_type']}"
        expected[key] = expected.get(key, 0.0) + money

    assert slice_costs(opened(runs / "taxi", TAXI_FARES, tmp_path), "2014Q4") == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_amounts_have_an_exact_model_term_and_their_own_words(runs: Path, tmp_path: Path) -> None:
    workspace = opened(runs / "shoes", SHOES_ADS, tmp_path)
    view = workspace.view(Request(view="cost"))
    facts = {fact.label: fact.value for fact in view.sections[-1].blocks[0].items}  # type: ignore[union-attr]

    assert facts["Decision"] == "prediction >= 0.15"
    assert facts["Rows"] == "predictions of BulkInferrer.deployed, joined on span, product_line, brand"
    assert any(fact.value.startswith(("tier T1", "tier T2")) for fact in view.footer)


def test_a_unit_that_no_evaluation_has_still_opens(runs: Path, tmp_path: Path) -> None:
    workspace = opened(runs / "taxi", TAXI_FARES.replace("payment_type", "pickup_community_area"), tmp_path)
    slices = next(section for section in workspace.view(Request(view="cost")).sections if section.id == "slices")
    link = next(block for block in slices.blocks if isinstance(block, Table)).rows[0].link
    assert link is not None
    view = workspace.view(Request(view="slice", id=link.id))

    assert view.sections[0].title.startswith("This run's evaluation has no slice pickup_community_area=")
    assert [section.id for section in view.sections] == ["metrics", "history"]


def test_a_node_that_is_not_there_is_named_with_those_that_are(runs: Path, tmp_path: Path) -> None:
    view = opened(runs / "taxi", TAXI_FARES.replace("BulkInferrer.deployed", "Predictor"), tmp_path).view(Request(view="cost"))

    assert "has no node 'Predictor'; nodes that wrote predictions: BulkInferrer, BulkInferrer.deployed" in view.sections[0].lead


def test_an_unknown_column_is_a_sentence_on_the_page(runs: Path, tmp_path: Path) -> None:
    view = opened(runs / "taxi", TAXI_FARES.replace("0.2 * fare", "0.2 * fair"), tmp_path).view(Request(view="cost"))

    assert "fair" in view.sections[0].lead
    assert "The rows have big_tip, company" in view.sections[0].lead


# --- without labels ---------------------------------------------------------------------------------------------------------------

DISPATCH = CostRule(name="dispatch", kind="classification", threshold=0.5, fp=2.0, fn=5.0, predictions="BulkInferrer", label="y")
FREE = UnitTable(rows=(UnitRow(unit=OVERALL, volume=None, events=None, values=(0.0, 2.0, 0.0, 5.0)),), joined=0)


def some_scores(n: int = 4000, seed: int = 0, *, bend: float = 1.0, units: int = 1, labelled: bool = True) -> Scores:
    """Scores whose outcomes have the probability score ** bend; bend 1 is a calibrated model."""
    rng = np.random.default_rng(seed)
    score = rng.uniform(0, 1, n)
    label = (rng.uniform(size=n) < score**bend).astype(float)
    where = (OVERALL,) if units == 1 else tuple(a_unit(str(i)) for i in range(units))
    return Scores(units=where, at=rng.integers(0, units, n), score=score, label=label if labelled else np.full(n, np.nan))


def realised(scores: Scores) -> float:
    """What the labels of the rows cost."""
    decided = scores.score >= 0.5
    return float((2.0 * (decided & (scores.label == 0)) + 5.0 * (~decided & (scores.label == 1))).sum())


def estimated(now: Scores, before: Scores, rule: CostRule = DISPATCH, table: UnitTable | None = FREE) -> Estimate:
    calibration = recalibrate(before)
    assert isinstance(calibration, Recalibration)
    made = estimate("r", rule, now, table, calibration, "before")
    assert isinstance(made, Estimate)
    return made


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=1, max_size=30))
def test_the_calibration_is_the_isotonic_regression(counts: list[tuple[int, int]]) -> None:
    from scipy.optimize import isotonic_regression

    positives, n = np.array([min(k, n) for k, n in counts], float), np.array([n for _, n in counts], float)
    curve = isotonic(np.arange(len(n), dtype=float), positives, n)

    assert curve.y == pytest.approx(isotonic_regression(positives / n, weights=n).x, abs=1e-12)


def test_a_crooked_model_is_set_right_before_it_is_believed() -> None:
    now, before = some_scores(20_000, 1, bend=3.0, labelled=False), some_scores(20_000, 2, bend=3.0)
    chance = now.score**3
    decided = now.score >= 0.5
    truth = float((2.0 * decided * (1 - chance) + 5.0 * ~decided * chance).sum())

    assert estimated(now, before).total.value == pytest.approx(truth, rel=0.02)


def test_the_estimate_needs_no_label_of_the_period() -> None:
    with_labels, without = some_scores(seed=3), some_scores(seed=3, labelled=False)

    assert estimated(with_labels, some_scores(seed=4)).total == estimated(without, some_scores(seed=4)).total


def test_the_interval_holds_what_labels_then_show() -> None:
    inside = 0
    for seed in range(120):
        now = some_scores(800, 1000 + seed, bend=2.0)
        total = estimated(now, some_scores(800, 2000 + seed, bend=2.0)).total
        inside += total.low <= realised(now) <= total.high

    assert 0.9 <= inside / 120 <= 1.0


def test_changed_customers_are_not_seen_and_the_past_error_says_so() -> None:
    before, changed = some_scores(seed=5), some_scores(seed=6, bend=0.2)
    made = estimated(changed, before)
    wider = with_history(made, [realised(changed) - made.total.value])

    assert not made.total.low <= realised(changed) <= made.total.high
    assert wider.total.low <= realised(changed) <= wider.total.high


def test_of_many_earlier_errors_their_quantile_counts_and_of_few_the_largest() -> None:
    made = estimated(some_scores(seed=7), some_scores(seed=8))
    few, many = [10_000.0, 1.0], [100_000.0, *([1.0] * 60)]

    assert with_history(made, few).total.high == pytest.approx(made.total.value + 10_000.0)
    assert with_history(made, many).total == made.total


def test_estimates_of_units_sum_to_the_total() -> None:
    rule = msgspec.structs.replace(DISPATCH, unit=("line",))
    made = estimated(some_scores(units=3, seed=9), some_scores(units=3, seed=10), rule)

    assert len(made.by_unit) == 3
    assert sum(money for _, money in made.by_unit) == pytest.approx(made.total.value)


def test_a_unit_with_enough_labels_has_its_own_calibration() -> None:
    calibration = recalibrate(some_scores(2000, units=2))

    assert isinstance(calibration, Recalibration)
    assert set(calibration.own) == {a_unit("0"), a_unit("1")}


def test_orders_are_estimated_against_recalibrated_rates() -> None:
    rule = CostRule(name="stock", kind="inventory", over=2.0, under=3.0, predictions="BulkInferrer", label="y")
    table = UnitTable(rows=(UnitRow(unit=OVERALL, volume=1000.0, events=None, values=(1.0, 2.0, 3.0)),), joined=1)
    now, before = some_scores(20_000, 11, bend=2.0), some_scores(20_000, 12, bend=2.0)

    assert estimated(now, before, rule, table).total.value == pytest.approx(1000 * 2.0 * (1 / 2 - 1 / 3), rel=0.05)


def test_too_few_labels_are_a_sentence() -> None:
    assert recalibrate(some_scores(30)) == "only 30 earlier predictions have a label; 50 are needed"


def sampled(rule: CostRule, *parts: pl.DataFrame, plan: Any = None, limit: int = 1000) -> Scores | str:
    sample = ScoreSample(rule, plan, limit=limit)
    for part in parts:
        sample.add(part)
    return sample.scores()


def test_of_many_rows_an_even_sample_is_kept_in_order() -> None:
    rows = pl.DataFrame({"prediction": np.arange(10_000) / 10_000, "y": np.arange(10_000) % 2})
    found = sampled(DISPATCH, *rows.iter_slices(777))

    assert isinstance(found, Scores)
    assert found.stride == 16
    assert found.score.tolist() == (np.arange(0, 10_000, 16) / 10_000).tolist()


def test_either_outcome_of_a_row_has_its_money() -> None:
    plan = row_plan(ADS, {"prices": PRICES}, When(span="1"))
    rows = some_rows(50).filter(pl.col("line") == "a")
    found = sampled(ADS, rows, plan=plan)
    prices = {row["brand"]: row for row in PRICES.rows(named=True) if row["span"] == 1 and row["line"] == "a"}

    assert isinstance(found, Scores)
    assert found.money is not None
    for row, money in zip(rows.rows(named=True), found.money, strict=True):
        decided, price_of = row["prediction"] >= 0.5, prices[row["brand"]]
        assert money == pytest.approx([price_of["fee"] if decided else 0.0, 0.0 if decided else price_of["margin"] * row["fare"]])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"prediction_a": [0.5], "prediction_b": [0.5]}, "no single number per row (its outputs: prediction_a, prediction_b)"),
        ({"prediction": [[0.5, 0.5]]}, "more than one number per row"),
        ({"prediction": [3.0]}, "no probabilities between 0 and 1"),
        ({"prediction": pl.Series([None], dtype=pl.Float64)}, "no prediction has a score"),
    ],
)
def test_predictions_that_are_no_probability_are_a_sentence(rows: dict[str, Any], said: str) -> None:
    assert said in str(sampled(DISPATCH, pl.DataFrame({**rows, "y": [1]})))


ESTIMATED = 'unit = ["product_line"]\npredictions = "BulkInferrer.deployed"\ncandidate_predictions = "BulkInferrer"\nlabel = "click"'


def estimate_facts(view: View) -> dict[str, str]:
    blocks = next(section for section in view.sections if section.id == "money").blocks
    found = next(block for block in blocks if isinstance(block, Facts) and block.title == "Estimated without labels")
    return {fact.label: fact.value for fact in found.items}


def shoes_without_labels(root: Path) -> str:
    return (root / "tests/config/shoes.toml").read_text().replace('unit = ["product_line"]', ESTIMATED, 1)


def test_the_bad_retrain_is_seen_before_labels_arrive(runs: Path, root: Path, tmp_path: Path) -> None:
    workspace = opened(runs / "shoes", shoes_without_labels(root), tmp_path)
    run = next(one.id for one in workspace.histories()[0].runs if one.period.label == "2024-09-09")
    view = workspace.view(Request(view="cost", run=run))
    facts = estimate_facts(view)
    estimated_at = float(facts["Estimate"].split("\u00a0")[1].split(" ")[0].replace(",", ""))

    assert 4_500 < estimated_at < 8_500
    assert "within its interval" in facts["With labels"]
    assert any(isinstance(b, Paragraph) and "cannot see customers who changed" in b.text for b in view.sections[0].blocks)


def test_a_run_without_an_evaluation_has_its_estimate_alone(runs: Path, root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "shoes"
    shutil.copytree(runs / "shoes", copy)
    last = max((copy / "pipeline/Evaluator/evaluation").iterdir(), key=lambda path: int(path.name))
    shutil.rmtree(last)
    workspace = opened(copy, shoes_without_labels(root), tmp_path)
    run = next(one.id for one in workspace.histories()[0].runs if one.period.label == "2024-09-16")
    view = workspace.view(Request(view="cost", run=run))

    assert view.sections[0].title.startswith("Without labels yet, mistakes are estimated at EUR")
    assert "With labels" not in estimate_facts(view)
