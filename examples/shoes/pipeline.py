"""One weekly run of the demo's pipeline, node by node, through the real TFDV, TFMA and ML Metadata."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from google.protobuf import json_format
from tensorflow_metadata.proto.v0 import schema_pb2

from examples.shoes import checks, evaluate, model, records
from examples.shoes.lineage import SERVING, Made, Output, Store
from examples.shoes.shop import Columns
from examples.shoes.story import DEMO, SEED, WINDOW, Story, Week

L2, ITERATIONS = 2.0, 7
SAMPLE = 500  # rows of an inference result
SPLIT_NAMES = json.dumps(list(checks.SPLITS))
SIGNATURE = json.dumps({"model_signature_name": ["serving_default"]})


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A model with what is known of it: its artifact, its blessing and its weights."""

    span: int
    artifact: Made
    weights: dict[str, object]
    blessing: Made | None = None


@dataclass
class Pipeline:
    """What outlives a run: the store, the data of the window, the schema, the model that serves."""

    store: Store
    story: Story = DEMO
    slices: tuple[tuple[str, ...], ...] = evaluate.SLICES
    schema: schema_pb2.Schema | None = None
    serving: Trained | None = None  # the latest blessed model
    _logged: dict[int, Columns] = field(default_factory=dict)
    _examples: dict[int, Made] = field(default_factory=dict)
    _statistics: dict[int, tuple[Made, checks.Statistics]] = field(default_factory=dict)

    def run(self, week: Week, logged: Columns, *, intervals: bool) -> None:
        """Run every node on one week's log."""
        clock = _clock(week)
        self._logged[week.span] = logged
        examples = self._ingest(week, next(clock))
        schema = self._import_schema(week, next(clock), logged)
        self._check(week, clock, examples, schema)
        candidate = self._train(week, clock, schema)
        if self.serving:
            self._infer(week, next(clock), examples, self.serving)
        blessing = self._evaluate(week, clock, examples, candidate, intervals=intervals)
        if self._push(week, next(clock), candidate, blessing):
            self.serving = Trained(span=week.span, artifact=candidate.artifact, weights=candidate.weights, blessing=blessing)

    def sample(self, week: Week) -> tuple[Columns, list[bytes]]:
        """The same few rows of the eval split for inference and for the What-If Tool: columns and serialised tf.Examples."""
        rows = checks.split_of(self._logged[week.span], "eval")
        rows = {name: values[:SAMPLE] for name, values in rows.items()}
        return rows, records.examples_of(rows)

    def _ingest(self, week: Week, at: dt.datetime) -> Made:
        split = {"split_config": {"splits": [{"name": "train", "hash_buckets": 7}, {"name": "eval", "hash_buckets": 3}]}}
        properties = {
            "input_base": "/srv/tfx/demo/impressions",
            "input_config": json.dumps({"splits": [{"name": "all", "pattern": f"span-{week.span:02d}/*.tfrecord.gz"}]}),
            "output_config": json.dumps(split),
            "output_data_format": 6,
            "span": week.span,
        }
        step = self.store.start("ImportExampleGen", week.run_at, at, inputs={}, properties=properties)
        rows = len(self._logged[week.span]["click"])
        custom = {
            "span": week.span,
            "payload_format": "FORMAT_TF_EXAMPLE",
            "file_format": "tfrecords_gzip",
            "input_fingerprint": f"split:all,num_files:1,num_rows:{rows}",
        }
        output = Output(type="Examples", declared={"split_names": SPLIT_NAMES}, custom=custom)
        self._examples[week.span] = self.store.finish(step, minutes=1.5, examples=output)["examples"]
        return self._examples[week.span]

    def _import_schema(self, week: Week, at: dt.datetime, logged: Columns) -> Made:
        properties = {"schema_file": "/srv/tfx/demo/schema/schema.pbtxt"}
        step = self.store.start("ImportSchemaGen", week.run_at, at, inputs={}, properties=properties)
        if self.schema is None:
            self.schema = checks.infer(logged)
        checks.write_schema(self.schema, step.folder("schema") / "schema.pbtxt")
        return self.store.finish(step, minutes=0.1, schema=Output(type="Schema"))["schema"]

    def _check(self, week: Week, clock: Iterator[dt.datetime], examples: Made, schema: Made) -> None:
        properties = {"exclude_splits": "[]"}
        step = self.store.start("StatisticsGen", week.run_at, next(clock), inputs={"examples": [examples]}, properties=properties)
        found = checks.statistics(self._logged[week.span], step.folder("statistics"))
        declared = {"span": 0, "split_names": SPLIT_NAMES}  # TFX leaves the declared span at 0, too
        made = self.store.finish(step, minutes=2.0, statistics=Output(type="ExampleStatistics", declared=declared))["statistics"]
        inputs = {"statistics": [made], "schema": [schema]}
        step = self.store.start("ExampleValidator", week.run_at, next(clock), inputs=inputs, properties=properties)
        blessed = checks.validate(found, self._schema, step.folder("anomalies"))
        self.store.finish(step, minutes=0.2, anomalies=Output(type="ExampleAnomalies", declared=declared, custom={"blessed": blessed}))
        if week.span - 1 in self._statistics:
            self._compare(week, clock, made, found)
        self._statistics[week.span] = (made, found)

    def _compare(self, week: Week, clock: Iterator[dt.datetime], made: Made, found: checks.Statistics) -> None:
        before, previous = self._statistics[week.span - 1]
        self.store.resolve("previous_statistics", week.run_at, next(clock), {"statistics": [before]})
        pairs = [[name, name] for name in checks.SPLITS]
        properties = {"distribution_validator_config": checks.comparators(), "include_split_pairs": json.dumps(pairs)}
        inputs = {"statistics": [made], "baseline_statistics": [before]}
        step = self.store.start("DistributionValidator", week.run_at, next(clock), inputs=inputs, properties=properties)
        blessed = checks.compare(found, previous, self._schema, step.folder("anomalies"))
        declared = {"span": 0, "split_names": json.dumps([f"{name}_{name}" for name in checks.SPLITS])}
        self.store.finish(step, minutes=0.2, anomalies=Output(type="ExampleAnomalies", declared=declared, custom={"blessed": blessed}))

    def _train(self, week: Week, clock: Iterator[dt.datetime], schema: Made) -> Trained:
        spans = range(week.span, max(0, week.span - WINDOW), -1)  # newest first, as the rolling-range resolver gives them
        window = [self._examples[span] for span in spans]
        self.store.resolve("training_window", week.run_at, next(clock), {"examples": window})
        hparams = {"iterations": ITERATIONS, "l2": L2, **self.story.hyperparameters(week.span), "seed": SEED, "window_weeks": WINDOW}
        config = {
            "categorical": list(model.CATEGORICAL), "hparams": hparams, "label": model.LABEL, "numeric": list(model.NUMERIC),
            "period": week.start.isoformat(), "span": week.span,
        }  # fmt: skip
        properties = {
            "custom_config": json.dumps(config, sort_keys=True),
            "run_fn": "examples.shoes.model.train",
            "train_args": json.dumps({"splits": ["train"]}),
            "eval_args": json.dumps({"splits": ["eval"]}),
        }
        at = next(clock)
        step = self.store.start("Trainer", week.run_at, at, inputs={"examples": window, "schema": [schema]}, properties=properties)
        rows = _joined([checks.split_of(self._logged[span], "train") for span in spans])
        weights, losses = model.train(rows, **self.story.hyperparameters(week.span), l2=L2, iterations=ITERATIONS, seed=SEED)
        model.save(weights, step.folder("model") / "Format-Serving")
        curve = step.folder("model_run") / "train" / f"events.out.tfevents.{int(at.timestamp())}.demo"
        records.write_curve(curve, losses, wall_time=at.timestamp())
        made = self.store.finish(step, minutes=6.0, model=Output(type="Model"), model_run=Output(type="ModelRun"))
        return Trained(span=week.span, artifact=made["model"], weights=weights)

    def _infer(self, week: Week, at: dt.datetime, examples: Made, serving: Trained) -> None:
        inputs = {"examples": [examples], "model": [serving.artifact]}
        properties = {"data_spec": json.dumps({"example_splits": ["eval"]}), "model_spec": SIGNATURE}
        step = self.store.start("BulkInferrer.serving", week.run_at, at, inputs=inputs, properties=properties)
        rows, serialised = self.sample(week)
        logs = records.prediction_logs(serialised, model.score(rows, serving.weights))
        path = step.folder("inference_result") / "prediction_logs-00000-of-00001.gz"
        records.write_records(path, logs, gzip=True)
        self.store.finish(step, minutes=1.0, inference_result=Output(type="InferenceResult"))

    def _evaluate(self, week: Week, clock: Iterator[dt.datetime], examples: Made, candidate: Trained, *, intervals: bool) -> Made:
        models = {evaluate.CANDIDATE: candidate, evaluate.BASELINE: self.serving} if self.serving else {"": candidate}
        config = evaluate.config_of(tuple(models), intervals=intervals, slices=self.slices)
        inputs = {"examples": [examples], "model": [candidate.artifact]}
        if self.serving and self.serving.blessing:
            found = {"model": [self.serving.artifact], "model_blessing": [self.serving.blessing]}
            self.store.resolve("latest_blessed_model", week.run_at, next(clock), found)
            inputs["baseline_model"] = [self.serving.artifact]
        properties = {
            "eval_config": json_format.MessageToJson(config, preserving_proto_field_name=True, sort_keys=True),
            "example_splits": json.dumps(["eval"]),
        }
        step = self.store.start("Evaluator", week.run_at, next(clock), inputs=inputs, properties=properties)
        rows = checks.split_of(self._logged[week.span], "eval")
        scores = {evaluate.prediction_key(name): model.score(rows, trained.weights) for name, trained in models.items()}
        passed = evaluate.evaluate(
            records.examples_of(rows, **scores), step.folder("evaluation"), config=config, seed=week.span,
            locations={name: f"{trained.artifact.uri}/Format-Serving" for name, trained in models.items()},
            data_location=f"{examples.uri}/Split-eval",
        )  # fmt: skip
        passed = passed and not self.story.active(week.span, "frozen")
        blessing = step.folder("blessing") / ("BLESSED" if passed else "NOT_BLESSED")
        blessing.parent.mkdir(parents=True)
        blessing.touch()
        custom = {"blessed": int(passed), "current_model": candidate.artifact.uri, "current_model_id": candidate.artifact.id}
        if self.serving:
            custom |= {"baseline_model": self.serving.artifact.uri, "baseline_model_id": self.serving.artifact.id}
        outputs = {"blessing": Output(type="ModelBlessing", custom=custom), "evaluation": Output(type="ModelEvaluation")}
        return self.store.finish(step, minutes=9.0, **outputs)["blessing"]

    def _push(self, week: Week, at: dt.datetime, candidate: Trained, blessing: Made) -> bool:
        passed = (blessing.folder / "BLESSED").exists()
        destination = {"filesystem": {"base_directory": SERVING}}
        inputs = {"model": [candidate.artifact], "model_blessing": [blessing]}
        step = self.store.start("Pusher", week.run_at, at, inputs=inputs, properties={"push_destination": json.dumps(destination)})
        version = str(int(at.timestamp()))
        pushed = {"pushed": 1, "pushed_destination": f"{SERVING}/{version}", "pushed_version": version}
        self.store.finish(step, minutes=0.3, pushed_model=Output(type="PushedModel", custom=pushed if passed else {"pushed": 0}))
        return passed

    @property
    def _schema(self) -> schema_pb2.Schema:
        assert self.schema is not None
        return self.schema


def _clock(week: Week) -> Iterator[dt.datetime]:
    """Each node starts ten minutes after the one before."""
    at = week.run_at
    while True:
        yield at
        at += dt.timedelta(minutes=10)


def _joined(parts: Sequence[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
