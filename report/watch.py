"""Waits for runs and writes a report for each new one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from model_insights.errors import InsightsError
from model_insights.loaded import Loaded
from model_insights.run import Run
from model_insights.workspace import Workspace

Write = Callable[[str, str, Path], None]  # (pipeline, run, file)


class Watch:
    """The runs of a workspace that have no report yet. `pipeline`: one of them (id or name); empty: the first; `every`: all."""

    def __init__(self, workspace: Workspace, folder: Path, *, pipeline: str = "", every: bool = False) -> None:
        self._workspace, self._folder, self._pipeline, self._every = workspace, folder, pipeline, every
        self._known: dict[str, set[str]] = {}

    def look(self, write: Write) -> int:
        """Read what changed and write a report for each run that is new since the last look; at the first look for the latest one.

        Returns how many were written. A report that fails is tried again at the next look, and its error raised after the others."""
        self._workspace.scan()
        written, trouble = 0, None
        for pipeline, name, run in list(self._new()):
            try:
                write(pipeline, run.id, self._folder / file_name(name if self._every else "", run))
            except InsightsError as error:
                trouble = error
                continue
            self._known[pipeline].add(run.id)
            written += 1
        if trouble is not None:
            raise trouble
        return written

    def _new(self) -> Iterator[tuple[str, str, Run]]:
        listed = self._workspace.pipelines()
        names = dict(listed if self._every else [pair for pair in listed if self._pipeline in ("", *pair)][:1])
        for history in self._workspace.histories():
            if history.pipeline not in names:
                continue
            finished = [run for run in history.runs if isinstance(run.evaluation, Loaded) and run.state != "running"]
            known = self._known.setdefault(history.pipeline, {run.id for run in finished[:-1]})
            yield from ((history.pipeline, names[history.pipeline], run) for run in finished if run.id not in known)


def file_name(pipeline: str, run: Run) -> str:
    """`report-2025-09-22.pdf`: letters, digits, dots, dashes; the pipeline's name where there are several."""
    parts = [_plain(part) for part in ("report", pipeline, run.period.label or run.name)]
    return "-".join(part for part in parts if part) + ".pdf"


def _plain(text: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9.]+", "-", ascii_text).strip("-.")[:60]
