"""One row per thing: bars, waterfall and range plot, read like a table with a picture in it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from model_insights.view import Axis, Bars, RangePlot, Step, Value, Waterfall
from report.figures.paper import BAD, GOOD, HAIR, INK, MAIN, MUTED, TONES, WHITE, Paper, shorten, wrap
from report.figures.scale import Scale, spread
from report.measure import measure

PITCH = 6.4  # millimetres from row to row
HEAD = 6.0


def bars(figure: Bars, width: float) -> str:
    """Horizontal bars; the reference is a tick across the bar's row, its value a second column."""
    values = [bar.value for bar in figure.bars]
    references = [bar.reference for bar in figure.bars if bar.reference]
    table = _Rows(figure.axis, [bar.label for bar in figure.bars], [*values, *references], width)
    table.column([value.text for value in values], figure.value_name)
    if references:
        table.column([bar.reference.text if bar.reference else "" for bar in figure.bars], figure.reference_name)
    paper, x = table.ready(zero=True)
    for y, bar in zip(table.middles(), figure.bars, strict=True):
        if bar.value.value is not None:
            paper.box(x(0), y - 1.7, x(bar.value.value) - x(0), 3.4, fill=TONES[bar.tone])
        _whisker(paper, x, y, bar.value.low, bar.value.high, caps=0)
        if bar.reference and bar.reference.value is not None:
            paper.line((x(bar.reference.value),) * 2, (y - 2.7, y + 2.7), color=WHITE, width=3.4)  # parts it from a dark bar
            paper.line((x(bar.reference.value),) * 2, (y - 2.7, y + 2.7), color=INK, width=1.5)
    return paper.svg(figure.alt)


def range_plot(figure: RangePlot, width: float) -> str:
    """Points with intervals around a guide."""
    table = _Rows(figure.axis, [row.label for row in figure.rows], [row.value for row in figure.rows], width)
    table.column([row.value.text for row in figure.rows], "")
    table.reach(bound for row in figure.rows for bound in (row.low, row.high, figure.guide))
    paper, x = table.ready(zero=False)
    if figure.guide is not None:
        paper.line((x(figure.guide),) * 2, (HEAD - 2, table.bottom), color=MUTED, width=1)
    for y, row in zip(table.middles(), figure.rows, strict=True):
        _whisker(paper, x, y, row.low, row.high, color=MAIN, width=1.6)
        if row.value.value is not None:
            paper.dot(x(row.value.value), y, 2.4, color=TONES[row.value.tone])
    return paper.svg(figure.alt)


def waterfall(figure: Waterfall, width: float) -> str:
    """Steps from one total to the next; what cannot be told apart is hatched."""
    table = _Rows(figure.axis, [step.label for step in figure.steps], [], width, heavy=[step.total for step in figure.steps])
    table.column([step.value.text for step in figure.steps], "")
    table.groups([_owner(step) for step in figure.steps])
    table.reach(bound for step in figure.steps for bound in (step.start, step.end))
    paper, x = table.ready(zero=True)
    middles = table.middles()
    for (y, step), following in zip_longest(zip(middles, figure.steps, strict=True), middles[1:]):
        if step.cannot_tell:
            paper.hatch(x(step.start), y - 2.1, x(step.end) - x(step.start), 4.2)
        else:
            paper.box(x(step.start), y - 2.1, x(step.end) - x(step.start), 4.2, fill=_step_color(step.total, step.end - step.start))
        if following is not None:
            paper.line((x(step.end),) * 2, (y - 2.1, following + 2.1), color=MUTED, width=0.6)
    return paper.svg(figure.alt)


def _owner(step: Step) -> str:
    if step.cannot_tell:
        return "Cannot tell"
    return step.corner.capitalize() if step.corner else ""


def _step_color(total: bool, change: float) -> str:
    if total:
        return MAIN
    return BAD if change > 0 else GOOD


def _whisker(
    paper: Paper, x: Scale, y: float, low: float | None, high: float | None, *, color: str = INK, width: float = 0.8, caps: float = 0.9
) -> None:
    if low is None or high is None:
        return
    paper.line((x(low), x(high)), (y, y), color=color, width=width)
    for bound in (low, high) if caps else ():
        paper.line((x(bound), x(bound)), (y - caps, y + caps), color=color, width=width)


class _Rows:
    """The frame of a row chart: labels at the left, a scale in the middle, columns of words at the right."""

    def __init__(self, axis: Axis, labels: list[str], values: list[Value], width: float, *, heavy: list[bool] | None = None) -> None:
        self._axis, self._labels, self._width = axis, labels, width
        self._heavy = heavy or [False] * len(labels)
        self._reached: list[float | None] = [bound for value in values for bound in (value.value, value.low, value.high)]
        self._columns: list[tuple[list[str], str]] = []
        self._groups: list[str] = []
        self.bottom = HEAD + PITCH * len(labels)

    def column(self, words: list[str], head: str) -> None:
        """A right-aligned column of words with its head."""
        self._columns.append((words, head))

    def groups(self, names: list[str]) -> None:
        """A word in front of the labels, said once for rows that share it."""
        self._groups = names

    def reach(self, bounds: Iterable[float | None]) -> None:
        """Bounds that the scale must show."""
        self._reached.extend(bounds)

    def middles(self) -> list[float]:
        """The y of every row."""
        return [HEAD + PITCH * (i + 0.5) for i in range(len(self._labels))]

    def ready(self, *, zero: bool) -> tuple[Paper, Scale]:
        """The paper with frame, labels and columns drawn, and the scale of the middle."""
        paper = Paper(self._width, self.bottom + 10)
        left = self._draw_labels(paper)
        right = self._draw_columns(paper)
        scale = Scale(self._axis, [*self._reached, *([0.0] if zero else [])], left + 4, right - 4)
        for tick in spread(self._axis.ticks, scale):
            paper.line((scale(tick.value),) * 2, (HEAD - 2, self.bottom), color=HAIR, width=0.6)
            paper.text(scale(tick.value), self.bottom + 2.6, tick.text, color=MUTED, align="center")
        paper.text((left + right) / 2, self.bottom + 7.2, self._axis.label, color=MUTED, align="center")
        if zero:
            paper.line((scale(0),) * 2, (HEAD - 2, self.bottom), color=MUTED, width=0.8)
        return paper, scale

    def _draw_labels(self, paper: Paper) -> float:
        indent = max((measure(name, 7.5) for name in self._groups), default=-3) + 3
        room = min(max((measure(label, 8, 600) for label in self._labels), default=0) + 0.5, 0.36 * self._width)
        said = ""
        for y, group in zip(self.middles(), self._groups, strict=False):
            if group != said:
                paper.text(0, y, group, size=7.5, color=MUTED)
            said = group
        for y, label, heavy in zip(self.middles(), self._labels, self._heavy, strict=True):
            self._label(paper, indent, y, label, room, 600 if heavy else 400)
        return indent + room

    def _label(self, paper: Paper, x: float, y: float, label: str, room: float, weight: int) -> None:
        if measure(label, 8, weight) <= room:
            paper.text(x, y, label, weight=weight)
            return
        for line, words in enumerate(wrap(label, room, 7, weight)):
            paper.text(x, y - 1.4 + 2.8 * line, words, size=7, weight=weight)

    def _draw_columns(self, paper: Paper) -> float:
        right = self._width
        for index, (words, head) in reversed(list(enumerate(self._columns))):
            widest = max((measure(word, 8, 600) for word in (*words, *([shorten(head, 30)] if head else []))), default=0)
            for y, word, heavy in zip(self.middles(), words, self._heavy, strict=True):
                paper.text(right, y, word, align="right", weight=600 if heavy else 400, color=INK if index == 0 else MUTED)
            self._head(paper, right, head, index)
            right -= widest + 5
        return right

    def _head(self, paper: Paper, right: float, head: str, index: int) -> None:
        """The name of a column, with the sign that the bars use for it."""
        words = shorten(head, 30, 7.5)
        if not words:
            return
        paper.text(right, 2, words, size=7.5, color=MUTED, align="right")
        left = right - measure(words, 7.5) - 1.6
        if index == 0:
            paper.box(left - 2.4, 1, 2.4, 2, fill=MAIN)
        else:
            paper.line((left - 0.8,) * 2, (0.6, 3.4), color=INK, width=1.3)
