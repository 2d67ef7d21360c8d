"""Review notes: a text file per pipeline and run in the state directory, written by a person for the report's first page."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from model_insights.errors import InsightsError

MOST_LETTERS = 1_200  # what page 1 has room for


class NoteError(InsightsError):
    """A review note cannot be read or kept."""


class NoteFiles:
    """The notes of one state directory."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "notes"

    def folder(self, pipeline: str) -> Path:
        """Where the notes of a pipeline lie; digests, so that no id becomes part of a path."""
        return self._folder / _digest(pipeline)

    def path(self, pipeline: str, run: str) -> Path:
        """Where the note of a run lies."""
        return self.folder(pipeline) / f"{_digest(run)}.txt"

    def text(self, pipeline: str, run: str) -> str:
        """The note of a run as it was written; "" where there is none. Raises NoteError when it is there and cannot be read."""
        path = self.path(pipeline, run)
        return read_text(path) if path.is_file() else ""

    def keep(self, pipeline: str, run: str, text: str) -> None:
        """Keep a note for this and later reports of the run; an empty one forgets it. The file is replaced at once. Raises NoteError."""
        path = self.path(pipeline, run)
        if len(text) > MOST_LETTERS:
            raise NoteError(f"The note is longer than {MOST_LETTERS:,} letters, which is what page 1 has room for. Shorten it.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, text)
        except OSError as error:
            raise NoteError(
                f"The note cannot be kept in {path}: {error.strerror}. Name a writable folder with --insights_state."
            ) from error


def _replace(path: Path, text: str) -> None:
    if not text.strip():
        path.unlink(missing_ok=True)
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def read_text(path: Path) -> str:
    """The text of a file. Raises NoteError, also when it is longer than page 1 has room for."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(MOST_LETTERS + 1)
    except OSError as error:
        raise NoteError(f"The note {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise NoteError(f"The note {path} is no text in UTF-8.") from error
    if len(text) > MOST_LETTERS:
        raise NoteError(f"The note {path} is longer than {MOST_LETTERS:,} letters, which is what page 1 has room for. Shorten it.")
    return text


def _digest(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=12).hexdigest()
