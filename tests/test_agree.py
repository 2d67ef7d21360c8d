"""Tab, CSV and JSON of the real runs hold the same numbers in full; what the tab writes is that number, rounded."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import msgspec
import pytest

from model_insights.view import Request, Table, TableRequest, View
from model_insights.workspace import Workspace
from report import as_json
from report.gather import Material, Wish, gather
from report.making import make
from report.notes import ReviewNotes
from report.sheet import as_csv


@pytest.fixture(scope="module", params=["shoes", "taxi"])
def workspace(request: pytest.FixtureRequest, runs: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    name = request.param
    made = Workspace.open(str(runs / name), config=str(root / f"tests/config/{name}.toml"), state=str(tmp_path_factory.mktemp("state")))
    made.scan()
    return made


def test_tab_csv_and_json_agree_to_the_cent(workspace: Workspace) -> None:
    page = workspace.view(
        Request(view="cost", tables={name: TableRequest(size=1_000_000) for name in ("slices", "result", "result_change")})
    )
    lines = list(csv.DictReader(io.StringIO(as_csv((page,)).decode())))
    read = msgspec.json.decode(as_json((page,)))["views"][0]
    told = msgspec.convert(read, View)
    costs = [float(one["value"]) for one in lines if (one["table"], one["column"]) == ("slices", "Cost")]

    assert page.headline is not None
    assert page.headline.money.value is not None
    assert sum(costs) == pytest.approx(page.headline.money.value, abs=0.005)
    assert told.headline == page.headline
    for section, same in zip(page.sections, told.sections, strict=True):
        for table, other in zip(section.blocks, same.blocks, strict=True):
            if isinstance(table, Table) and isinstance(other, Table):
                found = [
                    (one["text"].removeprefix("'"), one["value"])
                    for one in lines
                    if one["table"] == table.id and one["section"] == section.id
                ]
                assert found == [
                    (cell.text, "" if cell.value is None else repr(float(cell.value))) for row in table.rows for cell in row.cells
                ]
                assert [cell.value for row in other.rows for cell in row.cells] == [cell.value for row in table.rows for cell in row.cells]


def test_the_full_csv_holds_every_row(workspace: Workspace, tmp_path: Path) -> None:
    shown, full = (gather(workspace, Wish(length=length), ReviewNotes(tmp_path)) for length in ("standard", "full"))

    def rows(material: Material) -> set[tuple[str, str, str]]:
        return {(one["page"], one["table"], one["row"]) for one in csv.DictReader(io.StringIO(make((material,), "csv").decode()))}

    assert rows(shown) <= rows(full)
    tables = [block for view in shown.views for section in view.sections for block in section.blocks if isinstance(block, Table)]
    assert sum(table.total for table in tables) >= len(rows(full)) > 0
