"""Drift against money, and how the headline's numbers are computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.verdict.pipelines import Change, past, present
from benchmarks.verdict.worlds import WORLDS, law
from model_insights.cost.account import by_unit
from model_insights.judgement import Judgement
from model_insights.reading import PlotShelf, Settings
from model_insights.remembered import Remembered
from model_insights.view import Request, Scatter, View
from model_insights.views.computed import FORMULAS
from model_insights.views.drift import drift_scatter
from model_insights.wording import Words
from model_insights.workspace import Book

WORDS = Words(currency="EUR")


@pytest.fixture(scope="module", params=WORLDS)
def book(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Book:
    world = WORLDS[request.param]
    case = present(past(world, law(world, 3), 1000, 4), Change(), with_lineage=True)
    state: Path = tmp_path_factory.mktemp("state")
    return Book(case, Settings(config=case.config, folders=()), Remembered(state), plots=PlotShelf())


@pytest.fixture
def judged(book: Book) -> Judgement:
    return book.judgement(book.history.runs[-1], book.history.runs[-2])


def page(book: Book, **parts: Any) -> View:
    return book.view(Request(**parts), (("p", "p"),))


def test_each_slice_of_both_periods_is_a_point_at_its_change_of_cost(judged: Judgement) -> None:
    figure = drift_scatter(judged, WORDS)
    assert figure is not None
    assert judged.cost is not None
    assert judged.reference is not None
    before = judged.series.cost(judged.reference.id)
    assert before is not None
    now, old = by_unit(judged.cost), by_unit(before)
    wanted = {unit.text: now[unit].money.value - old[unit].money.value for unit in now if unit in old}

    assert wanted == {point.label: point.y for point in figure.points}
    assert all(point.x >= 0 for point in figure.points)
    assert [abs(point.y) for point in figure.points] == sorted((abs(point.y) for point in figure.points), reverse=True)
    assert figure.points[0].text in figure.alt


def test_a_slice_that_did_not_move_is_at_the_left(judged: Judgement) -> None:
    import msgspec

    assert judged.cost is not None
    assert judged.reference is not None
    same = msgspec.structs.replace(
        judged, series=msgspec.structs.replace(judged.series, costs={**judged.series.costs, judged.reference.id: judged.cost})
    )
    figure = drift_scatter(same, WORDS)

    assert figure is not None
    assert {(0.0, 0.0)} == {(point.x, point.y) for point in figure.points}


def test_the_data_corner_shows_it(book: Book) -> None:
    section = next(one for one in page(book).sections if one.id == "data")

    assert [block.title for block in section.blocks if isinstance(block, Scatter)] == ["Drift against money, slice by slice"]


def test_every_number_of_the_headline_tells_its_formula_and_its_inputs(book: Book) -> None:
    headline = page(book).headline
    assert headline is not None
    how = {fact.label: fact for fact in headline.how}

    assert book.case.rule is not None
    assert FORMULAS[book.case.rule.kind] == how["How much"].value
    assert "evaluated examples" in how["How much"].hint
    assert headline.money.text in how["Change"].value
    assert how["Change"].hint.endswith("they add up to it exactly.")
