"""Reading in the background: when it starts, what it says meanwhile, and when it starts again."""

from __future__ import annotations

import threading
import time

from tab_fakes import FakeWorkspace, a_backend, read, settle

from model_insights.errors import ConfigError
from tb_plugin import watch
from tb_plugin.backend import GLANCE_SECONDS, Backend, Source


class Faulty(FakeWorkspace):
    def __init__(self, fault: Exception) -> None:
        super().__init__()
        self.fault: Exception | None = fault

    def scan(self, progress, *, rows=True):
        if self.fault is not None:
            raise self.fault
        super().scan(progress)


def test_a_backend_reads_nothing_until_somebody_needs_it(tmp_path):
    workspace = FakeWorkspace()
    a_backend(tmp_path, workspace)

    assert 0 == workspace.scans


def test_the_list_of_plugins_starts_reading_and_does_not_wait_for_it(tmp_path):
    gate = threading.Event()
    workspace = FakeWorkspace(gate=gate)
    backend = a_backend(tmp_path, workspace)

    started = time.monotonic()
    active = backend.is_active()
    took = time.monotonic() - started
    assert workspace.begun.wait(10)
    status = backend.status()
    gate.set()
    settle(backend)

    assert active
    assert took < GLANCE_SECONDS + 1.0
    assert (True, False, "Reading shoes") == (status.scanning, status.scanned, status.progress)


def test_a_directory_with_nothing_for_us_is_never_read_for_the_list_of_plugins(tmp_path):
    workspace = FakeWorkspace()
    backend = a_backend(tmp_path, workspace)
    (tmp_path / "insights.toml").unlink()

    assert not backend.is_active()
    assert not backend.status().scanning
    assert 0 == workspace.scans


def test_after_reading_the_pipelines_decide(tmp_path):
    assert not read(a_backend(tmp_path, FakeWorkspace(pipelines=False))).is_active()
    assert read(a_backend(tmp_path, FakeWorkspace())).is_active()


def test_without_a_log_directory_there_is_no_tab_and_no_thread():
    backend = Backend(Source(logdir="", roots=()))
    backend.wake(force=True)

    assert not backend.is_active()
    assert not backend.status().scanning


def test_many_questions_at_once_start_one_scan(tmp_path):
    gate, workspace = threading.Event(), FakeWorkspace()
    workspace.gate = gate
    backend = a_backend(tmp_path, workspace)

    askers = [threading.Thread(target=backend.wake) for _ in range(20)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    gate.set()
    settle(backend)

    assert 1 == workspace.scans


def test_nothing_is_read_again_while_no_file_changes(tmp_path):
    workspace = FakeWorkspace()
    backend = read(a_backend(tmp_path, workspace, pause=1e-6))

    backend._next_look = 0.0
    backend.wake()
    settle(backend)

    assert 1 == workspace.scans


def test_a_new_file_is_read_at_the_next_look(tmp_path):
    workspace = FakeWorkspace()
    backend = read(a_backend(tmp_path, workspace, pause=1e-6))

    (tmp_path / "metadata.db").touch()
    backend._next_look = 0.0
    backend.wake()
    settle(backend)

    assert (2, 2) == (workspace.scans, backend.status().generation)


def test_a_business_table_outside_the_log_directory_is_read_again_when_it_was_written(tmp_path):
    workspace = FakeWorkspace()
    backend = read(a_backend(tmp_path, workspace, pause=1e-6))

    workspace.other_tables = True
    backend._next_look = 0.0
    backend.wake()
    settle(backend)

    assert 2 == workspace.scans


def test_pages_can_be_shown_while_the_rows_are_still_read(tmp_path):
    reading, gate = threading.Event(), threading.Event()

    class Slow(FakeWorkspace):
        def read_rows(self, progress):
            progress("Reading the rows of shoes")
            reading.set()
            assert gate.wait(10)
            self.generation += 1

    backend = a_backend(tmp_path, Slow(), pages=("insights",))
    backend.wake()
    assert reading.wait(10)
    meanwhile, shown = backend.status(), backend.workspace
    gate.set()
    settle(backend)

    assert (True, True, "Reading the rows of shoes", 1) == (meanwhile.scanned, meanwhile.scanning, meanwhile.progress, meanwhile.generation)
    assert shown is not None
    assert (False, "", 2) == (backend.status().scanning, backend.status().progress, backend.status().generation)


def test_looking_for_changes_is_not_reading(tmp_path, monkeypatch):
    backend = read(a_backend(tmp_path, pause=1e-6))
    looking, gate = threading.Event(), threading.Event()
    monkeypatch.setattr(watch, "fingerprint", lambda *_: looking.set() or (gate.wait(10) and backend._fingerprint))

    backend._next_look = 0.0
    backend.wake()
    assert looking.wait(10)
    status = backend.status()
    gate.set()
    settle(backend)

    assert (False, True) == (status.scanning, status.scanned)


def test_between_two_looks_nobody_looks(tmp_path):
    workspace = FakeWorkspace()
    backend = read(a_backend(tmp_path, workspace, pause=3600.0))

    (tmp_path / "metadata.db").touch()
    backend.wake()

    assert not backend.status().scanning
    assert 1 == workspace.scans


def test_a_reload_interval_of_zero_reads_once_unless_forced(tmp_path):
    workspace = FakeWorkspace()
    backend = read(a_backend(tmp_path, workspace, pause=0.0))

    (tmp_path / "metadata.db").touch()
    backend.wake()
    assert not backend.status().scanning
    backend.wake(force=True)
    settle(backend)

    assert 2 == workspace.scans


def test_a_mistake_of_the_users_is_told_until_it_is_mended(tmp_path):
    sentence = "insights.toml, line 3: unknown key 'curency'. Did you mean 'currency'?"
    workspace = Faulty(ConfigError(sentence))
    backend = read(a_backend(tmp_path, workspace, pause=1e-6))
    assert sentence == backend.status().failure
    assert backend.is_active()  # or nobody would find the sentence
    settle(backend)

    workspace.fault = None
    backend._next_look = 0.0
    backend.wake()
    settle(backend)

    assert ("", 1) == (backend.status().failure, workspace.scans)


def test_a_fault_of_ours_while_reading_goes_to_the_log_and_leaves_nobody_waiting(tmp_path, monkeypatch):
    logged = []
    monkeypatch.setattr(threading, "excepthook", logged.append)
    backend = read(a_backend(tmp_path, Faulty(ZeroDivisionError("oops"))))

    assert [ZeroDivisionError] == [fault.exc_type for fault in logged]
    assert "Insights stopped on a fault of its own while reading; TensorBoard's log has the details." == backend.status().failure
    assert backend.status().scanned


def test_the_pages_are_composed_ahead_once(tmp_path):
    workspace = FakeWorkspace()
    backend = a_backend(tmp_path, workspace, pages=("insights", "cost"))
    read(backend)
    backend.wake(force=True)
    settle(backend)

    assert ["insights", "cost"] == [request.view for request in workspace.requests]  # there are no rows, so once is enough


def test_a_page_that_cannot_be_composed_ahead_says_so_when_it_is_asked_for(tmp_path):
    class Mistaken(FakeWorkspace):
        def view(self, request):
            raise ConfigError("No currency.")

    backend = read(a_backend(tmp_path, Mistaken(), pages=("insights",)))

    assert (True, "") == (backend.status().scanned, backend.status().failure)
