"""What people write about runs: what it turned out to be, and words for the report. Part of the composition root."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from model_insights.artifacts.confirmed import MOST_TEXT, Confirmed, ConfirmedCauses
from model_insights.artifacts.notes import MOST_LETTERS, NoteError, NoteFiles
from model_insights.errors import InsightsError, UnknownId
from model_insights.view import Choice, Remarks
from model_insights.wording import CORNERS

_CAUSES = (
    Choice(id="", text="Not recorded"),
    *(Choice(id=key, text=name) for key, name in CORNERS.items()),
    Choice(id="none", text="No fault"),
)


class Remembered:
    """The remarks of one state directory, by pipeline and run. Nothing of it is computed, and nothing computed hangs on it."""

    def __init__(self, state: Path) -> None:
        self._causes, self._notes = ConfirmedCauses(state), NoteFiles(state)

    def causes(self, pipeline: str) -> dict[str, tuple[str, str]]:
        """(cause, note) by run id."""
        return {run: (one.cause, one.note) for run, one in self._causes.read(pipeline).items()}

    def remarks(self, pipeline: str, run: str) -> Remarks:
        """What is kept about a run, for the page where it can be changed."""
        cause, note = self.causes(pipeline).get(run, ("", ""))
        try:
            words, fault = self._notes.text(pipeline, run), ""
        except NoteError as error:
            words, fault = "", str(error)
        return Remarks(causes=_CAUSES, cause=cause, note=note, most_note=MOST_TEXT, words=words, most_words=MOST_LETTERS, fault=fault)

    def confirm(self, pipeline: str, run: str, cause: str, note: str) -> None:
        """Keep what a run's verdict turned out to be; nothing at all forgets it. Raises UnknownId, NoteError."""
        if len(note) > MOST_TEXT:
            raise NoteError(f"The note is longer than {MOST_TEXT:,} letters. Shorten it.")
        try:
            self._causes.write(pipeline, run, msgspec.convert({"cause": cause, "note": note}, Confirmed))
        except msgspec.ValidationError as error:
            raise UnknownId(f"{cause!r} is no cause: choose business, data, model or none.") from error
        except OSError as error:
            raise _Unwritable(error) from error

    def keep_words(self, pipeline: str, run: str, text: str) -> None:
        """Keep the words for a run's report; empty ones forget them. Raises NoteError."""
        self._notes.keep(pipeline, run, text)

    def stamp(self, pipeline: str) -> str:
        """Another text as soon as anybody, in whatever process, wrote about this pipeline."""
        return " ".join(_touched(path) for path in (self._causes.path(pipeline), self._notes.folder(pipeline)))


class _Unwritable(InsightsError):
    """The state directory cannot be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"This cannot be kept: {error.strerror}. Name a writable folder with --insights_state.")


def _touched(path: Path) -> str:
    try:
        return str(os.stat(path).st_mtime_ns)
    except OSError:  # nobody wrote yet
        return "-"
