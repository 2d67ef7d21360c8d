"""HTML to a tagged PDF: WeasyPrint lays out what is foretold to fit, pages that run over all the same are cut further, nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from weasyprint import HTML, Document
from weasyprint.document import Page
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from model_insights.view import View
from report.heights import foretold, next_levels
from report.html import font_face, render
from report.look import Look
from report.measure import FONTS
from report.pages import NO_LOOK, Report, shown, whole

VARIANT = "pdf/ua-1"
FONT_FILES = {f"insights-font:{weight}": path for weight, path in FONTS.items()}  # short addresses: long data slows the CSS parser
FACES = "\n".join(font_face(weight, f"insights-font:{weight}") for weight in FONTS)


class Refused(ValueError):
    """A page asked for something outside itself."""


class OwnFilesOnly(URLFetcher):  # type: ignore[misc]
    """Serves our fonts and what a page carries as data, refuses every other address: no network, no file."""

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        if url in FONT_FILES:
            return URLFetcherResponse(url, FONT_FILES[url].read_bytes(), {"Content-Type": "font/ttf"})
        if url.startswith("data:"):
            return super().fetch(url, headers)
        raise Refused(f"The report fetches nothing, and a page asked for {url[:80]!r}.")


def to_pdf(views: Sequence[View], *, look: Look = NO_LOOK, appendix: Sequence[View] = ()) -> bytes:
    """The report as PDF/UA: at most eight pages and the appendix, tagged, with bookmarks. Equal views give equal bytes."""
    return bytes_of(*lay_out(views, look=look, appendix=appendix))


def bytes_of(report: Report, document: Document) -> bytes:
    """A document that was laid out, as PDF/UA."""
    pdf: bytes = document.write_pdf(pdf_variant=VARIANT, pdf_identifier=bytes.fromhex(report.checksum)[:16])
    return pdf


def lay_out(views: Sequence[View], *, look: Look = NO_LOOK, appendix: Sequence[View] = ()) -> tuple[Report, Document]:
    """The report of some views, laid out."""
    return fit(whole(views, look=look, appendix=appendix))


def fit(report: Report) -> tuple[Report, Document]:
    """Every sheet on its page, cut to what is foretold to fit; where the layout knows better, that sheet is cut further and laid out again.

    The appendix is laid out once, by itself, with page numbers of its own."""
    fonts, levels = FontConfiguration(), foretold(report)
    wanted, documents = list(levels), []
    pages: dict[str, list[Page]] = {}
    while wanted:
        document = _set(shown(report, levels, only=wanted), fonts)
        documents.append(document)
        found = _pages(document, wanted)
        further = next_levels(report, levels, [name for name in wanted if len(found[name]) > 1])
        pages |= {name: found[name] for name in found if name not in further}
        levels, wanted = levels | further, list(further)
    laid = [page for name in levels for page in pages[name]]
    rest = [sheet.id for sheet in report.sheets if sheet.id not in levels]
    if rest:
        laid += _set(shown(report, only=rest), fonts).pages
    return shown(report, levels), documents[0].copy(laid)


def _set(report: Report, fonts: FontConfiguration) -> Document:
    return HTML(string=render(report, faces=FACES, images=True), url_fetcher=OwnFilesOnly()).render(font_config=fonts)


def _pages(document: Document, names: Sequence[str]) -> dict[str, list[Page]]:
    """The pages of every sheet, by its id."""
    return {name: [page for page in document.pages if name in page.anchors] for name in names}
