"""Forms of the report: paper, length, company, review, several pipelines, Markdown, verdicts of the past. One rendering serves most tests."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("pikepdf")
pytest.importorskip("pypdfium2")
pytest.importorskip("weasyprint")
pytest.importorskip("matplotlib")

import pikepdf
import pypdfium2 as pdfium
import view_builders as a
from PIL import Image

from model_insights.artifacts.notes import NoteError, read_text
from model_insights.record import Amount, VerdictRecord
from model_insights.view import Choice, Selection, View
from model_insights.wording import Words
from report import as_markdown
from report.brand import LogoError, drawing, pixels, read_logo
from report.compare import plan_all, worst_first
from report.gather import Material
from report.look import Look, Review, contrast_on_white, style_of
from report.making import make
from report.notes import ReviewNotes, parse
from report.past import as_array, as_lines, as_table
from report.pdf import to_pdf

EVIL = """</style><script>alert(1)</script>{{ 7*7 }}; } * { background: url(http://evil.example/x) }"""


def png(width: int = 6, height: int = 3) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#0a5c36").save(out, "PNG")
    return out.getvalue()


def squeezed(words: str) -> str:
    return "".join(words.replace("\ufffe", "-").split())


def texts_of(pdf: bytes) -> list[str]:
    pages = pdfium.PdfDocument(pdf)
    texts = [squeezed(page.get_textpage().get_text_range()) for page in pages]
    pages.close()
    return texts


@pytest.fixture(scope="module")
def logo() -> str:
    return "data:image/png;base64," + base64.b64encode(pixels(png(), "logo.png")).decode()


@pytest.fixture(scope="module")
def dressed(logo: str) -> bytes:
    """A full report on Letter with everything that can be set, hostile words included."""
    look = Look(
        length="full", paper="Letter", company=f"Schuh & Co {EVIL}", logo=logo, accent="#0a5c36", recipients=("Ada", "Bob"),
        notes=f"Internal only. {EVIL}", review=Review(note=("Discussed on Monday.", EVIL), headline="We know why.", action="Roll back today."),
    )  # fmt: skip
    whole = a.a_cost_view(sections=(msgspec.structs.replace(a.a_cost_view().sections[0], blocks=(a.a_table(rows=90, total=90),)),))
    return to_pdf((a.a_small_view(),), look=look, appendix=(whole,))


# --- paper, company, review ------------------------------------------------------------------------------------------------------


def test_letter_is_letter(dressed: bytes):
    sizes = {tuple(round(float(side)) for side in page.MediaBox) for page in pikepdf.open(io.BytesIO(dressed)).pages}

    assert {(0, 0, 612, 792)} == sizes


def test_company_recipients_and_words_of_the_review_stand_on_page_1_and_the_standing_notes_on_the_last(dressed: bytes):
    first, *_ = texts = texts_of(dressed)

    for words in (
        "Schuh & Co",
        "For Ada, Bob",
        "We know why.",
        "Roll back today.",
        "Discussed on Monday.",
        f"Computed: {a.a_headline().sentence}",
    ):
        assert squeezed(words) in first
    assert any(squeezed("Internal only.") in text for text in texts[1:])


def test_hostile_company_and_notes_are_only_words(dressed: bytes):
    assert squeezed(EVIL) in texts_of(dressed)[0]
    assert b"evil.example" not in b"".join(
        bytes(o.get("/URI", b"")) for o in pikepdf.open(io.BytesIO(dressed)).objects if isinstance(o, pikepdf.Dictionary)
    )


def test_the_appendix_shows_every_row_on_as_many_pages_as_it_needs_with_a_bookmark(dressed: bytes):
    pdf = pikepdf.open(io.BytesIO(dressed))
    with pdf.open_outline() as outline:
        last = outline.root[-1].title

    assert last.startswith("Appendix: Business Cost: ")
    assert "90 rows" in last
    assert len(pdf.pages) > 3
    assert 9 == "".join(texts_of(dressed)).count("women_flats")


def test_the_brief_report_is_page_1_alone_however_long_the_note(logo: str):
    note = "Discussed with stock and sales, who saw it coming. " * 23
    look = Look(length="brief", paper="Letter", logo=logo, review=Review(note=(note,), headline="A long story."))
    texts = texts_of(to_pdf(a.both_views(), look=look))

    assert 1 == len(texts)
    assert squeezed(note) in texts[0]


def test_an_accent_too_light_to_read_colours_rules_and_no_letters():
    assert contrast_on_white("#ffffff") == pytest.approx(1.0)
    assert contrast_on_white("#000000") == pytest.approx(21.0)
    assert ".eyebrow > span:first-child" not in style_of(Look(accent="#ffe000"))
    assert ".eyebrow > span:first-child { color: #0a5c36 }" in style_of(Look(accent="#0a5c36"))


def test_an_accent_that_is_no_colour_never_reaches_the_style():
    with pytest.raises(ValueError, match="is no colour"):
        style_of(Look(accent="red } body { background: url(http://evil.example)"))


# --- logo ------------------------------------------------------------------------------------------------------------------------


def test_a_logo_becomes_pixels_and_nothing_else(tmp_path: Path):
    from PIL import PngImagePlugin

    more = PngImagePlugin.PngInfo()
    more.add_text("Comment", "http://evil.example")
    Image.new("RGB", (1600, 100)).save(tmp_path / "logo.png", pnginfo=more)
    content = base64.b64decode(read_logo("logo.png", (tmp_path,)).removeprefix("data:image/png;base64,"))

    assert b"evil" not in content
    assert (800, 50) == Image.open(io.BytesIO(content)).size


def test_an_svg_logo_keeps_shapes_and_loses_everything_that_acts_or_refers():
    clean = drawing(
        b"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9" onload="x()">
        <script>x()</script><style>@import url(http://evil.example)</style><image href="http://evil.example/a.png"/>
        <foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject><use xlink:href="http://evil.example/#a"/>
        <a href="http://evil.example"><path d="M0 0"/></a>
        <linearGradient id="g"/><rect width="9" height="9" fill="url(#g)" style="fill:url(http://evil.example)" onclick="x()"/></svg>""",
        "logo.svg",
    ).decode()

    assert "evil" not in clean
    assert "x()" not in clean
    assert 'fill="url(#g)"' in clean
    assert "rect" in clean


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"GIF89a", "no readable PNG, JPEG or SVG"),
        (b"<svg", "no readable PNG, JPEG or SVG"),
        (b"<html/>", "no readable PNG, JPEG or SVG"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]><svg/>', "declares a document type"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_a_logo_that_cannot_be_used_is_a_sentence(tmp_path: Path, content: bytes, said: str):
    (tmp_path / "logo").write_bytes(content)

    with pytest.raises(LogoError, match=said):
        read_logo("logo", (tmp_path,))


def test_a_logo_with_too_many_pixels_is_refused_before_it_is_unpacked():
    with pytest.raises(LogoError, match="7000 x 3000 pixels"):
        pixels(png(7000, 3000), "logo.png")


def test_a_missing_logo_is_a_sentence(tmp_path: Path):
    with pytest.raises(LogoError, match=r"'logo\.png' .* is not there"):
        read_logo("logo.png", (tmp_path,))


# --- review notes ----------------------------------------------------------------------------------------------------------------


def test_a_note_is_kept_per_pipeline_and_run_and_an_empty_one_forgets_it(tmp_path: Path):
    notes = ReviewNotes(tmp_path)
    notes.keep("../shoes", "r/1", "Seen by Ada.\n\nWhat to do: Call the supplier.\nIt was the price.")

    assert Review(note=("Seen by Ada.", "It was the price."), action="Call the supplier.") == notes.read("../shoes", "r/1")
    assert Review() == notes.read("../shoes", "r/2")
    assert notes.path("../shoes", "r/1").resolve().is_relative_to(tmp_path.resolve())
    notes.keep("../shoes", "r/1", " \n")
    assert Review() == notes.read("../shoes", "r/1")


def test_a_headline_of_the_review_is_taken_whatever_its_letters():
    assert Review(headline="All is well: really.") == parse("HEADLINE: All is well: really.")


def test_a_note_that_is_no_text_or_too_long_is_a_sentence(tmp_path: Path):
    (tmp_path / "n").write_bytes(b"\xff\xfe\x00")

    (tmp_path / "long").write_text("x" * 1_201)

    with pytest.raises(NoteError, match="longer than 1,200 letters"):
        read_text(tmp_path / "long")
    with pytest.raises(NoteError, match="no text in UTF-8"):
        read_text(tmp_path / "n")
    with pytest.raises(NoteError, match="No such file"):
        read_text(tmp_path / "m")


# --- several pipelines -------------------------------------------------------------------------------------------------------------


def of_pipeline(name: str, level: str, change: float) -> Material:
    line = a.a_headline()
    line = msgspec.structs.replace(
        line,
        severity=msgspec.structs.replace(line.severity, level=level, name=level),
        change=a.euros(change),
        sentence=f"{name} costs more.",
    )
    selection = Selection(pipelines=(Choice(id=name, text=name.title()),), pipeline=name)
    return Material(views=(a.a_small_view(headline=line, selection=selection, title=f"T {name}"),))


FOUND = (
    of_pipeline("hats", "none", 9000),
    of_pipeline("shoes", "big", 5000),
    of_pipeline("bags", "big", 7000),
    of_pipeline("ties", "unknown", 0),
)


def test_pipelines_stand_worst_first_with_the_unknown_before_those_without_a_problem():
    assert ["bags", "shoes", "ties", "hats"] == [one.views[0].selection.pipeline for one in worst_first(FOUND)]


def test_the_comparison_has_a_summary_and_page_1_of_each():
    report = plan_all(FOUND)

    assert ["summary", "verdict-0", "verdict-1", "verdict-2", "verdict-3"] == [sheet.id for sheet in report.sheets]
    assert "2 of 4 pipelines have a problem; the worst is Bags with EUR 7,000 (big); 1 could not be judged" == report.sheets[0].title


def test_the_comparison_is_one_pdf_with_a_page_for_each_and_a_list_in_json():
    texts = texts_of(make(FOUND[:2], "pdf", together=True))
    views = json.loads(make(FOUND, "json", together=True))["views"]

    assert 3 == len(texts)
    assert squeezed("1 of 2 pipelines has a problem; the worst is Shoes with EUR 5,000 (big)") in texts[0]
    assert squeezed("shoes costs more.") in texts[1]
    assert ["T bags", "T shoes", "T ties", "T hats"] == [view["title"] for view in views]


def test_without_a_problem_the_comparison_says_so():
    assert "None of 1 pipeline has a problem that is known" == plan_all(FOUND[:1]).sheets[0].title


# --- Markdown ----------------------------------------------------------------------------------------------------------------------


def test_the_markdown_says_the_headline_the_corners_and_what_to_do():
    text = as_markdown(a.both_views()).decode().replace("\\", "")
    line = a.a_headline()

    assert text.startswith(f"# {line.sentence}\n")
    assert [] == [words for words in (line.money.text, line.severity.sentence, line.next_action, "men_dress") if words not in text]
    assert "| Model | Violated | EUR 3,870 |" in text


def test_names_in_markdown_are_only_words():
    text = as_markdown(View(view="insights", title="a|b <img src=x> [c](http://d)\n# e")).decode()

    assert r"a\|b \<img src=x\> \[c\](http://d) \# e" in text


# --- verdicts of the past -------------------------------------------------------------------------------------------------------


def a_record(**changes: object) -> VerdictRecord:
    some = dict(
        pipeline="shoes", run="r1", period="2025-09-22", start="", end="", reference="", currency="EUR", kind="fault", corner="model",
        confidence="very likely", probability=0.98, shares={}, cannot_tell=(), lines=(), cost=Amount(value=10009.0, low=9781.0, high=10245.0),
        change=9173.0, severity="emergency", could_be="", since="", tier="T1", reason="",
    )  # fmt: skip
    return VerdictRecord(**{**some, **changes})  # type: ignore[arg-type]


OPEN = a_record(period="span\x1b[2J 1", kind="open", corner=None, cost=None, change=None, severity="unknown", reason="no reference")


def test_the_verdicts_are_a_json_array_or_json_lines_and_come_back_whole():
    records = (OPEN, a_record())

    assert list(records) == msgspec.json.decode(as_array(records), type=list[VerdictRecord])
    assert list(records) == [msgspec.json.decode(line, type=VerdictRecord) for line in as_lines(records).splitlines()]
    assert b"[]\n" == as_array(())


def test_the_table_of_verdicts_stands_in_columns_and_steers_no_terminal():
    text = as_table((OPEN, a_record(), a_record(corner=None, cannot_tell=("data", "model"))), Words(currency="EUR"))

    assert (
        "Period             Cost      Change  Severity          Verdict\n"
        "span?[2J 1    not known   not known  Severity unknown  cannot be said\n"
        "22 Sep 2025  EUR 10,009  +EUR 9,173  Emergency         model, very likely\n"
        "22 Sep 2025  EUR 10,009  +EUR 9,173  Emergency         data or model, very likely\n"
    ) == text
