"""The history strip: one mark per past verdict, by corner and severity; and a verdict in two words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from model_insights.record import VerdictRecord
from model_insights.view import CornerName, Link, VerdictMark, VerdictStrip
from model_insights.views.remarks import confirmed_text
from model_insights.wording import CORNERS, SEVERITIES, Words

_KINDS = {"quiet": "nothing new", "better": "cost fell", "open": "cannot be said"}
_NOTE = "B business realities, D data, M model; ? corners that cannot be told apart; a dot: no new fault. The larger, the worse."


def owners(one: VerdictRecord) -> tuple[CornerName, ...]:
    """The corners that a fault is given to: one, several that cannot be told apart, or none."""
    if one.kind != "fault":
        return ()
    return (one.corner,) if one.corner else one.cannot_tell


def verdict_words(one: VerdictRecord) -> str:
    """`data, very likely`; `business realities or data, cannot tell`; `nothing new`."""
    if one.kind != "fault":
        return _KINDS[one.kind]
    named = " or ".join(CORNERS[corner].lower() for corner in owners(one))
    return f"{named}, {one.confidence}" if named else one.confidence


def verdict_strip(past: Sequence[VerdictRecord], confirmed: Mapping[str, tuple[str, str]], selected: str, words: Words) -> VerdictStrip:
    """The strip over `past`, oldest first. `selected`: the run of the page."""
    marks = tuple(_mark(one, confirmed_text(*confirmed.get(one.run, ("", ""))), one.run == selected, words) for one in past)
    return VerdictStrip(
        title="Earlier verdicts, period by period", alt="; ".join(mark.text for mark in marks) + ".", marks=marks, note=_NOTE
    )


def _mark(one: VerdictRecord, turned_out: str, selected: bool, words: Words) -> VerdictMark:
    found = owners(one)
    letter = "?" if len(found) > 1 or (one.kind == "fault" and not found) else CORNERS[found[0]][0] if found else ""
    cost = words.money(one.cost.value) if one.cost else "cost not known"
    parts = [f"{words.day(one.period)}: {verdict_words(one)}", SEVERITIES[one.severity].lower(), cost]
    if turned_out:
        parts.append(f"turned out to be {turned_out}")
    return VerdictMark(
        label=words.short_day(one.period), verdict=verdict_words(one), letter=letter, corners=found, level=one.severity,  # type: ignore[arg-type]
        level_text=SEVERITIES[one.severity], text=", ".join(parts), confirmed=turned_out, is_open=one.kind == "open",
        link=Link(view="insights", run=one.run), selected=selected,
    )  # fmt: skip
