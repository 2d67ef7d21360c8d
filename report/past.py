"""One verdict per period as JSON or as a table of words, for scripts, schedulers and terminals."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import msgspec

from model_insights.record import VerdictRecord
from model_insights.wording import CORNERS, SEVERITIES, Words

_KINDS = {"quiet": "nothing new", "better": "cost fell", "open": "cannot be said"}
_HEAD = ("Period", "Cost", "Change", "Severity", "Verdict")
_RIGHT = (1, 2)


def as_array(records: Sequence[VerdictRecord]) -> bytes:
    """A JSON array with one record on each line, oldest first."""
    return b"[\n" + b",\n".join(msgspec.json.encode(one) for one in records) + b"\n]\n" if records else b"[]\n"


def as_lines(records: Sequence[VerdictRecord]) -> bytes:
    """JSON lines: one record a line, oldest first."""
    return b"".join(msgspec.json.encode(one) + b"\n" for one in records)


def as_table(records: Sequence[VerdictRecord], words: Words) -> str:
    """A table of words in columns, oldest first. Equal records give equal text."""
    rows = [_HEAD, *(_row(one, words) for one in records)]
    rows = [tuple(_plain(cell) for cell in row) for row in rows]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return "".join("  ".join(_padded(cell, widths[i], i in _RIGHT) for i, cell in enumerate(row)).rstrip() + "\n" for row in rows)


def _row(one: VerdictRecord, words: Words) -> tuple[str, ...]:
    return (
        words.day(one.period),
        words.money(one.cost.value) if one.cost else "not known",
        words.change(one.change) if one.change is not None else "not known",
        SEVERITIES[one.severity],
        _verdict(one),
    )


def _verdict(one: VerdictRecord) -> str:
    if one.kind != "fault":
        return _KINDS[one.kind]
    owners = [one.corner] if one.corner else list(one.cannot_tell)
    named = " or ".join(CORNERS[corner].lower() for corner in owners)
    return f"{named}, {one.confidence}" if named else one.confidence


def _plain(cell: str) -> str:
    """Without controls: a label must not steer the terminal."""
    return "".join("?" if unicodedata.category(letter) in ("Cc", "Cf", "Cs") else letter for letter in cell.replace("\u00a0", " "))


def _width(cell: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in cell)


def _padded(cell: str, width: int, right: bool) -> str:
    room = " " * (width - _width(cell))
    return room + cell if right else cell + room
