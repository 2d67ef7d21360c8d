"""The export button: a child process from start to file, and the ways it may end otherwise."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from tab_fakes import OURS, a_backend, a_client, read

from model_insights.view import Problem
from tb_plugin import export, routes
from tb_plugin.backend import Source
from tb_plugin.export import Jobs

TAB = "/data/plugin/insights_triangle"

# Stands in for the report command: says what it was given, then does as it is told.
REPORT = """
import json, pathlib, sys, time
out = pathlib.Path(next(word.partition("=")[2] for word in sys.argv if word.startswith(("--output=", "--html=", "--json=", "--markdown="))))
print("Drawing 1 of 2\\rDrawing 2 of 2", file=sys.stderr, flush=True)
{then}
"""
WRITE = 'out.write_bytes(b"%PDF-1.7 " + json.dumps(sys.argv[1:]).encode())'
SLEEP = "time.sleep(60)"
REFUSE = 'print("runs: no such folder. Name a log directory.", file=sys.stderr); sys.exit(2)'
CRASH = "sys.exit(1)"


def some_jobs(tmp_path, then: str, **source) -> Jobs:
    state = tmp_path / "state"
    given = {"logdir": "runs", "roots": ("runs",), "state": str(state), **source}
    return Jobs(Source(**given), command=(sys.executable, "-c", REPORT.format(then=then)))


def finished(job: export.Job) -> export.Job:
    job.child.wait(20)
    return job


def until(condition, seconds=20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_command_gets_the_log_directory_the_configuration_and_the_choice(tmp_path):
    jobs = some_jobs(tmp_path, WRITE, config="shop/insights.toml")

    job = finished(jobs.start({"view": "cost", "pipeline": "shoes", "run": "-12", "reference": ""}))
    state, given = job.state(), json.loads(job.file.read_bytes().removeprefix(b"%PDF-1.7 "))
    jobs.close()

    flags = ["--pipeline=shoes", "--run=-12", "--insights_config=shop/insights.toml", f"--insights_state={tmp_path / 'state'}"]
    wanted = ["runs", f"--output={job.file}", *flags]
    assert ("done", wanted) == (state, given)


def test_what_is_chosen_in_the_tab_reaches_the_command(tmp_path):
    jobs = some_jobs(tmp_path, WRITE)
    chosen = {
        "reference": "run:3",
        "model": "candidate",
        "threshold": "0.35",
        "split": "eval",
        "values_scale": "1.2",
        "format": "html",
        "length": "full",
        "paper": "Letter",
    }

    job = finished(jobs.start({**chosen, "table.slices.page": "2"}))
    given = json.loads(job.file.read_bytes().removeprefix(b"%PDF-1.7 "))
    jobs.close()

    flags = [
        "--reference=run:3",
        "--model=candidate",
        "--threshold=0.35",
        "--split=eval",
        "--values_scale=1.2",
        "--paper=Letter",
        f"--insights_state={tmp_path / 'state'}",
        "--full",
    ]
    assert ["runs", f"--html={job.file}", *flags] == given
    assert (".html", "text/html", "insights-run-3.html") == (job.file.suffix, job.form.type, job.name())


def test_the_command_takes_every_flag_that_the_button_gives():
    from report.options import parse, wish_of

    words = [
        "runs",
        "--output=a.pdf",
        "--model=candidate",
        "--threshold=0.35",
        "--split=eval",
        "--values_scale=1.2",
        "--paper=Letter",
        "--full",
        "--reference=run:3",
    ]
    wish = wish_of(parse(words))

    assert ("candidate", "0.35", "Letter", "full", "run:3") == (wish.model, wish.threshold, wish.paper, wish.length, wish.reference)
    assert (1.2, "eval") == (wish.values_scale, wish.split)


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"format": "docx"}, "There is no format 'docx' of a report; choose one of pdf, html, json, markdown, csv."),
        ({"length": "--watch"}, "There is no length '--watch' of a report; choose one of standard, brief, full."),
        ({"paper": "A3"}, "There is no paper 'A3' of a report; choose one of A4, Letter."),
    ],
)
def test_a_form_that_there_is_not_is_a_sentence(client_of, choice, sentence):
    response = export_with(client_of(WRITE), **choice)

    assert (400, sentence) == (response.status_code, response.json["error"])


def test_the_last_line_said_is_the_progress(tmp_path):
    jobs = some_jobs(tmp_path, SLEEP)
    job = jobs.start({})
    until(lambda: job.said == "Drawing 2 of 2")

    assert "running" == job.state()
    jobs.close()


@pytest.mark.parametrize(("then", "sentence"), [(REFUSE, "runs: no such folder. Name a log directory."), (CRASH, "Drawing 2 of 2")])
def test_a_command_that_fails_leaves_its_last_words(tmp_path, then, sentence):
    jobs = some_jobs(tmp_path, then)
    job = finished(jobs.start({}))

    assert ("failed", sentence) == (job.state(), job.said)
    jobs.close()


def test_a_report_that_says_what_is_damaged_is_a_report(tmp_path):
    jobs = some_jobs(tmp_path, f"{WRITE}; sys.exit(2)")

    assert "done" == finished(jobs.start({})).state()
    jobs.close()


def test_a_command_that_ends_well_without_a_file_has_failed(tmp_path):
    jobs = some_jobs(tmp_path, "pass")

    assert "failed" == finished(jobs.start({})).state()
    jobs.close()


def test_the_same_view_joins_the_export_under_way_and_another_view_does_not(tmp_path):
    jobs = some_jobs(tmp_path, SLEEP)

    first, same, other = (jobs.start(params) for params in ({"run": "1", "view": "cost"}, {"run": "1", "view": "insights"}, {"run": "2"}))
    jobs.close()

    assert first is same
    assert first is not other


def test_no_more_than_two_run_at_once(tmp_path):
    jobs = some_jobs(tmp_path, SLEEP)
    for run in "12":
        jobs.start({"run": run})

    with pytest.raises(export.TooManyExports, match=r"^2 exports are under way\. Wait for one of them, or cancel it\.$"):
        jobs.start({"run": "3"})
    jobs.close()


def test_a_cancelled_export_ends_at_once_and_can_be_started_anew(tmp_path):
    jobs = some_jobs(tmp_path, SLEEP)
    job = jobs.start({"run": "1"})

    jobs.cancel(job)

    assert "failed" == job.state()
    assert job is not jobs.start({"run": "1"})
    jobs.close()


def test_files_lie_in_the_state_folder_and_go_in_the_end(tmp_path):
    jobs = some_jobs(tmp_path, WRITE)
    job = finished(jobs.start({}))
    assert tmp_path / "state" in job.file.parents

    jobs.close()

    assert [] == list((tmp_path / "state").iterdir())


def test_an_export_does_not_outlive_tensorboard(tmp_path):
    code = f"""
import sys
from tb_plugin.backend import Source
from tb_plugin.export import Jobs
jobs = Jobs(Source(logdir="runs", roots=("runs",), state={str(tmp_path / "state")!r}), command=(sys.executable, "-c", {REPORT.format(then=SLEEP)!r}))
print(jobs.start({{}}).child.pid)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    until(lambda: not Path(f"/proc/{ran.stdout.strip()}").exists())
    assert [] == list((tmp_path / "state").iterdir())


def test_old_files_make_room(tmp_path):
    jobs = some_jobs(tmp_path, WRITE)
    made = [finished(jobs.start({"run": str(number)})) for number in range(export.KEEP_JOBS + 2)]

    kept = [job for job in made if jobs.find(job.id)]

    assert made[2:] == kept
    assert [False, False] == [job.folder.exists() for job in made[:2]]
    jobs.close()


def test_the_file_is_named_for_what_is_in_it(tmp_path):
    jobs = some_jobs(tmp_path, WRITE)
    job = jobs.start({"pipeline": 'shoes "EU"/west\r\n', "run": "2024-08-12T06:00:00.123"})

    assert "insights-shoes-EU-west-2024-08-12T06-00-00.123.pdf" == finished(job).name()
    jobs.close()


def test_a_users_own_report_module_in_the_current_folder_is_not_run(tmp_path, monkeypatch):
    (tmp_path / "report.py").write_text("import pathlib; pathlib.Path('trap').touch()")
    monkeypatch.chdir(tmp_path)
    jobs = Jobs(Source(logdir=str(tmp_path / "no-such-folder"), roots=("x",), state=str(tmp_path / "state")))

    finished(jobs.start({}))
    jobs.close()

    assert not Path("trap").exists()


# --- through HTTP -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def client_of(tmp_path):
    made = []

    def client(then: str):
        backend = read(a_backend(tmp_path))
        backend.jobs = some_jobs(tmp_path, then)
        made.append(backend)
        return a_client(backend)

    yield client
    for backend in made:
        backend.jobs.close()


def export_with(client, **params):
    return client.post(f"{TAB}/export", json=params, headers=OURS)


def status_of(client, job):
    return client.get(f"{TAB}/export_status?job={job}").json


def test_an_export_ends_in_a_download(client_of):
    client = client_of(WRITE)
    job = export_with(client, pipeline="shoes", view="cost").json["job"]
    until(lambda: status_of(client, job)["state"] != "running")

    file = client.get(f"{TAB}/export_file?job={job}")

    assert {"state": "done", "progress": "", "error": ""} == status_of(client, job)
    assert (200, "application/pdf", b"%PDF-1.7") == (file.status_code, file.content_type, file.data[:8])
    assert 'attachment; filename="insights-shoes.pdf"' == file.headers["Content-Disposition"]


def test_the_reason_of_a_failure_is_told(client_of):
    client = client_of(REFUSE)
    job = export_with(client).json["job"]
    until(lambda: status_of(client, job)["state"] != "running")

    assert {"state": "failed", "progress": "", "error": "runs: no such folder. Name a log directory."} == status_of(client, job)
    assert 404 == client.get(f"{TAB}/export_file?job={job}").status_code


def test_a_command_that_dies_without_a_word_is_told_by_its_code(tmp_path):
    silent = Jobs(Source(logdir="runs", roots=("runs",), state=str(tmp_path)), command=(sys.executable, "-c", "import os; os._exit(7)"))
    job = finished(silent.start({}))

    assert "The report command ended with code 7." == routes._told(job)["error"]
    silent.close()


def test_a_cancelled_export_says_so_and_has_no_file(client_of):
    client = client_of(SLEEP)
    job = export_with(client).json["job"]

    answer = client.post(f"{TAB}/export_cancel", json={"job": job}, headers=OURS).json

    assert {"state": "failed", "progress": "", "error": "The export was cancelled."} == answer
    assert 404 == client.get(f"{TAB}/export_file?job={job}").status_code


@pytest.mark.parametrize("route", ["export_status?job=1", "export_file?job=../../etc", "export_file"])
def test_a_job_that_is_not_known_is_not_found(client_of, route):
    response = client_of(WRITE).get(f"{TAB}/{route}")

    assert (404, "Export it again.") == (response.status_code, msgspec.json.decode(response.data, type=Problem).remedy)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"X-Insights": "1", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"X-Insights": "1", "Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"X-Insights": "1", "Sec-Fetch-Site": "same-site"}, 403),
        ({"X-Insights": "1", "Origin": "http://localhost"}, 200),
        ({"X-Insights": "1", "Origin": "http://localhost:1"}, 403),
        ({"X-Insights": "1", "Origin": "null"}, 403),
        ({"X-Insights": "1"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 403),
        ({}, 403),
    ],
)
@pytest.mark.parametrize("route", ["export", "confirm", "words"])
def test_only_our_own_page_may_change_anything(client_of, route, headers, code):
    assert code == client_of(WRITE).post(f"{TAB}/{route}", json={}, headers=headers).status_code


def test_a_form_of_a_strangers_page_cannot_start_an_export(client_of):
    assert 415 == client_of(WRITE).post(f"{TAB}/export", data={"run": "1"}, headers=OURS).status_code


@pytest.mark.parametrize("body", ["[]", "{", '{"run": 1}', '{"run": "' + "x" * 70_000 + '"}'])
def test_a_body_that_is_no_object_of_texts_is_refused(client_of, body):
    response = client_of(WRITE).post(f"{TAB}/export", data=body, content_type="application/json", headers=OURS)

    assert (400, "The request for a report is not a JSON object of texts.") == (response.status_code, response.json["error"])


def test_an_export_is_not_started_by_looking_at_its_address(client_of):
    assert 405 == client_of(WRITE).get(f"{TAB}/export").status_code


def test_a_state_folder_that_cannot_be_written_is_a_sentence(client_of, tmp_path):
    client = client_of(WRITE)
    (tmp_path / "state").write_text("a file")

    response = export_with(client)

    assert 500 == response.status_code
    assert "Name a writable folder with --insights_state." == response.json["remedy"]
