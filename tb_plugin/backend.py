"""What both tabs share: one workspace per TensorBoard, read in the background at first need and again when files change."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tb_plugin import watch
from tb_plugin.export import Jobs
from tb_plugin.kept import Kept

if TYPE_CHECKING:
    from tensorboard.plugins.base_plugin import TBContext

    from model_insights.workspace import Workspace

GLANCE_SECONDS = 0.2  # the longest that TensorBoard's list of plugins may wait for both tabs together
POLL_SHARE = 20  # looking for changes takes at most one part in twenty of the time


@dataclass(frozen=True)
class Source:
    """What TensorBoard was started with, as far as it concerns us. `pause` is the time between looks for changes in seconds; 0: never."""

    logdir: str
    roots: tuple[str, ...]
    config: str = ""
    state: str = ""
    pause: float = 5.0

    @property
    def remote(self) -> bool:
        """Some root is behind a URL: changes there cannot be seen without reading."""
        return any("://" in root for root in self.roots)

    @property
    def configs(self) -> tuple[str, ...]:
        """The configuration files named, which may be several with commas between them."""
        return tuple(os.path.expanduser(part) for part in self.config.split(",") if part)

    @classmethod
    def of(cls, context: TBContext) -> Source:
        """From a TensorBoard context, any field of which may be missing."""
        flags = context.flags
        logdir, spec = context.logdir or "", getattr(flags, "logdir_spec", "") or ""
        roots = watch.roots_of(logdir, spec)
        return cls(
            logdir=roots[0] if logdir else spec,
            roots=roots,
            config=getattr(flags, "insights_config", "") or "",
            state=getattr(flags, "insights_state", "") or "",
            pause=float(getattr(flags, "reload_interval", 5.0) or 0.0),
        )


@dataclass(frozen=True)
class Status:
    """How far reading is. `failure` is a sentence when the last scan could not be completed."""

    scanning: bool
    scanned: bool
    generation: int
    progress: str = ""
    failure: str = ""


def _open(source: Source) -> Workspace:
    # Imported on the scanning thread: polars, numpy and protobuf must not be on TensorBoard's way to its first byte.
    from model_insights.workspace import Workspace

    return Workspace.open(source.logdir, config=source.config, state=source.state)


class Backend:
    """The workspace with its scanning thread, the answers kept and the exports. Any of TensorBoard's request threads may call it."""

    def __init__(
        self, source: Source, *, keep: Any = None, pages: Sequence[str] = (), open_workspace: Callable[[Source], Workspace] = _open
    ) -> None:
        self.source = source
        self.pages = tuple(pages)  # composed ahead after the first scan, so that a tab opens at once
        self.kept = Kept()
        self.jobs = Jobs(source)
        self._context = keep  # alive as long as we are: the loader tells backends apart by its id
        self._open = open_workspace
        self._workspace: Workspace | None = None
        self._lock, self._glance_lock = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._done = threading.Event()  # a first scan has ended, well or badly
        self._progress, self._failure = "", ""
        self._reading = False  # the thread reads; it may also just look whether there is something to read
        self._glance: watch.Glance | None = None
        self._fingerprint: int | None = None
        self._next_look = 0.0

    # --- asked by TensorBoard and the routes --------------------------------------------------------------------------------

    def is_active(self) -> bool:
        """Does the tab belong in the bar? Takes `GLANCE_SECONDS` at most; a directory without anything for us costs no more than that."""
        if self._done.is_set():
            self.wake()
            return bool(self._failure) or (self._workspace is not None and self._workspace.has_pipelines())
        found = self._glanced()
        if found != "nothing":
            self.wake()
        return found == "found"

    def _glanced(self) -> watch.Glance:
        with self._glance_lock:
            if self._glance is None or (self._glance == "nothing" and time.monotonic() >= self._next_look):
                self._glance = watch.glance(self.source.roots, seconds=GLANCE_SECONDS)
                self._next_look = time.monotonic() + max(self.source.pause, POLL_SHARE * GLANCE_SECONDS)
            return self._glance

    def wake(self, *, force: bool = False) -> None:
        """Start reading in the background if nothing was read yet, or if it is time to look for changes; `force` reads in any case."""
        with self._lock:
            if self._thread is not None or not self.source.roots:
                return
            due = not self._done.is_set() or (self.source.pause > 0 and time.monotonic() >= self._next_look)
            if force or due:
                self._thread = threading.Thread(target=self._run, args=(force,), name="insights-scan", daemon=True)
                self._thread.start()

    def status(self) -> Status:
        workspace = self._workspace
        generation = workspace.generation if workspace is not None else 0
        scanned = self._done.is_set()
        scanning = self._thread is not None and (self._reading or not scanned)
        return Status(scanning, scanned, generation, self._progress, self._failure)

    def ready(self, seconds: float) -> bool:
        """Wait at most so long for the first scan."""
        return self._done.wait(seconds)

    @property
    def workspace(self) -> Workspace | None:
        """The workspace once it has been read; None before, and when reading failed from the start."""
        return self._workspace if self._done.is_set() else None

    # --- on the scanning thread ---------------------------------------------------------------------------------------------

    def _run(self, force: bool) -> None:
        failure = "Insights stopped on a fault of its own while reading; TensorBoard's log has the details."
        try:
            failure = self._refresh(force)
        finally:  # nobody may wait for us for ever; the fault itself goes to the log through threading.excepthook
            is_first = not self._done.is_set()
            self._failure, self._progress = failure, ""
            self._done.set()
            try:
                self._follow_up(is_first=is_first)
            finally:
                self._progress, self._reading = "", False
                with self._lock:
                    self._thread = None

    def _follow_up(self, *, is_first: bool) -> None:
        """What may come after the pages can be shown: pages composed ahead, and what the rows say of slices and combinations."""
        if is_first:
            self._compose_ahead()
        if self._reading and self._workspace is not None and not self._failure:
            before = self._workspace.generation
            self._workspace.read_rows(self._note)
            if is_first and self._workspace.generation != before:
                self._compose_ahead()

    def _compose_ahead(self) -> None:
        from tb_plugin import answers

        for page in self.pages:
            answers.view_impl(self, {}, page=page)

    def _refresh(self, force: bool) -> str:
        """Scan if something changed or the last scan failed. Returns the sentence to show instead of the views, or ""."""
        started = time.monotonic()
        seen = watch.fingerprint(self.source.roots, self.source.configs)
        changed = force or self.source.remote or seen != self._fingerprint or self._tables_changed()
        looked = time.monotonic()
        try:
            failure = self._scan() if changed else ""
            self._fingerprint = None if failure else seen
            return failure
        finally:
            is_found_by_reading = self.source.remote or self._fingerprint is None
            cost = (time.monotonic() if is_found_by_reading else looked) - started
            self._next_look = time.monotonic() + max(self.source.pause, POLL_SHARE * cost)

    def _tables_changed(self) -> bool:
        return self._workspace is not None and self._workspace.tables_changed()

    def _scan(self) -> str:
        from model_insights.errors import InsightsError

        self._reading = True
        try:
            workspace = self._workspace or self._open(self.source)
            workspace.scan(self._note, rows=False)
        except InsightsError as error:
            return str(error)
        self._workspace = workspace
        return ""

    def _note(self, progress: str) -> None:
        self._progress = progress
