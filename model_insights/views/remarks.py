"""What a person recorded about a run, in words."""

from __future__ import annotations

from collections.abc import Mapping

from model_insights.view import Paragraph
from model_insights.wording import CORNERS


def confirmed_text(cause: str, note: str) -> str:
    """`Model: negatives were dropped`; "" where nothing is recorded."""
    named = "No fault" if cause == "none" else CORNERS.get(cause, "")
    return ": ".join(part for part in (named, note) if part)


def confirmed_paragraph(confirmed: Mapping[str, tuple[str, str]], run: str) -> tuple[Paragraph, ...]:
    """What the run's verdict turned out to be, beside the verdict; nothing where nobody recorded it."""
    text = confirmed_text(*confirmed.get(run, ("", "")))
    return (Paragraph(text=f"Recorded by a person, it turned out to be: {text}"),) if text else ()
