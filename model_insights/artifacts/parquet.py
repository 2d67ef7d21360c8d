"""Reads the parquet variant of TFMA's outputs: one serialised message a row, in the column `serialized_value`.

The column `slice_key` beside it is useless: TFMA leaves its `column` empty and writes cross slices as Overall.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from model_insights.errors import ArtifactUnreadable

MAGIC = b"PAR1"
_COLUMN = "serialized_value"


def numbered(path: str | os.PathLike[str]) -> Iterator[tuple[int, bytes]]:
    """(row, message) in file order. Raises ArtifactUnreadable."""
    yield from enumerate(_column(os.fspath(path), 0, None))


def value_at(path: str | os.PathLike[str], row: int) -> bytes:
    """The message of one row. Raises ArtifactUnreadable."""
    found = _column(os.fspath(path), row, 1)
    if not found:
        raise ArtifactUnreadable(os.fspath(path), f"it has no row {row}")
    return found[0]


def looks_like_parquet(path: str | os.PathLike[str]) -> bool:
    """True when the file begins as parquet does."""
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _column(path: str, start: int, count: int | None) -> list[bytes]:
    import polars  # a rare form: nobody else pays for this import

    try:
        values = polars.scan_parquet(path, glob=False).select(_COLUMN).slice(start, count).collect().to_series()
    except polars.exceptions.ColumnNotFoundError as error:
        raise ArtifactUnreadable(path, f"it has no column {_COLUMN}, so TFMA did not write it") from error
    except (polars.exceptions.PolarsError, OSError) as error:
        raise ArtifactUnreadable(path, f"it is no readable parquet file ({str(error).splitlines()[0]})") from error
    if values.dtype != polars.Binary or values.null_count():
        raise ArtifactUnreadable(path, f"its column {_COLUMN} does not hold a message in every row")
    return values.to_list()
