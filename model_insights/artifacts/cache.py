"""Keeps decoded artifacts in the state directory, so that a second start does not decode them again.

An entry holds what the files looked like (path, size, time of change) and how the value was stored. If anything differs, the entry is
not there. Values are msgpack and raw numbers, never pickle. A cache that cannot be read or written is no cache, never a failure.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

import google_crc32c
import msgspec

from model_insights.loaded import Absent, Damaged, Loaded

T = TypeVar("T")
Stamp = tuple[str, int, int]  # path, size in bytes, time of change in nanoseconds
_MAGIC = "insights-cache-1"
_SUFFIX = ".insights"


class Codec(Generic[T]):
    """How values of one kind are stored. `kind` is short and safe in a file name.

    `stored` is the msgspec type on disk: any change of its shape makes old entries foreign. Raise `version` when the reader's result
    changes and the shape does not."""

    def __init__(self, kind: str, stored: Any, *, version: int, pack: Callable[[T], Any], unpack: Callable[[Any], T]) -> None:
        self.kind = kind
        self.fingerprint = f"{version} {_shape_of(stored)}"
        self._encoder, self._decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(stored)
        self._pack, self._unpack = pack, unpack

    def encode(self, value: T) -> bytes:
        return self._encoder.encode(self._pack(value))

    def decode(self, data: bytes) -> T:
        """Raises msgspec.MsgspecError or ValueError when the data is foreign."""
        return self._unpack(self._decoder.decode(data))


def codec_of(kind: str, stored: Any, *, version: int) -> Codec[Any]:
    """The codec of a msgspec type that is stored as it is: `codec_of("statistics", FeatureStats, version=1)`."""
    return Codec(kind, stored, version=version, pack=lambda value: value, unpack=lambda value: value)


class _Entry(msgspec.Struct, array_like=True, frozen=True):
    magic: str
    fingerprint: str
    place: str
    stamps: tuple[Stamp, ...]
    checksum: int
    data: bytes


class Folder:
    """A folder of our own files, bounded in size: those unused for longest go first. Files are written beside and renamed, so that no
    reader ever sees half of one."""

    def __init__(self, path: Path, *, limit: int) -> None:
        self.path, self.limit = path, limit
        self._lock = threading.Lock()
        self._size: int | None = None  # bytes in the folder, counted at the first write

    def file(self, kind: str, place: str) -> Path:
        """Where the entry of a place lies. `kind` is short and safe in a file name."""
        return self.path / f"{kind}-{hashlib.sha256(place.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}{_SUFFIX}"

    @contextlib.contextmanager
    def writing(self, path: Path) -> Iterator[IO[bytes]]:
        """A file that replaces `path` at the end, and is gone where an exception ends the block. Raises OSError."""
        self.path.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.path, suffix=_SUFFIX)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                size = file.tell()
            self._replace(temporary, path, size)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def _replace(self, temporary: str, path: Path, size: int) -> None:
        with self._lock:
            if self._size is None:
                self._size = sum(bytes_of for _, bytes_of, one in self._entries() if one != temporary)
            before = path.stat().st_size if path.exists() else 0
            os.replace(temporary, path)
            self._size += size - before
            if self._size > self.limit:
                self._evict()

    def _entries(self) -> list[tuple[float, int, str]]:
        """(last use, bytes, path) of every entry, a crashed writer's leavings included."""
        found = []
        with os.scandir(self.path) as listing:
            for item in listing:
                if item.name.endswith(_SUFFIX):
                    with contextlib.suppress(FileNotFoundError):
                        seen = item.stat()
                        found.append((seen.st_mtime, seen.st_size, item.path))
        return found

    def _evict(self) -> None:
        """Down to nine tenths of the limit, so that not every write has to."""
        entries = sorted(self._entries())
        size = sum(size for _, size, _ in entries)
        for _, bytes_freed, path in entries:
            if size <= self.limit * 9 // 10:
                break
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            size -= bytes_freed
        self._size = size


class Cache:
    """Entries under the state directory."""

    def __init__(self, state_dir: Path, *, limit: int = 512 << 20) -> None:
        self._folder = Folder(state_dir / "cache", limit=limit)
        self._decoder = msgspec.msgpack.Decoder(_Entry)

    def get(self, place: str, stamps: tuple[Stamp, ...], codec: Codec[T]) -> T | None:
        """The value stored for `place`, or None when there is none, the files changed since, or the entry is damaged or foreign."""
        path = self._folder.file(codec.kind, place)
        try:
            entry = self._decoder.decode(path.read_bytes())
            known = (entry.magic, entry.fingerprint, entry.place, entry.stamps) == (_MAGIC, codec.fingerprint, place, stamps)
            if not known or google_crc32c.value(entry.data) != entry.checksum:
                return None
            value = codec.decode(entry.data)
        except (OSError, msgspec.MsgspecError, ValueError):
            return None
        touch(path)
        return value

    def put(self, place: str, stamps: tuple[Stamp, ...], codec: Codec[T], value: T) -> None:
        """Store a value; nothing happens where the folder cannot be written."""
        data = codec.encode(value)
        entry = _Entry(_MAGIC, codec.fingerprint, place, stamps, google_crc32c.value(data), data)
        with contextlib.suppress(OSError), self._folder.writing(self._folder.file(codec.kind, place)) as file:
            file.write(msgspec.msgpack.encode(entry))


def touch(path: Path) -> None:
    """What is used stays longest."""
    with contextlib.suppress(OSError):
        os.utime(path)


def cached(
    cache: Cache | None, place: Path, files: Iterable[Path], codec: Codec[T], load: Callable[[], Loaded[T] | Absent | Damaged]
) -> Loaded[T] | Absent | Damaged:
    """`load()`, or what it returned last time if none of `files` changed since. Only what was loaded whole is kept.

    `place` (a folder or file) names the value; `files` are all files the value depends on, those that do not exist left out."""
    stamps = None if cache is None else stamps_of(files)
    if cache is None or not stamps:
        return load()
    kept = cache.get(str(place), stamps, codec)
    if kept is not None:
        return Loaded(value=kept, path=str(place))
    outcome = load()
    if isinstance(outcome, Loaded):
        cache.put(str(place), stamps, codec, outcome.value)
    return outcome


def stamps_of(files: Iterable[Path]) -> tuple[Stamp, ...]:
    """What the files look like now, in order of path; a file that is not there is left out."""
    stamps = []
    for file in files:
        with contextlib.suppress(OSError):
            seen = file.stat()
            stamps.append((str(file), seen.st_size, seen.st_mtime_ns))
    return tuple(sorted(stamps))


def _shape_of(stored: Any) -> str:
    """A digest of the type: fields, their order, types and defaults."""
    return hashlib.sha256(msgspec.json.encode(msgspec.json.schema(stored), order="deterministic")).hexdigest()[:16]
