"""The demo's faults were put in at known weeks: the verdict of every week is held against the truth that lies beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model_insights.record import VerdictRecord
from model_insights.workspace import Workspace


@pytest.fixture(scope="module")
def records(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[VerdictRecord, ...]:
    workspace = Workspace.open(str(root / "examples/shoes/runs"), state=str(tmp_path_factory.mktemp("state")))
    workspace.scan()
    return workspace.records()


@pytest.fixture(scope="module")
def felt(root: Path) -> dict[int, str]:
    """Week (1 is the first) -> corner of the fault that costs money in it."""
    faults: list[dict[str, Any]] = json.loads((root / "examples/shoes/truth.json").read_text())["faults"]
    return {week: fault["corner"] for fault in faults for week in fault["felt"]}


def test_every_week_in_which_a_fault_costs_money_names_its_corner(records: tuple[VerdictRecord, ...], felt: dict[int, str]) -> None:
    assert felt == {week: records[week - 1].corner for week in felt}


def test_every_such_week_is_at_least_a_little_problem(records: tuple[VerdictRecord, ...], felt: dict[int, str]) -> None:
    assert {"little", "big", "emergency"} >= {records[week - 1].severity for week in felt}


def test_no_other_week_has_a_fault_or_a_problem(records: tuple[VerdictRecord, ...], felt: dict[int, str]) -> None:
    quiet = [one for week, one in enumerate(records, start=1) if week not in felt]

    assert {"open", "quiet", "better"} >= {one.kind for one in quiet}
    assert {"none", "unknown"} >= {one.severity for one in quiet}


def test_the_first_week_of_a_lasting_loss_is_remembered(records: tuple[VerdictRecord, ...]) -> None:
    assert records[11].period == records[14].since


def test_the_bad_retrain_is_the_emergency_that_the_demo_opens_on(records: tuple[VerdictRecord, ...]) -> None:
    assert (records[-1].corner, records[-1].severity, records[-1].confidence) == ("model", "emergency", "very likely")
