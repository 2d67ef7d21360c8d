"""Whole histories of the demo's shop with other seeds and faults, as TFDV and TFMA would have told them, without TensorFlow."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from benchmarks.verdict import layout
from benchmarks.verdict.pipelines import evaluation_of_values, look_up
from examples.shoes import model
from examples.shoes.generate import CONFIGURATION
from examples.shoes.shop import ABSENT, NEVER, Columns, impressions_of, logged
from examples.shoes.story import WEEKS, WINDOW, Story, Week, weeks
from examples.shoes.tables import write_tables
from model_insights.cost.model import unit_cost
from model_insights.cost.units import UnitTable
from model_insights.judgement import Case
from model_insights.lineage import Artifact, Lineage
from model_insights.loaded import Absent, Loaded
from model_insights.metrics import MetricKey
from model_insights.reading import PlotShelf, read_case, settings_at
from model_insights.run import Blessing, History, ModelVersion, Period, Run
from model_insights.slices import OVERALL, SliceKey
from model_insights.stats import Statistics

_SLICES = ("product_line", "brand", "region", "device", "channel")
AUC_FLOOR, AUC_LOSS = 0.55, -0.02  # as examples/shoes/evaluate.py has them, which needs TFMA
_NOTHING = Absent(what="anything", reason="the simulation has none", remedy="None is needed.")
CONFIG = Path(__file__).resolve().parents[2] / "examples" / "shoes" / CONFIGURATION
Weights = dict[str, Any]


class Told(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A history as the product gets it, and the cost per span that the population's true rates make of what served."""

    case: Case
    costs: Mapping[int, float]


def told(story: Story, *, wobble: float = 0.0, last: int = WEEKS) -> Told:
    """Runs the story's pipeline. `wobble`: standard deviation of the log-odds by which each retrain is off, as short trainings are."""
    shown = {week.span: impressions_of(week, story) for week in weeks()}
    seen = {week.span: logged(shown[week.span], week, story) for week in weeks()}
    runs, spreads, served = [], {}, {}
    serving: tuple[int, Weights] | None = None
    for week in weeks()[:last]:
        trained = _trained(story, seen, week.span, wobble)
        run, spread = _run(week, seen[week.span], trained, serving)
        passes = not story.active(week.span, "frozen") and _passes(seen[week.span], trained, serving)
        runs.append(run if passes else _refused(run))
        spreads[run.id] = spread
        if serving is not None:
            served[week.span] = serving[1]
        if passes:
            serving = week.span, trained
    case = _case(story, shown, tuple(runs), spreads)
    costs = {span: _true_cost(case, span, shown[span], model.score(seen[span], weights)) for span, weights in served.items()}
    return Told(case=case, costs=costs)


def _trained(story: Story, seen: Mapping[int, Columns], span: int, wobble: float) -> Weights:
    window = [{name: values[~seen[one]["is_eval"]] for name, values in seen[one].items()} for one in range(span, max(0, span - WINDOW), -1)]
    joined = {name: np.concatenate([part[name] for part in window]) for name in window[0]}
    weights, _ = model.train(joined, **story.hyperparameters(span), seed=story.seed)
    weights["coefficients"][0] += wobble * float(np.random.default_rng([story.seed, span, 3]).standard_normal())
    return weights


def _case(
    story: Story, shown: Mapping[int, Columns], runs: tuple[Run, ...], spreads: Mapping[str, dict[tuple[str, SliceKey], float]]
) -> Case:
    """The business tables go through files: reading them is the product's part."""
    with tempfile.TemporaryDirectory() as folder:
        write_tables(Path(folder) / "business", shown, story)
        (Path(folder) / CONFIG.name).write_bytes(CONFIG.read_bytes())
        history = History(pipeline="shop", name="shop", runs=runs)
        case, _ = read_case(history, settings_at(Path(folder) / CONFIG.name, ()), PlotShelf())
    return msgspec.structs.replace(case, spread=lambda run_id: look_up(spreads[run_id]))


def _passes(seen: Columns, trained: Weights, serving: tuple[int, Weights] | None) -> bool:
    """The demo's gate: the ranking of the candidate is no worse than that of the model that serves."""
    rows = {name: values[seen["is_eval"]] for name, values in seen.items()}
    found = _auc(model.score(rows, trained), rows["click"])
    return found >= AUC_FLOOR and (serving is None or found - _auc(model.score(rows, serving[1]), rows["click"]) >= AUC_LOSS)


def _auc(scores: NDArray[np.float64], clicks: NDArray[np.int64]) -> float:
    """Area under the curve by the rank sum."""
    ranks = rankdata(scores)
    hits = int(clicks.sum())
    return float((ranks[clicks == 1].sum() - hits * (hits + 1) / 2) / max(hits * (len(clicks) - hits), 1))


def _refused(run: Run) -> Run:
    return msgspec.structs.replace(run, blessing=Loaded(value=Blessing(state="not_blessed")))


def _run(week: Week, seen: Columns, trained: Weights, serving: tuple[int, Weights] | None) -> tuple[Run, dict[tuple[str, SliceKey], float]]:
    rows = {name: values[seen["is_eval"]] for name, values in seen.items()}
    models = {"candidate": trained, "baseline": serving[1]} if serving else {"": trained}
    values: dict[tuple[SliceKey, MetricKey], Any] = {}
    spread: dict[tuple[str, SliceKey], float] = {}
    places = _places(rows)
    for name, weights in models.items():
        scores = model.score(rows, weights)
        for where, at in places.items():
            for metric, value in _metrics(scores[at], rows["click"][at]).items():
                values[where, MetricKey(name=metric, model_name=name)] = value
            spread[name, where] = float(scores[at].std())
    evaluation = evaluation_of_values(tuple(places), values, models=tuple(models))
    start = week.start.isoformat()
    period = Period(label=start, start=start, end=week.end.isoformat(), order=float(week.span), days=7.0, source="calendar")
    run = Run(
        id=f"week-{week.span}", pipeline="shop", name=f"week-{week.span}", period=period, executed_ms=None, state="complete",
        evaluation=Loaded(value=evaluation), validation=_NOTHING, blessing=Loaded(value=Blessing(state="blessed")), push=_NOTHING, schema=_NOTHING,
        statistics=_statistics(seen), candidate=_version(week.span), baseline=_version(serving[0]) if serving else None,
        artifact_ids=(week.span,), lineage=Lineage(artifacts={week.span: Artifact(id=week.span, type="Examples", uri="", properties={"span": week.span})}),
    )  # fmt: skip
    return run, spread


def _version(span: int) -> ModelVersion:
    artifact = Artifact(id=1000 + span, type="Model", uri=f"models/{span}")
    return ModelVersion(artifact=artifact, uri=artifact.uri, run_id=f"week-{span}")


def _places(rows: Columns) -> dict[SliceKey, NDArray[np.int64]]:
    found = {OVERALL: np.arange(len(rows["click"]))}
    for name in _SLICES:
        for value in np.unique(rows[name]):
            if value != ABSENT:
                found[SliceKey(items=((name, str(value)),))] = np.flatnonzero(rows[name] == value)
    return found


def _metrics(scores: NDArray[np.float64], clicks: NDArray[np.int64]) -> dict[str, float]:
    label = float(clicks.mean())
    return {
        "example_count": float(len(scores)), "mean_label": label, "mean_prediction": float(scores.mean()),
        "calibration": float(scores.mean() / label) if label else float("nan"),
    }  # fmt: skip


def _statistics(seen: Columns) -> tuple[Loaded[Statistics], ...]:
    parts = {"train": ~seen["is_eval"], "eval": seen["is_eval"]}
    return tuple(Loaded(value=Statistics(split=name, datasets=(_dataset(seen, at),))) for name, at in parts.items())


def _dataset(seen: Columns, at: NDArray[np.bool_]) -> Any:
    columns: dict[str, Any] = {}
    vocabularies: dict[str, tuple[str, ...]] = {}
    for name in (*_SLICES, "price", "discount", "days_since_visit", "is_new", "click"):
        values = seen[name][at]
        if values.dtype.kind == "U":
            known = tuple(str(one) for one in np.unique(values) if one != ABSENT)
            vocabularies[name] = known
            columns[name] = np.where(values == ABSENT, -1, np.searchsorted(np.array(known), values))
        else:
            columns[name] = np.where(values == NEVER, np.nan, values.astype(float))
    return layout.dataset(columns, vocabularies)


def _true_cost(case: Case, span: int, shown: Columns, scores: NDArray[np.float64]) -> float:
    """The cost formula on the mean prediction of the whole week and the true rate of every product line."""
    table, total = case.units[f"week-{span}"], 0.0
    for row in table.rows if isinstance(table, UnitTable) else ():
        here = shown["product_line"] == dict(row.unit.items)["product_line"]
        rates = np.array([[scores[here].mean(), shown["true_rate"][here].mean()]])
        total += (row.volume or 0.0) * float(unit_cost("inventory", np.array([row.values]), rates)[0])
    return total
