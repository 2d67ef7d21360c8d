"""The desktop window without a display: what it reads, offers, draws, keeps, and says when something goes wrong."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pypdfium2")
pytest.importorskip("weasyprint")
pytest.importorskip("matplotlib")

import view_builders as a
from PIL import Image

import report.desk as desk_module
from report.desk import Desk, Outcome, pictures, recent, remember, show
from report.gather import Material, Wish
from report.look import Look
from report.pdf import to_pdf


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(str(tmp_path / "state"))
    yield made
    made.close()


def ended(desk: Desk) -> Outcome:
    for _ in range(1200):
        outcome = desk.poll()
        if outcome is not None:
            return outcome
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def test_reading_the_demo_offers_its_pipeline_its_runs_and_its_references(desk: Desk, root: Path):
    demo = str(root / "examples" / "shoes" / "runs")
    desk.read(demo)
    read = ended(desk)
    desk.choose(Wish(run=read.selection.runs[3].id if read.selection else ""))
    chosen = ended(desk)

    assert (True, "Found 1 pipeline; Shoe shop has 17 runs.") == (read.good, read.sentence)
    assert read.selection is not None
    assert chosen.selection is not None
    assert read.selection.runs[3].id == chosen.selection.run
    assert chosen.selection.reference in [one.id for one in chosen.selection.references]
    assert (demo,) == recent(desk.state)


@pytest.mark.parametrize(
    ("logdir", "said"), [("  ", "Choose the folder with the pipeline runs first."), ("/nowhere/at/all", "/nowhere/at/all")]
)
def test_a_folder_that_cannot_be_used_is_a_sentence(desk: Desk, logdir: str, said: str):
    desk.read(logdir)
    outcome = ended(desk)

    assert not outcome.good
    assert said in outcome.sentence
    assert () == recent(desk.state)


def test_drawing_before_reading_is_a_sentence(desk: Desk):
    desk.draw(Wish())

    assert (False, "Read a folder first.") == ((outcome := ended(desk)).good, outcome.sentence)
    assert "Make the report first." == desk.save("r.pdf")


def test_a_report_is_drawn_shown_as_pages_and_saved(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(Desk, "_open", lambda _: None)
    monkeypatch.setattr(desk_module, "gather", lambda *_: Material(views=(a.a_small_view(),), look=Look(length="brief")))
    desk.draw(Wish())
    outcome = ended(desk)

    assert f"1 page. {a.a_headline().sentence}" == outcome.sentence
    assert desk.drawing is not None
    assert 640 == Image.open(io.BytesIO(desk.drawing.pages[0])).width
    assert f"Saved as {tmp_path / 'r.pdf'}." == desk.save(str(tmp_path / "r.pdf"))
    assert desk.drawing.pdf == (tmp_path / "r.pdf").read_bytes() == desk.shown().read_bytes()
    assert desk.save(str(tmp_path / "no" / "r.pdf")).endswith("No such file or directory. Choose another place.")


def test_one_thing_is_done_at_a_time_and_can_be_stopped(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    started, go = threading.Event(), threading.Event()

    def slow(*_: object) -> Material:
        started.set()
        go.wait(10)
        return Material(views=(a.a_small_view(),))

    monkeypatch.setattr(Desk, "_open", lambda _: None)
    monkeypatch.setattr(desk_module, "gather", slow)
    desk.draw(Wish())
    started.wait(10)
    desk.read("/nowhere")
    desk.cancel()
    go.set()
    outcome = ended(desk)

    assert ("draw", False, "Stopped; nothing was changed.") == (outcome.kind, outcome.good, outcome.sentence)
    assert (None, False) == (desk.drawing, desk.busy)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ZeroDivisionError("x"), "While drawing the report something went wrong that we did not foresee (ZeroDivisionError: x)."),
        (PermissionError(13, "Permission denied", "/f"), "While drawing the report: Permission denied: /f."),
    ],
)
def test_even_what_nobody_foresaw_is_a_sentence(desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str):
    def broken(*_: object) -> Material:
        raise error

    monkeypatch.setattr(Desk, "_open", lambda _: None)
    monkeypatch.setattr(desk_module, "gather", broken)
    desk.draw(Wish())

    assert said in ended(desk).sentence


def test_recent_folders_are_kept_newest_first_and_a_damaged_memory_is_none(tmp_path: Path):
    for name in (*"abcdefghij", "c"):
        remember(tmp_path, name)
    kept = recent(tmp_path)
    (tmp_path / "recent.json").write_text("{")

    assert ("c", "j", "i", "h", "g", "f", "e", "d") == kept
    assert () == recent(tmp_path)


def test_without_a_program_for_pdfs_the_place_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")

    assert "No program for PDFs was found here; the report lies in r.pdf." == show(Path("r.pdf"))


def test_pages_become_pictures_of_one_width():
    sizes = [Image.open(io.BytesIO(page)).size for page in pictures(to_pdf((a.a_small_view(),)), 320)]

    assert {320} == {width for width, _ in sizes}


def test_without_tkinter_the_window_names_the_package(root: Path):
    code = "import sys; sys.modules['tkinter'] = None; from report.__main__ import main; sys.exit(main(['--window']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)

    assert 2 == done.returncode
    assert "apt-get install python3-tk" in done.stderr
    assert 1 == len(done.stderr.splitlines())
