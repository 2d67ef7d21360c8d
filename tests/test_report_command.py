"""The command line: what it asks the workspace, what it writes, what it says, and with which code it ends."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("weasyprint")
pytest.importorskip("matplotlib")

import view_builders as a

import report.__main__ as command
from model_insights.errors import ConfigError, UnknownId
from model_insights.view import Notice, Request, View

SMALL = a.a_small_view()
COST = a.a_cost_view(sections=(), footer=())
DAMAGE = Notice(level="error", text="metrics-00000 cannot be read: record 7 ends 12 bytes early.", remedy="Write it again.")


class FakeWorkspace:
    """Answers with prepared views and remembers what it was asked."""

    def __init__(self, answer: Callable[[Request], View]) -> None:
        self._answer = answer
        self.opened: tuple[str, dict[str, Any]] = ("", {})
        self.requests: list[Request] = []

    def open(self, logdir: str, **options: Any) -> FakeWorkspace:
        self.opened = (logdir, options)
        return self

    def scan(self, progress: Callable[[str], None]) -> None:
        progress("evaluation 165")

    def view(self, request: Request) -> View:
        self.requests.append(request)
        return self._answer(request)


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeWorkspace]:
    def put(answer: Callable[[Request], View] = lambda request: SMALL if request.view == "insights" else COST) -> FakeWorkspace:
        fake = FakeWorkspace(answer)
        monkeypatch.setattr(command, "Workspace", fake)
        return fake

    return put


def raising(error: Exception) -> Callable[[Request], View]:
    def answer(_: Request) -> View:
        raise error

    return answer


def test_it_writes_a_pdf_and_ends_with_0(workspace, tmp_path: Path, capsys):
    workspace()

    assert 0 == command.main(["runs", "-o", str(tmp_path / "r.pdf")])
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-1.7")
    assert f"Reading runs ...\nDrawing ...\nWriting {tmp_path / 'r.pdf'} ...\n" == capsys.readouterr().err


def test_every_choice_reaches_the_workspace(workspace, tmp_path: Path):
    asked = workspace()
    options = ["--pipeline", "shoes", "--run", "16", "--reference", "previous", "--insights_config", "c.toml", "--state", "s"]

    command.main(["runs", "--json", str(tmp_path / "r.json"), *options])

    assert ("runs", {"config": "c.toml", "state": "s"}) == asked.opened
    assert [Request(view=kind, pipeline="shoes", run="16", reference="previous") for kind in ("insights", "cost")] == asked.requests


def test_without_a_name_the_pdf_is_report_pdf_where_one_stands(workspace, tmp_path: Path, monkeypatch):
    workspace()
    monkeypatch.chdir(tmp_path)

    command.main(["runs"])

    assert ["report.pdf"] == [path.name for path in tmp_path.iterdir()]


def test_html_and_json_are_written_alone_when_asked_alone(workspace, tmp_path: Path, monkeypatch):
    workspace()
    monkeypatch.chdir(tmp_path)

    assert 0 == command.main(["runs", "--html", "r.html", "--json", "r.json"])
    assert ["r.html", "r.json"] == sorted(path.name for path in tmp_path.iterdir())
    assert [SMALL, COST] == msgspec.convert(msgspec.json.decode((tmp_path / "r.json").read_bytes())["views"], list[View])


def test_a_dash_is_standard_output(workspace, monkeypatch):
    class Out:
        buffer = io.BytesIO()

    workspace()
    monkeypatch.setattr(sys, "stdout", Out)

    assert 0 == command.main(["runs", "-o", "-"])
    assert Out.buffer.getvalue().startswith(b"%PDF-1.7")


def test_damage_is_written_into_the_report_said_on_stderr_and_ends_with_2(workspace, tmp_path: Path, capsys):
    workspace(lambda _: msgspec.structs.replace(SMALL, notices=(DAMAGE,)))

    assert 2 == command.main(["runs", "-o", str(tmp_path / "r.pdf")])
    assert (tmp_path / "r.pdf").exists()
    assert capsys.readouterr().err.endswith(
        "insights-report: metrics-00000 cannot be read: record 7 ends 12 bytes early. Write it again.\n"
    )


def test_a_warning_alone_ends_with_0(workspace, tmp_path: Path):
    workspace(lambda _: msgspec.structs.replace(SMALL, notices=(Notice(level="warning", text="No statistics."),)))

    assert 0 == command.main(["runs", "--json", str(tmp_path / "r.json")])


@pytest.mark.parametrize("error", [UnknownId("No pipeline hats; there are: shoes."), ConfigError("insights.toml line 3: unknown key.")])
def test_bad_input_is_one_sentence_and_2_and_nothing_is_written(workspace, tmp_path: Path, capsys, error: Exception):
    workspace(raising(error))

    assert 2 == command.main(["runs", "-o", str(tmp_path / "r.pdf")])
    assert f"Reading runs ...\ninsights-report: {error}\n" == capsys.readouterr().err
    assert [] == list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_ends_with_2(workspace, tmp_path: Path, capsys):
    workspace()

    assert 2 == command.main(["runs", "--json", str(tmp_path / "nowhere" / "r.json")])
    assert "Choose another place with -o." in capsys.readouterr().err


def test_a_folder_without_runs_ends_with_2_and_says_why(tmp_path: Path, capsys):
    assert 2 == command.main([str(tmp_path), "--state", str(tmp_path / "state"), "-o", str(tmp_path / "r.pdf")])

    said = capsys.readouterr().err.splitlines()
    assert 2 == len(said)
    assert said[1].startswith("insights-report: No pipeline")
    assert not (tmp_path / "r.pdf").exists()


def test_stopping_it_writes_nothing(workspace, tmp_path: Path, capsys):
    workspace(raising(KeyboardInterrupt()))  # type: ignore[arg-type]

    assert 130 == command.main(["runs", "-o", str(tmp_path / "r.pdf")])
    assert capsys.readouterr().err.endswith("Stopped; nothing was written.\n")


def test_a_terminal_sees_details_and_a_file_does_not(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

        def fileno(self) -> int:
            return 2

    monkeypatch.setattr(command.os, "get_terminal_size", lambda _: command.os.terminal_size((20, 5)))
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        progress = command.Progress(stream)
        progress.milestone("Reading runs ...")
        progress.detail("evaluation 165 of run 2024-09-16")

    assert terminal.getvalue().endswith("\r\x1b[K  evaluation 165 of")
    assert "Reading runs ...\n" == file.getvalue()
