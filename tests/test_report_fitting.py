"""What is foretold to fit a page fits it: widths of words and columns, heights of sheets, and how often a report is laid out."""

from __future__ import annotations

import pytest

pytest.importorskip("weasyprint")
pytest.importorskip("matplotlib")

import msgspec
import pypdfium2
import view_builders as a
from weasyprint.text.fonts import FontConfiguration

import report.pdf
from model_insights.view import Cell, Row, View
from report.columns import rows_high, widths
from report.figures import draw
from report.figures.lettering import lifted
from report.heights import foretold, next_levels, room, sheet_height
from report.limits import ladder
from report.look import Look
from report.measure import lines_of, measure
from report.pages import shown, whole

MM = 25.4 / 96  # of WeasyPrint's pixels


def test_a_line_is_as_wide_as_its_letters_and_twice_as_wide_in_twice_the_size():
    assert measure("mm") == pytest.approx(2 * measure("m"))
    assert measure("Order", 16) == pytest.approx(2 * measure("Order", 8))
    assert measure("ii") < measure("MM")


def test_wide_scripts_are_wide_and_marks_have_no_width():
    assert measure("鞋", 10) == pytest.approx(10 * 25.4 / 72)
    assert measure("e\u20dd") == pytest.approx(measure("e"))


def test_words_take_lines_and_a_long_word_is_broken():
    assert 1 == lines_of("short", 40, 8)
    assert 2 == lines_of("two words", 10, 8)
    assert lines_of("x" * 200, 40, 8) >= 4


def test_columns_fill_the_page_and_numbers_keep_their_line():
    table = a.a_table()
    found = widths(table, 8.5, 170)

    assert sum(found) == pytest.approx(170)
    assert {1} == set(rows_high(table, 8.5, 170)[1:])


def test_a_name_of_two_hundred_letters_leaves_the_others_their_room():
    table = a.a_table(rows=1)
    row = table.rows[0]
    long = msgspec.structs.replace(table, rows=(Row(id="x", cells=(Cell(text="n" * 200), *row.cells[1:])),))
    found = widths(long, 8.5, 170)

    assert sum(found) == pytest.approx(170)
    assert min(found[1:]) > 8
    assert rows_high(long, 8.5, 170)[1] > 2


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_foretold_height_of_a_sheet_is_that_of_its_layout(paper):
    made = whole(a.both_views(), look=Look(paper=paper))
    cut = shown(made, foretold(made))
    document = report.pdf._set(cut, FontConfiguration())
    for sheet in cut.sheets:
        expected = sheet_height(cut, sheet)
        if expected is not None:
            pages = [page for page in document.pages if sheet.id in page.anchors]
            laid = sum(page._page_box.children[0].children[0].children[0].height * MM for page in pages)
            assert expected == pytest.approx(laid, rel=0.08), sheet.id
            assert len(pages) == 1


def test_a_usual_report_is_laid_out_once(monkeypatch):
    laid = counted(monkeypatch)
    report.pdf.to_pdf(a.both_views())

    assert 1 == len(laid)


def test_a_sheet_that_runs_over_all_the_same_is_cut_further_and_laid_out_alone(monkeypatch):
    monkeypatch.setattr(report.pdf, "foretold", lambda made: {sheet.id: 0 for sheet in made.sheets})
    laid = counted(monkeypatch)
    full = a.an_evidence_table("data", rows=a.an_evidence_table("data").rows * 8, total=5000)
    section = msgspec.structs.replace(a.an_insights_view().sections[1], blocks=(full, a.a_bars(), full, a.a_heat_map(), a.a_time_series()))
    made, document = report.pdf.lay_out((a.an_insights_view(sections=(section,)),))

    assert len(made.sheets) == len(document.pages)
    assert len(laid) > 1
    assert all(len(one) < len(laid[0]) for one in laid[1:])


def test_a_sheet_at_its_last_limit_is_not_tried_again():
    made = whole(a.both_views())
    last = {sheet.id: len(ladder(sheet.kind)) - 1 for sheet in made.sheets}

    assert {} == next_levels(made, last, list(last))


def test_the_page_height_is_that_of_the_paper():
    assert room(Look(paper="A4")) > room(Look(paper="Letter"))


def counted(monkeypatch) -> list[tuple[str, ...]]:
    """The ids of the sheets of every layout."""
    laid: list[tuple[str, ...]] = []
    plain = report.pdf._set

    def counting(made, fonts):
        laid.append(tuple(sheet.id for sheet in made.sheets))
        return plain(made, fonts)

    monkeypatch.setattr(report.pdf, "_set", counting)
    return laid


def test_pages_say_which_of_how_many_they_are_and_the_appendix_counts_its_own():
    pages = [sheet.page for sheet in whole(a.both_views(), appendix=(a.a_cost_view(),)).sheets]

    assert "Page 1 of 8" == pages[0]
    assert "Appendix" == pages[-1]


def test_an_empty_view_has_one_page_to_count():
    assert "Page 1 of 2" == whole((View(view="empty", title="Nothing"),)).sheets[0].page


# --- words that must be shaped -----------------------------------------------------------------------------------------------------


def test_arabic_in_a_chart_is_joined_and_hebrew_runs_to_the_left():
    names = ("حذاء رجالي", "נעלי בית")
    figure = a.a_bars(bars=tuple(msgspec.structs.replace(bar, label=name) for bar, name in zip(a.a_bars().bars, names, strict=False)))
    view = a.a_cost_view(sections=(msgspec.structs.replace(a.a_cost_view().sections[0], blocks=(figure,)),))
    words = " ".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(report.pdf.to_pdf((view,))))

    assert names[1] in words or names[1] in words[::-1]
    kept, labels = lifted(draw(figure))
    assert [label.words for label in labels] == list(names)
    assert not any(name in kept for name in names)


def test_words_over_a_chart_stand_where_the_chart_had_them():
    svg = '<svg viewBox="0 0 720 72"><text x="72" y="36" font-size="8" text-anchor="end" fill="#000000">שלום</text><text x="1" y="2" font-size="8" fill="#000000">left</text></svg>'
    kept, (label,) = lifted(svg)

    assert "left" in kept
    assert label.words == "שלום"
    assert "right: 228.60mm" in label.style
    assert "font-size: 8pt" in label.style


def test_a_chart_in_latin_letters_is_left_as_it_is():
    svg = draw(a.a_bars())

    assert (svg, []) == lifted(svg)
