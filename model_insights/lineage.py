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


class Lineage(Noun, eq=False):
    """The part of a store that one pipeline's runs touch (shared by its runs), or an empty one where no store exists."""

    artifacts: dict[int, Artifact] = {}
    executions: dict[int, Execution] = {}
    events: tuple[Event, ...] = ()
    store: str = ""  # the file, as shown to a person; "" without MLMD
    sides: dict[str, dict[int, tuple[int, ...]]] = {}  # of the events, by what is asked; made at the first question

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Lineage):
            return NotImplemented
        parts = ((one.artifacts, one.executions, one.events, one.store) for one in (self, other))
        return next(parts) == next(parts)

    def producers(self, artifact: int) -> tuple[Execution, ...]:
        """Executions that wrote the artifact, earliest first (a cached execution publishes what an earlier one made)."""
        return tuple(self.executions[i] for i in sorted(self._side("producers", artifact)) if i in self.executions)

    def inputs(self, execution: int) -> tuple[Artifact, ...]:
        return tuple(self.artifacts[i] for i in self._side("inputs", execution) if i in self.artifacts)

    def outputs(self, execution: int) -> tuple[Artifact, ...]:
        return tuple(self.artifacts[i] for i in self._side("outputs", execution) if i in self.artifacts)

    def _side(self, name: str, asked: int) -> tuple[int, ...]:
        if not self.sides:
            self.sides.update(_sides(self.events))
        return self.sides[name].get(asked, ())


def _sides(events: tuple[Event, ...]) -> dict[str, dict[int, tuple[int, ...]]]:
    """One pass over the events: who wrote each artifact, what each execution read and wrote, each once and in the order of the events."""
    found: dict[str, dict[int, dict[int, None]]] = {"producers": {}, "inputs": {}, "outputs": {}}
    for event in events:
        if event.is_output:
            found["producers"].setdefault(event.artifact, {})[event.execution] = None
            found["outputs"].setdefault(event.execution, {})[event.artifact] = None
        elif event.is_input:
            found["inputs"].setdefault(event.execution, {})[event.artifact] = None
    return {name: {key: tuple(ids) for key, ids in side.items()} for name, side in found.items()}
