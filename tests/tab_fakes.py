"""A workspace that needs no files, and a TensorBoard application around our tabs, for tests of routes and threads."""

from __future__ import annotations

import argparse
import threading
import warnings
from collections.abc import Callable
from typing import Any

from tensorboard.plugins.base_plugin import TBContext
from werkzeug.test import Client

from model_insights.errors import UnknownId
from model_insights.view import Request, View
from tb_plugin.backend import Backend, Source
from tb_plugin.plugin import TABS

with warnings.catch_warnings():  # TensorBoard's own copies of other packages warn about themselves
    warnings.simplefilter("ignore")
    from tensorboard.backend.application import TensorBoardWSGI


OURS = {"Sec-Fetch-Site": "same-origin", "X-Insights": "1"}


class FakeWorkspace:
    """Counts what it is asked. `gate`, when given, holds every scan until it is set."""

    def __init__(self, *, gate: threading.Event | None = None, pipelines: bool = True) -> None:
        self.generation, self.scans, self.requests = 0, 0, []
        self.gate, self.pipelines = gate, pipelines
        self.written: list[tuple[str, ...]] = []
        self.other_tables = False
        self.begun = threading.Event()

    def scan(self, progress: Callable[[str], None], *, rows: bool = True) -> None:
        progress("Reading shoes")
        self.begun.set()
        if self.gate is not None:
            assert self.gate.wait(10)
        self.scans += 1
        self.generation += 1

    def read_rows(self, progress: Callable[[str], None]) -> None:
        progress("Reading rows")

    def tables_changed(self) -> bool:
        return self.other_tables

    def has_pipelines(self) -> bool:
        return self.pipelines

    def view(self, request: Request) -> View:
        self.requests.append(request)
        if request.run == "nowhere":
            raise UnknownId("There is no run 'nowhere'.")
        return View(view=request.view, title=f"{request.view} of {request.run or 'the latest run'}")

    def confirm(self, *told: str) -> None:
        self._write("confirm", *told)

    def keep_words(self, *told: str) -> None:
        self._write("words", *told)

    def _write(self, what: str, pipeline: str, run: str, *told: str) -> None:
        if run == "nowhere":
            raise UnknownId("There is no run 'nowhere'.")
        self.written.append((what, pipeline, run, *told))

    def remembered_stamp(self, pipeline: str) -> str:
        return str(len(self.written))


def a_backend(tmp_path: Any, workspace: Any = None, *, pages: tuple[str, ...] = (), **source: Any) -> Backend:
    """A backend on a folder that holds something telling."""
    (tmp_path / "insights.toml").touch()
    fake = FakeWorkspace() if workspace is None else workspace
    given = {"logdir": str(tmp_path), "roots": (str(tmp_path),), "pause": 0.0, **source}
    return Backend(Source(**given), pages=pages, open_workspace=lambda _: fake)


def read(backend: Backend) -> Backend:
    """The backend after its first scan."""
    backend.wake()
    assert backend.ready(10)
    settle(backend)
    return backend


def settle(backend: Backend) -> None:
    """Wait until no scan is running."""
    for thread in threading.enumerate():
        if thread.name == "insights-scan":
            thread.join(10)
    assert not backend.status().scanning


def a_client(backend: Backend) -> Client:
    """TensorBoard's own application with our two tabs and nothing else."""
    context = a_context()
    return Client(TensorBoardWSGI([tab(context, lambda: backend) for tab in TABS.values()]))


def a_context(logdir: str = "", **flags: Any) -> TBContext:
    given = {"logdir_spec": "", "reload_interval": 5.0, **flags}
    return TBContext(logdir=logdir, flags=argparse.Namespace(logdir=logdir, **given))
