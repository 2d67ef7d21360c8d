"""The HTTP routes of both tabs, through TensorBoard's own application."""

from __future__ import annotations

import gzip
import json
import threading
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tab_fakes import FakeWorkspace, a_backend, a_client, read, settle

from model_insights.errors import ConfigError, StoreLocked
from model_insights.view import Problem, Request, TableRequest, View
from tb_plugin import answers, assets
from tb_plugin.backend import Backend, Source

TRIANGLE, COST = "/data/plugin/insights_triangle", "/data/plugin/business_cost"


class Raising(FakeWorkspace):
    def __init__(self, fault: Exception) -> None:
        super().__init__()
        self.fault = fault

    def view(self, request):
        raise self.fault


@pytest.fixture
def backend(tmp_path) -> Backend:
    return read(a_backend(tmp_path))


def problem_of(response) -> Problem:
    assert "application/json" == response.content_type
    return msgspec.json.decode(response.data, type=Problem)


def test_each_tab_opens_with_its_own_page(backend):
    client = a_client(backend)

    shown = [msgspec.json.decode(client.get(f"{tab}/view").data, type=View).view for tab in (TRIANGLE, COST)]

    assert ["insights", "cost"] == shown


def test_a_query_becomes_a_request_with_nothing_lost(tmp_path):
    workspace = FakeWorkspace()
    client = a_client(read(a_backend(tmp_path, workspace)))

    client.get(
        f"{TRIANGLE}/view?view=slice&pipeline=shoes&run=2024-08-12T06%3A00&reference=previous&model=serving&id={quote('a:b=ü&</script>')}"
        "&threshold=0.35&split=eval&values_scale=1.2&table.data.page=2&table.data.sort=-money&table.data.filter=dress&table.a.b.sort=x&_=1"
    )

    wanted = Request(
        view="slice",
        pipeline="shoes",
        run="2024-08-12T06:00",
        reference="previous",
        model="serving",
        id="a:b=ü&</script>",
        threshold="0.35",
        split="eval",
        values_scale=1.2,
        tables={"a.b": TableRequest(sort="x"), "data": TableRequest(page=2, sort="-money", filter="dress")},
    )
    assert [wanted] == workspace.requests


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("view=empty", "There is no view 'empty'; the views are insights, cost, feature, slice, artifact."),
        ("threshold=high", "The threshold 'high' is not a number."),
        ("threshold=nan", "The threshold 'nan' is not a number."),
        ("values_scale=nan", "Unit values times 'nan' cannot be assumed; give a factor from 0.1 to 10."),
        ("values_scale=-1", "Unit values times '-1' cannot be assumed; give a factor from 0.1 to 10."),
        ("values_scale=dear", "Unit values times 'dear' cannot be assumed; give a factor from 0.1 to 10."),
        ("table.data.page=-1", "The table page '-1' is not a whole number from 0 on."),
        ("table.data.page=²", "The table page '²' is not a whole number from 0 on."),
        (f"id={'x' * 5000}", "The parameter 'id' is longer than 4000 characters."),
        ("&".join(f"table.{n}.page=0" for n in range(51)), "More than 50 tables in one request."),
    ],
)
def test_a_parameter_that_cannot_be_meant_is_a_sentence(backend, query, sentence):
    response = a_client(backend).get(f"{TRIANGLE}/view?{query}")

    assert (400, sentence) == (response.status_code, problem_of(response).error)


def test_an_id_that_no_listing_holds_is_not_found(backend):
    response = a_client(backend).get(f"{TRIANGLE}/view?run=nowhere")

    assert (404, Problem(error="There is no run 'nowhere'.")) == (response.status_code, problem_of(response))


@pytest.mark.parametrize(("fault", "code"), [(ConfigError("No currency."), 400), (StoreLocked("No currency."), 503)])
def test_errors_of_the_core_are_answered_by_their_sentence(tmp_path, fault, code):
    response = a_client(read(a_backend(tmp_path, Raising(fault)))).get(f"{COST}/view")

    assert (code, Problem(error="No currency.")) == (response.status_code, problem_of(response))


def test_while_the_first_scan_runs_the_answer_says_so(tmp_path):
    gate = threading.Event()
    workspace = FakeWorkspace(gate=gate)
    backend = a_backend(tmp_path, workspace)
    client = a_client(backend)

    view = client.get(f"{TRIANGLE}/view")
    assert workspace.begun.wait(10)
    status = client.get(f"{TRIANGLE}/status").json
    gate.set()
    settle(backend)

    assert (503, True) == (view.status_code, problem_of(view).scanning)
    assert {"scanning": True, "scanned": False, "generation": 0, "progress": "Reading shoes"} == status
    assert {"scanning": False, "scanned": True, "generation": 1, "progress": ""} == client.get(f"{COST}/status").json


def test_a_mistake_found_while_reading_is_the_answer_to_every_view(tmp_path):
    class Mistaken(FakeWorkspace):
        def scan(self, progress, *, rows=True):
            raise ConfigError("insights.toml, line 3: unknown key.")

    response = a_client(read(a_backend(tmp_path, Mistaken()))).get(f"{COST}/view")

    assert (400, "insights.toml, line 3: unknown key.") == (response.status_code, problem_of(response).error)


def test_without_a_log_directory_the_answer_names_the_flag():
    response = a_client(Backend(Source(logdir="", roots=()))).get(f"{TRIANGLE}/view")

    assert (404, "Start it with --logdir.") == (response.status_code, problem_of(response).remedy)


def test_asking_for_a_rescan_reads_again(tmp_path):
    workspace = FakeWorkspace()
    backend = read(a_backend(tmp_path, workspace))

    a_client(backend).get(f"{TRIANGLE}/status?rescan=1")
    settle(backend)

    assert 2 == workspace.scans


def test_equal_questions_are_computed_once_until_something_new_is_read(tmp_path):
    workspace = FakeWorkspace()
    backend = read(a_backend(tmp_path, workspace))
    client = a_client(backend)

    first, again = (
        client.get(f"{TRIANGLE}/view?run=a&model=serving").data,
        client.get(f"{COST}/view?model=serving&run=a&view=insights").data,
    )
    assert (1, first) == (len(workspace.requests), again)

    backend.wake(force=True)
    settle(backend)
    client.get(f"{TRIANGLE}/view?run=a&model=serving")
    assert 2 == len(workspace.requests)


def test_who_takes_gzip_gets_the_kept_bytes_and_who_does_not_gets_the_same_json(backend):
    client = a_client(backend)

    plain = client.get(f"{TRIANGLE}/view")
    zipped = client.get(f"{TRIANGLE}/view", headers={"Accept-Encoding": "gzip"})

    assert "gzip" == zipped.headers["Content-Encoding"]
    assert "Content-Encoding" not in plain.headers
    assert plain.data == gzip.decompress(zipped.data)


@pytest.mark.parametrize("route", ["view", "status", "index.js", "export_status", "export_file", "chunk-ABCDEFGH.js"])
def test_reading_routes_answer_nothing_but_get(backend, route):
    response = a_client(backend).post(f"{TRIANGLE}/{route}", json={})

    assert (405, "This address answers GET only.") == (response.status_code, problem_of(response).error)


@given(query=st.dictionaries(st.text(max_size=30), st.text(max_size=60), max_size=8))
def test_any_query_is_a_request_or_a_sentence(query):
    told = view_of(query)

    assert told.endswith(".") or told in answers.VIEWS


def view_of(query) -> str:
    try:
        return answers.parse_request(query, page="cost").view
    except answers.BadRequest as error:
        return str(error)


# --- the built front end ------------------------------------------------------------------------------------------------------


@pytest.fixture
def static(tmp_path, monkeypatch):
    folder = tmp_path / "static"
    (folder / "fonts").mkdir(parents=True)
    monkeypatch.setattr(assets, "STATIC", folder)
    (folder / "insights.js").write_text("export function render() { /* triangle */ }")
    (folder / "cost.js").write_text("export function render() { /* cost */ }")
    (folder / "chunk-6J4XVRTQ.js").write_text("shared")
    (folder / "fonts" / "Inter-ABCDEF12.woff2").write_bytes(b"wOF2")
    (folder / ".sources").write_text("digest")
    (folder / "notes.txt").write_text("not for browsers")
    (tmp_path / "secret.js").write_text("secret")
    return folder


@pytest.mark.usefixtures("static")
def test_each_tab_has_its_own_entry_and_the_browser_asks_again_for_it(backend):
    client = a_client(backend)

    triangle, cost = client.get(f"{TRIANGLE}/index.js"), client.get(f"{COST}/index.js")

    assert ("export function render() { /* triangle */ }", "export function render() { /* cost */ }") == (triangle.text, cost.text)
    assert "application/javascript; charset=utf-8" == cost.content_type
    assert "no-cache, must-revalidate" == cost.headers["Cache-Control"]


@pytest.mark.usefixtures("static")
@pytest.mark.parametrize(
    ("name", "kind"), [("chunk-6J4XVRTQ.js", "application/javascript; charset=utf-8"), ("fonts/Inter-ABCDEF12.woff2", "font/woff2")]
)
def test_a_file_with_a_hash_in_its_name_may_be_kept_for_a_year(backend, name, kind):
    response = a_client(backend).get(f"{COST}/{name}")

    assert (200, kind, "private, max-age=31536000") == (response.status_code, response.content_type, response.headers["Cache-Control"])


@pytest.mark.usefixtures("static")
@pytest.mark.parametrize(
    "name",
    [
        "../secret.js",
        "..%2Fsecret.js",
        "%2e%2e/secret.js",
        "fonts/../../secret.js",
        ".sources",
        "notes.txt",
        "fonts",
        "no.js",
        "/etc/passwd",
    ],
)
def test_nothing_but_the_listed_files_is_ever_sent(backend, name):
    response = a_client(backend).get(f"{COST}/{name}")

    assert (404, b"secret" in response.data) == (response.status_code, False)


def test_a_front_end_that_is_not_built_says_so_in_the_tab(backend, tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "STATIC", tmp_path / "nowhere")

    response = a_client(backend).get(f"{COST}/index.js")

    assert 200 == response.status_code
    assert "The front end of this tab is not built." in response.text


def test_tensorboard_lists_both_tabs_as_frames_of_ours(backend):
    listing = json.loads(a_client(backend).get("/data/plugins_listing").data)

    assert {
        "insights_triangle": ("Insights Triangle", True, f"{TRIANGLE}/index.js"),
        "business_cost": ("Business Cost", True, f"{COST}/index.js"),
    } == {name: (tab["tab_name"], tab["enabled"], tab["loading_mechanism"]["module_path"]) for name, tab in listing.items()}
