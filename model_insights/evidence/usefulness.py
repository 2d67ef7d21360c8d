"""Which features carry the predictions and which could go: from attributions, else from TFDV's information about the label."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from model_insights.metrics import AttributionKey, Attributions, Scalar
from model_insights.noun import Noun
from model_insights.slices import OVERALL
from model_insights.stats import CustomStatistic, DatasetStats

# Names as their generators write them; a statistic of partitions has its mean, spread and number beside it.
_INFORMATION = (
    "sklearn_normalized_adjusted_mutual_information",
    "sklearn_adjusted_mutual_information",
    "adjusted_mutual_information",
)
_ATTRIBUTIONS = ("mean_absolute_attributions", "total_absolute_attributions", "mean_attributions", "total_attributions")
NEGLIGIBLE = 0.01  # of what the most useful feature has
REMEDY = (
    "Let StatisticsGen compute mutual information with the label (tfdv's MutualInformation generator in its stats options), or let the model "
    "return attributions and add MeanAbsoluteAttributions to the Evaluator's metrics."
)


class FeatureUse(Noun):
    """How useful one feature is, in the measure's own unit; `error` is the standard error where partitions tell it."""

    name: str
    value: float
    error: float | None = None


class Usefulness(Noun):
    """All features by one measure, most useful first."""

    source: Literal["attributions", "statistics"]
    measure: str
    features: tuple[FeatureUse, ...]

    @property
    def total(self) -> float:
        return sum(one.value for one in self.features)

    def of(self, name: str) -> FeatureUse | None:
        return next((one for one in self.features if one.name == name), None)

    def rank(self, name: str) -> int | None:
        """1 for the most useful."""
        return next((i for i, one in enumerate(self.features, start=1) if one.name == name), None)

    def is_negligible(self, one: FeatureUse) -> bool:
        """Next to nothing beside the most useful feature, or no more than the luck of the partitions."""
        most = self.features[0].value
        return one.value <= NEGLIGIBLE * most or (one.error is not None and one.value < 2 * one.error)


def usefulness(whole: DatasetStats | None, attributions: Sequence[Attributions], model: str | None) -> Usefulness | None:
    """The best measure that is stored: attributions of the model (what it uses), else information about the label (what it could use)."""
    return _from_attributions(attributions, model) or (_from_statistics(whole) if whole is not None else None)


def _from_attributions(attributions: Sequence[Attributions], model: str | None) -> Usefulness | None:
    whole = [one for one in attributions if one.slice == OVERALL and not one.key.is_diff and one.key.sub_key is None]
    kept = [one for one in whole if one.key.model_name in (model, "") and one.key.name in _ATTRIBUTIONS]
    best = min(kept, key=lambda one: _preference(one.key, model), default=None)
    if best is None:
        return None
    values = [FeatureUse(name=name, value=abs(v.value)) for name, v in best.values if isinstance(v, Scalar) and v.value is not None]
    return Usefulness(source="attributions", measure=best.key.name.replace("_", " "), features=_sorted(values)) if values else None


def _preference(key: AttributionKey, model: str | None) -> tuple[int, bool]:
    return _ATTRIBUTIONS.index(key.name), key.model_name != model


def _from_statistics(whole: DatasetStats) -> Usefulness | None:
    for name in _INFORMATION:
        found = [use for feature in whole.features if (use := _information(feature.name, feature.custom, name)) is not None]
        if found:
            return Usefulness(source="statistics", measure=name.removeprefix("sklearn_").replace("_", " "), features=_sorted(found))
    return None


def _information(feature: str, custom: Iterable[CustomStatistic], name: str) -> FeatureUse | None:
    numbers = {one.name: one.number for one in custom if one.number is not None}
    value = numbers.get(f"mean_{name}", numbers.get(name))
    if value is None:
        return None
    spread, partitions = numbers.get(f"std_dev_{name}"), numbers.get(f"num_partitions_{name}")
    error = spread / math.sqrt(partitions) if spread is not None and partitions and partitions > 1 else None
    return FeatureUse(name=feature, value=max(value, 0.0), error=error)


def _sorted(found: Iterable[FeatureUse]) -> tuple[FeatureUse, ...]:
    return tuple(sorted(found, key=lambda one: (-one.value, one.name)))
