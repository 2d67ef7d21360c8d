"""Waits for runs and writes a report for each new one."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
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
        finished = self._finished()
        names = file_names([(name if self._every else "", run) for _, name, run in finished])
        for (pipeline, _, run), file_name in zip(finished, names, strict=True):
            if run.id in self._known[pipeline]:
                continue
            try:
                write(pipeline, run.id, self._folder / file_name)
            except InsightsError as error:
                trouble = error
                continue
            self._known[pipeline].add(run.id)
            written += 1
        if trouble is not None:
            raise trouble
        return written

    def _finished(self) -> list[tuple[str, str, Run]]:
        """(pipeline's id, its name, run) of every run with an evaluation; at the first look all but the latest are known already."""
        listed = self._workspace.pipelines()
        names = dict(listed if self._every else [pair for pair in listed if self._pipeline in ("", *pair)][:1])
        found = []
        for history in self._workspace.histories():
            if history.pipeline not in names:
                continue
            finished = [run for run in history.runs if isinstance(run.evaluation, Loaded) and run.state != "running"]
            self._known.setdefault(history.pipeline, {run.id for run in finished[:-1]})
            found += [(history.pipeline, names[history.pipeline], run) for run in finished]
        return found


def file_names(runs: Sequence[tuple[str, Run]]) -> tuple[str, ...]:
    """For each (pipeline's name or nothing, run) `report-2025-09-22.pdf`: letters, digits, dots, dashes.

    Where several share one, as a week that ran twice, the first keeps it and the others carry a mark of their run."""
    taken: set[str] = set()
    out = []
    for pipeline, run in runs:
        plain = "-".join(part for part in map(_plain, ("report", pipeline, run.period.label or run.name)) if part)
        name = f"{plain}-{_mark(run)}" if plain.lower() in taken else plain
        taken.add(name.lower())
        out.append(f"{name}.pdf")
    return tuple(out)


def _mark(run: Run) -> str:
    return hashlib.blake2b(f"{run.pipeline}/{run.id}".encode(), digest_size=4).hexdigest()


def _plain(text: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9.]+", "-", ascii_text).strip("-.")[:60]
