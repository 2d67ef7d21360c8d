"""Looks at a log directory without reading it: does it hold anything for us, and has anything changed since the last scan?"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from typing import Literal

Glance = Literal["found", "nothing", "unsure"]

# File names that TFX, TFMA and TFDV give their outputs. Only a hint for the tab bar: the scan itself goes by content.
_TELLING = re.compile(
    r"insights\.toml|eval_config\.json|FeatureStats\.pb|stats_tfrecord.*|SchemaDiff\.pb|anomalies\.pb(txt)?|metrics(-\d+-of-\d+.*)?"
)
_STORE = re.compile(r".*\.(db|sqlite|sqlite3)")
_SQLITE = b"SQLite format 3\x00"


def roots_of(logdir: str, logdir_spec: str) -> tuple[str, ...]:
    """Folders behind `--logdir`, or behind `--logdir_spec` ("name:path,path"), as TensorBoard reads them."""
    if logdir or not logdir_spec:
        return (os.path.expanduser(logdir),) if logdir else ()
    return tuple(os.path.expanduser(_without_name(part.strip())) for part in logdir_spec.split(",") if part.strip())


def _without_name(part: str) -> str:
    if "://" in part or part.startswith(os.path.sep) or re.match(r"^[a-zA-Z]:\\", part):
        return part
    return part.partition(":")[2] or part


def glance(roots: tuple[str, ...], *, seconds: float) -> Glance:
    """Does a file name below the roots look like ours? "unsure" when the time is up first, or where only a scan can tell."""
    end = time.monotonic() + seconds
    if any("://" in root for root in roots):
        return "unsure"  # a remote listing may take long
    for root in roots:
        for entry in _files(root):
            if _is_telling(entry):
                return "found"
            if time.monotonic() > end:
                return "unsure"
    return "nothing"


def fingerprint(roots: tuple[str, ...], extra: tuple[str, ...] = ()) -> int:
    """A number that changes when a file below the local roots, or one of `extra`, appears, goes, grows or is written."""
    seen = [(path, *_stamp(path)) for path in extra]
    for root in roots:
        if "://" not in root:
            seen.extend((entry.path, *_stamp(entry)) for entry in _files(root))
    return hash(frozenset(seen))


def _stamp(entry: str | os.DirEntry[str]) -> tuple[int, int]:
    try:
        stat = os.stat(entry) if isinstance(entry, str) else entry.stat()
    except OSError:  # gone meanwhile, or a dangling link
        return (-1, -1)
    return (stat.st_size, stat.st_mtime_ns)


def _files(root: str) -> Iterator[os.DirEntry[str]]:
    """Files below a folder, breadth first (what tells us apart lies near the top), each folder once although links may form a ring."""
    folders, seen = [root], set()
    for folder in folders:
        try:
            stat = os.stat(folder)
            if (stat.st_dev, stat.st_ino) in seen:
                continue
            seen.add((stat.st_dev, stat.st_ino))
            entries = list(os.scandir(folder))
        except OSError:  # gone, or not ours to read
            continue
        for entry in entries:
            if entry.is_dir():
                folders.append(entry.path)
            else:
                yield entry


def _is_telling(entry: os.DirEntry[str]) -> bool:
    if _TELLING.fullmatch(entry.name):
        return True
    return bool(_STORE.fullmatch(entry.name)) and _head(entry.path) == _SQLITE


def _head(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(len(_SQLITE))
    except OSError:
        return b""
