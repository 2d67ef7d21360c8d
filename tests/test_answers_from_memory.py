"""What was read once is not read again: counted by the files that a question opens."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from model_insights.view import Curve, Request
from model_insights.workspace import Workspace

OPENED: list[str] = []
sys.addaudithook(lambda event, args: OPENED.append(str(args[0])) if event == "open" else None)


def opened(folder: Path, call: Callable[[], object], part: str = "") -> int:
    """How many files below the folder, with `part` in their path, the call opens."""
    OPENED.clear()
    call()
    return sum(path.startswith(str(folder)) and part in path for path in OPENED)


def scanned(logdir: Path, config: Path, state: Path) -> Workspace:
    workspace = Workspace.open(str(logdir), config=str(config), state=str(state))
    workspace.scan()
    return workspace


@pytest.fixture
def taxi(runs: Path, root: Path, tmp_path: Path) -> Workspace:
    return scanned(runs / "taxi", root / "tests/config/taxi.toml", tmp_path / "state")


def title(workspace: Workspace, threshold: str) -> str:
    view = workspace.view(Request(view="cost", threshold=threshold))
    return next(section for section in view.sections if section.id == "threshold").lead


def test_a_dragged_threshold_opens_no_file(taxi: Workspace, runs: Path) -> None:
    said: list[str] = []

    assert opened(runs, lambda: title(taxi, "0.3"), "plots") > 0, "the curve is read when it is asked for"
    assert opened(runs, lambda: said.extend(title(taxi, one) for one in ("0.31", "0.62"))) == 0
    assert "Your threshold 0.310" in said[0]
    assert said[0] != said[1]


def test_a_drawn_curve_holds_the_current_and_the_best_threshold(taxi: Workspace) -> None:
    view = taxi.view(Request(view="cost"))
    blocks = next(section for section in view.sections if section.id == "threshold").blocks
    curve = next(block for block in blocks if isinstance(block, Curve))

    assert len(curve.lines[0].points) <= 205
    assert {round(mark.at, 9) for mark in curve.marks} <= {round(point.x, 9) for point in curve.lines[0].points}


PER_ROW = """
[insights]
currency = "EUR"
period = { calendar = "business/calendar.csv", key = "span", value = "period" }
[[cost]]
name = "clicks"
kind = "amounts"
predictions = "BulkInferrer.deployed"
unit = ["region"]
cost = "abs(prediction - click) * price"
"""


def test_a_second_scan_opens_no_prediction_log(runs: Path, tmp_path: Path) -> None:
    config = tmp_path / "insights.toml"
    config.write_text(PER_ROW)
    counts = [
        opened(runs, lambda: scanned(runs / "shoes", config, tmp_path / "state"), "inference_result") for _ in range(2)
    ]  # fmt: skip

    assert counts[0] > 0
    assert counts[1] == 0
