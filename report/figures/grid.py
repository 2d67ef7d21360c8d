"""Two dimensions at once: the heat map and the scatter."""

from __future__ import annotations

from model_insights.view import HeatCell, HeatMap, Scatter, ScatterPoint
from report.figures.paper import BAD, HAIR, INK, MAIN, MUTED, TONES, WHITE, Paper, shorten
from report.figures.scale import Scale, spread
from report.measure import measure

PITCH, HEAD = 8.0, 11.0


def heat_map(figure: HeatMap, width: float) -> str:
    """Cells that say their number; the darker, the larger. A fall is outlined instead of filled."""
    paper = Paper(width, HEAD + PITCH * len(figure.rows) + 1)
    left = min(max((measure(name) for name in (*figure.rows, figure.row_label)), default=0) + 3, 0.36 * width)
    step = (width - left) / max(len(figure.columns), 1)
    paper.text(0, 7.4, figure.row_label, size=7.5, color=MUTED)
    paper.text(left, 2, figure.column_label, size=7.5, color=MUTED)
    for index, name in enumerate(figure.columns):
        paper.text(left + (index + 0.5) * step, 7.4, shorten(name, step - 1), align="center")
    for index, name in enumerate(figure.rows):
        paper.text(0, HEAD + PITCH * (index + 0.5), shorten(name, left - 2))
    largest = max((abs(cell.value.value) for cell in figure.cells if cell.value.value is not None), default=1) or 1
    size = next((size for size in (8, 7, 6) if all(measure(cell.value.text, size) <= step - 2 for cell in figure.cells)), 5.5)
    for cell in figure.cells:
        _cell(paper, cell, left, step, largest, size)
    return paper.svg(figure.alt)


def _cell(paper: Paper, cell: HeatCell, left: float, step: float, largest: float, size: float) -> None:
    x, y = left + cell.column * step, HEAD + cell.row * PITCH
    share = (cell.value.value or 0) / largest
    fill = _mixed(max(share, 0.0))
    paper.box(x + 0.3, y + 0.3, step - 0.6, PITCH - 0.6, fill=fill, edge=HAIR if share >= 0 else MUTED)
    words = shorten(cell.value.text, step - 2, size)
    paper.text(x + step / 2, y + PITCH / 2, words, size=size, align="center", color=WHITE if share > 0.55 else INK)


def _mixed(share: float) -> str:
    """From white to the main colour."""
    parts = [int(MAIN[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(255 + (part - 255) * share):02x}" for part in parts)


def scatter(figure: Scatter, width: float, low: bool) -> str:
    """Points in a plane; those that stand out are named."""
    height = 50.0 if low else 66.0
    paper = Paper(width, height)
    left = max((measure(tick.text) for tick in figure.y.ticks), default=4) + 2.5
    x = Scale(figure.x, [point.x for point in figure.points], left + 2, width - 4)
    y = Scale(figure.y, [point.y for point in figure.points], height - 11, 8)
    paper.text(0, 2, figure.y.label, color=MUTED)
    for tick in figure.y.ticks:
        paper.line((left, width), (y(tick.value),) * 2, color=HAIR, width=0.6)
        paper.text(left - 1.5, y(tick.value), tick.text, color=MUTED, align="right")
    paper.line((left, width), (y.start,) * 2, color=MUTED, width=0.8)
    for tick in spread(figure.x.ticks, x):
        paper.text(x(tick.value), y.start + 3.4, tick.text, color=MUTED, align="center")
    paper.text(width, y.start + 8.4, figure.x.label, color=MUTED, align="right")
    for point in figure.points:
        paper.dot(x(point.x), y(point.y), 2.2, color=TONES[point.tone], hollow=point.tone == "muted")
    _names(paper, figure, x, y)
    return paper.svg(figure.alt)


def _names(paper: Paper, figure: Scatter, x: Scale, y: Scale) -> None:
    """Names of the points that stand out, then of the highest, as far as they do not touch what is there."""
    taken = [(x(point.x) - 1.2, x(point.x) + 1.2, y(point.y)) for point in figure.points]
    ranked = sorted(figure.points, key=lambda point: (point.tone == "neutral", -point.y))
    for point in ranked[:6]:
        spot = _spot(point, x, y, paper.width)
        if all(right < spot[0] or spot[1] < left or abs(height - spot[2]) > 2.6 for left, right, height in taken):
            taken.append(spot)
            bad = point.tone == "bad"
            paper.text(spot[0], spot[2], shorten(point.label, 40), size=7.5, color=BAD if bad else INK, weight=600 if bad else 400)


def _spot(point: ScatterPoint, x: Scale, y: Scale, width: float) -> tuple[float, float, float]:
    length = measure(shorten(point.label, 40), 7.5, 600)
    left = x(point.x) + 2
    return (left, left + length, y(point.y)) if left + length < width else (x(point.x) - 2 - length, x(point.x) - 2, y(point.y))
