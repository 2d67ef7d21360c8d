"""Streams the rows of a prediction artifact in chunks, so that ten million rows need the memory of one chunk.

Rows and columns are as `predictions.read_predictions` and `examples.read_examples` give them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar, Union

import polars as pl

from model_insights.artifacts.example_columns import ExampleColumns, NoExample, OtherPayload
from model_insights.artifacts.examples import example_splits, files_of, first_records, not_supported, nothing_in
from model_insights.artifacts.predictions import PredictionColumns
from model_insights.artifacts.tensors import UnreadTensor
from model_insights.artifacts.tfdv_files import damaged
from model_insights.errors import ArtifactUnreadable
from model_insights.lineage import Artifact
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.run import Run

CHUNK = 100_000  # rows
PEEK = 1_000  # rows from which the columns are seen
WHAT = "predictions"

T = TypeVar("T")
_Columns = Union[PredictionColumns, "_ExampleRows"]


class _ExampleRows:
    """`output_examples` of BulkInferrer: the model's answers are features of the example."""

    def __init__(self, columns: Sequence[str] | None) -> None:
        self.examples = ExampleColumns(columns)

    @property
    def rows(self) -> int:
        return self.examples.rows

    def add(self, serialized: bytes) -> None:
        self.examples.add(serialized)

    def frame(self) -> pl.DataFrame:
        return pl.DataFrame(list(self.examples.series().values()))


def predictions_of(run: Run, node: str) -> Loaded[Artifact] | Absent:
    """The artifact that the node of the run wrote its predictions to: an InferenceResult, else Examples (`output_examples`)."""
    remedy = "Name the node of a BulkInferrer in `predictions` of insights.toml."
    executions = [one for i in run.execution_ids if (one := run.lineage.executions.get(i)) is not None]
    made = [one for one in executions if one.node == node]
    if not made:
        known = sorted({one.node for one in executions if any(a.type == "InferenceResult" for a in run.lineage.outputs(one.id))})
        have = f"; nodes that wrote predictions: {', '.join(known)}" if known else ""
        return Absent(what=WHAT, reason=f"run {run.period.label} has no node {node!r}{have}", remedy=remedy)
    outputs = [artifact for one in made for artifact in run.lineage.outputs(one.id)]
    fitting = [a for kind in ("InferenceResult", "Examples") for a in outputs if a.type == kind]
    if not fitting:
        return Absent(what=WHAT, reason=f"node {node!r} wrote none in run {run.period.label}", remedy=remedy)
    found = next((one for one in fitting if one.path), None)
    if found is None:
        return Absent(
            what=WHAT, reason=f"the files of node {node!r} of run {run.period.label} are gone ({fitting[0].uri})", remedy="Keep them."
        )
    return Loaded(value=found, path=found.path)


def fold_rows(
    artifact: Artifact, columns: Callable[[Sequence[str]], Sequence[str] | None], fold: Callable[[pl.DataFrame], T], *, chunk: int = CHUNK
) -> Loaded[list[T]] | Absent | Damaged:
    """`fold` of every chunk of rows, in file order.

    `columns` chooses the features to decode from the names of the columns seen in the first rows (None: all). What `fold` raises goes
    through. Each chunk has at most `chunk` rows more or less one batch of the model."""
    sources = _sources(artifact)
    results: list[T] = []
    for source in sources:
        files = files_of(source)
        if isinstance(files, (Absent, Damaged)):
            return files
        first = next(_chunks(artifact.type, files, None, PEEK, limit=PEEK), None)
        if isinstance(first, (Absent, Damaged)):
            return first
        if first is None:
            return nothing_in(files)
        for rows in _chunks(artifact.type, files, columns(first.columns), chunk):
            if isinstance(rows, (Absent, Damaged)):
                return rows
            results.append(fold(rows))
    return Loaded(value=results, path=artifact.path)


def _sources(artifact: Artifact) -> list[Path]:
    splits = [folder for _, folder in example_splits(artifact.path)] if artifact.type == "Examples" else []
    return splits or [Path(artifact.path)]


def _chunks(
    kind: str, files: Sequence[Path], columns: Sequence[str] | None, size: int, *, limit: int | None = None
) -> Iterator[pl.DataFrame | Absent | Damaged]:
    """Frames of about `size` rows; the outcome in place of a frame where the files cannot be read, and then no more."""
    gathered = _gather(kind, columns)
    for file, offset, payload in first_records(files, limit):
        if isinstance(payload, ArtifactUnreadable):
            yield damaged(payload)
            return
        try:
            gathered.add(payload)
            if gathered.rows >= size:
                yield gathered.frame()
                gathered = _gather(kind, columns)
        except (OtherPayload, UnreadTensor) as error:
            yield not_supported(f"in the record at byte {offset} of {file.name}, {error}")
            return
        except NoExample as error:
            yield Damaged(path=str(file), what=f"in the record at byte {offset}, {error}", offset=offset)
            return
    if gathered.rows:
        try:
            yield gathered.frame()
        except NoExample as error:
            yield Damaged(path=str(files[0]), what=str(error))


def _gather(kind: str, columns: Sequence[str] | None) -> _Columns:
    return _ExampleRows(columns) if kind == "Examples" else PredictionColumns(columns)
