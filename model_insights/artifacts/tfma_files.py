"""Finds the files of one TFMA output in an evaluation folder and gives their messages, whatever the form.

Names come from tensorflow_model_analysis/{constants,writers/metrics_plots_and_validations_writer}.py: `metrics-00000-of-00001.tfrecord`,
`.parquet`, gzip of either form of name, and bare `metrics` (TFMA up to 0.21.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from model_insights.artifacts import parquet, tfrecord
from model_insights.errors import ArtifactUnreadable
from model_insights.loaded import Damaged

_FORMS = (r"{}[^.]*\.tfrecord(\.gz)?", r"{}[^.]*\.parquet", r"{}(-\d+-of-\d+)?(\.gz)?")
REMEDY = "Run the Evaluator again, or restore the file."


class Payload(NamedTuple):
    """A message on the wire and where it lies: byte offset of its TFRecord, or parquet row."""

    file: Path
    at: int
    wire: bytes


def files_of(folder: Path, output: str) -> tuple[Path, ...]:
    """The files of `metrics`, `plots`, `attributions` or `validations`, of the first form found. Raises ArtifactUnreadable."""
    try:
        found = [path for path in sorted(folder.iterdir()) if path.name.startswith(output) and path.is_file()]
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise ArtifactUnreadable(str(folder), f"the folder cannot be listed ({error.strerror or error})") from error
    for form in _FORMS:
        pattern = re.compile(form.format(re.escape(output)))
        if files := tuple(path for path in found if pattern.fullmatch(path.name)):
            return files
    return ()


def checked_files_of(folder: Path, output: str) -> tuple[Path, ...]:
    """`files_of`, refused when a shard is missing. Raises ArtifactUnreadable."""
    files = files_of(folder, output)
    if problem := tfrecord.shard_problem(files):
        raise ArtifactUnreadable(str(folder), f"of the {output} files, {problem}", remedy=REMEDY)
    return files


def payloads(files: tuple[Path, ...]) -> Iterator[Payload]:
    """Every message of these files in order, checksums checked. Raises ArtifactUnreadable."""
    for file in files:
        numbered = parquet.numbered(file) if is_parquet(file) else tfrecord.numbered(file)
        for at, wire in numbered:
            yield Payload(file, at, wire)


def is_parquet(file: Path) -> bool:
    return file.suffix == ".parquet"


def is_shard(file: Path) -> bool:
    """True for a name that Beam gives: `metrics-00000-of-00001.tfrecord`."""
    return re.search(r"-\d{5}-of-\d{5}(\.tfrecord)?$", file.name) is not None


def place_of(payload: Payload) -> str:
    """`the record at byte 1200`, `row 3`."""
    return f"row {payload.at}" if is_parquet(payload.file) else f"the record at byte {payload.at}"


def foreign(payload: Payload, why: str) -> ArtifactUnreadable:
    """The error for a message that TFMA did not write."""
    offset = None if is_parquet(payload.file) else payload.at
    return ArtifactUnreadable(str(payload.file), f"{place_of(payload)} was not written by TFMA: {why}", offset=offset, remedy=REMEDY)


def damaged(error: ArtifactUnreadable) -> Damaged:
    """The error as a value."""
    return Damaged(path=error.path, what=error.what, remedy=error.remedy, offset=error.offset)
