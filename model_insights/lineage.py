"""ML Metadata nouns: artifacts, executions, events, contexts. Source: ml_metadata/proto/metadata_store.proto, schema 4 to 10."""

from __future__ import annotations

from typing import Any, Literal

from model_insights.noun import Noun

# int, float, str, bool, or the decoded JSON value of a struct / {"@type": url} of a proto
PropertyValue = Any

ArtifactState = Literal["UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE"]
ExecutionState = Literal["UNKNOWN", "NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED"]
EventType = Literal[
    "UNKNOWN", "DECLARED_OUTPUT", "DECLARED_INPUT", "INPUT", "OUTPUT", "INTERNAL_INPUT", "INTERNAL_OUTPUT", "PENDING_OUTPUT"
]


class Artifact(Noun):
    """An ML Metadata artifact. `path` is where its files lie now ("" when nowhere): see artifacts.mlmd for the rewriting."""

    id: int
    type: str
    uri: str
    path: str = ""
    name: str = ""
    state: ArtifactState = "UNKNOWN"
    created_ms: int | None = None
    properties: dict[str, PropertyValue] = {}
    custom: dict[str, PropertyValue] = {}

    def get(self, key: str) -> PropertyValue | None:
        """A property by name, the custom one first (TFX keeps the right `span` there)."""
        return self.custom[key] if key in self.custom else self.properties.get(key)


class Execution(Noun):
    """An ML Metadata execution. `node` is the TFX node id (`BulkInferrer.deployed`), `type` the class path."""

    id: int
    type: str
    node: str = ""
    state: ExecutionState = "UNKNOWN"
    created_ms: int | None = None
    updated_ms: int | None = None
    properties: dict[str, PropertyValue] = {}
    custom: dict[str, PropertyValue] = {}

    @property
    def component(self) -> str:
        """Last segment of the class path: `Evaluator`."""
        return self.type.rsplit(".", 1)[-1]


class Event(Noun):
    artifact: int
    execution: int
    type: EventType
    path: tuple[str | int, ...] = ()  # ("examples", 0)
    time_ms: int | None = None

    @property
    def is_output(self) -> bool:
        return self.type in ("OUTPUT", "DECLARED_OUTPUT", "INTERNAL_OUTPUT")

    @property
    def is_input(self) -> bool:
        return self.type in ("INPUT", "DECLARED_INPUT", "INTERNAL_INPUT")


class Context(Noun):
    id: int
    type: str  # pipeline, pipeline_run, node, run, component_run, ...
    name: str
    created_ms: int | None = None
    properties: dict[str, PropertyValue] = {}
    custom: dict[str, PropertyValue] = {}


class Lineage(Noun):
    """The part of a store that one pipeline's runs touch (shared by its runs), or an empty one where no store exists."""

    artifacts: dict[int, Artifact] = {}
    executions: dict[int, Execution] = {}
    events: tuple[Event, ...] = ()
    store: str = ""  # the file, as shown to a person; "" without MLMD

    def producers(self, artifact: int) -> tuple[Execution, ...]:
        """Executions that wrote the artifact, earliest first (a cached execution publishes what an earlier one made)."""
        ids = sorted({e.execution for e in self.events if e.artifact == artifact and e.is_output})
        return tuple(self.executions[i] for i in ids if i in self.executions)

    def inputs(self, execution: int) -> tuple[Artifact, ...]:
        ids = dict.fromkeys(e.artifact for e in self.events if e.execution == execution and e.is_input)
        return tuple(self.artifacts[i] for i in ids if i in self.artifacts)

    def outputs(self, execution: int) -> tuple[Artifact, ...]:
        ids = dict.fromkeys(e.artifact for e in self.events if e.execution == execution and e.is_output)
        return tuple(self.artifacts[i] for i in ids if i in self.artifacts)
