"""What to do about each part of the pages: one sentence, from the strongest fact of a corner or from the amounts of a section."""

from __future__ import annotations

from model_insights.cost.account import CostLine
from model_insights.evidence.fact import Evidence
from model_insights.judgement import Judgement
from model_insights.wording import Words

NOTHING = "Nothing now."
# By the kind of evidence, the start of its id; the first that fits.
_ADVICE = (
    (
        "business:outcome:",
        "Ask what changed for the customers of {subject}: competitors, campaigns, prices. Retrain on the newest data if it stays.",
    ),
    ("business:values:", "Renegotiate the prices of {subject}, or order to the new ones."),
    ("business:volume", "Check the volume plan: what changed is how many cases there are, not how well they are predicted."),
    ("business:result", "Take the slices of the business result to its owner: better predictions alone do not bring this money back."),
    ("business:event:", "Ask whether it will last: {subject}. A model cannot know it before it is in the data."),
    ("business:", "Ask the owner of {subject} what changed."),
    ("data:new:", "Collect examples of {subject} before the model is relied on there."),
    ("data:thin", "Collect examples of the rare combinations before the model is relied on there."),
    ("data:skew", "Compute {subject} in serving as in training."),
    ("data:change:", "Check {subject} at its source; where the values are right, retrain on the newest data."),
    ("data:sliced:", "Check {subject} at its source; where the values are right, retrain on the newest data."),
    ("data:drift:", "Check {subject} at its source; where the values are right, retrain on the newest data."),
    ("data:outliers:", "Check the outermost values of {subject} at their source."),
    ("data:schema:", "Have the change of the schema confirmed by who owns {subject}."),
    ("data:", "Mend {subject} at its source, and leave its rows out of the next training."),
    ("model:step", "Go back to the model that served before, or retrain with the settings it had."),
    ("model:candidate:", "Hold the newest model back until it is as good as the one that serves."),
    ("model:validation:", "Hold the push until the bound is met, or have the bound confirmed."),
    ("model:age", "Retrain on the newest data."),
    ("model:version", "Confirm that the change was meant, or undo it: {subject}."),
    ("model:", "Retrain, and compare with the serving model on the same data before it is pushed."),
)


def corner_action(top: Evidence | None) -> str:
    """What the strongest fact of a corner asks for. What is unknown has its remedy in its own sentence."""
    if top is None or top.state == "unknown":
        return "Have what is missing written by the pipeline, so that this corner can be judged."
    if top.state == "held":
        return NOTHING
    return next(words for start, words in _ADVICE if top.id.startswith(start)).format(subject=top.subject)


def money_action(judged: Judgement, words: Words) -> str:
    """What the next period would cost with the model that serves and with the newest one, where both were judged on the same cases."""
    cost, newest = judged.cost, judged.series.candidate_costs.get(judged.run.id)
    if cost is None:
        return ""
    if newest is None:
        calm = judged.severity.level in ("none", "unknown")
        return NOTHING if calm else f"Plan with {words.money(cost.total.value)} for the next period until the cause is mended."
    saved = cost.total.value - newest.total.value
    if saved > 0:
        return f"On these cases the newest model would have cost {words.money(newest.total.value)}, {words.money(saved)} less: let it serve once it passes its tests."
    return f"Keep the model that serves: on these cases the newest would have cost {words.money(newest.total.value)}, {words.money(-saved)} more."


def slices_action(lines: list[CostLine], before: dict[str, float], words: Words) -> str:
    """The slice to begin with. `lines`: costliest first; `before`: cost by slice [by its text] in the reference, empty without one."""
    if not before:
        return f"Begin with {lines[0].unit.text}."
    rises = {line.unit.text: line.money.value - before.get(line.unit.text, 0.0) for line in lines}
    name = max(rises, key=lambda text: rises[text])
    if rises[name] < 0.005:
        return f"{NOTHING} No slice costs more than before."
    return f"Begin with {name}: it costs {words.money(rises[name])} more than before."


def orders_action(saving: float, unit: str, amount: str) -> str:
    """Whose order to change first. `saving`: expected money; `amount`: units as text."""
    return f"Order to the table, first {amount} units for {unit}." if saving >= 0.005 else f"{NOTHING} Order as the newest model would."
