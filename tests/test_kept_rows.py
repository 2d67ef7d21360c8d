"""Rows once decoded are kept: a second scan opens no record file, and what is kept is never a reason to fail."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from encoders import flip, write_tfrecord
from polars.testing import assert_frame_equal
from tfdv_encoders import example, floats, predict_log, strings

from model_insights.artifacts import kept_rows
from model_insights.artifacts.cache import stamps_of
from model_insights.artifacts.kept_rows import KeptRows
from model_insights.artifacts.prediction_rows import fold_rows
from model_insights.errors import TableError
from model_insights.lineage import Artifact
from model_insights.loaded import Damaged, Loaded

ROWS = 2_500
OPENED: list[str] = []
sys.addaudithook(lambda event, args: OPENED.append(str(args[0])) if event == "open" else None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path / "logs")


def written(folder: Path, rows: int = ROWS) -> Path:
    logs = [
        predict_log({"examples": strings(example({"line": "abc"[i % 3], "fare": float(i), "tip": i % 2}))}, {"p": floats(i / rows)})
        for i in range(rows)
    ]
    for shard in range(2):
        write_tfrecord(folder / f"prediction_logs-{shard:05d}-of-00002", logs[shard * rows // 2 : (shard + 1) * rows // 2])
    return folder


def read(folder: Path, kept: KeptRows | None, columns: Sequence[str] | None = ("fare", "line"), kind: str = "InferenceResult") -> Any:
    return fold_rows(Artifact(id=1, type=kind, uri="", path=str(folder)), lambda seen: columns, lambda rows: rows, chunk=400, kept=kept)


def frame(folder: Path, kept: KeptRows | None, columns: Sequence[str] | None = ("fare", "line")) -> pl.DataFrame:
    outcome = read(folder, kept, columns)
    assert isinstance(outcome, Loaded)
    return pl.concat(outcome.value)


def opened(folder: Path, call: Callable[[], object]) -> int:
    """How many files below the folder the call opens."""
    OPENED.clear()
    call()
    return sum(path.startswith(str(folder)) for path in OPENED)


def file_of(state: Path) -> Path:
    (found,) = (state / "rows").iterdir()
    return found


def test_the_second_reading_opens_no_record_file_and_gives_the_same_rows(folder: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = frame(folder, KeptRows(state))

    assert opened(folder, lambda: frame(folder, KeptRows(state))) == 0
    assert_frame_equal(first, frame(folder, KeptRows(state)))
    assert_frame_equal(frame(folder, None), first)
    assert first.height == ROWS


def test_without_keeping_every_reading_opens_the_files(folder: Path) -> None:
    assert opened(folder, lambda: frame(folder, None)) > 0


def test_fewer_columns_come_from_what_is_kept_and_others_are_read(folder: Path, tmp_path: Path) -> None:
    kept = KeptRows(tmp_path / "state")
    frame(folder, kept)

    assert opened(folder, lambda: frame(folder, kept, ["line"])) == 0
    assert frame(folder, kept, ["line"]).columns == ["line", "prediction"]
    assert opened(folder, lambda: frame(folder, kept, ["tip"])) > 0
    assert_frame_equal(frame(folder, None, ["tip"]), frame(folder, kept, ["tip"]))


def test_the_columns_of_the_first_rows_are_remembered(folder: Path, tmp_path: Path) -> None:
    asked: list[Sequence[str]] = []

    def choice(seen: Sequence[str]) -> tuple[str, ...]:
        asked.append(tuple(seen))
        return ("line",)

    for _ in range(2):
        fold_rows(Artifact(id=1, type="InferenceResult", uri="", path=str(folder)), choice, len, kept=KeptRows(tmp_path / "state"))

    assert asked == [("fare", "line", "tip", "prediction")] * 2


@pytest.mark.parametrize("at", [3, -30, -5], ids=["a frame", "the index", "the end"])
def test_a_damaged_file_is_read_anew(folder: Path, tmp_path: Path, at: int) -> None:
    state = tmp_path / "state"
    whole = frame(folder, KeptRows(state))
    size = file_of(state).stat().st_size
    flip(file_of(state), at % size)

    assert opened(folder, lambda: frame(folder, KeptRows(state))) > 0
    assert opened(folder, lambda: frame(folder, KeptRows(state))) == 0, "mended by the reading before"
    assert_frame_equal(whole, frame(folder, KeptRows(state)))


@pytest.mark.parametrize("keep", [0, 1, 7, 0.5, 0.99], ids=str)
def test_a_cut_file_is_read_anew(folder: Path, tmp_path: Path, keep: float) -> None:
    state = tmp_path / "state"
    whole = frame(folder, KeptRows(state))
    data = file_of(state).read_bytes()
    file_of(state).write_bytes(data[: keep if isinstance(keep, int) else int(keep * len(data))])

    assert_frame_equal(whole, frame(folder, KeptRows(state)))


def test_a_changed_record_file_is_read_anew(folder: Path, tmp_path: Path) -> None:
    kept = KeptRows(tmp_path / "state")
    frame(folder, kept)
    written(folder, rows=ROWS + 2)

    assert frame(folder, kept).height == ROWS + 2


def test_a_file_that_another_polars_wrote_is_foreign(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptRows(tmp_path / "state")
    frame(folder, kept)
    monkeypatch.setattr(kept_rows, "_MAGIC", "insights-rows-1 polars 0.1")

    assert opened(folder, lambda: frame(folder, kept)) > 0


def test_damaged_records_are_never_kept(folder: Path, tmp_path: Path) -> None:
    last = folder / "prediction_logs-00001-of-00002"
    last.write_bytes(last.read_bytes()[:-20])
    state = tmp_path / "state"

    for _ in range(2):
        assert isinstance(read(folder, KeptRows(state)), Damaged)
    assert list((state / "rows").iterdir()) == []


def test_a_rule_that_fails_in_the_middle_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    def fold(rows: pl.DataFrame) -> None:
        raise TableError("no such column")

    with pytest.raises(TableError):
        fold_rows(
            Artifact(id=1, type="InferenceResult", uri="", path=str(folder)), lambda seen: None, fold, kept=KeptRows(tmp_path / "state")
        )
    assert list((tmp_path / "state" / "rows").iterdir()) == []


def test_what_takes_more_than_the_folder_may_hold_is_not_kept(folder: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"

    assert frame(folder, KeptRows(state, limit=1_000)).height == ROWS
    assert list((state / "rows").iterdir()) == []


def test_the_rows_unused_for_longest_go_first(tmp_path: Path) -> None:
    state = tmp_path / "state"
    folders = [written(tmp_path / name) for name in "abc"]
    frame(folders[0], KeptRows(state))
    size = file_of(state).stat().st_size
    os.utime(file_of(state), (1, 1))
    kept = KeptRows(state, limit=int(2.5 * size))
    for one in (folders[1], folders[0], folders[2]):
        frame(one, kept)

    assert opened(folders[0], lambda: frame(folders[0], KeptRows(state))) == 0
    assert opened(folders[1], lambda: frame(folders[1], KeptRows(state))) > 0


def test_a_state_that_cannot_be_written_changes_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")

    assert frame(folder, KeptRows(tmp_path / "state")).height == ROWS


def test_who_reads_goes_on_while_another_replaces_the_file(folder: Path, tmp_path: Path) -> None:
    kept = KeptRows(tmp_path / "state")
    whole = frame(folder, kept)
    found = kept.find(str(folder), stamps_of(folder.iterdir()))
    assert found is not None
    reading = found.frames()
    assert reading is not None
    first = next(reading)
    file_of(tmp_path / "state").unlink()

    assert_frame_equal(whole, pl.concat([first, *reading]))
