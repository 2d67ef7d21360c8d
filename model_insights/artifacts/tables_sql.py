"""Reads business tables out of databases: one SELECT, in a read-only transaction, within a time limit, without a word of the password.

SQLite files are opened by `sqlite_file`, which leaves no trace; everything else goes through SQLAlchemy (extra `sql`).
"""

from __future__ import annotations

import math
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Union
from urllib.parse import quote, quote_plus

import polars as pl

from model_insights.artifacts.sqlite_file import reading
from model_insights.artifacts.tables_values import column_of
from model_insights.config import TableSource
from model_insights.errors import ArtifactUnreadable, StoreLocked, TableError
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.sql_text import query_fault

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine

T = TypeVar("T")
Outcome = Union[Loaded[pl.DataFrame], Absent, Damaged]
Rows = Sequence[Sequence[Any]]

# The drivers of the extra `sql`, where the URL names none.
_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///(?P<path>[^?]+)(?:\?.*)?")
_ADVICE = "Check url, query and rights, then scan again."
# What servers say about connections, in their words and in ours.
_SAID = (
    (r"password authentication failed|access denied|no password supplied|28P01|\(1045", "it refused the user name or the password"),
    (r"timed? ?out|timeout", "it did not answer in time"),
    (r"resolve|name or service not known|getaddrinfo|nodename", "no such host is known"),
    (r"connection refused|actively refused|can't connect", "nothing answers there"),
)


def read_query(name: str, source: TableSource, folders: tuple[Path, ...]) -> Outcome:
    """The rows of `source.query`; a relative SQLite path below the first of `folders` that has it. Nothing raises.

    Neither the outcome nor a log ever holds the URL: places are told as host, port and database."""
    what = f"business table {name!r}"
    address = source.url or os.environ.get(source.url_env, "")
    if not address:
        reason = f"the environment variable {source.url_env} is not set"
        return Absent(what=what, reason=reason, remedy="Set it to the database's URL where TensorBoard or the report starts.")
    if fault := query_fault(source.query):
        return Damaged(path=f"The query of table {name!r}", what=f"it {fault}", remedy="Correct tables.query in insights.toml.")
    if found := _SQLITE.fullmatch(address):
        return _from_sqlite(name, found["path"], source, folders)
    try:
        import sqlalchemy
    except ImportError:
        remedy = "Install it: pip install 'tensorboard-plugin-insights[sql]'."
        return Absent(what=what, reason="reading a database needs the package SQLAlchemy", remedy=remedy)
    try:
        url = sqlalchemy.engine.make_url(address)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        place = _place(url)
        engine = sqlalchemy.create_engine(
            url, poolclass=sqlalchemy.pool.NullPool, hide_parameters=True, connect_args=_connect_args(url, source)
        )
    except ImportError as error:
        return Absent(what=what, reason=f"{url.drivername} needs the package {error.name}", remedy="Install it with pip.")
    except (sqlalchemy.exc.ArgumentError, ValueError):
        form = "Write it as dialect://user:password@host:port/database; percent-encode signs such as @ and / in the password."
        return Damaged(path=f"Table {name!r}", what="its database URL is none that SQLAlchemy knows", remedy=form)
    return _from_server(name, engine, source, place)


def _place(url: URL) -> str:
    port = f":{url.port}" if url.port else ""
    return f"{url.host or url.get_backend_name()}{port}/{url.database or ''}".rstrip("/")


def _connect_args(url: URL, source: TableSource) -> dict[str, int]:
    seconds = max(1, math.ceil(source.timeout))
    if url.get_backend_name() == "postgresql" and "psycopg" in url.drivername:
        return {"connect_timeout": seconds}
    if url.drivername.endswith(("pymysql", "mysqldb")):
        return {"connect_timeout": seconds, "read_timeout": seconds, "write_timeout": seconds}
    return {}


# --- servers ---------------------------------------------------------------------------------------------------------------------


def _from_server(name: str, engine: Engine, source: TableSource, place: str) -> Outcome:
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    path = f"Table {name!r} at {place}"
    try:
        columns, rows = _within(2 * source.timeout + 1, lambda: _rows(engine, source))
        return Loaded(value=_frame(columns, rows, source), path=f"{source.url_env or 'url'}: {place}")
    except NoAnswer:
        return Damaged(path=path, what=f"it did not answer within {source.timeout:g} s", remedy="Raise tables.timeout, or ask for less.")
    except DBAPIError as error:
        return Damaged(path=path, what=_said(str(error.orig), engine.url), remedy=_ADVICE)
    except (SQLAlchemyError, OSError, ValueError, ArithmeticError, TableError) as error:
        return Damaged(path=path, what=_said(str(error), engine.url), remedy=_ADVICE)


def _within(seconds: float, work: Callable[[], T]) -> T:
    """The result of `work`, or its exception; raises NoAnswer after `seconds`. For servers that accept a connection and then are silent."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # handed over whole: whoever waits raises it again
            future.set_exception(error)

    threading.Thread(target=run, name="insights-table", daemon=True).start()
    return future.result(timeout=seconds)


def _rows(engine: Engine, source: TableSource) -> tuple[list[str], Rows]:
    with engine.connect() as connection:
        for statement in _guards(connection, source.timeout):
            connection.exec_driver_sql(statement)
        # no_parameters: a % in the query is a %, not the start of a placeholder
        result = connection.execution_options(no_parameters=True).exec_driver_sql(source.query.strip().rstrip(";"))
        columns, rows = list(result.keys()), result.fetchall()
        connection.rollback()
    return columns, rows


def _guards(connection: Connection, timeout: float) -> tuple[str, ...]:
    """What makes the server refuse to write and stop in time; times are told in UTC."""
    milliseconds = max(1, round(timeout * 1000))
    if connection.dialect.name == "postgresql":
        return "SET TRANSACTION READ ONLY", f"SET LOCAL statement_timeout = {milliseconds}", "SET LOCAL TIME ZONE 'UTC'"
    if connection.dialect.name in ("mysql", "mariadb"):
        is_mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
        limit = f"max_statement_time = {timeout:f}" if is_mariadb else f"max_execution_time = {milliseconds}"
        return "SET SESSION TRANSACTION READ ONLY", f"SET SESSION {limit}", "SET SESSION time_zone = '+00:00'"
    return ()


def _said(message: str, url: URL) -> str:
    """The database's message in one line; ours where we know it better or where theirs might hold a secret."""
    line = (message.strip().splitlines() or [""])[0].rstrip(".")
    ours = next((words for pattern, words in _SAID if re.search(pattern, message, re.IGNORECASE)), "")
    secrets = [str(url.password)] if url.password else []
    secrets += [value for values in url.normalized_query.values() for value in values]
    hidden = any(form in line for secret in secrets for form in (secret, quote(secret, safe=""), quote_plus(secret)) if secret)
    return ours or (
        f"the database says: {line}" if line and not hidden else "the database refused; its message is withheld, as it may hold a secret"
    )


# --- SQLite ----------------------------------------------------------------------------------------------------------------------


def _from_sqlite(name: str, wanted: str, source: TableSource, folders: tuple[Path, ...]) -> Outcome:
    path = next((folder / wanted for folder in folders if (folder / wanted).is_file()), None)
    if path is None:
        looked = ", ".join(str(folder) for folder in folders)
        return Absent(what=f"business table {name!r}", reason=f"{wanted} is not in {looked}", remedy="Correct tables.url in insights.toml.")
    shown = f"{path} (table {name!r})"
    until = time.monotonic() + source.timeout
    try:
        with reading(path) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > until, 10_000)
            connection.execute("PRAGMA query_only = ON")
            cursor = connection.execute(source.query)
            columns, rows = [one[0] for one in cursor.description or ()], cursor.fetchall()
        return Loaded(value=_frame(columns, rows, source), path=str(path))
    except ArtifactUnreadable as error:
        if time.monotonic() > until:
            return Damaged(
                path=shown, what=f"it did not answer within {source.timeout:g} s", remedy="Raise tables.timeout, or ask for less."
            )
        return Damaged(path=shown, what=error.what, remedy=_ADVICE)
    except (StoreLocked, sqlite3.Warning, ValueError, TableError) as error:
        return Damaged(path=shown, what=str(error).rstrip("."), remedy=_ADVICE)


# --- rows to frame ---------------------------------------------------------------------------------------------------------------


def _frame(columns: Sequence[str], rows: Rows, source: TableSource) -> pl.DataFrame:
    """Raises TableError for two columns of one name, ValueError for text that is no UTF-8."""
    if twice := sorted({column for column in columns if list(columns).count(column) > 1}):
        raise TableError(f"its query gives two columns named {twice[0]}; rename one with AS")
    by_column = zip(*rows, strict=True) if rows else ([] for _ in columns)
    return pl.DataFrame([column_of(c, values, as_text=c in source.text) for c, values in zip(columns, by_column, strict=True)])
