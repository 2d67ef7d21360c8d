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


# TFMA, from the field numbers of tensorflow_model_analysis/proto/metrics_for_slice.proto.


def wrapper(number: int | float | bool) -> bytes:
    """A DoubleValue, Int32Value, Int64Value or BoolValue; zero (but not -0.0) is left out, as protobuf does."""
    return b"" if str(number) in ("0", "0.0", "False") else field(1, number)


def slice_key(*pairs: tuple[str, str | bytes | int | float]) -> bytes:
    """SliceKey; none at all is Overall."""
    return b"".join(field(1, field(1, column) + _slice_value(value)) for column, value in pairs)


def _slice_value(value: str | bytes | int | float) -> bytes:
    if isinstance(value, float):
        return single(3, value)
    return field(4, value) if isinstance(value, int) else field(2, value)


def cross_slice_key(baseline: bytes, comparison: bytes) -> bytes:
    return field(1, baseline) + field(2, comparison)


def sub_key(*, class_id: int | None = None, k: int | None = None, top_k: int | None = None) -> bytes:
    return b"".join(field(i, wrapper(number)) for i, number in ((1, class_id), (2, k), (3, top_k)) if number is not None)


def metric_key(
    name: str,
    *,
    model: str = "",
    output: str = "",
    sub: bytes | None = None,
    diff: bool = False,
    aggregation: int = 0,
    weighted: bool | None = None,
) -> bytes:
    """MetricKey. `aggregation` 1 micro, 2 macro, 3 weighted macro; 0 none."""
    return b"".join(
        (
            field(1, name),
            field(2, output) if output else b"",
            b"" if sub is None else field(3, sub),
            field(4, model) if model else b"",
            field(5, 1) if diff else b"",
            field(6, field(aggregation, 1)) if aggregation else b"",
            b"" if weighted is None else field(7, wrapper(weighted)),
        )
    )


def double_value(number: float) -> bytes:
    return field(1, wrapper(number))


def bounded_value(value: float, low: float, high: float, methodology: int = 0) -> bytes:
    """`methodology` 1 RIEMANN_SUM, 2 POISSON_BOOTSTRAP."""
    return field(2, bounded(value, low, high, methodology))


def bounded(value: float, low: float, high: float, methodology: int = 0) -> bytes:
    return field(1, wrapper(low)) + field(2, wrapper(high)) + field(3, wrapper(value)) + (field(4, methodology) if methodology else b"")


def t_distribution(mean: float, deviation: float, freedom: int, unsampled: float) -> bytes:
    return field(1, wrapper(mean)) + field(2, wrapper(deviation)) + field(3, wrapper(freedom)) + field(4, wrapper(unsampled))


def confidence_interval(low: bytes, high: bytes, *, error: bytes | None = None, freedom: int | None = None) -> bytes:
    """ConfidenceInterval of MetricValues: the upper bound has the smaller field number."""
    tail = (b"" if error is None else field(3, error)) + (b"" if freedom is None else field(4, wrapper(freedom)))
    return field(1, high) + field(2, low) + tail


def metric(key: bytes | str, value: bytes | float, interval: bytes | None = None) -> bytes:
    """A metric_keys_and_values entry of MetricsForSlice (with its field number)."""
    key = metric_key(key) if isinstance(key, str) else key
    value = double_value(value) if isinstance(value, float) else value
    return field(51, field(1, key) + field(2, value) + (b"" if interval is None else field(3, interval)))


def legacy_metric(name: str, value: bytes | float) -> bytes:
    """An entry of the metrics map (TFMA <= 0.21, and `__ERROR__` ever since)."""
    return field(2, field(1, name) + field(2, double_value(value) if isinstance(value, float) else value))


def metrics_for_slice(where: bytes, *entries: bytes, cross: bool = False) -> bytes:
    return field(3 if cross else 1, where) + b"".join(entries)


def debug_message(text: str) -> bytes:
    return field(10, text)


def confusion_matrix(threshold: float, **numbers: float | bytes) -> bytes:
    """One ConfusionMatrixAtThreshold: fn, tn, fp, tp, precision, recall as doubles; `f8` to `f19` are the deprecated messages."""
    numbered = {"fn": 2, "tn": 3, "fp": 4, "tp": 5, "precision": 6, "recall": 7} | {f"f{i}": i for i in range(8, 20)}
    return (field(1, threshold) if threshold else b"") + b"".join(field(numbered[name], value) for name, value in numbers.items() if value)


def confusion_matrices(*matrices: bytes) -> bytes:
    return b"".join(field(1, matrix) for matrix in matrices)


def bucket(low: float, high: float, examples: float, labels: float, predictions: float) -> bytes:
    """A bucket of CalibrationHistogramBuckets."""
    return field(1, low) + field(2, high) + field(3, wrapper(examples)) + field(4, wrapper(labels)) + field(5, wrapper(predictions))


def plot_key(*, output: str = "", sub: bytes | None = None, model: str = "", weighted: bool | None = None, name: str = "") -> bytes:
    return b"".join(
        (
            field(2, output) if output else b"",
            b"" if sub is None else field(3, sub),
            field(4, model) if model else b"",
            b"" if weighted is None else field(5, wrapper(weighted)),
            field(6, name) if name else b"",
        )
    )


def plot_data(*, buckets: tuple[bytes, ...] = (), matrices: tuple[bytes, ...] = (), message: str = "") -> bytes:
    return b"".join(
        (
            field(1, confusion_matrices(*buckets)) if buckets else b"",
            field(2, confusion_matrices(*matrices)) if matrices else b"",
            field(3, message) if message else b"",
        )
    )


def plot(key: bytes, data: bytes) -> bytes:
    """A plot_keys_and_values entry of PlotsForSlice."""
    return field(8, field(1, key) + field(2, data))


def legacy_plot(name: str, data: bytes) -> bytes:
    """An entry of the plots map."""
    return field(3, field(1, name) + field(2, data))
