"""Is a change unusual for this pipeline? Run-to-run differences of the history as the yardstick (methods A1.4).

A sample-size test asks whether a change is real; in a living business nearly every change is. The history tells how much a feature
moves between neighbouring runs when nothing is wrong.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np
from scipy import special, stats

from model_insights.evidence.change import missing_change, surprise_of, tested
from model_insights.noun import Noun
from model_insights.stats import DatasetStats, FeaturePath, FeatureStats

Measure = Literal["distribution", "missing"]
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
    """The spans of a history, to be asked how much a feature usually moves between neighbouring runs.

    Asked features only are compared, and once: of thousands of features few change beyond chance."""

    spans: tuple[tuple[str, int, Mapping[FeaturePath, FeatureStats]], ...] = ()  # (run id, examples, features), in the order of the runs
    effects: Mapping[FeaturePath, float] = {}
    known: dict[tuple[FeaturePath, Measure], tuple[tuple[str, str, float], ...]] = {}

    def ratios(self, path: FeaturePath, measure: Measure = "distribution") -> tuple[tuple[str, str, float], ...]:
        """(earlier run, later run, statistic over degrees of freedom) of each pair of neighbouring runs that both have the feature."""
        if (path, measure) not in self.known:
            ask = self._ratio if measure == "distribution" else _missing_ratio
            pairs = [
                (before, after, ask((one[path], n0), (other[path], n1)))
                for (before, n0, one), (after, n1, other) in itertools.pairwise(self.spans)
                if path in one and path in other
            ]
            self.known[path, measure] = tuple((before, after, ratio) for before, after, ratio in pairs if ratio is not None)
        return self.known[path, measure]

    def _ratio(self, one: tuple[FeatureStats, int], other: tuple[FeatureStats, int]) -> float | None:
        if one[0].type != other[0].type:
            return None
        found = tested(one[0], other[0], self.effects.get(one[0].path, 1.0))
        return found.surprise / found.freedom if found is not None else None

    def usual(self, path: FeaturePath, p: float, freedom: int, run_id: str, measure: Measure = "distribution") -> Usual | None:
        """How usual a change with this p is, judged by the pairs that do not hold the run itself; None with fewer than four of them."""
        found = [ratio for before, after, ratio in self.ratios(path, measure) if run_id not in (before, after)]
        if len(found) < LEAST_PAIRS or freedom < 1:
            return None
        factor = max(1.0, float(np.median(found)) * freedom / float(special.chdtri(freedom, 0.5)))
        ratio = surprise_of(p, freedom) / freedom
        level = float(special.fdtrc(freedom, freedom * min(len(found), _MOST_PAIRS), ratio / factor))
        return Usual(factor=factor, pairs=len(found), p=max(level, _scattered(ratio, found, freedom)))


def _missing_ratio(one: tuple[FeatureStats, int], other: tuple[FeatureStats, int]) -> float | None:
    found = missing_change(one, other)
    return surprise_of(found.p, 1) if found is not None and found.p is not None else None


def _scattered(ratio: float, found: Sequence[float], freedom: int) -> float:
    """P(a ratio as large) when the ratios scatter from pair to pair more than chi-square does: log-normal, robust, with few pairs Student's t.

    Values too coarse for the stored quantiles jump across a decile in some pairs and not in others; one factor cannot tell that."""
    logs = np.log(np.maximum(np.array(found), 0.01))
    middle = float(np.median(logs))
    floor = math.sqrt(float(special.polygamma(1, freedom / 2)))  # standard deviation of the log of a chi-square
    spread = max(1.4826 * float(np.median(np.abs(logs - middle))), floor) * math.sqrt(1 + 1 / len(logs))
    return float(stats.t.sf((math.log(max(ratio, 0.01)) - middle) / spread, min(len(logs), _MOST_PAIRS) - 1))


def learn(spans: Sequence[tuple[str, DatasetStats]], effects: Mapping[FeaturePath, float]) -> Ordinary:
    """The history of (run id, statistics) in the order of the runs, ready to be asked."""
    named = tuple((run_id, whole.num_examples, {one.path: one for one in whole.features}) for run_id, whole in spans)
    return Ordinary(spans=named, effects=effects)
