"""Review notes: a text file per pipeline and run in the state directory, which adds to a report's words without computing anew."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from model_insights.errors import InsightsError
from report.look import Review

MOST_LETTERS = 1_200  # what page 1 has room for
_LABELLED = re.compile(r"(headline|what to do)\s*:\s*(.+)", re.IGNORECASE)


class NoteError(InsightsError):
    """A review note cannot be read or kept."""


class ReviewNotes:
    """The notes of one state directory. A report looks for its own; `keep` puts a person's file there."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "notes"

    def path(self, pipeline: str, run: str) -> Path:
        """Where the note of a run lies; digests, so that no id becomes part of a path."""
        return self._folder / _digest(pipeline) / f"{_digest(run)}.txt"

    def read(self, pipeline: str, run: str) -> Review:
        """The note of a run; nothing where there is none. Raises NoteError when it is there and cannot be read."""
        path = self.path(pipeline, run)
        return parse(read_text(path)) if path.is_file() else Review()

    def keep(self, pipeline: str, run: str, text: str) -> None:
        """Keep a note for this and later reports of the run; an empty one forgets it. Raises NoteError."""
        path = self.path(pipeline, run)
        try:
            if not text.strip():
                path.unlink(missing_ok=True)
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise NoteError(
                f"The note cannot be kept in {path}: {error.strerror}. Name a writable folder with --insights_state."
            ) from error


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


def parse(text: str) -> Review:
    """A line `Headline: ...` or `What to do: ...` stands in place of the report's own words; the other paragraphs are the note."""
    said: dict[str, str] = {}
    paragraphs: list[list[str]] = [[]]
    for line in text.splitlines():
        labelled = _LABELLED.fullmatch(line.strip())
        if labelled:
            said[labelled[1].lower()] = labelled[2].strip()
        elif line.strip():
            paragraphs[-1].append(line.strip())
        else:
            paragraphs.append([])
    note = tuple(" ".join(lines) for lines in paragraphs if lines)
    return Review(note=note, headline=said.get("headline", ""), action=said.get("what to do", ""))


def _digest(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=12).hexdigest()
