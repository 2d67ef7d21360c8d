"""Reads the artifacts of one run from where they lie, and says for each what is missing and why."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from model_insights.artifacts.cache import Cache
from model_insights.artifacts.mlmd_values import whole_number
from model_insights.artifacts.rewriting import Located
from model_insights.artifacts.tfdv_anomalies import read_anomalies
from model_insights.artifacts.tfdv_schema import read_schema
from model_insights.artifacts.tfdv_statistics import read_all_statistics, read_statistics
from model_insights.artifacts.tfma import read_evaluation
from model_insights.artifacts.tfma_validation import read_validation
from model_insights.lineage import PropertyValue
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import Evaluation, Validation
from model_insights.run import Blessing, Push
from model_insights.stats import Anomalies, Schema, Statistics

BLESSED, NOT_BLESSED = "BLESSED", "NOT_BLESSED"
_FIND = "Point --logdir at a folder that also holds the pipeline root, or map it under [insights.rewrite]."


def never_made(what: str, type_: str, node: str) -> Absent:
    """The run has no artifact of the type."""
    remedy = f"Add {node} to the pipeline, or wait until it has run."
    return Absent(what=what, reason=f"the run has no {type_} artifact", remedy=remedy)


def nowhere(what: str, where: Located) -> Absent:
    """The artifact is recorded, its files are not to be had."""
    return Absent(what=what, reason=where.reason or "its folder is not there", remedy=_FIND)


def evaluation_at(where: Located, *, cache: Cache | None = None) -> Loaded[Evaluation] | Absent | Damaged:
    return read_evaluation(Path(where.path), cache=cache) if where.path else nowhere("evaluation", where)


def validation_at(where: Located) -> Loaded[Validation] | Absent | Damaged:
    return read_validation(Path(where.path)) if where.path else nowhere("validation", where)


def schema_at(where: Located) -> Loaded[Schema] | Absent | Damaged:
    return read_schema(where.path) if where.path else nowhere("schema", where)


def statistics_at(where: Located, *, split: str = "") -> tuple[Loaded[Statistics] | Absent | Damaged, ...]:
    """Every split of an artifact's folder; of a lone file, its one split under the name given."""
    if not where.path:
        return (nowhere("statistics", where),)
    return (read_statistics(where.path, split=split),) if os.path.isfile(where.path) else read_all_statistics(where.path)


def anomalies_at(where: Located, *, is_pair: bool = False) -> tuple[Loaded[Anomalies] | Absent | Damaged, ...]:
    """Every split or pair. `is_pair`: a DistributionValidator made them, whatever their folders are called."""
    if not where.path:
        return (nowhere("anomalies", where),)
    found = read_anomalies(where.path)
    return tuple(_as_pair(one) for one in found) if is_pair else found


def _as_pair(outcome: Loaded[Anomalies] | Absent | Damaged) -> Loaded[Anomalies] | Absent | Damaged:
    if not isinstance(outcome, Loaded) or outcome.value.is_pair:
        return outcome
    return Loaded(value=msgspec.structs.replace(outcome.value, is_pair=True), path=outcome.path)


def blessing_at(
    where: Located, properties: Mapping[str, PropertyValue], *, finished: bool = False
) -> tuple[Loaded[Blessing] | Absent | Damaged, tuple[Absent | Damaged, ...]]:
    """The blessing, by its property, else by its marker file; and a problem where the two disagree.

    Neither: the Evaluator had no thresholds, if it ended (`finished`) or left the folder; else nobody knows."""
    recorded, marker = whole_number(properties.get("blessed")), _marker(where.path)
    if recorded is None and marker is None and not (where.path or finished):
        return nowhere("blessing", where), ()
    said = bool(recorded) if recorded is not None else marker
    blessing = Blessing(
        state="not_validated" if said is None else "blessed" if said else "not_blessed",
        current_model=_text(properties.get("current_model")),
        baseline_model=_text(properties.get("baseline_model")),
    )
    return Loaded(value=blessing, path=where.path), _disagreement(where.path, recorded, marker)


def _disagreement(path: str, recorded: int | None, marker: bool | None) -> tuple[Damaged, ...]:
    if recorded is None or marker is None or bool(recorded) == marker:
        return ()
    what = f"its marker file says {BLESSED if marker else NOT_BLESSED}, ML Metadata blessed = {recorded}; the latter is taken, as TFX does"
    return (Damaged(path=path, what=what, remedy="Run the Evaluator again."),)


def _marker(path: str) -> bool | None:
    if not path:
        return None
    if os.path.exists(os.path.join(path, BLESSED)):
        return True
    return False if os.path.exists(os.path.join(path, NOT_BLESSED)) else None


def push_at(where: Located, properties: Mapping[str, PropertyValue]) -> Loaded[Push] | Absent | Damaged:
    """Whether the model was pushed. The artifact alone says nothing: Pusher makes one every time. Without the property, a folder with
    something in it was pushed and an empty one was not."""
    recorded = whole_number(properties.get("pushed"))
    if recorded is None and not where.path:
        return nowhere("push", where)
    return Loaded(
        value=Push(
            pushed=bool(recorded) if recorded is not None else _holds_anything(where.path),
            destination=_text(properties.get("pushed_destination")),
            version=_text(properties.get("pushed_version")),
        ),
        path=where.path,
    )


def _holds_anything(path: str) -> bool:
    try:
        with os.scandir(path) as entries:
            return any(not entry.name.startswith(".") for entry in entries)
    except OSError:
        return False


def _text(value: PropertyValue | None) -> str:
    return "" if value is None else str(value)
