"""A simulated pipeline: weekly rows, a model retrained on a rolling window, and what TFX would have written about it, as nouns in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.verdict import layout
from benchmarks.verdict.worlds import (
    RIDGE,
    Floats,
    Law,
    World,
    chance,
    fitted,
    matrix,
    mix,
    names_of_inputs,
    outcomes_of,
    recorded,
    rows,
    scored,
    shocks,
)
from model_insights.config import Config, General
from model_insights.cost.account import run_cost
from model_insights.cost.model import Cells, unit_cost
from model_insights.cost.rates import Spread
from model_insights.cost.units import UnitRow, UnitTable
from model_insights.judgement import Case
from model_insights.ledger import Adjacent, Ledger, adjacent_ledger
from model_insights.lineage import Artifact
from model_insights.loaded import Absent, Loaded
from model_insights.metrics import ConfusionAtThresholds, ConfusionMatrix, EvalConfig, Evaluation, MetricKey, MetricValue, ModelSpec
from model_insights.run import History, ModelVersion, Period, Run
from model_insights.slices import OVERALL, SliceKey
from model_insights.stats import Statistics

Columns = dict[str, NDArray]  # type: ignore[type-arg]
WINDOW = 4  # weeks a model is trained on
_MOST_TRAINED = 40_000  # rows a week; more would teach the model little and cost much
_CROWD = 4000  # cases per unit that stand for the whole population
_NOTHING = Absent(what="anything", reason="the simulation has none", remedy="None is needed.")


class Change(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What is put into the last week. Nothing by default.

    `inputs` is a true change of the cases, `corrupt` one of their recording only; `model` spoils the coefficients that serve in the week."""

    weights: Floats | None = None  # factor per unit on its share of cases
    volume: float = 1.0
    values: Floats | None = None  # factor per unit on its unit values
    logit: Floats | None = None  # added per unit
    inputs: Callable[[Columns], Columns] | None = None
    corrupt: Callable[[Columns, np.random.Generator], Columns] | None = None
    ridge: float = RIDGE
    kept: float = 1.0  # share of the rows that the bad model was trained on
    dropped: str = ""  # a column that the bad model does not see
    tilt: Floats | None = None  # added to the bad model's coefficients of the units
    strength: float = 0.0  # how much of the way from the good to the bad model
    newcomer: float = 0.0  # share of cases in the unit that did not exist

    @property
    def spoils_model(self) -> bool:
        return self.strength > 0


class Week(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One week as recorded: training and evaluation rows with outcomes, and the business table."""

    number: int
    train: tuple[Columns, NDArray[np.float64]]
    test: tuple[Columns, NDArray[np.float64]]
    table: UnitTable
    statistics: tuple[Loaded[Statistics], ...]


class Past(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A healthy history: weeks 0 to last, models[t] was trained in week t, models[-1 of week 0] before it."""

    world: World
    law: Law
    n: int
    weeks: tuple[Week, ...]
    models: tuple[Floats, ...]  # models[t] served in week t, models[t + 1] was trained in it
    runs: tuple[Run, ...]
    spreads: tuple[dict[tuple[str, SliceKey], float], ...]
    window: tuple[tuple[Floats, Floats], ...]  # inputs and outcomes the last model was trained on


def past(world: World, the: Law, n: int, weeks: int) -> Past:
    """A history of `weeks` healthy weeks with `n` evaluated rows each, and twice as many to train on."""
    made = [_week(world, the, number, n, Change()) for number in range(-WINDOW, weeks)]
    inputs = [(matrix(world, one.train[0]), one.train[1]) for one in made]
    models: list[Floats] = []
    for t in range(weeks + 1):
        window = inputs[t : t + WINDOW]
        start = models[-1] if models else None
        models.append(fitted(world, np.concatenate([x for x, _ in window]), np.concatenate([y for _, y in window]), start=start))
    shown = made[WINDOW:]
    runs, spreads = zip(*(_run(world, week, models[week.number], models[week.number + 1]) for week in shown), strict=True)
    return Past(
        world=world,
        law=the,
        n=n,
        weeks=tuple(shown),
        models=tuple(models),
        runs=tuple(runs),
        spreads=tuple(spreads),
        window=tuple(inputs[-WINDOW:]),
    )


def present(
    before: Past, change: Change, *, with_lineage: bool, references: tuple[str, ...] = ("previous",), season: str = "52 weeks"
) -> Case:
    """The history with one more week that holds the change, as the product gets it. Without lineage no run says which model it served (T0)."""
    world, last = before.world, before.weeks[-1]
    now = _week(world, before.law, last.number + 1, before.n, change)
    served = spoiled(before, change)
    window = (*before.window[1:], (matrix(world, now.train[0]), now.train[1]))
    trained = fitted(world, np.concatenate([x for x, _ in window]), np.concatenate([y for _, y in window]), start=before.models[-1])
    runs, spreads = list(before.runs), list(before.spreads)
    if change.spoils_model:
        runs[-1], spreads[-1] = _run(world, last, before.models[-2], served)
    run, spread = _run(world, now, served, trained)
    everything = (*runs, run)
    if not with_lineage:
        everything = tuple(msgspec.structs.replace(one, candidate=None, baseline=None) for one in everything)
    tables = {one.id: week.table for one, week in zip(everything, (*before.weeks, now), strict=True)}
    found = dict(zip((one.id for one in everything), (*spreads, spread), strict=True))
    config = Config(insights=General(currency="EUR", references=references, season=season), cost=(world.rule,))
    return Case(
        history=History(pipeline=world.name, name=world.name, runs=everything), config=config, rule=world.rule, units=tables,
        spread=lambda run_id: look_up(found[run_id]),
    )  # fmt: skip


def look_up(found: dict[tuple[str, SliceKey], float]) -> Spread:
    return lambda model, where: found.get((model, where))


def spoiled(before: Past, change: Change) -> Floats:
    """The model that serves in the last week."""
    good = before.models[-1]
    if not change.spoils_model:
        return good
    inputs, outcomes = np.concatenate([x for x, _ in before.window]), np.concatenate([y for _, y in before.window])
    part = slice(0, max(60, int(len(outcomes) * change.kept)))
    seen = np.array([name != change.dropped or not change.dropped for name in names_of_inputs(before.world)])
    bad = (
        fitted(before.world, inputs[part] * seen, outcomes[part], ridge=change.ridge) * seen
        if change.dropped or change.ridge != RIDGE or change.kept < 1
        else good.copy()
    )
    if change.tilt is not None:
        bad[1 : 1 + len(change.tilt)] += change.tilt
    mixed: Floats = good + change.strength * (bad - good)
    return mixed


def true_loss(before: Past, change: Change) -> float:
    """What the change adds to the last week's expected cost, over the whole population and with the models as they are."""
    return _true_cost(before, change, spoiled(before, change)) - _true_cost(before, Change(), before.models[-1])


def _true_cost(before: Past, change: Change, beta: Floats) -> float:
    world, the, week = before.world, before.law, before.weeks[-1].number + 1
    shares = _shares(world, the, week, change)
    seen, p = _crowd(world, the, week, change)
    score, unit = scored(world, matrix(world, seen), beta), seen[world.column]
    at = [np.flatnonzero(unit == i) for i in range(len(world.units))]
    return float(
        (world.volume * change.volume * shares * unit_cost(world.rule.kind, _values(world, change), _true_rates(world, score, p, at))).sum()
    )


def _true_rates(world: World, score: Floats, p: Floats, at: list[NDArray[np.int64]]) -> Floats:
    """Rates of every unit [units, rates], as Cells hold them, without chance."""
    if world.rule.kind == "inventory":
        return np.array([[score[i].mean(), p[i].mean()] for i in at])
    if world.rule.kind == "regression":
        return np.array([[(score[i] - p[i]).mean(), np.hypot((score[i] - p[i]).std(), world.noise)] for i in at])
    hit = score >= (world.rule.threshold or 0.0)
    return np.array(
        [[(p[i] * hit[i]).mean(), ((1 - p[i]) * hit[i]).mean(), ((1 - p[i]) * ~hit[i]).mean(), (p[i] * ~hit[i]).mean()] for i in at]
    )


def true_ledger(before: Past, change: Change, case: Case, *, with_middle: bool) -> Ledger:
    """The account of the last step as the product makes it, with the population's rates in the place of the sample's."""
    last = before.weeks[-1].number
    old = _true_cells(before, Change(), last, before.models[-2], case)
    middle = _true_cells(before, Change(), last, spoiled(before, change), case)
    new = _true_cells(before, change, last + 1, spoiled(before, change), case)
    costs = [run_cost(f"truth-{i}", before.world.rule, "baseline", cells, ()) for i, cells in enumerate((old, new))]
    return adjacent_ledger(Adjacent(before=costs[0], after=costs[1], middle=middle if with_middle else None))


def _true_cells(before: Past, change: Change, week: int, beta: Floats, case: Case) -> Cells:
    world, table = before.world, case.units[f"week-{week}"]
    assert isinstance(table, UnitTable)
    seen, p = _crowd(world, before.law, week, change)
    at = [np.flatnonzero(seen[world.column] == i) for i in range(len(world.units))]
    rates = _true_rates(world, scored(world, matrix(world, seen), beta), p, at)
    kept = [i for i in range(len(world.units)) if table.row(_unit(world, i)) is not None]
    found = [row for i in kept if (row := table.row(_unit(world, i))) is not None]
    if world.rule.kind == "inventory":  # demand is what happened, not what was to be expected
        rates[kept, 1] = [(row.events or 0.0) / (row.volume or 1.0) for row in found]
    return Cells(
        kind=world.rule.kind, units=tuple(row.unit for row in found), volume=np.array([row.volume or 0.0 for row in found]),
        values=np.array([row.values for row in found]), rates=rates[kept], spread=np.zeros(len(kept)), n=np.full(len(kept), 1e12),
        realised=world.rule.kind == "inventory",
    )  # fmt: skip


def _crowd(world: World, the: Law, week: int, change: Change) -> tuple[Columns, Floats]:
    """A large sample of every unit, the same cases in every week, so that it adds no noise of its own: (as recorded, true chance)."""
    random = np.random.default_rng([the.seed, 5])
    columns = rows(world, np.repeat(np.arange(len(world.units)), _CROWD), random)
    true = change.inputs(columns) if change.inputs else columns
    p = chance(world, the, true, _moved(world, the, week, change))
    seen = recorded(world, the, week, true, random)
    return (change.corrupt(seen, random) if change.corrupt else seen), p


def _moved(world: World, the: Law, week: int, change: Change) -> Floats:
    shift = shocks(world, the, week)
    return shift if change.logit is None else shift + change.logit


def _values(world: World, change: Change) -> Floats:
    values = np.array(world.values)
    if change.values is not None:
        values = values * np.column_stack([np.ones(len(values)), *[change.values] * (values.shape[1] - 1)])
    return values


def _shares(world: World, the: Law, week: int, change: Change) -> Floats:
    shares = mix(world, the, week)
    if change.weights is not None:
        shares = shares * change.weights / (shares * change.weights).sum()
    if change.newcomer:
        shares = shares * (1 - change.newcomer)
        shares[-1] = change.newcomer
    return shares


def _week(world: World, the: Law, number: int, n: int, change: Change) -> Week:
    random = np.random.default_rng([the.seed, number + 100, n])
    shares = _shares(world, the, number, change)
    evaluated = (
        int(n * np.exp(world.size_unrest * np.random.default_rng([the.seed, 80, number + 100]).standard_normal()))
        if world.size_unrest
        else n
    )
    parts = [_sample(world, the, number, size, shares, change, random) for size in (min(2 * n, _MOST_TRAINED), evaluated)]
    statistics = tuple(
        Loaded(value=Statistics(split=split, datasets=(layout.dataset(columns, world.vocabularies),)))
        for split, (columns, _) in zip(("train", "eval"), parts, strict=True)
    )
    _, p = _crowd(world, the, number, change)
    rates = p.reshape(len(world.units), _CROWD).mean(axis=1)
    volume = random.poisson(world.volume * change.volume * shares).astype(float)
    events = random.binomial(volume.astype(int), np.clip(rates, 0, 1))
    values = _values(world, change)
    found = tuple(
        UnitRow(unit=_unit(world, i), volume=float(volume[i]), events=float(events[i]) if world.rule.kind == "inventory" else None, values=tuple(map(float, values[i])))
        for i in range(len(world.units)) if volume[i] > 0
    )  # fmt: skip
    return Week(number=number, train=parts[0], test=parts[1], table=UnitTable(rows=found, joined=len(found)), statistics=statistics)


def _sample(
    world: World, the: Law, week: int, size: int, shares: Floats, change: Change, random: np.random.Generator
) -> tuple[Columns, Floats]:
    columns = rows(world, random.choice(len(world.units), size, p=shares), random)
    true = change.inputs(columns) if change.inputs else columns
    p = chance(world, the, true, _moved(world, the, week, change))
    outcomes = outcomes_of(world, p, random)
    seen = recorded(world, the, week, true, random)
    return (change.corrupt(seen, random) if change.corrupt else seen), outcomes


def _unit(world: World, i: int) -> SliceKey:
    return SliceKey(items=((world.column, world.units[i]),))


_FIRST = dt.date(2024, 1, 1)


def _run(world: World, week: Week, served: Floats, trained: Floats) -> tuple[Run, dict[tuple[str, SliceKey], float]]:
    """The run of a week, and the spread of its predictions per model and unit."""
    first = _FIRST + dt.timedelta(weeks=week.number)
    period = Period(
        label=first.isoformat(), start=first.isoformat(), end=(first + dt.timedelta(days=6)).isoformat(), order=float(week.number), days=7.0
    )
    evaluation, spread = evaluate(world, week, {"baseline": served, "candidate": trained})
    run = Run(
        id=f"week-{week.number}", pipeline=world.name, name=f"week-{week.number}", period=period, executed_ms=None, state="complete",
        evaluation=Loaded(value=evaluation), validation=_NOTHING, blessing=_NOTHING, push=_NOTHING, schema=_NOTHING, statistics=week.statistics,
        candidate=_version(week.number), baseline=_version(week.number - 1),
    )  # fmt: skip
    return run, spread


def _version(week: int) -> ModelVersion:
    artifact = Artifact(id=1000 + week, type="Model", uri=f"models/{week}")
    return ModelVersion(artifact=artifact, uri=artifact.uri, run_id=f"week-{week}")


def evaluate(world: World, week: Week, models: dict[str, Floats]) -> tuple[Evaluation, dict[tuple[str, SliceKey], float]]:
    """What the Evaluator would have written: candidate and baseline, Overall and every unit that has cases."""
    columns, outcomes = week.test
    inputs, codes = matrix(world, columns), columns[world.column]
    places = {
        OVERALL: np.arange(len(outcomes)),
        **{_unit(world, i): at for i in range(len(world.units)) if len(at := np.flatnonzero(codes == i))},
    }
    values: dict[tuple[SliceKey, MetricKey], Any] = {}
    spread: dict[tuple[str, SliceKey], float] = {}
    for model, beta in models.items():
        scores = scored(world, inputs, beta)
        for where, at in places.items():
            for name, value in _metrics(world, scores[at], outcomes[at]).items():
                values[where, MetricKey(name=name, model_name=model)] = value
            spread[model, where] = float(scores[at].std())
    return evaluation_of_values(tuple(places), values), spread


def _metrics(world: World, scores: Floats, outcomes: Floats) -> dict[str, float | MetricValue]:
    found: dict[str, float | MetricValue] = {
        "example_count": float(len(scores)), "mean_label": float(outcomes.mean()), "mean_prediction": float(scores.mean()),
        "calibration": float(scores.mean() / outcomes.mean()) if outcomes.any() else float("nan"),
    }  # fmt: skip
    if world.is_amount:
        found["mean_squared_error"] = float(((scores - outcomes) ** 2).mean())
    threshold = world.rule.threshold
    if threshold is not None:
        hit = scores >= threshold
        positives, negatives = float(outcomes.sum()), float((1 - outcomes).sum())
        caught, wrong = float(outcomes[hit].sum()), float((1 - outcomes)[hit].sum())
        matrix_at = ConfusionMatrix(
            threshold=threshold,
            true_positives=caught,
            false_positives=wrong,
            true_negatives=negatives - wrong,
            false_negatives=positives - caught,
        )
        found["confusion_matrix_at_thresholds"] = ConfusionAtThresholds(matrices=(matrix_at,))
    return found


def evaluation_of_values(
    slices: tuple[SliceKey, ...], values: dict[tuple[SliceKey, MetricKey], Any], *, models: tuple[str, ...] = ("candidate", "baseline")
) -> Evaluation:
    """Metrics by slice and key as one evaluation of the named models."""
    keys = tuple(dict.fromkeys(key for _, key in values))
    row, column = {where: i for i, where in enumerate(slices)}, {key: i for i, key in enumerate(keys)}
    scalars = np.full((len(slices), len(keys)), np.nan)
    others: dict[tuple[int, int], MetricValue] = {}
    for (where, key), value in values.items():
        if isinstance(value, float):
            scalars[row[where], column[key]] = value
        else:
            others[row[where], column[key]] = value
    specs = tuple(ModelSpec(name=name, is_baseline=name == "baseline") for name in models)
    return Evaluation(
        config=EvalConfig(models=specs), slices=slices, keys=keys, scalars=scalars, nonfinite={}, others=others, intervals={}, errors={},
        slice_index=dict(row), key_index=column,
    )  # fmt: skip
