"""Reads business tables (CSV, Parquet) as Polars frames."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from model_insights.config import TableSource
from model_insights.loaded import Absent, Damaged, Loaded


def read_table(name: str, source: TableSource, folders: tuple[Path, ...]) -> Loaded[pl.DataFrame] | Absent | Damaged:
    """The table at `source.path` below the first of `folders` that has it. Row order is the file's."""
    path = next((folder / source.path for folder in folders if (folder / source.path).is_file()), None)
    if path is None:
        looked = ", ".join(str(folder) for folder in folders)
        return Absent(
            what=f"business table {name!r}", reason=f"{source.path} is not in {looked}", remedy="Correct tables.path in insights.toml."
        )
    try:
        frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        what = str(error).splitlines()[0]
        return Damaged(
            path=str(path), what=f"it is no readable {path.suffix.lstrip('.') or 'CSV'} table ({what})", remedy="Write the table again."
        )
    return Loaded(value=frame, path=str(path))
