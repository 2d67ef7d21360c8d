"""The title of a corner: the strongest evidence as a sentence with its number, for who reads nothing else of the page."""

from __future__ import annotations

from model_insights.evidence.fact import Evidence
from model_insights.wording import CORNERS, Words, plural

_COUNTED = (("violated", "violated"), ("watch", "to watch"), ("unknown", "not judged"))
_NAMED_CAUSES = ("data:fault:", "model:step")
# By the kind of evidence, the start of its id; the first that fits. The rest names subject, measure and value.
_SENTENCES = (
    ("business:outcome:", "in {subject} customers act differently, outcome rate {value}"),
    ("business:values:", "prices or costs of {subject} changed, {value}"),
    ("business:event:", "{subject} event of {value}"),
    ("business:result", "the {measure} of the period is {value}"),
    ("business:volume", "the volume changed by {value}"),
    ("data:change:", "{subject} is distributed differently, {value}"),
    ("data:anomaly:", "{subject} is not as the schema asks, {value}"),
    ("data:drift:", "{subject} drifted, {value}"),
    ("data:skew:", "{subject} differs between training and serving, {value}"),
    ("model:metric:", "{measure} of the serving model is now {value}"),
    ("model:candidate:", "{measure}, {value}"),
    ("model:validation:", "the validation says {value}"),
)


def strongest(facts: tuple[Evidence, ...]) -> Evidence | None:
    """The fact a title speaks of: of those in the worst state a named cause, else the first; `facts` stand worst first."""
    if not facts:
        return None
    same = [fact for fact in facts if fact.state == facts[0].state]
    return next((fact for fact in same if fact.id.startswith(_NAMED_CAUSES)), same[0])


def corner_title(name: str, facts: tuple[Evidence, ...], money: float | None, words: Words) -> str:
    """`facts` worst first; `money`: the corner's part of the change of cost, None where not known."""
    part = f", {words.change(money)} of the change" if money is not None and abs(money) >= 0.005 else ""
    top = strongest(facts)
    if top is None:
        return f"{CORNERS[name]}: no evidence{part}"
    if top.state not in ("violated", "watch"):
        return f"{CORNERS[name]}: {_quiet(facts)}{part}"
    said = _said(top, words)
    if top.money is not None and money is not None and words.change(top.money) == words.change(money):
        part = ""  # the same number is not said twice
    return f"{CORNERS[name]}: {said}{part} ({_counts(facts)})"


def _said(top: Evidence, words: Words) -> str:
    if top.id == "model:step" and top.value:
        return f"the one serving now costs {words.money(abs(top.value))} {'more' if top.value > 0 else 'less'} on the same data"
    template = next((sentence for start, sentence in _SENTENCES if top.id.startswith(start)), "{subject}: {measure} {value}")
    return template.format(subject=top.subject, measure=top.measure, value=top.value_text).strip().rstrip(",")


def _counts(facts: tuple[Evidence, ...]) -> str:
    found = [f"{count} {word}" for state, word in _COUNTED if (count := sum(fact.state == state for fact in facts))]
    return f"{', '.join(found)} of {plural(len(facts), 'assumption')}"


def _quiet(facts: tuple[Evidence, ...]) -> str:
    held = sum(fact.state == "held" for fact in facts)
    if held == len(facts):
        return f"every assumption that was tested holds ({held} of {held})"
    if not held:
        return f"nothing could be judged ({plural(len(facts), 'fact')})"
    return f"{held} of {plural(len(facts), 'assumption')} held, {len(facts) - held} could not be judged"
