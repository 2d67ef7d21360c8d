"""What a verdict rests on is said: tests k of m, steps of severity, unit values and where they come from, limits."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.many_slices import workspace
from model_insights.view import Facts, Request, Section, Table, TableRequest, View


def page(tmp_path: Path, **options: bool) -> View:
    return workspace(5, tmp_path, **options).view(Request(tables={name: TableRequest(size=100) for name in ("business", "data", "model")}))


def how(tmp_path: Path, **options: bool) -> Section:
    return next(section for section in page(tmp_path, **options).sections if section.id == "how")


def states(view: View) -> Counter[str]:
    """How often each state stands in the evidence of the three corners."""
    tables = [block for section in view.sections for block in section.blocks if isinstance(block, Table) and block.id == section.corner]
    return Counter(row.cells[0].state or "" for table in tables for row in table.rows)


def facts(section: Section) -> dict[str, str]:
    return {fact.label: fact.value for block in section.blocks if isinstance(block, Facts) for fact in block.items}


def test_the_account_of_the_method_has_a_title_with_its_numbers(tmp_path: Path):
    found = states(page(tmp_path))
    tested = sum(found.values()) - found["unknown"]

    assert tested > 3
    assert how(tmp_path).title == f"How we know: {tested} assumptions tested on 91,333 evaluated examples"


def test_assumptions_are_counted_by_what_became_of_them(tmp_path: Path):
    found = states(page(tmp_path))
    said = facts(how(tmp_path))["Assumptions"]

    assert said.startswith(f"{found['held']} of {sum(found.values()) - found['unknown']} tested hold")
    assert f"{found['unknown']} could not be judged" in said


def test_steps_of_severity_and_unit_values_stand_with_who_set_them(tmp_path: Path):
    said = facts(how(tmp_path))

    assert said["Steps of severity"].replace("\u00a0", " ") == (
        "little from EUR 1,000, big from EUR 5,000, emergency from EUR 50,000 above the expected level in 30 days; set in insights.toml"
    )
    assert said["Unit values"].replace("\u00a0", " ") == "units per event 1.00; over EUR 2.00; under EUR 3.00"
    assert "insights.toml" in said["Prices come from"]


def test_the_limits_of_the_method_are_said(tmp_path: Path):
    assert "Causes that leave the same traces cannot be told apart" in facts(how(tmp_path))["Limits"]


@pytest.mark.parametrize("label", ["Steps of severity", "Unit values", "Prices come from", "Limits"])
def test_without_prices_nothing_is_said_of_them(tmp_path: Path, label: str):
    assert label not in facts(how(tmp_path, priced=False))
