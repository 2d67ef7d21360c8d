"""Rows that come twice: a key that names its row repeats itself (methods A3)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from model_insights.stats import FeaturePath, FeatureStats

_KEY = 0.8  # distinct values to values, from which on a feature names its rows
_FEWEST = 100  # values
_LEAST = 0.02  # TFDV counts distinct values by a sketch, to about a percent


def repeated_keys(olds: Mapping[FeaturePath, FeatureStats], news: Mapping[FeaturePath, FeatureStats]) -> dict[FeaturePath, float]:
    """Share of the rows that repeat another one's key, by key, where the reference's keys repeated less."""
    found = {}
    for path, new in news.items():
        old = olds.get(path)
        if old is None or old.string is None or new.string is None:
            continue
        n0, n1 = old.common.tot_num_values, new.common.tot_num_values
        if min(n0, n1) < _FEWEST or old.string.unique < _KEY * n0:
            continue
        distinct0, distinct1 = min(old.string.unique / n0, 1.0), min(new.string.unique / n1, 1.0)
        share = 1 - distinct1 / distinct0
        luck = 4 * math.sqrt((1 - distinct0 + 1 / n0) * (1 / n0 + 1 / n1))  # of values that repeat now and then
        if share > _LEAST + 2 * (1 - distinct0) + luck:
            found[path] = share
    return found
