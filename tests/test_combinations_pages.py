"""Combinations and searched slices on the pages of real runs: the planted faults in their weeks, nothing in healthy ones, the same bytes each time."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from model_insights.evidence.findings import READING
from model_insights.view import Request, Section, View
from model_insights.workspace import Workspace


def opened(folder: Path, config: Path | str, state: Path, **options: bool) -> Workspace:
    workspace = Workspace.open(str(folder), config=str(config), state=str(state))
    workspace.scan(**options)
    return workspace


@pytest.fixture(scope="module")
def shoes(runs: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return opened(runs / "shoes", root / "tests/config/shoes.toml", tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def taxi(runs: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return opened(runs / "taxi", root / "tests/config/taxi.toml", tmp_path_factory.mktemp("state"))


def page(workspace: Workspace, label: str, view: Any = "insights", **parts: Any) -> View:
    history = workspace.histories()[0]
    run = next(run.id for run in history.runs if run.period.label == label and run.state == "complete")
    return workspace.view(Request(view=view, run=run, **parts))


def section(view: View, name: str) -> Section:
    return next(one for one in view.sections if one.id == name)


def rows(one: Section, table: str) -> list[list[str]]:
    found = next(block for block in one.blocks if getattr(block, "id", "") == table)
    return [[cell.text for cell in row.cells] for row in found.rows]


def test_prices_in_cents_are_a_combination_never_learned(shoes: Workspace) -> None:
    found = section(page(shoes, "2024-07-29"), "combinations")

    assert found.state == "violated"
    assert rows(found, "new")[0][:2] == ["price outside the range learned from", "18.7\u00a0%"]
    assert rows(found, "wants")[0][0] == "brand=Corso, price outside the range learned from"


def test_what_a_data_fault_made_thin_is_to_be_repaired_and_not_collected(shoes: Workspace) -> None:
    assert rows(section(page(shoes, "2024-07-29"), "combinations"), "wants")[0][4] == "repair price instead"


def test_the_lost_device_is_new_and_its_pairs_are_lost(shoes: Workspace) -> None:
    found = section(page(shoes, "2024-08-05"), "combinations")

    assert rows(found, "new")[0][0] == "device missing"
    assert {"device=mobile, region=west", "device=desktop, region=west"} <= {row[0] for row in rows(found, "lost")}


def test_healthy_weeks_have_no_new_and_no_lost_combination(shoes: Workspace) -> None:
    for label in ("2024-06-17", "2024-06-24", "2024-07-01", "2024-07-08", "2024-07-22"):
        found = section(page(shoes, label), "combinations")

        assert (found.state, rows(found, "new"), rows(found, "lost")) == ("held", [], [])


def test_more_of_a_channel_is_no_new_combination(shoes: Workspace) -> None:
    assert section(page(shoes, "2024-07-15"), "combinations").state == "held"


def test_new_combinations_are_evidence_of_the_data_corner(shoes: Workspace) -> None:
    sentences = [row[2] for row in rows(section(page(shoes, "2024-08-05"), "data"), "data")]

    assert any(one.startswith("device missing is new: 16.9\u00a0% of the rows") for one in sentences)


def test_the_search_finds_the_brand_with_wrong_prices(shoes: Workspace) -> None:
    found = section(page(shoes, "2024-07-29", "cost"), "search")

    assert found.title.startswith("brand=Corso")
    assert rows(found, "found")[0][-1].startswith("yes")
    assert rows(found, "critical")[0][0] == "product_line=men_dress"


def test_the_model_corner_has_the_found_slices_too(shoes: Workspace) -> None:
    week = "2024-07-29"

    assert rows(section(page(shoes, week), "model"), "found") == rows(section(page(shoes, week, "cost"), "search"), "found")


def test_a_found_slice_that_tfma_has_leads_to_its_page(taxi: Workspace) -> None:
    view = page(taxi, "2015Q1", "cost")
    table = next(block for block in section(view, "search").blocks if getattr(block, "id", "") == "found")
    link = next(row.link for row in table.rows if row.cells[0].text == "payment_type=Credit Card")

    assert link is not None
    assert page(taxi, "2015Q1", link.view, id=link.id).title == "payment_type=Credit Card"


def test_rows_of_outcomes_sum_to_the_account(taxi: Workspace) -> None:
    view = page(taxi, "2015Q1", "cost")
    facts = {fact.label: fact.value for block in section(view, "search").blocks if hasattr(block, "items") for fact in block.items}
    on_rows, account = facts["Cost of mistakes"].split(" on these rows, scaled to the period; the account says ")

    assert on_rows == account


def test_few_rows_are_said(taxi: Workspace) -> None:
    assert section(page(taxi, "2016Q4"), "combinations").lead.startswith("57 rows now and")
    assert "57 rows have a cost; 400 are needed" in section(page(taxi, "2016Q4", "cost"), "search").lead


def test_a_second_start_and_another_state_give_the_same_bytes(runs: Path, root: Path, shoes: Workspace, tmp_path: Path) -> None:
    label = "2024-07-29"
    expected = msgspec.json.encode(page(shoes, label))
    config = root / "tests/config/shoes.toml"

    for _ in range(2):  # counted, then kept
        assert msgspec.json.encode(page(opened(runs / "shoes", config, tmp_path), label)) == expected


def test_pages_open_before_the_rows_are_read(runs: Path, root: Path, tmp_path: Path) -> None:
    said: list[str] = []
    workspace = opened(runs / "taxi", root / "tests/config/taxi.toml", tmp_path, rows=False)
    generation = workspace.generation
    before = section(page(workspace, "2015Q1"), "combinations")
    workspace.read_rows(said.append)

    assert before.lead == READING
    assert section(page(workspace, "2015Q1"), "combinations").lead != READING
    assert workspace.generation == generation + 1
    assert said == ["Reading the rows of Taxi"]


def test_other_prices_scale_what_was_found(shoes: Workspace) -> None:
    half = section(page(shoes, "2024-07-29", "cost", values_scale=0.5), "search").title
    whole = section(page(shoes, "2024-07-29", "cost"), "search").title

    assert whole == "brand=Corso, channel=search costs EUR\u00a01,675 more than as many ordinary rows"
    assert half == "brand=Corso, channel=search costs EUR\u00a0838 more than as many ordinary rows"


def test_three_ways_are_counted_when_insights_toml_asks_for_them(runs: Path, root: Path, tmp_path: Path) -> None:
    text = (
        root / "tests/config/taxi.toml"
    ).read_text() + '\n[coverage]\nways = 3\nfeatures = ["payment_type", "company", "trip_start_day"]\n'
    config = tmp_path / "taxi.toml"
    config.write_text(text)
    found = section(page(opened(runs / "taxi", config, tmp_path / "state"), "2015Q1"), "combinations")

    assert "a combination of three features" in found.lead


def test_damaged_predictions_are_said_on_the_page(runs: Path, root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "taxi"
    shutil.copytree(runs / "taxi", folder)
    shards = [*folder.glob("pipeline/BulkInferrer.deployed/inference_result/*/*.gz")]
    for one in shards:
        one.chmod(0o644)
        one.write_bytes(one.read_bytes()[:200])
    found = section(page(opened(folder, root / "tests/config/taxi.toml", tmp_path / "state"), "2015Q1"), "combinations")

    assert shards
    assert found.state == "unknown"
    assert "cannot be read" in found.lead


def test_rows_of_a_rule_of_amounts_have_their_own_money(runs: Path, tmp_path: Path) -> None:
    config = tmp_path / "taxi.toml"
    config.write_text(
        '[insights]\ncurrency = "USD"\npipelines = ["taxi"]\n'
        'period = { calendar = "business/calendar.csv", key = "span", value = "period" }\n[[cost]]\nname = "rows"\nkind = "amounts"\npredictions = "BulkInferrer.deployed"\n'
        'label = "big_tip"\ndecision = "prediction >= 0.5"\nfp = 2.0\nfn = "0.2 * fare"\nunit = ["payment_type"]\n'
    )
    workspace = opened(runs / "taxi", config, tmp_path / "state")
    view = page(workspace, "2015Q1", "cost")
    facts = {fact.label: fact.value for block in section(view, "search").blocks if hasattr(block, "items") for fact in block.items}
    on_rows, account = facts["Cost of mistakes"].split(" on these rows, scaled to the period; the account says ")

    assert on_rows == account


# --- without rows ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bare(runs: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Taxi without predictions and examples."""
    folder = tmp_path_factory.mktemp("bare") / "taxi"
    shutil.copytree(runs / "taxi", folder, ignore=shutil.ignore_patterns("inference_result", "examples"))
    return opened(folder, root / "tests/config/taxi.toml", folder.parent / "state")


def test_without_rows_stored_crossings_and_bounds_are_told(bare: Workspace) -> None:
    found = section(page(bare, "2015Q1"), "combinations")

    assert found.state == "unknown"
    assert rows(found, "new") == []
    assert "company x payment_type" in [row[0] for row in rows(found, "bounds")]


def test_without_rows_stored_crossings_are_priced(bare: Workspace) -> None:
    found = section(page(bare, "2015Q1", "cost"), "search")

    assert found.title == "Costly slices cannot be searched row by row"
    assert rows(found, "found")[0][0].startswith("payment_type=Credit Card, trip_start_day=")
