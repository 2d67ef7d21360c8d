"""Writes what TFDV, ExampleGen and BulkInferrer write, by hand, from the field numbers of their .proto files."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping, Sequence

from encoders import field, single, varint

Value = str | bytes | int | float


def path(*steps: str | bytes) -> bytes:
    return b"".join(field(1, step) for step in steps)


# Statistics: tensorflow_metadata/proto/v0/statistics.proto.


def statistics(*datasets: bytes) -> bytes:
    return b"".join(field(1, one) for one in datasets)


def dataset(*features: bytes, name: str = "", examples: int = 10, weighted: float = 0.0, cross: Iterable[bytes] = ()) -> bytes:
    head = (field(1, name) if name else b"") + (field(2, examples) if examples else b"")
    weight = field(4, weighted) if weighted else b""
    return head + b"".join(field(3, one) for one in features) + weight + b"".join(field(5, one) for one in cross)


def common(*, present: int = 10, missing: int = 0, values: int | None = None, weighted: tuple[float, float] | None = None) -> bytes:
    total = present if values is None else values
    counts = field(1, present) + field(2, missing) + field(3, 0 if total < present else 1) + field(4, 1)
    weights = field(7, field(1, weighted[0]) + field(2, weighted[1])) if weighted else b""
    return counts + single(5, total / present if present else 0.0) + field(8, total) + weights


def histogram(buckets: Sequence[tuple[float, float, float]], *, kind: int = 0, nan: int = 0, undefined: int = 0, name: str = "") -> bytes:
    body = b"".join(field(3, field(1, low) + field(2, high) + field(4, count)) for low, high, count in buckets)
    return field(1, nan) + field(2, undefined) + body + field(4, kind) + (field(5, name) if name else b"")


def ranks(*pairs: tuple[str | bytes, float]) -> bytes:
    return b"".join(field(1, field(1, i) + field(2, i) + field(4, label) + field(5, count)) for i, (label, count) in enumerate(pairs))


def number_feature(
    *steps: str,
    type_: int | None = 1,
    mean: float = 2.0,
    histograms: Iterable[bytes] = (),
    shared: bytes = b"",
    weighted: bytes = b"",
    custom: Iterable[bytes] = (),
) -> bytes:
    """A numeric FeatureNameStatistics; `type_` None leaves the type out, as proto3 does for INT."""
    numbers = (
        field(1, shared or common()) + field(2, mean) + field(3, 1.5) + field(4, 3) + field(5, -math.inf) + field(6, 2.5) + field(7, 9.0)
        + b"".join(field(8, one) for one in histograms) + (field(9, weighted) if weighted else b"")
    )  # fmt: skip
    kind = b"" if type_ is None else field(2, type_)
    return kind + field(3, numbers) + b"".join(field(6, one) for one in custom) + field(8, path(*steps))


def text_feature(
    *steps: str, top: Sequence[tuple[str | bytes, float]] = (), rank: bytes = b"", weighted: bytes = b"", invalid: int = 0
) -> bytes:
    values = b"".join(field(3, field(2, value) + field(3, count)) for value, count in top)
    text = field(1, common()) + field(2, len(top)) + values + single(4, 4.5) + field(5, rank)
    text += (field(6, field(2, weighted)) if weighted else b"") + (field(8, invalid) if invalid else b"")
    return field(2, 2) + field(4, text) + field(8, path(*steps))


# Anomalies: tensorflow_metadata/proto/v0/anomalies.proto.


def anomalies(
    *entries: tuple[str, bytes], whole: bytes = b"", drift: Iterable[bytes] = (), data_missing: bool = False, baseline: bytes | None = None
) -> bytes:
    schema = field(1, field(1, "fare") + field(6, 3)) if baseline is None else baseline
    body = field(1, schema) + b"".join(field(2, field(1, key) + field(2, info)) for key, info in entries)
    return body + (field(3, 1) if data_missing else b"") + (field(8, whole) if whole else b"") + b"".join(field(9, one) for one in drift)


def anomaly(*steps: str, severity: int = 2, reasons: Iterable[int] = (), short: str = "Short", description: str = "Long.") -> bytes:
    why = b"".join(field(7, field(1, number) + field(2, short) + field(3, description)) for number in reasons)
    return field(2, description) + field(5, severity) + field(6, short) + why + (field(8, path(*steps)) if steps else b"")


def drift_skew(*steps: str, drift: Iterable[bytes] = (), skew: Iterable[bytes] = ()) -> bytes:
    return field(1, path(*steps)) + b"".join(field(2, one) for one in drift) + b"".join(field(3, one) for one in skew)


def measurement(kind: int, value: float | None, threshold: float) -> bytes:
    return field(1, kind) + (field(2, value) if value is not None else b"") + field(3, threshold)


# tf.Example and PredictionLog: tensorflow/core/example/*.proto, tensorflow_serving/apis/*.proto.


def example(features: Mapping[str, Value | Sequence[Value] | None]) -> bytes:
    """A tf.Example; None is a feature of no kind, as TFX writes an empty CSV cell."""
    return field(1, b"".join(field(1, field(1, name) + field(2, _feature(value))) for name, value in features.items()))


def _feature(value: Value | Sequence[Value] | None) -> bytes:
    if value is None:
        return b""
    values = [value] if isinstance(value, (str, bytes, int, float)) else list(value)
    if all(isinstance(one, float) for one in values):
        return field(2, field(1, b"".join(struct.pack("<f", one) for one in values)))
    if all(isinstance(one, int) for one in values):
        return field(3, field(1, b"".join(varint(int(one)) for one in values)))
    return field(1, b"".join(field(1, one) for one in values))


def tensor(dtype: int, number: int, packed: bytes, shape: Sequence[int]) -> bytes:
    """A TensorProto whose values are the bytes of one (packed) field."""
    dims = b"".join(field(2, field(1, size) if size else b"") for size in shape)
    return field(1, dtype) + field(2, dims) + field(number, packed)


def strings(*values: bytes) -> bytes:
    """A TensorProto of strings, one dimension."""
    return field(1, 7) + field(2, field(2, field(1, len(values)))) + b"".join(field(8, value) for value in values)


def floats(*values: float, shape: Sequence[int] | None = None) -> bytes:
    return tensor(1, 5, struct.pack(f"<{len(values)}f", *values), shape or (len(values),))


def predict_log(inputs: Mapping[str, bytes], outputs: Mapping[str, bytes]) -> bytes:
    request = field(1, field(3, "serving_default")) + b"".join(field(2, field(1, name) + field(2, one)) for name, one in inputs.items())
    response = b"".join(field(1, field(1, name) + field(2, one)) for name, one in outputs.items())
    return field(6, field(1, request) + field(2, response))


def classify_log(examples: Sequence[bytes], rows: Sequence[Sequence[tuple[str, float]]], *, context: bytes = b"") -> bytes:
    result = b"".join(field(1, b"".join(field(1, field(1, label) + single(2, score)) for label, score in row)) for row in rows)
    return field(2, field(1, _input(examples, context)) + field(2, field(1, result)))


def regress_log(examples: Sequence[bytes], values: Sequence[float]) -> bytes:
    result = b"".join(field(1, single(1, value)) for value in values)
    return field(3, field(1, _input(examples, b"")) + field(2, field(1, result)))


def _input(examples: Sequence[bytes], context: bytes) -> bytes:
    listed = b"".join(field(1, one) for one in examples)
    return field(2, field(2, listed + field(2, context)) if context else field(1, listed))
