"""Writes the forms our readers read, by hand: a second implementation, so that a misread field number cannot hide in both."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterable
from pathlib import Path

_POLYNOMIAL = 0x82F63B78


def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_TABLE = _table()


def masked_crc32c(data: bytes) -> bytes:
    """CRC-32C (Castagnoli) with TFRecord's rotation and constant, four bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def framed(payload: bytes) -> bytes:
    """One TFRecord."""
    length = struct.pack("<Q", len(payload))
    return length + masked_crc32c(length) + payload + masked_crc32c(payload)


def write_tfrecord(path: Path, payloads: Iterable[bytes], *, compress: bool = False) -> Path:
    """A TFRecord file of these payloads; its folder is made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = b"".join(framed(payload) for payload in payloads)
    path.write_bytes(gzip.compress(data, mtime=0) if compress else data)
    return path


def flip(path: Path, at: int) -> Path:
    """Turn over one bit of the byte at `at`."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))
    return path


def varint(number: int) -> bytes:
    """A protobuf varint; negative numbers as 64-bit two's complement."""
    number &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, value: bytes | str | int | float) -> bytes:
    """One protobuf field: text and bytes are length-delimited, int and bool varint, float a 64-bit double."""
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    return varint(number << 3) + varint(int(value))


def single(number: int, value: float) -> bytes:
    """A 32-bit float field."""
    return varint(number << 3 | 5) + struct.pack("<f", value)
