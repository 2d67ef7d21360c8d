"""The history strip: every past verdict has its mark, and the mark says what the record says."""

from __future__ import annotations

from typing import Any

import pytest

from model_insights.record import Amount, VerdictRecord
from model_insights.views.strip import verdict_strip, verdict_words
from model_insights.wording import Words

WORDS = Words(currency="EUR")


def a_record(**parts: Any) -> VerdictRecord:
    given: dict[str, Any] = {
        "pipeline": "shoes", "run": "7", "period": "2024-09-09", "start": "2024-09-09", "end": "2024-09-15", "reference": "2024-09-02",
        "currency": "EUR", "kind": "fault", "corner": "model", "confidence": "very likely", "probability": 0.9, "shares": {}, "cannot_tell": (),
        "lines": (), "cost": Amount(value=6_841.0, low=6_000.0, high=7_000.0), "change": 5_000.0, "severity": "emergency", "could_be": "",
        "since": "", "tier": "T1", "reason": "",
    }  # fmt: skip
    return VerdictRecord(**{**given, **parts})


@pytest.mark.parametrize(
    ("parts", "letter", "corners", "words"),
    [
        ({}, "M", ("model",), "model, very likely"),
        ({"corner": "business", "confidence": "leaning"}, "B", ("business",), "business realities, leaning"),
        ({"corner": None, "cannot_tell": ("business", "data"), "confidence": "cannot tell"}, "?", ("business", "data"), "business realities or data, cannot tell"),
        ({"corner": None, "confidence": "cannot tell"}, "?", (), "cannot tell"),
        ({"kind": "quiet", "corner": None}, "", (), "nothing new"),
        ({"kind": "better", "corner": None}, "", (), "cost fell"),
        ({"kind": "open", "corner": None}, "", (), "cannot be said"),
    ],
)  # fmt: skip
def test_a_mark_tells_the_corner_by_letter_and_by_word(parts: dict[str, Any], letter: str, corners: tuple[str, ...], words: str) -> None:
    mark = verdict_strip((a_record(**parts),), {}, "", WORDS).marks[0]

    assert (letter, corners, words) == (mark.letter, mark.corners, mark.verdict)
    assert words == verdict_words(a_record(**parts))
    assert (parts.get("kind") == "open") == mark.is_open


def test_a_mark_says_everything_in_words_and_opens_its_run() -> None:
    mark = verdict_strip((a_record(),), {"7": ("data", "a broken feed")}, "7", WORDS).marks[0]

    assert "9 Sep 2024: model, very likely, emergency, EUR\u00a06,841, turned out to be Data: a broken feed" == mark.text
    assert ("7", True, "9 Sep", "Data: a broken feed", "Emergency") == (
        mark.link.run if mark.link else "", mark.selected, mark.label, mark.confirmed, mark.level_text,
    )  # fmt: skip


def test_the_strip_is_in_the_order_of_time_and_its_words_hold_every_mark() -> None:
    strip = verdict_strip((a_record(run="1"), a_record(run="2", kind="quiet")), {}, "", WORDS)

    assert ["1", "2"] == [mark.link.run for mark in strip.marks if mark.link]
    assert all(mark.text in strip.alt for mark in strip.marks)
