"""Scores kept in the state directory: found by what model and data hold, whole or not at all, and never a reason to fail."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from model_insights.artifacts.scores import ScoreFiles, content_fingerprint, saved_model_folder
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.workspace import Workspace

SHOES = Path(__file__).resolve().parent / "config" / "shoes.toml"


def a_folder(at: Path, **files: bytes) -> Path:
    at.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (at / name).write_bytes(data)
    return at


def test_scores_come_back_as_they_were_given(tmp_path: Path) -> None:
    files = ScoreFiles(tmp_path)
    given = np.array([0.25, np.nan, -1e300, 1.0])
    files.write("m", "d", "", given)
    outcome = files.read("m", "d")

    assert isinstance(outcome, Loaded)
    np.testing.assert_array_equal(given, outcome.value)
    assert not [path for path in files.folder.iterdir() if path.suffix != ".scores"]


def test_scores_of_another_model_other_data_or_a_fault_are_absent(tmp_path: Path) -> None:
    files = ScoreFiles(tmp_path)
    files.write("m", "d", "", np.zeros(1))

    assert [Absent, Absent, Absent] == [type(files.read(*one)) for one in (("n", "d", ""), ("m", "e", ""), ("m", "d", "fault"))]


@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-3], lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda data: b"", lambda data: b"\x93"]
)
def test_a_damaged_score_file_is_told_and_never_read(tmp_path: Path, spoil: object) -> None:
    files = ScoreFiles(tmp_path)
    path = files.write("m", "d", "", np.arange(5.0))
    path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]
    outcome = files.read("m", "d")

    assert isinstance(outcome, Damaged)
    assert "Delete it" in outcome.remedy
    assert not files.has("m", "d")


def test_a_fingerprint_is_of_the_content_and_not_of_the_place(tmp_path: Path) -> None:
    one, two = a_folder(tmp_path / "a", x=b"1", y=b"2"), a_folder(tmp_path / "b", x=b"1", y=b"2")
    os.utime(two / "x", (1, 1))
    other = a_folder(tmp_path / "c", x=b"1", y=b"3")

    assert content_fingerprint(one) == content_fingerprint(two) != content_fingerprint(other)
    assert content_fingerprint(tmp_path / "nothing") == ""


def test_both_ends_of_a_large_file_tell_a_change(tmp_path: Path) -> None:
    data = bytearray(3 << 20)
    before = content_fingerprint(a_folder(tmp_path / "a", big=bytes(data)))
    data[-1] = 1

    assert before != content_fingerprint(a_folder(tmp_path / "a", big=bytes(data)))


def test_the_model_for_serving_is_the_one_that_is_asked(tmp_path: Path) -> None:
    for name in ("Format-TFMA", "Format-Serving"):
        a_folder(tmp_path / "model" / name, **{"saved_model.pb": b""})

    assert saved_model_folder(tmp_path / "model") == tmp_path / "model" / "Format-Serving"
    assert saved_model_folder(tmp_path / "none") is None


def test_predictions_in_the_pipeline_part_the_rates_without_any_score(runs: Path, tmp_path: Path) -> None:
    workspace = Workspace.open(str(runs / "shoes"), config=str(SHOES), state=str(tmp_path))
    workspace.scan()
    records = {one.period: one for one in workspace.records()}
    feed = {line.line: line.money for line in records["2024-07-29"].lines}

    assert {one.tier for one in records.values() if one.lines} == {"T2"}
    assert (records["2024-07-29"].corner, feed["quality"].low > 0) == ("data", True)
    for one in records.values():
        assert sum(line.money.value for line in one.lines) == pytest.approx(one.change or 0.0, abs=1e-6)
