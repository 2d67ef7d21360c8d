"""What to do about each part of the pages."""

from __future__ import annotations

import msgspec
import pytest

from model_insights.evidence.fact import Evidence
from model_insights.views.advice import NOTHING, corner_action, orders_action, slices_action
from model_insights.wording import Words
from tests.builders import a_cost, some_cells

FACT = Evidence(id="data:fault:price", corner="data", subject="price", measure="data fault", sentence="", state="violated")


def fact(name: str, **changes: object) -> Evidence:
    return msgspec.structs.replace(FACT, id=name, **changes)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("data:fault:price", "Mend price at its source"),
        ("data:change:price", "Check price at its source"),
        ("data:new:0", "Collect examples of price"),
        ("business:values:boots", "Renegotiate the prices of price"),
        ("business:volume", "Check the volume plan"),
        ("model:step", "Go back to the model that served before"),
        ("model:metric:auc", "Retrain, and compare"),
    ],
)
def test_what_to_do_follows_the_kind_of_the_strongest_fact(name: str, words: str) -> None:
    assert corner_action(fact(name)).startswith(words)


def test_every_kind_of_fact_of_every_corner_has_its_advice() -> None:
    for corner in ("business", "data", "model"):
        assert corner_action(fact(f"{corner}:something-new")).endswith(".")


def test_a_corner_that_held_asks_for_nothing_and_an_unknown_one_for_what_is_missing() -> None:
    assert NOTHING == corner_action(fact("data:tests", state="held"))
    assert "what is missing" in corner_action(fact("data:tests", state="unknown"))
    assert "what is missing" in corner_action(None)


def test_the_slice_to_begin_with_is_the_one_that_rose_most() -> None:
    lines = sorted(a_cost(some_cells()).lines, key=lambda line: -line.money.value)
    dear, cheap = (line.unit.text for line in lines)
    costs = {line.unit.text: line.money.value for line in lines}
    words = Words(currency="EUR")

    assert f"Begin with {dear}." == slices_action(lines, {}, words)
    assert f"Begin with {cheap}: it costs {words.money(5.0)} more than before." == slices_action(
        lines, {**costs, cheap: costs[cheap] - 5.0}, words
    )
    assert "No slice costs more" in slices_action(lines, {name: cost + 1.0 for name, cost in costs.items()}, words)


def test_an_order_is_changed_only_where_that_saves() -> None:
    assert orders_action(12.0, "boots", "1,200").startswith("Order to the table, first 1,200 units for boots")
    assert orders_action(0.0, "boots", "1,200").startswith(NOTHING)
