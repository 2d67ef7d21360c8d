"""How high a sheet becomes, foretold from its words and figures: a page is laid out once, with what fits it.

The numbers are those of templates/style.css, in millimetres; a test holds them against what WeasyPrint lays out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from model_insights.view import (
    Bars,
    Block,
    Curve,
    Distribution,
    Fact,
    Facts,
    HeatMap,
    LineageGraph,
    Paragraph,
    RangePlot,
    Scatter,
    Section,
    Table,
    TimeSeries,
    VerdictStrip,
    Waterfall,
)
from report.columns import cell_size, rows_high
from report.figures.lines import chart_height
from report.glossary import GLOSSARY
from report.limits import ladder
from report.look import Look
from report.measure import POINT, lines_of
from report.pages import Report, Sheet, shown
from report.parts import is_small, is_wordy, paired

WIDTH = 170.0
PAGE = {"A4": 297.0 - 37.0, "Letter": 279.4 - 32.0}
_SURE = 0.99
_TEXT, _NOTE, _COLUMN = 9 * 1.45 * POINT, 7.5 * 1.4 * POINT, 82.0


def room(look: Look) -> float:
    """Height of the text on one page."""
    return PAGE[look.paper]


def foretold(report: Report) -> dict[str, int]:
    """For each sheet of an uncut report but the appendix, the first of its limits that is foretold to fit."""
    limit = room(report.look) * _SURE
    return {sheet.id: _first(report, sheet, range(len(ladder(sheet.kind))), limit) for sheet in report.sheets if sheet.kind != "appendix"}


def next_levels(report: Report, levels: Mapping[str, int], over: Collection[str]) -> dict[str, int]:
    """For sheets that ran over at their level: the next that takes clearly less room. A sheet at its last level has none."""
    out = {}
    for sheet in report.sheets:
        rest = range(levels.get(sheet.id, 0) + 1, len(ladder(sheet.kind)))
        if sheet.id in over and rest:
            height = _height_at(report, sheet, levels[sheet.id])
            out[sheet.id] = _first(report, sheet, rest, 0.95 * (height or 0.0))
    return out


def _first(report: Report, sheet: Sheet, levels: range, limit: float) -> int:
    for level in levels:
        height = _height_at(report, sheet, level)
        if height is None or height <= limit:
            return level
    return levels[-1]


def _height_at(report: Report, sheet: Sheet, level: int) -> float | None:
    cut = shown(report, {sheet.id: level}, only=(sheet.id,))
    return sheet_height(cut, cut.sheets[0])


def sheet_height(report: Report, sheet: Sheet) -> float | None:
    """Height of a sheet's words and figures; None where it cannot be foretold (page 1)."""
    if sheet.kind == "verdict":
        return None
    close = sheet.close
    size = 15 if close else 17
    head = 9.4 + lines_of(sheet.title, WIDTH, size, 600) * size * 1.25 * POINT + (3 if close else 4)
    if sheet.kind == "how":
        return head + _how(report, sheet)
    return head + _stacked(sheet, sheet.sections)


def _stacked(sheet: Sheet, sections: Sequence[Section]) -> float:
    """Sections under each other; the margins between them are as high as the larger of the two."""
    titled = [section.title != sheet.title for section in sections]
    gaps = [(3.5 if sheet.close else 6.0) for section, has in list(zip(sections, titled, strict=True))[1:] if not (has and section.title)]
    return sum(gaps) + sum(_section(section, has, close=sheet.close) for section, has in zip(sections, titled, strict=True))


def _section(section: Section, titled: bool, *, close: bool, width: float = WIDTH) -> float:
    return _head(section, titled, close=close, width=width) + _blocks(section.blocks, close=close, width=width)


def _head(section: Section, titled: bool, *, close: bool, width: float) -> float:
    height = 0.0
    if titled and section.title:
        height += lines_of(section.title, width, 11, 600) * 11 * 1.3 * POINT + (5.5 if close else 8.5)
    if section.lead:
        size = 9 if close else 10
        height += lines_of(section.lead, min(width, 140), size) * size * 1.45 * POINT + (2.5 if close else 4)
    if section.action:
        height += 7.5 * 1.45 * POINT + lines_of(section.action, width - 9, 10) * 10 * 1.45 * POINT + (6.5 if close else 10)
    return height


def _blocks(blocks: Sequence[Block], *, close: bool, width: float) -> float:
    below = 3.5 if close else 6.0
    height = gap = 0.0
    for row in paired(blocks):
        across = _COLUMN if len(row) == 2 else width
        height += gap + max(_block(block, close=close, width=across) for block in row)
        gap = 2.0 if isinstance(row[0], Paragraph) else below
    return height


def _block(block: Block, *, close: bool, width: float) -> float:
    if isinstance(block, Paragraph):
        return lines_of(block.text, width, 9) * _TEXT
    if isinstance(block, Facts):
        return _titled(block.title) + facts_height(block.items, width, 38.0, 8.5) + 3
    if isinstance(block, Table):
        return _titled(block.title) + _table(block, close=close, width=width)
    note = 1 + lines_of(block.note, width, 7.5) * _NOTE if block.note else 0.0
    return _titled(block.title) + figure_height(block, width, low=close) + note


def _titled(title: str) -> float:
    return _TEXT + 2 if title else 0.0


def _table(table: Table, *, close: bool, width: float) -> float:
    if not table.rows:
        return _TEXT + 2
    size, padding = cell_size(table), 1.6 if close else 2.6
    head, *rows = rows_high(table, size, width)
    height = head * 7.5 * 1.35 * POINT + padding + 0.3
    bars = [any(cell.bar is not None for cell in row.cells) for row in table.rows]
    height += sum(lines * size * 1.35 * POINT + padding + 0.15 + (1.6 if bar else 0.0) for lines, bar in zip(rows, bars, strict=True))
    if table.note:
        height += 1.5 + lines_of(table.note, width, 7.5) * _NOTE
    hints = "; ".join(f"{column.title}: {column.hint}" for column in table.columns if column.hint)
    return height + (1 + lines_of(hints, width, 7.5) * _NOTE if hints and not close else 0.0)


def facts_height(items: Sequence[Fact], width: float, label: float, size: float) -> float:
    """Rows of label and value. `label`: width of the labels."""
    line = size * 1.45 * POINT
    height = 0.0
    for fact in items:
        value = lines_of(fact.value, width - label, size) * line + (lines_of(fact.hint, width - label, 7.5) * _NOTE if fact.hint else 0.0)
        height += max(lines_of(fact.label, label - 4, size) * line, value) + 2.15
    return height


def figure_height(figure: Block, width: float, *, low: bool) -> float:
    """Height of a drawing; those whose rows decide it follow them, the others are as high as report.figures draws them."""
    match figure:
        case TimeSeries() | Curve():
            return chart_height(figure, width, low)
        case Scatter():
            return 50.0 if low else 66.0
        case VerdictStrip():
            return 26.0
        case Bars():
            return 16.0 + 6.4 * len(figure.bars)
        case RangePlot():
            return 16.0 + 6.4 * len(figure.rows)
        case Waterfall():
            return 16.0 + 6.4 * len(figure.steps)
        case HeatMap():
            return 12.0 + 8.0 * len(figure.rows)
        case Distribution():
            return 52.0 if is_small(figure) else 16.0 + 6.0 * len(figure.bins)
        case LineageGraph():
            return 15.0 * (max((node.row for node in figure.nodes), default=0) + 1) + 3
    return 58.0


# --- the last page: two columns of facts, then figures, then the glossary ----------------------------------------------------------


def _how(report: Report, sheet: Sheet) -> float:
    notices = [f"{one.text} {one.remedy}" for one in report.notices[: report.most_notices]]
    height = sum(lines_of(text, WIDTH - 25, 8.5) * 8.5 * 1.45 * POINT + 4.5 for text in notices)
    height += max(sum(column) for column in _balance(report, sheet)[1])
    return height + _stacked(sheet, [section for section in sheet.sections if not is_wordy(section)]) + _words(report)


def balanced(report: Report, sheet: Sheet) -> tuple[tuple[Section, ...], tuple[Section, ...]]:
    """The sections of words of the last page in two columns, the second below the facts of where the numbers come from."""
    return _balance(report, sheet)[0]


def _balance(report: Report, sheet: Sheet) -> tuple[tuple[tuple[Section, ...], tuple[Section, ...]], tuple[list[float], list[float]]]:
    facts = facts_height(report.facts, _COLUMN, 25.0, 7.5) - (1.0 * len(report.facts) if sheet.close else 0.0)
    sides: tuple[list[Section], list[Section]] = ([], [])
    filled: tuple[list[float], list[float]] = ([], [19.5 + facts])
    for section in sheet.sections:
        if is_wordy(section):
            side = int(sum(filled[1]) < sum(filled[0]))
            sides[side].append(section)
            filled[side].append(_narrow(section, section.title != sheet.title, close=sheet.close))
    return (tuple(sides[0]), tuple(sides[1])), filled


def _narrow(section: Section, titled: bool, *, close: bool) -> float:
    height = _head(section, titled, close=close, width=_COLUMN)
    for block in section.blocks:
        if isinstance(block, Facts):
            height += _titled(block.title) + facts_height(block.items, _COLUMN, 25.0, 7.5) - (1.0 * len(block.items) if close else 0.0) + 4
        elif isinstance(block, Paragraph):
            height += lines_of(block.text, _COLUMN, 7.5) * 7.5 * 1.35 * POINT + 2
    return height


def _words(report: Report) -> float:
    line = 7.5 * 1.5 * POINT
    glossary = 5 + lines_of(" ".join(f"{word.label}: {word.value}" for word in GLOSSARY), WIDTH, 7.5, 400) * line
    return glossary + (7 + lines_of(report.look.notes, WIDTH, 7.5) * line if report.look.notes else 0.0)
