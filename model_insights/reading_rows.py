"""Reads predictions row by row for the costs that need them. Part of the composition root."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import polars as pl

from model_insights.artifacts.prediction_rows import fold_rows, predictions_of
from model_insights.config import CostRule, TableSource
from model_insights.cost.amounts import Amounts, RowPlan, chunk_sums, combined, row_plan
from model_insights.cost.join import When
from model_insights.errors import TableError
from model_insights.history import span_of
from model_insights.loaded import Absent, Damaged
from model_insights.run import History, Run

ROLES = ("serving", "candidate")


def nodes_of(rule: CostRule) -> dict[str, str]:
    """The node that wrote the predictions, by role of the model."""
    found = {"serving": rule.predictions, "candidate": rule.candidate_predictions}
    return {role: node for role, node in found.items() if node}


def volume_rule(rule: CostRule) -> CostRule:
    """The rule as the business tables of the period are asked: of row by row costs `tables` are those of the rows, not of the grain."""
    return msgspec.structs.replace(rule, tables=()) if rule.kind == "amounts" else rule


def read_amounts(
    history: History, rule: CostRule | None, tables: Mapping[str, pl.DataFrame], sources: Mapping[str, TableSource]
) -> dict[tuple[str, str], Amounts | str]:
    """By run id and role the money of the predictions, or the sentence why there is none; nothing for rules of another kind."""
    if rule is None or rule.kind != "amounts":
        return {}
    return {(run.id, role): _amounts(run, rule, node, tables, sources) for run in history.runs for role, node in nodes_of(rule).items()}


def _amounts(run: Run, rule: CostRule, node: str, tables: Mapping[str, pl.DataFrame], sources: Mapping[str, TableSource]) -> Amounts | str:
    artifact = predictions_of(run, node)
    if isinstance(artifact, Absent):
        return artifact.sentence
    try:
        plan = row_plan(rule, tables, When(span=span_of(run), period=run.period.label, start=run.period.start), sources)
        outcome = fold_rows(artifact.value, plan.features, lambda rows: chunk_sums(plan, rows))
    except TableError as error:
        return str(error)
    if isinstance(outcome, (Absent, Damaged)):
        return outcome.sentence
    return _checked(plan, combined(plan, outcome.value))


def _checked(plan: RowPlan, amounts: Amounts) -> Amounts | str:
    """A rule that prices no row at all is a mistake in the rule or in its keys, and said."""
    if any(one.priced for one in amounts.units):
        return amounts
    lost = ", ".join(f"{count:,} of {amounts.rows:,} rows have no partner in table {name!r}" for name, count in amounts.unmatched)
    return f"cost {plan.rule.name!r} prices none of the {amounts.rows:,} rows" + (
        f": {lost}" if lost else ": a value of it is always missing"
    )
