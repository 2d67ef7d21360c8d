"""How wide words are in the report's type face, from the advances of its glyphs."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fontTools.ttLib import TTFont  # WeasyPrint and matplotlib bring it

FONTS = {weight: Path(__file__).parent / "fonts" / f"Inter-{name}.ttf" for weight, name in ((400, "Regular"), (600, "SemiBold"))}
POINT = 25.4 / 72  # millimetres
_FOREIGN = 0.62  # ems of a letter that Inter lacks and another font draws


class _Face(NamedTuple):
    glyphs: dict[int, str]
    advances: dict[str, tuple[int, int]]
    em: int


@cache
def measure(words: str, size: float = 8, weight: int = 400) -> float:
    """Width of one line in millimetres; `size` in points. Kerning is left out: it only ever makes words narrower."""
    return sum(_ems(letter, weight) for letter in words) * size * POINT


@cache
def _ems(letter: str, weight: int) -> float:
    face = _face(weight)
    glyph = face.glyphs.get(ord(letter))
    if glyph is not None:
        return face.advances[glyph][0] / face.em
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(letter) in "WF" else _FOREIGN


@cache
def _face(weight: int) -> _Face:
    with TTFont(FONTS[weight]) as font:
        return _Face(font.getBestCmap(), dict(font["hmtx"].metrics), font["head"].unitsPerEm)


def lines_of(words: str, room: float, size: float, weight: int = 400) -> int:
    """How many lines of `room` millimetres the words take; a word that is too long is broken."""
    lines, used, space = 1, 0.0, measure(" ", size, weight)
    for word in words.split(" "):
        length = measure(word, size, weight)
        if used and used + space + length > room:
            lines, used = lines + 1, 0.0
        used += (space if used else 0.0) + length
        if used > room:
            lines += int(used / max(room, 1.0))
            used %= max(room, 1.0)
    return lines
