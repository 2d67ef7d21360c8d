"""Opens somebody else's SQLite file for one consistent reading, and leaves no trace of it.

A plain `mode=ro` is not enough: on a file in write-ahead mode it creates `-wal` and `-shm` beside it, and it refuses a file whose
writer died in mid-transaction. So the way in depends on what lies beside the file:

    rollback journal           mode=ro, waiting for a writer's exclusive lock
    ... left by a dead writer  a private copy, where SQLite may roll back
    write-ahead log, with shm  mode=ro with a read-only shm: live writers keep writing
    ... without shm            a private copy, where SQLite may recover the log
    ... no log, or empty       immutable: everything is in the file
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from model_insights.errors import ArtifactUnreadable, StoreLocked

MAGIC = b"SQLite format 3\0"
WAIT_SECONDS = 5.0
_WAL_MODE = 2  # bytes 18 and 19 of the header


def is_sqlite(path: str | Path) -> bool:
    """True when the file starts as a SQLite file does. False for what cannot be opened."""
    try:
        with open(path, "rb") as file:
            return file.read(16) == MAGIC
    except OSError:
        return False


@contextmanager
def reading(path: str | Path, *, wait: float = WAIT_SECONDS) -> Iterator[sqlite3.Connection]:
    """A connection inside one read transaction: every table is seen as of the same moment. Leave it soon, a writer may be waiting.

    Raises ArtifactUnreadable (not SQLite, truncated, malformed; also for errors of the body) and StoreLocked (after `wait` seconds)."""
    path = Path(path)
    _check_size(path)
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(_transaction(path, _way_in(path), wait))
        except sqlite3.Error as error:
            if "readonly database" not in str(error):
                raise _told(path, error, wait) from error
            connection = stack.enter_context(_private_copy(path, wait))  # a dead writer's journal has to be rolled back first
        try:
            yield connection
        except sqlite3.Error as error:
            raise _told(path, error, wait) from error


def lockless_stamp(path: str | Path) -> tuple[int, int] | None:
    """(size, time of change) of a file that would be read without a lock, to see that it stayed the same; None where a lock guards it."""
    try:
        if "immutable" not in _way_in(Path(path)):
            return None
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _way_in(path: Path) -> str:
    """The open mode, by what lies beside the file; "copy" for a private copy."""
    with open(path, "rb") as file:
        header = file.read(20)
    if _WAL_MODE not in header[18:20]:
        return "mode=ro"
    if not _holds_something(Path(f"{path}-wal")):
        return "mode=ro&immutable=1"
    return "mode=ro&readonly_shm=1" if Path(f"{path}-shm").exists() else "copy"


def _holds_something(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


@contextmanager
def _transaction(path: Path, mode: str, wait: float) -> Iterator[sqlite3.Connection]:
    if mode == "copy":
        with _private_copy(path, wait) as connection:
            yield connection
        return
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=wait, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # takes the shared lock now, and meets any damage here
        yield connection


@contextmanager
def _private_copy(path: Path, wait: float) -> Iterator[sqlite3.Connection]:
    with tempfile.TemporaryDirectory(prefix="insights-store-") as folder:
        copy = Path(folder) / path.name
        for suffix in ("", "-journal", "-wal"):
            if os.path.exists(f"{path}{suffix}"):
                shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
        try:
            with _transaction(copy, "mode=rw", wait) as connection:
                yield connection
        except sqlite3.Error as error:
            raise _told(path, error, wait) from error


def _check_size(path: Path) -> None:
    """Refuse what is not SQLite, and a file shorter than its own header says (SQLite notices only where it happens to read)."""
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            header = file.read(100)
    except OSError as error:
        what = error.strerror or "it cannot be opened"
        raise ArtifactUnreadable(str(path), what, remedy="Check the path and its permissions.") from error
    if header[:16] != MAGIC:
        raise ArtifactUnreadable(str(path), "it is not a SQLite file", offset=0, remedy="Point to the SQLite file of ML Metadata.")
    if size < 100:
        raise ArtifactUnreadable(str(path), f"its header ends after {size} of 100 bytes", offset=size)
    page, pages = int.from_bytes(header[16:18], "big"), int.from_bytes(header[28:32], "big")
    wanted = (65536 if page == 1 else page) * pages
    # The page count holds only if the last writer was new enough to keep it; with a journal or log beside it, the file is in motion.
    if header[24:28] == header[92:96] and size < wanted and not _in_motion(path):
        raise ArtifactUnreadable(str(path), f"it is cut off: {size:,} of {wanted:,} bytes are there", offset=size)


def _in_motion(path: Path) -> bool:
    return _holds_something(Path(f"{path}-journal")) or _holds_something(Path(f"{path}-wal"))


def _told(path: Path, error: sqlite3.Error, wait: float) -> ArtifactUnreadable | StoreLocked:
    if "locked" in str(error) or "busy" in str(error):
        return StoreLocked(f"{path} stayed locked by a writer for {wait:g} s. Try again when the pipeline is between two steps.")
    return ArtifactUnreadable(str(path), f"SQLite says: {error}", remedy="Restore the file from a backup.")
