"""What a person asks for, answered by the workspace: views, the appendix's views, and how it shall look. For command line and window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from model_insights.errors import UnknownId
from model_insights.noun import Noun
from model_insights.view import Paragraph, Request, Section, Table, TableRequest, View
from model_insights.wording import plural
from model_insights.workspace import Workspace
from report.brand import read_logo
from report.look import Length, Look, Paper
from report.notes import ReviewNotes

ALL_ROWS = 1_000_000
MOST_FEATURES = 24
MOST_SLICES = 8
MOST_OF_COST = 0.8  # the slices that carry this much have a page in the appendix


class Wish(Noun):
    """One report: of which run, against what, how long, on which paper (empty: as insights.toml says)."""

    pipeline: str = ""
    run: str = ""
    reference: str = ""
    since: str = ""  # a period's label; its run is the reference
    model: str = ""
    split: str = ""  # whose statistics are compared
    threshold: str = ""  # of a decision, to be priced beside the current one
    values_scale: float = 1.0  # assume that every unit value is this multiple of the tables'
    length: Length = "standard"
    paper: Paper | None = None


class Material(Noun):
    """All that a report is drawn from."""

    views: tuple[View, ...]
    look: Look = Look()
    appendix: tuple[View, ...] = ()

    @property
    def found(self) -> bool:
        """False where there was no run to speak of."""
        return not any(view.view == "empty" for view in self.views)


def gather(workspace: Workspace, wish: Wish, notes: ReviewNotes) -> Material:
    """The material of one report. Raises UnknownId, and what a logo or a note may raise."""
    request = Request(
        pipeline=wish.pipeline, run=wish.run, reference=_reference(workspace, wish), model=wish.model, threshold=wish.threshold,
        split=wish.split, values_scale=wish.values_scale,
    )  # fmt: skip
    views = tuple(workspace.view(replace(request, view=kind)) for kind in ("insights", "cost"))
    made = Material(views=views)
    if not made.found:
        return made
    _hold_reference(views[0], wish.reference)
    return replace(
        made, look=_look(workspace, wish, views[0], notes), appendix=_appendix(workspace, request) if wish.length == "full" else ()
    )


def gather_all(workspace: Workspace, wish: Wish, notes: ReviewNotes) -> tuple[Material, ...]:
    """The material of every pipeline that has a run to speak of; where none has, of the first."""
    names = [key for key, _ in workspace.pipelines()] or [""]
    made = [gather(workspace, replace(wish, pipeline=name), notes) for name in names]
    return tuple(one for one in made if one.found) or (made[0],)


def _reference(workspace: Workspace, wish: Wish) -> str:
    """The reference by its id. Raises UnknownId when no run has the period of `since`."""
    if not wish.since:
        return wish.reference
    listed = dict(workspace.pipelines())
    wanted = next((key for key, name in listed.items() if wish.pipeline in ("", key, name)), "")
    runs = [run for history in workspace.histories() if history.pipeline == wanted for run in history.runs]
    found = next((run for run in reversed(runs) if run.period.label == wish.since), None)
    if found is None:
        labels = [run.period.label for run in runs]
        known = (
            f" The periods are {', '.join(labels[:2])} ... {labels[-1]}." if len(labels) > 3 else f" The periods are {', '.join(labels)}."
        )
        raise UnknownId(f"No run has the period {wish.since!r}.{known if labels else ''}")
    return f"run:{found.id}"


def _hold_reference(view: View, wanted: str) -> None:
    """Raises UnknownId when the page is not held against the asked reference: a report never compares with another one unsaid."""
    if not wanted or view.selection.reference == wanted:
        return
    choice = next((one for one in view.selection.references if one.id == wanted), None)
    known = ", ".join(one.id for one in view.selection.references if one.enabled and not one.id.startswith("run:"))
    why = f": {choice.hint}" if choice is not None and choice.hint else ""
    raise UnknownId(
        f"Nothing can be compared with reference {wanted!r}{why}. "
        + (f"Choose {known}, or a period with --since." if known else "Choose a period with --since.")
    )


def _look(workspace: Workspace, wish: Wish, view: View, notes: ReviewNotes) -> Look:
    settings = workspace.settings_of(view.selection.pipeline)
    review = notes.read(view.selection.pipeline, view.selection.run)
    own = settings.config.report if settings.config else None
    if own is None:
        return Look(length=wish.length, paper=wish.paper or "A4", review=review)
    return Look(
        length=wish.length, paper=wish.paper or own.paper, company=own.company, accent=own.accent, recipients=own.recipients,
        notes=own.notes, review=review, logo=read_logo(own.logo, _beside(settings.folders)) if own.logo else "",
    )  # fmt: skip


def _beside(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """Only the folder of insights.toml itself."""
    return folders[:1]


# --- the appendix ----------------------------------------------------------------------------------------------------------------


def _appendix(workspace: Workspace, request: Request) -> tuple[View, ...]:
    """Both pages with their tables whole, then the pages of the slices that carry the cost and of the features that did not hold."""
    insights, cost = (_whole(workspace, replace(request, view=kind)) for kind in ("insights", "cost"))
    slices, share = costly_slices(cost)
    features = tuple(dict.fromkeys(_features(insights)))
    details = [replace(request, view="slice", id=name) for name in slices]
    details += [replace(request, view="feature", id=name) for name in features[:MOST_FEATURES]]
    said = _what_follows(len(slices), share, min(len(features), MOST_FEATURES), len(features))
    return (_with_first(insights, said), cost, *(_whole(workspace, one) for one in details))


def costly_slices(cost: View) -> tuple[tuple[str, ...], float]:
    """(ids of the dearest slices that together carry most of the cost, the share they carry); at most MOST_SLICES."""
    rows = [
        row
        for section in cost.sections
        for block in section.blocks
        if isinstance(block, Table) and block.id == "slices"
        for row in block.rows
    ]
    known = [(max(row.cells[1].value or 0.0, 0.0), row.link.id) for row in rows if row.link and row.link.view == "slice"]
    total = sum(money for money, _ in known)
    taken, carried = [], 0.0
    for money, name in sorted(known, key=lambda pair: -pair[0])[:MOST_SLICES]:
        if money > 0 and carried < MOST_OF_COST * total:
            taken.append(name)
            carried += money
    return tuple(taken), carried / total if total else 0.0


def _what_follows(slices: int, share: float, features: int, changed: int) -> str:
    parts = [f"{plural(slices, 'slice')} that carry {share:.0%} of the cost".replace("%", "\u00a0%")] if slices else []
    if features:
        parts.append(
            f"{features} of {plural(changed, 'feature')} that did not hold"
            if features < changed
            else f"{plural(features, 'feature')} that did not hold"
        )
    return f"After the tables follow the pages of {' and of '.join(parts)}." if parts else ""


def _with_first(view: View, said: str) -> View:
    first = Section(id="appendix", title="", blocks=(Paragraph(text=said, tone="muted"),))
    return replace(view, sections=(first, *view.sections)) if said else view


def _whole(workspace: Workspace, request: Request) -> View:
    """The page with all rows of its tables."""
    view = workspace.view(request)
    cut = [block.id for section in view.sections for block in section.blocks if isinstance(block, Table) and block.total > len(block.rows)]
    return workspace.view(replace(request, tables={name: TableRequest(size=ALL_ROWS) for name in cut})) if cut else view


def _features(view: View) -> Iterator[str]:
    for section in view.sections:
        for block in section.blocks:
            for row in block.rows if isinstance(block, Table) and section.corner else ():
                if row.link and row.link.view == "feature" and any(cell.state in ("violated", "watch") for cell in row.cells):
                    yield row.link.id
