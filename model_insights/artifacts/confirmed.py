"""What it turned out to be: causes a person confirmed, kept in our state directory, never in the user's stores."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Literal

import msgspec

from model_insights.noun import Noun

Cause = Literal["business", "data", "model", "none", ""]
MOST_TEXT = 2_000  # letters of a note


class Confirmed(Noun):
    """The confirmed cause of one run's verdict ("none": there was no fault) and a person's note."""

    cause: Cause
    note: str = ""


class ConfirmedCauses:
    """One JSON file per pipeline. Unreadable files count as empty; a write replaces the file at once."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "confirmed"

    def read(self, pipeline: str) -> dict[str, Confirmed]:
        """By run id."""
        try:
            return msgspec.json.decode(self.path(pipeline).read_bytes(), type=dict[str, Confirmed])
        except (OSError, msgspec.MsgspecError):
            return {}

    def write(self, pipeline: str, run: str, confirmed: Confirmed) -> None:
        """Keep one; an empty cause and note forget it. Raises OSError where the state directory cannot be written."""
        known = self.read(pipeline)
        known.pop(run, None)
        if confirmed.cause or confirmed.note:
            known[run] = Confirmed(cause=confirmed.cause, note=confirmed.note)
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(known, order="sorted")))
        os.replace(temporary, self.path(pipeline))

    def path(self, pipeline: str) -> Path:
        """Where the causes of a pipeline lie; a digest, so that no id becomes part of a path."""
        return self._folder / f"{hashlib.blake2b(pipeline.encode(), digest_size=12).hexdigest()}.json"
