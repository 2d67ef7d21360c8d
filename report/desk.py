"""What the desktop window does, without the window: reads and draws on a worker thread, keeps recent folders, says every error as a sentence."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import msgspec

from model_insights.artifacts.state import default_state
from model_insights.errors import InsightsError
from model_insights.noun import Noun
from model_insights.view import Request, Selection, View
from model_insights.workspace import Workspace
from report import drawing, save
from report.compare import name_of
from report.gather import Wish, gather
from report.making import make
from report.notes import ReviewNotes

MOST_RECENT = 8
PREVIEW_WIDTH = 640  # pixels

Kind = Literal["read", "choose", "draw"]
_DOING = {"read": "reading the runs", "choose": "looking at the run", "draw": "drawing the report"}


class Cancelled(InsightsError):
    """The person said stop."""


class Drawing(Noun):
    """A report that was made: the file's bytes, and its pages as PNG pictures."""

    pdf: bytes
    pages: tuple[bytes, ...]


class Outcome(Noun):
    """How a job ended. `sentence`: what to tell; `good`: whether it did what was asked."""

    kind: Kind
    good: bool
    sentence: str
    selection: Selection | None = None
    drawing: Drawing | None = None


class Desk:
    """One thing at a time: read a folder, offer choices, draw. `poll` from the window's loop; nothing here touches a widget."""

    def __init__(self, state: str = "") -> None:
        self._given, self.state = state, Path(state) if state else default_state()
        self._pool = ThreadPoolExecutor(1)
        self._job: Future[Outcome] | None = None
        self._kind: Kind = "read"
        self._stop = False
        self._workspace: Workspace | None = None
        self.said = ""  # the latest word on what goes on
        self.drawing: Drawing | None = None

    # --- jobs --------------------------------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        return self._job is not None

    def read(self, logdir: str, config: str = "") -> None:
        """Start reading a log directory; its pipelines, runs and references come as the outcome."""
        self._start("read", lambda: self._read(logdir, config))

    def choose(self, wish: Wish) -> None:
        """Start looking up what can be chosen beside this pipeline and run."""
        self._start("choose", lambda: self._choices(wish))

    def draw(self, wish: Wish) -> None:
        """Start drawing a report."""
        self._start("draw", lambda: self._draw(wish))

    def cancel(self) -> None:
        """Stop as soon as possible. What is being drawn is finished unseen."""
        self._stop = True
        self.said = "Stopping ..."

    def poll(self) -> Outcome | None:
        """The outcome of a job that has ended, once."""
        job = self._job
        if job is None or not job.done():
            return None
        self._job = None
        error = job.exception()
        if self._stop:
            return Outcome(kind=self._kind, good=False, sentence="Stopped; nothing was changed.")
        if error is not None:
            return Outcome(kind=self._kind, good=False, sentence=_sentence(error, self._kind))
        outcome = job.result()
        self.drawing = outcome.drawing or self.drawing
        return outcome

    def close(self) -> None:
        self._stop = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self, kind: Kind, work: Callable[[], Outcome]) -> None:
        if self._job is None:
            self._stop, self._kind, self.said = False, kind, f"{_DOING[kind].capitalize()} ..."
            self._job = self._pool.submit(work)

    def _say(self, words: str) -> None:
        if self._stop:
            raise Cancelled("Stopped.")
        self.said = words

    def _read(self, logdir: str, config: str) -> Outcome:
        if not logdir.strip():
            return Outcome(kind="read", good=False, sentence="Choose the folder with the pipeline runs first.")
        workspace = Workspace.open(logdir, config=config, state=self._given)
        workspace.scan(self._say)
        view = workspace.view(Request())
        if view.view == "empty":
            return Outcome(kind="read", good=False, sentence=_reasons(view) or f"There are no pipeline runs in {logdir}.")
        self._workspace = workspace
        remember(self.state, logdir)
        several = len(view.selection.pipelines)
        sentence = f"Found {several} pipeline{'s' if several > 1 else ''}; {name_of(view)} has {len(view.selection.runs)} runs."
        return Outcome(kind="read", good=True, sentence=sentence, selection=view.selection)

    def _choices(self, wish: Wish) -> Outcome:
        view = self._open().view(Request(pipeline=wish.pipeline, run=wish.run))
        return Outcome(kind="choose", good=True, sentence="Ready.", selection=view.selection)

    def _draw(self, wish: Wish) -> Outcome:
        material = gather(self._open(), wish, ReviewNotes(self.state))
        self._say("Drawing the pages; this takes about twenty seconds ...")
        pdf = make((material,), "pdf")
        self._say("Making the preview ...")
        pages = pictures(pdf)
        headline = material.views[0].headline
        sentence = f"{len(pages)} page{'s' if len(pages) > 1 else ''}. {headline.sentence if headline else ''}".strip()
        return Outcome(kind="draw", good=True, sentence=sentence, drawing=Drawing(pdf=pdf, pages=pages))

    def _open(self) -> Workspace:
        if self._workspace is None:
            raise InsightsError("Read a folder first.")
        return self._workspace

    # --- the file ------------------------------------------------------------------------------------------------------------------

    def save(self, path: str) -> str:
        """Write the drawn report; returns a sentence, also when it could not be written."""
        if self.drawing is None:
            return "Make the report first."
        try:
            save(self.drawing.pdf, Path(path))
        except InsightsError as error:
            return str(error).replace(" with -o", "")
        return f"Saved as {path}."

    def shown(self) -> Path:
        """A copy of the report in the state directory, for a program that shows PDFs. Raises CannotWrite."""
        folder = self.state / "window"
        folder.mkdir(parents=True, exist_ok=True)
        save(self.drawing.pdf if self.drawing else b"", folder / "report.pdf")
        return folder / "report.pdf"


def _sentence(error: BaseException, kind: Kind) -> str:
    if isinstance(error, InsightsError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"While {_DOING[kind]}: {error.strerror}: {error.filename}."
    return f"While {_DOING[kind]} something went wrong that we did not foresee ({type(error).__name__}: {error}). Nothing was written."


def _reasons(view: View) -> str:
    return " ".join(dict.fromkeys(f"{notice.text} {notice.remedy}".strip() for notice in view.notices))


def pictures(pdf: bytes, width: int = PREVIEW_WIDTH) -> tuple[bytes, ...]:
    """The pages of a PDF as PNG pictures of `width` pixels. Raises ReportUnavailable where pypdfium2 is missing."""
    with drawing():
        import pypdfium2
    document = pypdfium2.PdfDocument(pdf)
    try:
        return tuple(_png(page, width) for page in document)
    finally:
        document.close()


def _png(page: object, width: int) -> bytes:
    out = io.BytesIO()
    page.render(scale=width / page.get_width()).to_pil().save(out, "PNG")  # type: ignore[attr-defined]
    return out.getvalue()


# --- recent folders --------------------------------------------------------------------------------------------------------------


def recent(state: Path) -> tuple[str, ...]:
    """The folders that were read last, newest first; a file that is missing or damaged is no memory."""
    try:
        found = msgspec.json.decode((state / "recent.json").read_bytes(), type=list[str])
    except (OSError, msgspec.MsgspecError):
        return ()
    return tuple(found[:MOST_RECENT])


def remember(state: Path, logdir: str) -> None:
    """Put a folder first. A state directory that cannot be written forgets."""
    kept = [logdir, *(one for one in recent(state) if one != logdir)][:MOST_RECENT]
    try:
        state.mkdir(parents=True, exist_ok=True)
        save(msgspec.json.encode(kept), state / "recent.json")
    except OSError:
        return


def show(path: Path) -> str:
    """Open a file with the program the desktop has for it; returns a sentence."""
    try:
        if sys.platform == "win32":
            os.startfile(path)
        else:
            opener = "open" if sys.platform == "darwin" else "xdg-open"
            subprocess.Popen([opener, str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError:
        return f"No program for PDFs was found here; the report lies in {path}."
    return f"Opened {path}."
