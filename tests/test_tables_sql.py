"""Business tables from databases: SQLite for real, and what is said when a server, a driver or a right is missing. No server needed."""

from __future__ import annotations

import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from model_insights.artifacts.tables import read_table
from model_insights.config import TableSource
from model_insights.loaded import Absent, Damaged, Loaded

SECRET = "geheim/4@2"
QUOTED = "geheim%2F4%402"


def read(*folders: Path, **options: Any) -> Any:
    return read_table("prices", TableSource(**{"query": "select * from prices", **options}), folders)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("create table prices (line text, brand integer, price real, since date, note text)")
        connection.executemany("insert into prices values (?, ?, ?, ?, ?)", [("a", 7, 1.5, "2026-01-05", None), ("b", 8, 2.0, None, "")])
    connection.close()
    return tmp_path


@pytest.fixture
def drivers() -> None:
    """The extra `sql`; without it these tests are skipped."""
    for name in ("sqlalchemy", "psycopg", "pymysql"):
        pytest.importorskip(name)


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that accepts connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_sqlite_table_is_the_same_as_its_csv(shop: Path) -> None:
    (shop / "t.csv").write_text('line,brand,price,since,note\na,7,1.5,2026-01-05,\nb,8,2.0,,""\n')

    assert_frame_equal(read_table("prices", TableSource(path="t.csv"), (shop,)).value, read(shop, url="sqlite:///shop.db").value)


def test_reading_sqlite_leaves_no_trace(shop: Path) -> None:
    before = {path.name: path.read_bytes() for path in shop.iterdir()}

    assert isinstance(read(shop, url="sqlite:///shop.db"), Loaded)
    assert before == {path.name: path.read_bytes() for path in shop.iterdir()}


def test_a_query_without_rows_is_a_table_without_rows(shop: Path) -> None:
    found = read(shop, url="sqlite:///shop.db", query="select line from prices where 1 = 0")

    assert (found.value.columns, found.value.height) == (["line"], 0)


def test_a_sqlite_file_that_is_not_there_is_absent_and_not_made(tmp_path: Path) -> None:
    assert isinstance(read(tmp_path, url="sqlite:///shop.db"), Absent)
    assert not (tmp_path / "shop.db").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"query": "select * from price_list"}, "no such table: price_list"),
        ({"query": "select line, line from prices"}, "two columns named line"),
        ({"query": "delete from prices"}, "begins with DELETE"),
        ({"query": "with n(i) as (select 1 union all select i + 1 from n) select max(i) as i from n", "timeout": 0.05}, "within 0.05 s"),
    ],
)
def test_what_a_query_does_wrong_is_a_sentence(shop: Path, options: dict[str, Any], said: str) -> None:
    found = read(shop, url="sqlite:///shop.db", **options)

    assert isinstance(found, Damaged)
    assert said in found.sentence
    assert "'prices'" in found.sentence


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_text("noise")

    assert "not a SQLite file" in read(tmp_path, url="sqlite:///shop.db").sentence


def test_the_url_may_come_from_the_environment(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DB", f"sqlite:///{shop / 'shop.db'}")

    assert read(shop, url_env="SHOP_DB").value.height == 2


def test_a_missing_environment_variable_is_named() -> None:
    assert "SHOP_DB_NOWHERE is not set" in read(url_env="SHOP_DB_NOWHERE").sentence


@pytest.mark.usefixtures("drivers")
@pytest.mark.parametrize("dialect", ["postgresql", "postgres", "mysql", "mariadb", "postgresql+psycopg"])
def test_an_unreachable_server_is_named_with_its_table_and_no_password(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DB", f"{dialect}://reader:{QUOTED}@127.0.0.1:1/shop")

    sentence = read(url_env="SHOP_DB").sentence

    assert sentence.startswith("Table 'prices' at 127.0.0.1:1/shop cannot be read: nothing answers there.")
    assert "geheim" not in sentence


@pytest.mark.usefixtures("drivers")
def test_a_host_that_nobody_knows_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DB", f"postgresql://reader:{QUOTED}@shop.invalid/shop")

    sentence = read(url_env="SHOP_DB", timeout=5).sentence

    assert "shop.invalid/shop cannot be read: no such host is known" in sentence
    assert "geheim" not in sentence


@pytest.mark.usefixtures("drivers")
@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_a_silent_server_is_given_up(silent: int, dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DB", f"{dialect}://reader:{QUOTED}@127.0.0.1:{silent}/shop")
    start = time.monotonic()

    sentence = read(url_env="SHOP_DB", timeout=0.2).sentence

    assert time.monotonic() - start < 5
    assert "did not answer" in sentence
    assert "geheim" not in sentence


@pytest.mark.usefixtures("drivers")
@pytest.mark.parametrize(
    "url", [f"postgresql://reader:{SECRET}@127.0.0.1:port/shop", f"nonsense {QUOTED}", f"nodb://reader:{QUOTED}@host/shop"]
)
def test_a_url_that_is_none_is_not_repeated(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DB", url)

    sentence = read(url_env="SHOP_DB").sentence

    assert "none that SQLAlchemy knows" in sentence
    assert "geheim" not in sentence


@pytest.mark.usefixtures("drivers")
def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "oracledb", None)

    assert "needs the package oracledb" in read(url="oracle+oracledb://host/shop").sentence


def test_without_sqlalchemy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)

    assert "tensorboard-plugin-insights[sql]" in read(url="postgresql://host/shop").sentence


def test_sqlite_needs_no_sqlalchemy(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)

    assert read(shop, url="sqlite:///shop.db").value.height == 2
