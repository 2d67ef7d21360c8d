"""What people write about runs: kept in the state directory, forgotten on request, never part of a result."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_insights.artifacts.notes import MOST_LETTERS, NoteError
from model_insights.errors import InsightsError, UnknownId
from model_insights.remembered import Remembered


def test_what_was_confirmed_and_written_is_found_again_by_another_process(tmp_path: Path) -> None:
    Remembered(tmp_path).confirm("shoes", "../7", "model", "negatives were dropped")
    Remembered(tmp_path).keep_words("shoes", "../7", "Headline: the retrain\n\nIt is mended.")
    found = Remembered(tmp_path).remarks("shoes", "../7")

    assert ("model", "negatives were dropped", "Headline: the retrain\n\nIt is mended.") == (found.cause, found.note, found.words)
    assert ["", "business", "data", "model", "none"] == [choice.id for choice in found.causes]
    assert {"confirmed", "notes"} == {path.name for path in tmp_path.iterdir()}


def test_of_another_run_or_pipeline_nothing_is_known(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path)
    remembered.confirm("shoes", "7", "data", "")
    remembered.keep_words("shoes", "7", "Words.")

    assert ("", "") == (remembered.remarks("shoes", "8").cause, remembered.remarks("taxi", "7").words)


def test_nothing_at_all_forgets(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path)
    for cause, words in (("data", "Words."), ("", " \n")):
        remembered.confirm("shoes", "7", cause, "")
        remembered.keep_words("shoes", "7", words)
    found = remembered.remarks("shoes", "7")

    assert ("", "", {}) == (found.cause, found.words, remembered.causes("shoes"))


def test_the_stamp_changes_with_every_word_and_with_nothing_else(tmp_path: Path) -> None:
    remembered, stamps = Remembered(tmp_path), []
    for text in ("one", "two"):
        stamps.append(remembered.stamp("shoes"))
        Remembered(tmp_path).keep_words("shoes", "7", text)
        stamps.append(remembered.stamp("shoes"))
        remembered.confirm("shoes", "7", "data", text)
    before = remembered.stamp("shoes")
    remembered.confirm("taxi", "7", "data", "")

    assert len(stamps) == len(set(stamps))
    assert before == remembered.stamp("shoes")


def test_what_is_too_long_or_no_cause_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path)
    remembered.confirm("shoes", "7", "data", "a hole")
    with pytest.raises(NoteError, match=r"longer than 2,000 letters"):
        remembered.confirm("shoes", "7", "model", "x" * 2_001)
    with pytest.raises(NoteError, match=r"longer than 1,200 letters"):
        remembered.keep_words("shoes", "7", "x" * (MOST_LETTERS + 1))
    with pytest.raises(UnknownId, match=r"^'weather' is no cause: choose business, data, model or none\.$"):
        remembered.confirm("shoes", "7", "weather", "")

    assert {"7": ("data", "a hole")} == remembered.causes("shoes")


def test_a_state_directory_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    remembered = Remembered(tmp_path / "file")

    with pytest.raises(InsightsError, match=r"Name a writable folder with --insights_state\.$"):
        remembered.confirm("shoes", "7", "data", "")
    with pytest.raises(InsightsError, match=r"Name a writable folder with --insights_state\.$"):
        remembered.keep_words("shoes", "7", "Words.")


def test_words_that_cannot_be_read_are_told_and_do_not_take_the_page_away(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path)
    remembered.keep_words("shoes", "7", "Words.")
    next(remembered._notes.folder("shoes").iterdir()).write_bytes(b"\xff\xfe\xfa")

    found = remembered.remarks("shoes", "7")
    assert ("", True) == (found.words, found.fault.endswith("is no text in UTF-8."))
