"""Several pipelines in one report: a summary, worst first, then page 1 of each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from msgspec.structs import replace

from model_insights.view import Cell, Column, Headline, Row, Section, Table, Tone, View
from model_insights.wording import CORNERS
from report.gather import Material
from report.look import Look
from report.pages import Report, Sheet, checksum, convert_printable, numbered, printable, running, shown, verdict_sheet

_RANK = {"emergency": 4, "big": 3, "little": 2, "unknown": 1, "none": 0}
_TONES: dict[str, Tone] = {"none": "good", "little": "watch", "big": "bad", "emergency": "bad", "unknown": "unknown"}
_COLUMNS = (
    Column(id="pipeline", title="Pipeline"),
    Column(id="severity", title="Severity"),
    Column(id="cost", title="Cost", align="right"),
    Column(id="change", title="Change", align="right"),
    Column(id="corner", title="Assumption"),
    Column(id="confidence", title="How sure"),
    Column(id="action", title="What to do"),
)


def plan_all(found: Sequence[Material], *, look: Look | None = None) -> Report:
    """The report of several pipelines, as HTML sets it. `look`: of the worst pipeline unless given."""
    return shown(whole_all(found, look=look))


def whole_all(found: Sequence[Material], *, look: Look | None = None) -> Report:
    """The report of several pipelines, uncut."""
    ranked = worst_first(found)
    look = convert_printable(look or ranked[0].look)
    mains = [printable(main_view(one)) for one in ranked]
    sheets = [
        _summary(mains),
        *(_page(one, view, i) for i, (one, view) in enumerate(zip(ranked, mains, strict=True)) if look.length != "brief"),
    ]
    digest = hashlib.sha256("".join(checksum(one.views) for one in ranked).encode()).hexdigest()
    return Report(
        title=f"{len(ranked)} pipelines", subtitle="worst first", locale=mains[0].locale, view=mains[0], sheets=numbered(sheets),
        notices=(), facts=(), most_notices=0, running=f"{len(ranked)} pipelines, worst first", mark=digest[:12], checksum=digest,
        look=replace(look, review=type(look.review)()),
    )  # fmt: skip


def worst_first(found: Sequence[Material]) -> tuple[Material, ...]:
    """By severity, then by what changed; the order never depends on that of the folders."""
    return tuple(sorted(found, key=lambda one: (-rank(main_view(one)), -_change(main_view(one)), name_of(main_view(one)))))


def main_view(material: Material) -> View:
    """The view with the headline."""
    return next((view for view in material.views if view.headline), material.views[0])


def rank(view: View) -> int:
    """0 no problem, 1 not known, up to 4 emergency."""
    return _RANK[view.headline.severity.level] if view.headline else _RANK["unknown"]


def name_of(view: View) -> str:
    """The pipeline's name as the page shows it."""
    return next((one.text for one in view.selection.pipelines if one.id == view.selection.pipeline), view.selection.pipeline or view.title)


def _change(view: View) -> float:
    return (view.headline.change.value or 0.0) if view.headline else 0.0


def _page(material: Material, view: View, number: int) -> Sheet:
    sheet = verdict_sheet(material.views, material.look)
    return replace(sheet, id=f"verdict-{number}", label=name_of(view), foot=running(view))


def _summary(views: Sequence[View]) -> Sheet:
    table = Table(id="pipelines", title="", columns=_COLUMNS, rows=tuple(_row(view) for view in views), total=len(views))
    section = Section(id="summary", title=_sentence(views), blocks=(table,))
    return Sheet(id="summary", label="All pipelines", title=section.title, sections=(section,))


def _sentence(views: Sequence[View]) -> str:
    troubled = [view for view in views if rank(view) > _RANK["unknown"]]
    unknown = sum(rank(view) == _RANK["unknown"] for view in views)
    rest = f"; {unknown} could not be judged" if unknown else ""
    of = f"{len(views)} pipeline{'s' if len(views) > 1 else ''}"
    if not troubled or troubled[0].headline is None:
        return f"None of {of} has a problem that is known{rest}"
    worst = troubled[0].headline
    has = "has" if len(troubled) == 1 else "have"
    return f"{len(troubled)} of {of} {has} a problem; the worst is {name_of(troubled[0])} with {worst.change.text} ({worst.severity.name.lower()}){rest}"


def _row(view: View) -> Row:
    line = view.headline
    if line is None:
        return Row(
            id=name_of(view),
            cells=(Cell(text=name_of(view)), Cell(text="Severity unknown", tone="unknown"), *(Cell(text="not known"),) * 5),
        )
    cells = (
        Cell(text=name_of(view)),
        Cell(text=line.severity.name, tone=_TONES[line.severity.level]),
        Cell(text=line.money.text, value=line.money.value),
        Cell(text=line.change.text, value=line.change.value),
        Cell(text=_corner(line)),
        Cell(text=line.confidence),
        Cell(text=line.next_action),
    )
    return Row(id=name_of(view), cells=cells)


def _corner(line: Headline) -> str:
    return CORNERS[line.corner] if line.corner else "–"
