"""A block of prediction records taken apart at once gives the rows that a parser gives, or leaves them to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from encoders import field, flip, framed, write_tfrecord
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tfdv_encoders import classify_log, example, floats, predict_log, strings, tensor

from model_insights.artifacts.example_columns import ExampleColumns, NoExample
from model_insights.artifacts.predictions import PredictionColumns, read_predictions
from model_insights.artifacts.row_batches import example_frame, prediction_frame
from model_insights.artifacts.tfrecord import blocks, numbered
from model_insights.artifacts.wire import Unusual
from model_insights.errors import ArtifactUnreadable
from model_insights.loaded import Loaded


def laid_out(records: Sequence[bytes]) -> tuple[bytes, Any, Any]:
    stop = np.cumsum([len(one) for one in records])
    return b"".join(records), stop - [len(one) for one in records], stop


def parsed(records: Sequence[bytes], columns: Sequence[str] | None) -> pl.DataFrame:
    gathered = PredictionColumns(columns)
    for one in records:
        gathered.add(one)
    return gathered.frame()


def at_once(records: Sequence[bytes], columns: Sequence[str] | None = None) -> pl.DataFrame:
    return prediction_frame(*laid_out(records), columns)


def log(features: dict[str, Any], score: float = 0.25) -> bytes:
    return predict_log({"examples": strings(example(features))}, {"probability": floats(score)})


# --- the forms that BulkInferrer writes -------------------------------------------------------------------------------------------

COMMON = {
    "one value each": [log({"line": "dress", "price": 3.5, "click": 1}), log({"click": -(1 << 63), "price": 0.0, "line": "sport"})],
    "nothing said": [log({"line": None, "price": 3.5}), log({"line": "", "price": None}), log({})],
    "empty lists": [log({"line": [], "price": [], "click": []}), log({"line": ["a"], "price": [2.0], "click": [1 << 62]})],
    "lists": [log({"line": ["a", "b"], "price": [1.0, math.nan]}), log({"line": ["c"], "price": []})],
    "no number": [log({"price": math.nan}, math.inf), log({"price": math.inf}, 0.5)],
    "a long text": [log({"line": "x" * 300}), log({"line": "y"})],
    "a zero in a text": [log({"line": "a\0b"}), log({"line": "y"})],
    "no text": [log({"line": b"\xff"}), log({"line": "\u00e9"})],
    "batches": [
        predict_log(
            {"examples": strings(*(example({"click": i}) for i in range(n)))}, {"p": floats(*(i / 4 for i in range(n)), shape=(n, 1))}
        )
        for n in (1, 3, 2)
    ],
    "several values each": [predict_log({"x": strings(example({"a": 1}))}, {"logits": floats(0.5, math.inf, shape=(1, 2))})] * 2,
    "several outputs": [
        predict_log({"x": strings(example({"prediction_a": 1}))}, {"b": strings(b"yes"), "a": tensor(9, 10, b"\x07", (1,))})
    ] * 2,
    "a repeated tail": [predict_log({"x": strings(example({}), example({"a": 1}))}, {"p": floats(0.5, shape=(2, 1))})],
}  # fmt: skip


@pytest.mark.parametrize("columns", [None, ["click", "line", "gone"]], ids=["all columns", "some columns"])
@pytest.mark.parametrize("records", COMMON.values(), ids=COMMON)
def test_the_common_forms_are_read_at_once_and_as_a_parser_reads_them(records: list[bytes], columns: list[str] | None) -> None:
    assert_frame_equal(parsed(records, columns), at_once(records, columns))


LEFT = {
    "a value before its name": predict_log(
        {"x": strings(field(1, field(1, field(2, field(3, field(1, b"\x07"))) + field(1, "a"))))}, {"p": floats(0.5)}
    ),
    "a name of 200 bytes": log({"n" * 200: 1}),
    "two inputs": predict_log({"x": strings(example({"a": 1})), "key": strings(b"order 7")}, {"p": floats(0.5)}),
    "another log": classify_log([example({"a": 1})], [[("yes", 0.5)]]),
    "a sequence": predict_log({"x": strings(example({"a": 1}) + field(2, b""))}, {}),
    "a cut record": log({"a": 1})[:-3],
    "no example": predict_log({"x": floats(0.5)}, {"p": floats(0.5)}),
    "a contradiction": predict_log({"x": strings(example({"a": 1}))}, {"p": floats(0.5, 0.5, shape=(3,))}),
}


@pytest.mark.parametrize("record", LEFT.values(), ids=LEFT)
def test_other_forms_are_left_to_the_parser(record: bytes) -> None:
    with pytest.raises(Unusual):
        at_once([log({"a": 1}), record])


VALUES = st.one_of(
    st.none(), st.integers(-(1 << 63), (1 << 63) - 1), st.floats(width=32), st.text(max_size=200), st.binary(max_size=20),
    st.lists(st.floats(width=32), max_size=3), st.lists(st.integers(-5, 5), max_size=3), st.lists(st.text(max_size=5), max_size=3),
)  # fmt: skip
NAMES = st.sampled_from(["a", "line", "price of it", "a name of more than sixteen"])
LOGS = st.lists(
    st.tuples(st.lists(st.dictionaries(NAMES, VALUES, max_size=4), min_size=1, max_size=3), st.floats(width=32)), min_size=1, max_size=6
)


@settings(max_examples=150)
@given(made=LOGS, columns=st.one_of(st.none(), st.lists(NAMES, unique=True)))
def test_any_examples_are_read_as_a_parser_reads_them(made: list[tuple[list[dict[str, Any]], float]], columns: list[str] | None) -> None:
    records = [
        predict_log({"examples": strings(*map(example, rows))}, {"p": floats(*[score] * len(rows), shape=(len(rows), 1))})
        for rows, score in made
    ]

    assert_frame_equal(parsed(records, columns), at_once(records, columns))


@given(record=st.binary(max_size=60), at=st.integers(0, 200), byte=st.integers(0, 255))
def test_of_any_bytes_nothing_is_read_that_a_parser_reads_differently(record: bytes, at: int, byte: int) -> None:
    whole = bytearray(log({"line": "dress", "click": 1}))
    whole[at % len(whole)] = byte
    for damaged in (bytes(whole), record):
        try:
            found = at_once([damaged])
        except Unusual:
            continue
        try:
            wanted = parsed([damaged], None)
        except NoExample:  # a parser looks at the parts that nobody asked for, too
            continue
        assert_frame_equal(wanted, found)


def test_examples_alone_are_read_at_once_too() -> None:
    records = [example({"line": "dress", "score": 0.5}), example({"line": None, "score": 0.25})]
    gathered = ExampleColumns()
    for one in records:
        gathered.add(one)

    assert_frame_equal(pl.DataFrame(list(gathered.series().values())), example_frame(*laid_out(records), None))


def test_real_predictions_are_read_at_once(runs: Path) -> None:
    found = sorted(runs.glob("*/pipeline/*/inference_result/*/prediction_logs-*"))[::7]
    assert found
    for file in found:
        outcome = read_predictions(file)
        assert isinstance(outcome, Loaded)
        (block,) = blocks(file, most=10_000)
        assert_frame_equal(outcome.value, prediction_frame(block.data, block.start, block.stop, None))


# --- blocks of records ------------------------------------------------------------------------------------------------------------

RECORDS = [b"", b"one", b"x" * 5000, b"three", bytes(40)]


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize(("most", "size"), [(1, 16), (2, 100), (100, 1 << 20)])
def test_blocks_hold_the_records_at_their_bytes(tmp_path: Path, most: int, size: int, compress: bool) -> None:
    file = write_tfrecord(tmp_path / "records", RECORDS, compress=compress)
    found = list(blocks(file, most=most, size=size))

    assert [pair for block in found for pair in block.payloads] == list(numbered(file))
    assert max(len(block.start) for block in found) <= most


def outcome(file: Path, *, at_once: bool) -> tuple[list[tuple[int, bytes]], str]:
    """The records before the damage, and what it is."""
    found: list[tuple[int, bytes]] = []
    try:
        if at_once:
            for block in blocks(file, most=3, size=64):
                found += block.payloads
        else:
            found += numbered(file)
    except ArtifactUnreadable as error:
        return found, f"{error.what} {error.offset}"
    return found, ""


@pytest.mark.parametrize("cut", [1, 5, 17, 40, 70])
def test_a_cut_file_is_the_same_damage_either_way(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "records"
    file.write_bytes(b"".join(map(framed, (b"a" * 30, b"b" * 30)))[:-cut])
    found, said = outcome(file, at_once=True)

    assert said
    assert outcome(file, at_once=False) == (found, said)


@given(at=st.integers(0, 3 * 46 - 1))
def test_a_flipped_bit_is_the_same_damage_either_way(tmp_path_factory: pytest.TempPathFactory, at: int) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    file = flip(write_tfrecord(folder / "records", [b"a" * 30, b"b" * 30, b"c" * 30]), at)
    found, said = outcome(file, at_once=True)

    assert said == outcome(file, at_once=False)[1] != ""
    assert len(found) == at // 46
