"""A pipeline run, the business period it speaks of, and the history of a pipeline."""

from __future__ import annotations

from typing import Literal

import msgspec

from model_insights.lineage import Artifact, Execution, Lineage
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import Evaluation, Validation
from model_insights.noun import Noun
from model_insights.stats import Anomalies, Schema, Statistics


class Period(Noun):
    """The business time a run speaks of, not when it was executed.

    `start`, `end` are ISO dates (end inclusive; "" when unknown), `order` sorts runs, `source` says where it came from."""

    label: str  # "2024-08-12", "2013Q1", "span 4"
    start: str = ""
    end: str = ""
    order: float = 0.0
    days: float | None = None  # length, where both ends are known
    source: Literal["property", "calendar", "mlmd", "event", "folder", "file"] = "file"


class ModelVersion(Noun):
    """The model a run trained or served: its artifact and what made it."""

    artifact: Artifact | None = None
    trainer: Execution | None = None
    uri: str = ""
    run_id: str = ""  # the run that trained it, where known
    data_spans: tuple[str, ...] = ()  # training spans, oldest first


class Blessing(Noun):
    """Evaluator's blessing. `not_validated`: no threshold was configured, which is neither pass nor fail."""

    state: Literal["blessed", "not_blessed", "not_validated"]
    current_model: str = ""
    baseline_model: str = ""


class Push(Noun):
    pushed: bool
    destination: str = ""
    version: str = ""


class Run(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One pipeline run: its period, its artifacts by type (each loaded, absent or damaged), its lineage.

    Tuples hold one outcome per split or per producing node, in the order shown to the user."""

    id: str  # stable in listings and URLs
    pipeline: str  # pipeline id, as listed
    name: str  # as recorded (MLMD run context, or folder)
    period: Period
    executed_ms: int | None
    state: Literal["complete", "running", "failed", "partial"]
    evaluation: Loaded[Evaluation] | Absent | Damaged
    evaluation_path: str = ""  # folder, for `artifacts` to fetch plots from; never sent to a browser
    validation: Loaded[Validation] | Absent | Damaged
    blessing: Loaded[Blessing] | Absent | Damaged
    push: Loaded[Push] | Absent | Damaged
    statistics: tuple[Loaded[Statistics] | Absent | Damaged, ...] = ()
    anomalies: tuple[Loaded[Anomalies] | Absent | Damaged, ...] = ()
    schema: Loaded[Schema] | Absent | Damaged
    candidate: ModelVersion | None = None  # trained in this run
    baseline: ModelVersion | None = None  # what the Evaluator compared against: usually what served
    lineage: Lineage = Lineage()
    execution_ids: tuple[int, ...] = ()  # executions of this run
    artifact_ids: tuple[int, ...] = ()  # artifacts made by this run
    problems: tuple[Absent | Damaged, ...] = ()  # found while assembling the run

    def split(self, name: str) -> Statistics | None:
        """Loaded statistics of a split by name."""
        for outcome in self.statistics:
            if isinstance(outcome, Loaded) and outcome.value.split == name:
                return outcome.value
        return None


class History(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The runs of one pipeline in the order of their periods."""

    pipeline: str  # id in listings
    name: str  # shown
    root: str = ""  # folder, shown; never taken from a request
    runs: tuple[Run, ...] = ()
    problems: tuple[Absent | Damaged, ...] = ()  # of the whole pipeline: store unreadable, tables missing

    def index(self, run_id: str) -> int | None:
        return next((i for i, run in enumerate(self.runs) if run.id == run_id), None)
