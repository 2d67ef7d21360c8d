"""HTML to a tagged PDF: WeasyPrint lays out, pages that run over are cut and laid out again, nothing is ever fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from weasyprint import HTML, Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from model_insights.view import View
from report.html import FONTS, font_face, render
from report.limits import LIMITS
from report.look import Look
from report.pages import NO_LOOK, Report, plan

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


Planner = Callable[..., Report]  # (tight, only=...): see pages.plan


def to_pdf(views: Sequence[View], *, look: Look = NO_LOOK, appendix: Sequence[View] = ()) -> bytes:
    """The report as PDF/UA: at most eight pages and the appendix, tagged, with bookmarks. Equal views give equal bytes."""
    return bytes_of(*lay_out(views, look=look, appendix=appendix))


def bytes_of(report: Report, document: Document) -> bytes:
    """A document that was laid out, as PDF/UA."""
    pdf: bytes = document.write_pdf(pdf_variant=VARIANT, pdf_identifier=bytes.fromhex(report.checksum)[:16])
    return pdf


def lay_out(views: Sequence[View], *, look: Look = NO_LOOK, appendix: Sequence[View] = ()) -> tuple[Report, Document]:
    """The report of some views, laid out."""
    return fit(partial(plan, views, look=look, appendix=appendix))


def fit(planned: Planner) -> tuple[Report, Document]:
    """Lay out; for sheets that run over their page the most that fits is sought, then all is laid out once more."""
    fonts = FontConfiguration()
    report = planned()
    document = _set(report, fonts)
    over = _over(report, document)
    if not over:
        return report, document
    report = planned(_fitting(planned, over, fonts))
    return report, _set(report, fonts)


def _fitting(planned: Planner, over: set[str], fonts: FontConfiguration) -> dict[str, int]:
    """For each sheet that runs over the first of LIMITS that fits, by bisection; all of them are tried in one layout."""
    low, high = dict.fromkeys(over, 1), dict.fromkeys(over, len(LIMITS) - 1)
    while open_ones := [name for name in over if low[name] < high[name]]:
        tried = {name: (low[name] + high[name]) // 2 for name in open_ones}
        part = planned(tried, only=open_ones)
        still = _over(part, _set(part, fonts))
        for name, level in tried.items():
            if name in still:
                low[name] = level + 1
            else:
                high[name] = level
    return low


def _set(report: Report, fonts: FontConfiguration) -> Document:
    return HTML(string=render(report, faces=FACES, images=True), url_fetcher=OwnFilesOnly()).render(font_config=fonts)


def _over(report: Report, document: Document) -> set[str]:
    """Ids of the sheets that take more than one page and may not."""
    pages = Counter(name for page in document.pages for name in page.anchors)
    return {sheet.id for sheet in report.sheets if pages[sheet.id] > 1 and sheet.kind != "appendix"}
