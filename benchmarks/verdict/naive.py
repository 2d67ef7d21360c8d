"""What simpler rules would have said of the same case (methods B4)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from model_insights.evidence.change import feature_change, share_change
from model_insights.evidence.data import whole_of
from model_insights.judgement import Judgement
from model_insights.ledger import LineId
from model_insights.metrics import MetricKey
from model_insights.slices import OVERALL
from model_insights.stats import DatasetStats, FeatureStats

Answer = str  # a corner, or "" for no fault


def largest_psi(judged: Judgement) -> Answer:
    """Data above PSI 0.2; else the model if another one served; else business."""
    return "data" if _psi(judged) > 0.2 else "model" if _model_changed(judged) else "business"


def any_jensen_shannon(judged: Judgement) -> Answer:
    """TFDV with a threshold of 0.01 everywhere: data, or no word."""
    found = [one.change.jensen_shannon for one in judged.features if one.change and one.change.jensen_shannon is not None]
    return "data" if max(found, default=0.0) > 0.01 else ""


def alarm_count(judged: Judgement) -> Answer:
    """One alarm for each feature with p < 0.05, one for another model, one each for moved prices, volume and labels; the most win."""
    data = sum(1 for one in judged.features if one.change and one.change.p is not None and one.change.p < 0.05)
    before = judged.series.cost(judged.reference.id) if judged.reference else None
    business = 0
    if before is not None and judged.cost is not None:
        then, now = before.cells, judged.cost.cells
        business += int(then.values.shape != now.values.shape or not np.allclose(then.values, now.values))
        business += int(abs(now.volume.sum() / then.volume.sum() - 1) > 0.05)
        business += int(_labels_moved(judged))
    counts = {"data": data, "model": int(_model_changed(judged)), "business": business}
    return max(counts, key=lambda corner: counts[corner]) if any(counts.values()) else ""


def smart_rules(judged: Judgement) -> Answer:
    """Is the rise significant; then the paired model test; then PSI above 0.2; else business."""
    ledger = judged.ledger
    if ledger is None or not _significant(ledger.change, np.sum([ledger.draws[line.id] for line in ledger.lines], axis=0)):
        return ""
    model = _line(judged, "model")
    if model is not None and _significant(*model):
        return "model"
    return "data" if _psi(judged) > 0.2 else "business"


def ranked_alerts(judged: Judgement) -> Answer:
    """As NannyML ranks: the feature whose drift goes along with the cost over the weeks; data where it has drifted now, else business."""
    runs = judged.series.runs
    first = whole_of(runs[0])
    costs = [(run, cost.total.value) for run in runs[1:] if (cost := judged.series.cost(run.id)) is not None]
    if first is None or len(costs) < 4:
        return "business"
    moved = np.abs(np.array([cost for _, cost in costs]) - np.median([cost for _, cost in costs]))
    best, drifted = -2.0, False
    for feature in first.features:
        drift = np.array([_drift(feature, whole_of(run)) for run, _ in costs])
        along = float(np.corrcoef(drift, moved)[0, 1]) if drift.std() > 0 and moved.std() > 0 else -1.0
        if along > best:
            best, drifted = along, bool(drift[-1] > drift[:-1].mean() + 3 * drift[:-1].std())
    return "data" if drifted else "business"


def _drift(feature: FeatureStats, now: DatasetStats | None) -> float:
    other = now.feature(feature.path) if now is not None else None
    change = feature_change(feature, other) if other is not None else None
    return change.jensen_shannon or 0.0 if change is not None else 0.0


RULES: dict[str, Callable[[Judgement], Answer]] = {
    "largest PSI": largest_psi, "any JSD > 0.01": any_jensen_shannon, "alarm counting": alarm_count, "smart rules": smart_rules, "correlation ranker": ranked_alerts,
}  # fmt: skip


def _psi(judged: Judgement) -> float:
    return max((one.change.psi for one in judged.features if one.change and one.change.psi is not None), default=0.0)


def _model_changed(judged: Judgement) -> bool:
    now, then = judged.run.baseline, judged.reference.baseline if judged.reference else None
    return now is not None and then is not None and now.uri != then.uri


def _labels_moved(judged: Judgement) -> bool:
    parts = []
    for run in (judged.reference, judged.run):
        evaluation = getattr(run.evaluation, "value", None) if run else None
        keys = [MetricKey(name=name, model_name="baseline") for name in ("mean_label", "example_count")]
        parts.append([evaluation.scalar(OVERALL, key) if evaluation else None for key in keys])
    (p0, n0), (p1, n1) = parts
    if None in (p0, n0, p1, n1) or max(p0, p1) > 1 or min(p0, p1) < 0:  # type: ignore[type-var]  # no shares: labels are amounts
        return False
    change = share_change((p0, int(n0)), (p1, int(n1)))  # type: ignore[arg-type]
    return not change.low <= 0 <= change.high


def _line(judged: Judgement, name: LineId) -> tuple[float, np.ndarray] | None:  # type: ignore[type-arg]
    line = judged.ledger.line(name) if judged.ledger else None
    return (line.money.value, judged.ledger.draws[name]) if line is not None and judged.ledger else None


def _significant(value: float, draws: np.ndarray) -> bool:  # type: ignore[type-arg]
    spread = float(np.std(draws))
    return value > 0 and (spread < 1e-12 or bool(stats.norm.sf(value / spread) < 0.05))
