"""Business tables on a real PostgreSQL and a real MariaDB: the same numbers as from CSV, nothing written, nothing betrayed."""

from __future__ import annotations

import contextlib
import logging
import re
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from model_insights.artifacts.tables import read_table
from model_insights.config import TableSource
from model_insights.loaded import Damaged, Loaded
from model_insights.view import Request
from model_insights.workspace import Workspace
from tests.servers.conftest import PASSWORD, QUOTED, Server

pytestmark = pytest.mark.servers

CSV = """id,line,article,price,cost,stock,big,since,seen,note,code
1,men_dress,7,12.50,0.1,3000000000,18446744073709551615,2026-01-05,2026-01-05 12:30:00,,ab
2,été,8,3.00,,0,5,,2026-02-01 00:00:00,"x, 'y' ""z"" !",c
3,100%,9,-0.25,1e-3,1,0,2026-12-31,,日本,
"""
ROWS = (
    "(1, 'men_dress', 7, 12.50, 0.1, 3000000000, 18446744073709551615, '2026-01-05', '2026-01-05 12:30:00', null, 'ab')",
    "(2, 'été', 8, 3.00, null, 0, 5, null, '2026-02-01 00:00:00', 'x, ''y'' \"z\" !', 'c')",
    "(3, '100%', 9, -0.25, 1e-3, 1, 0, '2026-12-31', null, '日本', null)",
)
TYPES = {
    "postgresql": "id bigint, line varchar(20), article smallint, price numeric(10, 2), cost double precision, stock bigint, big numeric(20), "
    "since date, seen timestamp, note text, code varchar(9)",
    "mariadb": "id int, line varchar(20), article tinyint unsigned, price decimal(10, 2), cost double, stock int unsigned, big bigint unsigned, "
    "since date, seen datetime, note longtext, code varbinary(9)",
}


@pytest.fixture
def shop(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    text = " character set utf8mb4" if server.dialect == "mariadb" else ""
    values = ", ".join(ROWS)
    server.run("drop table if exists prices", f"create table prices ({TYPES[server.dialect]}){text}", f"insert into prices values {values}")
    monkeypatch.setenv("SHOP_DB", server.url())
    return server


def read(query: str = "select * from prices order by id", **options: Any) -> Any:
    return read_table("prices", TableSource(url_env="SHOP_DB", query=query, **options), (Path(),))


@pytest.mark.usefixtures("shop")
def test_every_type_comes_out_as_from_the_csv_of_the_same_table(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(CSV, encoding="utf-8")
    from_csv = read_table("prices", TableSource(path="prices.csv"), (tmp_path,))
    assert isinstance(from_csv, Loaded)

    assert_frame_equal(from_csv.value, read().value)


def test_the_common_names_of_the_dialect_find_the_drivers(shop: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for dialect in {"postgresql": ("postgres", "postgresql+psycopg"), "mariadb": ("mysql", "mysql+pymysql", "mariadb")}[shop.dialect]:
        monkeypatch.setenv("SHOP_DB", shop.url(dialect=dialect))

        assert read().value.height == 3


@pytest.mark.usefixtures("shop")
def test_percent_colon_and_semicolon_mean_themselves() -> None:
    found = read("select line, ':x' as colon from prices where line like '100%' or note = ';';")

    assert found.value.to_dicts() == [{"line": "100%", "colon": ":x"}]


def test_the_transaction_is_read_only(shop: Server) -> None:
    asked = {"postgresql": "current_setting('transaction_read_only')", "mariadb": "@@session.tx_read_only"}[shop.dialect]

    assert read(f"select {asked} as flag").value["flag"].to_list() in (["on"], [1])


def test_the_server_itself_refuses_a_function_that_writes(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DB", postgres.url())
    postgres.run("drop sequence if exists numbers", "create sequence numbers")

    assert "read-only transaction" in read("select nextval('numbers') as n").sentence


def test_a_query_that_writes_is_not_even_sent(shop: Server) -> None:
    assert isinstance(read("delete from prices"), Damaged)
    with contextlib.closing(shop.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from prices")
        assert cursor.fetchone() == (3,)


def test_a_slow_query_is_given_up(shop: Server) -> None:
    pause = {"postgresql": "pg_sleep(60)", "mariadb": "sleep(60)"}[shop.dialect]

    assert "cannot be read" in read(f"select {pause} as nothing, id from prices", timeout=1).sentence


@pytest.mark.usefixtures("shop")
def test_a_missing_table_is_told_in_the_servers_words() -> None:
    sentence = read("select * from price_list").sentence

    assert "price_list" in sentence
    assert "Table 'prices' at 127.0.0.1" in sentence


def test_a_wrong_password_is_told_without_it(shop: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("SHOP_DB", shop.url(password="wr%2Fong7"))
    caplog.set_level(logging.DEBUG)

    found = read()

    assert f"Table 'prices' at 127.0.0.1:{shop.port}/shop cannot be read: it refused the user name or the password." in found.sentence
    for text in (repr(found), found.sentence, caplog.text):
        assert "wr/ong7" not in text
        assert "wr%2Fong7" not in text


def test_a_missing_database_is_named(shop: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DB", shop.url(database="nowhere"))

    assert "nowhere" in read().sentence


def test_where_it_was_read_is_told_without_the_password(shop: Server) -> None:
    assert read().path == f"SHOP_DB: 127.0.0.1:{shop.port}/shop"


# --- the whole way, on real runs -------------------------------------------------------------------------------------------------


def fill(server: Server, name: str, frame: pl.DataFrame) -> None:
    kinds = {pl.Int64: "bigint", pl.Float64: "double precision"}
    columns = ", ".join(f"{column} {kinds.get(type(kind), 'varchar(100)')}" for column, kind in frame.schema.items())
    server.run(f"drop table if exists {name}", f"create table {name} ({columns})")
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.executemany(f"insert into {name} values ({', '.join(['%s'] * frame.width)})", frame.rows())


def on_server(config: Path, folder: Path, business: Path, server: Server) -> Path:
    """The configuration, with the tables of prices and sales in the database."""
    text = config.read_text()
    for name, file in (("economics", "product_economics.csv"), ("actuals", "weekly_actuals.csv")):
        fill(server, name, pl.read_csv(business / file, infer_schema_length=None))
        text = text.replace(f'path = "business/{file}"', f'url_env = "SHOP_DB"\nquery = "select * from {name}"')
    (folder / "insights.toml").write_text(text)
    return folder / "insights.toml"


def pages(runs: Path, config: Path, state: Path) -> tuple[str, str]:
    workspace = Workspace.open(str(runs / "shoes"), config=str(config), state=str(state))
    workspace.scan()
    insights, cost = (msgspec.json.encode(workspace.view(Request(view=view))).decode() for view in ("insights", "cost"))
    return insights, cost


def test_the_pages_say_the_same_from_a_database_as_from_files(
    server: Server, runs: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DB", server.url())
    config = on_server(root / "tests/config/shoes.toml", tmp_path, runs / "shoes/business", server)

    files = pages(runs, root / "tests/config/shoes.toml", tmp_path / "state")
    database = pages(runs, config, tmp_path / "state")

    assert "economics (product_economics.csv)" in files[0]
    assert "economics (a database)" in database[0]
    assert [without_source(page) for page in files] == [without_source(page) for page in database]


def without_source(page: str) -> str:
    """A page without the words on where its tables came from, and without the checksum over them."""
    page = re.sub(r"\((product_economics\.csv|weekly_actuals\.csv)\)", "(a database)", page)
    return re.sub(r'("label":"Checksum","value":)"[0-9a-f]+"', r'\1""', page)


def test_no_page_betrays_a_password(
    server: Server, runs: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = on_server(root / "tests/config/shoes.toml", tmp_path, runs / "shoes/business", server)
    caplog.set_level(logging.DEBUG)
    for url, said in ((server.url(), "calibration"), (server.url(password=f"{QUOTED}wrong"), "refused the user name or the password")):
        monkeypatch.setenv("SHOP_DB", url)
        found = pages(runs, config, tmp_path / "state")

        assert said in " ".join(found)
        for text in (*found, caplog.text):
            assert PASSWORD not in text
            assert QUOTED not in text
