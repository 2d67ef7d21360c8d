"""Figures on paper: one kind, one function, over the closed union of the view models."""

from __future__ import annotations

from typing import Any

from model_insights.view import (
    Bars,
    Curve,
    Distribution,
    Figure,
    HeatMap,
    LineageGraph,
    RangePlot,
    Scatter,
    TimeSeries,
    Triangle,
    VerdictStrip,
    Waterfall,
)
from report.figures.distribution import distribution
from report.figures.graphs import lineage_graph, triangle
from report.figures.grid import heat_map, scatter
from report.figures.lines import curve, time_series
from report.figures.rows import bars, range_plot, waterfall
from report.figures.strip import verdict_strip

FULL, HALF = 170.0, 82.0  # millimetres: the width of the text, and of one of two figures side by side

DRAW: dict[type, Any] = {
    TimeSeries: time_series,
    Bars: bars,
    Waterfall: waterfall,
    Curve: curve,
    HeatMap: heat_map,
    Distribution: distribution,
    RangePlot: range_plot,
    Scatter: scatter,
    LineageGraph: lineage_graph,
    Triangle: triangle,
    VerdictStrip: verdict_strip,
}
FLEXIBLE = (TimeSeries, Curve, Scatter)


def draw(figure: Figure, *, width: float = FULL, low: bool = False) -> str:
    """The figure as one inline `<svg>` of `width` millimetres, vector, with selectable text and its words as title.

    `low`: with less height, for a full page; charts whose height follows from their rows stay as they are.
    """
    svg: str = DRAW[type(figure)](figure, width, low) if type(figure) in FLEXIBLE else DRAW[type(figure)](figure, width)
    return svg
