"""Verdicts as data, and what they turned out to be."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from model_insights.artifacts.confirmed import Confirmed, ConfirmedCauses
from model_insights.errors import UnknownId
from model_insights.view import Request
from model_insights.workspace import Workspace


@pytest.fixture(scope="module")
def shoes(runs: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace.open(
        str(runs / "shoes"), config=str(root / "tests/config/shoes.toml"), state=str(tmp_path_factory.mktemp("state"))
    )
    workspace.scan()
    return workspace


def test_every_period_has_one_verdict_and_the_faults_have_the_right_corner(shoes: Workspace) -> None:
    records = {one.period: one for one in shoes.records()}

    assert 16 == len(records)
    assert {"2024-07-29": "data", "2024-09-09": "model", "2024-09-16": "model"} == {
        period: records[period].corner for period in ("2024-07-29", "2024-09-09", "2024-09-16")
    }


def test_healthy_periods_have_no_fault(shoes: Workspace) -> None:
    healthy = ("2024-06-17", "2024-06-24", "2024-07-01", "2024-07-15", "2024-07-22")

    assert {"quiet", "better"} >= {one.kind for one in shoes.records() if one.period in healthy}


def test_lines_of_a_record_sum_to_its_change_and_shares_to_one(shoes: Workspace) -> None:
    for one in shoes.records():
        if one.change is not None:
            assert sum(line.money.value for line in one.lines) == pytest.approx(one.change, abs=1e-6)
            assert sum(one.shares.values()) == pytest.approx(1.0)


def test_records_are_the_same_bytes_again(shoes: Workspace) -> None:
    assert msgspec.json.encode(shoes.records()) == msgspec.json.encode(shoes.records("Shoes"))


def test_a_confirmed_cause_is_shown_in_the_history(shoes: Workspace) -> None:
    run = shoes.records()[-1].run
    shoes.confirm("", run, "model", "negatives were dropped")
    section = next(one for one in shoes.view(Request()).sections if one.id == "history")

    assert "Model: negatives were dropped" in [cell.text for row in section.blocks[-1].rows for cell in row.cells]


def test_a_foreign_run_or_cause_is_refused(shoes: Workspace) -> None:
    with pytest.raises(UnknownId, match="not in pipeline"):
        shoes.confirm("", "../x", "model", "")
    with pytest.raises(UnknownId, match="is no cause"):
        shoes.confirm("", shoes.records()[-1].run, "witchcraft", "")


def test_an_empty_confirmation_forgets_and_a_damaged_file_counts_as_empty(tmp_path: Path) -> None:
    causes = ConfirmedCauses(tmp_path)
    causes.write("p", "r", Confirmed(cause="data"))
    causes.write("p", "r", Confirmed(cause=""))

    assert causes.read("p") == {}
    next((tmp_path / "confirmed").iterdir()).write_text("{")
    assert causes.read("p") == {}
