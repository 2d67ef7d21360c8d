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

import builders
import view_builders as a
from builders import a_history, an_evaluation

import report.__main__ as command
from model_insights.errors import ConfigError, UnknownId
from model_insights.loaded import Loaded
from model_insights.reading import Settings
from model_insights.run import History, Period, Run
from model_insights.view import Notice, Request, Table, View
from model_insights.workspace import Workspace
from report.gather import Wish, gather
from report.notes import ReviewNotes
from report.watch import Watch, file_names

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

    def settings_of(self, pipeline: str) -> Settings:
        return Settings(config=None, folders=())


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


def test_the_json_follows_its_schema(workspace, tmp_path: Path):
    workspace()
    jsonschema = pytest.importorskip("jsonschema")

    assert 0 == command.main(["--json-schema", str(tmp_path / "schema.json")])
    assert 0 == command.main(["runs", "--json", str(tmp_path / "r.json")])
    schema, written = (msgspec.json.decode((tmp_path / name).read_bytes()) for name in ("schema.json", "r.json"))

    jsonschema.validate(written, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**written, "views": [{"view": "nothing"}]}, schema)


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


# --- beyond one report ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "code"), [("none", 0), ("little", 0), ("big", 1), ("emergency", 1), ("unknown", 0)])
def test_fail_on_ends_with_1_when_the_severity_reaches_it_and_the_report_is_written(
    workspace, tmp_path: Path, capsys, level: str, code: int
):
    severity = msgspec.structs.replace(a.a_headline().severity, level=level)
    view = a.a_small_view(headline=a.a_headline(severity=severity))
    workspace(lambda _: view)

    assert code == command.main(["runs", "--json", str(tmp_path / "r.json"), "--fail-on", "big"])
    assert (tmp_path / "r.json").exists()
    assert (level == "unknown") == ("A severity is not known" in capsys.readouterr().err)


def test_damage_wins_over_a_severity_that_is_reached(workspace, tmp_path: Path):
    workspace(lambda _: msgspec.structs.replace(SMALL, notices=(DAMAGE,)))

    assert 2 == command.main(["runs", "--json", str(tmp_path / "r.json"), "--fail-on", "little"])


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["runs", "--brief", "--full"],
        ["runs", "--since", "May", "--reference", "previous"],
        ["runs", "--all-pipelines", "--full"],
        ["runs", "--history", "--watch"],
        ["runs", "--watch", "-o", "-"],
        ["runs", "--every", "0"],
        ["runs", "--paper", "A3"],
    ],
)
def test_options_that_contradict_each_other_end_with_2(options: list[str], capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(options)

    assert 2 == ended.value.code
    assert "insights-report: error: " in capsys.readouterr().err


# --- on the demo ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def live(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo, read once."""
    read = Workspace.open(str(root / "examples" / "shoes" / "runs"), state=str(tmp_path_factory.mktemp("state")))
    read.scan()
    return read


@pytest.fixture
def demo(live: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    class Opened:
        @staticmethod
        def open(logdir: str, **_: str) -> Workspace:
            return live

    monkeypatch.setattr(command, "Workspace", Opened)
    return lambda *options: command.main(["runs", "--state", str(tmp_path / "state"), *options])


def test_the_history_is_one_verdict_per_period(demo, capsysbinary):
    assert 1 == demo("--history", "--json", "--fail-on", "emergency")

    records = msgspec.json.decode(capsysbinary.readouterr().out)
    assert 17 == len(records)
    assert ("2025-09-22", "model", "emergency") == tuple(records[-1][key] for key in ("period", "corner", "severity"))


def test_the_history_is_a_table_of_words_too(demo, tmp_path: Path, capsysbinary):
    assert 0 == demo("--history")
    assert 0 == demo("--history", "--json", str(tmp_path / "h.jsonl"))

    assert 18 == len(capsysbinary.readouterr().out.splitlines())
    assert 17 == len((tmp_path / "h.jsonl").read_bytes().splitlines())


def test_since_compares_with_the_run_of_that_period(demo, tmp_path: Path):
    assert 0 == demo("--since", "2025-08-04", "--json", str(tmp_path / "r.json"))

    view = msgspec.json.decode((tmp_path / "r.json").read_bytes())["views"][0]
    assert "4 Aug 2025" in view["subtitle"]


def test_a_reference_that_cannot_be_followed_is_a_sentence_and_never_another_one(demo, capsys):
    assert 2 == demo("--reference", "nonsense", "--json", "-")
    assert "Nothing can be compared with reference 'nonsense'" in capsys.readouterr().err


def test_a_period_that_no_run_has_is_a_sentence_with_those_there_are(demo, capsys):
    assert 2 == demo("--since", "2024-01-01", "--json", "-")
    assert "No run has the period '2024-01-01'. The periods are 2025-06-02, 2025-06-09 ... 2025-09-22." in capsys.readouterr().err


def test_a_note_is_shown_now_and_later_until_an_empty_one_forgets_it(demo, tmp_path: Path):
    (tmp_path / "note.txt").write_text("What to do: Ask Ada.\nSeen on Monday.")
    (tmp_path / "empty.txt").write_text("")
    said = []
    for options in (("--notes", str(tmp_path / "note.txt")), (), ("--notes", str(tmp_path / "empty.txt"))):
        demo("--markdown", str(tmp_path / "r.md"), *options)
        text = (tmp_path / "r.md").read_text()
        said.append(("Ask Ada." in text, "Seen on Monday." in text))

    assert [(True, True), (True, True), (False, False)] == said


def test_the_full_report_asks_for_every_row(live: Workspace, tmp_path: Path):
    made = gather(live, Wish(length="full"), ReviewNotes(tmp_path))
    tables = [block for view in made.appendix for section in view.sections for block in section.blocks if isinstance(block, Table)]

    assert ["insights", "cost"] == [view.view for view in made.appendix[:2]]
    assert [] == [table.id for table in tables if table.total != len(table.rows)]
    assert any(table.total > 10 for table in tables)


# --- waiting for runs -----------------------------------------------------------------------------------------------------------------


def test_watching_writes_a_report_for_the_latest_run_and_then_for_each_new_one(tmp_path: Path):
    runs = [a_run("r1", period="2025-01-06"), a_run("r2", period="2025-01-13/x")]
    watched, written = FakeHistory(runs), []
    watch = Watch(watched, tmp_path)

    def write(_: str, run: str, path: Path) -> None:
        written.append((run, path.name))

    assert (1, 0) == (watch.look(write), watch.look(write))
    runs.append(a_run("r3", period="Übergang"))
    assert 1 == watch.look(write)
    assert [("r2", "report-2025-01-13-x.pdf"), ("r3", "report-Ubergang.pdf")] == written


def test_two_runs_of_one_period_and_names_without_latin_letters_get_files_of_their_own(tmp_path: Path):
    names = file_names(
        [
            ("鞋", a_run("r1", period="May")),
            ("靴", a_run("r2", period="May")),
            ("", a_run("r3", period="may")),
            ("", a_run("r4", period="June")),
        ]
    )

    assert ("report-May.pdf", "report-June.pdf") == (names[0], names[3])
    assert 4 == len({name.lower() for name in names})
    assert names[1].startswith("report-May-")


def test_watching_writes_the_second_run_of_a_period_beside_the_first(tmp_path: Path):
    runs, written = [a_run("r1", period="2025-01-06")], []
    watch = Watch(FakeHistory(runs), tmp_path)
    watch.look(lambda _, run, path: written.append((run, path.name)))
    runs.append(a_run("r1-again", period="2025-01-06"))
    watch.look(lambda _, run, path: written.append((run, path.name)))

    assert ["r1", "r1-again"] == [run for run, _ in written]
    assert 2 == len({name for _, name in written})


def test_a_report_that_fails_is_tried_again(tmp_path: Path):
    watch, tried = Watch(FakeHistory([a_run("r1", period="May")]), tmp_path, every=True), []

    def write(_: str, run: str, path: Path) -> None:
        tried.append(path.name)
        if len(tried) == 1:
            raise UnknownId("Not yet.")

    with pytest.raises(UnknownId):
        watch.look(write)
    assert 1 == watch.look(write)
    assert ["report-Shoes-May.pdf"] * 2 == tried


def test_ctrl_c_ends_watching_with_0(monkeypatch, tmp_path: Path, capsys):
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command.time, "sleep", stop)
    (tmp_path / "runs").mkdir()

    assert 0 == command.main([str(tmp_path / "runs"), "--state", str(tmp_path / "s"), "--watch", "-o", str(tmp_path / "out")])
    assert capsys.readouterr().err.endswith(f"Waiting for runs; reports go to {tmp_path / 'out'}. Ctrl-C ends.\nStopped watching.\n")


class FakeHistory:
    """A workspace with one pipeline whose runs the test holds."""

    def __init__(self, runs: list[Run]) -> None:
        self._runs = runs

    def scan(self) -> None:
        return

    def pipelines(self) -> tuple[tuple[str, str], ...]:
        return (("p", "Shoes"),)

    def histories(self) -> tuple[History, ...]:
        return (msgspec.structs.replace(a_history(*self._runs), pipeline="p"),)


def a_run(name: str, *, period: str) -> Run:
    return builders.a_run(name, period=Period(label=period), evaluation=Loaded(value=an_evaluation()))
