"""Reads TFRecord files, plain or gzip, and checks every checksum.

Framing of one record: length (u64), masked CRC32C of the length (u32), payload, masked CRC32C of the payload (u32), little-endian.
Whether a file is gzip is seen from its first bytes, never from its name. Source: tensorflow/core/lib/io/record_writer.h.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import google_crc32c

from model_insights.errors import ArtifactUnreadable

HEADER_BYTES = 12
FOOTER_BYTES = 4
_LENGTH_AND_CRC = struct.Struct("<QI")
_CRC = struct.Struct("<I")
_GZIP_MAGIC = b"\x1f\x8b\x08"
_SHARD = re.compile(r"-(\d+)-of-(\d+)")
_LARGEST = 1 << 31  # protobuf refuses messages of 2 GiB and more


class Head(NamedTuple):
    """Where a record lies: byte of its header (in the unpacked stream for gzip), payload length, first bytes of the payload."""

    offset: int
    length: int
    start: bytes


def records(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """Payloads in file order, both checksums checked. Raises ArtifactUnreadable (file, byte, what) when the file is damaged."""
    return (payload for _, payload in numbered(path))


def numbered(path: str | os.PathLike[str]) -> Iterator[tuple[int, bytes]]:
    """(byte offset of the record, payload) in file order, as `records`."""
    shown = os.fspath(path)
    with _opened(shown) as (stream, size):
        offset = 0
        while (length := _header(stream, shown, offset, size)) is not None:
            yield offset, _payload(stream, shown, offset, length)
            offset += HEADER_BYTES + length + FOOTER_BYTES


def index(path: str | os.PathLike[str]) -> tuple[tuple[int, int], ...]:
    """(byte offset, payload length) of each record. Checks headers only and, in a plain file, seeks over the payloads."""
    return tuple((head.offset, head.length) for head in heads(path, first=0))


def heads(path: str | os.PathLike[str], *, first: int) -> Iterator[Head]:
    """Each record's place and the `first` bytes of its payload, whose checksum is not checked: `record_at` does that."""
    shown = os.fspath(path)
    with _opened(shown, buffering=0) as (stream, size):
        offset = 0
        while True:
            stream.seek(offset)
            length = _header(stream, shown, offset, size)
            if length is None:
                return
            yield Head(offset, length, stream.read(min(first, length)))
            offset += HEADER_BYTES + length + FOOTER_BYTES
            if size is None:
                _ends_before(stream, shown, offset)


def record_at(path: str | os.PathLike[str], offset: int) -> bytes:
    """The payload of the record whose header is at `offset`, both checksums checked."""
    shown = os.fspath(path)
    with _opened(shown) as (stream, size):
        stream.seek(offset)
        length = _header(stream, shown, offset, size)
        if length is None:
            raise ArtifactUnreadable(shown, f"no record begins at byte {offset}: the file ends there", offset=offset)
        return _payload(stream, shown, offset, length)


def looks_like_tfrecord(path: str | os.PathLike[str]) -> bool:
    """True when the file begins with a record header whose checksum is right, plain or gzip. An empty file says nothing: False."""
    try:
        with _opened(os.fspath(path)) as (stream, _):
            start = stream.read(HEADER_BYTES)
    except ArtifactUnreadable:
        return False
    return _is_header(start)


@contextlib.contextmanager
def _opened(path: str, *, buffering: int = 1 << 16) -> Iterator[tuple[IO[bytes], int | None]]:
    """The unpacked stream and, for a plain file, its size. What the file system or gzip says becomes ArtifactUnreadable."""
    try:
        with open(path, "rb", buffering=buffering) as file:
            start = file.read(HEADER_BYTES)
            file.seek(0)
            # A record of 559,903 bytes begins like gzip, so a right header checksum decides first.
            if start.startswith(_GZIP_MAGIC) and not _is_header(start):
                with gzip.open(file) as unpacked:
                    yield unpacked, None  # type: ignore[misc]
            else:
                yield file, os.fstat(file.fileno()).st_size
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ArtifactUnreadable(path, f"its gzip data is damaged or cut short ({error})") from error
    except OSError as error:
        raise ArtifactUnreadable(
            path, f"it cannot be opened ({error.strerror or error})", remedy="Check that the file is there and readable."
        ) from error


def _header(stream: IO[bytes], path: str, offset: int, size: int | None) -> int | None:
    """Payload length of the record the stream stands before, or None at the end."""
    block = stream.read(HEADER_BYTES)
    return _length(block, path, offset, size) if block else None


def _length(block: bytes, path: str, offset: int, size: int | None) -> int:
    if len(block) < HEADER_BYTES:
        raise ArtifactUnreadable(
            path, f"the record at byte {offset} ends after {len(block)} of its {HEADER_BYTES} header bytes", offset=offset
        )
    if not _is_header(block):
        what = "it is not a TFRecord file" if offset == 0 else f"the length of the record at byte {offset} fails its checksum"
        raise ArtifactUnreadable(path, what, offset=offset)
    length: int = _LENGTH_AND_CRC.unpack(block)[0]
    if length >= _LARGEST:
        raise ArtifactUnreadable(path, f"the record at byte {offset} claims {length} bytes, more than any message may have", offset=offset)
    if size is not None and (missing := offset + HEADER_BYTES + length + FOOTER_BYTES - size) > 0:
        raise ArtifactUnreadable(path, f"the record at byte {offset} ends {missing} bytes early", offset=offset)
    return length


def _payload(stream: IO[bytes], path: str, offset: int, length: int) -> bytes:
    payload, footer = stream.read(length), stream.read(FOOTER_BYTES)
    if missing := length + FOOTER_BYTES - len(payload) - len(footer):
        raise ArtifactUnreadable(path, f"the record at byte {offset} ends {missing} bytes early", offset=offset)
    if _masked_crc(payload) != _CRC.unpack(footer)[0]:
        raise ArtifactUnreadable(path, f"the record at byte {offset} fails its checksum", offset=offset)
    return payload


def _ends_before(stream: IO[bytes], path: str, end: int) -> None:
    """In a gzip stream the size is unknown: the last byte of the record must be there."""
    stream.seek(end - 1)
    if not stream.read(1):
        raise ArtifactUnreadable(path, f"the record that should end at byte {end} of the unpacked data ends early", offset=end)


def _is_header(block: bytes) -> bool:
    if len(block) != HEADER_BYTES:
        return False
    return bool(_masked_crc(block[:8]) == _LENGTH_AND_CRC.unpack(block)[1])


def _masked_crc(data: bytes) -> int:
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def shard_problem(paths: Iterable[Path]) -> str | None:
    """What is wrong with a set of `-SSSSS-of-NNNNN` shards ("shard 2 of 3 is missing"), or None."""
    found: dict[int, set[int]] = {}
    for path in paths:
        if match := _SHARD.search(path.name):
            found.setdefault(int(match[2]), set()).add(int(match[1]))
    if len(found) > 1:
        return f"shards of {len(found)} different writes lie side by side ({', '.join(f'of {count}' for count in sorted(found))})"
    for count, numbers in found.items():
        missing = sorted(set(range(count)) - numbers)
        if missing:
            return f"shard {missing[0] + 1} of {count} is missing"
    return None
