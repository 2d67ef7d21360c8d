"""The assumption ledger: each assumption of the training is held, strained or violated by what can be seen, or not known with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from model_insights.evidence.assumptions import Assumption, Deal, assumptions, training_of
from model_insights.loaded import Loaded
from model_insights.metrics import EvalConfig, ModelSpec
from model_insights.run import ModelVersion, Run
from model_insights.stats import FeatureStats, Statistics
from model_insights.view import Request
from model_insights.wording import Words
from model_insights.workspace import Workspace
from tests.builders import a_cost, a_dataset, a_run, an_evaluation, numeric_stats, some_cells, string_stats

WORDS = Words()


def clicks(share: float, *, missing: int = 0, n: int = 2_000) -> FeatureStats:
    values = np.zeros(n)
    values[: round(share * n)] = 1.0
    return numeric_stats(values, name="click", missing=missing)


def prices(scale: float = 1.0) -> FeatureStats:
    return numeric_stats(scale * np.random.default_rng(1).lognormal(3, 0.5, 2_000), name="price")


def a_week(name: str, *features: FeatureStats, made: str = "") -> Run:
    evaluation = msgspec.structs.replace(an_evaluation(), config=EvalConfig(models=(ModelSpec(name="m", label_key="click"),)))
    statistics = (Loaded(value=Statistics(split="train", datasets=(a_dataset(*features),))),)
    return a_run(
        name,
        evaluation=Loaded(value=evaluation),
        statistics=statistics,
        baseline=ModelVersion(run_id=made, uri=f"m/{made}") if made else None,
    )


def ledger(now: Run, then: Run, **parts: Any) -> dict[str, Assumption]:
    given = {"run": now, "training": then, "cost": None, "training_cost": None, "since": None, "runs": (then, now)}
    return {one.id: one for one in assumptions(Deal(**{**given, **parts}), WORDS)}


def test_an_unchanged_world_holds_every_assumption_that_can_be_tested() -> None:
    then, now = a_week("a", clicks(0.2), prices()), a_week("b", clicks(0.2), prices(), made="a")
    found = ledger(now, then, cost=a_cost(), training_cost=a_cost())

    assert {"age": "unknown"} == {key: one.state for key, one in found.items() if one.state != "held"}


@pytest.mark.parametrize(("share", "state"), [(0.21, "held"), (0.235, "watch"), (0.3, "violated")])
def test_the_outcome_rate_is_strained_and_then_violated(share: float, state: str) -> None:
    found = ledger(a_week("b", clicks(share)), a_week("a", clicks(0.2)))["prior"]

    assert (state, "20.0\u00a0%") == (found.state, found.then)


def test_outcomes_that_are_not_in_violate_the_latency() -> None:
    found = ledger(a_week("b", clicks(0.2, missing=400)), a_week("a", clicks(0.2)))["latency"]

    assert ("violated", "16.7\u00a0% without") == (found.state, found.now)


def test_values_beyond_the_trainings_violate_its_range_but_a_clock_does_not() -> None:
    then, now = a_week("a", prices()), a_week("b", prices(40.0))

    assert "violated" == ledger(now, then)["ranges"].state
    assert "held" == ledger(now, then, clocks=frozenset({("price",)}))["ranges"].state


def test_values_of_a_category_that_the_training_had_not_are_outside_it() -> None:
    then, now = a_week("a", string_stats({"x": 900, "y": 100})), a_week("b", string_stats({"x": 880, "y": 100, "z": 20}))

    assert ("watch", True) == (ledger(now, then)["ranges"].state, "c 2.0\u00a0%" in ledger(now, then)["ranges"].evidence)


def test_prices_that_moved_are_said_with_the_largest_move() -> None:
    moved = some_cells(values=((1.0, 2.0, 3.0), (1.0, 3.0, 3.0)))
    found = ledger(a_week("b"), a_week("a"), cost=a_cost(moved), training_cost=a_cost())["prices"]

    assert ("violated", "2.00", "3.00") == (found.state, found.then, found.now)
    assert "moved by 50\u00a0%" in found.evidence


def test_new_units_are_new_products() -> None:
    then = a_cost(some_cells(units=("a",), volume=(100,), rates=((0.5, 0.5),)))
    found = ledger(a_week("b"), a_week("a"), cost=a_cost(some_cells()), training_cost=then)["products"]

    assert ("violated", "1 new unit") == (found.state, found.now)


def test_a_cost_above_its_level_is_no_stationary_world() -> None:
    then, now = a_week("a"), a_week("b")

    assert "violated" == ledger(now, then, cost=a_cost(), since=now)["stationarity"].state


def test_what_cannot_be_tested_is_not_known_and_says_what_would_help() -> None:
    found = ledger(a_run("b"), a_run("a"))

    assert {"unknown"} == {one.state for one in found.values()}
    assert "insights.toml" in found["prices"].evidence


def test_the_training_run_is_the_one_that_made_the_serving_model() -> None:
    then, now = a_week("a"), a_week("b", made="a")

    assert then == training_of((then, now), now)
    assert training_of((then, now), then) is None


def test_the_page_of_the_real_shop_shows_the_ledger(runs: Path, root: Path, tmp_path: Path) -> None:
    workspace = Workspace.open(str(runs / "shoes"), config=str(root / "tests/config/shoes.toml"), state=str(tmp_path))
    workspace.scan()
    run = next(one for one in workspace.histories()[0].runs if one.period.label == "2024-08-19")
    section = next(one for one in workspace.view(Request(run=run.id)).sections if one.id == "assumptions")
    rows = {row.id: [cell.text for cell in row.cells] for row in section.blocks[0].rows}

    assert "12 Aug 2024" in section.lead
    assert ("Violated", "61.5", "4.00") == (
        rows["prices"][0],
        *rows["prices"][2:4],
    )  # B2: the supplier's cost doubled, so a lost sale costs less
