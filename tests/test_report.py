"""The report on paper: structure, words, bytes, and that nothing outside is ever asked for."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("pikepdf")
pytest.importorskip("pypdfium2")
pytest.importorskip("weasyprint")
pytest.importorskip("matplotlib")

import pikepdf
import pypdfium2 as pdfium
import view_builders as a

import report
from model_insights.view import SCHEMA_VERSION, Facts, Notice, Paragraph, Section, Table, Triangle, View
from report.pages import MOST_PAGES, Report, plan
from report.pdf import OwnFilesOnly, lay_out, to_pdf

HOSTILE = """</style><script>alert(1)</script> url(http://evil.example/a.png) "onload='x' {{ 7*7 }} $\\frac{1}{2}$ @import 'http://evil.example/b.css'; javascript:alert(2)"""
SMALL = (a.a_small_view(),)


class Rendered:
    """A report drawn once for the tests that look at it."""

    def __init__(self, views: tuple[View, ...]) -> None:
        self.report, document = lay_out(views)
        self.bytes: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
        self.pdf = pikepdf.open(io.BytesIO(self.bytes))
        pages = pdfium.PdfDocument(self.bytes)
        self.texts = [page.get_textpage().get_text_range() for page in pages]
        pages.close()

    def says(self, words: str) -> bool:
        return squeezed(words) in squeezed("".join(self.texts))

    def elements(self, kind: str) -> list[Any]:
        return [element for element in walk(self.pdf.Root.StructTreeRoot.K) if element.get("/S") == kind]


def squeezed(words: str) -> str:
    """Without white space: lines break where the page wants. PDFium marks a hyphen at a line's end with U+FFFE."""
    return "".join(words.replace("\ufffe", "-").split())


def walk(node: Any) -> Iterator[Any]:
    if isinstance(node, pikepdf.Array):
        for child in node:
            yield from walk(child)
    elif isinstance(node, pikepdf.Dictionary):
        yield node
        if "/K" in node:
            yield from walk(node.K)


def only(view: View, *names: str) -> View:
    return msgspec.structs.replace(view, sections=tuple(section for section in view.sections if section.id in names))


@pytest.fixture(scope="module")
def drawn() -> Rendered:
    return Rendered(a.both_views())


@pytest.fixture(scope="module")
def asked() -> list[str]:
    return []


@pytest.fixture(scope="module")
def hostile(asked: list[str]) -> Rendered:
    """Views with a hostile name everywhere, drawn while every fetch is written down and no connection can be made."""
    patch = pytest.MonkeyPatch()
    fetch = OwnFilesOnly.fetch

    def noting(self: OwnFilesOnly, url: str, headers: Any = None) -> Any:
        asked.append(url)
        return fetch(self, url, headers)

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("the report opened a connection")

    patch.setattr(OwnFilesOnly, "fetch", noting)
    patch.setattr(socket.socket, "connect", refused)
    try:
        insights, cost = a.hostile_views(HOSTILE)
        return Rendered((only(insights, "verdict", "data", "lineage"), only(cost, "money", "slices")))
    finally:
        patch.undo()


# --- words --------------------------------------------------------------------------------------------------------------------


def test_the_report_says_all_of_the_headline(drawn: Rendered):
    line = a.a_headline()
    words = (
        line.sentence,
        line.money.text,
        line.money.interval_text,
        line.change.text,
        line.since,
        line.severity.name,
        line.severity.sentence,
        line.severity.could_be,
        line.confidence,
        line.confidence_reason,
        line.next_action,
    )

    assert [] == [text for text in words if squeezed(text) not in squeezed(drawn.texts[0])]


def test_the_report_says_every_title_lead_and_state_of_the_views(drawn: Rendered):
    sections = [section for view in a.both_views() for section in view.sections]
    words = [text for section in sections for text in (section.title, section.lead, section.state_text)]

    assert [] == [text for text in words if not drawn.says(text)]


def test_the_report_says_every_cell_fact_and_paragraph_it_shows(drawn: Rendered):
    assert [] == [text for text in words_of(drawn.report) if not drawn.says(text)]


def words_of(made: Report) -> list[str]:
    out = []
    for block in (block for sheet in made.sheets for section in sheet.sections for block in section.blocks):
        if isinstance(block, Table):
            out += [column.title for column in block.columns] + [cell.text for row in block.rows for cell in row.cells] + [block.note]
        elif isinstance(block, Facts):
            out += [text for fact in block.items for text in (fact.label, fact.value, fact.hint)]
        elif isinstance(block, Paragraph):
            out.append(block.text)
        elif not isinstance(block, Triangle):
            out += [block.title, block.note]
    return out


def test_numbers_in_charts_are_text_one_can_select(drawn: Rendered):
    words = ("EUR 2,140", "+3,870", "Model 163 pushed", "Week of 16 Sep 2024: EUR 5,600", "Best 0.34", "Cost per week (EUR)", "EUR 1,980")

    assert [] == [text for text in words if not drawn.says(text)]


def test_every_corner_of_the_triangle_says_its_sentence(drawn: Rendered):
    words = [
        text
        for corner in a.a_triangle().corners
        for text in (corner.name, corner.state_text, corner.money.text, corner.share.text, corner.sentence)
    ]

    assert [] == [text for text in words if squeezed(text) not in squeezed(drawn.texts[0])]


def test_notices_provenance_and_glossary_stand_on_the_last_page(drawn: Rendered):
    words = (
        "The pushed model of run 16 has no folder.",
        "A season cannot be excluded",
        "n = 3,600",
        "artifact 165",
        "Mistake:",
        "Serving model:",
    )

    assert [] == [text for text in words if squeezed(text) not in squeezed(drawn.texts[-1])]


def test_every_page_has_its_foot(drawn: Rendered):
    mark = drawn.report.mark
    feet = [f"Result {mark} · Page {i} of 8" for i in range(1, 9)]

    assert [] == [foot for foot, text in zip(feet, drawn.texts, strict=True) if squeezed(foot) not in squeezed(text)]
    assert all(squeezed("Period: Week of 16 Sep 2024 · Rows judged: n = 3,600") in squeezed(text) for text in drawn.texts)


# --- structure ------------------------------------------------------------------------------------------------------------------


def test_the_whole_report_has_eight_pages_of_a4(drawn: Rendered):
    boxes = {tuple(round(float(side)) for side in page.MediaBox) for page in drawn.pdf.pages}

    assert MOST_PAGES == len(drawn.pdf.pages)
    assert {(0, 0, 595, 842)} == boxes


def test_the_pdf_is_tagged_and_says_so(drawn: Rendered):
    root = drawn.pdf.Root

    assert root.MarkInfo.Marked
    assert "en" == str(root.Lang)
    assert root.ViewerPreferences.DisplayDocTitle
    assert "Insights Triangle: shoes · week of 16 Sep 2024 against the week of 2 Sep 2024" == str(drawn.pdf.docinfo.Title)
    assert "1" == drawn.pdf.open_metadata()["pdfuaid:part"]


def test_every_sheet_has_a_bookmark_with_its_sentence(drawn: Rendered):
    with drawn.pdf.open_outline() as outline:
        titles = [item.title for item in outline.root]

    assert [f"{sheet.label}: {sheet.title}" for sheet in drawn.report.sheets] == titles


def test_every_figure_has_its_words(drawn: Rendered):
    alternatives = [str(element.get("/Alt", "")) for element in drawn.elements("/Figure")]

    assert "" not in alternatives
    assert {a.a_triangle().alt, a.a_waterfall().alt, a.a_time_series().alt, a.a_range_plot().alt, a.a_threshold_curve().alt} <= set(
        alternatives
    )


def test_headings_and_table_heads_are_tagged(drawn: Rendered):
    heads = [element for element in drawn.elements("/TH") if "/ID" in element]

    assert 8 == len(drawn.elements("/H1"))
    assert [] == drawn.elements("/H3")
    assert len(heads) > 40
    assert len(drawn.elements("/Table")) > 8


def test_all_fonts_are_embedded_subsets(drawn: Rendered):
    fonts = [font for font in drawn.pdf.objects if isinstance(font, pikepdf.Dictionary) and font.get("/Type") == "/FontDescriptor"]

    assert fonts
    assert all("/FontFile2" in font or "/FontFile3" in font for font in fonts)
    assert all("+" in str(font.FontName) for font in fonts)


def test_the_pdf_holds_no_link_out_script_or_file(drawn: Rendered, hostile: Rendered):
    keys = {key for made in (drawn, hostile) for item in made.pdf.objects if isinstance(item, pikepdf.Dictionary) for key in item}

    assert set() == keys & {"/URI", "/JS", "/JavaScript", "/OpenAction", "/AA", "/EmbeddedFiles", "/Launch", "/RichMedia"}


def test_the_report_is_small(drawn: Rendered):
    assert len(drawn.bytes) < 1_000_000


# --- bytes --------------------------------------------------------------------------------------------------------------------


def test_equal_views_give_equal_bytes_in_two_processes(root: Path):
    code = "import hashlib, report, view_builders as a; print(hashlib.sha256(report.as_pdf(a.a_small_view())).hexdigest())"
    folders = os.pathsep.join((str(root), str(root / "tests")))
    there = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": folders, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert hashlib.sha256(to_pdf(SMALL)).hexdigest() == there.stdout.strip()


def test_other_words_give_another_file_identifier():
    one, other = (pikepdf.open(io.BytesIO(to_pdf((a.View(view="insights", title=title),)))).trailer.ID[0] for title in ("A", "B"))

    assert bytes(one) != bytes(other)


# --- content that fights back -----------------------------------------------------------------------------------------------


def test_hostile_names_are_only_words(hostile: Rendered):
    assert hostile.says(HOSTILE)


def test_hostile_names_make_no_page_ask_for_anything(hostile: Rendered, asked: list[str]):
    assert hostile.bytes
    assert asked
    assert [] == [url for url in asked if not url.startswith(("insights-font:", "data:image/svg+xml"))]


@pytest.mark.parametrize(
    "url",
    ["http://evil.example/a.png", "https://evil.example/", "file:///etc/passwd", "ftp://evil.example/x", "insights-font:../../etc/passwd"],
)
def test_every_address_but_our_own_is_refused(url: str):
    with pytest.raises(ValueError, match="fetches nothing"):
        OwnFilesOnly().fetch(url)


def test_names_in_other_scripts_and_long_ones_fit():
    names = "女装鞋 حذاء رجالي אבגד a_name_of_sixty_letters_that_nobody_should_ever_give_to_any_slice_at_all"

    made = Rendered((only(a.hostile_views(names)[1], "slices"),))

    assert len(made.report.sheets) == len(made.pdf.pages)
    assert made.says("a_name_of_sixty_letters_that_nobody_should_ever_give_to_any_slice_at_all")


def test_a_very_full_view_is_cut_to_its_pages():
    full = a.an_evidence_table("data", rows=a.an_evidence_table("data").rows * 8, total=5000)
    section = Section(
        id="data",
        title="Much.",
        lead="Very much. " * 60,
        blocks=(full, a.a_bars(), a.a_distribution(), full, a.a_heat_map(), a.a_bars(note="again")),
    )

    made = Rendered((a.an_insights_view(sections=(section,)),))

    assert len(made.report.sheets) == len(made.pdf.pages)
    assert made.says("more rows in the tab")


def test_a_view_without_anything_says_why_on_its_first_page():
    empty = View(
        view="empty",
        title="No runs yet",
        notices=(Notice(level="info", text="The folder holds no pipeline.", remedy="Choose the folder above."),),
    )

    made = Rendered((empty,))

    assert squeezed("No runs yet Note The folder holds no pipeline. Choose the folder above.") in squeezed(made.texts[0])


def test_damage_is_said_on_the_first_page():
    broken = a.an_insights_view(notices=(Notice(level="error", text="metrics-00000 ends 12 bytes early."),), sections=SMALL[0].sections)

    made = Rendered((broken,))

    assert squeezed("metrics-00000 ends 12 bytes early.") in squeezed(made.texts[0])


# --- HTML and JSON ------------------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Collects the elements and the addresses of a document."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action", "data", "xlink:href")]


def test_the_html_is_one_file_that_refers_to_nothing():
    text = report.as_html(a.hostile_views(HOSTILE)).decode()
    tags = Tags(text)

    assert set() == tags.names & {"script", "link", "iframe", "object", "img", "base", "form"}
    assert [] == tags.addresses
    assert "default-src 'none'" in text
    assert "font/ttf;base64" in text


def test_the_html_says_the_headline_and_holds_the_charts():
    text = report.as_html(a.both_views()).decode()

    assert a.a_headline().sentence in text
    assert text.count("<svg") == 13


def test_the_json_holds_the_views_as_they_are():
    decoded = msgspec.json.decode(report.as_json(a.both_views()))

    assert SCHEMA_VERSION == decoded["schema_version"]
    assert list(a.both_views()) == msgspec.convert(decoded["views"], list[View])


# --- the library call -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "start"), [("r.pdf", b"%PDF-1.7"), ("r.html", b"<!DOCTYPE html>"), ("r.json", b"{"), ("report", b"%PDF-1.7")]
)
def test_the_ending_of_the_name_decides_what_is_written(tmp_path: Path, name: str, start: bytes):
    report.write(SMALL, tmp_path / name)

    assert (tmp_path / name).read_bytes().lstrip().startswith(start)
    assert [name] == [path.name for path in tmp_path.iterdir()]


def test_one_view_is_enough():
    assert report.as_pdf(SMALL[0]) == to_pdf(SMALL)


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path):
    with pytest.raises(
        report.CannotWrite, match=r"Cannot write .*nowhere/r\.json: No such file or directory\. Choose another place with -o\."
    ):
        report.write(SMALL, tmp_path / "nowhere" / "r.json")


def test_importing_the_report_loads_no_drawing_library(root: Path):
    code = "import sys, report; print(sorted({'weasyprint', 'matplotlib', 'jinja2', 'numpy', 'tensorflow'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()


def test_a_missing_package_is_a_sentence_with_the_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "report.pdf")
    monkeypatch.setitem(sys.modules, "weasyprint", None)

    with pytest.raises(report.ReportUnavailable, match=r'package weasyprint: pip install "tensorboard-plugin-insights\[report\]"'):
        report.as_pdf(SMALL)


def test_missing_pango_is_a_sentence_with_the_debian_packages(monkeypatch: pytest.MonkeyPatch):
    class NoPango:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "report.pdf")
    monkeypatch.delitem(sys.modules, "weasyprint")
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])

    with pytest.raises(report.ReportUnavailable, match=r"apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"):
        report.as_pdf(SMALL)


def test_the_plan_of_no_sections_still_has_a_title():
    assert a.a_headline().sentence == plan((a.an_insights_view(sections=()),)).sheets[0].title
