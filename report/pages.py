"""Which sections make which page: at most eight sheets, each one message, cut to what fits with a word on what was left out."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from model_insights.noun import Noun
from model_insights.view import Block, Fact, Facts, Notice, Paragraph, Section, Table, Triangle, View, Waterfall
from report.limits import LIMITS, Limit, cut_blocks

MOST_PAGES = 8


class Sheet(Noun):
    """A page: a name for the bookmark, a sentence as title, sections below it."""

    id: str
    label: str
    title: str
    sections: tuple[Section, ...]
    worst: Table | None = None  # the verdict's three dearest slices
    triangle: Triangle | None = None
    close: bool = False  # set closer, because it ran over its page


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
    checksum: str


# (sheet, its name, the sections it takes in this order)
_PLAN = (
    ("cost", "What it costs", ("cost.money", "insights.waterfall")),
    ("where", "Where", ("cost.slices", "insights.where")),
    ("business", "Business", ("insights.business",)),
    ("data", "Data", ("insights.data",)),
    ("model", "Model", ("insights.model", "insights.history")),
    ("what_if", "What if", ("cost.threshold",)),
)
_HOW = ("insights.how", "cost.account", "insights.lineage")


def plan(views: Sequence[View], tight: Mapping[str, int] | None = None, *, only: Sequence[str] = ()) -> Report:
    """The report of some views. `tight` says for each sheet id how often it ran over its page (see LIMITS); `only`: these sheets."""
    views = tuple(printable(view) for view in views)
    main = next((view for view in views if view.headline), views[0])
    sections = _sections(views)
    sheets = [_verdict(main, sections), *_middle(sections), _how(sections)]
    limits = {sheet.id: LIMITS[min((tight or {}).get(sheet.id, 0), len(LIMITS) - 1)] for sheet in sheets}
    return Report(
        title=main.title,
        subtitle=main.subtitle,
        locale=main.locale,
        view=main,
        sheets=tuple(_cut_sheet(sheet, limits[sheet.id]) for sheet in sheets if not only or sheet.id in only),
        notices=_once(notice for view in views for notice in view.notices),
        facts=_once(fact for view in views for fact in view.footer),
        most_notices=limits["how"].facts - 2,
        running=" · ".join(f"{fact.label}: {fact.value}" for fact in main.footer[:3]),
        checksum=checksum(views),
    )


def checksum(views: Sequence[View]) -> str:
    """SHA-256 of the views as JSON, as hexadecimal digits: the same result has the same checksum in tab and report."""
    return hashlib.sha256(b"\n".join(msgspec.json.encode(view) for view in views)).hexdigest()


def printable(view: View) -> View:
    """The view without characters that no page can show: controls, lone surrogates, overrides of the writing direction."""
    return msgspec.convert(_printable(msgspec.to_builtins(view)), View)


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


def _once(items: Any) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(items))


# --- sheets ---------------------------------------------------------------------------------------------------------------------


def _sections(views: Sequence[View]) -> dict[str, Section]:
    """Every section by 'view.id'. Of the verdict, page 1 keeps triangle and words; its waterfall and its slices have their own pages."""
    found = {f"{view.view}.{section.id}": section for view in views for section in view.sections}
    verdict = found.get("insights.verdict")
    if verdict is None:
        return found
    kept = tuple(block for block in verdict.blocks if isinstance(block, Triangle | Facts | Paragraph))
    falls = tuple(block for block in verdict.blocks if isinstance(block, Waterfall))
    where = tuple(block for block in verdict.blocks if block not in kept and block not in falls)
    found["insights.verdict"] = msgspec.structs.replace(verdict, blocks=kept)
    parts = {"waterfall": falls, "where": where}
    return found | {f"insights.{name}": Section(id=name, title="", blocks=blocks) for name, blocks in parts.items() if blocks}


def _verdict(main: View, sections: Mapping[str, Section]) -> Sheet:
    section = sections.get("insights.verdict", Section(id="verdict", title=""))
    triangle = next((block for block in section.blocks if isinstance(block, Triangle)), None)
    rest = msgspec.structs.replace(section, blocks=tuple(block for block in section.blocks if block is not triangle))
    slices = sections.get("cost.slices")
    tables = [block for block in slices.blocks if isinstance(block, Table) and block.rows] if slices else []
    title = main.headline.sentence if main.headline else section.title or main.title
    return Sheet(id="verdict", label="Verdict", title=title, sections=(rest,), worst=tables[0] if tables else None, triangle=triangle)


def _middle(sections: Mapping[str, Section]) -> list[Sheet]:
    out = []
    for name, label, wanted in _PLAN:
        there = _distinct(sections[key] for key in wanted if key in sections)
        if there:
            out.append(Sheet(id=name, label=label, title=_titled(there, label), sections=there))
    return out


def _how(sections: Mapping[str, Section]) -> Sheet:
    """The last page, with every section that no page before it takes: a new section is never lost."""
    taken = {"insights.verdict", *(key for _, _, wanted in _PLAN for key in wanted)}
    first = [key for key in _HOW if key in sections]
    there = _distinct(sections[key] for key in dict.fromkeys((*first, *(key for key in sections if key not in taken))))
    return Sheet(id="how", label="How we know", title=_titled(there, "How we know"), sections=there)


def _titled(sections: tuple[Section, ...], label: str) -> str:
    """The first title among the sections; a figure's when they have none."""
    titles = [section.title for section in sections] + [getattr(block, "title", "") for section in sections for block in section.blocks]
    return next((title for title in titles if title), label)


def _distinct(sections: Any) -> tuple[Section, ...]:
    """The sections without blocks that an earlier one shows already."""
    seen: list[Block] = []
    out = []
    for section in sections:
        fresh = tuple(block for block in section.blocks if block not in seen)
        seen.extend(fresh)
        if fresh or section.lead or not section.blocks:
            out.append(msgspec.structs.replace(section, blocks=fresh))
    return tuple(out)


def _cut_sheet(sheet: Sheet, limit: Limit) -> Sheet:
    figures = limit.figures
    sections = []
    for section in sheet.sections:
        blocks, figures = cut_blocks(section.blocks, limit, figures)
        sections.append(msgspec.structs.replace(section, blocks=blocks))
    worst = _worst(sheet.worst) if sheet.worst else None
    return msgspec.structs.replace(sheet, sections=tuple(sections), worst=worst, close=limit.close)


def _worst(table: Table) -> Table:
    """The first three rows, with the first four columns that say something and the state, if there is one."""
    texts = [index for index in range(len(table.columns)) if any(row.cells[index].state for row in table.rows)]
    chosen = sorted({*range(min(4, len(table.columns))), *texts[:1]})
    rows = tuple(msgspec.structs.replace(row, cells=tuple(row.cells[i] for i in chosen)) for row in table.rows[:3])
    columns = tuple(msgspec.structs.replace(table.columns[i], hint="") for i in chosen)
    return msgspec.structs.replace(table, title="", rows=rows, columns=columns, note="", total=len(rows))
