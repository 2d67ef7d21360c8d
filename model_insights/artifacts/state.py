"""Our own folder, where the only files lie that we write; and a cheap look at whether the user's files changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

Stamp = tuple[int, int]  # size and time of the last change in ns; (-1, -1): there is no such file
_MOST = 200_000  # files looked at; beyond that a change is still seen when one of the first ones moves


def default_state() -> Path:
    """The platform's cache folder for us: $XDG_CACHE_HOME or ~/.cache, on Windows %LOCALAPPDATA%."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "insights-triangle"


def fingerprint(folders: Iterable[str], files: Iterable[Path]) -> str:
    """Changes when a file below `folders`, or one of `files`, is added, removed, or written (path, size, mtime)."""
    digest = hashlib.sha256()
    for count, entry in enumerate(_entries([*folders])):
        if count >= _MOST:
            break
        digest.update(f"{entry[0]}\0{entry[1]}\0{entry[2]}\n".encode("utf-8", "surrogateescape"))
    for path in files:
        size, changed = stamp(path)
        digest.update(f"{path}\0{size}\0{changed}\n".encode())
    return digest.hexdigest()


def stamp(path: Path) -> Stamp:
    """Another one as soon as the file came, went or was written."""
    try:
        seen = path.stat()
    except OSError:
        return (-1, -1)
    return (seen.st_size, seen.st_mtime_ns)


def _entries(stack: list[str]) -> Iterable[tuple[str, int, int]]:
    while stack:
        try:
            with os.scandir(stack.pop()) as found:
                listed = sorted(found, key=lambda one: one.name)
        except OSError:
            continue
        for entry in listed:
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                stack.append(entry.path)
            elif "tfevents" not in entry.name:  # a training that goes on writes these all the time, and we do not read them
                seen = entry.stat(follow_symlinks=False)
                yield entry.path, seen.st_size, seen.st_mtime_ns
