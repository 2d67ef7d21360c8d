"""Reads an ML Metadata SQLite file of schema 4 to 10, without the client and without changing a byte of it.

The official client refuses old schemas or rewrites the file. One SELECT a table is fetched inside one read transaction and decoded after
the lock is gone, because ML Metadata's own writer gives up after two seconds of waiting.
Source: ml_metadata/util/metadata_source_query_config.cc (tables of every version), metadata_store.proto (enumerations).
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sys import intern
from typing import Any, TypeVar

from model_insights.artifacts.mlmd_runs import Groups, Links, Store, links_of, node_ids, pipelines_of
from model_insights.artifacts.mlmd_values import ARTIFACT_WORDS, EXECUTION_WORDS, STRUCT_PREFIX, decode_value
from model_insights.artifacts.sqlite_file import WAIT_SECONDS, is_sqlite, lockless_stamp, reading
from model_insights.errors import ArtifactUnreadable, StoreLocked
from model_insights.lineage import Artifact, ArtifactState, Context, Event, EventType, Execution, ExecutionState, PropertyValue
from model_insights.loaded import Absent, Damaged, Loaded

OLDEST, NEWEST = 4, 10
_MARKER = b"MLMDEnv"
_ARTIFACT_STATES: tuple[ArtifactState, ...] = ("UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE")
_EXECUTION_STATES: tuple[ExecutionState, ...] = ("UNKNOWN", "NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED")
_EVENT_TYPES: tuple[EventType, ...] = (
    "UNKNOWN", "DECLARED_OUTPUT", "DECLARED_INPUT", "INPUT", "OUTPUT", "INTERNAL_INPUT", "INTERNAL_OUTPUT", "PENDING_OUTPUT",
)  # fmt: skip

_CREATED, _UPDATED = "create_time_since_epoch", "last_update_time_since_epoch"
_VALUES = ("name", "is_custom_property", "int_value", "double_value", "string_value", "byte_value", "proto_value", "bool_value")
# Wanted columns; what an older schema lacks is read as NULL, but for the first ones, which every schema has.
_TABLES: dict[str, tuple[str, ...]] = {
    "Type": ("id", "name"),
    "Artifact": ("id", "type_id", "uri", "state", "name", _CREATED),
    "ArtifactProperty": ("artifact_id", *_VALUES),
    "Execution": ("id", "type_id", "last_known_state", "name", _CREATED, _UPDATED),
    "ExecutionProperty": ("execution_id", *_VALUES),
    "Event": ("id", "artifact_id", "execution_id", "type", "milliseconds_since_epoch"),
    "EventPath": ("event_id", "is_index_step", "step_index", "step_key"),
    "Context": ("id", "type_id", "name", _CREATED),
    "ContextProperty": ("context_id", *_VALUES),
    "Association": ("context_id", "execution_id"),
    "Attribution": ("context_id", "artifact_id"),
    "ParentContext": ("context_id", "parent_context_id"),
}
_SINCE = {"ParentContext": 6}  # the others are in every schema we read

_Rows = list[tuple[Any, ...]]
_Pair = tuple[dict[str, PropertyValue], dict[str, PropertyValue]]
_Name = TypeVar("_Name", bound=str)
_NOTHING: _Pair = ({}, {})


def is_store(path: str | Path) -> bool:
    """True for a SQLite file with ML Metadata's tables. A locked or damaged one counts, because it may be one: reading it will tell."""
    if not is_sqlite(path):
        return False
    with open(path, "rb") as file:
        if _MARKER in file.read(1 << 18):  # the table definitions; they are usually in the first pages
            return True
    try:
        with reading(path, wait=0.0) as connection:
            return "MLMDEnv" in _table_names(connection)
    except (ArtifactUnreadable, StoreLocked):
        return True


def read_store(path: str | Path, *, wait: float = WAIT_SECONDS) -> Loaded[Store] | Absent | Damaged:
    """Everything in the store, grouped into pipelines and runs. Waits up to `wait` seconds for a writer that holds the file."""
    path = Path(path)
    if not path.exists() or path.stat().st_size == 0:
        reason = "the file is empty" if path.exists() else "there is no such file"
        return Absent(what=f"ML Metadata store at {path}", reason=reason, remedy="Run the pipeline, or check the path.")
    try:
        with _collector_paused():
            return Loaded(value=_store(str(path), *_rows(path, wait)), path=str(path))
    except ArtifactUnreadable as error:
        return Damaged(path=str(path), what=error.what, remedy=error.remedy, offset=error.offset)
    except StoreLocked:
        what = f"a writer held it locked for {wait:g} s"
        return Damaged(path=str(path), what=what, remedy="Look again when the pipeline is between two steps.")


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Millions of rows without cycles: the cyclic collector would walk them again and again (8 s instead of 3 for 10,000 runs)."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _rows(path: Path, wait: float) -> tuple[int, dict[str, _Rows]]:
    """Schema version and the rows of every table, as of one moment."""
    stamp = lockless_stamp(path)
    found = _read_all(path, wait)
    if stamp is not None and stamp != lockless_stamp(path):
        found = _read_all(path, wait)  # a writer came while nothing was locked; now its log shows the way in
    return found


def _read_all(path: Path, wait: float) -> tuple[int, dict[str, _Rows]]:
    with reading(path, wait=wait) as connection:
        version = _schema_version(path, connection)
        try:
            return version, {table: _select(path, connection, table, version) for table in _TABLES}
        except sqlite3.OperationalError as error:
            if "decode to UTF-8" not in str(error):
                raise
        connection.text_factory = lambda raw: raw.decode("utf-8", "backslashreplace")  # slower, so only where it is needed
        return version, {table: _select(path, connection, table, version) for table in _TABLES}


def _table_names(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _schema_version(path: Path, connection: sqlite3.Connection) -> int:
    tables = _table_names(connection)
    if "MLMDEnv" not in tables:
        old = {"Artifact", "Execution", "Event"} <= tables
        what = "its schema is older than version 1" if old else f"it is SQLite without ML Metadata's tables (it has {_listing(tables)})"
        remedy = f"Schemas {OLDEST} to {NEWEST} are read: open a copy with a newer ml-metadata once." if old else "Point to another file."
        raise ArtifactUnreadable(str(path), what, remedy=remedy)
    row = connection.execute("SELECT schema_version FROM MLMDEnv").fetchone()
    if row is None or not isinstance(row[0], int):
        raise ArtifactUnreadable(str(path), "its MLMDEnv table names no schema version")
    if not OLDEST <= row[0] <= NEWEST:
        newer = row[0] > NEWEST
        remedy = "Update this plugin." if newer else "Open a copy of it with a newer ml-metadata once, which upgrades the copy."
        raise ArtifactUnreadable(str(path), f"its schema is version {row[0]}; versions {OLDEST} to {NEWEST} are read", remedy=remedy)
    return row[0]


def _listing(tables: set[str]) -> str:
    names = sorted(tables)
    return ", ".join(names[:4]) + (" and others" if len(names) > 4 else "") if names else "no table"


def _select(path: Path, connection: sqlite3.Connection, table: str, version: int) -> _Rows:
    present = {row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')}
    if not present and version < _SINCE.get(table, OLDEST):
        return []
    wanted = _TABLES[table]
    if wanted[0] not in present or wanted[1] not in present:
        raise ArtifactUnreadable(str(path), f"it says schema {version} but its table {table} is missing or has other columns")
    columns = ", ".join(f'"{column}"' if column in present else "NULL" for column in wanted)
    return connection.execute(f'SELECT {columns} FROM "{table}"').fetchall()


def _store(path: str, version: int, rows: dict[str, _Rows]) -> Store:
    types: dict[int, str] = dict(rows["Type"])
    contexts, members = _contexts(rows, types), _members(rows["Association"])
    events = _events(rows.pop("Event"), rows.pop("EventPath"))
    links = links_of(events)
    old = version == OLDEST  # no states and no times in the tables
    artifacts = _artifacts(rows, types, links if old else None)
    executions = _executions(rows, types, node_ids(contexts, members), links if old else None)
    parents = tuple(rows["ParentContext"])
    groups = Groups(
        contexts=contexts, members=members, parents=parents, artifacts=artifacts, executions=executions, events=events, links=links
    )
    return Store(
        path=path,
        schema_version=version,
        artifacts=artifacts,
        executions=executions,
        events=events,
        contexts=contexts,
        parents=parents,
        context_executions=members,
        context_artifacts=_members(rows["Attribution"]),
        links=links,
        pipelines=pipelines_of(groups, store=path),
    )


def _members(rows: _Rows) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for context, member in rows:
        found.setdefault(context, []).append(member)
    return {context: tuple(sorted(set(members))) for context, members in found.items()}


def _contexts(rows: dict[str, _Rows], types: dict[int, str]) -> dict[int, Context]:
    properties = _properties(rows.pop("ContextProperty"))
    found = {}
    for id_, type_id, name, created in rows["Context"]:
        declared, custom = properties.get(id_, _NOTHING)
        type_ = types.get(type_id, "")
        found[id_] = Context(id=id_, type=type_, name=name or "", created_ms=created or None, properties=declared, custom=custom)
    return found


def _artifacts(rows: dict[str, _Rows], types: dict[int, str], links: Links | None) -> dict[int, Artifact]:
    properties = _properties(rows.pop("ArtifactProperty"))
    found = {}
    for id_, type_id, uri, number, name, created in rows["Artifact"]:
        declared, custom = properties.get(id_, _NOTHING)
        state = _enum(_ARTIFACT_STATES, number)
        if links is not None:
            state, name = _word(ARTIFACT_WORDS, declared, custom, state), name or custom.get("name") or declared.get("name")
            created = links.first_ms.get(id_)
        found[id_] = Artifact(
            id=id_, type=types.get(type_id, ""), uri=uri or "", name=name or "", state=state, created_ms=created or None,
            properties=declared, custom=custom,
        )  # fmt: skip
    return found


def _executions(rows: dict[str, _Rows], types: dict[int, str], nodes: dict[int, str], links: Links | None) -> dict[int, Execution]:
    properties = _properties(rows.pop("ExecutionProperty"))
    found = {}
    for id_, type_id, number, _, created, updated in rows["Execution"]:
        declared, custom = properties.get(id_, _NOTHING)
        type_, state = types.get(type_id, ""), _enum(_EXECUTION_STATES, number)
        if links is not None:
            state = _word(EXECUTION_WORDS, declared, custom, state)
            times = [event.time_ms for event in links.of(id_) if event.time_ms]
            created, updated = min(times, default=None), max(times, default=None)
        node = nodes.get(id_) or custom.get("component_id") or declared.get("component_id") or type_.rsplit(".", 1)[-1]
        found[id_] = Execution(
            id=id_, type=type_, node=str(node), state=state, created_ms=created or None, updated_ms=updated or None,
            properties=declared, custom=custom,
        )  # fmt: skip
    return found


def _enum(names: tuple[_Name, ...], number: Any) -> _Name:
    return names[number] if isinstance(number, int) and 0 <= number < len(names) else names[0]


def _word(words: dict[str, _Name], declared: dict[str, PropertyValue], custom: dict[str, PropertyValue], otherwise: _Name) -> _Name:
    """The state TFX wrote as a word before the tables had a column for it."""
    return words.get(str(custom.get("state", declared.get("state", ""))).lower(), otherwise)


def _properties(rows: _Rows) -> dict[int, _Pair]:
    """(declared, custom) properties by owner. Equal texts are kept once: thousands of runs repeat the same configuration."""
    found: dict[int, _Pair] = {}
    texts: dict[str, str] = {}
    for owner, name, custom, integer, number, text, raw, proto, truth in rows:
        pair = found.get(owner)
        if pair is None:
            pair = found[owner] = ({}, {})
        value: PropertyValue
        if integer is not None and text is None:
            value = integer
        elif type(text) is str and not text.startswith(STRUCT_PREFIX):
            value = texts.setdefault(text, text)
        else:
            value = decode_value(integer, number, text, raw, proto, truth)
        pair[1 if custom else 0][intern(name)] = value
    return found


def _events(rows: _Rows, path_rows: _Rows) -> tuple[Event, ...]:
    steps: dict[int, tuple[str | int, ...]] = {}
    known: dict[tuple[str | int, ...], tuple[str | int, ...]] = {}
    for event, is_index, index, key in path_rows:
        path = (*steps.get(event, ()), index if is_index else key)
        steps[event] = known.setdefault(path, path)
    return tuple(
        Event(artifact=artifact, execution=execution, type=_enum(_EVENT_TYPES, type_), path=steps.get(id_, ()), time_ms=time or None)
        for id_, artifact, execution, type_, time in rows
    )
