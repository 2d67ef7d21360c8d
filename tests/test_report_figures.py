"""Figures on paper: one function per kind, vector, real text, the same bytes each time, and nothing that points outside."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

pytest.importorskip("matplotlib")

import view_builders as a

from model_insights.view import (
    Axis,
    Bars,
    Curve,
    Distribution,
    Figure,
    HeatMap,
    Line,
    LineageGraph,
    Point,
    RangePlot,
    Scatter,
    Tick,
    TimeSeries,
    Triangle,
    Value,
    VerdictStrip,
    Waterfall,
)
from report.figures import DRAW, draw
from report.figures.paper import measure, shorten, wrap
from report.figures.scale import Scale, apart, spread

BUILDERS: dict[str, Callable[..., Any]] = {
    "time series": a.a_time_series,
    "bars": a.a_bars,
    "waterfall": a.a_waterfall,
    "curve": a.a_threshold_curve,
    "heat map": a.a_heat_map,
    "categories": a.a_distribution,
    "histogram": a.a_numeric_distribution,
    "range plot": a.a_range_plot,
    "scatter": a.a_scatter,
    "lineage": a.a_lineage,
    "triangle": a.a_triangle,
    "verdict strip": a.a_verdict_strip,
}
AXIS = Axis(label="Cost (EUR)")
NOTHING: dict[str, Figure] = {
    "time series": TimeSeries(title="", alt="nothing", x=AXIS, y=AXIS, lines=()),
    "gaps only": TimeSeries(title="", alt="nothing", x=AXIS, y=AXIS, lines=(Line(name="a", points=(Point(x=0, y=None),)),)),
    "one point": Curve(title="", alt="nothing", x=AXIS, y=AXIS, lines=(Line(name="a", points=(Point(x=0, y=3),)),)),
    "log axis at zero": Curve(
        title="",
        alt="nothing",
        x=AXIS,
        y=Axis(label="n", scale="log", ticks=(Tick(value=0, text="0"),)),
        lines=(Line(name="a", points=(Point(x=0, y=0),)),),
    ),
    "bars": Bars(title="", alt="nothing", axis=AXIS, bars=()),
    "waterfall": Waterfall(title="", alt="nothing", axis=AXIS, steps=()),
    "heat map": HeatMap(title="", alt="nothing", rows=(), columns=(), cells=()),
    "distribution": Distribution(title="", alt="nothing", series=(), roles=(), axis=AXIS, bins=()),
    "range plot": RangePlot(title="", alt="nothing", axis=AXIS, rows=()),
    "scatter": Scatter(title="", alt="nothing", x=AXIS, y=AXIS, points=()),
    "lineage": LineageGraph(title="", alt="nothing", nodes=(), edges=()),
    "triangle": a.a_triangle(alt="nothing", cannot_tell=Value(text="not known")),
    "verdict strip": VerdictStrip(title="", alt="nothing", marks=()),
}


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_every_kind_of_the_closed_union_has_its_function():
    kinds = {TimeSeries, Bars, Waterfall, Curve, HeatMap, Distribution, RangePlot, Scatter, LineageGraph, Triangle, VerdictStrip}

    assert kinds == set(DRAW)


@pytest.mark.parametrize("name", BUILDERS)
def test_a_figure_is_paths_and_texts_with_its_words_as_title(name: str):
    figure = BUILDERS[name]()

    root = ElementTree.fromstring(draw(figure))

    assert {"path", "text", "title"} == {node.tag.split("}")[1] for node in root}
    assert figure.alt == root[0].text


@pytest.mark.parametrize("name", BUILDERS)
def test_a_figure_is_drawn_the_same_each_time_and_refers_to_nothing(name: str):
    figure = BUILDERS[name]()

    svg = draw(figure, width=82)

    assert svg == draw(figure, width=82)
    assert not any(word in svg for word in ("href", "url(", " id=", "<style", "<image", "script"))


@pytest.mark.parametrize("name", NOTHING)
def test_a_figure_without_content_is_drawn_all_the_same(name: str):
    assert "nothing" == ElementTree.fromstring(draw(NOTHING[name]))[0].text


def test_bars_say_label_value_and_reference():
    said = texts(draw(a.a_bars()))

    assert {"men_dress", "EUR 2,140", "EUR 642", "Week of 16 Sep", "Week of 2 Sep", "Cost per week (EUR)"} <= set(said)


def test_a_waterfall_says_its_steps_and_their_corner_once():
    said = texts(draw(a.a_waterfall()))

    assert {"Week of 2 Sep", "EUR 780", "New model", "+3,870", "Cannot be told apart", "Cannot tell"} <= set(said)
    assert 1 == said.count("Business")


def test_a_time_series_says_lines_marks_and_the_selected_point():
    said = texts(draw(a.a_time_series()))

    assert {
        "Serving model",
        "Expected",
        "Model 163 pushed",
        "A big problem",
        "Week of 16 Sep 2024: EUR 5,600",
        "Cost per week (EUR)",
    } <= set(said)


def test_a_verdict_strip_says_corner_severity_and_period_in_words():
    said = texts(draw(a.a_verdict_strip()))

    assert {"D", "?", "emergency", "9 Sep", "Model"} <= set(said)


def test_a_triangle_says_names_and_shares():
    said = texts(draw(a.a_triangle()))

    assert {"Business realities", "Data", "Model", "80 %", "cannot tell"} <= set(said)


def test_dollars_and_backslashes_are_words_not_formulas():
    figure = a.a_bars(bars=a.a_bars().bars[:1], value_name=r"$\frac{1}{2}$ <b>&")

    assert r"$\frac{1}{2}$ <b>&" in texts(draw(figure))


def test_a_budget_far_above_the_line_does_not_flatten_it():
    near = a.a_time_series(y=Axis(label="EUR"))
    far = a.a_time_series(y=Axis(label="EUR"), marks=(*near.marks, a.Mark(at=1e6, text="Emergency", axis="y", kind="budget")))

    assert "Emergency" not in texts(draw(far))


def test_ticks_that_would_touch_are_thinned_evenly():
    ticks = tuple(Tick(value=i, text=f"Week {i}") for i in range(52))
    axis = Axis(label="", ticks=ticks, low=0, high=51)

    kept = spread(ticks, Scale(axis, (), 0, 120))

    assert 0 == kept[0].value
    assert 1 == len({b.value - a.value for a, b in pairwise(kept)})
    assert 120 > sum(measure(tick.text) for tick in kept)


def test_a_logarithmic_axis_gives_every_decade_the_same_room():
    scale = Scale(Axis(label="", scale="log", low=1, high=100), (), 0, 10)

    assert [0.0, 5.0, 10.0] == [scale(1), scale(10), scale(100)]


def test_names_at_the_end_of_lines_are_moved_apart_and_stay_inside():
    assert [0, 4, 8] == sorted(apart([10, 9, 9], 4, 0, 8))


def test_words_too_long_for_their_room_end_with_an_ellipsis():
    short = shorten("a name of sixty letters that nobody would ever give to a slice", 30)

    assert short.endswith("…")
    assert 30 >= measure(short)


def test_words_are_wrapped_at_spaces():
    assert ("negative_keep_rate", "1.0 → 0.4") == wrap("negative_keep_rate 1.0 → 0.4", 28)
