"""Which rows of a run are read, whose predictions stand beside them, and what they cost one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from builders import INVENTORY, a_run, some_cells
from encoders import write_tfrecord
from tfdv_encoders import example, floats, predict_log, strings

from model_insights.artifacts.row_sources import RowSource, evaluated_rows, judged_rows, sample_rows, training_rows
from model_insights.config import CostRule
from model_insights.cost.account import RunCost, run_cost
from model_insights.cost.row_loss import row_losses
from model_insights.lineage import Artifact, Event, Execution, Lineage
from model_insights.loaded import Absent, Loaded
from model_insights.run import ModelVersion, Run


def predictions(folder: Path, count: int = 5, score: float = 0.25) -> Path:
    logs = [predict_log({"examples": strings(example({"line": "a", "n": i}))}, {"p": floats(score)}) for i in range(count)]
    folder.mkdir(parents=True)
    write_tfrecord(folder / "prediction_logs-00000-of-00001.gz", logs, compress=True)
    return folder


def examples(folder: Path, *splits: str) -> Path:
    for split in splits:
        (folder / f"Split-{split}").mkdir(parents=True)
        write_tfrecord(folder / f"Split-{split}" / "data_tfrecord-00000-of-00001.gz", [example({"split": split})], compress=True)
    return folder


def a_pipeline_run(tmp_path: Path, *, nodes: dict[str, int], serving: int = 7, splits: tuple[str, ...] = ()) -> Run:
    """A run whose BulkInferrers (`nodes`: name to model id) wrote predictions, served by the model of that id."""
    artifacts, executions, events = {serving: Artifact(id=serving, type="Model", uri="m")}, {}, []
    for at, (node, model) in enumerate(nodes.items()):
        folder = predictions(tmp_path / node)
        artifacts[20 + at] = Artifact(id=20 + at, type="InferenceResult", uri=str(folder), path=str(folder))
        artifacts[model] = Artifact(id=model, type="Model", uri="m")
        executions[at] = Execution(id=at, type="tfx.BulkInferrer", node=node)
        events += [Event(artifact=model, execution=at, type="INPUT"), Event(artifact=20 + at, execution=at, type="OUTPUT")]
    if splits:
        folder = examples(tmp_path / "examples", *splits)
        artifacts[40] = Artifact(id=40, type="Examples", uri=str(folder), path=str(folder))
    lineage = Lineage(artifacts=artifacts, executions=executions, events=tuple(events))
    baseline = ModelVersion(artifact=artifacts[serving])
    return a_run(lineage=lineage, execution_ids=tuple(executions), artifact_ids=tuple(artifacts), baseline=baseline)


def test_predictions_of_the_model_that_served_come_first(tmp_path: Path):
    found = judged_rows(a_pipeline_run(tmp_path, nodes={"Newest": 8, "Deployed": 7}))

    assert isinstance(found, Loaded)
    assert (found.value.text, found.value.role) == ("predictions of Deployed", "serving")


def test_a_node_that_the_user_names_is_believed(tmp_path: Path):
    found = judged_rows(a_pipeline_run(tmp_path, nodes={"Newest": 8, "Deployed": 7}), "Newest")

    assert isinstance(found, Loaded)
    assert (found.value.text, found.value.role) == ("predictions of Newest", "serving")


def test_predictions_of_another_model_are_rows_without_a_cost(tmp_path: Path):
    found = judged_rows(a_pipeline_run(tmp_path, nodes={"Newest": 8}))

    assert isinstance(found, Loaded)
    assert found.value.role == "other"


def test_without_predictions_the_examples_are_read(tmp_path: Path):
    run = a_pipeline_run(tmp_path, nodes={}, splits=("eval", "train"))
    outcomes = [one(run) for one in (judged_rows, training_rows, evaluated_rows)]

    assert [one.value.text for one in outcomes if isinstance(one, Loaded)] == [
        "split eval of the examples", "split train of the examples", "split eval of the examples",
    ]  # fmt: skip


def test_a_run_without_rows_says_what_to_keep():
    found = judged_rows(a_run())

    assert isinstance(found, Absent)
    assert found.remedy == "Keep the files of BulkInferrer's inference_result, or of ExampleGen."


def test_a_sample_is_evenly_spaced(tmp_path: Path):
    folder = predictions(tmp_path / "many", count=100)
    source = RowSource(artifact=Artifact(id=1, type="InferenceResult", uri="", path=str(folder)), role="serving", text="")
    whole = sample_rows(source, most=30)

    assert isinstance(whole, Loaded)
    assert whole.value.stride == 4
    assert whole.value.frame["n"].to_list() == list(range(0, 100, 4))


# --- money of rows ---------------------------------------------------------------------------------------------------------------


def a_frame(lines: str, scores: list[float], labels: list[int | None]) -> pl.DataFrame:
    return pl.DataFrame({"line": list(lines), "prediction": scores, "y": labels})


def test_rows_of_outcomes_sum_to_the_cost_of_their_unit():
    rule = CostRule(name="r", kind="classification", threshold=0.5, fp=2.0, fn=5.0, unit=("line",))
    cells = some_cells(units=("a", "b"), volume=(30.0, 10.0), rates=((0, 1 / 3, 1 / 3, 1 / 3), (1, 0, 0, 0)), kind="classification")
    found = row_losses(run_cost("r1", rule, "m", cells, ()), a_frame("aaab", [0.9, 0.1, 0.1, 0.8], [0, 0, 1, 1]), "y")

    assert isinstance(found, np.ndarray)
    assert found.tolist() == [20.0, 0.0, 50.0, 0.0]


def test_rows_of_a_stocking_unit_sum_to_its_gap():
    """Unit a is over (0.2 predicted, 0.1 sold): each row counts at the price of over, also where it alone is under."""
    cost: RunCost = run_cost("r1", INVENTORY, "m", some_cells(units=("a",), volume=(100.0,), rates=((0.2, 0.1),)), ())
    found = row_losses(cost, a_frame("a" * 10, [0.2] * 10, [1] + [0] * 9), "y")

    assert isinstance(found, np.ndarray)
    assert found.sum() == pytest.approx(100 * 2.0 * 0.1)
    assert found[0] == pytest.approx(10 * 2.0 * (0.2 - 1))


def test_a_row_without_unit_or_label_has_no_money_and_its_unit_keeps_its_volume():
    rule = CostRule(name="r", kind="classification", threshold=0.5, fp=2.0, unit=("line",))
    cells = some_cells(units=("a",), volume=(30.0,), values=[[0.0, 2.0, 0.0, 0.0]], rates=((0, 1, 0, 0),), kind="classification")
    found = row_losses(run_cost("r1", rule, "m", cells, ()), a_frame("aacx", [0.9] * 4, [0, None, 0, 0]), "y")

    assert isinstance(found, np.ndarray)
    assert found[0] == 60.0
    assert np.isnan(found[1:]).all()


def test_rows_that_cannot_be_priced_say_why():
    cost = run_cost("r1", INVENTORY, "m", some_cells(), ())
    frame = a_frame("ab", [0.1, 0.2], [0, 1])

    assert row_losses(cost, frame.drop("line"), "y") == "the rows have no line, by which the cost is counted"
    assert row_losses(cost, frame, "z") == "the rows have no label 'z'"
    assert row_losses(cost, frame.drop("prediction"), "y") == "the model says no single number per row"
