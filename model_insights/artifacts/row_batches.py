"""Decodes a block of prediction records at once, column by column, into the frame that the record-by-record readers give.

Covers what BulkInferrer writes (PredictLogs of one text input, or tf.Examples); anything else raises Unusual and is read record by record.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from model_insights.artifacts.example_columns import NoExample, Values, decoded, series_of
from model_insights.artifacts.predictions import column_names, tensor_rows
from model_insights.artifacts.tensors import STRING
from model_insights.artifacts.wire import Fields, Places, Unusual, Wire, one_each

_LOG, _METADATA, _REQUEST, _RESPONSE, _KEY, _VALUE = 0x32, 0x0A, 0x0A, 0x12, 0x0A, 0x12
_MODEL_SPEC, _INPUTS, _FILTER, _OUTPUTS = 0x0A, 0x12, 0x1A, 0x0A
_DTYPE, _SHAPE, _CONTENT, _FLOATS, _STRINGS = 0x08, 0x12, 0x22, 0x2A, 0x42
_FLOAT = 1  # DT_FLOAT
_TEXT, _SINGLE, _INT = 0x0A, 0x12, 0x1A  # tags within Feature
_NO_KIND = 0x0012  # a Feature without content, and the tag before it


def prediction_frame(data: bytes, start: Places, stop: Places, columns: Sequence[str] | None) -> pl.DataFrame:
    """The rows of PredictionLogs as `predictions.PredictionColumns` gives them. Raises Unusual."""
    wire = Wire(data)
    request, response = _exchange(wire, start, stop)
    examples = _examples_of(wire, *request)
    count = np.bincount(examples.owner, minlength=len(start))
    features = _features(wire, examples.start, examples.stop, columns)
    outputs = _outputs(wire, *response)
    names = column_names(tuple(sorted(outputs)), set(features))
    said = [_said(wire, names[name], *outputs[name], count) for name in sorted(outputs)]
    return pl.DataFrame([*features.values(), *said])


def example_frame(data: bytes, start: Places, stop: Places, columns: Sequence[str] | None) -> pl.DataFrame:
    """The rows of tf.Examples as `example_columns.ExampleColumns` gives them. Raises Unusual."""
    return pl.DataFrame(list(_features(Wire(data), start, stop, columns).values()))


# --- the log around the examples -------------------------------------------------------------------------------------------------


def _exchange(wire: Wire, start: Places, stop: Places) -> tuple[tuple[Places, Places], tuple[Places, Places]]:
    """Where request and response of every PredictLog lie."""
    logs = one_each(wire.fields(start, stop, (_LOG, _METADATA)).tagged(_LOG), len(start))
    parts = wire.fields(*logs, (_REQUEST, _RESPONSE))
    return one_each(parts.tagged(_REQUEST), len(start)), one_each(parts.tagged(_RESPONSE), len(start))


def _examples_of(wire: Wire, start: Places, stop: Places) -> Fields:
    """The serialized examples of every request, in its order: the values of its only input."""
    count = len(start)
    entries = one_each(wire.fields(start, stop, (_MODEL_SPEC, _INPUTS, _FILTER)).tagged(_INPUTS), count)
    tensors = one_each(wire.fields(*entries, (_KEY, _VALUE)).tagged(_VALUE), count)
    inside = wire.fields(*tensors, (_DTYPE, _SHAPE, _STRINGS))
    if (wire.numbers(*one_each(inside.tagged(_DTYPE), count)) != STRING).any():
        raise Unusual("an input that is no text")
    texts = inside.tagged(_STRINGS)
    texts = texts.take(np.argsort(texts.owner, kind="stable"))
    if not np.bincount(texts.owner, minlength=count).all():
        raise Unusual("a request without an example")
    return texts


def _outputs(wire: Wire, start: Places, stop: Places) -> dict[str, tuple[Places, Places]]:
    """Where the tensor of every record lies, by output; each record has every output once."""
    entries = wire.fields(start, stop, (_OUTPUTS, _VALUE)).tagged(_OUTPUTS)
    inside = wire.fields(entries.start, entries.stop, (_KEY, _VALUE))
    keys, tensors = (one_each(inside.tagged(tag), len(entries.owner)) for tag in (_KEY, _VALUE))
    named = Fields(entries.owner, np.zeros_like(entries.owner), *tensors)
    return {name: one_each(named.take(at), len(start)) for name, at in _by_name(wire, *keys).items()}


def _by_name(wire: Wire, start: Places, stop: Places) -> dict[str, NDArray[np.int64]]:
    """Places of the texts by their text."""
    left = np.arange(len(start))
    found: dict[str, NDArray[np.int64]] = {}
    while len(left):
        text = wire.data[start[left[0]] : stop[left[0]]]
        same = (stop[left] - start[left] == len(text)) & wire.equal(start[left], text)
        found[_utf8(text)] = left[same]
        left = left[~same]
    return found


def _said(wire: Wire, name: str, start: Places, stop: Places, count: Places) -> pl.Series:
    """An output's column; `count` [records] examples are answered by each tensor."""
    floats = _floats(wire, start, stop, count)
    if floats is not None:
        return _finite(pl.Series(name, floats[:, 0])) if floats.shape[1] == 1 else _finite_lists(name, floats)
    try:
        answers = [tensor_rows(wire.data[a:b], n) for a, b, n in zip(start.tolist(), stop.tolist(), count.tolist(), strict=True)]
    except ValueError as error:
        raise Unusual(str(error)) from error
    rows: list[Values] = [row for _, answer in answers for row in answer]
    return series_of(name, rows, (kind for kind, answer in answers if any(answer)))


def _floats(wire: Wire, start: Places, stop: Places, count: Places) -> NDArray[np.float64] | None:
    """float64 [examples, values each] of tensors of single floats that answer every example alike; None for any others."""
    try:
        inside = wire.fields(start, stop, (_DTYPE, _SHAPE, _CONTENT, _FLOATS))
        dtypes = wire.numbers(*one_each(inside.tagged(_DTYPE), len(start)))
        begin, end = one_each(inside.take((inside.tag == _FLOATS) | (inside.tag == _CONTENT)), len(start))
        first, size = _shapes(wire, inside.tagged(_SHAPE), len(start))
    except Unusual:
        return None
    each = size // np.maximum(count, 1)
    fits = (dtypes == _FLOAT) & (end - begin == 4 * size) & ((count == 1) | (first == count)) & (each == each[0])
    if not fits.all() or not each[0]:
        return None
    at = np.repeat(begin, size) + 4 * _within(size)
    bits = (wire.words[at] & np.uint64(0xFFFF_FFFF)).astype(np.uint32)
    return bits.view(np.float32).astype(np.float64).reshape(-1, int(each[0]))


def _shapes(wire: Wire, shapes: Fields, count: int) -> tuple[Places, Places]:
    """(first dimension, product of all) of every tensor; a tensor without dimensions holds one value."""
    dims = wire.fields(*one_each(shapes, count), (_SHAPE,))
    sizes = wire.fields(dims.start, dims.stop, (_DTYPE,))  # a dimension's size has the number that a tensor's type has
    of_each = wire.numbers(*one_each(sizes, len(dims.owner)))
    first, product = np.full(count, -1), np.ones(count, np.int64)
    first[dims.owner[::-1]] = of_each[::-1]
    np.multiply.at(product, dims.owner, of_each)
    return first, product


def _within(size: Places) -> Places:
    """0, 1, ... within each of the groups of these sizes."""
    return np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)


# --- the features of the examples ------------------------------------------------------------------------------------------------


def _features(wire: Wire, start: Places, stop: Places, columns: Sequence[str] | None) -> dict[str, pl.Series]:
    """A column per feature, by name, or of the wanted ones in their order."""
    features = wire.fields(start, stop, (_KEY,))
    if len(np.unique(features.owner)) != len(features.owner):
        raise Unusual("features in several parts")
    entries = wire.fields(features.start, features.stop, (_KEY,))
    head = wire.words[entries.start]
    length = ((head >> np.uint64(8)) & np.uint64(0xFF)).astype(np.int64)
    begin = entries.start + 2
    if ((head & np.uint64(0xFF)) != _KEY).any() or (length >= 0x80).any() or (begin + length > entries.stop).any():
        raise Unusual("a feature that does not begin with its name")
    owner, rows = features.owner[entries.owner], len(start)
    if columns is None:
        at = _by_name(wire, begin, begin + length)
        columns = sorted(at)
    else:
        at = {name: _named(wire, head, begin, length, name.encode()) for name in columns}
    return {name: _column(wire, name, owner[at[name]], (begin + length)[at[name]], entries.stop[at[name]], rows) for name in columns}


def _named(wire: Wire, head: NDArray[np.uint64], begin: Places, length: Places, name: bytes) -> NDArray[np.int64]:
    """Entries of that name: its tag, length and first six bytes lie in one word."""
    wanted = bytes((_KEY, len(name) & 0xFF)) + name[:6]
    mask = np.uint64((1 << 8 * len(wanted)) - 1)
    at = np.flatnonzero((head & mask) == np.uint64(int.from_bytes(wanted, "little")))
    at = at[length[at] == len(name)]
    found: Places = at[wire.equal(begin[at] + 6, name[6:])]
    return found


def _column(wire: Wire, name: str, owner: Places, start: Places, stop: Places, rows: int) -> pl.Series:
    """A feature's column; `start`, `stop` are where its Feature lies, the tag before it included."""
    begin, end = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    begin[owner], end[owner] = start, stop  # twice in one map: the last counts
    quick = _one_kind(wire, name, begin, end)
    if quick is not None:
        return quick
    try:
        return decoded(name, [wire.data[a:b] for a, b in zip(begin.tolist(), end.tolist(), strict=True)], rows)
    except NoExample as error:
        raise Unusual(str(error)) from error


def _one_kind(wire: Wire, name: str, begin: Places, end: Places) -> pl.Series | None:
    """The column where each row has nothing, an empty list or one value, all of one kind; None where some row has anything else."""
    size = end - begin
    some = np.flatnonzero(size > 2)
    start = wire.words[begin]
    if not len(some) or (size == 1).any() or ((start & np.uint64(0xFFFF)) != _NO_KIND)[size == 2].any():
        return None
    kind = int(wire.bytes[begin[some[0]] + 2])
    hollow = (size[some] == 4) & ((start[some] & np.uint64(0xFFFF_FFFF)) == np.uint64(_VALUE | 2 << 8 | kind << 16))
    there = some[~hollow]
    head, size = start[there] & np.uint64(0xFFFF_FFFF_FFFF), size[there]
    if not len(there) or not _nested(head, size, kind):
        return None
    values = _READERS[kind](wire, begin[there] + 6, end[there]) if kind in _READERS else None
    return None if values is None else _placed(name, values, there, len(begin))


def _nested(head: NDArray[np.uint64], size: Places, kind: int) -> bool:
    """Whether the headers of Entry.value, of the list of that kind and of its only value agree with the size."""
    if (size < 6).any() or (size > 0x7F).any():
        return False
    length = size.astype(np.uint64)
    wanted = (
        np.uint64(_VALUE) | (length - np.uint64(2)) << np.uint64(8) | np.uint64(kind) << np.uint64(16)
        | (length - np.uint64(4)) << np.uint64(24) | np.uint64(0x0A) << np.uint64(32) | (length - np.uint64(6)) << np.uint64(40)
    )  # fmt: skip
    return bool((head == wanted).all())


def _single(wire: Wire, start: Places, stop: Places) -> pl.Series | None:
    """float64 of one single float each; None where a list holds several."""
    if (stop - start != 4).any():
        return None
    bits = (wire.words[start] & np.uint64(0xFFFF_FFFF)).astype(np.uint32)
    return _finite(pl.Series(bits.view(np.float32).astype(np.float64)))


def _ints(wire: Wire, start: Places, stop: Places) -> pl.Series | None:
    """int64 of one varint each; None where a list holds several or none."""
    size = stop - start
    if (size < 1).any() or (size > 10).any():
        return None
    number = np.zeros(len(start), np.uint64)
    for place in range(int(size.max())):
        on = size > place
        byte = np.where(on, wire.bytes[start + place], 0).astype(np.uint64)
        if ((byte >= 0x80) != (size > place + 1)).any():
            return None
        number |= (byte & np.uint64(0x7F)) << np.uint64(7 * place)
    return pl.Series(number.view(np.int64))


def _texts(wire: Wire, start: Places, stop: Places) -> pl.Series | None:
    """Texts, cut out of the data all at once; None where one is no UTF-8 or holds the sign that parts them."""
    size = stop - start + 1  # and the byte behind, which becomes the sign
    cut = wire.bytes[np.repeat(start, size) + _within(size)]
    cut[np.cumsum(size) - 1] = 0
    if np.count_nonzero(cut == 0) != len(start):
        return None
    try:
        return pl.Series(cut[:-1].tobytes().decode().split("\0"), dtype=pl.String)
    except UnicodeDecodeError:
        return None


_READERS = {_TEXT: _texts, _SINGLE: _single, _INT: _ints}


def _placed(name: str, values: pl.Series, at: Places, rows: int) -> pl.Series:
    """The values in their rows, null elsewhere."""
    if len(at) == rows:
        return values.alias(name)
    place = np.full(rows, -1)
    place[at] = np.arange(len(at))
    found = pl.Series(place)
    return values.gather(found.set(found < 0, None)).alias(name)


def _finite(values: pl.Series) -> pl.Series:
    return values.set(~values.is_finite(), None)


def _finite_lists(name: str, values: NDArray[np.float64]) -> pl.Series:
    return pl.Series(name, np.where(np.isfinite(values), values, np.nan)).cast(pl.List(pl.Float64)).list.eval(pl.element().fill_nan(None))


def _utf8(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise Unusual("a name that is no text") from error
