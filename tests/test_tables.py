"""Business tables from files: the same table whatever the format, and a sentence for everything that cannot be read."""

from __future__ import annotations

import datetime as dt
import gzip
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from model_insights.artifacts import tables
from model_insights.artifacts.tables import public_address, read_table
from model_insights.artifacts.tables_values import column_of, plain
from model_insights.config import TableSource
from model_insights.loaded import Absent, Damaged, Loaded

CSV = b"id,price,name,day,sold,empty,big\n7,12.50,abc,2026-01-05,true,,18446744073709551615\n8,3.00,\xc3\xa9t\xc3\xa9,,false,,5\n"
FRAME = pl.DataFrame(
    {
        "id": [7, 8], "price": [12.5, 3.0], "name": ["abc", "été"], "day": ["2026-01-05", None], "sold": [True, False],
        "empty": pl.Series([None, None], dtype=pl.String), "big": ["18446744073709551615", "5"],
    }
)  # fmt: skip


def read(path: str, folder: Path = Path(), **options: Any) -> Any:
    return read_table("prices", TableSource(path=path, **options), (folder,))


@pytest.fixture
def fsspec() -> Any:
    return pytest.importorskip("fsspec")


@pytest.fixture
def memory(fsspec: Any) -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    yield files
    for path in files.find("/"):
        files.rm(path)


def test_a_csv_file_becomes_plain_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(CSV)

    assert_frame_equal(FRAME, read("t.csv", tmp_path, text=("big",)).value)


def test_parquet_of_rich_types_is_the_same_table_as_csv(tmp_path: Path) -> None:
    rich = pl.DataFrame(
        {
            "id": pl.Series([7, 8], dtype=pl.UInt8), "price": pl.Series([Decimal("12.50"), Decimal("3.00")], dtype=pl.Decimal(10, 2)),
            "name": pl.Series(["abc", "été"], dtype=pl.Categorical), "day": [dt.date(2026, 1, 5), None], "sold": [True, False],
            "empty": pl.Series([None, None], dtype=pl.Null), "big": pl.Series([2**64 - 1, 5], dtype=pl.UInt64),
        }
    )  # fmt: skip
    rich.write_parquet(tmp_path / "t.parquet")

    assert_frame_equal(FRAME, read("t.parquet", tmp_path).value)


def test_parquet_is_known_by_its_content(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "no_suffix")

    assert_frame_equal(FRAME, read("no_suffix", tmp_path).value)


def test_a_compressed_csv_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(CSV))

    assert_frame_equal(FRAME, read("t.csv.gz", tmp_path, text=("big",)).value)


def test_a_german_csv_is_read_with_its_separator_and_comma(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("plz;preis\n01067;1,5\n")

    found = read("t.csv", tmp_path, separator=";", decimal_comma=True, text=("plz",))

    assert found.value.to_dicts() == [{"plz": "01067", "preis": 1.5}]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbf" + CSV)

    assert read("t.csv", tmp_path, text=("big",)).value.columns == FRAME.columns


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_remote_table_is_the_same_as_a_near_one(memory: Any, form: str) -> None:
    FRAME.write_parquet(memory.open("/shop/t.parquet", "wb")) if form == "parquet" else memory.pipe("/shop/t.csv", CSV)

    found = read(f"memory://shop/t.{form}", text=("big",))

    assert_frame_equal(FRAME, found.value)
    assert found.path == f"memory://shop/t.{form}"


def test_a_remote_table_that_is_not_there_is_absent(memory: Any) -> None:
    assert read("memory://shop/none.csv").sentence.startswith("No business table 'prices': memory://shop/none.csv does not exist.")


def test_without_fsspec_a_remote_table_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)

    assert "tensorboard-plugin-insights[remote]" in read("memory://shop/t.csv").sentence


def test_without_the_stores_own_package_that_one_is_named(fsspec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "s3" in fsspec.available_protocols()
    monkeypatch.setitem(sys.modules, "s3fs", None)

    assert isinstance(found := read("s3://shop/t.csv"), Absent)
    assert "s3fs" in found.sentence


def test_an_unknown_protocol_is_a_sentence(fsspec: Any) -> None:
    assert "nonsense" not in fsspec.available_protocols()
    assert isinstance(read("nonsense://shop/t.csv"), Damaged)


def test_an_address_is_shown_without_what_may_be_secret() -> None:
    assert public_address("https://me:geheim@shop.example/t.csv?X-Amz-Signature=abc#x") == "https://shop.example/t.csv"


def test_a_failed_fetch_never_repeats_the_signature(fsspec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError("403 for https://shop.example/t.csv?sig=geheim")

    monkeypatch.setattr(fsspec, "open", refuse)

    sentence = read("https://shop.example/t.csv?sig=geheim").sentence
    assert "geheim" not in sentence
    assert "https://shop.example/t.csv" in sentence


@pytest.mark.parametrize(("data", "said"), [(b"PAR1 but no more", "Parquet"), (b"a,b\n1,\xff\xfe\n", "CSV"), (b"", "CSV")])
def test_noise_is_damaged_and_never_an_empty_table(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "t").write_bytes(data)

    assert isinstance(found := read("t", tmp_path), Damaged)
    assert f"no readable {said} table" in found.sentence


def test_a_table_that_is_not_there_says_where_it_was_looked_for(tmp_path: Path) -> None:
    assert str(tmp_path) in read("t.csv", tmp_path).sentence


def test_the_first_folder_that_has_the_file_wins(tmp_path: Path) -> None:
    for folder in ("near", "far"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.csv").write_text(f"where\n{folder}\n")

    found = read_table("t", TableSource(path="t.csv"), (tmp_path / "none", tmp_path / "near", tmp_path / "far"))

    assert isinstance(found, Loaded)
    assert found.value["where"].to_list() == ["near"]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, None], pl.Int64, [1, None]),
        ([Decimal("7"), 8], pl.Int64, [7, 8]),
        ([Decimal("7.00"), None], pl.Float64, [7.0, None]),
        ([1, 2.5], pl.Float64, [1.0, 2.5]),
        ([True, None], pl.Boolean, [True, None]),
        ([True, 2], pl.String, ["true", "2"]),
        ([None, None], pl.String, [None, None]),
        ([2**64 - 1, 1], pl.String, ["18446744073709551615", "1"]),
        ([dt.date(2026, 1, 5)], pl.String, ["2026-01-05"]),
        ([dt.datetime(2026, 1, 5, 12, 30)], pl.String, ["2026-01-05 12:30:00"]),
        ([dt.datetime(2026, 1, 5, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))], pl.String, ["2026-01-04 23:00:00+00:00"]),
        ([b"caf\xc3\xa9", None], pl.String, ["café", None]),
        (["", "x"], pl.String, ["", "x"]),
    ],
)
def test_values_of_a_driver_become_plain_columns(values: list[Any], kind: Any, expected: list[Any]) -> None:
    found = column_of("c", values)

    assert (found.dtype, found.to_list()) == (kind, expected)


def test_columns_named_as_text_stay_text() -> None:
    assert column_of("c", [7, None], as_text=True).to_list() == ["7", None]
    assert plain(pl.DataFrame({"c": [7]}), text=("c",))["c"].to_list() == ["7"]


def test_backends_that_are_not_loaded_add_no_errors() -> None:
    assert set(tables._fetch_errors()) >= {OSError, ValueError, RuntimeError}
