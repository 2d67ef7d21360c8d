"""Is a change unusual for this pipeline? Run-to-run differences of the history as the yardstick (methods A1.4).

A sample-size test asks whether a change is real; in a living business nearly every change is. The history tells how much a feature
moves between neighbouring runs when nothing is wrong.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
from scipy import special, stats

from model_insights.evidence.change import FeatureChange, feature_change
from model_insights.noun import Noun
from model_insights.stats import DatasetStats, FeaturePath

LEAST_PAIRS = 4
_MOST_PAIRS = 8  # the yardstick's own uncertainty is that of at most eight pairs: neighbouring pairs share a run


class Usual(Noun):
    """What is usual for one feature: `factor` times the statistic of chance alone (at least 1), from `pairs` pairs of runs.

    `p` is the probability of a change as large or larger from one run to the next of this pipeline: the larger of two answers, the F
    distribution around the factor (A1.4) and the scatter of the pairs themselves."""

    factor: float
    pairs: int
    p: float


class Ordinary(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Statistic over degrees of freedom of each feature, for each pair of neighbouring runs (earlier id, later id, ratio)."""

    ratios: Mapping[FeaturePath, tuple[tuple[str, str, float], ...]] = {}

    def usual(self, change: FeatureChange, run_id: str) -> Usual | None:
        """How usual `change` is, judged by the pairs that do not hold the run itself; None with fewer than four of them."""
        found = [ratio for before, after, ratio in self.ratios.get(change.path, ()) if run_id not in (before, after)]
        if len(found) < LEAST_PAIRS or change.freedom < 1:
            return None
        freedom = change.freedom
        factor = max(1.0, float(np.median(found)) / (float(stats.chi2.median(freedom)) / freedom))
        ratio = change.statistic / freedom
        level = float(stats.f.sf(ratio / factor, freedom, freedom * min(len(found), _MOST_PAIRS)))
        return Usual(factor=factor, pairs=len(found), p=max(level, _scattered(ratio, found, freedom)))


def _scattered(ratio: float, found: Sequence[float], freedom: int) -> float:
    """P(a ratio as large) when the ratios scatter from pair to pair more than chi-square does: log-normal, robust, with few pairs Student's t.

    Values too coarse for the stored quantiles jump across a decile in some pairs and not in others; one factor cannot tell that."""
    logs = np.log(np.maximum(np.array(found), 0.01))
    middle = float(np.median(logs))
    floor = math.sqrt(float(special.polygamma(1, freedom / 2)))  # standard deviation of the log of a chi-square
    spread = max(1.4826 * float(np.median(np.abs(logs - middle))), floor) * math.sqrt(1 + 1 / len(logs))
    return float(stats.t.sf((math.log(max(ratio, 0.01)) - middle) / spread, min(len(logs), _MOST_PAIRS) - 1))


def learn(
    spans: Sequence[tuple[str, DatasetStats]], effects: Mapping[FeaturePath, float], *, without: Iterable[FeaturePath] = ()
) -> Ordinary:
    """The run-to-run differences of every feature over (run id, statistics) in the order of the runs; `without` features are left out."""
    left_out = frozenset(without)
    ratios: dict[FeaturePath, list[tuple[str, str, float]]] = {}
    for (before, one), (after, other) in itertools.pairwise(spans):
        earlier = {feature.path: feature for feature in one.features}
        for feature in other.features:
            twin = earlier.get(feature.path)
            if twin is None or twin.type != feature.type or feature.path in left_out:
                continue
            change = feature_change(twin, feature, design_effect=effects.get(feature.path, 1.0), sized=False)
            if change is not None and change.freedom:
                ratios.setdefault(feature.path, []).append((before, after, change.statistic / change.freedom))
    return Ordinary(ratios={path: tuple(found) for path, found in ratios.items()})
