"""The business result of every run of a history, and the level expected of it: the second account beside the cost of mistakes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from model_insights.config import ResultRule
from model_insights.cost.level import Expected, expected_levels
from model_insights.cost.result import RunResult
from model_insights.run import Run


class Results(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """By run id: the result, or the sentence why there is none; and the level expected from the runs before."""

    rule: ResultRule
    found: Mapping[str, RunResult | str]
    levels: Mapping[str, Expected | None]

    def result(self, run_id: str) -> RunResult | None:
        made = self.found.get(run_id)
        return made if isinstance(made, RunResult) else None


def results_of(rule: ResultRule | None, found: Mapping[str, RunResult | str], runs: Sequence[Run], season: int | None) -> Results | None:
    """None where insights.toml has no [result]. A period far below its level is the loss here."""
    if rule is None:
        return None
    totals = [made.total if isinstance(made := found.get(run.id), RunResult) else None for run in runs]
    levels = expected_levels(totals, season=season, worse="down")
    return Results(rule=rule, found=found, levels=dict(zip((run.id for run in runs), levels, strict=True)))
