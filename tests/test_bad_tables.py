"""Business data that cannot be used: a sentence on the page that names table, place and remedy, and the page renders all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from model_insights.view import Request, View
from model_insights.workspace import Workspace

Change = Callable[[pl.DataFrame], pl.DataFrame]
KEYS = ("span", "product_line", "brand")


def pages(
    runs: Path, root: Path, folder: Path, *, economics: Change = lambda frame: frame, actuals: Change = lambda frame: frame, **lines: str
) -> list[View]:
    """Both pages of the shoes, with other tables and other lines of insights.toml."""
    text = (root / "tests/config/shoes.toml").read_text()
    for name, change in (("product_economics", economics), ("weekly_actuals", actuals)):
        frame = pl.read_csv(runs / f"shoes/business/{name}.csv", infer_schema_length=None)
        change(frame).write_csv(folder / f"{name}.csv")
        text = text.replace(f"business/{name}.csv", f"{name}.csv")
    for old, new in lines.items():
        start = text.index(f"\n{old} = ") + 1
        text = text[:start] + new + text[text.index("\n", start) :]
    (folder / "insights.toml").write_text(text)
    workspace = Workspace.open(str(runs / "shoes"), config=str(folder / "insights.toml"), state=str(folder / "state"))
    workspace.scan()
    return [workspace.view(Request(view=kind)) for kind in ("insights", "cost")]


def said(found: list[View]) -> str:
    """Everything a reader sees first: headline, notices, titles, leads and paragraphs."""
    texts = []
    for page in found:
        texts += [page.headline.sentence if page.headline else "", *(f"{one.text} {one.remedy}" for one in page.notices)]
        for section in page.sections:
            texts += [section.title, section.lead, *(block.text for block in section.blocks if block.__struct_config__.tag == "paragraph")]
    return " ".join(texts).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("table", "change", "expected"),
    [
        ("economics", lambda one: one.drop("brand"), "Table 'economics' has no column brand, which cost 'inventory' joins on. It has span"),
        ("actuals", lambda one: pl.concat([one, one.tail(3)]), "Table 'actuals' has several rows for 16, sandals, Dunmore"),
        (
            "economics",
            lambda one: one.with_columns(overstock_cost_per_unit=pl.lit("dear")),
            'column overstock_cost_per_unit holds "dear", which is no number',
        ),
        (
            "actuals",
            lambda one: one.with_columns(impressions=-pl.col("impressions")),
            "`volume`: 'impressions' is negative for kids, Aldano",
        ),
        ("actuals", lambda one: one.drop("clicks"), 'unable to find column "clicks". The joined tables have list_price'),
    ],
)
def test_a_table_that_cannot_be_used_is_a_sentence(
    runs: Path, root: Path, tmp_path: Path, table: str, change: Change, expected: str
) -> None:
    found = pages(runs, root, tmp_path, **{table: change})

    assert expected in said(found)
    assert all(page.sections for page in found)
    assert [row.id for one in found[0].sections if one.id == "data" for row in one.blocks[0].rows]  # the evidence that needs no money


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ({"over": 'over = "overstock_cost * 2"'}, 'unable to find column "overstock_cost"'),
        ({"currency": 'currency = "Euro"'}, "insights.currency is 'Euro'; give an ISO 4217 code"),
        ({"tables": 'tables = ["economics", "sales"]'}, "names table 'sales'; known tables: economics, actuals, events"),
    ],
)
def test_a_rule_that_cannot_be_used_is_a_sentence(runs: Path, root: Path, tmp_path: Path, lines: dict[str, str], expected: str) -> None:
    found = pages(runs, root, tmp_path, **lines)

    assert expected in said(found)
    assert all(page.sections for page in found)
    assert [row.id for one in found[0].sections if one.id == "data" for row in one.blocks[0].rows]  # the evidence that needs no money


def test_a_currency_without_a_rate_is_a_sentence(runs: Path, root: Path, tmp_path: Path) -> None:
    found = pages(runs, root, tmp_path, path='path = "product_economics.csv"\ncurrency = "USD"\nmoney = ["unit_cost"]')

    assert "'economics' is in USD and insights.currency is EUR: two currencies are not added. Give the rate in [insights.rates]" in said(
        found
    )


def test_a_million_rows_of_which_ten_match_are_ten_rows(runs: Path, root: Path, tmp_path: Path) -> None:
    """Ten rows of the run's span, the rest of spans that no run has."""

    def ten(frame: pl.DataFrame) -> pl.DataFrame:
        last = frame.filter(pl.col("span") == 16).head(10)
        other = frame.head(100).select(pl.all().repeat_by(10_000).explode()).with_columns(span=pl.int_range(100, 1_000_100))
        return pl.concat([last, other.cast(dict(frame.schema))])

    cost = pages(runs, root, tmp_path, economics=ten)[1]
    facts = {f"{fact.label}: {fact.value}" for one in cost.sections for block in one.blocks for fact in getattr(block, "items", ())}

    assert "Rows joined: 10, one to one" in facts
    assert any(fact.startswith("Without a price: 26 rows, ") and "not in economics" in fact for fact in facts)
    assert cost.headline is not None
    assert cost.headline.money.value is not None
