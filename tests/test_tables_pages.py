"""Business tables seen on the pages of real runs: currencies, prices with a first day, keys of another type, rows without a price."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from model_insights.view import Request, View
from model_insights.workspace import Workspace

Build = Callable[[str], View]


@pytest.fixture
def cost_page(runs: Path, root: Path, tmp_path: Path) -> Build:
    """The cost page of the shoes with parts of its insights.toml replaced (`old => new`, by line)."""

    def build(changes: str = "") -> View:
        text = (root / "tests/config/shoes.toml").read_text()
        for old, new in (line.split(" => ") for line in changes.strip().splitlines() if line):
            assert old.strip() in text
            text = text.replace(old.strip(), new.strip().replace("\\n", "\n"))
        (tmp_path / "insights.toml").write_text(text)
        workspace = Workspace.open(str(runs / "shoes"), config=str(tmp_path / "insights.toml"), state=str(tmp_path / "state"))
        workspace.scan()
        return workspace.view(Request(view="cost"))

    return build


@pytest.fixture
def economics(runs: Path) -> pl.DataFrame:
    return pl.read_csv(runs / "shoes/business/product_economics.csv", infer_schema_length=None)


def blocks(view: View, section: str, kind: str) -> list[Any]:
    found = next(one for one in view.sections if one.id == section)
    return [block for block in found.blocks if block.__struct_config__.tag == kind]


def total(view: View) -> float:
    """Sum of the slices' money; they sum to the total."""
    rows = [row for one in blocks(view, "slices", "range_plot") for row in one.rows]
    assert rows
    return float(sum(row.value.value for row in rows))


def facts(view: View) -> list[str]:
    return [f"{fact.label}: {fact.value}".replace("\xa0", " ") for one in blocks(view, "account", "facts") for fact in one.items]


ECONOMICS = 'path = "business/product_economics.csv"'


def test_prices_in_dollars_cost_half_at_half_a_euro(cost_page: Build) -> None:
    money = 'currency = "USD"\\nmoney = ["overstock_cost_per_unit", "stockout_cost_per_unit"]\\n[insights.rates]\\nUSD = 0.5'

    found = cost_page(f"{ECONOMICS} => {ECONOMICS}\\n{money}")

    assert pytest.approx(total(cost_page("")) / 2) == total(found)
    assert "Converted: table economics from USD, at EUR 0.5000 for one USD" in facts(found)


def test_prices_with_a_first_day_are_those_of_the_span(cost_page: Build, economics: pl.DataFrame, runs: Path, tmp_path: Path) -> None:
    calendar = pl.read_csv(runs / "shoes/business/calendar.csv").select("span", since="period")
    economics.join(calendar, on="span").drop("span").write_parquet(tmp_path / "economics.parquet")

    found = cost_page(f'{ECONOMICS} => path = "economics.parquet"\\nvalid_from = "since"')

    assert pytest.approx(total(cost_page(""))) == total(found)
    assert "Rows joined: 36, one to one" in facts(found)


def test_spans_as_text_in_a_database_match_spans_as_numbers_in_a_file(cost_page: Build, economics: pl.DataFrame, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute(f"create table economics ({', '.join(economics.columns)})")
        rows = economics.with_columns(pl.col("span").cast(pl.String)).rows()
        connection.executemany(f"insert into economics values ({', '.join('?' * economics.width)})", rows)
    connection.close()

    found = cost_page(f'{ECONOMICS} => url = "sqlite:///shop.db"\\nquery = "select * from economics"')

    assert pytest.approx(total(cost_page(""))) == total(found)


def test_rows_without_a_price_have_a_range_of_money(cost_page: Build, economics: pl.DataFrame, tmp_path: Path) -> None:
    economics.filter(pl.col("brand") != "Birka").write_csv(tmp_path / "economics.csv")

    found = cost_page(f'{ECONOMICS} => path = "economics.csv"')
    said = facts(found)

    assert any(text.startswith("Without a price: 6 rows, ") and "not in economics" in text and "men_dress, Birka" in text for text in said)
    assert any(text.startswith("Not covered: EUR ") and "in 6 rows without a price" in text for text in said)
    assert "; not covered: EUR" in next(one.lead for one in found.sections if one.id == "slices").replace("\xa0", " ")


def test_a_database_that_cannot_be_reached_is_a_notice_and_the_page_renders(cost_page: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sqlalchemy", "psycopg"):
        pytest.importorskip(name)
    monkeypatch.setenv("SHOP_DB", "postgresql://reader:geheim@127.0.0.1:1/shop")

    found = cost_page(f'{ECONOMICS} => url_env = "SHOP_DB"\\nquery = "select * from economics"')

    assert any("Table 'economics' at 127.0.0.1:1/shop cannot be read: nothing answers there" in notice.text for notice in found.notices)
    assert "geheim" not in str(found)


def test_a_table_outside_the_log_directory_is_read_again_when_it_was_written(
    runs: Path, root: Path, tmp_path: Path, economics: pl.DataFrame
) -> None:
    text = (root / "tests/config/shoes.toml").read_text()
    (tmp_path / "insights.toml").write_text(text.replace("business/product_economics.csv", "own.csv"))
    economics.write_csv(tmp_path / "own.csv")
    workspace = Workspace.open(str(runs / "shoes"), config=str(tmp_path / "insights.toml"), state=str(tmp_path / "state"))
    workspace.scan(rows=False)
    before = total(workspace.view(Request(view="cost")))
    assert not workspace.tables_changed()

    economics.with_columns(pl.col("overstock_cost_per_unit", "stockout_cost_per_unit") * 2).write_csv(tmp_path / "own.csv")
    assert workspace.tables_changed()
    workspace.scan(rows=False)

    assert total(workspace.view(Request(view="cost"))) == pytest.approx(2 * before)
    assert not workspace.tables_changed()
