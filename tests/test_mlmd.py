"""The ML Metadata reader: every schema, every kind of value, locks, damage, and no trace left behind."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stores import CACHED, INPUT, INTERNAL_OUTPUT, OUTPUT, PENDING_OUTPUT, StoreBuilder, struct

from model_insights.artifacts.mlmd import is_store, read_store
from model_insights.artifacts.mlmd_runs import Store
from model_insights.artifacts.mlmd_values import decode_any, decode_struct, decode_value, whole_number
from model_insights.loaded import Absent, Damaged, Loaded

FIXTURES = Path(__file__).resolve().parent / "fixtures" / "mlmd"


def store_of(path: Path) -> Store:
    outcome = read_store(path)
    assert isinstance(outcome, Loaded), outcome
    return outcome.value


def from_sql(version: int, folder: Path) -> Path:
    path = folder / f"v{version}.db"
    connection = sqlite3.connect(path)
    connection.executescript((FIXTURES / f"v{version}.sql").read_text(encoding="utf-8"))
    connection.close()
    return path


def a_store(path: Path, **options: Any) -> Path:
    with StoreBuilder(path, **options) as store:
        examples = store.artifact("Examples", "/gone/Gen/examples/1", span=1)
        store.step("x.CsvExampleGen", "Gen", pipeline="p", run="r1", outputs={"examples": examples})
    return path


def fingerprint(folder: Path) -> dict[str, tuple[str, int]]:
    files = sorted(one for one in folder.iterdir() if one.is_file())
    return {one.name: (hashlib.sha256(one.read_bytes()).hexdigest(), one.stat().st_mtime_ns) for one in files}


# ---- schemas and values ----


@pytest.mark.parametrize("version", [5, 6, 7, 8, 9, 10])
def test_every_schema_the_client_writes_is_read(version: int, tmp_path: Path) -> None:
    store = store_of(from_sql(version, tmp_path))
    custom = store.artifacts[1].custom

    assert version == store.schema_version
    assert ("Examples", "LIVE", '["train", "eval"]') == (
        store.artifacts[1].type,
        store.artifacts[1].state,
        store.artifacts[1].properties["split_names"],
    )
    assert (7, -(2**53), 0.25, "Größe </script> 👟", "") == tuple(custom[k] for k in ("span", "negative", "rate", "text", "empty"))
    assert {"train": 1, "eval": 0.5, "deep": {"list": [1, "two", None, True, {"x": []}]}} == custom["shape"]
    assert ({"train": 1.0, "eval": 0.25}, [1, 2], {}) == (custom["wrapped"], custom["wrapped_list"], custom["bare"])
    assert ["", "alpha", "beta.gamma"] == [one.name for one in store.pipelines]


def test_schema_10_keeps_booleans_and_messages(tmp_path: Path) -> None:
    custom = store_of(from_sql(10, tmp_path)).artifacts[1].custom

    assert (True, False) == (custom["yes"], custom["no"])
    assert {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": "CgZpbnNpZGU="} == custom["proto"]


def test_every_state_and_event_type_has_its_name(tmp_path: Path) -> None:
    store = store_of(from_sql(10, tmp_path))
    loose = [one for one in store.artifacts.values() if one.uri.startswith("state/")]
    events = [event for event in store.events if event.path[:1] and str(event.path[0]).startswith("key ")]

    assert ["UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE"] == [one.state for one in loose]
    assert {"UNKNOWN", "NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED"} == {one.state for one in store.executions.values()}
    assert [
        ("DECLARED_OUTPUT", ("key 1", 1)), ("DECLARED_INPUT", ("key 2", 2)), ("INPUT", ("key 3", 3)), ("OUTPUT", ("key 4", 4)),
        ("INTERNAL_INPUT", ("key 5", 5)), ("INTERNAL_OUTPUT", ("key 6", 6)), ("PENDING_OUTPUT", ("key 7", 7)),
    ] == [(event.type, event.path) for event in events]  # fmt: skip


def test_schema_4_takes_states_and_times_from_properties_and_events(tmp_path: Path) -> None:
    with StoreBuilder(tmp_path / "old.db", version=4) as store:
        execution = store.execution("tfx.components.evaluator.component.Evaluator", component_id="Evaluator.x", state="complete",
                                    contexts=[store.context("pipeline", "taxi"), store.context("run", "taxi.2020-01-01")])  # fmt: skip
    with sqlite3.connect(tmp_path / "old.db") as db:
        db.execute("INSERT INTO ExecutionProperty VALUES (1, 'state', 1, NULL, NULL, 'cached')")
        db.execute("INSERT INTO Type VALUES (9, 'ModelEvaluation', 1)")
        db.execute("INSERT INTO Artifact VALUES (1, 9, '/gone/Evaluator/evaluation/7')")
        for name, value in (("state", "published"), ("name", "evaluation"), ("span", "0")):
            db.execute("INSERT INTO ArtifactProperty VALUES (1, ?, 1, NULL, NULL, ?)", (name, value))
        db.executemany("INSERT INTO Event VALUES (?, 1, ?, ?, ?)", [(1, execution, OUTPUT, 2000), (2, execution, INPUT, 1000)])
    db.close()

    read = store_of(tmp_path / "old.db")

    assert ("LIVE", "evaluation", 2000, "0") == (
        read.artifacts[1].state,
        read.artifacts[1].name,
        read.artifacts[1].created_ms,
        read.artifacts[1].custom["span"],
    )
    assert ("CACHED", "Evaluator.x", 1000, 2000) == (
        read.executions[1].state,
        read.executions[1].node,
        read.executions[1].created_ms,
        read.executions[1].updated_ms,
    )
    assert [("taxi", "2020-01-01")] == [(one.name, run.name) for one in read.pipelines for run in one.runs]


@pytest.mark.parametrize("version", range(4, 11))
def test_a_store_built_by_hand_reads_alike_in_every_schema(version: int, tmp_path: Path) -> None:
    store = store_of(a_store(tmp_path / "m.db", version=version))

    assert [("p", "r1", (1,), (1,))] == [(one.name, run.name, run.executions, run.made) for one in store.pipelines for run in one.runs]
    assert ("Gen", 1) == (store.executions[1].node, store.artifacts[1].get("span"))


@given(st.recursive(st.none() | st.booleans() | st.text() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8))  # fmt: skip
def test_a_struct_reads_back_as_the_json_it_was(value: Any) -> None:
    assert {"x": value} == decode_struct(struct({"x": value}))


@pytest.mark.parametrize("text", ["mlmd-struct::!!", "mlmd-struct::AAAA", "mlmd-struct::CgE"])
def test_a_damaged_struct_stays_text(text: str) -> None:
    assert text == decode_struct(text)


def test_a_damaged_message_stays_text() -> None:
    assert ("no base64!", "////") == (decode_any("no base64!"), decode_any(b"////"))


def test_values_that_json_cannot_hold_become_text() -> None:
    assert ("inf", "\\xff") == (decode_value(None, float("inf"), None), decode_value(None, None, None, b"\xff"))
    assert decode_value(None, None, None) is None


def test_a_wrapped_json_text_that_is_no_json_stays_text() -> None:
    assert "{not json" == decode_struct(struct({"__value__": "{not json"}))


@pytest.mark.parametrize(("value", "expected"), [(3, 3), (1.0, 1), ("7", 7), (True, 1), (1.5, None), ("x", None), (None, None), ({}, None)])
def test_numbers_are_read_from_whatever_holds_them(value: Any, expected: int | None) -> None:
    assert expected == whole_number(value)


def test_text_that_is_not_utf8_is_shown_escaped(tmp_path: Path) -> None:
    path = a_store(tmp_path / "m.db")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE Artifact SET uri = CAST(X'2fff' AS TEXT)")
    db.close()

    assert "/\\xff" == store_of(path).artifacts[1].uri


# ---- nothing is written ----


def test_reading_changes_no_byte_and_leaves_no_file(tmp_path: Path) -> None:
    path = a_store(tmp_path / "m.db", journal="delete")
    before = fingerprint(tmp_path)

    assert "p" == store_of(path).pipelines[0].name
    assert before == fingerprint(tmp_path)


def test_a_write_ahead_store_that_was_closed_is_read_without_a_trace(tmp_path: Path) -> None:
    path = a_store(tmp_path / "m.db", journal="wal")
    before = fingerprint(tmp_path)

    assert "p" == store_of(path).pipelines[0].name
    assert before == fingerprint(tmp_path)
    assert ["m.db"] == sorted(before)


def test_a_write_ahead_store_in_use_is_read_with_what_its_log_holds(tmp_path: Path) -> None:
    writer = StoreBuilder(tmp_path / "m.db", journal="wal")
    writer.step("x.Gen", "Gen", pipeline="p", run="r1")
    writer.db.execute("COMMIT")
    before = fingerprint(tmp_path)

    assert 1 == len(store_of(tmp_path / "m.db").executions)
    after = fingerprint(tmp_path)
    assert (set(before), before["m.db"], before["m.db-wal"]) == (set(after), after["m.db"], after["m.db-wal"])
    writer.db.execute("BEGIN")
    writer.close()


def test_a_write_ahead_store_copied_without_its_index_is_read_with_its_log(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    writer = StoreBuilder(tmp_path / "m.db", journal="wal")
    writer.step("x.Gen", "Gen", pipeline="p", run="r1")
    writer.db.execute("COMMIT")
    for name in ("m.db", "m.db-wal"):
        shutil.copyfile(tmp_path / name, tmp_path / "copy" / name)
    writer.db.execute("BEGIN")
    writer.close()
    before = fingerprint(tmp_path / "copy")

    assert 1 == len(store_of(tmp_path / "copy" / "m.db").executions)
    assert before == fingerprint(tmp_path / "copy")


def test_a_store_whose_writer_died_is_read_as_of_its_last_commit(tmp_path: Path) -> None:
    (tmp_path / "dead").mkdir()
    a_store(tmp_path / "m.db", journal="delete")
    writer = sqlite3.connect(tmp_path / "m.db", isolation_level=None)
    writer.execute("PRAGMA cache_size=1")
    writer.execute("BEGIN")
    writer.execute("DELETE FROM Artifact")
    writer.executemany("INSERT INTO EventPath VALUES (?, 0, NULL, 'x')", [(i,) for i in range(20_000)])
    for name in ("m.db", "m.db-journal"):
        shutil.copyfile(tmp_path / name, tmp_path / "dead" / name)
    writer.execute("ROLLBACK")
    writer.close()
    before = fingerprint(tmp_path / "dead")

    store = store_of(tmp_path / "dead" / "m.db")

    assert (1, 1) == (len(store.artifacts), len(store.events))
    assert before == fingerprint(tmp_path / "dead")


# ---- locks ----


def locked(path: Path, kind: str) -> sqlite3.Connection:
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    writer.execute(f"BEGIN {kind}")
    return writer


def test_a_store_a_writer_has_reserved_is_read(tmp_path: Path) -> None:
    writer = locked(a_store(tmp_path / "m.db"), "IMMEDIATE")

    assert 1 == len(store_of(tmp_path / "m.db").executions)
    writer.close()


def test_a_store_locked_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    writer = locked(a_store(tmp_path / "m.db"), "EXCLUSIVE")
    release = threading.Timer(0.5, writer.close)
    release.start()

    assert 1 == len(store_of(tmp_path / "m.db").executions)
    release.join()


def test_a_store_that_stays_locked_is_told_in_a_sentence(tmp_path: Path) -> None:
    writer = locked(a_store(tmp_path / "m.db"), "EXCLUSIVE")
    start = time.monotonic()
    outcome = read_store(tmp_path / "m.db", wait=0.3)
    waited = time.monotonic() - start
    writer.close()

    assert isinstance(outcome, Damaged)
    assert f"{tmp_path / 'm.db'} cannot be read: a writer held it locked for 0.3 s. Look again when the pipeline is between two steps." == (
        outcome.sentence
    )
    assert 0.2 < waited < 3


def test_a_writer_may_commit_right_after_the_reading(tmp_path: Path) -> None:
    path = a_store(tmp_path / "m.db")
    store_of(path)
    with sqlite3.connect(path, timeout=0) as db:
        db.execute("DELETE FROM Event")
    db.close()

    assert () == store_of(path).events


# ---- damage ----


def sentence(path: Path) -> str:
    outcome = read_store(path)
    assert isinstance(outcome, Absent | Damaged), outcome
    return outcome.sentence


def test_a_missing_and_an_empty_file_are_absent(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()

    assert f"No ML Metadata store at {tmp_path}/none.db: there is no such file. Run the pipeline, or check the path." == (
        sentence(tmp_path / "none.db")
    )
    assert f"No ML Metadata store at {tmp_path}/empty.db: the file is empty. Run the pipeline, or check the path." == (
        sentence(tmp_path / "empty.db")
    )


def test_what_is_not_sqlite_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "m.db").write_text("<html>" * 100)

    assert f"{tmp_path}/m.db cannot be read: it is not a SQLite file. Point to the SQLite file of ML Metadata." == sentence(
        tmp_path / "m.db"
    )
    assert not is_store(tmp_path / "m.db")


def test_a_foreign_sqlite_file_is_told_by_its_tables(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "m.db") as db:
        db.execute("CREATE TABLE experiments (id INT)")
    db.close()

    assert "it is SQLite without ML Metadata's tables (it has experiments)" in sentence(tmp_path / "m.db")
    assert not is_store(tmp_path / "m.db")


@pytest.mark.parametrize(("version", "words"), [(3, "Open a copy of it with a newer ml-metadata once"), (11, "Update this plugin")])
def test_schemas_we_do_not_know_are_refused_and_not_migrated(version: int, words: str, tmp_path: Path) -> None:
    path = a_store(tmp_path / "m.db")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE MLMDEnv SET schema_version = ?", (version,))
    db.close()
    before = fingerprint(tmp_path)

    assert f"its schema is version {version}; versions 4 to 10 are read. {words}" in sentence(path)
    assert before == fingerprint(tmp_path)


def test_a_store_of_the_first_release_is_named_too_old(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "m.db") as db:
        for table in ("Type", "Artifact", "Execution", "Event"):
            db.execute(f"CREATE TABLE {table} (id INT)")
    db.close()

    assert "its schema is older than version 1" in sentence(tmp_path / "m.db")


def test_a_store_without_one_of_its_tables_is_damaged(tmp_path: Path) -> None:
    path = a_store(tmp_path / "m.db")
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE Event")
    db.close()

    assert "it says schema 10 but its table Event is missing or has other columns" in sentence(path)


def test_a_store_without_a_version_is_damaged(tmp_path: Path) -> None:
    path = a_store(tmp_path / "m.db")
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM MLMDEnv")
    db.close()

    assert "its MLMDEnv table names no schema version" in sentence(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_store_says_how_much_is_there(share: float, tmp_path: Path) -> None:
    path = a_store(tmp_path / "m.db")
    size = path.stat().st_size
    os.truncate(path, int(size * share))

    outcome = read_store(path)

    assert isinstance(outcome, Damaged)
    assert f"it is cut off: {int(size * share):,} of {size:,} bytes are there" == outcome.what
    assert int(size * share) == outcome.offset
    assert is_store(path)


def test_a_store_cut_inside_its_header_is_damaged(tmp_path: Path) -> None:
    os.truncate(a_store(tmp_path / "m.db"), 60)

    assert "its header ends after 60 of 100 bytes" in sentence(tmp_path / "m.db")


def test_overwritten_pages_are_damaged_not_empty(tmp_path: Path) -> None:
    path = a_store(tmp_path / "m.db")
    content = bytearray(path.read_bytes())
    content[1024:] = b"\xa5" * (len(content) - 1024)
    path.write_bytes(content)

    assert "SQLite says: database disk image is malformed" in sentence(path)


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory" in sentence(tmp_path)


# ---- runs ----


def test_cached_executions_publish_again_what_the_first_one_made(tmp_path: Path) -> None:
    with StoreBuilder(tmp_path / "m.db") as store:
        model = store.artifact("Model", "/gone/Trainer/model/1")
        store.step("x.Trainer", "Trainer", pipeline="p", run="r1", outputs={"model": model})
        store.step("x.Trainer", "Trainer", pipeline="p", run="r2", outputs={"model": model}, state=CACHED)
    first, second = store_of(tmp_path / "m.db").pipelines[0].runs

    assert ((1,), (1,)) == (first.outputs, first.made)
    assert ((1,), ()) == (second.outputs, second.made)
    assert (1, 2) == tuple(one.id for one in store_of(tmp_path / "m.db").pipelines[0].lineage.producers(1))


def test_what_a_resolver_passes_on_and_what_is_pending_are_not_outputs(tmp_path: Path) -> None:
    with StoreBuilder(tmp_path / "m.db") as store:
        model, late = store.artifact("Model", "/gone/Trainer/model/1"), store.artifact("Model", "/gone/Trainer/model/3")
        store.step("x.Trainer", "Trainer", pipeline="p", run="r1", outputs={"model": model})
        resolver = store.step("x.resolver.Resolver", "latest", pipeline="p", run="r2")
        store.event(resolver, model, INTERNAL_OUTPUT, "model")
        old = store.step("x.ResolverNode", "older", pipeline="p", run="r2", outputs={"model": model})
        trainer = store.step("x.Trainer", "Trainer", pipeline="p", run="r2")
        store.event(trainer, late, PENDING_OUTPUT, "model")
    read = store_of(tmp_path / "m.db")

    assert ((resolver, old, trainer), ()) == (read.pipelines[0].runs[1].executions, read.pipelines[0].runs[1].outputs)


def test_duplicate_events_of_old_stores_count_once(tmp_path: Path) -> None:
    with StoreBuilder(tmp_path / "m.db", version=7) as store:
        model = store.artifact("Model", "/gone/Trainer/model/1")
        trainer = store.step("x.Trainer", "Trainer", pipeline="p", run="r1", outputs={"model": model})
        store.event(trainer, model, OUTPUT, "model")

    assert (model,) == store_of(tmp_path / "m.db").pipelines[0].runs[0].outputs


def test_two_pipelines_of_one_store_stay_apart_but_keep_where_things_came_from(tmp_path: Path) -> None:
    with StoreBuilder(tmp_path / "m.db") as store:
        examples = store.artifact("Examples", "/gone/a/Gen/examples/1")
        store.step("x.Gen", "Gen", pipeline="data", run="d1", outputs={"examples": examples})
        store.step("x.Trainer", "Trainer", pipeline="train.daily", run="t1", inputs={"examples": [examples]})
    data, train = store_of(tmp_path / "m.db").pipelines

    assert ("data", "train.daily") == (data.name, train.name)
    assert ({1}, {1, 2}) == (set(data.lineage.executions), set(train.lineage.executions))
    assert ((1,), (2,)) == (data.runs[0].executions, train.runs[0].executions)
    assert ("Gen", "Trainer") == tuple(one.node for one in train.lineage.executions.values())


def test_steps_of_a_sub_pipeline_belong_to_the_surrounding_run(tmp_path: Path) -> None:
    with StoreBuilder(tmp_path / "m.db") as store:
        store.step("x.Gen", "Gen", pipeline="outer", run="r1")
        inner = [store.context("pipeline", "inner"), store.context("pipeline_run", "inner_r1"), store.context("node", "inner.Trainer")]
        outer = [store.context("pipeline", "outer"), store.context("pipeline_run", "r1")]
        store.execution("x.Trainer", contexts=[*inner, *outer])
    (pipeline,) = store_of(tmp_path / "m.db").pipelines

    assert ("outer", ("r1",), ["Gen", "Trainer"]) == (
        pipeline.name,
        tuple(run.name for run in pipeline.runs),
        [one.node for one in pipeline.lineage.executions.values()],
    )


def notebook(store: StoreBuilder, cell: int, type_: str, **events: Any) -> int:
    contexts = [
        store.context("pipeline", "nb"),
        store.context("run", f"nb.2020-01-0{cell}"),
        store.context("component_run", f"nb.2020-01-0{cell}.{type_}"),
    ]
    execution = store.execution(f"tfx.{type_}", contexts=contexts)
    for artifact in events.get("used", ()):
        store.event(execution, artifact, INPUT)
    for artifact in events.get("made", ()):
        store.event(execution, artifact, OUTPUT)
    return execution


def test_notebook_cells_with_a_run_each_are_one_run_by_lineage(tmp_path: Path) -> None:
    with StoreBuilder(tmp_path / "m.db", version=5) as store:
        examples, model = store.artifact("Examples", "/nb/Gen/examples/1"), store.artifact("Model", "/nb/Trainer/model/2")
        notebook(store, 1, "CsvExampleGen", made=[examples])
        notebook(store, 2, "Trainer", used=[examples], made=[model])
        notebook(store, 3, "Evaluator", used=[examples, model])
    (run,) = store_of(tmp_path / "m.db").pipelines[0].runs

    assert ((1, 2, 3), "lineage") == (run.executions, run.grouped_by)
    assert ["CsvExampleGen", "Trainer", "Evaluator"] == [one.node for one in store_of(tmp_path / "m.db").executions.values()]


def test_runs_without_run_contexts_are_told_apart_by_what_they_consumed(tmp_path: Path) -> None:
    """Two spans with a rolling window, a schema imported once, and a baseline from the run before."""
    with StoreBuilder(tmp_path / "m.db") as store:
        schema, examples, models = store.artifact("Schema", "s"), [], []
        store.step("x.ImportSchemaGen", "ImportSchemaGen", pipeline="p", run="", outputs={"schema": schema})
        for span in (1, 2):
            examples.append(store.artifact("Examples", f"e{span}", span=span))
            models.append(store.artifact("Model", f"m{span}"))
            store.step("x.Gen", "Gen", pipeline="p", run="", outputs={"examples": examples[-1]})
            store.step("x.Resolver", "window", pipeline="p", run="")
            store.step(
                "x.Trainer",
                "Trainer",
                pipeline="p",
                run="",
                inputs={"examples": examples, "schema": [schema]},
                outputs={"model": models[-1]},
            )
            store.step("x.Evaluator", "Evaluator", pipeline="p", run="", inputs={"examples": examples[-1:], "model": models})
    runs = store_of(tmp_path / "m.db").pipelines[0].runs

    assert [(1, 2, 3, 4, 5), (6, 7, 8, 9)] == [run.executions for run in runs]
    assert {"lineage"} == {run.grouped_by for run in runs}
    assert ["2023-11-14T22:14:20", "2023-11-14T22:19:20"] == [run.name for run in runs]


def test_without_examples_a_run_begins_where_nothing_is_consumed(tmp_path: Path) -> None:
    with StoreBuilder(tmp_path / "m.db") as store:
        for number in (1, 2):
            model = store.artifact("Model", f"m{number}")
            store.step("x.A", "A", pipeline="p", run="", outputs={"model": model})
            store.step("x.B", "B", pipeline="p", run="", inputs={"model": [model]})

    assert [(1, 2), (3, 4)] == [run.executions for run in store_of(tmp_path / "m.db").pipelines[0].runs]


# ---- the real stores ----


@pytest.mark.parametrize(("family", "executions", "runs_"), [("taxi", 221, 16), ("shoes", 222, 17)])
def test_the_real_stores_have_their_runs(family: str, executions: int, runs_: int, runs: Path) -> None:
    store = store_of(runs / family / "metadata.db")
    (pipeline,) = store.pipelines

    assert (family, executions, runs_) == (pipeline.name, len(store.executions), len(pipeline.runs))
    assert 206 == sum(len(run.made) for run in pipeline.runs)
    assert "BulkInferrer.deployed" in {one.node for one in store.executions.values()}
