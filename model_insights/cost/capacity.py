"""When fewer cases can be acted on than the threshold picks: only those with the highest scores are (methods A7.1, policy constraints).

All units share the capacity: a fraud team reviews the same number of cases wherever they come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from model_insights.cost.model import Floats
from model_insights.cost.threshold import aligned
from model_insights.slices import SliceKey


def at_capacity(thresholds: Floats, counts: Floats, scale: Floats, capacity: float) -> tuple[float, Floats]:
    """(lowest threshold at which no more than `capacity` cases are acted on, counts there [units, 4]).

    counts [units, 4, t]: TP, FP, TN, FN by rising threshold; scale [units]: cases per counted example. Between two stored thresholds (and
    among equal scores) the cases are taken as they come, so counts are straight in between."""
    nothing = np.stack(
        [np.zeros_like(counts[:, 0, 0])] * 2 + [counts[:, 1, 0] + counts[:, 2, 0], counts[:, 0, 0] + counts[:, 3, 0]], axis=1
    )
    counts = np.concatenate([counts, nothing[..., None]], axis=2)
    thresholds = np.append(thresholds, thresholds[-1])
    acted = scale @ (counts[:, 0] + counts[:, 1])
    if acted[0] <= capacity:
        return float(thresholds[0]), counts[:, :, 0]
    last = int(np.flatnonzero(acted > capacity)[-1])
    part = (acted[last] - capacity) / (acted[last] - acted[last + 1])
    limit = thresholds[last] + part * (thresholds[last + 1] - thresholds[last])
    return float(limit), (1 - part) * counts[:, :, last] + part * counts[:, :, last + 1]


def capped_shares(
    units: Sequence[SliceKey], plots: Mapping[SliceKey, Floats], volume: Floats, threshold: float, capacity: float
) -> Floats | str | None:
    """Shares of TP, FP, TN, FN [units, 4] when the capacity binds; None where the threshold alone picks no more cases than that.

    `volume` [units] in cases of the period. A sentence where a unit has no counts by threshold."""
    if lost := next((unit for unit in units if unit not in plots), None):
        return f"with a `capacity`, cases compete by score, and {lost.text} has no confusion plot; add ConfusionMatrixPlot"
    thresholds, counts = aligned([plots[unit] for unit in units])
    n = np.maximum(counts[:, :, 0].sum(axis=1), 1e-12)
    limit, found = at_capacity(thresholds, counts, volume / n, capacity)
    shares: Floats = found / n[:, None]
    return shares if threshold < limit else None
