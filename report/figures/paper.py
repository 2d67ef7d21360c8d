"""A drawing surface in millimetres, y downwards, on matplotlib: shapes and words in one theme, out as a small inline SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from itertools import count
from typing import Any, Literal
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import matplotlib
from matplotlib.artist import Artist
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle
from matplotlib.transforms import Affine2D

from model_insights.view import State
from report.measure import POINT, measure

FAMILY = "Inter"
MM = 25.4  # one inch

INK, MUTED, FAINT, HAIR, PANEL, WHITE = "#18222d", "#566270", "#93a0ad", "#d5dbe1", "#f3f5f7", "#ffffff"
MAIN, REFERENCE, BAND = "#1d4f7c", "#7b8894", "#e6ebf1"
GOOD, WATCH, BAD = "#2c7a57", "#b26a00", "#b02a2a"
TONES = {"neutral": MAIN, "good": GOOD, "watch": WATCH, "bad": BAD, "unknown": FAINT, "muted": FAINT}
STATES: dict[State, str] = {"held": GOOD, "watch": WATCH, "violated": BAD, "unknown": MUTED}

Align = Literal["left", "center", "right"]
_RC = {"svg.fonttype": "none", "svg.hashsalt": "insights", "path.simplify": False}
_XMLNS = 'xmlns="http://www.w3.org/2000/svg" role="img"'
_SVG = "{http://www.w3.org/2000/svg}"


def shorten(words: str, room: float, size: float = 8, weight: int = 400) -> str:
    """The words, or as many of them as fit `room` millimetres with an ellipsis."""
    if measure(words, size, weight) <= room:
        return words
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(words[:middle].rstrip() + "…", size, weight) <= room else (low, middle - 1)
    return words[:low].rstrip() + "…"


def wrap(words: str, room: float, size: float = 8, weight: int = 400, *, lines: int = 2) -> tuple[str, ...]:
    """The words in at most `lines` lines of `room` millimetres; the last one is shortened when they do not fit."""
    rest = words.split()
    out: list[str] = []
    while rest and len(out) < lines - 1:
        count = 1
        while count < len(rest) and measure(" ".join(rest[: count + 1]), size, weight) <= room:
            count += 1
        out.append(shorten(" ".join(rest[:count]), room, size, weight))
        rest = rest[count:]
    return (*out, shorten(" ".join(rest), room, size, weight)) if rest else tuple(out)


class Paper:
    """Draw on it, then take `svg()`. Lengths are millimetres, type sizes are points."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._figure = Figure(figsize=(width / MM, height / MM))
        FigureCanvasSVG(self._figure)
        self._figure.patch.set_visible(False)
        self._place = Affine2D().scale(1 / POINT, -1 / POINT).translate(0, height / POINT)
        self._layer = count(1)  # what is drawn later lies on top, whatever its kind
        self._words: list[str] = []  # these lie on top of all shapes

    def text(self, x: float, y: float, words: str, *, size: float = 8, weight: int = 400, color: str = INK, align: Align = "left") -> None:
        """One line of words whose capitals are centred on `y`."""
        if words:
            baseline = y + 0.36 * size * POINT  # half of Inter's cap height
            heavy = ' font-weight="600"' if weight == 600 else ""
            anchor = {"left": "", "center": ' text-anchor="middle"', "right": ' text-anchor="end"'}[align]
            place = f'x="{_short(x / POINT)}" y="{_short(baseline / POINT)}" font-size="{size:g}"'
            self._words.append(f'<text {place}{heavy}{anchor} fill="{color}">{escape(words)}</text>')

    def line(self, xs: Sequence[float], ys: Sequence[float], *, color: str = INK, width: float = 0.8, dash: tuple[float, ...] = ()) -> None:
        """A polyline; NaN breaks it. Width and dashes are points."""
        style: Any = (0, dash) if dash else "solid"
        self._add(Line2D(xs, ys, color=color, linewidth=width, linestyle=style, solid_capstyle="butt", solid_joinstyle="round"))

    def shape(
        self, corners: Sequence[tuple[float, float]], *, fill: str = "none", edge: str = "none", width: float = 0.8, opacity: float = 1
    ) -> None:
        """A closed polygon."""
        self._add(Polygon(list(corners), closed=True, facecolor=fill, edgecolor=edge, linewidth=width, alpha=opacity))

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        edge: str = "none",
        stroke: float = 0.8,
        dash: tuple[float, ...] = (),
    ) -> None:
        """A rectangle; a negative width reaches to the left."""
        left = min(x, x + width)
        style: Any = (0, dash) if dash else "solid"
        self._add(Rectangle((left, y), abs(width), height, facecolor=fill, edgecolor=edge, linewidth=stroke, linestyle=style))

    def hatch(self, x: float, y: float, width: float, height: float, *, color: str = MUTED, gap: float = 1.2) -> None:
        """Slanted lines in a rectangle, cut at its edges: 'cannot be told' in any print."""
        left, width = min(x, x + width), abs(width)
        offset = gap / 2
        while offset < width + height:
            start, end = max(0.0, offset - height), min(offset, width)
            self.line((left + start, left + end), (y + offset - start, y + offset - end), color=color, width=0.5)
            offset += gap
        self.box(left, y, width, height, edge=color, stroke=0.6)

    def dot(self, x: float, y: float, size: float = 1.6, *, color: str = MAIN, hollow: bool = False) -> None:
        """A circle of `size` millimetres across."""
        self._marker("o", x, y, size, color, hollow)

    def state(self, state: State, x: float, y: float, size: float = 3) -> None:
        """The sign of a state: disc held, triangle watch, square violated, ring unknown. Shape and colour say the same."""
        marker = {"held": "o", "watch": "^", "violated": "s", "unknown": "o"}[state]
        self._marker(marker, x, y, size, STATES[state], state == "unknown")

    def _marker(self, marker: str, x: float, y: float, size: float, color: str, hollow: bool) -> None:
        side, face = size / POINT, WHITE if hollow else color
        self._add(Line2D([x], [y], marker=marker, markersize=side, markerfacecolor=face, markeredgecolor=color, markeredgewidth=1.2))

    def _add(self, artist: Artist) -> None:
        artist.set_transform(self._place)
        artist.set_zorder(next(self._layer))
        self._figure.add_artist(artist)

    def svg(self, alt: str) -> str:
        """The drawing as one `<svg>` element with real text, a title for readers who cannot see it, and no id, style sheet or link."""
        out = StringIO()
        with matplotlib.rc_context(_RC):
            self._figure.savefig(out, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
        root = ElementTree.fromstring(out.getvalue().encode())
        size = f'width="{self.width:g}mm" height="{self.height:g}mm" viewBox={quoteattr(root.attrib["viewBox"])}'
        look = f'font-family="{FAMILY}, DejaVu Sans, sans-serif" stroke-linejoin="round" stroke-linecap="butt"'
        return f"<svg {_XMLNS} {size} {look}><title>{escape(alt)}</title>{_flat(root)}{''.join(self._words)}</svg>"


def _flat(root: ElementTree.Element) -> str:
    """The paths of matplotlib's SVG in drawing order, without groups, ids and definitions."""
    definitions = {node.attrib["id"]: node for node in root.iter(f"{_SVG}path") if "id" in node.attrib}
    inside = {id(node) for block in root.iter(f"{_SVG}defs") for node in block.iter()}
    parts = []
    for node in root.iter():
        if id(node) in inside:
            continue
        if node.tag == f"{_SVG}path" and node.attrib.get("d"):  # a line of gaps only has none
            parts.append(_path(node))
        elif node.tag == f"{_SVG}use":
            parts.append(_placed(node, definitions[node.attrib["{http://www.w3.org/1999/xlink}href"][1:]]))
    return "".join(parts)


def _path(node: ElementTree.Element, place: str = "", style: str = "") -> str:
    return f'<path d="{_rounded(node.attrib["d"])}"{place} style="{style or node.attrib.get("style", "")}"/>'


def _placed(use: ElementTree.Element, path: ElementTree.Element) -> str:
    place = f' transform="translate({_rounded(use.attrib["x"])} {_rounded(use.attrib["y"])})"'
    return _path(path, place, use.attrib.get("style", ""))


def _rounded(numbers: str) -> str:
    return re.sub(r"-?\d+\.\d+", lambda match: _short(float(match[0])), " ".join(numbers.split()))


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
