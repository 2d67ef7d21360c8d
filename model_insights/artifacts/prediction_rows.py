"""Streams the rows of a prediction artifact in chunks, so that ten million rows need the memory of one chunk.

Rows and columns are as `predictions.read_predictions` and `examples.read_examples` give them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import polars as pl

from model_insights.artifacts.cache import Stamp, stamps_of
from model_insights.artifacts.example_columns import ExampleColumns, NoExample, OtherPayload
from model_insights.artifacts.examples import example_splits, files_of, not_supported, nothing_in
from model_insights.artifacts.kept_rows import KeptRows, RowWriter
from model_insights.artifacts.predictions import PREFIX, PredictionColumns
from model_insights.artifacts.row_batches import example_frame, prediction_frame
from model_insights.artifacts.tensors import UnreadTensor
from model_insights.artifacts.tfdv_files import damaged, files_in
from model_insights.artifacts.tfrecord import Block, blocks
from model_insights.artifacts.wire import Unusual
from model_insights.errors import ArtifactUnreadable
from model_insights.lineage import Artifact
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.run import Run

CHUNK = 500_000  # rows: fewer cost a join each, more cost memory
PEEK = 1_000  # rows from which the columns are seen
WHAT = "predictions"

T = TypeVar("T")
_BLOCK, _PEEKED = 32 << 20, 1 << 20  # bytes read at once


class _ExampleRows:
    """`output_examples` of BulkInferrer: the model's answers are features of the example."""

    def __init__(self, columns: Sequence[str] | None) -> None:
        self.examples = ExampleColumns(columns)

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


Choice = Callable[[Sequence[str]], "Sequence[str] | None"]  # features to decode, of the columns seen in the first rows; None: all


def fold_rows(
    artifact: Artifact, columns: Choice, fold: Callable[[pl.DataFrame], T], *, chunk: int = CHUNK, kept: KeptRows | None = None
) -> Loaded[list[T]] | Absent | Damaged:
    """`fold` of every chunk of rows, in file order.

    `columns` chooses the features to decode from the names of the columns seen in the first rows (None: all). What `fold` raises goes
    through. Each chunk has at most `chunk` rows; with `kept`, rows that were read before come from there, in the chunks of then."""
    results: list[T] = []
    for source in _sources(artifact):
        with contextlib.closing(_rows(artifact.type, source, columns, chunk, kept)) as found:
            for rows in found:
                if not isinstance(rows, pl.DataFrame):
                    return rows
                results.append(fold(rows))
    return Loaded(value=results, path=artifact.path)


def _rows(
    kind: str, source: Path, columns: Choice, chunk: int, kept: KeptRows | None
) -> Generator[pl.DataFrame | Absent | Damaged, None, None]:
    """The rows of one source: those that are kept where they are whole and have the columns, else read, and kept then."""
    stamps = stamps_of(files_in(source) if source.is_dir() else [source])
    if kept is not None and (frames := _kept_frames(kept, source, stamps, columns)) is not None:
        yield from frames
        return
    files = files_of(source)
    if isinstance(files, (Absent, Damaged)):
        yield files
        return
    first = next(_chunks(kind, files, None, PEEK, limit=PEEK), None)
    if not isinstance(first, pl.DataFrame):
        yield nothing_in(files) if first is None else first
        return
    chosen = columns(first.columns)
    chosen = None if chosen is None else tuple(chosen)
    if kept is None:
        yield from _chunks(kind, files, chosen, chunk)
    else:
        yield from _keeping(
            kept.writer(_place(source, every=chosen is None), stamps, seen=tuple(first.columns), columns=chosen),
            _chunks(kind, files, chosen, chunk),
        )


def _kept_frames(kept: KeptRows, source: Path, stamps: tuple[Stamp, ...], columns: Choice) -> Iterator[pl.DataFrame] | None:
    """The rows that are kept of a source, with the wanted features; None where they are not."""
    for every in (False, True):
        known = kept.find(_place(source, every=every), stamps)
        if known is not None and _holds(known.columns, wanted := columns(known.seen)) and (frames := known.frames()) is not None:
            extra = set(known.columns or ()) - set(wanted or ())
            return (frame.drop(extra) for frame in frames)
    return None


def _place(source: Path, *, every: bool) -> str:
    """Rows with every feature are kept beside those with some: who asks for the one does not drive out the other."""
    return f"{source} with every feature" if every else str(source)


def _holds(have: tuple[str, ...] | None, wanted: Sequence[str] | None) -> bool:
    """Whether the wanted features can be taken from those; what the model said must not be named after one that is left out."""
    if have is None or wanted is None:
        return have is None and wanted is None
    return set(wanted) <= set(have) and (set(wanted) == set(have) or not any(name.startswith(PREFIX) for name in have))


def _keeping(
    writer: RowWriter, chunks: Iterable[pl.DataFrame | Absent | Damaged]
) -> Generator[pl.DataFrame | Absent | Damaged, None, None]:
    """The chunks, kept when all of them are there."""
    try:
        for rows in chunks:
            if not isinstance(rows, pl.DataFrame):
                yield rows
                return
            writer.add(rows)
            yield rows
        writer.keep()
    finally:
        writer.drop()


def _sources(artifact: Artifact) -> list[Path]:
    splits = [folder for _, folder in example_splits(artifact.path)] if artifact.type == "Examples" else []
    return splits or [Path(artifact.path)]


def _chunks(
    kind: str, files: Sequence[Path], columns: Sequence[str] | None, size: int, *, limit: int | None = None
) -> Iterator[pl.DataFrame | Absent | Damaged]:
    """Frames of about `size` rows; the outcome in place of a frame where the files cannot be read, and then no more."""
    kept: list[pl.DataFrame] = []
    for frame in _frames(kind, files, columns, size, limit):
        if not isinstance(frame, pl.DataFrame):
            yield from _joined(kept)
            yield frame
            return
        for part in frame.iter_slices(size):
            if kept and (sum(one.height for one in kept) + part.height > size or kept[0].schema != part.schema):
                yield from _joined(kept)
                kept = []
            kept.append(part)
    yield from _joined(kept)


def _joined(frames: Sequence[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    if frames:
        yield pl.concat(frames, rechunk=True) if len(frames) > 1 else frames[0]


def _frames(
    kind: str, files: Sequence[Path], columns: Sequence[str] | None, size: int, limit: int | None
) -> Iterator[pl.DataFrame | Absent | Damaged]:
    """A frame per block of records; all at once where the records are of the common form, else record by record."""
    left = limit
    for file in files:
        try:
            for block in blocks(file, most=size, size=_BLOCK if limit is None else _PEEKED):
                frame = _at_once(kind, file, block, columns)
                yield frame if left is None or not isinstance(frame, pl.DataFrame) else frame.head(left)
                if not isinstance(frame, pl.DataFrame) or (left is not None and frame.height >= left):
                    return
                left = None if left is None else left - frame.height
        except ArtifactUnreadable as error:
            yield damaged(error)
            return


def _at_once(kind: str, file: Path, block: Block, columns: Sequence[str] | None) -> pl.DataFrame | Absent | Damaged:
    read = example_frame if kind == "Examples" else prediction_frame
    try:
        return read(block.data, block.start, block.stop, columns)
    except Unusual:
        return _one_by_one(kind, file, block, columns)


def _one_by_one(kind: str, file: Path, block: Block, columns: Sequence[str] | None) -> pl.DataFrame | Absent | Damaged:
    gathered = _ExampleRows(columns) if kind == "Examples" else PredictionColumns(columns)
    for offset, payload in block.payloads:
        try:
            gathered.add(payload)
        except (OtherPayload, UnreadTensor) as error:
            return not_supported(f"in the record at byte {offset} of {file.name}, {error}")
        except NoExample as error:
            return Damaged(path=str(file), what=f"in the record at byte {offset}, {error}", offset=offset)
    try:
        return gathered.frame()
    except NoExample as error:
        return Damaged(path=str(file), what=str(error))
