"""Reads business tables as Polars frames: CSV and Parquet files, near or behind a URL, and queries to a database."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Union

import polars as pl

from model_insights.artifacts.tables_sql import read_query
from model_insights.artifacts.tables_values import plain
from model_insights.config import TableSource
from model_insights.loaded import Absent, Damaged, Loaded

Outcome = Union[Loaded[pl.DataFrame], Absent, Damaged]

_PARQUET = b"PAR1"
# What fsspec's backends raise beside OSError, where they are loaded at all.
_FOREIGN_ERRORS = (
    ("aiohttp", "ClientError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("gcsfs.retry", "HttpError"),
    ("azure.core.exceptions", "AzureError"),
    ("paramiko", "SSHException"),
)


def read_table(name: str, source: TableSource, folders: tuple[Path, ...]) -> Outcome:
    """The table, wherever `source` says it lies; a relative path below the first of `folders` that has it.

    Columns come as whole numbers (Int64), numbers (Float64), truth values or text, days and times as ISO text, so that a table means the
    same as CSV, Parquet or query. Row order is the file's; of a query, the database's. Needs the extra `remote` for a URL and `sql` for a
    database; without it the table is absent, with the command that helps. Nothing raises."""
    if source.is_database:
        return read_query(name, source, folders)
    found = _remote(name, source.path) if "://" in source.path else _local(name, source.path, folders)
    return _parsed(found.value, source, found.path) if isinstance(found, Loaded) else found


def _local(name: str, wanted: str, folders: tuple[Path, ...]) -> Loaded[bytes] | Absent | Damaged:
    path = next((folder / wanted for folder in folders if (folder / wanted).is_file()), None)
    if path is None:
        looked = ", ".join(str(folder) for folder in folders)
        return Absent(
            what=f"business table {name!r}", reason=f"{wanted} is not in {looked}", remedy="Correct tables.path in insights.toml."
        )
    try:
        return Loaded(value=path.read_bytes(), path=str(path))
    except OSError as error:
        return Damaged(path=str(path), what=error.strerror or "it cannot be opened", remedy="Check the file's permissions.")


def _remote(name: str, url: str) -> Loaded[bytes] | Absent | Damaged:
    shown, what = public_address(url), f"business table {name!r}"
    try:
        import fsspec
    except ImportError:
        return Absent(
            what=what, reason=f"{shown} needs the package fsspec", remedy="Install it: pip install 'tensorboard-plugin-insights[remote]'."
        )
    try:
        with fsspec.open(url, "rb", compression=None) as file:
            return Loaded(value=file.read(), path=shown)
    except FileNotFoundError:
        return Absent(what=what, reason=f"{shown} does not exist", remedy="Correct tables.path in insights.toml.")
    except ImportError as error:
        missing = getattr(error.__cause__, "name", None) or error.name or f"for {shown.partition(':')[0]}"
        return Absent(what=what, reason=f"{shown} needs a package that is not installed ({missing})", remedy="Install it with pip.")
    except _fetch_errors() as error:
        # The message of a foreign package may repeat an address with its signature, so only its kind is told.
        return Damaged(
            path=f"{name} ({shown})", what=f"it could not be fetched ({type(error).__name__})", remedy="Check the address and the rights."
        )


def _fetch_errors() -> tuple[type[Exception], ...]:
    found = (getattr(sys.modules.get(module), name, None) for module, name in _FOREIGN_ERRORS)
    return (OSError, ValueError, RuntimeError, *(one for one in found if isinstance(one, type) and issubclass(one, Exception)))


def public_address(url: str) -> str:
    """The address without what may be secret: user, password, query, fragment."""
    return re.sub(r"//[^/@]*@", "//", re.split(r"[?#]", url, maxsplit=1)[0])


def _parsed(data: bytes, source: TableSource, path: str) -> Loaded[pl.DataFrame] | Damaged:
    form = "Parquet" if data[:4] == _PARQUET or path.endswith((".parquet", ".pq")) else "CSV"
    try:
        frame = pl.read_parquet(io.BytesIO(data), use_pyarrow=False) if form == "Parquet" else _csv(data, source)
        return Loaded(value=plain(frame, text=source.text), path=path)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        what = (str(error).splitlines() or [""])[0]
        return Damaged(path=path, what=f"it is no readable {form} table ({what})", remedy="Write the table again.")


def _csv(data: bytes, source: TableSource) -> pl.DataFrame:
    return pl.read_csv(
        io.BytesIO(data),
        infer_schema_length=None,
        separator=source.separator,
        decimal_comma=source.decimal_comma,
        schema_overrides=dict.fromkeys(_named(data, source), pl.String),
    )


def _named(data: bytes, source: TableSource) -> list[str]:
    """Of `source.text` the columns that the file has: a name it lacks would be refused here, and is told better where it is used."""
    if not source.text:
        return []
    head = pl.read_csv(io.BytesIO(data), n_rows=0, separator=source.separator)
    return [column for column in source.text if column in head.columns]
