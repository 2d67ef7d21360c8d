"""Where the rows of a run lie: predictions of the model that served, else of another, else the examples; and an even sample of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
import polars as pl

from model_insights.artifacts.examples import example_splits
from model_insights.artifacts.kept_rows import KeptRows
from model_insights.artifacts.prediction_rows import fold_rows
from model_insights.artifacts.tfdv_files import files_in
from model_insights.lineage import Artifact, Execution
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.run import Run

MOST_ROWS = 100_000
_EVALUATED = ("eval", "test", "validation")  # splits that no model was trained on
Role = Literal["serving", "other", "none"]


class RowSource(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One folder of rows. `role`: whose predictions stand beside them; "none": no model's."""

    artifact: Artifact
    role: Role
    text: str  # "predictions of BulkInferrer", "split eval of the examples"

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(files_in(Path(self.artifact.path)))


class SampledRows(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Every `stride`-th row, in file order; the predictions in columns of their own."""

    frame: pl.DataFrame
    stride: int


def judged_rows(run: Run, named: str = "") -> Loaded[RowSource] | Absent:
    """The rows that a model judged in the run: of the node `named`, else of the serving model (by lineage), else of another one.

    Without predictions the run's examples, of a split that no model was trained on where there is one."""
    found = [one for one in _predictions(run, named) if one.artifact.path]
    found.sort(key=lambda one: one.role != "serving")
    return Loaded(value=found[0], path=found[0].artifact.path) if found else evaluated_rows(run)


def training_rows(run: Run) -> Loaded[RowSource] | Absent:
    """The run's own examples, as a model was trained on them; of another split where those are gone."""
    return _examples(run, ("train", *_EVALUATED))


def evaluated_rows(run: Run) -> Loaded[RowSource] | Absent:
    """The run's own examples, of a split that no model was trained on where there is one."""
    return _examples(run, _EVALUATED)


def sample_rows(source: RowSource, *, most: int = MOST_ROWS, kept: KeptRows | None = None) -> Loaded[SampledRows] | Absent | Damaged:
    """At most `most` rows, evenly spaced. All rows are read, or taken from those that are `kept`: memory holds a chunk and the sample."""
    sample = _Sample(most)
    outcome = fold_rows(source.artifact, lambda _: None, sample.add, kept=kept)
    if not isinstance(outcome, Loaded):
        return outcome
    return Loaded(value=sample.rows(), path=source.artifact.path)


class _Sample:
    """Keeps every `stride`-th row; when there are too many, every second one goes."""

    def __init__(self, most: int) -> None:
        self._most, self._stride, self._seen = most, 1, 0
        self._parts: list[pl.DataFrame] = []

    def add(self, rows: pl.DataFrame) -> None:
        self._parts.append(rows.gather_every(self._stride, (-self._seen) % self._stride))
        self._seen += rows.height
        while sum(one.height for one in self._parts) > self._most:
            self._parts = [pl.concat(self._parts, how="diagonal_relaxed").gather_every(2)]
            self._stride *= 2

    def rows(self) -> SampledRows:
        return SampledRows(frame=pl.concat(self._parts, how="diagonal_relaxed"), stride=self._stride)


def _predictions(run: Run, named: str) -> list[RowSource]:
    """What the nodes of the run wrote of predictions, in the order of their ids."""
    found = []
    for execution in (run.lineage.executions[i] for i in run.execution_ids if i in run.lineage.executions):
        for artifact in run.lineage.outputs(execution.id):
            if artifact.type == "InferenceResult" or (artifact.type == "Examples" and execution.component == "BulkInferrer"):
                role: Role = "serving" if _is_serving(run, execution, named) else "other"
                found.append(RowSource(artifact=artifact, role=role, text=f"predictions of {execution.node}"))
    return found


def _is_serving(run: Run, execution: Execution, named: str) -> bool:
    if named:
        return execution.node == named
    served = run.baseline.artifact if run.baseline is not None else None
    return served is not None and any(one.id == served.id for one in run.lineage.inputs(execution.id))


def _examples(run: Run, preferred: Sequence[str]) -> Loaded[RowSource] | Absent:
    """The split of the run's examples that comes first in `preferred`, else the first by name."""
    artifacts = [run.lineage.artifacts[i] for i in run.artifact_ids if i in run.lineage.artifacts]
    own = [one for one in artifacts if one.type == "Examples" and one.path and "BulkInferrer" not in one.uri]
    for artifact in own:
        splits = dict(example_splits(artifact.path))
        name = next((one for one in preferred if one in splits), next(iter(splits), None))
        if name is not None and files_in(splits[name]):
            text = f"split {name} of the examples" if name else "the examples"
            return Loaded(
                value=RowSource(artifact=msgspec.structs.replace(artifact, path=str(splits[name])), role="none", text=text),
                path=artifact.path,
            )
    return Absent(
        what="rows",
        reason=f"run {run.period.label} has neither predictions nor examples whose files are still there",
        remedy="Keep the files of BulkInferrer's inference_result, or of ExampleGen.",
    )
