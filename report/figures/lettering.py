"""Words of a drawing that a layout engine must shape: WeasyPrint sets SVG text letter by letter, which breaks Arabic and turns Hebrew round."""

from __future__ import annotations

import re
from html import unescape
from typing import NamedTuple

from report.measure import POINT

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_JOINED = re.compile("[\u0900-\u0dff\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff]")  # scripts whose letters take shapes from their neighbours
_TEXT = re.compile(r"<text ([^>]*)>([^<]*)</text>")
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_BASELINE = 0.864  # ems from the top of a line that is one em high to Inter's baseline


class Label(NamedTuple):
    """Words and the style that sets them where the drawing had them."""

    words: str
    style: str


def lifted(svg: str) -> tuple[str, list[Label]]:
    """The drawing without the words that need shaping, and these."""
    labels: list[Label] = []
    width = float(svg.split('viewBox="', 1)[1].split('"', 1)[0].split()[2])

    def take(match: re.Match[str]) -> str:
        words = unescape(match[2])
        if not (_RIGHT_TO_LEFT.search(words) or _JOINED.search(words)):
            return match[0]
        labels.append(Label(words, _style(dict(_ATTRIBUTE.findall(match[1])), width)))
        return ""

    return _TEXT.sub(take, svg), labels


def _style(found: dict[str, str], width: float) -> str:
    """Place, size and colour, from the attributes that report.figures.paper writes."""
    x, y, size = (float(found[name]) * POINT for name in ("x", "y", "font-size"))
    width *= POINT
    half = min(x, width - x)
    place = {
        "": f"left: {x:.2f}mm",
        "end": f"right: {width - x:.2f}mm",
        "middle": f"left: {x - half:.2f}mm; width: {2 * half:.2f}mm; text-align: center",
    }[found.get("text-anchor", "")]
    weight = found.get("font-weight", "400")
    return f"{place}; top: {y - _BASELINE * size:.2f}mm; font-size: {found['font-size']}pt; font-weight: {weight}; color: {found['fill']}"
