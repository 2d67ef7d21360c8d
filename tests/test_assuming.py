"""Assumed unit values: the same as pricing anew, proportional to the cent, and said loudly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from benchmarks.verdict.pipelines import Change, past, present
from benchmarks.verdict.worlds import WORLDS, law
from model_insights.assuming import scaled
from model_insights.config import CostRule, SeverityBudget
from model_insights.cost.account import run_cost
from model_insights.cost.units import UnitTable
from model_insights.judgement import Case, series
from model_insights.reading import PlotShelf, Settings
from model_insights.remembered import Remembered
from model_insights.view import Request, View
from model_insights.workspace import Book
from tests.builders import some_cells


@pytest.fixture(scope="module", params=WORLDS)
def case(request: pytest.FixtureRequest) -> Case:
    world = WORLDS[request.param]
    made = present(past(world, law(world, 3), 1000, 4), Change(), with_lineage=True)
    assert made.config is not None
    budget = SeverityBudget(little=100, big=1_000, emergency=5_000)
    return msgspec.structs.replace(made, config=msgspec.structs.replace(made.config, severity=budget))


@pytest.fixture
def book(case: Case, tmp_path: Path) -> Book:
    return Book(case, Settings(config=case.config, folders=()), Remembered(tmp_path), plots=PlotShelf())


def shown(book: Book, factor: float = 1.0, view: Any = "insights") -> View:
    return book.view(Request(view=view, values_scale=factor), (("p", "p"),))


def priced_anew(case: Case, factor: float) -> Case:
    """The slow way: other prices in the tables."""
    assert case.rule is not None
    names = tuple(case.rule.prices)

    def dearer(table: UnitTable | str) -> UnitTable | str:
        assert isinstance(table, UnitTable)
        rows = [
            msgspec.structs.replace(
                row, values=tuple(v if n == "units_per_event" else v * factor for n, v in zip(names, row.values, strict=True))
            )
            for row in table.rows
        ]
        return msgspec.structs.replace(table, rows=tuple(rows))

    return msgspec.structs.replace(case, units={run: dearer(table) for run, table in case.units.items()})


def assert_same(one: Any, two: Any, at: str = "") -> None:
    """Equal to rounding, down to the last draw."""
    if isinstance(one, (float, np.ndarray)):
        scale = float(np.max(np.abs(one))) if np.size(one) else 0.0
        assert np.allclose(one, two, rtol=1e-9, atol=1e-9 * max(scale, 1.0)), at
    elif isinstance(one, msgspec.Struct):
        assert type(one) is type(two)
        for field in one.__struct_fields__:
            assert_same(getattr(one, field), getattr(two, field), f"{at}.{field}")
    elif isinstance(one, Mapping):
        assert [*one] == [*two], at
        for key in one:
            assert_same(one[key], two[key], f"{at}[{key}]")
    elif isinstance(one, (tuple, list)):
        assert len(one) == len(two), at
        for i, (first, second) in enumerate(zip(one, two, strict=True)):
            assert_same(first, second, f"{at}[{i}]")
    else:
        assert one == two, at


def test_scaling_what_was_found_is_the_same_as_pricing_anew(case: Case) -> None:
    quick, slow = scaled(series(case), 1.3), series(priced_anew(case, 1.3))

    for field in ("costs", "candidate_costs", "steps", "retrain_spread", "levels"):
        assert_same(getattr(quick, field), getattr(slow, field), field)


@pytest.mark.parametrize(
    ("kind", "rates", "values"),
    [("regression", [[0.5, 2.0]], [[1.0, 2.0, 3.0]]), ("amounts", [[3.0]], [[1.0]]), ("multiclass", [[0.1, 0.2, 0.7]], [[5.0, 8.0, 0.0]])],
)
def test_every_kind_of_cost_is_proportional_to_its_prices(kind: Any, rates: Any, values: Any) -> None:
    prices: Any = {
        "regression": {"over": 2.0, "under": 3.0},
        "amounts": {"predictions": "BulkInferrer", "cost": 1.0},
        "multiclass": {"pairs": {"0->1": 5.0}, "wrong": 8.0},
    }
    rule = CostRule(name="x", kind=kind, **prices[kind])
    values = [[*values[0], 0.0]] if kind == "multiclass" else values
    rates = [[*rates[0], 0.0]] if kind == "multiclass" else rates
    cells = some_cells(units=("a",), volume=(100.0,), rates=rates, values=values, kind=kind)
    cost = run_cost("r", rule, "m", cells, ())
    made = scaled(_series_of(cost), 1.5).costs["r"]
    anew = run_cost("r", rule, "m", _dearer(cells, rule, 1.5), ())

    assert_same(made, anew)
    assert made.total.value == pytest.approx(1.5 * cost.total.value)  # type: ignore[union-attr]


def _series_of(cost: Any) -> Any:
    from model_insights.judgement import Series

    return Series(runs=(), costs={"r": cost}, candidate_costs={}, steps={}, retrain_spread=0.0, levels={})


def _dearer(cells: Any, rule: CostRule, factor: float) -> Any:
    if rule.kind == "amounts":
        return msgspec.structs.replace(cells, rates=cells.rates * factor, spread=cells.spread * factor)
    factors = [1.0 if name == "units_per_event" else factor for name in rule.prices]
    return msgspec.structs.replace(cells, values=cells.values * np.array(factors))


def test_nothing_assumed_is_byte_for_byte_the_page_as_it_was(book: Book) -> None:
    before = [msgspec.json.encode(shown(book, view=kind)) for kind in ("insights", "cost")]
    shown(book, 1.2)

    assert before == [msgspec.json.encode(shown(book, 1.0, kind)) for kind in ("insights", "cost")]


@pytest.mark.parametrize("factor", [0.5, 1.2])
def test_the_cost_of_mistakes_moves_with_the_prices_and_the_page_says_so_first(book: Book, factor: float) -> None:
    plain, page = shown(book), shown(book, factor)
    percent = {0.5: "−50\u00a0%", 1.2: "+20\u00a0%"}[factor]

    assert page.headline is not None
    assert plain.headline is not None
    assert page.headline.money.value == pytest.approx(factor * plain.headline.money.value)  # type: ignore[operator]
    assert page.notices[0].text.startswith(f"Assumption: every unit value {percent} against the business tables")
    assert page.subtitle.endswith(f"assuming unit values {percent}")
    assert ("Assumed", f"unit values {percent}") == (page.footer[0].label, page.footer[0].value)
    assert (factor, percent) == (page.assumption.factor, page.assumption.text)  # type: ignore[union-attr]


def test_each_stop_of_the_slider_says_what_the_page_says_there(book: Book) -> None:
    slider = shown(book).assumption
    assert slider is not None
    assert (0.5, 1.0, 1.5, 21) == (slider.stops[0].factor, slider.stops[10].factor, slider.stops[-1].factor, len(slider.stops))

    for stop in (slider.stops[0], slider.stops[14], slider.stops[-1]):
        page = shown(book, stop.factor)
        assert page.headline is not None
        assert page.assumption is not None
        assert page.headline.money.text in stop.text
        assert (page.headline.severity.level, stop.text) == (stop.level, page.assumption.effect)


def test_the_severity_follows_the_budgets_which_stay(book: Book) -> None:
    slider = shown(book).assumption
    ladder = ("none", "little", "big", "emergency")
    assert slider is not None
    levels = [ladder.index(stop.level) for stop in slider.stops]

    assert levels == sorted(levels)


def test_a_page_about_one_slice_has_no_slider_and_still_says_what_is_assumed(book: Book) -> None:
    plain = shown(book)
    table = next(block for block in plain.sections[0].blocks if getattr(block, "id", "") == "worst")
    page = book.view(Request(view="slice", id=table.rows[0].link.id, values_scale=1.2), (("p", "p"),))  # type: ignore[union-attr]

    assert page.assumption is None
    assert page.notices[0].text.startswith("Assumption")


def test_a_few_assumptions_are_kept_and_no_more(book: Book) -> None:
    for i in range(9):
        shown(book, 1 + i / 20)

    assert 4 == len(book._assumed)
