"""Several cost rules: each is visible, their sum is exact, and no euro is added twice."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_insights.config import CostRule, parse
from model_insights.cost.account import RunCost, run_cost
from model_insights.cost.adding import added, together
from model_insights.cost.model import Cells
from model_insights.errors import AccountError, ConfigError
from model_insights.ledger import Adjacent, adjacent_ledger
from model_insights.ledger_sum import added_ledger
from model_insights.slices import SliceKey
from model_insights.view import Request, TableRequest, View
from model_insights.workspace import Workspace
from tests.builders import a_unit, some_cells
from tests.test_ledger import cells

CLASSES = CostRule(name="calls", kind="classification", threshold=0.5, fp=2.0, fn=5.0, unit=("line",))
STOCK = CostRule(name="stock", kind="inventory", over=2.0, under=3.0, unit=("line",))


def a_cost(made: Cells, rule: CostRule = STOCK, *, run_id: str = "r1") -> RunCost:
    return run_cost(run_id, rule, "baseline", made, ())


# --- the sum is exact ----------------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(stock=cells(), calls=cells(kind="classification"))
def test_the_total_is_the_sum_of_the_rules_and_of_the_slices(stock: Cells, calls: Cells) -> None:
    parts = [a_cost(stock), a_cost(calls, CLASSES)]
    whole = added(parts)

    assert whole.total.value == math.fsum(part.total.value for part in parts)
    assert math.fsum(line.money.value for line in whole.lines) == pytest.approx(whole.total.value, rel=1e-12, abs=1e-9)
    assert {line.unit for line in whole.lines} == {line.unit for part in parts for line in part.lines}


@settings(max_examples=25, deadline=None)
@given(
    stock=st.tuples(cells(), cells()), calls=st.tuples(cells(kind="classification"), cells(kind="classification")),
    middle=st.one_of(st.none(), cells()),
)  # fmt: skip
def test_the_account_sums_exactly_over_the_rules(stock: Any, calls: Any, middle: Any) -> None:
    steps = [
        adjacent_ledger(Adjacent(before=a_cost(stock[0], run_id="r0"), after=a_cost(stock[1]), middle=middle)),
        adjacent_ledger(Adjacent(before=a_cost(calls[0], CLASSES, run_id="r0"), after=a_cost(calls[1], CLASSES), middle=None)),
    ]
    whole = added_ledger(steps)
    scale = max(1.0, whole.scale)

    assert whole.change == pytest.approx(sum(step.change for step in steps), abs=1e-9 * scale)
    assert math.fsum(line.money.value for line in whole.lines) == pytest.approx(whole.change, abs=1e-9 * scale)
    for line in whole.lines:
        own = [found.money.value for step in steps if (found := step.line(line.id)) is not None]
        assert line.money.value == pytest.approx(sum(own), abs=1e-9 * scale)
        assert math.fsum(money for _, money in line.by_unit) == pytest.approx(line.money.value, abs=1e-9 * scale)


def test_a_slice_of_both_rules_is_one_slice_and_its_cases_are_not_counted_twice() -> None:
    whole = added([a_cost(some_cells()), a_cost(some_cells(units=("b", "c"), kind="classification", rates=[[0.25] * 4] * 2), CLASSES)])
    lines = {line.unit: line for line in whole.lines}

    assert set(lines) == {a_unit("a"), a_unit("b"), a_unit("c")}
    assert lines[a_unit("b")].cases == 200.0


def test_errors_are_taken_to_go_together() -> None:
    rng = np.random.default_rng(5)
    one, other = rng.normal(10, 3, 4000), rng.normal(20, 4, 4000)

    assert np.std(together([one, other])) == pytest.approx(np.std(one) + np.std(other), rel=1e-9)
    assert np.mean(together([one, other])) == pytest.approx(np.mean(one) + np.mean(other), rel=1e-9)


# --- no euro twice -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"name": "b", "loss": "short"}, "'stock' and 'b' are marked as the same loss, 'short'"),
        ({"name": "b", "currency": "USD"}, "two currencies are not added"),
        ({"name": "b", "period": "month"}, "costs of different periods are not added"),
        ({"name": "stock"}, "two costs are named 'stock'"),
    ],
)
def test_what_would_count_a_euro_twice_is_refused(other: dict[str, str], said: str) -> None:
    first = msgspec.structs.replace(STOCK, loss="short", period="")
    second = msgspec.structs.replace(first, **{"loss": "", **other})

    with pytest.raises(AccountError, match=said):
        added([a_cost(some_cells(), first), a_cost(some_cells(), second)], "EUR")


RULE = 'kind = "regression"\nover = 1\nunder = 1\n'


@pytest.mark.parametrize(
    ("one", "two", "said"),
    [
        (
            'name = "a"\nloss = "x"',
            'name = "b"\nloss = "x"',
            "'a' and 'b' are marked as the same loss, 'x': added, it would be counted twice. Keep one",
        ),
        ('name = "a"', 'name = "b"\ncurrency = "USD"', "'b' is in USD and the other money in EUR: two currencies are not added"),
        ('name = "a"\nperiod = "week"', 'name = "b"\nperiod = "month"', "'a' is per week and cost 'b' per month"),
        ('name = "a"\nperiod = "week"', 'name = "b"', "'a' is per week and cost 'b' per period of the run"),
        ('name = "a"', 'name = "a"', "two costs are named 'a'"),
    ],
)
def test_the_file_is_refused_with_a_sentence(one: str, two: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse(f'[insights]\ncurrency = "EUR"\n[[cost]]\n{one}\n{RULE}[[cost]]\n{two}\n{RULE}')


def test_rules_of_different_losses_are_taken() -> None:
    text = (
        f'[insights]\ncurrency = "EUR"\n[[cost]]\nname = "a"\nloss = "x"\n{RULE}[[cost]]\nname = "b"\nloss = "y"\ncurrency = "EUR"\n{RULE}'
    )

    assert [rule.loss for rule in parse(text).cost] == ["x", "y"]


# --- on the pages --------------------------------------------------------------------------------------------------------------------

ADS = """[[cost]]
name = "ads"
kind = "amounts"
predictions = "BulkInferrer.deployed"
candidate_predictions = "BulkInferrer"
label = "click"
unit = ["product_line"]
keys = ["span", "product_line", "brand"]
tables = ["economics"]
decision = "prediction >= 0.15"
cost = "CASE WHEN decision AND click = 0 THEN 0.05 WHEN NOT decision AND click = 1 THEN units_per_click * unit_margin ELSE 0 END"

"""


def opened(runs: Path, text: str, folder: Path) -> Workspace:
    (folder / "insights.toml").write_text(text)
    workspace = Workspace.open(str(runs / "shoes"), config=str(folder / "insights.toml"), state=str(folder / "state"))
    workspace.scan()
    return workspace


@pytest.fixture(scope="module")
def both(runs: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    text = (root / "tests/config/shoes.toml").read_text()
    return opened(runs, text.replace("[result]\n", ADS + "[result]\n"), tmp_path_factory.mktemp("both"))


@pytest.fixture(scope="module")
def alone(runs: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Workspace]:
    """The same with one rule only."""
    text = (root / "tests/config/shoes.toml").read_text()
    start = text.index("[[cost]]")
    ads = text[:start] + ADS + text[text.index("[result]") :]
    return {"inventory": opened(runs, text, tmp_path_factory.mktemp("one")), "ads": opened(runs, ads, tmp_path_factory.mktemp("two"))}


def view(workspace: Workspace, kind: Any = "cost", label: str = "2024-08-19", **more: Any) -> View:
    run = next(one.id for one in workspace.histories()[0].runs if one.period.label == label and one.state == "complete")
    return workspace.view(Request(view=kind, run=run, reference="previous", **more))


def the_table(page: View, name: str) -> Any:
    return next(block for one in page.sections for block in one.blocks if getattr(block, "id", "") == name)


def test_the_headline_is_the_sum_of_the_rules_as_each_is_alone(both: Workspace, alone: dict[str, Workspace]) -> None:
    sums = [view(one).headline for one in alone.values()]
    whole = view(both).headline

    assert whole.money.value == pytest.approx(sum(one.money.value for one in sums), abs=1e-9)
    assert whole.change.value == pytest.approx(sum(one.change.value for one in sums), abs=1e-9)


def test_each_rule_is_a_row_and_rows_sum_to_the_total_and_to_the_lines(both: Workspace) -> None:
    page = view(both)
    rules = the_table(page, "rules")
    steps = next(
        block for one in view(both, "insights").sections for block in one.blocks if block.__struct_config__.tag == "waterfall"
    ).steps

    assert [row.id for row in rules.rows] == ["inventory", "ads"]
    assert sum(row.cells[1].value for row in rules.rows) == pytest.approx(page.headline.money.value, abs=1e-9)
    assert sum(row.cells[4].value for row in rules.rows) == pytest.approx(steps[-1].end - steps[0].end, abs=1e-9)
    for row in rules.rows:
        assert sum(cell.value for cell in row.cells[5:]) == pytest.approx(row.cells[4].value, abs=1e-9)


def test_slices_sum_to_the_total_over_all_rules(both: Workspace) -> None:
    page = view(both)
    slices = the_table(page, "slices")

    assert sum(row.cells[1].value for row in slices.rows) == pytest.approx(page.headline.money.value, abs=1e-9)
    for row in slices.rows:
        assert sum(cell.value or 0.0 for cell in row.cells[3:5]) == pytest.approx(row.cells[1].value, abs=1e-9)


def test_each_rule_has_its_own_sections_and_its_tables_answer_by_its_name(both: Workspace) -> None:
    page = view(both, tables={"slices-ads": TableRequest(sort="-cost", size=2)})
    names = [one.id for one in page.sections]

    assert {"slices-inventory", "orders-inventory", "account-inventory", "slices-ads", "account-ads"} <= set(names)
    assert len(names) == len(set(names))
    assert len(the_table(page, "slices-ads").rows) == 2
    assert len(the_table(page, "slices-inventory").rows) == 6
    assert any(one.title.startswith("ads: ") for one in page.sections)


def test_prices_of_every_rule_are_evidence(both: Workspace) -> None:
    found = {row.id for row in the_table(view(both, "insights"), "business").rows}

    assert {"business:volume@inventory", "business:volume@ads"} <= found
    assert any(one.startswith("business:values:product_line=men_dress@inventory") for one in found)


def test_a_rule_without_a_cost_leaves_no_total_but_the_others_show(runs: Path, root: Path, tmp_path: Path) -> None:
    text = (root / "tests/config/shoes.toml").read_text()
    page = view(opened(runs, text.replace("[result]\n", ADS.replace("BulkInferrer.deployed", "Nobody") + "[result]\n"), tmp_path))

    assert page.headline.money.text == "not known"
    assert "ads:" in page.headline.sentence
    assert "Nobody" in page.headline.sentence
    assert sum(row.cells[1].value for row in the_table(page, "slices-inventory").rows) == pytest.approx(1_079, abs=1)
    assert any(one.id == "money-ads" for one in page.sections)


def test_every_page_of_two_rules_opens(both: Workspace) -> None:
    for kind in ("insights", "cost"):
        for label in ("2024-06-03", "2024-09-16"):
            assert view(both, kind, label).sections
    where = SliceKey(items=(("product_line", "men_dress"),))
    row = next(one for one in the_table(view(both), "slices").rows if one.id == where.text)
    assert view(both, "slice", id=row.link.id).sections


def test_assumed_prices_scale_every_rule(both: Workspace) -> None:
    plain, dearer = view(both), view(both, values_scale=1.2)

    assert dearer.headline.money.value == pytest.approx(1.2 * plain.headline.money.value)
    assert [row.cells[1].value for row in the_table(dearer, "rules").rows] == pytest.approx(
        [1.2 * row.cells[1].value for row in the_table(plain, "rules").rows]
    )
