"""Histories: what a log directory holds, as runs in the order of their periods, each artifact loaded, absent or damaged."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import encoders as wire
import pytest
from stores import CACHED, FAILED, RUNNING, StoreBuilder
from tfdv_encoders import dataset, number_feature, statistics

from model_insights.artifacts.assembly import assemble, run_ids
from model_insights.artifacts.cache import Cache
from model_insights.artifacts.discovery import discover
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.run import History, Run
from model_insights.settings import ReadingSettings

STATISTICS = statistics(dataset(number_feature("price")))


def histories(logdir: Path | str, **options: Any) -> tuple[History, ...]:
    return assemble(discover(logdir), **options)


def only(logdir: Path, **options: Any) -> History:
    (history,) = histories(logdir, **options)
    return history


def said(history: History) -> list[str]:
    return [one.sentence for one in history.problems]


def an_evaluation(folder: Path, auc: float = 0.75) -> Path:
    record = wire.metrics_for_slice(wire.slice_key(), wire.metric("auc", auc))
    return wire.write_tfrecord(folder / "metrics-00000-of-00001.tfrecord", [record]).parent


def some_statistics(folder: Path, *splits: str) -> Path:
    for split in splits:
        (folder / f"Split-{split}").mkdir(parents=True)
        (folder / f"Split-{split}" / "FeatureStats.pb").write_bytes(STATISTICS)
    return folder


class Pipeline:
    """A pipeline that writes outputs and ML Metadata below a folder, one call a run. URIs are recorded under /gone."""

    def __init__(self, top: Path, *, name: str = "p", root: str = "root") -> None:
        top.mkdir(parents=True, exist_ok=True)
        self.store, self.root, self.name = StoreBuilder(top / "metadata.db"), top / root, name
        self.examples: list[int] = []
        self.blessed: int | None = None

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def output(self, type_: str, node: str, key: str, **custom: Any) -> tuple[int, Path]:
        tail = f"{node}/{key}/{self.store.next['Execution']}"
        (self.root / tail).mkdir(parents=True)
        return self.store.artifact(type_, f"/gone/{self.root.name}/{tail}", **custom), self.root / tail

    def step(self, node: str, run: str, component: str = "", **options: Any) -> int:
        return self.store.step(f"tfx.{component or node}", node, pipeline=self.name, run=run, **options)

    def gen(self, run: str, span: int) -> int:
        examples, _ = self.output("Examples", "CsvExampleGen", "examples", span=span)
        self.step("CsvExampleGen", run, outputs={"examples": examples})
        self.examples = [*self.examples, examples][-2:]
        return examples

    def train(self, run: str, config: str = "", state: int = 3) -> int:
        model, _ = self.output("Model", "Trainer", "model")
        custom = {"custom_config": config} if config else {}
        self.step("Trainer", run, inputs={"examples": self.examples}, outputs={"model": model}, state=state, **custom)
        return model

    def evaluate(self, run: str, model: int, *, blessed: int | None = 1) -> None:
        evaluation, folder = self.output("ModelEvaluation", "Evaluator", "evaluation")
        an_evaluation(folder)
        properties: dict[str, Any] = {"current_model_id": model, "current_model": "/gone/x"}
        properties |= {} if blessed is None else {"blessed": blessed}
        properties |= {} if self.blessed is None else {"baseline_model_id": self.blessed, "baseline_model": "/gone/y"}
        blessing, place = self.output("ModelBlessing", "Evaluator", "blessing", **properties)
        if blessed is not None:
            (place / ("BLESSED" if blessed else "NOT_BLESSED")).touch()
        self.step("Evaluator", run, inputs={"model": [model], "examples": self.examples[-1:]},
                  outputs={"evaluation": evaluation, "blessing": blessing})  # fmt: skip
        self.blessed = model if blessed else self.blessed

    def push(self, run: str, pushed: int) -> None:
        artifact, _ = self.output(
            "PushedModel", "Pusher", "pushed_model", pushed=pushed, pushed_destination="/serving/1", pushed_version="1"
        )
        self.step("Pusher", run, outputs={"pushed_model": artifact})

    def whole(self, run: str, span: int, *, blessed: int | None = 1, config: str = "") -> None:
        self.gen(run, span)
        self.evaluate(run, self.train(run, config), blessed=blessed)


def custom_config(period: str) -> str:
    return f'{{"hparams": {{}}, "period": "{period}"}}'


# ---- with ML Metadata ----


def test_a_run_has_its_artifacts_models_and_period(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.whole("r1", 1, config=custom_config("2024-06-03"))
        made.whole("r2", 2, config=custom_config("2024-06-10"))
        made.push("r2", 1)
    history = only(tmp_path)
    first, second = history.runs

    assert ("p", str(tmp_path / "root"), ()) == (history.name, history.root, history.problems)
    assert [("2024-06-03", "2024-06-09"), ("2024-06-10", "2024-06-16")] == [(run.period.start, run.period.end) for run in history.runs]
    assert isinstance(second.evaluation, Loaded)
    assert (0.75, str(tmp_path / "root/Evaluator/evaluation/6")) == (second.evaluation.value.scalars[0, 0], second.evaluation_path)
    assert isinstance(second.blessing, Loaded)
    assert ("blessed", "/gone/y") == (second.blessing.value.state, second.blessing.value.baseline_model)
    assert isinstance(second.push, Loaded)
    assert (True, "/serving/1", "1") == (second.push.value.pushed, second.push.value.destination, second.push.value.version)
    assert second.candidate is not None
    assert second.baseline is not None
    assert (second.id, ("1", "2"), "/gone/root/Trainer/model/5") == (
        second.candidate.run_id,
        second.candidate.data_spans,
        second.candidate.uri,
    )
    assert (first.id, ("1",)) == (second.baseline.run_id, second.baseline.data_spans)
    assert first.baseline is None


def test_the_third_state_of_a_blessing_is_not_validated(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        for span, blessed in ((1, 1), (2, 0), (3, None)):
            made.whole(f"r{span}", span, blessed=blessed)

    assert ["blessed", "not_blessed", "not_validated"] == [
        run.blessing.value.state for run in only(tmp_path).runs if isinstance(run.blessing, Loaded)
    ]


def test_a_blessing_whose_file_and_property_disagree_is_told(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.whole("r1", 1, blessed=1)
    folder = tmp_path / "root/Evaluator/blessing/3"
    (folder / "BLESSED").rename(folder / "NOT_BLESSED")
    (run,) = only(tmp_path).runs

    assert isinstance(run.blessing, Loaded)
    assert "blessed" == run.blessing.value.state
    assert ["its marker file says NOT_BLESSED, ML Metadata blessed = 1; the latter is taken, as TFX does"] == [
        one.what for one in run.problems if isinstance(one, Damaged)
    ]


def test_a_pushed_model_artifact_is_no_push(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.whole("r1", 1, blessed=0)
        made.push("r1", 0)
    (run,) = only(tmp_path).runs

    assert isinstance(run.push, Loaded)
    assert run.push.value.pushed is False


def test_artifacts_that_were_never_made_and_files_that_are_gone_say_so_each_in_its_way(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.whole("r1", 1)
    shutil.rmtree(tmp_path / "root/Evaluator/evaluation")
    (run,) = only(tmp_path).runs

    assert isinstance(run.push, Absent)
    assert "No push: the run has no PushedModel artifact. Add a Pusher to the pipeline, or wait until it has run." == run.push.sentence
    assert isinstance(run.evaluation, Absent)
    assert "/gone/root/Evaluator/evaluation/3 is not there, nor below the log directory" == run.evaluation.reason
    assert (["statistics"], ["anomalies"]) == ([one.what for one in run.statistics], [one.what for one in run.anomalies])  # type: ignore[union-attr]


def test_a_damaged_evaluation_leaves_the_other_runs_whole(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.whole("r1", 1)
        made.whole("r2", 2)
    wire.flip(tmp_path / "root/Evaluator/evaluation/3/metrics-00000-of-00001.tfrecord", 20)
    first, second = only(tmp_path).runs

    assert isinstance(first.evaluation, Damaged)
    assert isinstance(second.evaluation, Loaded)


def test_a_pipeline_whose_root_is_nowhere_says_so_once(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.whole("r1", 1)
    shutil.rmtree(tmp_path / "root")
    history = only(tmp_path)

    assert [
        "No files recorded below /gone/root: none of 4 artifacts is there, nor under the log directory. "
        "Point --logdir at a folder that also holds the pipeline root, or map it under [insights.rewrite]."
    ] == said(history)
    assert (str(tmp_path), 1) == (history.root, len(history.runs))


def test_roots_outside_the_log_directory_are_read_only_when_the_settings_name_them(tmp_path: Path) -> None:
    with Pipeline(tmp_path / "log") as made:
        made.whole("r1", 1)
    shutil.move(tmp_path / "log" / "root", tmp_path / "else")
    closed = only(tmp_path / "log")
    named = only(tmp_path / "log", settings=ReadingSettings(roots=(str(tmp_path / "else"),)))
    moved = only(tmp_path / "log", settings=ReadingSettings(rewrite=(("/gone/root", "../else"),)))

    assert isinstance(closed.runs[0].evaluation, Absent)
    assert isinstance(named.runs[0].evaluation, Loaded)
    assert isinstance(moved.runs[0].evaluation, Loaded)


def test_statistics_anomalies_and_schema_are_told_apart_by_the_node_that_made_them(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.gen("r1", 1)
        inferred, place = made.output("Schema", "SchemaGen", "schema")
        (place / "schema.pbtxt").write_text('feature { name: "inferred" type: INT }')
        made.step("SchemaGen", "r1", outputs={"schema": inferred})
        curated, place = made.output("Schema", "ImportSchemaGen", "schema")
        (place / "schema.pbtxt").write_text('feature { name: "curated" type: INT }')
        made.step("ImportSchemaGen", "r1", outputs={"schema": curated})
        stats, place = made.output("ExampleStatistics", "StatisticsGen", "statistics")
        some_statistics(place, "train", "eval")
        made.step("StatisticsGen", "r1", outputs={"statistics": stats})
        transformed, place = made.output("ExampleStatistics", "Transform", "post_transform_stats")
        made.step("Transform", "r1", outputs={"post_transform_stats": transformed})
        for node, folder in (("DistributionValidator", "SplitPair-train_train"), ("ExampleValidator", "Split-train")):
            found, place = made.output("ExampleAnomalies", node, "anomalies")
            (place / folder).mkdir()
            (place / folder / "SchemaDiff.pb").write_bytes(b"\x0a\x00")
            made.step(node, "r1", outputs={"anomalies": found})
    (run,) = only(tmp_path).runs

    assert isinstance(run.schema, Loaded)
    assert [("curated",)] == [one.path for one in run.schema.value.features]
    assert ["eval", "train"] == [one.value.split for one in run.statistics if isinstance(one, Loaded)]
    assert 2 == len(run.statistics)
    assert [False, True] == [one.value.is_pair for one in run.anomalies if isinstance(one, Loaded)]


def test_a_schema_made_once_and_validated_against_is_the_schema_of_later_runs(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        schema, place = made.output("Schema", "ImportSchemaGen", "schema")
        (place / "schema.pbtxt").write_text('feature { name: "once" type: INT }')
        made.step("ImportSchemaGen", "r1", outputs={"schema": schema})
        made.step("ExampleValidator", "r2", inputs={"schema": [schema]})
    second = only(tmp_path).runs[-1]

    assert isinstance(second.schema, Loaded)
    assert [("once",)] == [one.path for one in second.schema.value.features]


def test_a_cached_model_is_traced_to_the_run_that_trained_it(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.gen("r1", 1)
        model = made.train("r1")
        made.step("Trainer", "r2", inputs={"examples": made.examples}, outputs={"model": model}, state=CACHED)
        made.evaluate("r2", model)
    first, second = sorted(only(tmp_path).runs, key=lambda run: run.name)

    assert second.candidate is not None
    assert second.candidate.trainer is not None
    assert (first.id, 2) == (second.candidate.run_id, second.candidate.trainer.id)
    assert model in second.artifact_ids


def test_training_spans_are_followed_through_transformed_examples_and_rewritten_models(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        raw = made.gen("r1", 7)
        transformed, _ = made.output("Examples", "Transform", "transformed_examples")
        made.step("Transform", "r1", inputs={"examples": [raw]}, outputs={"transformed_examples": transformed})
        made.examples = [transformed]
        model = made.train("r1")
        smaller, _ = made.output("Model", "Rewriter", "model")
        made.step("Rewriter", "r1", inputs={"model": [model]}, outputs={"model": smaller})
        made.evaluate("r1", smaller)
    (run,) = only(tmp_path).runs

    assert run.candidate is not None
    assert run.candidate.trainer is not None
    assert ("Trainer", ("7",)) == (run.candidate.trainer.node, run.candidate.data_spans)
    assert run.candidate.artifact is not None
    assert smaller == run.candidate.artifact.id


def test_the_evaluation_that_blesses_is_the_runs_and_others_are_named(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.whole("r1", 1)
        extra, folder = made.output("ModelEvaluation", "Evaluator.fairness", "evaluation")
        an_evaluation(folder, 0.1)
        made.step("Evaluator.fairness", "r1", "Evaluator", outputs={"evaluation": extra})
    (run,) = only(tmp_path).runs

    assert isinstance(run.evaluation, Loaded)
    assert 0.75 == run.evaluation.value.scalars[0, 0]
    assert ["evaluation of node Evaluator.fairness here"] == [one.what for one in run.problems if isinstance(one, Absent)]


# ---- state ----


def test_a_failed_step_fails_the_run_and_says_why(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.gen("r1", 1)
        result = '{"resultMessage": "No data\\nfor span 1", "code": 2}'
        made.step("Trainer", "r1", state=FAILED, __execution_result__=result)
    (run,) = only(tmp_path).runs

    assert ("failed", ["execution 2 of Trainer is FAILED: No data for span 1"]) == (
        run.state,
        [one.reason for one in run.problems if isinstance(one, Absent)],
    )


def test_a_step_that_was_tried_again_counts_by_its_last_try(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.step("CsvExampleGen", "r1", state=FAILED)
        made.whole("r1", 1)

    assert ["complete"] == [run.state for run in only(tmp_path).runs]


def test_a_running_step_of_the_latest_run_is_running(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.whole("r1", 1)
        made.gen("r2", 2)
        made.step("Trainer", "r2", state=RUNNING)
    complete, running = only(tmp_path).runs

    assert ("complete", "running") == (complete.state, running.state)
    assert isinstance(running.evaluation, Absent)
    assert complete.period.order < running.period.order


def test_a_running_step_that_a_later_run_has_done_was_given_up(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        span_4 = '{"static_range": {"start_span_number": 4, "end_span_number": 4}}'
        made.whole("r3", 3, config=custom_config("2024-06-17"))
        made.step("CsvExampleGen", "ghost", state=RUNNING, range_config=span_4)
        made.whole("r4", 4, config=custom_config("2024-06-24"))
    third, ghost, fourth = only(tmp_path).runs

    assert ["complete", "failed", "complete"] == [third.state, ghost.state, fourth.state]
    assert (fourth.period.label, "ghost") == (ghost.period.label, ghost.name)
    assert ["Nothing to do, if the later run did the work."] == [one.remedy for one in ghost.problems]


def test_a_run_without_evaluation_is_partial_only_where_others_have_one(tmp_path: Path) -> None:
    with Pipeline(tmp_path / "a") as made:
        made.gen("r1", 1)
        made.whole("r2", 2)
    with Pipeline(tmp_path / "b", name="data-only") as made:
        made.gen("r1", 1)
    data_only, judged = histories(tmp_path)

    assert (["complete"], ["partial", "complete"]) == ([run.state for run in data_only.runs], [run.state for run in judged.runs])


# ---- periods ----


def test_a_configured_property_names_the_period(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.gen("r1", 1)
        made.step("Tagger", "r1", tags='{"time": {"week": "2024-W33"}}')
    settings = ReadingSettings(period_node="Tagger", period_property="tags", period_key="time.week")
    (run,) = only(tmp_path, settings=settings).runs

    assert ("2024-W33", "2024-08-12", "2024-08-18", "property") == (run.period.label, run.period.start, run.period.end, run.period.source)


def test_a_configured_property_nobody_has_is_said(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        made.whole("r1", 1)
        made.whole("r2", 2)
    history = only(tmp_path, settings=ReadingSettings(period_node="Tagger", period_property="tags", period_key="week"))

    assert ["span 1", "span 2"] == [run.period.label for run in history.runs]
    assert [
        "No periods by the configured property: no run has week in tags of Tagger. Correct insights.period; spans or times are used now."
    ] == said(history)


def test_a_calendar_names_periods_by_span_and_says_which_it_lacks(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        for span in (1, 2, 3):
            made.whole(f"r{span}", span)
    calendar = (("1", "spring", "2024-03-01", "2024-05-31"), ("2.0", "summer", "2024-06-01", "2024-08-31"))
    history = only(tmp_path, settings=ReadingSettings(calendar=calendar))

    assert ["spring", "summer", "span 3"] == [run.period.label for run in history.runs]
    assert ["calendar", "calendar", "mlmd"] == [run.period.source for run in history.runs]
    assert ["No period of span 3: the calendar table has no row for it. Add the row to the calendar."] == said(history)


def test_settings_may_differ_by_pipeline(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with Pipeline(tmp_path / name, name=name) as made:
            made.whole("r1", 1)
    calendar = ReadingSettings(calendar=(("1", "spring", "", ""),))
    found = histories(tmp_path, settings=lambda name, folder: calendar if name == "a" else ReadingSettings())

    assert ["spring", "span 1"] == [history.runs[0].period.label for history in found]


def test_spans_that_count_days_since_1970_are_dates(tmp_path: Path) -> None:
    with Pipeline(tmp_path) as made:
        for span in (19_880, 19_881):
            examples, _ = made.output("Examples", "CsvExampleGen", "examples", span=span)
            made.step("CsvExampleGen", f"r{span}", outputs={"examples": examples}, input_config='{"pattern": "{YYYY}-{MM}-{DD}/*"}')

    assert [("2024-06-06", 1.0), ("2024-06-07", 1.0)] == [(run.period.label, run.period.days) for run in only(tmp_path).runs]


# ---- ids ----


def test_ids_are_stable_short_and_no_paths(tmp_path: Path) -> None:
    with Pipeline(tmp_path / "one") as made:
        made.whole("r1", 1)
    shutil.copytree(tmp_path / "one", tmp_path / "two" / "one")
    before, after = only(tmp_path / "one"), only(tmp_path / "two" / "one")

    assert (before.pipeline, before.runs[0].id) == (after.pipeline, after.runs[0].id)
    assert before.pipeline.startswith("p-")
    assert 12 == len(before.runs[0].id)
    assert "/" not in before.pipeline + before.runs[0].id


def test_two_pipelines_of_one_name_have_two_ids(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        with Pipeline(tmp_path / folder) as made:
            made.whole("r1", 1)
    first, second = histories(tmp_path)

    assert first.pipeline != second.pipeline
    assert first.runs[0].id != second.runs[0].id
    assert (str(tmp_path / "a/root"), str(tmp_path / "b/root")) == (first.root, second.root)


def test_runs_of_one_name_are_counted() -> None:
    assert 3 == len(set(run_ids("p", ["r", "r", "s"])))
    assert run_ids("p", ["r", "r"])[:1] == run_ids("p", ["r"])


# ---- stores that cannot be read ----


def test_a_locked_store_beside_readable_outputs_still_gives_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Pipeline(tmp_path / "shop") as made:
        made.whole("r1", 1)
    monkeypatch.setattr("model_insights.artifacts.mlmd.read_store.__kwdefaults__", {"wait": 0.1})
    writer = sqlite3.connect(tmp_path / "shop" / "metadata.db", isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    history = only(tmp_path)
    writer.close()

    assert ["complete"] == [run.state for run in history.runs]
    assert (
        f"{tmp_path}/shop/metadata.db cannot be read: a writer held it locked for 0.1 s. Look again when the pipeline is between two steps."
        == (said(history)[0])
    )


def test_a_damaged_store_alone_gives_a_history_that_says_so(tmp_path: Path) -> None:
    with Pipeline(tmp_path / "shop") as made:
        made.whole("r1", 1)
    shutil.rmtree(tmp_path / "shop" / "root")
    os.truncate(tmp_path / "shop" / "metadata.db", 5_000)
    history = only(tmp_path)

    assert ("shop", ()) == (history.name, history.runs)
    assert "it is cut off: 5,000 of" in said(history)[0]


def test_a_store_without_runs_says_so(tmp_path: Path) -> None:
    StoreBuilder(tmp_path / "metadata.db").close()

    assert [
        f"No run in {tmp_path}/metadata.db: the store holds no execution of a pipeline. "
        "Run the pipeline, or look again when its first step has ended."
    ] == said(only(tmp_path))


def test_an_empty_log_directory_gives_no_history(tmp_path: Path) -> None:
    assert () == histories(tmp_path)


# ---- without ML Metadata ----


def test_a_pipeline_root_without_store_gives_runs_by_the_numbers_of_its_folders(tmp_path: Path) -> None:
    with Pipeline(tmp_path / "shop") as made:
        for span, blessed in ((1, 1), (2, 0)):
            made.whole(f"r{span}", span, blessed=blessed)
            made.push(f"r{span}", blessed)
    (tmp_path / "shop" / "metadata.db").unlink()
    (tmp_path / "shop/root/Pusher/pushed_model/4/saved_model.pb").touch()
    for number, seconds in ((3, 1_700_000_000), (7, 1_700_600_000)):
        os.utime(tmp_path / f"shop/root/Evaluator/evaluation/{number}/metrics-00000-of-00001.tfrecord", (seconds, seconds))
        marker = next((tmp_path / f"shop/root/Evaluator/blessing/{number}").iterdir())
        os.utime(marker, (seconds, seconds))
    os.utime(tmp_path / "shop/root/Pusher/pushed_model/4/saved_model.pb", (1_700_000_000, 1_700_000_000))
    history = only(tmp_path)

    assert ("shop", ["executions 1 to 4", "executions 5 to 8"]) == (history.name, [run.name for run in history.runs])
    assert ["blessed", "not_blessed"] == [run.blessing.value.state for run in history.runs if isinstance(run.blessing, Loaded)]
    assert [True, False] == [run.push.value.pushed for run in history.runs if isinstance(run.push, Loaded)]
    assert [("2023-11-14", "file"), ("2023-11-21", "file")] == [(run.period.label, run.period.source) for run in history.runs]
    assert "none was found, so runs were told apart by the numbers of their folders" in said(history)[0]


def test_an_event_file_gives_the_time_of_a_run(tmp_path: Path) -> None:
    with Pipeline(tmp_path / "shop") as made:
        made.whole("r1", 1)
    (tmp_path / "shop" / "metadata.db").unlink()
    events = tmp_path / "shop/root/Trainer/model_run/2/train"
    events.mkdir(parents=True)
    (events / "events.out.tfevents.1700000000.host.1.v2").touch()
    (run,) = only(tmp_path).runs

    assert ("2023-11-14", "event", 1_700_000_000_000) == (run.period.label, run.period.source, run.executed_ms)


def test_loose_evaluations_in_dated_folders_are_the_runs_of_their_common_folder(tmp_path: Path) -> None:
    for day in ("2024-06-10", "2024-06-03"):
        an_evaluation(tmp_path / "weekly" / day / "eval")
        some_statistics(tmp_path / "weekly" / day / "stats", "train")
    (tmp_path / "weekly" / "schema.pbtxt").write_text('feature { name: "price" type: FLOAT }')
    history = only(tmp_path)

    assert ("weekly", str(tmp_path / "weekly")) == (history.name, history.root)
    assert [("2024-06-03", "2024-06-09", "folder"), ("2024-06-10", "2024-06-16", "folder")] == [
        (run.period.start, run.period.end, run.period.source) for run in history.runs
    ]
    assert {"train"} == {one.value.split for run in history.runs for one in run.statistics if isinstance(one, Loaded)}
    assert all(isinstance(run.schema, Loaded) for run in history.runs)


def test_a_lone_evaluation_takes_what_lies_in_the_log_directory(tmp_path: Path) -> None:
    an_evaluation(tmp_path / "eval_output")
    (tmp_path / "train_stats.pb").write_bytes(STATISTICS)
    (tmp_path / "serving_stats.pb").write_bytes(STATISTICS)
    (run,) = only(tmp_path).runs

    assert isinstance(run.evaluation, Loaded)
    assert {"train", "serving"} == {one.value.split for one in run.statistics if isinstance(one, Loaded)}


def test_statistics_without_evaluations_are_runs_of_their_own(tmp_path: Path) -> None:
    for day in ("2024-06-03", "2024-06-10"):
        some_statistics(tmp_path / "stats" / day, "train", "eval")
    history = only(tmp_path)

    assert ["2024-06-03", "2024-06-10"] == [run.period.label for run in history.runs]
    assert [2, 2] == [len([one for one in run.statistics if isinstance(one, Loaded)]) for run in history.runs]
    assert {"partial"} == {run.state for run in history.runs}


def test_evaluations_below_one_output_folder_are_runs_once_with_and_without_their_store(tmp_path: Path) -> None:
    with Pipeline(tmp_path / "shop") as made:
        for span in (1, 2):
            made.whole(f"r{span}", span)
    for name in ("CsvExampleGen", "Trainer", "Evaluator/blessing"):
        shutil.rmtree(tmp_path / "shop" / "root" / name)
    stored = only(tmp_path)
    (tmp_path / "shop" / "metadata.db").unlink()
    loose = only(tmp_path)

    assert [2, 2] == [sum(isinstance(run.evaluation, Loaded) for run in history.runs) for history in (stored, loose)]


def test_copied_folders_without_any_date_keep_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (2, 10, 1):
        folder = an_evaluation(tmp_path / "evaluations" / str(number))
        os.utime(folder / "metrics-00000-of-00001.tfrecord", (1_700_000_000, 1_700_000_000))

    assert ["1", "2", "10"] == [run.period.label for run in only(tmp_path).runs]


def test_any_mix_lies_side_by_side(tmp_path: Path) -> None:
    with Pipeline(tmp_path / "a", name="stored") as made:
        made.whole("r1", 1)
    with Pipeline(tmp_path / "bare" / "deep") as made:
        made.whole("r1", 1)
    (tmp_path / "bare" / "deep" / "metadata.db").unlink()
    an_evaluation(tmp_path / "loose" / "2024-06-03")
    an_evaluation(tmp_path / "loose" / "2024-06-10")

    assert [("loose", 2), ("root", 1), ("stored", 1)] == sorted(
        (os.path.basename(history.root) if history.name == "deep" else history.name, len(history.runs)) for history in histories(tmp_path)
    )


# ---- the real runs ----


@pytest.fixture(scope="module")
def real(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, History]:
    cache = Cache(tmp_path_factory.mktemp("state"))
    return {history.name: history for history in assemble(discover(runs), cache=cache)}


def complete(history: History) -> list[Run]:
    return [run for run in history.runs if run.state == "complete"]


def test_the_real_families_have_sixteen_complete_runs_in_the_order_of_their_periods(real: dict[str, History]) -> None:
    shoes, taxi = real["shoes"], real["taxi"]

    assert (16, 16, 17) == (len(complete(shoes)), len(taxi.runs), len(shoes.runs))
    assert [f"{year}Q{quarter}" for year in range(2013, 2017) for quarter in range(1, 5)] == [run.period.label for run in taxi.runs]
    assert ["2024-06-03", "2024-06-10", "2024-06-17", "2024-06-24"] == [run.period.start for run in complete(shoes)[:4]]
    assert {7.0} == {run.period.days for run in shoes.runs}
    assert ({"property"}, ()) == ({run.period.source for run in taxi.runs}, taxi.problems)


def test_the_ghost_of_week_four_stands_before_the_run_that_did_its_work(real: dict[str, History]) -> None:
    ghost, good = real["shoes"].runs[3:5]

    assert ("failed", "complete") == (ghost.state, good.state)
    assert ghost.period == good.period
    assert (1, ()) == (len(ghost.execution_ids), ghost.artifact_ids)


def test_the_baseline_of_each_real_run_is_the_last_blessed_model_before_it(real: dict[str, History]) -> None:
    for history in real.values():
        runs = complete(history)
        last = ""
        for run in runs:
            assert last == (run.baseline.run_id if run.baseline else "")
            assert isinstance(run.blessing, Loaded)
            last = run.id if run.blessing.value.state == "blessed" else last


def test_the_refused_quarter_was_not_pushed(real: dict[str, History]) -> None:
    pushed = [run.push.value.pushed for run in real["taxi"].runs if isinstance(run.push, Loaded)]
    states = [run.blessing.value.state for run in real["taxi"].runs if isinstance(run.blessing, Loaded)]

    assert [True] * 14 + [False, True] == pushed
    assert ["blessed"] * 14 + ["not_blessed", "blessed"] == states


def test_every_artifact_of_the_real_runs_is_loaded(real: dict[str, History]) -> None:
    for history in real.values():
        for run in complete(history):
            outcomes = [run.evaluation, run.validation, run.blessing, run.push, run.schema, *run.statistics, *run.anomalies]
            assert [] == [one for one in outcomes if not isinstance(one, Loaded)]
            assert 4 >= len(run.candidate.data_spans if run.candidate else ()) >= 1


def test_the_curated_schema_is_taken_not_the_inferred_one(real: dict[str, History]) -> None:
    for history in real.values():
        schemas = {run.schema.path.split("/")[-4] for run in complete(history) if isinstance(run.schema, Loaded)}

        assert {"ImportSchemaGen"} == schemas


def test_the_real_shoes_read_in_under_two_seconds_and_again_from_the_cache(runs: Path, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        assemble(discover(runs / "shoes"), cache=cache)
        times.append(time.perf_counter() - start)

    assert min(times) < 2.0


def test_the_real_runs_read_alike_wherever_they_were_copied_to(runs: Path, tmp_path: Path, real: dict[str, History]) -> None:
    shutil.copytree(runs / "taxi", tmp_path / "deep" / "renamed")
    (tmp_path / "deep" / "renamed" / "pipeline").rename(tmp_path / "deep" / "renamed" / "outputs")
    history = only(tmp_path)

    assert [(run.period, run.state, run.artifact_ids) for run in real["taxi"].runs] == [
        (run.period, run.state, run.artifact_ids) for run in history.runs
    ]
    assert all(isinstance(run.evaluation, Loaded) for run in history.runs)
