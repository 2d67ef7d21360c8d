"""Decodes TensorProto values. Source: tensorflow/core/framework/{tensor,types}.proto."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from model_insights.artifacts.example_columns import Kind
from model_insights.artifacts.tfdv_files import text_of

# What a description needs to hold a tensor: merge into the messages of a `declare`.
TENSOR_MESSAGES = {
    "TensorProto": """
        1 dtype int32
        2 tensor_shape TensorShapeProto
        4 tensor_content bytes
        5 float_val repeated float
        6 double_val repeated double
        7 int_val repeated int32
        8 string_val repeated bytes
        10 int64_val repeated int64
        11 bool_val repeated bool
        13 half_val repeated int32
        16 uint32_val repeated uint32
    """,
    "TensorShapeProto": "2 dim repeated TensorShapeProto.Dim; 3 unknown_rank bool",
    "TensorShapeProto.Dim": "1 size int64",
}
STRING = 7


class _Type(NamedTuple):
    kind: Kind
    field: str  # where the values lie when they are not in tensor_content
    content: str  # numpy's name of their bytes in tensor_content


_TYPES = {
    1: _Type("float", "float_val", "<f4"),
    2: _Type("float", "double_val", "<f8"),
    3: _Type("int", "int_val", "<i4"),
    4: _Type("int", "int_val", "u1"),
    5: _Type("int", "int_val", "<i2"),
    6: _Type("int", "int_val", "i1"),
    STRING: _Type("text", "string_val", ""),
    9: _Type("int", "int64_val", "<i8"),
    10: _Type("bool", "bool_val", "?"),
    14: _Type("float", "half_val", "bfloat16"),
    17: _Type("int", "int_val", "<u2"),
    19: _Type("float", "half_val", "<f2"),
    22: _Type("int", "uint32_val", "<u4"),
}
_NAMES = {8: "complex64", 11: "qint8", 12: "quint8", 13: "qint32", 15: "qint16", 16: "quint16", 18: "complex128", 20: "resource",
          21: "variant", 23: "uint64"}  # fmt: skip


class UnreadTensor(ValueError):
    """The tensor is of a kind we do not read: the message says which."""


class DamagedTensor(ValueError):
    """The tensor contradicts itself: the message says how."""


def rows_of(tensor: Any, count: int) -> tuple[Kind, list[tuple[Any, ...]]]:
    """The values of each of `count` rows, flattened; numbers that are not finite are None.

    One row owns the whole tensor, several share it along the first dimension. Raises UnreadTensor for a type we do not read and
    DamagedTensor for content of the wrong length or another number of rows."""
    known = _TYPES.get(tensor.dtype)
    if known is None:
        raise UnreadTensor(f"has the tensor type {_NAMES.get(tensor.dtype, 'number')} ({tensor.dtype}), which is not read")
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    if count != 1 and shape[:1] != [count]:
        raise DamagedTensor(f"has the shape {shape} for {count} examples")
    values = _all_values(tensor, known, math.prod(shape))
    each = len(values) // count if count else 0
    return known.kind, [tuple(values[row * each : (row + 1) * each]) for row in range(count)]


def _all_values(tensor: Any, known: _Type, size: int) -> list[Any]:
    values = _from_content(tensor.tensor_content, known) if tensor.tensor_content else list(getattr(tensor, known.field))
    if known.field == "half_val" and not tensor.tensor_content:
        values = _halves(np.array(values, dtype=np.uint16), known)
    if values and len(values) < size:
        values += values[-1:] * (size - len(values))  # TensorProto leaves out a repeated tail
    if len(values) != size:
        raise DamagedTensor(f"holds {len(values)} values where its shape asks for {size}")
    if known.kind == "text":
        return [text_of(value) for value in values]
    return [value if math.isfinite(value) else None for value in values]


def _from_content(content: bytes, known: _Type) -> list[Any]:
    if known.kind == "text":
        raise UnreadTensor("holds strings as tensor_content, which is not read")
    try:
        if known.field == "half_val":
            return _halves(np.frombuffer(content, dtype="<u2"), known)
        return list(np.frombuffer(content, dtype=known.content).tolist())
    except ValueError as error:
        raise DamagedTensor(f"holds {len(content)} bytes, no whole number of values") from error


def _halves(bits: Any, known: _Type) -> list[Any]:
    """16-bit floats from their bits; bfloat16 is the upper half of a float32."""
    if known.content == "bfloat16":
        return list((bits.astype("<u4") << 16).view("<f4").tolist())
    return list(bits.astype("<u2").view("<f2").tolist())
