"""Reads TFRecord files, plain or gzip, and checks every checksum.

Framing of one record: length (u64), masked CRC32C of the length (u32), payload, masked CRC32C of the payload (u32), little-endian.
Whether a file is gzip is seen from its first bytes, never from its name. Source: tensorflow/core/lib/io/record_writer.h.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from model_insights.errors import ArtifactUnreadable

HEADER_BYTES = 12
FOOTER_BYTES = 4
_LENGTH_AND_CRC = struct.Struct("<QI")
_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")
_GZIP_MAGIC = b"\x1f\x8b\x08"
_SHARD = re.compile(r"-(\d+)-of-(\d+)")
_LARGEST = 1 << 31  # protobuf refuses messages of 2 GiB and more


class Head(NamedTuple):
    """Where a record lies: byte of its header (in the unpacked stream for gzip), payload length, first bytes of the payload."""

    offset: int
    length: int
    start: bytes


class Block(NamedTuple):
    """Whole records: `data` with where each payload starts and stops in it, and the byte of the file (unpacked) where each record begins."""

    data: bytes
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    offset: NDArray[np.int64]

    @property
    def payloads(self) -> Iterator[tuple[int, bytes]]:
        """(byte offset of the record, payload), as `numbered`."""
        for offset, start, stop in zip(self.offset.tolist(), self.start.tolist(), self.stop.tolist(), strict=True):
            yield offset, self.data[start:stop]


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


def blocks(path: str | os.PathLike[str], *, most: int, size: int = 32 << 20) -> Iterator[Block]:
    """All records, many at once: at most `most` of them and about `size` bytes in a block, in file order, both checksums checked.

    Raises as `records`, after the records before the damage."""
    shown = os.fspath(path)
    with _opened(shown) as (stream, total):
        data, offset = b"", 0
        while True:
            read = stream.read(size)
            data += read
            used = 0
            while heads := _heads_in(data, used, most):
                good = _good(data, heads)
                if good:
                    yield _block(data, heads[:good], offset)
                if good < len(heads):
                    _refuse(data[heads[good] :], shown, offset + heads[good], total)
                used = _after(data, heads[-1])
            data, offset = data[used:], offset + used
            if data and (len(data) >= HEADER_BYTES or not read):
                _length(data[:HEADER_BYTES], shown, offset, total)
            if not read:
                if data:
                    _refuse(data, shown, offset, total)
                return


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


def _heads_in(data: bytes, start: int, most: int) -> list[int]:
    """Where whole records begin, as far as the lengths tell: the checksums are still to be looked at."""
    heads: list[int] = []
    while start + HEADER_BYTES <= len(data) and len(heads) < most and (after := _after(data, start)) <= len(data):
        heads.append(start)
        start = after
    return heads


def _after(data: bytes, head: int) -> int:
    """Where the record that begins at `head` ends."""
    length: int = _LENGTH.unpack_from(data, head)[0]
    return head + HEADER_BYTES + length + FOOTER_BYTES


def _good(data: bytes, heads: Sequence[int]) -> int:
    """How many of these records, from the first on, agree with both checksums."""
    sums: list[int] = []
    stored: list[int] = []
    value = google_crc32c.value
    for at in heads:
        length, of_length = _LENGTH_AND_CRC.unpack_from(data, at)
        end = at + HEADER_BYTES + length
        sums += value(data[at : at + 8]), value(data[at + HEADER_BYTES : end])
        stored += of_length, _CRC.unpack_from(data, end)[0]
    crc = np.array(sums, np.uint64)
    masked = ((crc >> np.uint64(15) | crc << np.uint64(17)) + np.uint64(0xA282EAD8)) & np.uint64(0xFFFFFFFF)
    wrong = np.flatnonzero(masked != np.array(stored, np.uint64))
    return int(wrong[0]) // 2 if len(wrong) else len(heads)


def _block(data: bytes, heads: Sequence[int], offset: int) -> Block:
    first, end = heads[0], _after(data, heads[-1])
    at = np.array([*heads, end], np.int64) - first
    return Block(data=data[first:end], start=at[:-1] + HEADER_BYTES, stop=at[1:] - FOOTER_BYTES, offset=at[:-1] + first + offset)


def _refuse(data: bytes, path: str, offset: int, total: int | None) -> None:
    """Raises what is wrong with the record that `data` begins with."""
    length = _length(data[:HEADER_BYTES], path, offset, total)
    _payload(io.BytesIO(data[HEADER_BYTES:]), path, offset, length)


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
