"""The business result: its account adds up row by row, says which part moved, and is never added to the cost of mistakes."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_insights.config import ResultRule, parse
from model_insights.cost.adding import check_addable
from model_insights.cost.join import When
from model_insights.cost.result import ResultRow, RunResult, run_result
from model_insights.cost.result_ledger import ResultLedger, result_ledger
from model_insights.errors import AccountError, ConfigError, TableError
from model_insights.view import Request, TableRequest, View
from model_insights.workspace import Workspace
from tests.builders import a_cost, a_unit

RULE = ResultRule(grain=("span", "line", "brand"), unit=("line",), volume="seen", sold="sold", revenue="money", costs="sold * cost")


def a_row(key: str, *, volume: float = 100.0, sold: float = 10.0, revenue: float = 50.0, costs: float = 20.0) -> ResultRow:
    return ResultRow(key=tuple(key), unit=a_unit(key[0]), volume=volume, sold=sold, revenue=revenue, costs=costs)


def a_result(*rows: ResultRow, run_id: str = "r0") -> RunResult:
    return RunResult(run_id=run_id, rule=RULE, rows=rows)


def parts(ledger: ResultLedger) -> dict[str, float]:
    return {line.id: pytest.approx(line.money, abs=1e-9) for line in ledger.lines if abs(line.money) > 1e-9}


# --- the account adds up -----------------------------------------------------------------------------------------------------------

amount = st.floats(0.0, 1e6, allow_subnormal=False)


@st.composite
def results(draw: st.DrawFn, *, run_id: str = "r0") -> RunResult:
    """Any rows: with nothing sold, nothing seen, returns beyond sales, and keys that the other period lacks."""
    rows = []
    for key in draw(st.lists(st.sampled_from(["ax", "ay", "bx", "by", "cx"]), unique=True)):
        sold = draw(st.one_of(st.just(0.0), st.floats(-100.0, 1e4, allow_subnormal=False)))
        rows.append(a_row(key, volume=draw(amount), sold=sold, revenue=draw(amount), costs=draw(amount)))
    return a_result(*rows, run_id=run_id)


@settings(max_examples=150, deadline=None)
@given(before=results(), after=results(run_id="r1"))
def test_lines_sum_to_the_change_and_slices_to_both(before: RunResult, after: RunResult) -> None:
    ledger = result_ledger(before, after)
    scale = 1.0 + sum(abs(part) for line in ledger.lines for _, part in line.by_unit)

    assert math.fsum(line.money for line in ledger.lines) == pytest.approx(after.total - before.total, abs=1e-9 * scale)
    assert math.fsum(money for _, money in ledger.by_unit) == pytest.approx(ledger.change, abs=1e-9 * scale)
    for line in ledger.lines:
        assert math.fsum(money for _, money in line.by_unit) == pytest.approx(line.money, abs=1e-9 * scale)


@settings(max_examples=60, deadline=None)
@given(before=results(), after=results(run_id="r1"))
def test_swapping_the_periods_turns_every_sign(before: RunResult, after: RunResult) -> None:
    there, back = result_ledger(before, after), result_ledger(after, before)
    scale = 1.0 + sum(abs(part) for line in there.lines for _, part in line.by_unit)

    for one, other in zip(there.lines, back.lines, strict=True):
        assert one.money == pytest.approx(-other.money, abs=1e-9 * scale)


@settings(max_examples=60, deadline=None)
@given(made=results())
def test_rows_sum_to_slices_and_slices_to_the_total(made: RunResult) -> None:
    assert math.fsum(line.money for line in made.lines) == pytest.approx(made.total, rel=1e-12, abs=1e-6)


def test_real_weeks_add_up_to_a_billionth(runs: Path) -> None:
    made = [week(runs, span) for span in range(1, 17)]

    for before, after in itertools.combinations(made, 2):
        ledger = result_ledger(before, after)
        assert abs(math.fsum(line.money for line in ledger.lines) - ledger.change) < 1e-9
        assert abs(math.fsum(money for _, money in ledger.by_unit) - ledger.change) < 1e-9


# --- each line speaks of its own cause -----------------------------------------------------------------------------------------------


def test_more_of_everything_is_volume() -> None:
    after = a_row("ax", volume=200, sold=20, revenue=100, costs=40)

    assert parts(result_ledger(a_result(a_row("ax")), a_result(after, run_id="r1"))) == {"volume": 30.0}


def test_fewer_buyers_of_as_many_visitors_are_sold_per_case() -> None:
    after = a_row("ax", sold=5, revenue=25, costs=10)

    assert parts(result_ledger(a_result(a_row("ax")), a_result(after, run_id="r1"))) == {"sold": -15.0}


def test_a_discount_is_price_and_a_dearer_supplier_is_cost() -> None:
    discount, supplier = a_row("ax", revenue=40), a_row("ax", costs=35)

    assert parts(result_ledger(a_result(a_row("ax")), a_result(discount, run_id="r1"))) == {"price": -10.0}
    assert parts(result_ledger(a_result(a_row("ax")), a_result(supplier, run_id="r1"))) == {"costs": -15.0}


def test_cases_that_move_between_brands_of_a_line_are_mix_and_no_price() -> None:
    before = a_result(a_row("ax"), a_row("ay", revenue=500))
    after = a_result(
        a_row("ax", volume=150, sold=15, revenue=75, costs=30), a_row("ay", volume=50, sold=5, revenue=250, costs=10), run_id="r1"
    )

    assert parts(result_ledger(before, after)) == {"mix": -225.0}


def test_a_row_that_came_or_went_is_unseen_whole() -> None:
    ledger = result_ledger(a_result(a_row("ax"), a_row("bx")), a_result(a_row("ax"), a_row("cx", revenue=90), run_id="r1"))

    assert parts(ledger) == {"unseen": 40.0}
    assert dict(ledger.by_unit)[a_unit("b")] == pytest.approx(-30.0)


def test_a_row_that_sold_nothing_lost_its_buyers_and_not_its_price() -> None:
    after = a_row("ax", sold=0, revenue=0, costs=0)

    assert parts(result_ledger(a_result(a_row("ax")), a_result(after, run_id="r1"))) == {"sold": -30.0}


def test_the_doubled_supplier_cost_is_the_cost_line_of_its_product(runs: Path) -> None:
    ledger = result_ledger(week(runs, 11), week(runs, 12))
    costs = next(line for line in ledger.lines if line.id == "costs")

    assert max(costs.by_unit, key=lambda pair: abs(pair[1]))[0].text == "product_line=men_dress"
    assert costs.money == pytest.approx(-1_048, abs=1)
    assert all(abs(money) < 1e-9 for unit, money in costs.by_unit if unit.text != "product_line=men_dress")


# --- never added to the other account ------------------------------------------------------------------------------------------------


def test_the_two_accounts_are_never_added() -> None:
    with pytest.raises(AccountError, match="two accounts and never added"):
        check_addable([a_cost(run_id="r0"), a_result(a_row("ax"))])


def test_two_periods_are_never_added() -> None:
    with pytest.raises(AccountError, match="different periods"):
        check_addable([a_cost(run_id="r0"), a_cost(run_id="r1")])


# --- from the tables -----------------------------------------------------------------------------------------------------------------


def week(runs: Path, span: int) -> RunResult:
    """A week of the shoe shop: sales net of returns."""
    rule = parse((Path(__file__).parent / "config/shoes.toml").read_text()).result
    assert rule is not None
    files = {"economics": "product_economics.csv", "actuals": "weekly_actuals.csv"}
    tables = {name: pl.read_csv(runs / "shoes/business" / file, infer_schema_length=None) for name, file in files.items()}
    return run_result(str(span), rule, tables, When(span=str(span)))


def test_margin_and_revenue_are_what_polars_says_by_hand(runs: Path) -> None:
    actuals, prices = (pl.read_csv(runs / "shoes/business" / name) for name in ("weekly_actuals.csv", "product_economics.csv"))
    rows = actuals.join(prices, on=["span", "product_line", "brand"]).filter(pl.col("span") == 12)
    kept = rows["units_sold"] - rows["units_returned"]
    revenue = (rows["revenue"] * kept / rows["units_sold"]).fill_nan(0.0)

    made = week(runs, 12)

    assert made.revenue == pytest.approx(revenue.sum(), rel=1e-12)
    assert made.total == pytest.approx((revenue - kept * rows["unit_cost"]).sum(), rel=1e-12)


TABLE = pl.DataFrame(
    {
        "span": [1, 1, 1],
        "line": ["a", "a", "b"],
        "brand": ["x", "y", "x"],
        "seen": [5, 6, 7],
        "sold": [1, 2, 3],
        "money": [4.0, 5, 6],
        "cost": [1.0, 1, None],
    }
)


def test_a_row_without_a_value_is_told_and_not_counted() -> None:
    made = run_result("r", RULE, {"t": TABLE}, When(span="1"))

    assert (made.total, len(made.rows)) == (6.0, 2)
    assert [(one.rows, one.keys) for one in made.unmatched] == [(1, ("b, x",))]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (TABLE.drop("brand"), r"^\[result\]: no table has the columns span, line, brand"),
        (TABLE.with_columns(seen=-pl.col("seen")), r"^\[result\], `volume`: 'seen' is negative for a, x; a, y; b, x\."),
        (pl.concat([TABLE, TABLE]), "has several rows for 1, a, x"),
        (TABLE.drop("money"), r"^\[result\] cannot be computed: .*\"money\"\. The joined tables have seen, sold"),
        (TABLE.with_columns(money=pl.lit("much")), r"^\[result\] cannot be computed: "),
        (TABLE.with_columns(span=pl.lit(2)), "no row with a value for span 1"),
    ],
)
def test_what_is_wrong_with_a_table_is_a_sentence(table: pl.DataFrame, said: str) -> None:
    with pytest.raises(TableError, match=said):
        run_result("r", RULE, {"t": table}, When(span="1"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('grain = []\nvolume = 1\nrevenue = "r"', "result.grain is empty"),
        ('grain = ["a"]\nunit = ["b"]\nvolume = 1\nrevenue = "r"', "result.unit names b, which result.grain does not have"),
        ('grain = ["a"]\ntables = ["t"]\nvolume = 1\nrevenue = "r"', r"\[result\] names table 't'; known tables: none"),
        ('grain = ["a"]\nvolume = 1', "missing required field `revenue`"),
    ],
)
def test_what_is_wrong_with_the_rule_is_a_sentence(line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse(f'[insights]\ncurrency = "EUR"\n[result]\n{line}')


# --- on the pages --------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shoes(runs: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace.open(
        str(runs / "shoes"), config=str(root / "tests/config/shoes.toml"), state=str(tmp_path_factory.mktemp("state"))
    )
    workspace.scan()
    return workspace


def view(workspace: Workspace, label: str, kind: Any = "cost", **more: Any) -> View:
    run = next(one.id for one in workspace.histories()[0].runs if one.period.label == label and one.state == "complete")
    return workspace.view(Request(view=kind, run=run, **more))


def blocks(page: View, section: str, tag: str) -> list[Any]:
    found = next(one for one in page.sections if one.id == section)
    return [one for one in found.blocks if one.__struct_config__.tag == tag]


def test_the_section_says_that_it_is_a_second_account(shoes: Workspace) -> None:
    page = view(shoes, "2024-08-19")
    section = next(one for one in page.sections if one.id == "result")

    assert section.title.replace("\xa0", " ").startswith("Business result: contribution margin of EUR 7,333, −EUR 3,959")
    assert "never added to the cost of mistakes" in blocks(page, "result", "paragraph")[0].text
    assert "customer lost to a competitor is in here" in blocks(page, "result", "paragraph")[0].text


def test_its_waterfall_and_its_slices_add_up_to_the_change(shoes: Workspace) -> None:
    page = view(shoes, "2024-08-19", tables={"result": TableRequest(size=1000), "result_change": TableRequest(size=1000)})
    steps = blocks(page, "result", "waterfall")[0].steps
    slices, changes = blocks(page, "result", "table")
    change = steps[-1].end - steps[0].end

    assert sum(step.end - step.start for step in steps[1:-1]) == pytest.approx(change, abs=0.05)
    assert sum(row.cells[-1].value for row in slices.rows) == pytest.approx(change, abs=1e-9)
    assert sum(row.cells[1].value for row in slices.rows) == pytest.approx(steps[-1].end, abs=1e-9)
    assert [column.id for column in changes.columns] == ["slice", "change", "volume", "mix", "sold", "price", "costs", "unseen"]
    for row in changes.rows:
        assert sum(cell.value for cell in row.cells[2:]) == pytest.approx(row.cells[1].value, abs=1e-9)


def test_it_is_evidence_of_the_business_corner_and_no_part_of_the_change_of_cost(shoes: Workspace) -> None:
    rows = blocks(view(shoes, "2024-08-19", "insights"), "business", "table")[0].rows
    found = next(row for row in rows if row.id == "business:result")

    assert found.cells[0].state == "violated"
    assert found.cells[4].text == "other account"


def test_neither_headline_nor_cost_know_of_it(shoes: Workspace, runs: Path, root: Path, tmp_path: Path) -> None:
    text = (root / "tests/config/shoes.toml").read_text()
    start, end = text.index("[result]"), text.index("[severity]")
    (tmp_path / "insights.toml").write_text(text[:start] + text[end:])
    without = Workspace.open(str(runs / "shoes"), config=str(tmp_path / "insights.toml"), state=str(tmp_path / "state"))
    without.scan()

    assert view(shoes, "2024-08-19").headline == view(without, "2024-08-19").headline
    assert not [one for one in view(without, "2024-08-19").sections if one.id == "result"]


def test_the_record_of_a_period_carries_it(shoes: Workspace) -> None:
    found = next(one for one in shoes.records() if one.period == "2024-08-19").result

    assert found is not None
    assert sum(found.lines.values()) == pytest.approx(found.change, abs=1e-9)
    assert (found.name, round(found.value)) == ("contribution margin", 7_333)


def test_a_period_without_rows_is_a_sentence_and_the_cost_still_shows(runs: Path, root: Path, tmp_path: Path) -> None:
    text = (root / "tests/config/shoes.toml").read_text().replace('revenue = "CASE', 'revenue = "nonsense + CASE')
    (tmp_path / "insights.toml").write_text(text)
    workspace = Workspace.open(str(runs / "shoes"), config=str(tmp_path / "insights.toml"), state=str(tmp_path / "state"))
    workspace.scan()
    page = view(workspace, "2024-08-19")

    assert next(one for one in page.sections if one.id == "result").title == "Business result: not known"
    assert "nonsense" in next(one for one in page.sections if one.id == "result").lead
    assert blocks(page, "slices", "table")
