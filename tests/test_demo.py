"""The committed demo: complete, small, clean, and its money tells the story that truth.json says it does. Needs no TensorFlow."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from demo_code import model, story

from model_insights.artifacts.configuration import read_config
from model_insights.artifacts.examples import read_examples
from model_insights.artifacts.mlmd import read_store
from model_insights.artifacts.predictions import read_predictions
from model_insights.artifacts.tfdv_anomalies import read_anomalies
from model_insights.artifacts.tfma import read_evaluation
from model_insights.loaded import Loaded
from model_insights.metrics import Evaluation
from model_insights.slices import OVERALL, SliceKey

DEMO = Path(__file__).resolve().parent.parent / "examples" / "shoes"
RUNS = DEMO / "runs"
SPANS = range(1, story.WEEKS + 1)
FELT = {span for fault in story.FAULTS for span in fault.felt}
MB = 1_000_000

Row = dict[str, str]


def loaded(outcome: Any) -> Any:
    assert isinstance(outcome, Loaded), outcome
    return outcome.value


@cache
def truth() -> dict[str, Any]:
    return json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))


@cache
def table(name: str) -> tuple[Row, ...]:
    with (RUNS / "business" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def artifacts(node: str, key: str) -> list[Path]:
    """Folders of a node's output, oldest first: the number is the execution's id."""
    return sorted((RUNS / "pipeline" / node / key).iterdir(), key=lambda folder: int(folder.name))


@cache
def evaluation(span: int) -> Evaluation:
    return loaded(read_evaluation(artifacts("Evaluator", "evaluation")[span - 1]))


def scalar(span: int, name: str, of: str, where: SliceKey = OVERALL) -> float:
    (key,) = (k for k in evaluation(span).keys if k.name == name and k.model_name == of and not k.is_diff)
    value = evaluation(span).scalar(where, key)
    assert value is not None
    return value


@cache
def costs(span: int) -> dict[str, tuple[float, float]]:
    """By product line: EUR lost in the week by the model that served (the Evaluator's baseline), and pairs ordered over demand."""
    prices = {(row["product_line"], row["brand"]): row for row in table("product_economics") if row["span"] == str(span)}
    sold: dict[str, list[Row]] = defaultdict(list)
    for row in table("weekly_actuals"):
        if row["span"] == str(span):
            sold[row["product_line"]].append(row)
    return {line: _cost(span, line, rows, prices) for line, rows in sold.items()}


def _cost(span: int, line: str, rows: list[Row], prices: dict[tuple[str, str], Row]) -> tuple[float, float]:
    impressions = [int(row["impressions"]) for row in rows]
    here = [prices[line, row["brand"]] for row in rows]
    over, under, units = (
        np.average([float(price[name]) for price in here], weights=impressions)
        for name in ("overstock_cost_per_unit", "stockout_cost_per_unit", "units_per_click")
    )
    predicted = scalar(span, "mean_prediction", "baseline", SliceKey(items=(("product_line", line),)))
    excess = units * (sum(impressions) * predicted - sum(int(row["clicks"]) for row in rows))
    return (excess * over if excess > 0 else -excess * under), excess


def total(span: int) -> float:
    return sum(cost for cost, _ in costs(span).values())


@cache
def quiet_level() -> float:
    """EUR per week that an ordinary week costs."""
    return float(np.median([total(span) for span in SPANS[1:] if span not in FELT]))


def excess_per_month(span: int) -> float:
    return (total(span) - quiet_level()) * 30 / 7


@cache
def trainers() -> dict[int, tuple[dict[str, Any], int]]:
    """By span: what the Trainer was told, and the id of its model."""
    (pipeline,) = loaded(read_store(RUNS / "metadata.db")).pipelines
    found = {}
    for execution in pipeline.lineage.executions.values():
        if execution.component == "Trainer":
            told = json.loads(execution.custom["custom_config"])
            (made,) = (artifact.id for artifact in pipeline.lineage.outputs(execution.id) if artifact.type == "Model")
            found[told["span"]] = (told, made)
    return found


def test_every_week_left_what_a_tfx_run_leaves():
    every = {"Evaluator": ("evaluation", "blessing"), "StatisticsGen": ("statistics",), "ImportSchemaGen": ("schema",)}
    every |= {"ExampleValidator": ("anomalies",), "Trainer": ("model", "model_run")}
    later = {"DistributionValidator": ("anomalies",), "BulkInferrer.serving": ("inference_result",)}  # they need an earlier run

    assert {story.WEEKS} == {len(artifacts(node, key)) for node, keys in every.items() for key in keys}
    assert {story.WEEKS - 1} == {len(artifacts(node, key)) for node, keys in later.items() for key in keys}


def test_the_demo_is_small():
    sizes = {path: path.stat().st_size for path in DEMO.rglob("*") if path.is_file() and "__pycache__" not in path.parts}

    assert sum(sizes.values()) < 10 * MB
    assert not [path for path, size in sizes.items() if size > MB]


def test_no_file_names_the_machine_it_was_made_on():
    names = [f"/{folder}/".encode() for folder in ("work", "tmp", "root", "home", "Users")]
    for path in RUNS.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            text = gzip.decompress(content) if path.suffix == ".gz" else content

            assert [] == [name for name in names if name in text], path


def test_the_configuration_is_one_we_read():
    config = read_config(RUNS / "insights.toml")

    assert "EUR" == config.insights.currency
    assert all((RUNS / source.path).is_file() for source in config.tables.values())
    assert ({"product_line": story.CRITICAL_LINE},) == config.critical


def test_truth_and_calendar_are_those_of_the_script():
    weeks = [(week.span, week.start.isoformat(), week.end.isoformat()) for week in story.weeks()]

    assert weeks == [(week["span"], week["period"], week["end"]) for week in truth()["weeks"]]
    assert weeks == [(int(row["span"]), row["period"], row["end"]) for row in table("calendar")]
    assert [fault.id for fault in story.FAULTS] == [fault["id"] for fault in truth()["faults"]]
    assert {0} == {week.start.weekday() for week in story.weeks()}


def test_truth_counts_what_the_tables_count():
    for week in truth()["weeks"]:
        rows = [row for row in table("weekly_actuals") if row["span"] == str(week["span"])]

        assert (week["impressions"], week["clicks"]) == (sum(int(r["impressions"]) for r in rows), sum(int(r["clicks"]) for r in rows))


def test_only_the_supplier_changes_a_price():
    rows = {(int(r["span"]), r["product_line"], r["brand"]): r for r in table("product_economics")}
    changed = {
        (span, line) for span, line, brand in rows if span > 1 and _price(rows, span, line, brand) != _price(rows, span - 1, line, brand)
    }

    assert {(story.SUPPLIER.first, story.CRITICAL_LINE)} == changed


def _price(rows: dict[tuple[int, str, str], Row], span: int, line: str, brand: str) -> Row:
    return {name: value for name, value in rows[span, line, brand].items() if name != "span"}


def test_the_season_turns():
    first, last = (truth()["weeks"][at]["true_ctr_by_product_line"] for at in (0, -1))

    assert last["sandals"] < 0.8 * first["sandals"]
    assert last["boots"] > 1.2 * first["boots"]
    assert last["women_heels"] > first["women_heels"]


def test_the_campaign_halves_the_rate_of_mens_dress_shoes_and_of_nothing_else():
    rates = [week["true_ctr_by_product_line"] for week in truth()["weeks"]]
    before, after = rates[story.CAMPAIGN.first - 2], rates[story.CAMPAIGN.first - 1]
    ratio = {line: after[line] / before[line] for line in before}

    assert ratio.pop(story.CRITICAL_LINE) == pytest.approx(0.5, abs=0.05)
    assert [1.0] * 4 == pytest.approx(list(ratio.values()), abs=0.08)


def test_ordinary_weeks_stay_well_below_a_little_problem():
    budget = read_config(RUNS / "insights.toml").severity
    assert budget is not None

    assert [] == [span for span in SPANS[1:] if span not in FELT and excess_per_month(span) > 0.7 * budget.little]


def test_each_fault_costs_what_its_step_of_the_ladder_says():
    budget = read_config(RUNS / "insights.toml").severity
    assert budget is not None

    for span in story.CENTS.felt:
        assert budget.big < excess_per_month(span) < budget.emergency
    for span in story.CAMPAIGN.felt:
        assert budget.little < excess_per_month(span) < budget.big
    for span in story.RETRAIN.felt:
        assert excess_per_month(span) > budget.emergency


def test_wrong_prices_starve_every_line_of_stock():
    for span in story.CENTS.felt:
        assert all(excess < 0 for _, excess in costs(span).values())


def test_the_campaign_is_paid_for_by_mens_dress_shoes():
    for span in story.CAMPAIGN.felt:
        cost, excess = costs(span)[story.CRITICAL_LINE]

        assert excess > 0
        assert cost > 0.6 * total(span)


def test_the_bad_retrain_overstocks_every_line_the_week_after_it_was_trained():
    assert story.RETRAIN.felt == (story.RETRAIN.last + 1,)
    for span in story.RETRAIN.felt:
        assert all(excess > 0 for _, excess in costs(span).values())


def test_every_model_passed_the_gate_the_bad_one_too():
    blessings = [[path.name for path in folder.iterdir()] for folder in artifacts("Evaluator", "blessing")]
    bad = story.RETRAIN.first

    assert [["BLESSED"]] * story.WEEKS == blessings
    assert scalar(bad, "auc", "candidate") > scalar(bad, "auc", "baseline") - 0.02
    assert scalar(bad, "calibration", "candidate") > 1.7


def test_the_retrain_of_the_last_week_is_right_again():
    assert scalar(story.WEEKS, "calibration", "baseline") > 1.7
    assert 1.0 == pytest.approx(scalar(story.WEEKS, "calibration", "candidate"), abs=0.1)


def test_the_schema_objects_to_prices_in_cents_and_to_nothing_else():
    folders = artifacts("ExampleValidator", "anomalies")
    found = {
        (span, anomaly.path)
        for span, folder in zip(SPANS, folders, strict=True)
        for outcome in read_anomalies(folder)
        for anomaly in loaded(outcome).anomalies
    }

    assert {(span, ("price",)) for span in range(story.CENTS.first, story.CENTS.last + 1)} == found


def test_drift_alarms_when_the_cents_come_and_when_they_go():
    folders = artifacts("DistributionValidator", "anomalies")
    pairs = [(span, loaded(outcome)) for span, folder in zip(SPANS[1:], folders, strict=True) for outcome in read_anomalies(folder)]

    assert {(story.CENTS.first, ("price",)), (story.CENTS.last + 1, ("price",))} == {
        (s, a.path) for s, pair in pairs for a in pair.anomalies
    }
    assert {8} == {len(pair.drift) for _, pair in pairs}


def test_lineage_tells_the_hyperparameter_of_the_bad_retrain():
    kept = {span: told["hparams"]["negatives_kept"] for span, (told, _) in trainers().items()}

    assert {span: story.RETRAIN.size if story.RETRAIN.active(span) else 1.0 for span in SPANS} == kept
    assert [week["period"] for week in truth()["weeks"]] == [trainers()[span][0]["period"] for span in SPANS]


def test_the_baseline_of_a_run_is_the_model_of_the_week_before():
    (pipeline,) = loaded(read_store(RUNS / "metadata.db")).pipelines
    evaluators = [execution.id for execution in pipeline.lineage.executions.values() if execution.component == "Evaluator"]
    events = {(event.execution, event.path[0]): event.artifact for event in pipeline.lineage.events if event.is_input and event.path}

    assert story.WEEKS == len(pipeline.runs)
    assert [events[id_, "baseline_model"] for id_ in evaluators[1:]] == [trainers()[span][1] for span in SPANS[:-1]]
    assert (evaluators[0], "baseline_model") not in events


def test_the_first_evaluation_names_no_model_and_the_last_ones_have_intervals():
    assert {""} == {key.model_name for key in evaluation(1).keys}
    assert {"candidate", "baseline"} <= {key.model_name for key in evaluation(2).keys}
    with_intervals = [span for span in SPANS if evaluation(span).intervals]

    assert list(SPANS[-4:]) == with_intervals


def test_every_slice_that_was_asked_for_is_there():
    columns = {
        ("product_line",): 5,
        ("brand",): 4,
        ("region",): 4,
        ("device",): 3,
        ("channel",): 3,
        ("channel", "product_line"): 15,
        (): 1,
    }  # TFMA sorts
    for span in SPANS:
        found: dict[tuple[str, ...], int] = defaultdict(int)
        for where in evaluation(span).slices:
            assert isinstance(where, SliceKey)
            found[where.columns] += 1

        assert columns == found


def test_the_model_code_says_what_was_logged_for_the_serving_model():
    for folder, span in zip(artifacts("BulkInferrer.serving", "inference_result"), SPANS, strict=False):
        frame = loaded(read_predictions(folder))
        weights = model.load(artifacts("Trainer", "model")[span - 1] / "Format-Serving")
        rows = [{name: value for name, value in row.items() if value is not None} for row in frame.to_dicts()]

        assert 0 < frame.height <= 500
        np.testing.assert_allclose(frame["prediction"].to_numpy(), model.predict(rows, weights), rtol=1e-5)


def test_what_if_gets_the_rows_that_the_last_week_was_scored_on():
    rows = loaded(read_examples(RUNS / "what_if" / "impressions.tfrecord"))
    scored = loaded(read_predictions(artifacts("BulkInferrer.serving", "inference_result")[-1]))

    assert 500 == rows.height
    assert scored["impression_id"].to_list() == rows["impression_id"].to_list()
