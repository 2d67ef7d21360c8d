"""Which run to compare with, and which model was serving."""

from __future__ import annotations

import datetime as dt
from typing import Any

from model_insights.history import references, served_by, serving
from model_insights.lineage import Artifact
from model_insights.loaded import Loaded
from model_insights.metrics import MetricKey
from model_insights.run import Blessing, ModelVersion, Period, Run
from model_insights.slices import OVERALL
from tests.builders import a_history, a_run, an_evaluation


def a_week(number: int, **parts: Any) -> Run:
    start = dt.date(2024, 1, 1) + dt.timedelta(weeks=number)
    period = Period(
        label=start.isoformat(), start=start.isoformat(), end=(start + dt.timedelta(days=6)).isoformat(), order=number, days=7.0
    )
    return a_run(f"w{number}", period=period, evaluation=Loaded(value=an_evaluation()), **parts)


def a_model(number: int) -> ModelVersion:
    return ModelVersion(artifact=Artifact(id=number, type="Model", uri=f"m/{number}"))


WEEKS = a_history(*(a_week(i) for i in range(60)))


def found(name: str, at: int = 59) -> str:
    return references(WEEKS, WEEKS.runs[at], (name,))[0].run_id


def test_references_lead_back_by_date() -> None:
    assert {"previous": "w58", "4 weeks": "w55", "season": "w7", "1 month": "w55", "3 runs": "w56"} == {
        name: found(name) for name in ("previous", "4 weeks", "season", "1 month", "3 runs")
    }


def test_a_season_that_the_history_does_not_hold_says_so() -> None:
    reference = references(WEEKS, WEEKS.runs[30], ("season",))[0]

    assert reference.run_id == ""
    assert "does not reach back 52 weeks" in reference.reason


def test_a_pinned_run_is_found_and_a_foreign_one_is_not() -> None:
    assert ("w3", "") == (found("run:w3"), found("run:elsewhere"))


def test_last_blessed_skips_the_refused() -> None:
    good, bad = (Loaded(value=Blessing(state=state)) for state in ("blessed", "not_blessed"))
    history = a_history(a_week(0, blessing=good), a_week(1, blessing=bad), a_week(2))

    assert references(history, history.runs[2], ("last_blessed",))[0].run_id == "w0"


def test_the_baseline_served() -> None:
    assert serving(a_week(1)).model == "baseline"


def test_without_a_baseline_nobody_is_said_to_have_served() -> None:
    lone = a_run(evaluation=Loaded(value=an_evaluation({(OVERALL, MetricKey(name="auc")): 0.7}, baseline=False)))

    assert serving(lone).model is None


def test_the_model_pushed_last_week_is_last_weeks_candidate() -> None:
    evaluation = an_evaluation({(OVERALL, MetricKey(name="auc", model_name=name)): 0.7 for name in ("candidate", "baseline")})
    last = a_run("a", evaluation=Loaded(value=evaluation), candidate=a_model(2), baseline=a_model(1))

    assert served_by(last, a_run("b", baseline=a_model(2))) == "candidate"
    assert served_by(last, a_run("b", baseline=a_model(1))) == "baseline"
    assert served_by(last, a_run("b", baseline=a_model(9))) is None
