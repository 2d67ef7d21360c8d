"""Which run to compare with, and which model was serving: questions about a history, answered without reading anything."""

from __future__ import annotations

import datetime as dt
import re

from model_insights.loaded import Loaded
from model_insights.metrics import Evaluation
from model_insights.noun import Noun
from model_insights.run import History, Run

_DAYS = {"day": 1.0, "week": 7.0, "month": 30.44, "quarter": 91.31, "year": 365.25}


class Reference(Noun):
    """A way to choose the run to compare with. `run_id` is empty where it cannot be followed; `reason` says why."""

    id: str  # "previous", "4 weeks", "season", "training", "last_blessed", "run:<id>"
    text: str
    run_id: str = ""
    label: str = ""  # of the run's period
    reason: str = ""


class Serving(Noun):
    """The model that was serving in a period, as the evaluation names it."""

    model: str | None  # model_name in the evaluation; None: no metrics of the serving model exist
    role: str  # "baseline", "candidate", "only"
    reason: str


def evaluation_of(run: Run) -> Evaluation | None:
    return run.evaluation.value if isinstance(run.evaluation, Loaded) else None


def span_of(run: Run) -> str:
    """The span of the run's own Examples, as text; "" when lineage does not say."""
    for artifact_id in run.artifact_ids:
        artifact = run.lineage.artifacts.get(artifact_id)
        if artifact is not None and artifact.type == "Examples" and artifact.get("span") is not None:
            return str(artifact.get("span"))
    return ""


def judged_runs(history: History) -> tuple[Run, ...]:
    """Runs that can be judged: they have an evaluation or statistics (a ghost that never finished has neither)."""
    return tuple(r for r in history.runs if isinstance(r.evaluation, Loaded) or any(isinstance(s, Loaded) for s in r.statistics))


def serving(run: Run) -> Serving:
    """Which of the evaluated models served in the run's period (design: "Which model's mistakes cost money").

    With a baseline (latest blessed) the baseline served; a lone model is the candidate, which served in no period yet."""
    evaluation = evaluation_of(run)
    if evaluation is None:
        return Serving(model=None, role="only", reason="the run has no readable evaluation")
    baseline = next((m for m in evaluation.config.models if m.is_baseline), None)
    present = {key.model_name for key in evaluation.keys}
    if baseline is not None and baseline.name in present:
        return Serving(
            model=baseline.name, role="baseline", reason="the latest blessed model served, and the Evaluator judged it as baseline"
        )
    if baseline is None and "baseline" in present:
        return Serving(model="baseline", role="baseline", reason="the Evaluator judged a model named baseline")
    return Serving(model=None, role="only", reason="the Evaluator judged no baseline, so the serving model has no metrics in this run")


def candidate_model(run: Run) -> str | None:
    """The model trained in the run, as its evaluation names it; None without an evaluation."""
    evaluation = evaluation_of(run)
    if evaluation is None:
        return None
    names = [m.name for m in evaluation.config.models if not m.is_baseline]
    present = sorted({key.model_name for key in evaluation.keys if key.model_name})
    return next((n for n in names if n in present), "candidate" if "candidate" in present else (present[0] if present else ""))


def served_by(previous: Run, run: Run) -> str | None:
    """The model that serves in `run`, as `previous`'s evaluation names it: its candidate (pushed), its baseline (kept), or None (neither)."""
    evaluation = evaluation_of(previous)
    now = run.baseline
    if evaluation is None or now is None:
        return None
    if _same_model(now, previous.candidate):
        return candidate_model(previous)
    if _same_model(now, previous.baseline):
        return serving(previous).model
    return None


def _same_model(one: object, other: object) -> bool:
    first, second = getattr(one, "artifact", None), getattr(other, "artifact", None)
    if first is not None and second is not None:
        return bool(first.id == second.id)
    first_uri, second_uri = getattr(one, "uri", ""), getattr(other, "uri", "")
    return bool(first_uri) and first_uri.rstrip("/") == second_uri.rstrip("/")


def references(history: History, run: Run, wanted: tuple[str, ...], *, season: str = "52 weeks") -> tuple[Reference, ...]:
    """The configured references for `run`, followed where possible, in the configured order."""
    runs = judged_runs(history)
    at = next((i for i, one in enumerate(runs) if one.id == run.id), None)
    if at is None:
        return ()
    return tuple(_follow(name, runs, at, season) for name in wanted)


def _follow(name: str, runs: tuple[Run, ...], at: int, season: str) -> Reference:
    run = runs[at]
    if name == "previous":
        return _reference(name, "previous run", runs[at - 1] if at else None, "this is the first run")
    if name == "season":
        return _reference(name, f"same season ({season} before)", _back(runs, at, season), f"the history does not reach back {season}")
    if name == "training":
        made = run.baseline.run_id if run.baseline else ""
        found = next((one for one in runs[:at] if one.id == made), None)
        return _reference(name, "run that trained the serving model", found, "lineage does not say which run trained the serving model")
    if name == "last_blessed":
        found = next((one for one in reversed(runs[:at]) if _is_blessed(one)), None)
        return _reference(name, "last blessed run", found, "no earlier run was blessed")
    if name.startswith("run:"):
        found = next((one for one in runs if one.id == name[4:]), None)
        return _reference(name, "pinned run", found, "no such run in this pipeline")
    return _reference(name, f"{name} before", _back(runs, at, name), f"no run lies {name} before")


def _reference(name: str, text: str, run: Run | None, reason: str) -> Reference:
    if run is None:
        return Reference(id=name, text=text, reason=reason)
    return Reference(id=name, text=text, run_id=run.id, label=run.period.label)


def _is_blessed(run: Run) -> bool:
    return isinstance(run.blessing, Loaded) and run.blessing.value.state == "blessed"


def _back(runs: tuple[Run, ...], at: int, distance: str) -> Run | None:
    """The run `distance` ("4 weeks", "4 runs") before runs[at]; within half a period length by date."""
    match = re.fullmatch(r"(\d+)\s*(run|day|week|month|quarter|year)s?", distance.strip())
    if match is None:
        return None
    count, unit = int(match[1]), match[2]
    if unit == "run":
        return runs[at - count] if at >= count > 0 else None
    start = _date(runs[at].period.start)
    if start is None:
        return None
    target = start - dt.timedelta(days=count * _DAYS[unit])
    dated = [(abs((day - target).days), one) for one in runs[:at] if (day := _date(one.period.start)) is not None]
    if not dated:
        return None
    distance_days, found = min(dated, key=lambda pair: pair[0])
    return found if distance_days <= max(1.0, (runs[at].period.days or 7.0) / 2) else None


def periods_in(distance: str, runs: tuple[Run, ...]) -> int | None:
    """How many periods of this history a distance ("52 weeks", "4 runs") spans; None where periods have no length."""
    match = re.fullmatch(r"(\d+)\s*(run|day|week|month|quarter|year)s?", distance.strip())
    if match is None:
        return None
    if match[2] == "run":
        return int(match[1])
    lengths = sorted(run.period.days for run in runs if run.period.days)
    return round(int(match[1]) * _DAYS[match[2]] / lengths[len(lengths) // 2]) if lengths else None


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
