"""Which sections make which page: at most eight sheets, each one message, cut to what fits with a word on what was left out."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import msgspec

from model_insights.noun import Noun
from model_insights.view import Block, Fact, Facts, Notice, Paragraph, Section, Table, Triangle, VerdictStrip, View, Waterfall
from report.limits import Limit, cut_blocks, ladder
from report.look import Look, Review

MOST_PAGES = 8  # but for the appendix
NO_LOOK = Look()
_MONEY = ("cost", "share", "cases", "change")  # columns of the dearest slices on page 1, where the table has them


class Sheet(Noun):
    """A page: a name for the bookmark, a sentence as title, sections below it."""

    id: str
    label: str
    title: str
    sections: tuple[Section, ...]
    worst: Table | None = None  # the verdict's three dearest slices
    triangle: Triangle | None = None
    close: bool = False  # set closer, because it ran over its page
    kind: Literal["verdict", "page", "how", "appendix"] = "page"  # an appendix takes as many pages as it needs
    view: View | None = None  # whose verdict it is, where a report has several
    review: Review = Review()
    foot: str = ""  # words at the foot of its pages, where they are not the report's
    page: str = "Appendix"  # "Page 3 of 8"


class Report(Noun):
    """All that the templates set: sheets, and what stands on every page."""

    title: str
    subtitle: str
    locale: str
    view: View  # the one that carries the headline
    sheets: tuple[Sheet, ...]
    notices: tuple[Notice, ...]
    facts: tuple[Fact, ...]
    most_notices: int  # shown on the last page; the rest is counted
    running: str  # the words at the foot of every page
    mark: str  # the checksum that the tab shows for the same result
    checksum: str  # of all views, for who wants to compare files
    look: Look = Look()


# (sheet, its name, the sections it takes in this order)
_PLAN = (
    ("cost", "What it costs", ("cost.money", "insights.waterfall", "cost.result")),
    ("where", "Where", ("cost.slices", "insights.where")),
    ("business", "Business", ("insights.business", "cost.result_slices", "insights.rows")),
    ("data", "Data", ("insights.data",)),
    ("model", "Model", ("insights.model", "insights.strip", "insights.history")),
    ("what_if", "What if", ("cost.orders", "cost.threshold", "cost.sensitivity")),
)
_HOW = ("insights.how", "cost.account", "cost.result_how", "insights.lineage")
_PLANNED = {"insights.verdict", *_HOW, *(key for _, _, wanted in _PLAN for key in wanted)}


def plan(
    views: Sequence[View],
    tight: Mapping[str, int] | None = None,
    *,
    only: Collection[str] = (),
    look: Look = NO_LOOK,
    appendix: Sequence[View] = (),
) -> Report:
    """The report of some views. `tight` says for each sheet id which of its limits holds (else the first); `only`: these sheets."""
    return shown(whole(views, look=look, appendix=appendix), tight, only=only)


def whole(views: Sequence[View], *, look: Look = NO_LOOK, appendix: Sequence[View] = ()) -> Report:
    """Every sheet with all it could show, however long."""
    views, look = tuple(printable(view) for view in views), convert_printable(look)
    main = next((view for view in views if view.headline), views[0])
    sections = _sections(views)
    sheets = _without_bare(_without_repeats([_verdict(main, sections, look), *_middle(sections), _how(sections)]))
    sheets = [sheet for sheet in sheets if look.length != "brief" or sheet.kind == "verdict"]
    return Report(
        title=main.title,
        subtitle=main.subtitle,
        locale=main.locale,
        view=main,
        sheets=(*numbered(sheets), *appendix_sheets(tuple(printable(view) for view in appendix))),
        notices=_once(notice for view in views for notice in view.notices),
        facts=_provenance(views, main),
        most_notices=0,
        running=running(main),
        mark=next((fact.value for fact in main.footer if fact.label == "Checksum"), checksum(views)[:12]),
        checksum=checksum(views),
        look=look,
    )


def numbered(sheets: Sequence[Sheet]) -> tuple[Sheet, ...]:
    """Each sheet is a page, and says which of how many."""
    return tuple(msgspec.structs.replace(sheet, page=f"Page {i} of {len(sheets)}") for i, sheet in enumerate(sheets, 1))


def shown(report: Report, tight: Mapping[str, int] | None = None, *, only: Collection[str] = ()) -> Report:
    """The sheets cut to the limits of `tight`; `only`: these sheets. An appendix is never cut."""
    kept = [sheet for sheet in report.sheets if not only or sheet.id in only]
    limits = {sheet.id: _limit(sheet, (tight or {}).get(sheet.id, 0)) for sheet in kept}
    sheets = tuple(sheet if sheet.kind == "appendix" else cut_sheet(sheet, limits[sheet.id]) for sheet in kept)
    notices = max(limits["how"].rows // 2, 1) if "how" in limits else 0
    return msgspec.structs.replace(report, sheets=sheets, most_notices=notices)


def _limit(sheet: Sheet, level: int) -> Limit:
    steps = ladder(sheet.kind)
    return steps[min(level, len(steps) - 1)]


def running(view: View) -> str:
    """The words at the foot of a view's pages."""
    return " · ".join(f"{fact.label}: {fact.value}" for fact in view.footer[:3])


def checksum(views: Sequence[View]) -> str:
    """SHA-256 of the views as JSON, as hexadecimal digits: the same result has the same checksum in tab and report."""
    return hashlib.sha256(b"\n".join(msgspec.json.encode(view) for view in views)).hexdigest()


def printable(view: View) -> View:
    """The view without characters that no page can show: controls, lone surrogates, overrides of the writing direction."""
    return msgspec.convert(_printable(msgspec.to_builtins(view)), View)


def convert_printable(look: Look) -> Look:
    """The look without characters that no page can show."""
    return msgspec.convert(_printable(msgspec.to_builtins(look)), Look)


def _printable(node: Any) -> Any:
    if isinstance(node, str):
        return node if node.isprintable() else "".join(_shown(character) for character in node)
    if isinstance(node, dict):
        return {key: _printable(value) for key, value in node.items()}
    return [_printable(value) for value in node] if isinstance(node, (list, tuple)) else node


def _shown(character: str) -> str:
    if character in "\n\t":
        return " "
    hidden = unicodedata.category(character) in ("Cc", "Cs") or "\u202a" <= character <= "\u202e" or character in "\ufffe\uffff"
    return "\ufffd" if hidden else character


def _provenance(views: Sequence[View], main: View) -> tuple[Fact, ...]:
    """The footers of all views, each fact once; a label that says something else on another page carries that page's name."""
    said = {fact.label: fact.value for fact in main.footer}
    others = [(view.title, fact) for view in views if view is not main for fact in view.footer if said.get(fact.label) != fact.value]
    named = [msgspec.structs.replace(fact, label=f"{fact.label} ({title})" if fact.label in said else fact.label) for title, fact in others]
    return _once((*main.footer, *named))


def _once(items: Any) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(items))


# --- sheets ---------------------------------------------------------------------------------------------------------------------


def _sections(views: Sequence[View]) -> dict[str, Section]:
    """Every section by 'view.id'. Of the verdict, page 1 keeps triangle and words; its waterfall and its slices have their own pages."""
    found = {f"{view.view}.{section.id}": section for view in views for section in view.sections}
    found |= _result_parts(found.get("cost.result")) | _history_parts(found.get("insights.history"))
    verdict = found.get("insights.verdict")
    if verdict is None:
        return found
    kept = tuple(block for block in verdict.blocks if isinstance(block, Triangle | Facts | Paragraph))
    falls = tuple(block for block in verdict.blocks if isinstance(block, Waterfall))
    where = tuple(block for block in verdict.blocks if block not in kept and block not in falls)
    found["insights.verdict"] = msgspec.structs.replace(verdict, blocks=kept)
    parts = {"waterfall": falls, "where": where}
    return found | {f"insights.{name}": Section(id=name, title="", blocks=blocks) for name, blocks in parts.items() if blocks}


def _history_parts(section: Section | None) -> dict[str, Section]:
    """The strip of past verdicts stands by itself: it finds room where the history as a whole does not."""
    strips = tuple(block for block in section.blocks if isinstance(block, VerdictStrip)) if section else ()
    if section is None or not strips:
        return {}
    rest = msgspec.structs.replace(section, blocks=tuple(block for block in section.blocks if block not in strips))
    return {"insights.strip": Section(id="strip", title="", blocks=strips), "insights.history": rest}


def _result_parts(section: Section | None) -> dict[str, Section]:
    """Of the business result words and figures stand beside the cost, its slices with the business, how it is counted on the last page."""
    if section is None:
        return {}
    tables = tuple(block for block in section.blocks if isinstance(block, Table))
    facts = tuple(block for block in section.blocks if isinstance(block, Facts))
    kept = tuple(block for block in section.blocks if block not in tables and block not in facts)
    parts: dict[str, tuple[Block, ...]] = {"result_slices": tables, "result_how": facts}
    found = {f"cost.{name}": Section(id=name, title="", blocks=blocks) for name, blocks in parts.items() if blocks}
    return {"cost.result": msgspec.structs.replace(section, blocks=kept), **found}


def _verdict(main: View, sections: Mapping[str, Section], look: Look) -> Sheet:
    section = sections.get("insights.verdict", Section(id="verdict", title=""))
    triangle = next((block for block in section.blocks if isinstance(block, Triangle)), None)
    kept = tuple(block for block in section.blocks if block is not triangle and not _repeats(block, section.lead))
    rest = msgspec.structs.replace(section, blocks=kept)
    slices = sections.get("cost.slices")
    tables = [block for block in slices.blocks if isinstance(block, Table) and block.rows] if slices else []
    title = look.review.headline or (main.headline.sentence if main.headline else section.title or main.title)
    worst = tables[0] if tables else None
    return Sheet(
        id="verdict", label="Verdict", title=title, sections=(rest,), worst=worst, triangle=triangle, kind="verdict", view=main, review=look.review
    )  # fmt: skip


def verdict_sheet(views: Sequence[View], look: Look = NO_LOOK) -> Sheet:
    """Page 1 of some views, for a report on several pipelines."""
    views = tuple(printable(view) for view in views)
    main = next((view for view in views if view.headline), views[0])
    return _verdict(main, _sections(views), convert_printable(look))


def appendix_sheets(views: Sequence[View]) -> list[Sheet]:
    """Every table of the two pages as a whole, then the detail pages; each view takes the pages it needs."""
    sheets = []
    for number, view in enumerate(views):
        whole = view.view in ("insights", "cost")
        sections = tuple(kept for section in view.sections if (kept := _appended(section, whole)).blocks)
        if sections:
            label = f"Appendix: {view.title}"
            sheets.append(
                Sheet(
                    id=f"appendix-{number}",
                    label=label,
                    title=_appendix_title(view, sections),
                    sections=sections,
                    kind="appendix",
                    close=True,
                )
            )
    return sheets


def _appended(section: Section, whole: bool) -> Section:
    """Of the two pages the tables with the names they have there; of a detail page, and of what leads into it all, everything."""
    whole = whole and section.id != "appendix"
    blocks = tuple(block for block in section.blocks if isinstance(block, Table) and block.rows) if whole else section.blocks
    return msgspec.structs.replace(section, blocks=tuple(map(_without_bars, blocks)), action="", lead="" if whole else section.lead)


def _without_bars(block: Block) -> Block:
    """A long table reads better without pictures in its cells."""
    if not isinstance(block, Table):
        return block
    rows = tuple(
        msgspec.structs.replace(row, cells=tuple(msgspec.structs.replace(cell, bar=None) for cell in row.cells)) for row in block.rows
    )
    return msgspec.structs.replace(block, rows=rows)


def _appendix_title(view: View, sections: Sequence[Section]) -> str:
    if view.view not in ("insights", "cost"):
        return next((section.title for section in sections if view.title in section.title), view.title)
    rows = sum(len(block.rows) for section in sections for block in section.blocks if isinstance(block, Table))
    return f"{view.title}: all {rows:,} rows of its tables"


def _middle(sections: Mapping[str, Section]) -> list[Sheet]:
    keys = {name: (*wanted, *_unplanned(sections, name)) for name, _, wanted in _PLAN}
    return [_sheet(name, label, [sections[key] for key in keys[name] if key in sections]) for name, label, _ in _PLAN]


def _how(sections: Mapping[str, Section]) -> Sheet:
    sheet = _sheet("how", "How we know", [sections[key] for key in (*_HOW, *_unplanned(sections, "how")) if key in sections])
    return msgspec.structs.replace(sheet, kind="how")


def _unplanned(sections: Mapping[str, Section], sheet: str) -> list[str]:
    """Sections that no sheet names, where they belong: a new section is never lost."""
    return [key for key, section in sections.items() if key not in _PLANNED and _home(key, section) == sheet]


def _home(key: str, section: Section) -> str:
    if section.corner:
        return section.corner
    return "what_if" if key.startswith("cost.") else "how"


def _sheet(name: str, label: str, sections: Sequence[Section]) -> Sheet:
    """A sheet named after the first title among its sections; after a figure when they have none."""
    titles = [section.title for section in sections] + [getattr(block, "title", "") for section in sections for block in section.blocks]
    return Sheet(id=name, label=label, title=next((title for title in titles if title), label), sections=tuple(sections))


def _without_repeats(sheets: Sequence[Sheet]) -> list[Sheet]:
    """Each block where it comes first; sections that repeat only, and sheets without sections, go. The last sheet stays."""
    seen: set[Block] = set()
    out = []
    for sheet in sheets:
        kept = []
        for section in sheet.sections:
            fresh = tuple(block for block in section.blocks if block not in seen and getattr(block, "text", None) != section.lead)
            seen.update(fresh)
            if fresh or not section.blocks or all(isinstance(block, Paragraph) for block in section.blocks):
                kept.append(msgspec.structs.replace(section, blocks=fresh))
        if kept or sheet.id in ("verdict", "how"):
            out.append(msgspec.structs.replace(sheet, sections=tuple(kept)))
    return out


def _repeats(block: Block, lead: str) -> bool:
    return bool(lead) and isinstance(block, Paragraph) and lead in block.text


def _without_bare(sheets: Sequence[Sheet]) -> list[Sheet]:
    """Sheets that say a sentence and show nothing join page 1 where it has room, else the last page."""
    bare = [sheet for sheet in sheets if _is_bare(sheet)]
    moved = tuple(section for sheet in bare for section in sheet.sections)
    home = "how" if sheets[0].worst else "verdict"
    kept = [sheet for sheet in sheets if sheet not in bare]
    return [msgspec.structs.replace(sheet, sections=sheet.sections + moved) if sheet.kind == home else sheet for sheet in kept]


def _is_bare(sheet: Sheet) -> bool:
    shown = any(not isinstance(block, Paragraph) for section in sheet.sections for block in section.blocks)
    return sheet.kind == "page" and not shown and any(section.lead or section.blocks for section in sheet.sections)


def cut_sheet(sheet: Sheet, limit: Limit) -> Sheet:
    figures = limit.figures
    sections = []
    for section in sheet.sections[: limit.sections]:
        blocks, figures = cut_blocks(section.blocks, limit, figures)
        sections.append(msgspec.structs.replace(section, blocks=blocks))
    dropped = [section.title for section in sheet.sections[limit.sections :] if section.title]
    if dropped:
        sections.append(Section(id="more", title="", blocks=(Paragraph(text=f"More in the tab: {'; '.join(dropped)}.", tone="muted"),)))
    worst = _worst(sheet.worst, min(limit.figures, 3)) if sheet.worst and limit.figures else None
    return msgspec.structs.replace(sheet, sections=tuple(sections), worst=worst, close=limit.close)


def _worst(table: Table, most: int) -> Table:
    """The dearest rows, with what says how much: name, up to four columns of numbers, state."""
    columns_of = [[row.cells[i] for row in table.rows] for i in range(len(table.columns))]
    numeric = [i for i, cells in enumerate(columns_of) if any(cell.value is not None and not cell.state for cell in cells)]
    money = next((i for i in numeric if table.columns[i].id == "cost"), numeric[0] if numeric else 0)
    known = [i for i in numeric if table.columns[i].id in _MONEY] or numeric[:4]
    states = [i for i, cells in enumerate(columns_of) if any(cell.state for cell in cells)]
    chosen = sorted({0, *known, *states[:1]})
    dearest = sorted(table.rows, key=lambda row: -(row.cells[money].value or 0.0))[:most]
    rows = tuple(msgspec.structs.replace(row, cells=tuple(row.cells[i] for i in chosen)) for row in dearest)
    columns = tuple(msgspec.structs.replace(table.columns[i], hint="") for i in chosen)
    return msgspec.structs.replace(table, title="", rows=rows, columns=columns, note="", total=len(rows))
