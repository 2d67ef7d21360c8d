"""How each number of the headline is computed: its formula, and what went into it."""

from __future__ import annotations

from model_insights.cost.account import LEVEL
from model_insights.judgement import Judgement
from model_insights.view import Fact
from model_insights.views.page import period_text
from model_insights.wording import Words, plural

FORMULAS = {
    "inventory": "cost = volume × units per event × (over × max(0, predicted − observed) + under × max(0, observed − predicted)), per unit, then summed",
    "classification": "cost = volume × (TP share × tp + FP share × fp + TN share × tn + FN share × fn), per unit, then summed",
    "multiclass": "cost = volume × Σ over class pairs (share of actual → predicted × price of the pair), per unit, then summed",
    "regression": "cost = volume × units per event × ((over + under) × s × (φ(z) + z × Φ(z)) − under × b), z = b / s, per unit, then summed; "
    "bias b = mean prediction − mean label, s² = mean squared error − b², errors taken as normal",
    "amounts": "cost = Σ over rows of the row's money, scaled to the volume where one is given, per unit, then summed",
}


def how_computed(judged: Judgement, words: Words) -> tuple[Fact, ...]:
    """One fact per number that the headline shows; none without a cost."""
    return (*_money(judged, words), *_change(judged, words), *_severity(judged, words), *_confidence(judged, words))


def _money(judged: Judgement, words: Words) -> tuple[Fact, ...]:
    cost = judged.cost
    if cost is None:
        return ()
    formulas = dict.fromkeys(FORMULAS[one.rule.kind] for one in (cost.parts or (cost,)))
    cases, evaluated = round(float(cost.cells.volume.sum())), round(float(cost.cells.n.sum()))
    inputs = f"{words.count(cases)} cases in {plural(len(cost.lines), 'unit')}, rates from {words.count(evaluated)} evaluated examples"
    interval = f"Interval: {words.percent(LEVEL)} of the costs with rates drawn anew at these numbers of examples; prices count as exact."
    return (Fact(label="How much", value="; ".join(formulas), hint=f"{inputs}. {interval}"),)


def _change(judged: Judgement, words: Words) -> tuple[Fact, ...]:
    ledger = judged.ledger
    if ledger is None or judged.reference is None:
        return ()
    value = f"{words.money(ledger.after)} − {words.money(ledger.before)} in the period of {period_text(judged.reference, words)}"
    hint = f"Parted into {plural(len(ledger.lines), 'line')} over {plural(ledger.steps, 'step')} (tier {ledger.tier}); they add up to it exactly."
    return (Fact(label="Change", value=value, hint=hint),)


def _severity(judged: Judgement, words: Words) -> tuple[Fact, ...]:
    level, budget, cost = judged.expected, judged.case.config.severity if judged.case.config else None, judged.cost
    if level is None or budget is None or cost is None:
        return ()
    days = judged.run.period.days
    scaled = f" × 30 / {words.number(days)} days" if days else ""
    value = f"({words.money(cost.total.value)} − {words.money(level.value)} expected){scaled}"
    steps = f"little from {words.money(budget.little)}, big from {words.money(budget.big)}, emergency from {words.money(budget.emergency)} in 30 days"
    hint = f"The step that is passed with a probability of at least one half; {steps}."
    return (Fact(label="How bad", value=value, hint=hint),)


def _confidence(judged: Judgement, words: Words) -> tuple[Fact, ...]:
    verdict = judged.verdict
    if verdict.raw_probability is None:
        return ()
    value = f"the corner holds the largest line in {words.percent(verdict.raw_probability)} of the resampled periods"
    told = f"Calibrated on simulated faults: {words.percent(verdict.probability)}." if verdict.probability is not None else ""
    return (Fact(label="How sure", value=value, hint=told),)
