"""Past verdicts in a row: the corner by shape and letter, the severity by size and word, so that grey print says it all."""

from __future__ import annotations

import math

from model_insights.view import VerdictMark, VerdictStrip
from report.figures.paper import BAD, BAND, FAINT, GOOD, INK, MAIN, MUTED, PANEL, WATCH, WHITE, Paper, shorten

_RADIUS = {"none": 2.2, "unknown": 2.2, "little": 2.8, "big": 3.8, "emergency": 4.8}  # millimetres
_EDGE = {"none": GOOD, "unknown": MUTED, "little": WATCH, "big": BAD, "emergency": BAD}
_SIDES = {"business": 3, "data": 4, "model": 6}
_MIDDLE, _WORD, _PERIOD, _OUTCOME = 7.0, 15.5, 19.5, 23.5
_MOST = 18  # marks in a row; the older ones are in the tab


def verdict_strip(figure: VerdictStrip, width: float) -> str:
    """The latest marks, oldest at the left; below each its severity where there is one, its period, and what it turned out to be."""
    marks = figure.marks[-_MOST:]
    room = width / max(len(marks), 1)
    paper = Paper(width, 26.0 if any(mark.confirmed for mark in marks) else 22.0)
    paper.line((0, width), (_MIDDLE, _MIDDLE), color=FAINT, width=0.5)
    for i, mark in enumerate(marks):
        _mark(paper, mark, (i + 0.5) * room, min(room, 26.0))
    return paper.svg(figure.alt)


def _mark(paper: Paper, mark: VerdictMark, x: float, room: float) -> None:
    if mark.selected:
        paper.box(x - room / 2 + 0.4, 0.4, room - 0.8, _PERIOD + 1.7, fill=PANEL)
    r = _RADIUS[mark.level]
    if mark.corners:
        paper.shape(_outline(mark, x, r * 1.25), fill=BAND, edge=_EDGE[mark.level], width=1.2)
        paper.text(x, _MIDDLE, mark.letter, size=8, weight=600, align="center", color=INK)
    elif mark.letter or mark.is_open:
        paper.dot(x, _MIDDLE, 2 * r, color=MUTED, hollow=True)
        paper.text(x, _MIDDLE, mark.letter or "–", size=7, align="center", color=INK)
    else:
        paper.dot(x, _MIDDLE, 1.8, color=WHITE)
        paper.dot(x, _MIDDLE, 1.6, color=MAIN)
    if mark.level in ("little", "big", "emergency"):
        paper.text(x, _WORD, shorten(mark.level, room - 0.5, 7), size=7, align="center", color=INK)
    paper.text(x, _PERIOD, shorten(mark.label, room - 0.5, 7), size=7, weight=600 if mark.selected else 400, align="center", color=MUTED)
    if mark.confirmed:
        paper.text(x, _OUTCOME, shorten(mark.confirmed.partition(":")[0], room - 0.5, 7), size=7, align="center", color=INK)


def _outline(mark: VerdictMark, x: float, r: float) -> tuple[tuple[float, float], ...]:
    """Triangle, square or hexagon; a many-sided disc where corners cannot be told apart."""
    sides = _SIDES[mark.corners[0]] if len(mark.corners) == 1 else 24
    turn = math.pi / 4 if sides == 4 else -math.pi / 2
    middle = _MIDDLE + (0.2 * r if sides == 3 else 0.0)
    angles = (turn + 2 * math.pi * i / sides for i in range(sides))
    return tuple((x + r * math.cos(angle), middle + r * math.sin(angle)) for angle in angles)
