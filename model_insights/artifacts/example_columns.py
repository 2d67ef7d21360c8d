"""Turns serialized tf.Examples into columns. Source: tensorflow/core/example/{example,feature}.proto.

A tf.Example is a map from feature name to a list of bytes, floats or integers. Protobuf hands us the map's entries unparsed: each is
cut into name and value by two slices, and values are decoded a whole column at a time, each distinct value once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from model_insights.artifacts.messages import declare
from model_insights.artifacts.tfdv_files import text_of

_MESSAGES = declare(
    "tf_example",
    {
        # `feature` is map<string, Feature>; its entries are kept as bytes. `feature_lists` is what a SequenceExample has besides.
        "Example": "1 features Features; 2 feature_lists bytes",
        "Features": "1 feature repeated bytes",
        "Entry": "1 key bytes; 2 value Feature",
        "Feature": "1 bytes_list oneof:kind BytesList; 2 float_list oneof:kind FloatList; 3 int64_list oneof:kind Int64List",
        "BytesList": "1 value repeated bytes",
        "FloatList": "1 value repeated float",
        "Int64List": "1 value repeated int64",
    },
)
_EXAMPLE, _ENTRY = _MESSAGES["Example"], _MESSAGES["Entry"]
_ONE_FLOAT = np.frombuffer(b"\x12\x08\x12\x06\x0a\x04", np.uint8)  # Entry.value, Feature.float_list, FloatList.value of four bytes
_BYTES_LIST, _INT64_LIST = 0x0A, 0x1A  # tags within Feature

Kind = Literal["text", "float", "int", "bool"]
_NUMBERS: dict[str, Kind] = {"float_list": "float", "int64_list": "int"}
Values = tuple[Any, ...]  # the values of one row; () where it has none
_DTYPES: dict[Kind, Any] = {"text": pl.String, "float": pl.Float64, "int": pl.Int64, "bool": pl.Boolean}
_CONVERSIONS: dict[Kind, Callable[[Any], Any]] = {"text": str, "float": float, "int": int}


class NoExample(ValueError):
    """The bytes are no tf.Example: the message says what they are instead."""


class OtherPayload(NoExample):
    """The bytes are a SequenceExample (or another payload that has more than features)."""


class ExampleColumns:
    """Collects examples row by row, then gives one column per feature."""

    def __init__(self, wanted: Sequence[str] | None = None) -> None:
        """`wanted`: the only features to keep, in this order; None keeps all, by name."""
        self._order = wanted
        self._wanted = None if wanted is None else {name.encode() for name in wanted}
        self._payloads: dict[bytes, list[bytes]] = {}  # by name: the serialized value of each row so far, b"" where there is none
        self._by_start: dict[bytes, list[bytes] | None] = {}  # the same lists by the first bytes of an entry: tag, length and name
        self.rows = 0

    def add(self, serialized: bytes) -> None:
        """Append one example. Raises NoExample when the bytes are something else; the collection is then of no more use."""
        for entry in _entries(serialized):
            end = 2 + entry[1] if len(entry) > 1 else 0
            if end and entry[0] == 0x0A and end < 0x82:  # the name comes first and its length is one byte, as everyone writes it
                start, payload = entry[:end], entry[end:]
            else:
                start, payload = _normal(entry)
            column = self._by_start[start] if start in self._by_start else self._column(start)
            if column is not None:
                if len(column) > self.rows:  # twice in one map: the last counts
                    column.pop()
                elif len(column) < self.rows:
                    column.extend([b""] * (self.rows - len(column)))
                column.append(payload)
        self.rows += 1

    def series(self) -> dict[str, pl.Series]:
        """A column per feature, all `rows` long, as `series_of` makes them. Raises NoExample when a value is damaged."""
        found = {text_of(name): payloads for name, payloads in self._payloads.items()}
        names = sorted(found) if self._order is None else self._order
        return {name: decoded(name, found.get(name, []), self.rows) for name in names}

    def _column(self, start: bytes) -> list[bytes] | None:
        name = _parsed_entry(start).key
        kept = self._wanted is None or name in self._wanted
        self._by_start[start] = self._payloads.setdefault(name, []) if kept else None
        return self._by_start[start]


def series_of(name: str, rows: Sequence[Values], kinds: Iterable[Kind]) -> pl.Series:
    """A column of scalars where no row has more than one value (null: none), else of lists (null: none).

    `kinds`: those that occur; integers among floats become floats, anything among text becomes text, without any kind the column is
    all null. Floats are float64; NaN and infinity become null."""
    found = set(kinds)
    kind: Kind | None = next((one for one in _DTYPES if one in found), None)
    dtype = _DTYPES[kind] if kind else pl.Null
    if kind and len(found) > 1:
        convert = _CONVERSIONS[kind]
        rows = [tuple(None if value is None else convert(value) for value in row) for row in rows]
    if all(len(row) <= 1 for row in rows):
        return pl.Series(name, [row[0] if row else None for row in rows], dtype=dtype)
    return pl.Series(name, [list(row) if row else None for row in rows], dtype=pl.List(dtype))


def _entries(serialized: bytes) -> Sequence[bytes]:
    try:
        example = _EXAMPLE.FromString(serialized)
    except DecodeError as error:
        raise NoExample("it is no tf.Example, or a truncated one") from error
    if example.feature_lists:
        raise OtherPayload("it is a SequenceExample or another payload with more than features")
    entries: Sequence[bytes] = example.features.feature
    if len(UnknownFieldSet(example)) or (not entries and len(UnknownFieldSet(example.features))):
        raise NoExample("it is some other message, no tf.Example")
    return entries


def _normal(entry: bytes) -> tuple[bytes, bytes]:
    """An entry in another order, or with a name of 128 bytes and more: its name and its value, each as an entry of its own."""
    parsed = _parsed_entry(entry)
    value = _ENTRY(value=parsed.value) if parsed.HasField("value") else _ENTRY()
    return _ENTRY(key=parsed.key).SerializeToString(), value.SerializeToString()


def _parsed_entry(entry: bytes) -> Any:
    try:
        return _ENTRY.FromString(entry)
    except DecodeError as error:
        raise NoExample("one of its features is damaged") from error


def decoded(name: str, payloads: list[bytes], rows: int) -> pl.Series:
    """A column of `rows` rows from the serialized entry of each (its value; b"" for none). Raises NoExample when a value is damaged."""
    floats = _one_float_each(payloads) if len(payloads) == rows else None
    if floats is not None:
        return pl.Series(name, np.where(np.isfinite(floats), floats, np.nan)).fill_nan(None)
    known = {payload: _values(payload) for payload in set(payloads)}
    missing: list[Values] = [()] * (rows - len(payloads))
    return series_of(name, [known[payload][1] for payload in payloads] + missing, (kind for kind, _ in known.values() if kind))


def _one_float_each(payloads: list[bytes]) -> Any:
    """float64 array when every row holds exactly one float (prices, scores: few repeat, so they are decoded at once), else None."""
    size = len(_ONE_FLOAT) + 4
    if not payloads or any(len(payload) != size for payload in payloads):
        return None
    table = np.frombuffer(b"".join(payloads), np.uint8).reshape(-1, size)
    if not (table[:, : len(_ONE_FLOAT)] == _ONE_FLOAT).all():
        return None
    return np.ascontiguousarray(table[:, len(_ONE_FLOAT) :]).view("<f4")[:, 0].astype(np.float64)


def _values(payload: bytes) -> tuple[Kind | None, Values]:
    """A feature without values is one that is not there: TFX writes empty CSV cells so."""
    size = len(payload)
    # One short value, as in most columns: five nested headers whose lengths must agree, then the value itself.
    if 6 < size < 0x80 and (payload[1], payload[3], payload[4], payload[5]) == (size - 2, size - 4, 0x0A, size - 6):
        if payload[2] == _BYTES_LIST:
            return "text", (text_of(payload[6:]),)
        if payload[2] == _INT64_LIST and (number := _only_varint(payload[6:])) is not None:
            return "int", (number,)
    feature = _parsed_entry(payload).value
    kind = feature.WhichOneof("kind")
    if kind is None:
        return None, ()
    values = getattr(feature, kind).value
    if kind == "bytes_list":
        return "text", tuple(text_of(value) for value in values)
    return _NUMBERS[kind], tuple(value if math.isfinite(value) else None for value in values)


def _only_varint(data: bytes) -> int | None:
    """The number when the bytes are exactly one varint, else None (a packed list of several)."""
    number = 0
    for place, byte in enumerate(data):
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            signed = number - (1 << 64) if number >= 1 << 63 else number
            return signed if place + 1 == len(data) else None
    return None
