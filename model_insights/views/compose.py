"""Composes a whole page from a judgement: the last step before rendering. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from model_insights.cost.threshold import Plots as ThresholdPlots
from model_insights.evidence.fact import ordered
from model_insights.evidence.findings import RowFindings, gather
from model_insights.history import Reference
from model_insights.ids import parse_feature, parse_slice
from model_insights.judgement import Judgement
from model_insights.metrics import Attributions, Plot
from model_insights.noun import Noun
from model_insights.record import VerdictRecord
from model_insights.slices import SliceKey
from model_insights.view import Choice, Fact, Link, Notice, Request, Section, Selection, View
from model_insights.views import feature, insights, lineage, money
from model_insights.views import slice as slice_view
from model_insights.views.computed import how_computed
from model_insights.views.headline import headline
from model_insights.views.page import footer, notices, period_text, selection
from model_insights.wording import Words


class Shelf(Noun, eq=False):
    """What the page needs beside the judgement: the pickers' choices and the plots that were read for it."""

    pipelines: tuple[tuple[str, str], ...]  # (id, name)
    references: tuple[Reference, ...]
    reference: str  # id of the chosen reference
    plots: Mapping[SliceKey, tuple[Plot, ...]] = {}
    earlier_plots: Mapping[SliceKey, tuple[Plot, ...]] = {}
    plot_reason: str = ""  # why there are none
    confusion: ThresholdPlots = {}  # of the priced units, by threshold
    earlier_confusion: ThresholdPlots = {}
    attributions: tuple[Attributions, ...] = ()
    earlier_attributions: tuple[Attributions, ...] = ()
    attribution_reason: str = ""  # why there are none
    extra_notices: tuple[Notice, ...] = ()
    past: tuple[VerdictRecord, ...] = ()  # verdicts of earlier periods, oldest first
    confirmed: Mapping[str, tuple[str, str]] = {}  # run id -> (cause, note) that a person confirmed
    rows: RowFindings | None = None  # what rows say of combinations and slices, for the pages that show it


def compose(request: Request, judged: Judgement, shelf: Shelf) -> View:
    """The page of the request. Raises UnknownId for a feature, slice or artifact that no listing holds."""
    words = judged.case.words
    if shelf.rows is not None:
        judged = msgspec.structs.replace(judged, evidence=ordered((*judged.evidence, *gather(shelf.rows, words))))
    title, parts = _page(request, judged, shelf, words)
    whole = request.view in ("insights", "cost")
    page = View(
        view=request.view, title=title, subtitle=_subtitle(judged, words),
        selection=selection(shelf.pipelines, judged.case.history, judged.run, shelf.references, shelf.reference, words),
        headline=msgspec.structs.replace(headline(judged, words), how=how_computed(judged, words)) if whole else None,
        notices=notices(judged.case.history, judged.run, judged.reference, shelf.extra_notices), sections=parts,
        footer=footer(judged, words), locale=words.locale, back=None if whole else Link(view="insights"),
    )  # fmt: skip
    return msgspec.structs.replace(page, footer=(*page.footer, Fact(label="Checksum", value=checksum(page))))


def checksum(view: View) -> str:
    """Twelve hexadecimal digits over the page's content: tab and paper of the same result show the same."""
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(view, footer=()))).hexdigest()[:12]


def _subtitle(judged: Judgement, words: Words) -> str:
    against = f"against {period_text(judged.reference, words)}" if judged.reference else "without a reference"
    return f"{judged.case.history.name}, period of {period_text(judged.run, words)}, {against}"


def _page(request: Request, judged: Judgement, shelf: Shelf, words: Words) -> tuple[str, tuple[Section, ...]]:
    if request.view == "cost":
        return "Business Cost", money.sections(
            judged, shelf.confusion, shelf.earlier_confusion, words, request.tables, request.threshold, rows=shelf.rows
        )
    if request.view == "feature":
        shown = shelf.attributions, shelf.earlier_attributions, shelf.attribution_reason
        return feature.sections(judged, parse_feature(request.id), words, *shown)
    if request.view == "slice":
        where = parse_slice(request.id)
        plots, earlier = shelf.plots.get(where, ()), shelf.earlier_plots.get(where, ())
        return where.text, slice_view.sections(judged, where, plots, earlier, shelf.plot_reason, words, request.tables)
    if request.view == "artifact":
        return lineage.sections(judged.run, judged.reference, request.id, words, request.tables)
    return "Insights Triangle", insights.sections(judged, shelf.past, shelf.confirmed, words, request.tables, shelf.rows)


def empty(title: str, found: Sequence[Notice], pipelines: tuple[tuple[str, str], ...] = ()) -> View:
    """A page that says why there is nothing to show."""
    choices = tuple(Choice(id=key, text=name) for key, name in pipelines)
    return View(
        view="empty", title=title, notices=tuple(found), selection=Selection(pipelines=choices, pipeline=choices[0].id if choices else "")
    )
