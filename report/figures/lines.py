"""Lines over time and over a continuous x: the time series and the curves."""

from __future__ import annotations

from itertools import chain
from math import nan
from typing import NamedTuple

from model_insights.view import Axis, Band, Curve, Line, Mark, Point, TimeSeries
from report.figures.paper import BAD, BAND, FAINT, HAIR, INK, MAIN, MUTED, REFERENCE, WATCH, Paper, shorten
from report.figures.scale import Scale, apart, spread
from report.measure import measure

ROW = 4.2  # millimetres between two lines of words
NARROW = 100.0  # below this width the names of lines stand under the chart


class Look(NamedTuple):
    """How a role is drawn: dashes tell the roles apart where colours do not."""

    color: str
    width: float
    dash: tuple[float, ...] = ()


ROLES = {
    "main": Look(MAIN, 1.8),
    "reference": Look(REFERENCE, 1.3, (5, 2)),
    "expected": Look(REFERENCE, 1.1, (2, 2)),
    "training": Look(REFERENCE, 1.1, (1, 1.5)),
    "candidate": Look(WATCH, 1.4, (6, 2, 1, 2)),
    "guide": Look(FAINT, 0.9, (1, 2)),
}
MARKS = {"event": MUTED, "model": INK, "data": MUTED, "threshold": INK, "budget": BAD, "change": WATCH}


def time_series(figure: TimeSeries, width: float, low: bool) -> str:
    """Lines over the runs' periods."""
    return _chart(figure, width, low)


def curve(figure: Curve, width: float, low: bool) -> str:
    """y against a continuous x."""
    return _chart(figure, width, low)


def chart_height(figure: TimeSeries | Curve, width: float, low: bool) -> float:
    """Millimetres: what the lines need, and rows for the words of marks and, in narrow charts, for the names."""
    flags = _flag_rows(*_flagged(figure, width), width)
    rows = max((row for _, _, row in flags), default=0)
    return (50 if low else 66) + ROW * (rows + len(_below(figure, width)))


def _flagged(figure: TimeSeries | Curve, width: float) -> tuple[list[Mark], Scale]:
    """The marks that stand on the x axis, and this axis."""
    names = [name for name, _ in _named(figure)]
    right = 4 if width < NARROW else min(max((measure(name) for name in names), default=0) + 8.5, width * 0.3) if names else 4
    left = max((measure(tick.text) for tick in figure.y.ticks), default=4) + 2.5
    x = Scale(figure.x, [point.x for point in _points(figure)], left + 2, width - right - 2)
    return [mark for mark in figure.marks if mark.axis == "x" and x.holds(mark.at)], x


def _chart(figure: TimeSeries | Curve, width: float, low: bool) -> str:
    height, below = chart_height(figure, width, low), _below(figure, width)
    marks, x = _flagged(figure, width)
    flags = _flag_rows(marks, x, width)
    top = 2 * ROW + ROW * (1 + max((row for _, _, row in flags), default=-1))
    y = Scale(figure.y, _heights(figure), height - 11 - ROW * len(below), top)
    paper = Paper(width, height)
    _axes(paper, figure.x, figure.y, x, y)
    for band in figure.bands:
        _band(paper, band, x, y)
    for mark in figure.marks:
        if mark.axis == "y" and y.holds(mark.at):
            _level(paper, mark, x, y)
    _flags(paper, flags, x, y)
    for line in sorted(figure.lines, key=lambda line: line.role == "main"):  # the main line lies on top
        _line(paper, line, x, y)
    _readout(paper, figure)
    if below:
        _names_below(paper, below)
    else:
        _end_names(paper, figure, x, y)
    return paper.svg(figure.alt)


def _points(figure: TimeSeries | Curve) -> tuple[Point, ...]:
    parts: tuple[Line | Band, ...] = (*figure.lines, *figure.bands)
    return tuple(chain.from_iterable(part.points for part in parts))


def _heights(figure: TimeSeries | Curve) -> list[float | None]:
    points = _points(figure)
    levels = [mark.at for mark in figure.marks if mark.axis == "y"]
    highest = max((value for point in points for value in (point.y, point.high) if value is not None), default=0)
    near = [level for level in levels if level <= 1.3 * highest]  # a far budget must not flatten the line
    return [value for point in points for value in (point.y, point.low, point.high)] + near


def _axes(paper: Paper, x_axis: Axis, y_axis: Axis, x: Scale, y: Scale) -> None:
    left, right = x.start - 2, x.end + 2
    paper.text(0, 2, y_axis.label, color=MUTED)
    for tick in y_axis.ticks:
        if y.holds(tick.value):
            paper.line((left, right), (y(tick.value),) * 2, color=HAIR, width=0.6)
            paper.text(left - 1.5, y(tick.value), tick.text, color=MUTED, align="right")
    paper.line((left, right), (y.start,) * 2, color=MUTED, width=0.8)
    for tick in spread(x_axis.ticks, x):
        paper.line((x(tick.value),) * 2, (y.start, y.start + 1), color=MUTED, width=0.8)
        paper.text(x(tick.value), y.start + 3.4, tick.text, color=MUTED, align="center")
    paper.text(right, y.start + 8.4, x_axis.label, color=MUTED, align="right")


def _band(paper: Paper, band: Band, x: Scale, y: Scale) -> None:
    known = [(point.x, point.low, point.high) for point in band.points if point.low is not None and point.high is not None]
    if len(known) > 1:
        paper.shape([*((x(at), y(high)) for at, _, high in known), *((x(at), y(low)) for at, low, _ in reversed(known))], fill=BAND)


def _line(paper: Paper, line: Line, x: Scale, y: Scale) -> None:
    look = ROLES[line.role]
    if line.role in ("main", "candidate"):
        _intervals(paper, line, look, x, y)
    paper.line(
        [x(point.x) for point in line.points],
        [nan if point.y is None else y(point.y) for point in line.points],
        color=look.color,
        width=look.width,
        dash=look.dash,
    )
    known = [point for point in line.points if point.y is not None]
    for point in known:
        if point.emphasis or len(known) == 1:
            lone = line.role != "main"
            paper.dot(x(point.x), y(point.y or 0), 3.0 if lone else 2.2, color=look.color, hollow=lone)


def _intervals(paper: Paper, line: Line, look: Look, x: Scale, y: Scale) -> None:
    """Whiskers for a few points, a pale ribbon for many."""
    known = [(point.x, point.low, point.high) for point in line.points if point.low is not None and point.high is not None]
    if len(known) > 30:
        paper.shape(
            [*((x(at), y(high)) for at, _, high in known), *((x(at), y(low)) for at, low, _ in reversed(known))],
            fill=look.color,
            opacity=0.13,
        )
        return
    for at, low, high in known:
        paper.line((x(at), x(at)), (y(low), y(high)), color=look.color, width=0.7)


def _level(paper: Paper, mark: Mark, x: Scale, y: Scale) -> None:
    paper.line((x.start - 2, x.end + 2), (y(mark.at),) * 2, color=MARKS[mark.kind], width=0.9, dash=(4, 2))
    paper.text(x.start - 1, y(mark.at) - 2.2, mark.text, color=MARKS[mark.kind], size=7.5)


def _flag_rows(marks: list[Mark], x: Scale, width: float) -> list[tuple[Mark, float, int]]:
    """(mark, left edge of its words, row): as few rows as keep the words apart."""
    ends: list[float] = []
    placed = []
    for mark in sorted(marks, key=lambda mark: mark.at):
        length = measure(mark.text, 7.5)
        left = min(max(x(mark.at) + 1, 0), width - length)
        row = next((i for i, end in enumerate(ends) if end + 3 <= left), len(ends))
        ends[row : row + 1] = [left + length]
        placed.append((mark, left, row))
    return placed


def _flags(paper: Paper, flags: list[tuple[Mark, float, int]], x: Scale, y: Scale) -> None:
    for mark, left, row in flags:
        height = 1.7 * ROW + ROW * row
        color = MARKS[mark.kind]
        paper.line((x(mark.at),) * 2, (height - 1.6, y.start), color=color, width=0.8, dash=(2, 2) if mark.kind != "model" else ())
        paper.text(
            left,
            height,
            shorten(mark.text, paper.width - left, 7.5),
            size=7.5,
            color=color,
            weight=600 if mark.kind in ("model", "threshold") else 400,
        )


def _readout(paper: Paper, figure: TimeSeries | Curve) -> None:
    """What the emphasised point says, in the top right corner."""
    told = [point.text for line in figure.lines for point in line.points if point.emphasis and point.text]
    if told:
        room = paper.width - measure(figure.y.label) - 6
        paper.text(paper.width, 2, shorten(told[-1], room, 8, 600), weight=600, align="right")


def _named(figure: TimeSeries | Curve) -> list[tuple[str, Look | None]]:
    """Names that stand at the right end; a band that has the name of a line needs none, nor does a single line without bands."""
    lines: list[tuple[str, Look | None]] = [(line.name, ROLES[line.role]) for line in figure.lines]
    bands: list[tuple[str, Look | None]] = [(band.name, None) for band in figure.bands if band.points]
    names = [*lines, *bands]
    return names if len(names) > 1 else []


def _below(figure: TimeSeries | Curve, width: float) -> list[list[tuple[str, Look | None]]]:
    """The names in rows that fit below a narrow chart; a wide one has them at the right."""
    rows: list[list[tuple[str, Look | None]]] = []
    used = width
    for name, look in _named(figure) if width < NARROW else []:
        length = min(measure(name, 7.5) + 9, width)
        if used + length > width:
            rows.append([])
            used = 0.0
        rows[-1].append((name, look))
        used += length
    return rows


def _names_below(paper: Paper, rows: list[list[tuple[str, Look | None]]]) -> None:
    for i, row in enumerate(rows):
        left, place = 0.0, paper.height - ROW * (len(rows) - i) + 2
        for name, look in row:
            _key(paper, left, place, look)
            words = shorten(name, paper.width - left - 6, 7.5)
            paper.text(left + 6, place, words, size=7.5, color=look.color if look and look.color == MAIN else MUTED)
            left += measure(name, 7.5) + 9


def _key(paper: Paper, left: float, place: float, look: Look | None) -> None:
    if look:
        paper.line((left, left + 5), (place, place), color=look.color, width=look.width, dash=look.dash)
    else:
        paper.box(left, place - 1.2, 5, 2.4, fill=BAND)


def _end_names(paper: Paper, figure: TimeSeries | Curve, x: Scale, y: Scale) -> None:
    names = _named(figure)
    parts: list[Line | Band] = [*figure.lines, *(band for band in figure.bands if band.points)]
    heights = [_end(part) for part in parts]
    places = apart([y(height) for height in heights], ROW, y.end, y.start - 1)
    left = x.end + 4
    for (name, look), place in zip(names, places, strict=False):
        _key(paper, left, place, look)
        paper.text(left + 6, place, shorten(name, paper.width - left - 6), color=look.color if look and look.color == MAIN else MUTED)


def _end(part: Line | Band) -> float:
    """Height of the last known point; the middle of a band."""
    for point in reversed(part.points):
        if point.y is not None:
            return point.y
        if point.low is not None and point.high is not None:
            return (point.low + point.high) / 2
    return 0.0
