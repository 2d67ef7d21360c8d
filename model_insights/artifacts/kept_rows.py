"""Keeps the decoded rows of prediction artifacts in the state directory, so that a second scan opens no record file.

A file holds frames as parquet, one after another, then what they are of: the record files (path, size, time of change) and the columns.
It is believed where every byte agrees with its checksum; a file that is damaged, foreign or not readable is as none.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import google_crc32c
import msgspec
import polars as pl

from model_insights.artifacts.cache import Folder, Stamp, touch

LIMIT = 4 << 30  # bytes; ten million rows of five columns take about 150 MB
_MAGIC = f"insights-rows-1 polars {pl.__version__}"  # another Polars may write what this one cannot read
_END = struct.Struct("<II")  # checksum and length of the index before it
_STEP = 4 << 20


class _Index(msgspec.Struct, array_like=True, frozen=True):
    magic: str
    place: str
    stamps: tuple[Stamp, ...]
    seen: tuple[str, ...]
    columns: tuple[str, ...] | None
    ends: tuple[int, ...] = ()  # of the frames, in bytes of the file
    checksum: int = 0  # of all frames


class Kept:
    """The rows of one place. `seen`: the columns of its first rows; `columns`: the features that were decoded (None: all)."""

    def __init__(self, path: Path, index: _Index) -> None:
        self._path, self._index = path, index
        self.seen, self.columns = index.seen, index.columns

    def frames(self) -> Iterator[pl.DataFrame] | None:
        """The frames as they were written; None where the file is damaged, before any of them is given."""
        try:
            file = self._path.open("rb")
        except OSError:
            return None
        if not _is_whole(file, self._index):
            file.close()
            return None
        touch(self._path)
        return self._read(file)

    def _read(self, file: IO[bytes]) -> Iterator[pl.DataFrame]:
        with file:  # open already: who replaces or removes the file meanwhile does no harm
            file.seek(0)
            start = 0
            for end in self._index.ends:
                yield pl.read_parquet(io.BytesIO(file.read(end - start)))
                start = end


class KeptRows:
    """The rows of many places, bounded in size: those unused for longest go first."""

    def __init__(self, state_dir: Path, *, limit: int = LIMIT) -> None:
        self._folder = Folder(state_dir / "rows", limit=limit)

    def find(self, place: str, stamps: tuple[Stamp, ...]) -> Kept | None:
        """What is kept of a place, or None when there is nothing, the record files changed since, or the file is damaged or foreign."""
        path = self._folder.file("rows", place)
        index = _index_of(path)
        known = index is not None and (index.magic, index.place, index.stamps) == (_MAGIC, place, stamps)
        return Kept(path, index) if index is not None and known and stamps else None

    def writer(self, place: str, stamps: tuple[Stamp, ...], *, seen: tuple[str, ...], columns: tuple[str, ...] | None) -> RowWriter:
        """Takes the frames of a place."""
        index = _Index(magic=_MAGIC, place=place, stamps=stamps, seen=seen, columns=columns)
        return RowWriter(self._folder, self._folder.file("rows", place), index)


class RowWriter:
    """Takes frames until `keep` or `drop`. A full disk, or more than the folder may hold, ends the keeping and nothing else."""

    def __init__(self, folder: Folder, path: Path, index: _Index) -> None:
        self._stack, self._index, self._limit = contextlib.ExitStack(), index, folder.limit
        self._ends: list[int] = []
        self._checksum = 0
        self._file: IO[bytes] | None = None
        with contextlib.suppress(OSError):
            self._file = self._stack.enter_context(folder.writing(path))

    def add(self, frame: pl.DataFrame) -> None:
        if self._file is None:
            return
        packed = io.BytesIO()
        frame.write_parquet(packed, compression="zstd", compression_level=1, statistics=False)
        data = packed.getvalue()
        end = self._file.tell() + len(data)
        if end > self._limit or not self._written(data):
            self.drop()
            return
        self._checksum = google_crc32c.extend(self._checksum, data)
        self._ends.append(end)

    def keep(self) -> None:
        """All frames are there: from now on they are found."""
        index = msgspec.msgpack.encode(msgspec.structs.replace(self._index, ends=tuple(self._ends), checksum=self._checksum))
        if self._file is None or not self._written(index + _END.pack(google_crc32c.value(index), len(index))):
            self.drop()
            return
        self._file = None
        with contextlib.suppress(OSError):
            self._stack.close()

    def drop(self) -> None:
        """Keep nothing of this place; nothing happens after `keep`."""
        self._file = None
        self._stack.__exit__(_Dropped, _Dropped(), None)

    def _written(self, data: bytes) -> bool:
        try:
            return self._file is not None and self._file.write(data) == len(data)
        except OSError:
            return False


class _Dropped(Exception):
    """Ends the writing of a file that is not to be kept."""


def _index_of(path: Path) -> _Index | None:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _END.size))
            checksum, length = _END.unpack(file.read())
            file.seek(max(0, size - _END.size - length))
            data = file.read(length)
        return msgspec.msgpack.decode(data, type=_Index) if google_crc32c.value(data) == checksum else None
    except (OSError, struct.error, msgspec.MsgspecError):
        return None


def _is_whole(file: IO[bytes], index: _Index) -> bool:
    """Whether the frames' bytes agree with their checksum."""
    left, checksum = index.ends[-1] if index.ends else 0, 0
    try:
        while left and (data := file.read(min(left, _STEP))):
            checksum = google_crc32c.extend(checksum, data)
            left -= len(data)
    except OSError:
        return False
    return not left and checksum == index.checksum
