"""Builds ML Metadata SQLite files by hand, row by row, in any schema from 4 to 10.

Independent of the reader and of the official client: column lists are facts of the public schema."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from google.protobuf import struct_pb2

ARTIFACT, EXECUTION, CONTEXT = 1, 0, 2
INPUT, OUTPUT, INTERNAL_OUTPUT, PENDING_OUTPUT = 3, 4, 6, 7
RUNNING, COMPLETE, FAILED, CACHED = 2, 3, 4, 5
LIVE = 2


def tables(version: int) -> dict[str, str]:
    """Table -> column definitions of a schema version."""
    times = ", create_time_since_epoch INT NOT NULL DEFAULT 0, last_update_time_since_epoch INT NOT NULL DEFAULT 0" if version >= 5 else ""
    outer = ", external_id VARCHAR(255)" if version >= 9 else ""
    kinds = ", int_value INT, double_value DOUBLE, string_value TEXT"
    kinds += ", byte_value BLOB" if version >= 7 else ""
    kinds += ", proto_value BLOB, bool_value BOOLEAN" if version >= 10 else ""
    name, versions = (", name TEXT" if version >= 5 else ""), (", version TEXT, description TEXT" if version >= 6 else "")
    property_ = "{0}_id INT NOT NULL, name TEXT NOT NULL, is_custom_property TINYINT NOT NULL" + kinds
    found = {
        "MLMDEnv": "schema_version INTEGER PRIMARY KEY",
        "Type": f"id INTEGER PRIMARY KEY, name TEXT NOT NULL, type_kind TINYINT NOT NULL{versions}{outer}",
        "TypeProperty": "type_id INT NOT NULL, name TEXT NOT NULL, data_type INT",
        "Artifact": f"id INTEGER PRIMARY KEY, type_id INT NOT NULL, uri TEXT{', state INT' if version >= 5 else ''}{name}{outer}{times}",
        "ArtifactProperty": property_.format("artifact"),
        "Execution": f"id INTEGER PRIMARY KEY, type_id INT NOT NULL{', last_known_state INT' if version >= 5 else ''}{name}{outer}{times}",
        "ExecutionProperty": property_.format("execution"),
        "Event": "id INTEGER PRIMARY KEY, artifact_id INT, execution_id INT, type INT, milliseconds_since_epoch INT",
        "EventPath": "event_id INT NOT NULL, is_index_step TINYINT NOT NULL, step_index INT, step_key TEXT",
        "Context": f"id INTEGER PRIMARY KEY, type_id INT NOT NULL, name TEXT NOT NULL{outer}{times}",
        "ContextProperty": property_.format("context"),
        "Association": "id INTEGER PRIMARY KEY, context_id INT NOT NULL, execution_id INT NOT NULL",
        "Attribution": "id INTEGER PRIMARY KEY, context_id INT NOT NULL, artifact_id INT NOT NULL",
    }
    if version >= 6:
        found |= {"ParentType": "type_id INT NOT NULL, parent_type_id INT NOT NULL"}
        found |= {"ParentContext": "context_id INT NOT NULL, parent_context_id INT NOT NULL"}
    return found


def struct(value: Mapping[str, Any]) -> str:
    """A struct property as ML Metadata stores it."""
    message = struct_pb2.Struct()
    message.update(dict(value))
    return "mlmd-struct::" + base64.b64encode(message.SerializeToString()).decode()


class StoreBuilder:
    """Writes rows; ids are given in order. Close it (or use it as a context manager) before reading."""

    def __init__(self, path: str | Path, *, version: int = 10, journal: str = "off") -> None:
        self.path, self.version = Path(path), version
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.execute(f"PRAGMA journal_mode={journal}")
        self.db.execute("PRAGMA page_size=1024")
        self.db.execute("BEGIN")
        for table, columns in tables(version).items():
            self.db.execute(f"CREATE TABLE {table} ({columns})")
        self.db.execute("INSERT INTO MLMDEnv VALUES (?)", (version,))
        self.types: dict[tuple[str, int], int] = {}
        self.contexts: dict[tuple[str, str], int] = {}
        self.next = {"Artifact": 1, "Execution": 1, "Event": 1, "Context": 1}
        self.clock_ms = 1_700_000_000_000

    def __enter__(self) -> StoreBuilder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.db.execute("COMMIT")
        self.db.close()

    def insert(self, table: str, **columns: Any) -> None:
        marks = ", ".join("?" * len(columns))
        self.db.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", tuple(columns.values()))

    def type(self, name: str, kind: int) -> int:
        if (name, kind) not in self.types:
            self.types[name, kind] = len(self.types) + 1
            self.insert("Type", id=self.types[name, kind], name=name, type_kind=kind)
        return self.types[name, kind]

    def _take(self, table: str) -> int:
        self.next[table] += 1
        return self.next[table] - 1

    def context(self, type_: str, name: str, *, parent: int | None = None, **custom: Any) -> int:
        if (type_, name) not in self.contexts:
            self.contexts[type_, name] = id_ = self._take("Context")
            self.insert("Context", id=id_, type_id=self.type(type_, CONTEXT), name=name)
            self.properties("Context", id_, custom)
            if parent is not None and self.version >= 6:
                self.insert("ParentContext", context_id=id_, parent_context_id=parent)
        return self.contexts[type_, name]

    def artifact(self, type_: str, uri: str, *, state: int = LIVE, declared: Mapping[str, Any] | None = None, **custom: Any) -> int:
        id_ = self._take("Artifact")
        late = {"state": state, "create_time_since_epoch": self.clock_ms} if self.version >= 5 else {}
        self.insert("Artifact", id=id_, type_id=self.type(type_, ARTIFACT), uri=uri, **late)
        self.properties("Artifact", id_, custom)
        self.properties("Artifact", id_, declared or {}, is_custom=0)
        return id_

    def execution(self, type_: str, *, state: int = COMPLETE, contexts: Iterable[int] = (), **custom: Any) -> int:
        id_ = self._take("Execution")
        self.clock_ms += 60_000
        times = {"create_time_since_epoch": self.clock_ms, "last_update_time_since_epoch": self.clock_ms + 30_000}
        late = {"last_known_state": state, **times} if self.version >= 5 else {}
        self.insert("Execution", id=id_, type_id=self.type(type_, EXECUTION), **late)
        self.properties("Execution", id_, custom)
        for context in contexts:
            self.insert("Association", context_id=context, execution_id=id_)
        return id_

    def event(self, execution: int, artifact: int, type_: int, key: str = "", index: int = 0) -> None:
        id_ = self._take("Event")
        time = self.clock_ms + 20_000
        self.insert("Event", id=id_, artifact_id=artifact, execution_id=execution, type=type_, milliseconds_since_epoch=time)
        if key:
            self.insert("EventPath", event_id=id_, is_index_step=0, step_key=key)
            self.insert("EventPath", event_id=id_, is_index_step=1, step_index=index)

    def properties(self, owner: str, id_: int, values: Mapping[str, Any], *, is_custom: int = 1) -> None:
        for name, value in values.items():
            column = "bool_value" if isinstance(value, bool) else "int_value" if isinstance(value, int) else "string_value"
            column = "double_value" if isinstance(value, float) else column
            text = struct(value) if isinstance(value, Mapping) else value
            self.insert(f"{owner}Property", **{f"{owner.lower()}_id": id_, "name": name, "is_custom_property": is_custom, column: text})

    def step(self, type_: str, node: str, *, pipeline: str, run: str, inputs: Mapping[str, Iterable[int]] | None = None,
             outputs: Mapping[str, int] | None = None, state: int = COMPLETE, **custom: Any) -> int:  # fmt: skip
        """An execution with its contexts and events, as TFX publishes it. An empty `run` leaves the run context out (ASYNC)."""
        whole = self.context("pipeline", pipeline)
        contexts = [whole, self.context("node", f"{pipeline}.{node}")]
        if run:
            contexts.append(self.context("pipeline_run", run, parent=whole))
        id_ = self.execution(type_, state=state, contexts=contexts, **custom)
        for key, artifacts in (inputs or {}).items():
            for index, artifact in enumerate(artifacts):
                self.event(id_, artifact, INPUT, key, index)
        for key, artifact in (outputs or {}).items():
            self.event(id_, artifact, OUTPUT, key)
        return id_
