"""Things and what ties them: the lineage of a run, and the triangle of the three corners."""

from __future__ import annotations

from model_insights.view import CornerShare, LineageGraph, Node, Triangle
from report.figures.paper import BAND, FAINT, INK, MUTED, PANEL, STATES, WHITE, Paper, shorten, wrap
from report.measure import measure

BOX, GAP, GUTTER = 11.5, 3.5, 5.0

Point = tuple[float, float]


def lineage_graph(figure: LineageGraph, width: float) -> str:
    """Artifacts in columns from data to deployment. Changed ones carry a triangle, missing ones a dashed frame."""
    columns = max((node.layer for node in figure.nodes), default=0) + 1
    rows = max((node.row for node in figure.nodes), default=0) + 1
    step = (width + GUTTER) / columns
    box = step - GUTTER
    paper = Paper(width, rows * (BOX + GAP) + 3)
    places = {node.id: (node.layer * step, node.row * (BOX + GAP) + 1) for node in figure.nodes}
    for edge in figure.edges:
        if edge.source in places and edge.target in places:
            _tie(paper, places[edge.source], places[edge.target], box)
    size = next(
        (size for size in (8, 7.5, 7, 6.5) if all(measure(node.label, size, 600) <= _room(node, box) for node in figure.nodes)), 6.0
    )
    for node in figure.nodes:
        _node(paper, node, places[node.id], box, size)
    _key(paper, figure)
    return paper.svg(figure.alt)


def _room(node: Node, box: float) -> float:
    return box - (6 if node.changed else 3)


def _tie(paper: Paper, source: Point, target: Point, width: float) -> None:
    start, end = (source[0] + width, source[1] + BOX / 2), (target[0], target[1] + BOX / 2)
    if end[0] <= start[0]:  # the same column: from box to box
        start, end = (source[0] + width / 2, source[1] + BOX), (target[0] + width / 2, target[1])
    paper.line((start[0], end[0]), (start[1], end[1]), color=FAINT, width=0.9)


def _node(paper: Paper, node: Node, place: Point, width: float, size: float) -> None:
    x, y = place
    edge = INK if node.changed or node.selected else FAINT
    fill, stroke = (BAND if node.selected else WHITE), (1.6 if node.changed else 0.8)
    paper.box(x, y, width, BOX, fill=fill, edge=edge, stroke=stroke, dash=(2, 2) if node.missing else ())
    paper.text(x + 1.5, y + 2.7, shorten(node.label, _room(node, width), size, 600), size=size, weight=600)
    for line, words in enumerate(wrap(node.detail, width - 3, 6.5)):
        paper.text(x + 1.5, y + 6.2 + 2.8 * line, words, size=6.5, color=MUTED)
    if node.changed:
        paper.state("watch", x + width - 2.6, y + 2.7, 2.4)


def _key(paper: Paper, figure: LineageGraph) -> None:
    y, x = paper.height - 1.6, 1.5
    if any(node.changed for node in figure.nodes):
        paper.state("watch", x, y, 2.2)
        paper.text(x + 2.5, y, "changed since the reference", size=7, color=MUTED)
        x += 7 + measure("changed since the reference", 7)
    if any(node.missing for node in figure.nodes):
        paper.line((x, x + 6), (y, y), color=FAINT, dash=(2, 2))
        paper.text(x + 7.5, y, "files are missing", size=7, color=MUTED)


def triangle(figure: Triangle, width: float) -> str:
    """The ML Insights Triangle. The larger the sign of a corner, the larger its part of the change of money."""
    width = min(width, 66.0)
    paper = Paper(width, 58.0)
    corners = ((width / 2, 15.5), (12.0, 45.0), (width - 12.0, 45.0))
    paper.shape(corners, fill=PANEL, edge=FAINT, width=1.2)
    for share, place, below in zip(figure.corners, corners, (False, True, True), strict=True):
        _corner(paper, share, place, below=below)
    if figure.cannot_tell.value:
        _unclear(paper, figure, width / 2, 35.5)
    return paper.svg(figure.alt)


def _corner(paper: Paper, share: CornerShare, place: Point, *, below: bool) -> None:
    x, y = place
    part = share.share.value
    size = 4.2 if part is None else 3.2 + 6.0 * min(abs(part), 1.0) ** 0.5
    paper.dot(x, y, size + 3, color=WHITE)
    paper.state(share.state, x, y, size)
    first, second = (y + 7.2, y + 11.2) if below else (y - 12.5, y - 8.5)
    half = measure(share.name, 8, 600) / 2
    x = min(max(x, half), paper.width - half)
    paper.text(x, first, share.name, weight=600, align="center")
    paper.text(x, second, share.share.text, color=STATES[share.state], align="center", weight=600)


def _unclear(paper: Paper, figure: Triangle, x: float, y: float) -> None:
    """The part that no corner can be given, hatched, in the middle."""
    side = 3.0 + 4.0 * min(abs(figure.cannot_tell.value or 0), 1.0) ** 0.5
    paper.hatch(x - side / 2, y - 4.5 - side / 2, side, side, gap=1, color=MUTED)
    paper.text(x, y + 1.4, "cannot tell", size=7, color=MUTED, align="center")
    paper.text(x, y + 4.6, figure.cannot_tell.text, size=7, color=MUTED, align="center", weight=600)
