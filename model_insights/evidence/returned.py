"""Is a moved feature only back where it was? Then the reference was the odd one, and the move casts no doubt on customers (A6.5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from model_insights.evidence.change import feature_change, missing_change, sized
from model_insights.evidence.data import Calibration, main_split, whole_of
from model_insights.evidence.fact import Evidence
from model_insights.run import Run
from model_insights.stats import DatasetStats, FeatureStats

RECENT = 4  # runs before the reference that are looked at
_MOVES = ("PSI", "missing values")


def returned(run: Run, earlier: Sequence[Run], facts: Collection[Evidence], calibration: Calibration) -> dict[str, str]:
    """Features that moved since the reference (`facts`) and lie as they did in one of the `earlier` runs: name -> that run's period.

    `earlier`: ordinary runs before the reference, newest first. A feature that left a corruption, a promotion or a holiday comes back."""
    statistics = main_split(run)
    current = statistics.whole if statistics else None
    if statistics is None or current is None:
        return {}
    moved = {fact.subject for fact in facts if fact.measure in _MOVES and fact.state in ("watch", "violated")}
    now = {".".join(one.path): one for one in current.features if ".".join(one.path) in moved}
    found: dict[str, str] = {}
    for before in earlier[:RECENT]:
        whole = whole_of(before, statistics.split)
        for name, feature in now.items() if whole is not None else ():
            if name not in found and _is_alike(feature, current, whole, calibration):
                found[name] = before.period.label
    return found


def without_returned(facts: tuple[Evidence, ...], names: Collection[str]) -> tuple[Evidence, ...]:
    """The facts that can still cast doubt."""
    return tuple(fact for fact in facts if not (fact.subject in names and fact.measure in _MOVES))


def _is_alike(feature: FeatureStats, current: DatasetStats, before: DatasetStats | None, calibration: Calibration) -> bool:
    """No change of an effect that matters, in the values or in the share that is missing."""
    old = before.feature(feature.path) if before is not None else None
    if before is None or old is None or old.type != feature.type:
        return False
    missing = missing_change((old, before.num_examples), (feature, current.num_examples))
    if missing is not None and (missing.low > 0.01 or missing.high < -0.01):
        return False
    change = feature_change(old, feature, design_effect=calibration.effects.get(feature.path, 1.0))
    return change is not None and change.p is not None and sized(change).state != "changed"
