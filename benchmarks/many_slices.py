"""A pipeline with as many slices as one likes, held in memory: four weeks of a shop whose model predicts too much in the last one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np

from model_insights.config import Config, CostRule, General, SeverityBudget
from model_insights.cost.rates import Spread
from model_insights.cost.units import UnitRow, UnitTable
from model_insights.judgement import Case
from model_insights.lineage import Artifact
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import (
    Attributions,
    CalibrationBucket,
    ConfusionMatrix,
    EvalConfig,
    Evaluation,
    MetricKey,
    ModelSpec,
    Plot,
    PlotKey,
)
from model_insights.reading import PlotShelf, Settings
from model_insights.remembered import Remembered
from model_insights.run import History, ModelVersion, Period, Run
from model_insights.slices import OVERALL, AnySlice, SliceKey
from model_insights.wording import Words
from model_insights.workspace import Book, Workspace

COLUMN = "product"
WEEKS = 4
MODELS = ("baseline", "candidate")
METRICS = ("example_count", "mean_label", "mean_prediction", "calibration", "auc")
_FIRST = dt.date(2025, 1, 6)
_NOTHING = Absent(what="anything", reason="the example has none", remedy="None is needed.")
_RULE = CostRule(name="stock", kind="inventory", over=2.0, under=3.0, grain=(COLUMN,), unit=(COLUMN,), volume="cases", demand="sold")


def workspace(
    slices: int, state: Path, *, name: Callable[[int], str] = "Product {:04d}".format, priced: bool = True, fault: bool = True
) -> Workspace:
    """A workspace that has read one pipeline with this many priced slices. Deterministic; `state` holds what a person confirms.

    `priced`: with prices; `fault`: with a last week in which the model predicts too much."""
    made = Workspace.open("many-slices", state=str(state))
    book = _Book(_case(tuple(name(i) for i in range(slices)), priced, fault), Remembered(state))
    made._books, made.scanned = {book.history.pipeline: book}, True
    return made


class _Shelf(PlotShelf):
    """Plots of every slice, drawn from its number."""

    def plots(self, run: Run, where: SliceKey) -> Loaded[tuple[Plot, ...]] | Absent | Damaged:
        return Loaded(value=tuple(_plot(model, len(where.text)) for model in MODELS))

    def attributions(self, run: Run) -> Loaded[tuple[Attributions, ...]] | Absent | Damaged:
        return _NOTHING


class _Book(Book):
    """The product's own judgement over a case that was read from nowhere."""

    def __init__(self, case: Case, remembered: Remembered) -> None:
        super().__init__(case, Settings(config=case.config, folders=()), remembered, plots=_Shelf())


def _case(names: tuple[str, ...], priced: bool, fault: bool) -> Case:
    units = tuple(SliceKey(items=((COLUMN, name),)) for name in names)
    random = np.random.default_rng(7)
    volume = np.maximum(20, 40_000 / (1 + np.arange(len(units))))  # few large products, a long tail
    rate = random.uniform(0.1, 0.3, len(units))
    runs = tuple(_run(week, units, volume, rate, fault) for week in range(WEEKS))
    tables = {
        run.id: _table(units, volume, rate * random.normal(1, 0.03, len(units))) if priced else "there is no insights.toml" for run in runs
    }
    config = Config(
        insights=General(currency="EUR", references=("previous",)), cost=(_RULE,), severity=SeverityBudget(little=1_000, big=5_000, emergency=50_000)
    )  # fmt: skip
    return Case(
        history=History(pipeline="many", name="many", runs=runs), config=config if priced else None, rule=_RULE if priced else None,
        units=tables, spread=_spread, words=Words(currency="EUR"), config_reason="" if priced else "there is no insights.toml",
    )  # fmt: skip


def _spread(_: str) -> Spread:
    return lambda model, where: 0.05


def _table(units: tuple[SliceKey, ...], volume: np.ndarray, rate: np.ndarray) -> UnitTable:
    rows = tuple(
        UnitRow(unit=unit, volume=float(volume[i]), events=float(volume[i] * rate[i]), values=(1.0, 2.0, 3.0))
        for i, unit in enumerate(units)
    )
    return UnitTable(rows=rows, joined=len(rows))


def _run(week: int, units: tuple[SliceKey, ...], volume: np.ndarray, rate: np.ndarray, fault: bool) -> Run:
    first = _FIRST + dt.timedelta(weeks=week)
    label = first.isoformat()
    end = (first + dt.timedelta(days=6)).isoformat()
    return Run(
        id=f"week-{week}", pipeline="many", name=f"week-{week}", executed_ms=None, state="complete",
        period=Period(label=label, start=label, end=end, order=float(week), days=7.0),
        evaluation=Loaded(value=_evaluation(week, units, volume, rate, fault)), validation=_NOTHING, blessing=_NOTHING, push=_NOTHING,
        schema=_NOTHING, candidate=_version(week), baseline=_version(week - 1),
    )  # fmt: skip


def _version(week: int) -> ModelVersion:
    artifact = Artifact(id=100 + week, type="Model", uri=f"models/{week}")
    return ModelVersion(artifact=artifact, uri=artifact.uri, run_id=f"week-{week}")


def _evaluation(week: int, units: tuple[SliceKey, ...], volume: np.ndarray, rate: np.ndarray, fault: bool) -> Evaluation:
    random = np.random.default_rng([11, week])
    seen = random.binomial(np.maximum(volume, 50).astype(int), rate) / np.maximum(volume, 50).astype(int)
    slices: tuple[AnySlice, ...] = (OVERALL, *units)
    keys = tuple(MetricKey(name=name, model_name=model) for model in MODELS for name in METRICS)
    too_much = {"baseline": 1.5 if fault and week == WEEKS - 1 else 1.0, "candidate": 1.5 if fault and week == WEEKS - 2 else 1.0}
    columns = [column for model in MODELS for column in _columns(volume, seen, rate * too_much[model])]
    return Evaluation(
        config=EvalConfig(models=(ModelSpec(name="candidate"), ModelSpec(name="baseline", is_baseline=True))), slices=slices, keys=keys,
        scalars=np.column_stack(columns), nonfinite={}, others={}, intervals={}, errors={},
        slice_index={one: i for i, one in enumerate(slices)}, key_index={key: i for i, key in enumerate(keys)},
    )  # fmt: skip


def _columns(volume: np.ndarray, seen: np.ndarray, predicted: np.ndarray) -> list[np.ndarray]:
    """METRICS of Overall and every unit, each [1 + units]."""
    n = np.maximum(volume, 50)
    whole = [n.sum(), (seen * n).sum() / n.sum(), (predicted * n).sum() / n.sum()]
    label, prediction = np.r_[whole[1], np.maximum(seen, 1e-3)], np.r_[whole[2], predicted]
    return [np.r_[whole[0], n], label, prediction, prediction / label, np.full(len(label), 0.7)]


def _plot(model: str, seed: int) -> Plot:
    random = np.random.default_rng([3, seed])
    buckets = tuple(
        CalibrationBucket(low=i / 20, high=(i + 1) / 20, examples=100.0 - 4 * i, label_sum=(100 - 4 * i) * (i + 0.5) / 22, prediction_sum=(100 - 4 * i) * (i + 0.5) / 20)
        for i in range(20)
    )  # fmt: skip
    positives, negatives = 200.0 + float(random.integers(50)), 900.0
    matrices = tuple(
        ConfusionMatrix(
            threshold=t, true_positives=positives * (1 - t), false_positives=negatives * (1 - t) ** 3,
            true_negatives=negatives * (1 - (1 - t) ** 3), false_negatives=positives * t,
        )
        for t in np.linspace(0, 1, 21).tolist()
    )  # fmt: skip
    return Plot(key=PlotKey(model_name=model), calibration=buckets, confusion=matrices)
