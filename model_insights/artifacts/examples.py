"""Reads tf.Examples (ExampleGen, Transform, BulkInferrer's `output_examples`) from TFRecord files into a frame.

Layout: tfx/components/example_gen/write_split.py. Parquet, SequenceExample and raw payloads are told apart and named, not read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Union

import polars as pl

from model_insights.artifacts.example_columns import ExampleColumns, NoExample, OtherPayload
from model_insights.artifacts.tfdv_files import StrPath, damaged, files_in, folders_in
from model_insights.artifacts.tfrecord import looks_like_tfrecord, numbered, shard_problem
from model_insights.errors import ArtifactUnreadable
from model_insights.loaded import Absent, Damaged, Loaded

Source = Union[StrPath, Sequence[StrPath]]
SPLIT_PREFIX = "Split-"
_REMEDY = "Keep tf.Example payloads in TFRecord files (ExampleGen's default)."


def read_examples(
    source: Source, *, columns: Sequence[str] | None = None, limit: int | None = None
) -> Loaded[pl.DataFrame] | Absent | Damaged:
    """One row per example, in file order. `source`: a file, its shards, or the folder of one split.

    A column per feature (all by name, or `columns` in that order; one that never occurs is all null): scalars when no example has
    more than one value, else lists. Text, int64 or float64; no value, NaN and infinity are null. `limit`: at most so many rows."""
    files = files_of(source)
    if isinstance(files, (Absent, Damaged)):
        return files
    gathered = ExampleColumns(columns)
    for file, offset, payload in first_records(files, limit):
        if isinstance(payload, ArtifactUnreadable):
            return damaged(payload)
        try:
            gathered.add(payload)
        except OtherPayload as error:
            return not_supported(f"{file.name}: {error}")
        except NoExample as error:
            return Damaged(path=str(file), what=f"in the record at byte {offset}, {error}", offset=offset)
    if not gathered.rows:
        return nothing_in(files)
    try:
        return Loaded(value=pl.DataFrame(list(gathered.series().values())), path=str(common_place(files)))
    except NoExample as error:
        return Damaged(path=str(common_place(files)), what=str(error))


def example_splits(folder: StrPath) -> tuple[tuple[str, Path], ...]:
    """(split, folder) of an Examples artifact, by name: `Split-<name>/`, or `<name>/` as TFX before 0.29 wrote; ("", folder) when the
    files lie directly inside; empty when there are none."""
    if not Path(folder).is_dir():
        return ()
    inside = folders_in(folder)
    current = [(one.name.removeprefix(SPLIT_PREFIX), one) for one in inside if one.name.startswith(SPLIT_PREFIX)]
    found = current or [(one.name, one) for one in inside if _holds_records(one)]
    return tuple(found) or ((("", Path(folder)),) if _holds_records(folder) else ())


def files_of(source: Source) -> tuple[Path, ...] | Absent | Damaged:
    """The TFRecord files of one split, or why there are none. Files of another payload and missing shards are said here."""
    given = [Path(source)] if isinstance(source, (str, os.PathLike)) else [Path(one) for one in source]
    files = tuple(file for place in given for file in (files_in(place) if place.is_dir() else [place]))
    if missing := next((file for file in files if not file.exists()), None):
        return _absent(f"{missing} is not there")
    if not files:
        return _absent(f"{given[0] if given else 'the list'} holds no file")
    for folder in filter(Path.is_dir, given):  # of files given one by one, missing shards are meant
        if incomplete := shard_problem(files_in(folder)):
            return Damaged(path=str(folder), what=incomplete)
    if other := next((file for file in files if _magic(file) in (b"PAR1", b"Obj\x01")), None):
        return not_supported(f"{other.name} is a Parquet or Avro file")
    return files


def first_records(files: Iterable[Path], limit: int | None) -> Iterator[tuple[Path, int, bytes | ArtifactUnreadable]]:
    """(file, byte offset, payload) of at most `limit` records; the error instead of a payload where a file is damaged, and then no more."""
    left = limit
    for file in files:
        try:
            for offset, payload in numbered(file) if left is None or left > 0 else ():
                yield file, offset, payload
                if left is not None:
                    left -= 1
                    if left == 0:
                        break
        except ArtifactUnreadable as error:
            yield file, error.offset or 0, error
            return


def not_supported(what: str) -> Absent:
    """The data is there in a form we do not read."""
    return Absent(what="rows of the examples", reason=f"payload not supported: {what}", remedy=_REMEDY)


def nothing_in(files: Sequence[Path]) -> Absent | Damaged:
    """Of files without a single record: an unpacked empty one may as well be an interrupted write."""
    empty = next((file for file in files if file.stat().st_size == 0), None)
    if empty is not None:
        return Damaged(path=str(empty), what="the file is empty (0 bytes)")
    return _absent("its files hold no record")


def common_place(files: Sequence[Path]) -> Path:
    """The file, or the folder of several."""
    return files[0] if len(files) == 1 else files[0].parent


def _absent(reason: str) -> Absent:
    return Absent(what="rows of the examples", reason=reason, remedy="Keep the files of ExampleGen or BulkInferrer.")


def _holds_records(folder: StrPath) -> bool:
    return any(looks_like_tfrecord(file) for file in files_in(folder))


def _magic(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(4)
