"""Business tables: joined one to one at the grain, rolled up to the unit."""

from __future__ import annotations

from typing import Any

import msgspec
import polars as pl
import pytest

from model_insights.artifacts.tables import read_table
from model_insights.config import CostRule, TableSource
from model_insights.cost.units import unit_table
from model_insights.errors import TableError
from model_insights.loaded import Absent, Damaged
from tests.builders import a_unit

RULE = CostRule(
    name="stock", kind="inventory", grain=("span", "line", "brand"), tables=("prices", "sales"), unit=("line",), volume="seen", demand="clicks",
    units_per_event="upc", over="over_cost", under="2 * over_cost",
)  # fmt: skip
PRICES = pl.DataFrame(
    {"span": [1, 1, 1], "line": ["a", "a", "b"], "brand": ["x", "y", "x"], "upc": [0.1, 0.3, 0.2], "over_cost": [10.0, 20.0, 5.0]}
)
SALES = pl.DataFrame({"span": [1, 1, 1], "line": ["a", "a", "b"], "brand": ["x", "y", "x"], "seen": [300, 100, 50], "clicks": [30, 20, 5]})


def a_table(rule: CostRule = RULE, **tables: Any) -> Any:
    return unit_table(rule, {"prices": PRICES, "sales": SALES, **tables}, span="1", period="")


def test_values_are_rolled_up_weighted_by_volume() -> None:
    row = a_table().row(a_unit("a"))

    assert (row.volume, row.events) == (400.0, 50.0)
    assert row.values == pytest.approx((0.15, 12.5, 25.0))


def test_a_fan_out_is_an_error_that_names_its_keys() -> None:
    with pytest.raises(TableError, match=r"'prices' has several rows for 1, a, x"):
        a_table(prices=pl.concat([PRICES, PRICES.head(1)]))


def test_rows_that_only_one_table_has_are_listed() -> None:
    found = a_table(sales=SALES.head(2))

    assert found.unmatched == ("1, b, x (not in sales)",)
    assert found.joined == 2


def test_another_period_has_no_rows() -> None:
    assert unit_table(RULE, {"prices": PRICES, "sales": SALES}, span="7", period="").rows == ()


def test_a_bad_expression_names_the_rule_and_the_columns() -> None:
    with pytest.raises(TableError, match=r"'stock' cannot be computed.*nonsense"):
        a_table(msgspec.structs.replace(RULE, over="nonsense + 1"))


def test_a_missing_key_column_is_named() -> None:
    with pytest.raises(TableError, match="no column brand"):
        a_table(prices=PRICES.drop("brand"))


def test_a_number_is_a_value_too() -> None:
    assert a_table(msgspec.structs.replace(RULE, over=4.0)).row(a_unit("b")).values[1] == 4.0


def test_without_a_grain_expressions_are_refused() -> None:
    with pytest.raises(TableError, match="has no grain"):
        unit_table(msgspec.structs.replace(RULE, grain=()), {}, span="", period="")


def test_a_table_that_is_not_there_is_absent_and_one_of_noise_is_damaged(tmp_path: Any) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")

    assert isinstance(read_table("t", TableSource(path="t.csv"), (tmp_path,)), Absent)
    assert isinstance(read_table("t", TableSource(path="bad.parquet"), (tmp_path,)), Damaged)
