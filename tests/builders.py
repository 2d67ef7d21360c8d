"""Builders with defaults: a test names only what matters to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from model_insights.config import CostRule
from model_insights.cost.account import RunCost, run_cost
from model_insights.cost.model import Cells
from model_insights.loaded import Absent
from model_insights.metrics import EvalConfig, Evaluation, MetricKey, ModelSpec
from model_insights.run import History, Period, Run
from model_insights.slices import OVERALL, AnySlice, SliceKey
from model_insights.stats import Bucket, CommonStats, DatasetStats, FeatureStats, Histogram, NumericStats, StringStats, ValueCount

NOTHING = Absent(what="anything", reason="the test has none", remedy="None is needed.")
INVENTORY = CostRule(name="stock", kind="inventory", over=2.0, under=3.0, unit=("line",))


def a_unit(name: str) -> SliceKey:
    return SliceKey(items=(("line", name),))


def some_cells(
    *,
    units: tuple[str, ...] = ("a", "b"),
    volume: Any = (100.0, 200.0),
    values: Any = None,
    rates: Any = ((0.2, 0.1), (0.1, 0.1)),
    n: float = 1000.0,
    kind: Any = "inventory",
    realised: bool = True,
) -> Cells:
    if values is None:
        values = [[1.0, 2.0, 3.0]] * len(units) if kind == "inventory" else [[0.0, 2.0, 0.0, 5.0]] * len(units)
    return Cells(
        kind=kind, units=tuple(a_unit(one) for one in units), volume=np.array(volume, float), values=np.array(values, float), rates=np.array(rates, float),
        spread=np.full(len(units), 0.05), n=np.full(len(units), n), realised=realised,
    )  # fmt: skip


def a_cost(cells: Cells | None = None, *, run_id: str = "r1") -> RunCost:
    return run_cost(run_id, INVENTORY, "baseline", cells or some_cells(), ())


def an_evaluation(values: dict[tuple[AnySlice, MetricKey], float] | None = None, *, baseline: bool = True) -> Evaluation:
    """An evaluation of the given scalars; its models are candidate and (unless told otherwise) baseline."""
    given = values if values is not None else {(OVERALL, MetricKey(name="auc", model_name="baseline")): 0.7}
    slices, keys = tuple(dict.fromkeys(s for s, _ in given)), tuple(dict.fromkeys(k for _, k in given))
    scalars = np.full((len(slices), len(keys)), np.nan)
    for (where, key), value in given.items():
        scalars[slices.index(where), keys.index(key)] = value
    models = (ModelSpec(name="candidate"), ModelSpec(name="baseline", is_baseline=True)) if baseline else (ModelSpec(name="candidate"),)
    return Evaluation(
        config=EvalConfig(models=models), slices=slices, keys=keys, scalars=scalars, nonfinite={}, others={}, intervals={}, errors={},
        slice_index={s: i for i, s in enumerate(slices)}, key_index={k: i for i, k in enumerate(keys)},
    )  # fmt: skip


def a_run(name: str = "r1", **parts: Any) -> Run:
    given: dict[str, Any] = {
        "id": name, "pipeline": "p", "name": name, "period": Period(label=name), "executed_ms": None, "state": "complete",
        "evaluation": NOTHING, "validation": NOTHING, "blessing": NOTHING, "push": NOTHING, "schema": NOTHING,
    }  # fmt: skip
    return Run(**{**given, **parts})


def a_history(*runs: Run) -> History:
    return History(pipeline="p", name="p", runs=runs)


def numeric_stats(values: Any, *, name: str = "x", missing: int = 0) -> FeatureStats:
    """Statistics of numbers as TFDV stores them: ten equal-width and ten quantile buckets."""
    data = np.sort(np.asarray(values, float))
    counts, edges = np.histogram(data, bins=10)
    standard = Histogram(
        kind="STANDARD", buckets=tuple(Bucket(low=float(edges[i]), high=float(edges[i + 1]), count=float(c)) for i, c in enumerate(counts))
    )
    cuts = np.quantile(data, np.linspace(0, 1, 11))
    quantiles = Histogram(
        kind="QUANTILES", buckets=tuple(Bucket(low=float(cuts[i]), high=float(cuts[i + 1]), count=len(data) / 10) for i in range(10))
    )
    numeric = NumericStats(
        mean=float(data.mean()),
        std_dev=float(data.std()),
        min=float(data[0]),
        max=float(data[-1]),
        median=float(np.median(data)),
        histograms=(standard, quantiles),
    )
    return FeatureStats(path=(name,), type="FLOAT", common=_common(len(data), missing), numeric=numeric)


def string_stats(counts: dict[str, float], *, name: str = "c", missing: int = 0) -> FeatureStats:
    ranks = tuple(ValueCount(value=value, count=count) for value, count in sorted(counts.items(), key=lambda pair: -pair[1]))
    total = int(sum(counts.values()))
    return FeatureStats(
        path=(name,),
        type="STRING",
        common=_common(total, missing),
        string=StringStats(unique=len(counts), ranks=ranks, top_values=ranks[:20]),
    )


def _common(n: int, missing: int) -> CommonStats:
    return CommonStats(num_non_missing=n, num_missing=missing, min_num_values=1, max_num_values=1, avg_num_values=1.0, tot_num_values=n)


def a_dataset(*features: FeatureStats) -> DatasetStats:
    n = max((f.common.num_non_missing + f.common.num_missing for f in features), default=0)
    return DatasetStats(name="", num_examples=n, weighted_num_examples=None, features=features)
