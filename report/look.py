"""How a report looks and for whom it is: paper, length, company, colour, and what a person wrote in review."""

from __future__ import annotations

import re
from typing import Literal

from model_insights.noun import Noun

Paper = Literal["A4", "Letter"]
Length = Literal["standard", "brief", "full"]  # eight pages; page 1 alone; with an appendix for engineers
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_READABLE = 4.5  # contrast on white that small letters need (WCAG 2, AA)


class Review(Noun):
    """Words of a person who read the result. `headline` and `action` stand in place of ours, `note` beside them."""

    note: tuple[str, ...] = ()  # paragraphs
    headline: str = ""
    action: str = ""


class Look(Noun):
    """Everything about a report that is no result."""

    length: Length = "standard"
    paper: Paper = "A4"
    company: str = ""
    logo: str = ""  # a data: address of an image that was checked
    accent: str = ""  # "#rrggbb"
    recipients: tuple[str, ...] = ()
    notes: str = ""
    review: Review = Review()


def style_of(look: Look) -> str:
    """The rules that differ from the style sheet. Holds nothing that a user wrote but a checked colour."""
    rules = ["@page { size: letter; margin: 15mm 22.9mm 17mm }"] if look.paper == "Letter" else []
    if look.accent and not _COLOUR.fullmatch(look.accent):
        raise ValueError(f"{look.accent!r} is no colour; give six hexadecimal digits such as #1d4f7c.")
    if look.accent:
        rules.append(f".eyebrow {{ border-bottom: 1pt solid {look.accent} }} .action {{ border-left-color: {look.accent} }}")
        rules.append(f".bar span {{ background: {look.accent} }}")
    if look.accent and contrast_on_white(look.accent) >= _READABLE:
        rules.append(f".eyebrow > span:first-child {{ color: {look.accent} }}")
    return "\n".join(rules)


def contrast_on_white(colour: str) -> float:
    """Contrast ratio 1 to 21 of a colour "#rrggbb" on white, after WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1.05 / (0.05 + 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
