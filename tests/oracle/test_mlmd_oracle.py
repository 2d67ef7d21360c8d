"""Our reader against the official ML Metadata client, on the real stores and on every schema the client can be made to write."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from model_insights.artifacts.mlmd import read_store
from model_insights.artifacts.mlmd_runs import Store
from model_insights.loaded import Loaded

pytestmark = pytest.mark.oracle
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """The fixture script, which holds the client calls."""
    pytest.importorskip("ml_metadata", reason="the official client (ml-metadata) is not installed")
    spec = importlib.util.spec_from_file_location("make_mlmd", ROOT / "fixtures" / "make_mlmd.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def client() -> Callable[[Path], Any]:
    """Opens a copy with the official client, upgraded if it is old; the client may write."""
    metadata_store = pytest.importorskip("ml_metadata.metadata_store.metadata_store")
    from ml_metadata.proto import metadata_store_pb2

    def opened(copy: Path) -> Any:
        config = metadata_store_pb2.ConnectionConfig()
        config.sqlite.filename_uri = str(copy)
        return metadata_store.MetadataStore(config, enable_upgrade_migration=True)

    return opened


def ours(path: Path) -> Store:
    outcome = read_store(path)
    assert isinstance(outcome, Loaded), outcome
    return outcome.value


def plain(value: Any) -> Any:
    """A client's Value as our decoder gives it, by the client's own messages and protobuf's own JSON."""
    import base64
    import json

    from google.protobuf import json_format

    kind = value.WhichOneof("value")
    if kind == "struct_value":
        fields = json_format.MessageToDict(value.struct_value)
        inner = fields.get("__value__")
        if set(fields) != {"__value__"}:
            return fields
        return json.loads(inner) if isinstance(inner, str) else inner
    if kind == "proto_value":
        any_ = value.proto_value
        return {"@type": any_.type_url, "value": base64.b64encode(any_.value).decode()}
    return None if kind is None else getattr(value, kind)


def properties(values: Any) -> dict[str, Any]:
    return {name: plain(value) for name, value in values.items()}


def assert_same(store: Store, real: Any) -> None:
    from ml_metadata.proto import metadata_store_pb2 as mlmd

    state = mlmd.Artifact.State.Name
    types = {(kind, one.id): one.name for kind in ("artifact", "execution", "context") for one in getattr(real, f"get_{kind}_types")()}
    artifacts = {
        one.id: (types["artifact", one.type_id], one.uri, one.name, state(one.state), one.create_time_since_epoch or None,
                 properties(one.properties), properties(one.custom_properties))
        for one in real.get_artifacts()
    }  # fmt: skip
    executions = {
        one.id: (types["execution", one.type_id], mlmd.Execution.State.Name(one.last_known_state), one.create_time_since_epoch or None,
                 one.last_update_time_since_epoch or None, properties(one.properties), properties(one.custom_properties))
        for one in real.get_executions()
    }  # fmt: skip
    contexts = {
        one.id: (types["context", one.type_id], one.name, properties(one.properties), properties(one.custom_properties))
        for one in real.get_contexts()
    }
    events = [
        (one.artifact_id, one.execution_id, mlmd.Event.Type.Name(one.type), one.milliseconds_since_epoch or None,
         tuple(step.key if step.WhichOneof("value") == "key" else step.index for step in one.path.steps))
        for one in real.get_events_by_execution_ids(list(executions))
    ]  # fmt: skip

    assert artifacts == {
        one.id: (one.type, one.uri, one.name, one.state, one.created_ms, one.properties, one.custom) for one in store.artifacts.values()
    }
    assert executions == {
        one.id: (one.type, one.state, one.created_ms, one.updated_ms, one.properties, one.custom) for one in store.executions.values()
    }
    assert contexts == {one.id: (one.type, one.name, one.properties, one.custom) for one in store.contexts.values()}
    assert sorted(events) == sorted((one.artifact, one.execution, one.type, one.time_ms, one.path) for one in store.events)
    for context in contexts:
        assert {one.id for one in real.get_executions_by_context(context)} == set(store.context_executions.get(context, ()))
        assert {one.id for one in real.get_artifacts_by_context(context)} == set(store.context_artifacts.get(context, ()))
        assert {one.id for one in real.get_parent_contexts_by_context(context)} == {b for a, b in store.parents if a == context}


@pytest.mark.parametrize("family", ["taxi", "shoes"])
def test_the_real_stores_read_as_the_official_client_reads_them(
    family: str, runs: Path, tmp_path: Path, client: Callable[[Path], Any]
) -> None:
    copy = tmp_path / "copy.db"
    shutil.copyfile(runs / family / "metadata.db", copy)

    store = ours(runs / family / "metadata.db")

    assert (206, 10) == (len(store.artifacts), store.schema_version)
    assert_same(store, client(copy))


def test_every_kind_of_value_reads_as_the_official_client_wrote_it(
    tmp_path: Path, maker: ModuleType, client: Callable[[Path], Any]
) -> None:
    maker.write_store(tmp_path / "new.db")
    store = ours(tmp_path / "new.db")

    assert_same(store, client(tmp_path / "new.db"))
    assert ["alpha", "beta.gamma"] == [one.name for one in store.pipelines if one.name]


@pytest.mark.parametrize("version", [5, 6, 7, 8, 9])
def test_older_schemas_read_as_the_client_reads_them_after_upgrading_its_copy(
    version: int, tmp_path: Path, maker: ModuleType, client: Callable[[Path], Any]
) -> None:
    path, copy = tmp_path / "old.db", tmp_path / "copy.db"
    maker.write_store(path, newest=False)
    maker.downgrade(path, to=version)
    shutil.copyfile(path, copy)

    store = ours(path)

    assert version == store.schema_version
    assert_same(store, client(copy))
