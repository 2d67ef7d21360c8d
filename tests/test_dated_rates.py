"""Rates of exchange that change: each run's prices at the rate of its first day, and a sentence where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from model_insights.config import CostRule, General, TableSource, parse
from model_insights.cost.currency import DatedSource, in_currency, sources_of
from model_insights.cost.units import unit_table
from model_insights.errors import ConfigError, TableError
from model_insights.view import Request, View
from model_insights.workspace import Workspace

GENERAL = General(currency="EUR", rates_table="fx", rates={"GBP": 1.2})
TABLES = {
    "fx": TableSource(path="fx", valid_from="since"),
    "prices": TableSource(path="p", currency="USD", money=("over",)),
    "british": TableSource(path="b", currency="GBP", money=("over",)),
    "own": TableSource(path="o"),
}
FX = pl.DataFrame({"currency": ["USD", "USD", "CHF"], "rate": [0.9, 0.8, 1.0], "since": ["2026-02-01", "2026-01-01", "2026-01-01"]})
PRICES = pl.DataFrame({"line": ["a", "b"], "over": [10.0, 20.0]})
RULE = CostRule(name="stock", kind="inventory", grain=("line",), tables=("prices",), unit=("line",), over="over", under=1.0)


@pytest.mark.parametrize(("start", "rate"), [("2026-01-05", 0.8), ("2026-02-01", 0.9), ("2026-09-30", 0.9)])
def test_prices_are_at_the_rate_of_the_first_day(start: str, rate: float) -> None:
    sources = sources_of(TABLES, GENERAL, FX)
    frame = in_currency("prices", PRICES, sources["prices"], GENERAL)
    found = unit_table(RULE, {"prices": frame}, span="", period="", start=start, sources=sources)

    assert [row.values[1] for row in found.rows] == pytest.approx([10 * rate, 20 * rate])


def test_a_currency_that_the_table_lacks_keeps_its_constant_rate() -> None:
    sources = sources_of(TABLES, GENERAL, FX)

    assert isinstance(sources["prices"], DatedSource)
    assert in_currency("british", PRICES, sources["british"], GENERAL)["over"].to_list() == [12.0, 24.0]
    assert sources["own"] is TABLES["own"]


@pytest.mark.parametrize(("start", "said"), [("2025-12-31", "no rate of it on 2025-12-31"), ("", "whose first day is not known")])
def test_a_run_before_the_first_rate_is_a_sentence(start: str, said: str) -> None:
    sources = sources_of(TABLES, GENERAL, FX)

    with pytest.raises(TableError, match=said):
        unit_table(RULE, {"prices": PRICES}, span="", period="", start=start, sources=sources)


def test_a_currency_without_any_rate_is_refused() -> None:
    with pytest.raises(TableError, match="'prices' is in USD, and table 'fx' has no rate of it: two currencies are not added"):
        in_currency("prices", PRICES, sources_of(TABLES, GENERAL, FX.tail(1))["prices"], GENERAL)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (FX.drop("rate"), "'fx', which insights.rates_table names, has no column rate"),
        (FX.with_columns(rate=-pl.col("rate")), "has the rate -0.9 of USD from 2026-02-01; give a number above 0"),
        (FX.with_columns(rate=pl.lit("much")), "has the rate 'much' of USD"),
        (FX.with_columns(since=pl.lit("soon")), "'soon' is no day"),
        (FX.with_columns(since=pl.lit("2026-01-01")), "has two rates of USD from 2026-01-01"),
    ],
)
def test_a_table_of_rates_that_is_wrong_is_a_sentence(frame: pl.DataFrame, said: str) -> None:
    with pytest.raises(TableError, match=said):
        sources_of(TABLES, GENERAL, frame)


@pytest.mark.parametrize(
    ("tables", "said"), [("", "which \\[tables\\] does not have"), ('[tables.fx]\npath = "fx.csv"\n', "which has no `valid_from`")]
)
def test_a_table_of_rates_must_be_there_and_say_since_when(tables: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse(f'[insights]\ncurrency = "EUR"\nrates_table = "fx"\n{tables}')


# --- on the pages ----------------------------------------------------------------------------------------------------------------------


def priced(runs: Path, root: Path, folder: Path, rates: str) -> Any:
    """The cost pages of the shoes with prices in dollars at the given rates (lines of currency,rate,since)."""
    text = (root / "tests/config/shoes.toml").read_text()
    (folder / "fx.csv").write_text("currency,rate,since\n" + rates)
    path = 'path = "business/product_economics.csv"'
    money = 'currency = "USD"\nmoney = ["overstock_cost_per_unit", "stockout_cost_per_unit"]\n[tables.fx]\npath = "fx.csv"\nvalid_from = "since"'
    text = text.replace(path, f"{path}\n{money}").replace('events = "events"', 'events = "events"\nrates_table = "fx"')
    (folder / "insights.toml").write_text(text)
    workspace = Workspace.open(str(runs / "shoes"), config=str(folder / "insights.toml"), state=str(folder / "state"))
    workspace.scan()

    def page(label: str) -> View:
        run = next(one.id for one in workspace.histories()[0].runs if one.period.label == label and one.state == "complete")
        return workspace.view(Request(view="cost", run=run, reference="previous"))

    return page


def test_a_fallen_dollar_is_a_change_of_unit_values(runs: Path, root: Path, tmp_path: Path) -> None:
    (tmp_path / "same").mkdir()
    (tmp_path / "half").mkdir()
    same, half = (
        priced(runs, root, tmp_path / name, f"USD,1.0,2024-01-01\nUSD,{rate},2024-07-22\n") for name, rate in (("same", 1.0), ("half", 0.5))
    )

    assert half("2024-07-15").headline.money.value == pytest.approx(same("2024-07-15").headline.money.value)
    assert half("2024-07-22").headline.money.value == pytest.approx(same("2024-07-22").headline.money.value / 2)
    facts = [fact.value for section in half("2024-07-22").sections for block in section.blocks for fact in getattr(block, "items", ())]
    assert "table economics from USD, at EUR 0.5000 for one USD, the rate of 22 Jul 2024" in [fact.replace("\xa0", " ") for fact in facts]


def test_periods_before_the_first_rate_say_so_and_the_page_renders(runs: Path, root: Path, tmp_path: Path) -> None:
    page = priced(runs, root, tmp_path, "USD,1.0,2024-07-22\n")

    assert page("2024-07-22").headline.money.value is not None
    assert "no rate of it on 2024-07-15" in page("2024-07-15").headline.sentence
