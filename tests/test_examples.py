"""tf.Examples become columns; what is no tf.Example is said, never shown as empty."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import polars as pl
import pytest
from encoders import field, flip, metric, metrics_for_slice, slice_key, write_tfrecord
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tfdv_encoders import example, predict_log

from model_insights.artifacts.example_columns import ExampleColumns
from model_insights.artifacts.examples import Source, example_splits, read_examples
from model_insights.loaded import Absent, Damaged, Loaded

SHARD = "data_tfrecord-00000-of-00001.gz"
ROWS = (
    {"fare": 3.5, "company": "Blue", "day": 3, "tags": ["a", "b"]},
    {"fare": math.nan, "company": None, "day": -1, "tags": []},
    {"company": "Caf\u00e9", "day": 1 << 62, "tags": ["c"]},
)


def write(folder: Path, *rows: dict, name: str = SHARD) -> Path:
    write_tfrecord(folder / name, [example(row) for row in rows], compress=name.endswith(".gz"))
    return folder


def read(source: Source, **options) -> pl.DataFrame:
    outcome = read_examples(source, **options)
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


def refused(source: Source) -> Damaged:
    outcome = read_examples(source)
    assert isinstance(outcome, Damaged)
    return outcome


def absent(source: Source) -> Absent:
    outcome = read_examples(source)
    assert isinstance(outcome, Absent)
    return outcome


def column(*serialized: bytes, name: str = "a") -> list:
    gathered = ExampleColumns()
    for one in serialized:
        gathered.add(one)
    return gathered.series()[name].to_list()


def test_a_feature_is_a_column_by_name(tmp_path: Path):
    expected = pl.DataFrame(
        {
            "company": ["Blue", None, "Caf\u00e9"],
            "day": [3, -1, 1 << 62],
            "fare": [3.5, None, None],
            "tags": [["a", "b"], None, ["c"]],
        }
    )

    assert_frame_equal(expected, read(write(tmp_path, *ROWS)))


def test_the_wanted_columns_come_in_their_order_and_an_unknown_one_is_null(tmp_path: Path):
    frame = read(write(tmp_path, *ROWS), columns=["day", "gone", "company"])

    assert ["day", "gone", "company"] == frame.columns
    assert [None, None, None] == frame["gone"].to_list()


def test_the_limit_ends_the_reading(tmp_path: Path):
    file = write(tmp_path, *ROWS) / SHARD
    file.write_bytes(gzip.decompress(file.read_bytes())[:-5])

    assert ["Blue", None] == read(tmp_path, limit=2)["company"].to_list()
    assert refused(tmp_path).what.endswith("ends 5 bytes early")


def test_shards_follow_each_other_and_files_can_be_picked(tmp_path: Path):
    names = [f"data_tfrecord-0000{number}-of-00003.gz" for number in range(3)]
    for name, row in zip(names, ROWS, strict=True):
        write(tmp_path, row, name=name)

    assert [3, -1, 1 << 62] == read(tmp_path)["day"].to_list()
    assert [1 << 62, 3] == read([tmp_path / names[2], tmp_path / names[0]])["day"].to_list()


def test_a_missing_shard_is_damage(tmp_path: Path):
    write(tmp_path, ROWS[0], name="data_tfrecord-00001-of-00002.gz")

    assert "shard 1 of 2 is missing" == refused(tmp_path).what


def test_a_feature_no_example_has_a_value_for_is_null_throughout(tmp_path: Path):
    assert [None, None] == read(write(tmp_path, {"a": None}, {"a": []}))["a"].to_list()


def test_integers_among_floats_become_floats_and_anything_among_text_becomes_text():
    assert [1.0, 2.5] == column(example({"a": 1}), example({"a": 2.5}))
    assert ["1", "x"] == column(example({"a": 1}), example({"a": "x"}))


def test_infinity_in_a_list_is_null():
    assert [[1.0, None], [None]] == column(example({"a": [1.0, math.inf]}), example({"a": math.nan}))


def test_bytes_that_are_no_utf8_show_escaped():
    assert ["\\xff</script>"] == column(example({"a": b"\xff</script>"}))


def test_of_a_feature_written_twice_the_last_counts():
    assert [2, 3] == column(example({"a": 1}) + example({"a": 2}), example({"a": 3}))


def test_a_long_name_and_a_value_before_its_name_are_read():
    long = "n" * 200
    turned = field(1, field(1, field(2, field(3, field(1, b"\x07"))) + field(1, "a")))

    assert [5] == column(example({long: 5}), name=long)
    assert [7, 8] == column(turned, example({"a": 8}))


def test_numbers_that_are_not_packed_are_read():
    unpacked = field(1, field(1, field(1, "a") + field(2, field(3, field(1, 4) + field(1, 300)))))

    assert [[4, 300]] == column(unpacked)


SCALARS = st.one_of(st.none(), st.integers(-(1 << 63), (1 << 63) - 1), st.text(max_size=200))


@given(rows=st.lists(st.dictionaries(st.text(max_size=3), SCALARS, max_size=4), max_size=6))
def test_what_was_written_comes_back(rows: list[dict]):
    gathered = ExampleColumns()
    for row in rows:
        gathered.add(example(row))
    found = {name: series.to_list() for name, series in gathered.series().items()}

    for name in {name for row in rows for name in row}:
        values = [row.get(name) for row in rows]
        mixed = len({type(value) for value in values if value is not None}) > 1
        assert [str(value) if mixed and value is not None else value for value in values] == found[name]


@given(rows=st.lists(st.lists(st.floats(width=32), max_size=3), min_size=1, max_size=6))
def test_floats_come_back_exactly_or_as_null(rows: list[list[float]]):
    expected = [[value if math.isfinite(value) else None for value in row] for row in rows]
    if all(len(row) <= 1 for row in rows):
        assert [row[0] if row else None for row in expected] == column(*(example({"a": row}) for row in rows))
    else:
        assert [row or None for row in expected] == column(*(example({"a": row}) for row in rows))


def test_a_sequence_example_is_named_and_not_read(tmp_path: Path):
    sequence = example({"a": 1}) + field(2, field(1, field(1, "frames") + field(2, b"")))
    write_tfrecord(tmp_path / SHARD, [sequence], compress=True)

    assert "payload not supported" in absent(tmp_path).reason
    assert "SequenceExample" in absent(tmp_path).sentence


def test_parquet_is_named_and_not_read(tmp_path: Path):
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "data_parquet-00000-of-00001.parquet")

    assert "payload not supported: data_parquet-00000-of-00001.parquet is a Parquet or Avro file" == absent(tmp_path).reason


FOREIGN = {
    "metrics of a slice": metrics_for_slice(slice_key(("company", "Red")), metric("auc", 0.5)),
    "a prediction log": predict_log({"examples": b""}, {}),
    "an event": field(1, 1.7e9) + field(2, 3),
    "half an example": example({"fare": 3.5, "company": "Blue"})[:-3],
    "no message": b"\xff\xff\xff",
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN)
def test_another_message_is_damage_at_its_byte(tmp_path: Path, data: bytes):
    good = example({"fare": 3.5})
    write_tfrecord(tmp_path / SHARD, [good, data])
    outcome = refused(tmp_path)

    assert len(good) + 16 == outcome.offset
    assert f"in the record at byte {outcome.offset}, it is" in outcome.what


def test_a_damaged_value_is_damage_of_the_file(tmp_path: Path):
    broken = field(1, field(1, field(1, "fare") + field(2, b"\x12\xff")))
    write_tfrecord(tmp_path / SHARD, [broken])

    assert "one of its features is damaged" == refused(tmp_path).what


def test_a_flipped_bit_is_damage(tmp_path: Path):
    file = flip(write_tfrecord(tmp_path / "data_tfrecord-00000-of-00001", [example(row) for row in ROWS]), 60)

    assert "the record at byte 0 fails its checksum" == refused(file).what


def test_an_empty_file_is_damage_but_no_examples_are_absent(tmp_path: Path):
    (tmp_path / "empty").write_bytes(b"")
    write(tmp_path / "none")

    assert "the file is empty (0 bytes)" == refused(tmp_path / "empty").what
    assert "its files hold no record" == absent(tmp_path / "none").reason


def test_what_is_not_there_is_absent(tmp_path: Path):
    assert f"{tmp_path} holds no file" == absent(tmp_path).reason
    assert f"{tmp_path / 'gone'} is not there" == absent(tmp_path / "gone").reason
    assert "the list holds no file" == absent([]).reason


@pytest.mark.parametrize("prefix", ["Split-", ""], ids=["current", "before 0.29"])
def test_splits_are_found_in_both_layouts(tmp_path: Path, prefix: str):
    for split in ("train", "eval"):
        write(tmp_path / f"{prefix}{split}", *ROWS)

    assert (("eval", tmp_path / f"{prefix}eval"), ("train", tmp_path / f"{prefix}train")) == example_splits(tmp_path)
    assert (("", tmp_path / f"{prefix}eval"),) == example_splits(tmp_path / f"{prefix}eval")


def test_no_splits_where_there_is_nothing(tmp_path: Path):
    assert () == example_splits(tmp_path) == example_splits(tmp_path / "gone")


def test_real_examples_are_read(runs: Path):
    (file,) = (runs / "taxi" / "pipeline" / "CsvExampleGen" / "examples" / "26" / "Split-eval").iterdir()
    frame = read(file)

    assert 19 == frame.width
    assert pl.Int64 == frame.schema["big_tip"]
