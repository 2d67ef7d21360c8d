"""Pages with more slices than a figure can show: cut with a word, never heavy."""

from __future__ import annotations

import msgspec
import pytest

from benchmarks import many_slices
from model_insights.view import Bars, Curve, Request, TableRequest, View
from model_insights.workspace import Workspace

SLICES = 400


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return many_slices.workspace(SLICES, tmp_path_factory.mktemp("state"))


def blocks(view: View, kind: type) -> list[object]:
    return [block for section in view.sections for block in section.blocks if isinstance(block, kind)]


@pytest.mark.parametrize("page", ["insights", "cost"])
def test_a_page_of_hundreds_of_slices_stays_light(workspace: Workspace, page: str) -> None:
    view = workspace.view(Request(view=page))  # type: ignore[arg-type]

    assert len(msgspec.json.encode(view)) < 200_000
    assert all(len(figure.bars) <= 20 for figure in blocks(view, Bars))  # type: ignore[attr-defined]


def test_bars_that_leave_slices_out_say_how_many_there_are(workspace: Workspace) -> None:
    figures = [figure for figure in blocks(workspace.view(Request()), Bars) if "slice" in figure.title]  # type: ignore[attr-defined]

    assert figures
    assert all(f"of {SLICES} slices" in figure.note for figure in figures)  # type: ignore[attr-defined]


def test_the_curve_of_the_loss_ends_with_all_of_it(workspace: Workspace) -> None:
    curve = next(c for c in blocks(workspace.view(Request(view="cost")), Curve) if c.title == "Which cases carry the loss")  # type: ignore[attr-defined]
    points = curve.lines[0].points  # type: ignore[attr-defined]

    assert len(points) < 200
    assert 1.0 == pytest.approx(points[-1].y)
    assert [point.x for point in points] == sorted(point.x for point in points)


def test_a_slice_is_found_by_a_part_of_its_name(workspace: Workspace) -> None:
    view = workspace.view(Request(view="cost", tables={"slices": TableRequest(filter="0123")}))
    table = next(block for section in view.sections for block in section.blocks if getattr(block, "id", "") == "slices")

    assert ["product=Product 0123"] == [row.cells[0].text for row in table.rows]  # type: ignore[union-attr]
