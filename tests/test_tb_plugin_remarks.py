"""What a person writes in the tab, from the request to the page that shows it."""

from __future__ import annotations

import threading

import msgspec
import pytest
from tab_fakes import OURS, FakeWorkspace, a_backend, a_client, read

from model_insights.view import Problem

TAB = "/data/plugin/insights_triangle"


@pytest.fixture
def workspace() -> FakeWorkspace:
    return FakeWorkspace()


@pytest.fixture
def client(tmp_path, workspace):
    return a_client(read(a_backend(tmp_path, workspace)))


def test_a_cause_and_words_reach_the_store_of_their_run(client, workspace):
    answers = [
        client.post(f"{TAB}/confirm", json={"pipeline": "shoes", "run": "7", "cause": "model", "note": "a bad retrain"}, headers=OURS),
        client.post(f"{TAB}/words", json={"pipeline": "shoes", "run": "7", "words": "Headline: mended"}, headers=OURS),
    ]

    assert [(200, {}), (200, {})] == [(answer.status_code, answer.json) for answer in answers]
    assert [("confirm", "shoes", "7", "model", "a bad retrain"), ("words", "shoes", "7", "Headline: mended")] == workspace.written


def test_the_page_is_composed_anew_after_somebody_wrote(client, workspace):
    client.get(f"{TAB}/view?run=7")
    client.get(f"{TAB}/view?run=7")
    client.post(f"{TAB}/words", json={"run": "7", "words": "Mended."}, headers=OURS)
    client.get(f"{TAB}/view?run=7")

    assert 2 == len(workspace.requests)


@pytest.mark.parametrize("route", ["confirm", "words"])
def test_a_run_that_does_not_exist_is_a_sentence(client, route):
    response = client.post(f"{TAB}/{route}", json={"run": "nowhere"}, headers=OURS)

    assert (404, "There is no run 'nowhere'.") == (response.status_code, response.json["error"])


@pytest.mark.parametrize("body", ["[]", "{", '{"run": 1}', '{"words": "' + "x" * 70_000 + '"}'])
def test_what_is_no_object_of_texts_is_refused(client, workspace, body):
    response = client.post(f"{TAB}/words", data=body, content_type="application/json", headers=OURS)

    assert (400, "What was sent is not a JSON object of texts.") == (response.status_code, response.json["error"])
    assert [] == workspace.written


@pytest.mark.parametrize("route", ["confirm", "words"])
def test_a_form_of_a_strangers_page_or_a_link_changes_nothing(client, workspace, route):
    codes = [client.post(f"{TAB}/{route}", data={"run": "7"}, headers=OURS).status_code, client.get(f"{TAB}/{route}?run=7").status_code]

    assert ([415, 405], []) == (codes, workspace.written)


def test_before_the_first_scan_nothing_can_be_written(tmp_path):
    gate = threading.Event()
    backend = a_backend(tmp_path, FakeWorkspace(gate=gate))
    response = a_client(backend).post(f"{TAB}/confirm", json={"run": "7"}, headers=OURS)
    gate.set()

    assert (503, True) == (response.status_code, msgspec.json.decode(response.data, type=Problem).scanning)
