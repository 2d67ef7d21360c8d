"""Titles of the corners: the strongest evidence in words, with its number."""

from __future__ import annotations

import pytest

from model_insights.evidence.fact import Evidence
from model_insights.views.corner import corner_title, strongest
from model_insights.wording import Words

EUR = Words(currency="EUR")


def a_fact(name: str, state: str = "violated", **parts: object) -> Evidence:
    given = {
        "id": name,
        "corner": name.split(":")[0],
        "subject": "price",
        "measure": "PSI",
        "sentence": "",
        "value_text": "PSI 2.44",
        **parts,
    }
    return Evidence(state=state, **given)  # type: ignore[arg-type]


def title(name: str, *facts: Evidence, money: float | None = None) -> str:
    return corner_title(name, facts, money, EUR).replace("\u00a0", " ")


@pytest.mark.parametrize(("value", "words"), [(4823.0, "EUR 4,823 more"), (-77.0, "EUR 77.00 less")])
def test_a_model_step_is_said_with_its_money_once(value: float, words: str):
    step = a_fact("model:step", value=value, money=value)

    assert f"Model: the one serving now costs {words} on the same data (1 violated, 1 not judged of 2 assumptions)" == title(
        "model", step, a_fact("model:x", "unknown"), money=value
    )


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (
            a_fact("data:change:price"),
            "Data: price is distributed differently, PSI 2.44, +EUR 150 of the change (1 violated of 1 assumption)",
        ),
        (a_fact("data:other", value_text="5"), "Data: price: PSI 5, +EUR 150 of the change (1 violated of 1 assumption)"),
        (
            a_fact("data:anomaly:a", "watch"),
            "Data: price is not as the schema asks, PSI 2.44, +EUR 150 of the change (1 to watch of 1 assumption)",
        ),
        (
            a_fact("data:anomaly:a", value_text=""),
            "Data: price is not as the schema asks, +EUR 150 of the change (1 violated of 1 assumption)",
        ),
    ],
)
def test_each_kind_of_evidence_has_its_sentence(fact: Evidence, said: str):
    assert said == title("data", fact, money=150.0)


def test_a_named_cause_goes_before_other_evidence_of_the_same_state_only():
    fault = a_fact("data:fault:price")

    assert fault == strongest((a_fact("data:anomaly:a"), fault))
    assert a_fact("data:anomaly:a") == strongest((a_fact("data:anomaly:a"), a_fact("data:fault:price", "watch")))


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ((), "no evidence"),
        (("held", "held"), "every assumption that was tested holds (2 of 2)"),
        (("unknown",), "nothing could be judged (1 fact)"),
        (("unknown", "held", "held"), "2 of 3 assumptions held, 1 could not be judged"),
    ],
)
def test_a_quiet_corner_says_what_held_and_what_could_not_be_judged(states: tuple[str, ...], said: str):
    assert f"Business realities: {said}" == title("business", *(a_fact(f"business:{i}", state) for i, state in enumerate(states)))
