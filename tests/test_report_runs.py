"""The PDF of real runs says what the tab says: every word and number of the headline, the account and the cost."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest

from model_insights.view import Request, View
from model_insights.workspace import Workspace
from report import as_pdf


@pytest.fixture(scope="module")
def views(runs: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[View, View]:
    workspace = Workspace.open(
        str(runs / "shoes"), config=str(root / "tests/config/shoes.toml"), state=str(tmp_path_factory.mktemp("state"))
    )
    workspace.scan()
    return workspace.view(Request(view="insights")), workspace.view(Request(view="cost"))


@pytest.fixture(scope="module")
def pages(views: tuple[View, View]) -> list[str]:
    document = pypdfium2.PdfDocument(as_pdf(views))
    return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


def plain(text: str) -> str:
    return " ".join(text.split())


def test_the_real_report_has_at_most_eight_pages_and_the_first_one_answers(views: tuple[View, View], pages: list[str]) -> None:
    headline = views[0].headline

    assert 2 <= len(pages) <= 8
    for words in (headline.sentence, headline.money.text, headline.change.text, headline.severity.name, headline.next_action):
        assert plain(words) in pages[0]


def test_every_amount_of_the_account_is_on_paper(views: tuple[View, View], pages: list[str]) -> None:
    fall = next(block for section in views[0].sections for block in section.blocks if block.__struct_config__.tag == "waterfall")
    paper = " ".join(pages)

    assert [] == [step.value.text for step in fall.steps if plain(step.value.text) not in paper]


def test_the_costliest_slices_and_their_cost_are_on_paper(views: tuple[View, View], pages: list[str]) -> None:
    section = next(one for one in views[1].sections if one.id == "slices")
    table = next(block for block in section.blocks if block.__struct_config__.tag == "table" and block.id == "slices")
    costliest = sorted(table.rows, key=lambda row: -(row.cells[1].value or 0.0))[:3]
    paper = " ".join(pages)

    assert [] == [cell.text for row in costliest for cell in row.cells[:2] if plain(cell.text) not in paper]
