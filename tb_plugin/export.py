"""The export button: the report command as a child process, its progress, its file, its end."""

from __future__ import annotations

import atexit
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from tb_plugin.backend import Source

MOST_AT_ONCE = 2
KEEP_JOBS = 8  # finished files kept for a late download
VIEW = (
    "pipeline",
    "run",
    "reference",
    "model",
    "threshold",
    "split",
    "values_scale",
)  # parameters of a view, as the report command takes them
CHOICES = {"format": ("pdf", "html", "json", "markdown", "csv"), "length": ("standard", "brief", "full"), "paper": ("", "A4", "Letter")}

# `python -m report` would put the current folder first on the path, where a user's own report.py may lie.
_COMMAND = (
    sys.executable,
    "-c",
    "import sys, runpy; sys.path[:] = [p for p in sys.path if p]; runpy.run_module('report', run_name='__main__', alter_sys=True)",
)

State = Literal["running", "done", "failed"]
_WRITTEN = (0, 2)


class Form(NamedTuple):
    """A form of report: the command's flag for its file, the end of the file's name, its content type."""

    flag: str
    suffix: str
    type: str


FORMS = {
    "pdf": Form("--output", ".pdf", "application/pdf"),
    "html": Form("--html", ".html", "text/html"),
    "json": Form("--json", ".json", "application/json"),
    "markdown": Form("--markdown", ".md", "text/markdown"),
    "csv": Form("--csv", ".csv", "text/csv"),
}


class BadChoice(ValueError):
    """A form, length or paper that there is not; the message is a sentence for the user."""


class TooManyExports(RuntimeError):
    """As many exports as may run at once are running."""


@dataclass
class Job:
    """One export. `said` is the last line that the command wrote, and so the reason when it failed."""

    id: str
    wish: Mapping[str, str]  # every name of VIEW and CHOICES
    folder: Path
    child: subprocess.Popen[str]
    said: str = ""
    cancelled: bool = False
    reader: threading.Thread | None = field(default=None, repr=False)

    @property
    def form(self) -> Form:
        return FORMS[self.wish["format"]]

    @property
    def file(self) -> Path:
        return self.folder / f"report{self.form.suffix}"

    def state(self) -> State:
        """`done` means the file is whole: the command renames it into place at the end. Code 2 with a file is a report that says what is damaged."""
        if self.child.poll() is None:
            return "running"
        if self.reader is not None:
            self.reader.join(timeout=2)  # its last words may still be on the way
        return "done" if self.child.returncode in _WRITTEN and self.file.is_file() and not self.cancelled else "failed"

    def name(self) -> str:
        """File name for the download: ASCII letters, digits, dots and dashes."""
        words = [re.sub(r"[^A-Za-z0-9.]+", "-", self.wish[name]).strip("-.") for name in ("pipeline", "run", "reference")]
        return "-".join(["insights", *(word[:60] for word in words if word)]) + self.form.suffix


class Jobs:
    """The exports of one TensorBoard. Files live in our state folder, never in the log directory, and go with the process."""

    def __init__(self, source: Source, *, command: Sequence[str] = _COMMAND) -> None:
        self._source, self._command = source, tuple(command)
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._home: Path | None = None

    def start(self, params: Mapping[str, str]) -> Job:
        """Export the view with these parameters, or join the export of the same that is under way.

        Raises `BadChoice`, `TooManyExports`, `OSError`."""
        wish = _wish(params)
        with self._lock:
            running = [job for job in self._jobs.values() if job.state() == "running" and not job.cancelled]
            same = next((job for job in running if job.wish == wish), None)
            if same is not None:
                return same
            if len(running) >= MOST_AT_ONCE:
                raise TooManyExports(f"{MOST_AT_ONCE} exports are under way. Wait for one of them, or cancel it.")
            self._forget_old()
            job = self._launch(wish)
            self._jobs[job.id] = job
            return job

    def find(self, job: str) -> Job | None:
        with self._lock:
            return self._jobs.get(job)

    def cancel(self, job: Job) -> None:
        """End the command; what it wrote so far is never offered."""
        job.cancelled = True
        _end(job.child)

    def close(self) -> None:
        """End what runs and remove every file."""
        with self._lock:
            for job in self._jobs.values():
                self.cancel(job)
            self._jobs.clear()
            if self._home is not None:
                shutil.rmtree(self._home, ignore_errors=True)
                self._home = None

    def _launch(self, wish: Mapping[str, str]) -> Job:
        name = secrets.token_urlsafe(9)
        folder = self._folder() / name
        folder.mkdir()
        form = FORMS[wish["format"]]
        child = subprocess.Popen(
            [*self._command, self._source.logdir, f"{form.flag}={folder / f'report{form.suffix}'}", *self._flags(wish)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"},
        )
        job = Job(name, wish, folder, child)
        job.reader = threading.Thread(target=_listen, args=(job, child.stderr), name="insights-export", daemon=True)
        job.reader.start()
        return job

    def _flags(self, wish: Mapping[str, str]) -> list[str]:
        """One word each: a value may begin with a dash."""
        own = {"insights_config": self._source.config, "insights_state": self._source.state}
        chosen = {**{name: wish[name] for name in (*VIEW, "paper")}, **own}
        length = [] if wish["length"] == "standard" else [f"--{wish['length']}"]
        return [*(f"--{flag}={value}" for flag, value in chosen.items() if value), *length]

    def _folder(self) -> Path:
        if self._home is None:
            if self._source.state:
                os.makedirs(self._source.state, exist_ok=True)
            self._home = Path(tempfile.mkdtemp(prefix="insights-export-", dir=self._source.state or None))
            atexit.register(self.close)
        return self._home

    def _forget_old(self) -> None:
        finished = [job for job in self._jobs.values() if job.state() != "running"]
        for job in finished[: max(0, len(finished) - KEEP_JOBS + 1)]:
            shutil.rmtree(job.folder, ignore_errors=True)
            del self._jobs[job.id]


def _wish(params: Mapping[str, str]) -> dict[str, str]:
    """The parameters that the command takes, each with a value; "" for none. Raises `BadChoice`."""
    wish = {name: params.get(name, "") for name in VIEW}
    for name, known in CHOICES.items():
        wish[name] = params.get(name, "") or known[0]
        if wish[name] not in known:
            raise BadChoice(f"There is no {name} {wish[name][:40]!r} of a report; choose one of {', '.join(filter(None, known))}.")
    return wish


def _listen(job: Job, stream: IO[str] | None) -> None:
    """Keep the last line said; a progress bar may rewrite its line by carriage returns, which text mode turns into lines."""
    if stream is None:
        return
    with stream:
        for line in stream:
            if line.strip():
                job.said = line.strip()[:2_000]
    job.child.wait()


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=2)
        except subprocess.TimeoutExpired:
            child.kill()
