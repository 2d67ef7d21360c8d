"""Evidence: one judged fact, with the assumption it tests, its money where known, and its source."""

from __future__ import annotations

from typing import Literal

from model_insights.noun import Noun

Corner = Literal["business", "data", "model"]
State = Literal["held", "watch", "violated", "unknown"]
Account = Literal["mistakes", "result"]  # which money a fact speaks of: the cost of mistakes, or the business result
_ORDER = {"violated": 0, "watch": 1, "unknown": 2, "held": 3}


class Source(Noun):
    """What a click opens: a feature, a slice, an artifact, or nothing more than the text."""

    kind: Literal["feature", "slice", "artifact", "table", "none"]
    id: str = ""
    text: str = ""


class Evidence(Noun):
    """One fact about the run against its reference.

    `sentence` says it whole, numbers included. `money` is the part of the change of cost that it accounts for (up is positive),
    None where not known, and always None where the fact is of the other `account`. `band` says what would have been unremarkable."""

    id: str
    corner: Corner
    subject: str
    measure: str
    sentence: str
    state: State
    value: float | None = None
    value_text: str = ""
    band: str = ""
    money: float | None = None
    source: Source = Source(kind="none")
    account: Account = "mistakes"


def ordered(facts: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Worst state first, then the most money, then by name: the order is decided, never incidental."""
    return tuple(sorted(facts, key=lambda f: (_ORDER[f.state], -abs(f.money or 0.0), f.subject, f.id)))


def worst(facts: tuple[Evidence, ...]) -> State:
    """The state of a corner: violated if any fact is, then watch, then held; unknown when nothing could be judged."""
    states = {fact.state for fact in facts}
    return next((state for state in ("violated", "watch", "held") if state in states), "unknown")
