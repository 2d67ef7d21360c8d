"""Many slices: eight readable pages, and an appendix that holds all of them and grows with their number."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("weasyprint")
pytest.importorskip("matplotlib")

import pypdfium2
import view_builders as a

import report.pdf
from benchmarks.many_slices import workspace
from model_insights.view import Section, Table, View
from report import as_pdf
from report.gather import MOST_SLICES, Material, Wish, costly_slices, gather
from report.html import render
from report.notes import ReviewNotes
from report.pages import whole

FIVE_THOUSAND = 5_000


def a_long_cost_view(rows: int) -> View:
    return a.a_cost_view(sections=(Section(id="slices", title="Where", blocks=(a.a_table(rows=rows, total=rows),)),))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Material:
    state = tmp_path_factory.mktemp("state")
    return gather(workspace(40, state), Wish(length="full"), ReviewNotes(state))


def test_five_thousand_slices_take_eight_pages_and_the_rest_is_counted():
    pages = pypdfium2.PdfDocument(as_pdf((a.an_insights_view(), a_long_cost_view(FIVE_THOUSAND))))
    words = " ".join(page.get_textpage().get_text_bounded() for page in pages)

    assert len(pages) <= 8
    assert "4,988 more rows in the tab" in " ".join(words.split())


def test_the_appendix_holds_a_row_for_every_slice_and_nothing_grows_faster():
    counts = [render(whole((a.a_small_view(),), appendix=(a_long_cost_view(rows),))).count("<tr") for rows in (100, 1_000, FIVE_THOUSAND)]

    assert (900, 4_000) == (counts[1] - counts[0], counts[2] - counts[1])


def test_the_appendix_is_laid_out_once(monkeypatch: pytest.MonkeyPatch):
    laid = []
    plain = report.pdf._set

    def counting(made, fonts):
        laid.append([sheet.kind for sheet in made.sheets])
        return plain(made, fonts)

    monkeypatch.setattr(report.pdf, "_set", counting)
    as_pdf((a.a_small_view(),), appendix=(a_long_cost_view(100),))

    assert 1 == sum("appendix" in kinds for kinds in laid)


def test_the_appendix_has_a_page_for_each_of_the_slices_that_carry_the_cost(full: Material):
    details = [view for view in full.appendix if view.view == "slice"]
    titles = {block.title for section in details[0].sections for block in section.blocks if hasattr(block, "alt")}

    assert 0 < len(details) <= MOST_SLICES
    assert {"Calibration", "ROC", "Precision and recall", "Gain"} <= titles
    assert any(section.id == "confusion" for section in details[0].sections)


def test_the_appendix_says_which_pages_follow_and_how_much_they_carry(full: Material):
    first = full.appendix[0].sections[0].blocks[0]

    assert "slices that carry" in getattr(first, "text", "")


def test_the_dearest_slices_stop_where_most_of_the_cost_is_carried():
    rows = a.a_table(rows=10, total=10)
    names, share = costly_slices(a.a_cost_view(sections=(Section(id="slices", title="", blocks=(rows,)),)))

    assert ((), 0.0) == (names, share)  # rows without a link have no page


def test_every_slice_of_the_pipeline_is_in_the_appendix(full: Material):
    tables = [
        block for section in full.appendix[1].sections for block in section.blocks if isinstance(block, Table) and block.id == "slices"
    ]

    assert 40 == len(tables[0].rows) == tables[0].total


def test_a_pipeline_without_prices_and_one_without_a_fault_have_a_report(tmp_path: Path):
    for options in ({"priced": False}, {"fault": False}):
        made = gather(workspace(6, tmp_path, **options), Wish(), ReviewNotes(tmp_path))
        pages = pypdfium2.PdfDocument(as_pdf(made.views))

        assert 2 <= len(pages) <= 8
