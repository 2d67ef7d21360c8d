"""The pages as one HTML document that needs nothing else: figures inline, fonts inside, every word escaped."""

from __future__ import annotations

from base64 import b64encode
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from model_insights.view import Block, Cell, Column, Facts, Figure, Paragraph, Section, Severity, SeverityLevel, Table
from report.columns import cell_size, widths
from report.figures import FULL, HALF, draw
from report.figures.lettering import Label, lifted
from report.glossary import GLOSSARY
from report.heights import balanced
from report.look import style_of
from report.measure import FONTS
from report.pages import Report
from report.parts import is_wordy, paired, sentence

HERE = Path(__file__).parent
LADDER: tuple[tuple[SeverityLevel, str], ...] = (
    ("none", "No problem"),
    ("little", "Little problem"),
    ("big", "Big problem"),
    ("emergency", "Emergency"),
)


class Part(NamedTuple):
    """A block as the template sets it; a figure comes drawn."""

    kind: str
    block: Block
    svg: Markup = Markup()


def render(report: Report, *, faces: str = "", images: bool = False) -> str:
    """The whole document. Equal reports give equal text.

    `faces`: the @font-face rules; when empty, rules with the fonts inside. `images`: figures as images that hold their SVG, which
    spares a layout engine the styles of every stroke; otherwise as `<svg>` elements, whose text a browser can select.
    """
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            fonts=Markup(faces or _embedded_faces()),
            style=Markup((HERE / "templates" / "style.css").read_text("utf-8") + style_of(report.look)),
            rows=_rows,
            part=_part,
            ladder=_ladder,
            widths=_widths,
            classes=_classes,
            image=_image if images else None,
            glossary=GLOSSARY,
            balanced=balanced,
        )
    )


def font_face(weight: int, address: str) -> str:
    """The rule that gives the report's type face one weight."""
    return f"@font-face {{ font-family: Inter; font-weight: {weight}; src: url({address}) }}"


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(HERE / "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["sentence"] = sentence
    made.tests["wordy"] = is_wordy
    return made


@cache
def _embedded_faces() -> str:
    """The document carries its fonts: it fetches nothing on a screen either."""
    data = {weight: b64encode(path.read_bytes()).decode() for weight, path in FONTS.items()}
    return "\n".join(font_face(weight, f"data:font/ttf;base64,{text}") for weight, text in data.items())


def _rows(section: Section, close: bool) -> list[tuple[Part, ...]]:
    """Blocks from top to bottom, two small figures beside each other."""
    return [tuple(_part(block, FULL if len(row) == 1 else HALF, close) for block in row) for row in paired(section.blocks)]


def _widths(table: Table) -> tuple[float, ...]:
    """Per cent of the page's width."""
    return tuple(round(100 * width / FULL, 2) for width in widths(table, cell_size(table), FULL))


def _classes(cell: Cell, column: Column) -> Markup:
    names = [
        name for name, wanted in (("right", column.align == "right"), (cell.tone, cell.tone != "neutral" and not cell.state)) if wanted
    ]
    return Markup(f' class="{" ".join(names)}"') if names else Markup()


def _part(block: Block, width: float = FULL, close: bool = False) -> Part:
    if isinstance(block, Table | Facts | Paragraph):
        return Part(_kind(block), block)
    return Part("figure", block, _drawn(block, width, close))


@lru_cache(maxsize=256)
def _drawn(figure: Figure, width: float, close: bool) -> Markup:
    """Drawn once for all the times the pages are laid out."""
    return Markup(draw(figure, width=width, low=close))


def _image(svg: str) -> tuple[str, list[Label]]:
    """The figure as an address, and the words that are set over it."""
    kept, labels = lifted(svg)
    return f"data:image/svg+xml;base64,{b64encode(kept.encode()).decode()}", labels


def _kind(block: Any) -> str:
    return str(block.__struct_config__.tag)


def _ladder(severity: Severity) -> list[tuple[SeverityLevel, str, bool]]:
    """The steps of the severity scale: level, name, whether it is this one. The view's own name wins."""
    return [(level, severity.name if level == severity.level else name, level == severity.level) for level, name in LADDER]
