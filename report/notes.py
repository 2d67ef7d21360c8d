"""Review notes on paper: what a person wrote about a run adds to a report's words without computing anew."""

from __future__ import annotations

import re

from model_insights.artifacts.notes import NoteFiles
from report.look import Review

_LABELLED = re.compile(r"(headline|what to do)\s*:\s*(.+)", re.IGNORECASE)


class ReviewNotes(NoteFiles):
    """The notes of one state directory, as page 1 shows them."""

    def read(self, pipeline: str, run: str) -> Review:
        """The note of a run; nothing where there is none. Raises NoteError when it is there and cannot be read."""
        return parse(self.text(pipeline, run))


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
