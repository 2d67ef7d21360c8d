"""Business tables: joined one to one at the grain, in time and across types, rolled up to the unit; nothing is dropped in silence."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_insights.config import CostRule, General, TableSource
from model_insights.cost.currency import in_currency
from model_insights.cost.rates import Gap
from model_insights.cost.uncovered import uncovered
from model_insights.cost.units import UnitTable, Unmatched, aligned, unit_table
from model_insights.errors import TableError
from model_insights.slices import OVERALL, SliceKey
from model_insights.views.joined import join_facts, not_covered
from model_insights.wording import Words
from tests.builders import a_cost, a_unit, some_cells

RULE = CostRule(
    name="stock", kind="inventory", grain=("span", "line", "brand"), tables=("prices", "sales"), unit=("line",), volume="seen", demand="clicks",
    units_per_event="upc", over="over_cost", under="2 * over_cost",
)  # fmt: skip
PRICES = pl.DataFrame(
    {"span": [1, 1, 1], "line": ["a", "a", "b"], "brand": ["x", "y", "x"], "upc": [0.1, 0.3, 0.2], "over_cost": [10.0, 20.0, 5.0]}
)
SALES = pl.DataFrame({"span": [1, 1, 1], "line": ["a", "a", "b"], "brand": ["x", "y", "x"], "seen": [300, 100, 50], "clicks": [30, 20, 5]})
TIMED = {"prices": TableSource(path="p", valid_from="since", valid_to="until")}
TIMED_OPEN = {"prices": TableSource(path="p", valid_from="since")}


def a_table(rule: CostRule = RULE, *, sources: Any = None, start: str = "2026-01-12", **tables: Any) -> UnitTable:
    return unit_table(rule, {"prices": PRICES, "sales": SALES, **tables}, span="1", period="", start=start, sources=sources)


def changed(**fields: Any) -> CostRule:
    return msgspec.structs.replace(RULE, **fields)


def priced(table: UnitTable, name: str) -> Any:
    row = table.row(a_unit(name))
    assert row is not None
    return row


# --- the join --------------------------------------------------------------------------------------------------------------------


def test_values_are_rolled_up_weighted_by_volume() -> None:
    row = priced(a_table(), "a")

    assert (400.0, 50.0) == (row.volume, row.events)
    assert pytest.approx((0.15, 12.5, 25.0)) == row.values


def test_a_fan_out_is_an_error_that_names_its_keys() -> None:
    with pytest.raises(TableError, match=r"'prices' has several rows for 1, a, x"):
        a_table(prices=pl.concat([PRICES, PRICES.head(1)]))


def test_two_spellings_of_one_key_are_a_fan_out() -> None:
    sevens = pl.DataFrame({"span": [1, 1], "line": ["a", "a"], "brand": [7.0, 7.0], "upc": [1.0, 1.0], "over_cost": [1.0, 1.0]})

    with pytest.raises(TableError, match="several rows for 1, a, 7"):
        a_table(prices=sevens)


@pytest.mark.parametrize(("without", "reason"), [("sales", "not in sales"), ("prices", "not in prices")])
def test_rows_that_only_one_table_has_are_listed_whichever_it_is(without: str, reason: str) -> None:
    found = a_table(**{without: {"sales": SALES, "prices": PRICES}[without].head(2)})

    assert found.joined == 2
    volume = 50.0 if without == "prices" else None
    assert (Unmatched(reason=reason, rows=1, keys=("b, x",), volume=volume),) == found.unmatched


@pytest.mark.parametrize("kind", [pl.Int64, pl.Float64, pl.String])
@pytest.mark.parametrize("other", [pl.Int64, pl.Float64, pl.String])
def test_keys_of_different_types_match_by_their_text(kind: Any, other: Any) -> None:
    prices = PRICES.with_columns(pl.Series("brand", [7, 8, 7]).cast(kind))
    sales = SALES.with_columns(pl.Series("brand", [7, 8, 7]).cast(other))

    assert a_table(prices=prices, sales=sales).joined == 3


def test_a_leading_zero_is_part_of_a_key() -> None:
    found = a_table(
        prices=PRICES.with_columns(pl.Series("brand", ["07", "8", "7"])), sales=SALES.with_columns(pl.Series("brand", [7, 8, 7]))
    )

    assert found.joined == 2


def test_an_empty_key_matches_nothing_and_is_said() -> None:
    prices = PRICES.with_columns(pl.Series("brand", ["x", None, None]))
    sales = SALES.with_columns(pl.Series("brand", ["x", None, None]))

    found = a_table(prices=prices, sales=sales)

    assert found.joined == 1
    assert found.unmatched[0].reason == "the key is empty"
    assert found.unmatched[0].rows == 4
    assert found.unmatched[0].keys[0] == "a, (empty)"


def test_another_period_has_no_rows() -> None:
    assert unit_table(RULE, {"prices": PRICES, "sales": SALES}, span="7", period="").rows == ()


def test_a_missing_key_column_is_named() -> None:
    with pytest.raises(TableError, match="no column brand"):
        a_table(prices=PRICES.drop("brand"))


def test_the_order_of_rows_changes_nothing() -> None:
    assert a_table() == a_table(prices=PRICES.reverse(), sales=SALES.reverse())


def test_ten_matches_in_a_million_rows_are_found_and_the_rest_is_counted() -> None:
    many = 1_000_000
    prices = pl.DataFrame({"line": [f"l{i}" for i in range(many)], "over_cost": np.ones(many)})
    sales = pl.DataFrame({"line": [f"l{i * 7}" for i in range(10)], "seen": np.full(10, 5.0)})
    rule = CostRule(name="s", kind="inventory", grain=("line",), unit=("line",), volume="seen", over="over_cost", under=1.0)
    start = time.perf_counter()

    found = unit_table(rule, {"prices": prices, "sales": sales}, span="", period="")

    assert time.perf_counter() - start < 10
    assert (10, 10, many - 10) == (found.joined, len(found.rows), found.unmatched[0].rows)
    assert len(found.unmatched[0].keys) == 10


# --- validity in time ------------------------------------------------------------------------------------------------------------


def timed(*rows: tuple[str, str, Any, Any, float]) -> pl.DataFrame:
    """Prices with brand, first and last day and the money per unit over; lines as given."""
    return pl.DataFrame(
        {name: [row[i] for row in rows] for i, name in enumerate(("line", "brand", "since", "until", "over_cost"))},
        schema={"line": pl.String, "brand": pl.String, "since": pl.String, "until": pl.String, "over_cost": pl.Float64},
    ).with_columns(upc=pl.lit(1.0))


def over_of_a(*rows: tuple[Any, Any, float], start: str = "2026-01-12", sources: Any = None) -> list[float]:
    prices = timed(*(("a", "x", *row) for row in rows))
    found = a_table(prices=prices, sales=SALES.head(1), start=start, sources=sources or TIMED)
    return [row.values[1] for row in found.rows]


@pytest.mark.parametrize(
    ("start", "expected"), [("2025-12-31", []), ("2026-01-01", [1.0]), ("2026-01-11", [1.0]), ("2026-01-12", [2.0]), ("2030-01-01", [2.0])]
)
def test_the_latest_row_that_has_begun_holds(start: str, expected: list[float]) -> None:
    assert expected == over_of_a(("2026-01-12", None, 2.0), ("2026-01-01", None, 1.0), start=start, sources=TIMED_OPEN)


@pytest.mark.parametrize(("start", "expected"), [("2026-01-07", [9.0]), ("2026-01-08", [1.0])])
def test_after_its_last_day_an_offer_gives_way_to_the_price_before(start: str, expected: list[float]) -> None:
    assert expected == over_of_a(("2025-01-01", None, 1.0), ("2026-01-01", "2026-01-07", 9.0), start=start)


@pytest.mark.parametrize("since", ["2026-01-12", "2026-01-12 00:00:00", "2026-W03", "2026-01", None])
def test_a_first_day_may_be_a_day_a_time_a_label_or_empty(since: Any) -> None:
    assert over_of_a((since, None, 3.0)) == [3.0]


def test_a_key_whose_validity_has_not_begun_is_unmatched_and_said() -> None:
    found = a_table(prices=timed(("a", "x", "2026-02-01", None, 1.0)), sales=SALES.head(1), sources=TIMED)

    assert (Unmatched(reason="no row of prices holds on 2026-01-12", rows=1, keys=("a, x",), volume=300.0),) == found.unmatched


def test_validity_is_judged_key_by_key() -> None:
    prices = timed(("a", "x", "2026-01-01", None, 1.0), ("a", "y", "2026-02-01", None, 1.0), ("b", "x", "2026-01-10", None, 2.0))

    found = a_table(prices=prices, sources=TIMED)

    assert {"a": 1.0, "b": 2.0} == {str(row.unit.items[0][1]): row.values[1] for row in found.rows}
    assert found.unmatched[0].keys == ("a, y",)


def test_two_rows_of_one_key_from_the_same_day_are_a_fan_out() -> None:
    with pytest.raises(TableError, match=r"several rows for a, x \(line, brand, since\)"):
        over_of_a(("2026-01-01", None, 1.0), ("2026-01-01", None, 2.0))


@pytest.mark.parametrize(
    ("start", "since", "said"),
    [("", "2026-01-01", "first day of this run's period is not known"), ("2026-01-12", "soon", "'soon' is no day")],
)
def test_validity_that_cannot_be_judged_is_a_sentence(start: str, since: str, said: str) -> None:
    with pytest.raises(TableError, match=said):
        over_of_a((since, None, 1.0), start=start)


def test_a_missing_column_of_validity_is_named() -> None:
    with pytest.raises(TableError, match="no column since"):
        a_table(sources=TIMED)


# --- expressions -----------------------------------------------------------------------------------------------------------------


def test_a_bad_expression_names_the_rule_and_the_columns() -> None:
    with pytest.raises(TableError, match=r"'stock' cannot be computed.*nonsense.*The joined tables have .*over_cost"):
        a_table(changed(over="nonsense + 1"))


@pytest.mark.parametrize(
    "text",
    [
        "read_csv('/etc/passwd')",
        "1; drop table prices",
        "(SELECT * FROM read_csv('/etc/passwd'))",
        "over_cost IN (SELECT 1)",
        "__import__('os').system('true')",
        "",
        "*",
        "'ten'",
        "line",
    ],
)
def test_an_expression_that_is_more_or_less_than_one_is_a_sentence(text: str) -> None:
    with pytest.raises(TableError, match="Cost 'stock'"):
        a_table(changed(over=text))


def test_a_number_is_a_value_too() -> None:
    assert priced(a_table(changed(over=4.0)), "b").values[1] == 4.0


def test_without_a_grain_expressions_are_refused() -> None:
    with pytest.raises(TableError, match="has no grain"):
        unit_table(changed(grain=()), {}, span="", period="")


@pytest.mark.parametrize(("column", "name"), [("seen", "volume"), ("clicks", "demand")])
def test_a_negative_count_is_an_error_with_its_key(column: str, name: str) -> None:
    with pytest.raises(TableError, match=f"`{name}`: '{column}' is negative for a, y"):
        a_table(sales=SALES.with_columns(pl.Series(column, [3, -2, 5])))


@pytest.mark.parametrize("prices", [pl.col("over_cost").replace(20.0, None), pl.col("over_cost").replace(20.0, float("nan"))])
def test_a_row_without_a_value_is_kept_apart_with_its_volume(prices: pl.Expr) -> None:
    found = a_table(prices=PRICES.with_columns(prices))

    assert priced(found, "a").volume == 300.0
    assert (Unmatched(reason="no value for over", rows=1, keys=("a, y",), volume=100.0),) == found.unmatched


def test_a_unit_that_nobody_saw_has_volume_zero_and_a_rule_without_volume_has_none() -> None:
    unseen = SALES.with_columns(pl.Series("seen", [300, 100, 0]), pl.Series("clicks", [30, 20, 0]))

    assert priced(a_table(sales=unseen), "b").volume == 0.0
    assert priced(a_table(changed(volume=0.0)), "b").volume is None


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.sampled_from(["prices", "sales", "both"]), st.integers(0, 1000)),
        max_size=12,
        unique_by=lambda row: row[:2],
    )
)
def test_every_case_is_priced_or_told(rows: list[tuple[str, int, str, int]]) -> None:
    def frame(part: str, **columns: Any) -> pl.DataFrame:
        chosen = [row for row in rows if row[2] in (part, "both")]
        keys = {"line": [row[0] for row in chosen], "brand": [row[1] for row in chosen]}
        made = {name: [float(of(row)) for row in chosen] for name, of in columns.items()}
        schema = {"line": pl.String, "brand": pl.Int64, **dict.fromkeys(columns, pl.Float64)}
        return pl.DataFrame({**keys, **made}, schema=schema)

    prices = frame("prices", over_cost=lambda _: 1.0, upc=lambda _: 1.0)
    sales = frame("sales", seen=lambda row: row[3], clicks=lambda _: 0.0)
    found = a_table(changed(grain=("line", "brand")), prices=prices, sales=sales)

    assert len(rows) == found.joined + sum(one.rows for one in found.unmatched)
    assert float(sales["seen"].sum()) == sum(row.volume or 0.0 for row in found.rows) + sum(one.volume or 0.0 for one in found.unmatched)


# --- slices ----------------------------------------------------------------------------------------------------------------------


def keyed(*items: tuple[str, Any]) -> SliceKey:
    return SliceKey(items=items)


@pytest.mark.parametrize("ours", [7, "7", 7.0])
@pytest.mark.parametrize("theirs", [7, "7", 7.0])
def test_a_unit_takes_the_name_that_the_evaluation_gives_it(ours: Any, theirs: Any) -> None:
    table = a_table(
        changed(unit=("brand",), grain=("brand",)),
        prices=PRICES.head(1).with_columns(brand=pl.lit(ours)),
        sales=SALES.head(1).with_columns(brand=pl.lit(ours)),
    )

    assert type(theirs) is type(aligned(RULE, table, (OVERALL, keyed(("brand", theirs)))).rows[0].unit.items[0][1])


def test_columns_in_another_order_are_the_same_slice() -> None:
    table = a_table(changed(unit=("line", "brand")))
    theirs = keyed(("brand", "x"), ("line", "b"))

    assert aligned(RULE, table, (theirs,)).row(theirs) is not None


def test_two_slices_of_one_text_are_refused() -> None:
    table = a_table(changed(unit=("brand",)))

    with pytest.raises(TableError, match="several slices that read brand=1"):
        aligned(
            RULE,
            msgspec.structs.replace(table, rows=(msgspec.structs.replace(table.rows[0], unit=keyed(("brand", 1))),)),
            (keyed(("brand", 1)), keyed(("brand", "1"))),
        )


# --- currency --------------------------------------------------------------------------------------------------------------------

GENERAL = General(currency="EUR", rates={"USD": 0.5})
DOLLARS = TableSource(path="p", currency="USD", money=("over_cost",))


def test_foreign_money_is_converted_and_nothing_else() -> None:
    found = in_currency("prices", PRICES, DOLLARS, GENERAL)

    assert found["over_cost"].to_list() == [5.0, 10.0, 2.5]
    assert found.drop("over_cost").equals(PRICES.drop("over_cost"))


@given(st.floats(0.01, 100.0))
def test_the_rate_scales_every_price(rate: float) -> None:
    converted = in_currency("prices", PRICES, DOLLARS, General(currency="EUR", rates={"USD": rate}))

    for before, after in zip(a_table().rows, a_table(prices=converted).rows, strict=True):
        assert pytest.approx([before.values[0], rate * before.values[1], rate * before.values[2]]) == list(after.values)


@pytest.mark.parametrize(("money", "said"), [(("cost",), "no column cost"), (("line",), "holds 'a', which is no number")])
def test_a_money_column_that_is_none_is_named(money: tuple[str, ...], said: str) -> None:
    with pytest.raises(TableError, match=said):
        in_currency("prices", PRICES, msgspec.structs.replace(DOLLARS, money=money), GENERAL)


# --- what the total leaves out ---------------------------------------------------------------------------------------------------

OUTSIDE = UnitTable(
    rows=(),
    joined=2,
    unmatched=(
        Unmatched(reason="not in prices", rows=12, keys=("c, x", "c, y"), volume=500.0),
        Unmatched(reason="not in sales", rows=1, keys=("d, x",), volume=None),
    ),
)


def a_priced_cost(*gaps: Gap) -> Any:
    cells = some_cells(volume=(100.0, 200.0), rates=((0.2, 0.1), (0.1, 0.1)), values=[[1.0, 2.0, 3.0]] * 2)
    return msgspec.structs.replace(a_cost(cells), gaps=gaps)


def test_what_is_not_covered_costs_between_the_cheapest_and_the_dearest_unit() -> None:
    found = uncovered(a_priced_cost(Gap(unit=a_unit("c"), reason="none", volume=100.0), Gap(unit=a_unit("d"), reason="none")), OUTSIDE)

    assert found is not None
    assert (600.0, 13, 2, 2) == (found.volume, found.rows, found.units, found.untold)
    assert pytest.approx((0.0, 0.2)) == found.per_case
    assert pytest.approx((0.0, 120.0)) == (found.low, found.high)


def test_nothing_outside_is_nothing_to_say() -> None:
    assert uncovered(a_priced_cost(), UnitTable(rows=(), joined=2)) is None


def test_the_account_tells_rows_keys_cases_and_the_range() -> None:
    facts = {
        f"{fact.label}/{i}": fact.value.replace("\xa0", " ")
        for i, fact in enumerate(join_facts(a_priced_cost(), OUTSIDE, Words(currency="EUR")))
    }

    assert {
        "Without a price/0": "12 rows, 500 cases: not in prices (c, x; c, y and 10 more)",
        "Without a price/1": "1 row: not in sales (d, x)",
        "Not covered/2": "EUR 0 to EUR 100 for 500 cases in 13 rows without a price; of 1 of them no table tells the cases. "
        "Per case as in the cheapest (EUR 0.000) and the dearest (EUR 0.200) priced unit; not in the total.",
    } == facts


def test_a_run_without_tables_has_no_facts_about_them() -> None:
    assert join_facts(a_priced_cost(), "the tables are not there", Words()) == ()


def test_the_lead_tells_the_range_and_is_silent_where_nothing_is_left_out() -> None:
    words = Words(currency="EUR")

    assert not_covered(a_priced_cost(), OUTSIDE, words).replace("\xa0", " ") == "; not covered: EUR 0 to EUR 100"
    assert not_covered(a_priced_cost(), UnitTable(rows=(), joined=2), words) == ""
    assert not_covered(a_priced_cost(), "no table", words) == ""
