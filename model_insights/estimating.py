"""Estimates of every run's cost without its labels, each judged by how far the earlier ones were off. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from model_insights.config import CostRule
from model_insights.cost.units import UnitTable
from model_insights.cost.unlabelled import Estimate, Recalibration, Scores, estimate, recalibrate, with_history
from model_insights.history import served_by, serving
from model_insights.run import Run

LOOK_BACK = 4  # earlier runs in which labels are looked for
AllScores = Mapping[tuple[str, str], "Scores | str"]


def estimates(
    rule: CostRule | None, runs: Sequence[Run], scores: AllScores, units: Mapping[str, UnitTable | str], realised: Mapping[str, float]
) -> dict[str, Estimate | str]:
    """By run id what the scores of its serving model let expect, oldest first, or the sentence why nothing; empty where the rule names
    no predictions. `realised`: the cost with labels, of the runs that have one; only that of earlier runs is used, for the interval."""
    found: dict[str, Estimate | str] = {}
    errors: list[float] = []
    for i, run in enumerate(runs):
        if rule is None or (run.id, "serving") not in scores:
            continue
        made = _estimate(rule, run, runs[:i], scores, units.get(run.id))
        found[run.id] = made if isinstance(made, str) else with_history(made, errors)
        if not isinstance(made, str) and run.id in realised:
            errors.append(realised[run.id] - made.total.value)
    return found


def _estimate(rule: CostRule, run: Run, earlier: Sequence[Run], scores: AllScores, table: UnitTable | str | None) -> Estimate | str:
    now = scores[run.id, "serving"]
    if isinstance(now, str):
        return now
    if isinstance(table, str):
        return table
    reference = _reference(run, earlier, scores)
    if isinstance(reference, str):
        return reference
    made, where = reference
    return estimate(run.id, rule, now, table if rule.grain or rule.kind != "amounts" else None, made, where.id)


def _reference(run: Run, earlier: Sequence[Run], scores: AllScores) -> tuple[Recalibration, Run] | str:
    """The calibration from the latest earlier run with labelled predictions of the model that serves now, and that run."""
    reason = "no earlier run has labelled predictions of the model that serves now"
    for one in reversed(earlier[-LOOK_BACK:]):
        name = served_by(one, run)
        role = None if name is None else "serving" if name == serving(one).model else "candidate"
        known = scores.get((one.id, role)) if role is not None else None
        if isinstance(known, Scores):
            made = recalibrate(known)
            if not isinstance(made, str):
                return made, one
            reason = made
    return reason
