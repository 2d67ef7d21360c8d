"""What a cost kind adds to the account of the Business Cost page: assumptions and what they would change."""

from __future__ import annotations

from model_insights.config import CostRule
from model_insights.cost.account import RunCost
from model_insights.cost.multiclass import nearest
from model_insights.cost.rates import multi_class
from model_insights.cost.regression import heavy_tailed_cost
from model_insights.history import evaluation_of
from model_insights.judgement import Judgement
from model_insights.wording import Words

_OUTCOMES = ("tp", "fp", "tn", "fn")


def rule_facts(rule: CostRule, weighted: str) -> tuple[tuple[str, str], ...]:
    """(label, text) pairs: the rule as insights.toml has it, and what is counted (`weighted`, or not)."""
    if rule.kind == "amounts":
        money = (("Money of a row", str(rule.cost)),) if rule.cost is not None else tuple((n, str(getattr(rule, n))) for n in _OUTCOMES)
        decided = (("Decision", rule.decision),) if rule.decision else ()
        return (
            ("Volume", str(rule.volume) if rule.grain else "the rows themselves"),
            *money,
            *decided,
            ("Rows", f"predictions of {rule.predictions}, joined on {', '.join(rule.keys) or 'nothing'}"),
        )
    demand = (("Realised demand", str(rule.demand) if rule.demand is not None else "the evaluation sample's labels"),)
    return (
        ("Volume", f"{rule.volume}" if rule.grain else "evaluated examples"),
        *((name, str(price)) for name, price in rule.prices.items() if name != "right"),
        *(demand if rule.kind == "inventory" else ()),
        ("Tables joined on", ", ".join(rule.grain) or "nothing: constants"),
        ("Counts", f"{weighted}, from the Evaluator"),
    )


def kind_facts(judged: Judgement, cost: RunCost, words: Words) -> tuple[tuple[str, str], ...]:
    """(label, text) pairs below the formula."""
    if cost.cells.kind == "regression":
        heavy = float((cost.cells.volume * heavy_tailed_cost(cost.cells.values, cost.cells.rates)).sum())
        text = f"{words.money(heavy)} with the tails of Student's t at 5 degrees of freedom, {words.change(heavy - cost.total.value)}"
        return (("If the errors were not normal", text),)
    if cost.cells.kind == "multiclass":
        return _matrix_fact(judged, cost, words)
    return ()


def _matrix_fact(judged: Judgement, cost: RunCost, words: Words) -> tuple[tuple[str, str], ...]:
    """At which threshold the classes were decided."""
    evaluation, unit = evaluation_of(judged.run), cost.cells.units[0]
    stored = multi_class(evaluation, unit, cost.model) if evaluation else ()
    matrix = nearest(stored or judged.case.matrices(judged.run.id)(cost.model, unit), cost.rule.threshold)
    if matrix is None:
        return ()
    asked = cost.rule.threshold
    near = (
        f"; {words.number(asked)} was asked, the nearest stored is used"
        if asked is not None and abs(asked - matrix.threshold) > 1e-6
        else ""
    )
    return (("Decision threshold", f"{words.number(matrix.threshold)}{near}"),)
