"""Reads predictions row by row for the costs that need them. Part of the composition root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import polars as pl

from model_insights.artifacts.kept_rows import KeptRows
from model_insights.artifacts.prediction_rows import fold_rows, predictions_of
from model_insights.config import CostRule, TableSource
from model_insights.cost.amounts import Amounts, RowPlan, chunk_sums, combined, row_plan
from model_insights.cost.join import When
from model_insights.cost.scored import ScoreSample, can_score
from model_insights.cost.unlabelled import Scores
from model_insights.errors import TableError
from model_insights.history import span_of
from model_insights.loaded import Absent, Damaged
from model_insights.run import History, Run

Key = tuple[str, str]  # run id, role of the model: serving or candidate


class Rows(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What the predictions of a history say, by run and role; the sentence where they say nothing.

    `amounts` is empty for rules of another kind, `scores` for rules that name no predictions with a label."""

    amounts: Mapping[Key, Amounts | str] = {}
    scores: Mapping[Key, Scores | str] = {}


def volume_rule(rule: CostRule) -> CostRule:
    """The rule as the business tables of the period are asked: of row by row costs `tables` are those of the rows, not of the grain."""
    return msgspec.structs.replace(rule, tables=()) if rule.kind == "amounts" else rule


def read_rows(
    history: History,
    rule: CostRule | None,
    tables: Mapping[str, pl.DataFrame],
    sources: Mapping[str, TableSource],
    *,
    kept: KeptRows | None = None,
) -> Rows:
    """The predictions of all runs, each artifact read once in chunks; nothing for rules that name no predictions."""
    if rule is None or not (rule.kind == "amounts" or can_score(rule)):
        return Rows()
    nodes = {"serving": rule.predictions, "candidate": rule.candidate_predictions}
    found = {
        (run.id, role): _read(run, rule, node, tables, sources, kept) for run in history.runs for role, node in nodes.items() if node
    }  # fmt: skip
    amounts = {key: one if isinstance(one, str) else one[0] for key, one in found.items()} if rule.kind == "amounts" else {}
    scores = {key: one if isinstance(one, str) else one[1] for key, one in found.items()} if can_score(rule) else {}
    return Rows(amounts=amounts, scores=scores)


def _read(
    run: Run, rule: CostRule, node: str, tables: Mapping[str, pl.DataFrame], sources: Mapping[str, TableSource], kept: KeptRows | None
) -> tuple[Amounts | str, Scores | str] | str:
    artifact = predictions_of(run, node)
    if isinstance(artifact, Absent):
        return artifact.sentence
    try:
        when = When(span=span_of(run), period=run.period.label, start=run.period.start)
        plan = row_plan(rule, tables, when, sources) if rule.kind == "amounts" else None
        sample = ScoreSample(rule, plan)

        def fold(rows: pl.DataFrame) -> pl.DataFrame | None:
            sample.add(rows)
            return chunk_sums(plan, rows) if plan is not None else None

        outcome = fold_rows(artifact.value, plan.features if plan is not None else sample.features, fold, kept=kept)
    except TableError as error:
        return str(error)
    if isinstance(outcome, (Absent, Damaged)):
        return outcome.sentence
    return _checked(plan, [part for part in outcome.value if part is not None]), sample.scores()


def _checked(plan: RowPlan | None, parts: Sequence[pl.DataFrame]) -> Amounts | str:
    """A rule that prices no row at all is a mistake in the rule or in its keys, and said."""
    if plan is None:
        return "the rule prices no rows"
    amounts = combined(plan, parts)
    if any(one.priced for one in amounts.units):
        return amounts
    lost = ", ".join(f"{count:,} of {amounts.rows:,} rows have no partner in table {name!r}" for name, count in amounts.unmatched)
    return f"cost {plan.rule.name!r} prices none of the {amounts.rows:,} rows: {lost or 'a value of it is always missing'}"
