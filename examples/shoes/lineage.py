"""Lineage in ML Metadata, laid out as TFX 1.16 does: types, properties, contexts, events and folders."""

from __future__ import annotations

import datetime as dt
import json
import random
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf import struct_pb2
from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from examples.shoes.story import SEED

PIPELINE = "demo"
ADDRESS = "/srv/tfx/demo/pipeline"  # the root in every URI; it exists nowhere, as on the machine of whoever looks at copied runs
SERVING = "/srv/tfx/demo/serving"
VERSION = "1.16.0"

TYPES: dict[str, dict[str, int]] = {
    "Examples": {"span": mlmd.INT, "version": mlmd.INT, "split_names": mlmd.STRING},
    "ExampleStatistics": {"span": mlmd.INT, "split_names": mlmd.STRING},
    "Schema": {},
    "ExampleAnomalies": {"span": mlmd.INT, "split_names": mlmd.STRING},
    "Model": {},
    "ModelRun": {},
    "ModelEvaluation": {},
    "ModelBlessing": {},
    "PushedModel": {},
    "InferenceResult": {},
}
BASES = {
    "Examples": mlmd.ArtifactType.DATASET,
    "ExampleStatistics": mlmd.ArtifactType.STATISTICS,
    "Model": mlmd.ArtifactType.MODEL,
    "ModelEvaluation": mlmd.ArtifactType.METRICS,
}
NODES = {
    "ImportExampleGen": "tfx.components.example_gen.import_example_gen.component.ImportExampleGen",
    "ImportSchemaGen": "tfx.components.schema_gen.import_schema_gen.component.ImportSchemaGen",
    "StatisticsGen": "tfx.components.statistics_gen.component.StatisticsGen",
    "ExampleValidator": "tfx.components.example_validator.component.ExampleValidator",
    "DistributionValidator": "tfx.components.distribution_validator.component.DistributionValidator",
    "Trainer": "tfx.components.trainer.component.Trainer",
    "Evaluator": "tfx.components.evaluator.component.Evaluator",
    "BulkInferrer": "tfx.components.bulk_inferrer.component.BulkInferrer",
    "Pusher": "tfx.components.pusher.component.Pusher",
}
RESOLVER = "tfx.dsl.components.common.resolver.Resolver"

Properties = Mapping[str, object]  # int, float, str, or a dict for a struct


@dataclass(frozen=True, kw_only=True)
class Made:
    """An artifact of the store: its id, type, address and (for what was produced here) folder on disk."""

    id: int
    type: str
    uri: str
    folder: Path


@dataclass(frozen=True, kw_only=True)
class Output:
    """What an execution is about to publish: the artifact's type, its declared and its custom properties."""

    type: str
    declared: Properties = field(default_factory=dict)
    custom: Properties = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One execution that is under way: its id, and the folders its outputs go to."""

    id: int
    node: str
    root: Path
    at: dt.datetime

    def folder(self, key: str) -> Path:
        return self.root / self.node / key / str(self.id)

    def uri(self, key: str) -> str:
        return f"{ADDRESS}/{self.node}/{key}/{self.id}"


@dataclass
class Store:
    """A metadata.db under construction. Times are the story's, set by `close`; ids follow the order of the calls."""

    path: Path
    root: Path
    _clock: dict[int, tuple[dt.datetime, dt.datetime]] = field(default_factory=dict)
    _contexts: dict[str, mlmd.Context] = field(default_factory=dict)

    def __post_init__(self) -> None:
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(self.path)
        self._store = metadata_store.MetadataStore(config)
        self._names = random.Random(SEED)
        self._types = {name: self._artifact_type(name, properties) for name, properties in TYPES.items()}
        for name in ("pipeline", "pipeline_run", "node"):
            self._store.put_context_type(mlmd.ContextType(name=name))
        self._context("pipeline", PIPELINE)

    def start(
        self, node: str, run_at: dt.datetime, at: dt.datetime, *, inputs: Mapping[str, Sequence[Made]], properties: Properties
    ) -> Step:
        """Register an execution as running, with its inputs. `at` is when this step starts, `run_at` names the run."""
        run = self._context("pipeline_run", run_at.replace(tzinfo=None).isoformat(timespec="microseconds"))  # as TFX names its runs
        contexts = [self._contexts[PIPELINE], run, self._context("node", f"{PIPELINE}.{node}")]
        name = str(self._names.getrandbits(64))
        execution = mlmd.Execution(type_id=self._execution_type(node), name=name, last_known_state=mlmd.Execution.RUNNING)
        _fill(execution.custom_properties, properties)
        events = [(self._artifact(made), _event(mlmd.Event.INPUT, key, i)) for key, many in inputs.items() for i, made in enumerate(many)]
        id_, _, _ = self._store.put_execution(execution, events, contexts)
        return Step(id=int(id_), node=node, root=self.root, at=at)

    def finish(self, step: Step, *, minutes: float, **outputs: Output) -> dict[str, Made]:
        """Publish the outputs by key and complete the execution; the artifacts by key."""
        pairs = []
        for key, output in outputs.items():
            artifact = mlmd.Artifact(type_id=self._types[output.type], uri=step.uri(key), state=mlmd.Artifact.LIVE)
            _fill(artifact.properties, output.declared)
            _fill(artifact.custom_properties, {**output.custom, "tfx_version": VERSION, "is_external": 0})
            pairs.append((artifact, _event(mlmd.Event.OUTPUT, key, 0)))
        ids = self._complete(step, pairs, minutes)
        made = zip(outputs.items(), ids, strict=True)
        return {key: Made(id=id_, type=output.type, uri=step.uri(key), folder=step.folder(key)) for (key, output), id_ in made}

    def resolve(self, node: str, run_at: dt.datetime, at: dt.datetime, found: Mapping[str, Sequence[Made]]) -> None:
        """Record what a Resolver found: an execution whose results are INTERNAL_OUTPUT events."""
        step = self.start(node, run_at, at, inputs={}, properties={})
        kind = mlmd.Event.INTERNAL_OUTPUT
        pairs = [(self._artifact(made), _event(kind, key, i)) for key, many in found.items() for i, made in enumerate(many)]
        self._complete(step, pairs, 0.05)

    def close(self) -> None:
        """Let go of the file, then set the stamps: ML Metadata knows only the present, the story has its own calendar."""
        del self._store
        with closing(sqlite3.connect(self.path)) as connection:
            for id_, (begin, end) in self._clock.items():
                _stamp(connection, id_, _milliseconds(begin), _milliseconds(end))
            _stamp_contexts(connection)
            connection.commit()
            connection.execute("VACUUM")

    def _complete(self, step: Step, pairs: list[tuple[mlmd.Artifact, mlmd.Event]], minutes: float) -> Sequence[int]:
        (execution,) = self._store.get_executions_by_id([step.id])
        execution.last_known_state = mlmd.Execution.COMPLETE
        contexts = self._store.get_contexts_by_execution(step.id)
        _, ids, _ = self._store.put_execution(execution, pairs, contexts)
        self._clock[step.id] = (step.at, step.at + dt.timedelta(minutes=minutes))
        return [int(id_) for id_ in ids]

    def _artifact(self, made: Made) -> mlmd.Artifact:
        (artifact,) = self._store.get_artifacts_by_id([made.id])
        return artifact

    def _artifact_type(self, name: str, properties: Mapping[str, int]) -> int:
        type_ = mlmd.ArtifactType(name=name, properties=dict(properties))
        if name in BASES:
            type_.base_type = BASES[name]
        return int(self._store.put_artifact_type(type_))

    def _execution_type(self, node: str) -> int:
        return int(self._store.put_execution_type(mlmd.ExecutionType(name=NODES.get(node.partition(".")[0], RESOLVER))))

    def _context(self, kind: str, name: str) -> mlmd.Context:
        if name not in self._contexts:
            type_id = self._store.get_context_type(kind).id
            (id_,) = self._store.put_contexts([mlmd.Context(type_id=type_id, name=name)])
            (self._contexts[name],) = self._store.get_contexts_by_id([id_])
            if kind == "pipeline_run":
                self._store.put_parent_contexts([mlmd.ParentContext(child_id=id_, parent_id=self._contexts[PIPELINE].id)])
        return self._contexts[name]


def _event(kind: int, key: str, index: int) -> mlmd.Event:
    event = mlmd.Event(type=kind)
    event.path.steps.add(key=key)
    event.path.steps.add(index=index)
    return event


def _fill(target: Mapping[str, mlmd.Value], values: Properties) -> None:
    for name, value in values.items():
        if isinstance(value, int):
            target[name].int_value = value
        elif isinstance(value, str):
            target[name].string_value = value
        else:
            struct = struct_pb2.Struct()
            struct.update(json.loads(json.dumps(value)))
            target[name].struct_value.CopyFrom(struct)


def _milliseconds(when: dt.datetime) -> int:
    return int(when.timestamp() * 1000)


def _stamp(connection: sqlite3.Connection, execution: int, begin: int, end: int) -> None:
    """An execution lives from begin to end; what it consumed is noted at the begin, what it made at the end."""
    times = "create_time_since_epoch = ?, last_update_time_since_epoch = ?"
    connection.execute(f"UPDATE Execution SET {times} WHERE id = ?", (begin, end, execution))
    made = "SELECT artifact_id FROM Event WHERE execution_id = ? AND type = ?"
    connection.execute(f"UPDATE Artifact SET {times} WHERE id IN ({made})", (end, end, execution, mlmd.Event.OUTPUT))
    when = "UPDATE Event SET milliseconds_since_epoch = ? WHERE execution_id = ? AND type"
    connection.execute(f"{when} = ?", (begin, execution, mlmd.Event.INPUT))
    connection.execute(f"{when} <> ?", (end, execution, mlmd.Event.INPUT))


def _stamp_contexts(connection: sqlite3.Connection) -> None:
    """A context is as old as its first execution."""
    first = (
        "SELECT MIN(e.create_time_since_epoch) FROM Association a JOIN Execution e ON e.id = a.execution_id WHERE a.context_id = Context.id"
    )
    connection.execute(f"UPDATE Context SET create_time_since_epoch = ({first})")
    connection.execute("UPDATE Context SET last_update_time_since_epoch = create_time_since_epoch")
