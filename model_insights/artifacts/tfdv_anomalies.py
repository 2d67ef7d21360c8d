"""Reads TFDV anomalies and the drift and skew it measured, for each split or pair of splits of an ExampleAnomalies artifact.

Source: tensorflow_metadata/proto/v0/anomalies.proto; layout: tfx/components/{example_validator,distribution_validator,transform}.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from google.protobuf.unknown_fields import UnknownFieldSet

from model_insights.artifacts.tfdv_files import Kind, StrPath, damaged, messages_in, misfits, text_of
from model_insights.artifacts.tfdv_messages import ANOMALIES, ANOMALY_TYPES
from model_insights.artifacts.tfdv_sniff import anomalies_file, anomalies_splits
from model_insights.errors import ArtifactUnreadable
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.stats import Anomalies, Anomaly, AnomalyReason, Drift, FeaturePath

PAIR_PREFIX = "SplitPair-"
_REMEDY = "Run ExampleValidator (or DistributionValidator) again, or restore the file."
_NAMES = {number: name for name, number in ANOMALY_TYPES.items()}
_SEVERITIES: tuple[Literal["UNKNOWN", "WARNING", "ERROR"], ...] = ("UNKNOWN", "WARNING", "ERROR")
_MEASURES: tuple[Literal["UNKNOWN", "L_INFTY", "JENSEN_SHANNON_DIVERGENCE", "NORMALIZED_ABSOLUTE_DIFFERENCE"], ...] = (
    "UNKNOWN",
    "L_INFTY",
    "JENSEN_SHANNON_DIVERGENCE",
    "NORMALIZED_ABSOLUTE_DIFFERENCE",
)
# Field numbers that a Schema and its features do not use, but statistics and TFMA's messages do.
_NOT_IN_A_SCHEMA, _NOT_IN_A_FEATURE = {2, 3, 7}, {3, 4}


def read_anomalies(source: StrPath) -> tuple[Loaded[Anomalies] | Absent | Damaged, ...]:
    """One outcome for each split or pair of an ExampleAnomalies artifact (or for one file). Never empty: one Absent where nothing is."""
    place = Path(source)
    if place.is_file():
        return (_read(place, ""),)
    if not place.is_dir():
        return (_absent("", "its folder is not there"),)
    found = tuple(_of_split(name, folder) for name, folder in anomalies_splits(place))
    return found or (_absent("", "the artifact holds no split. DistributionValidator leaves it empty without earlier statistics"),)


def _of_split(name: str, folder: Path) -> Loaded[Anomalies] | Absent | Damaged:
    file = anomalies_file(folder)
    if file is not None:
        return _read(file, name, is_pair=folder.name.startswith(PAIR_PREFIX))
    if folder.name.startswith(PAIR_PREFIX):
        return _absent(name, "DistributionValidator wrote none, as it does when there are no earlier statistics to compare with")
    return _absent(name, "its folder holds no SchemaDiff.pb")


def _absent(split: str, reason: str) -> Absent:
    what = f"anomalies of split {split}" if split else "anomalies"
    return Absent(what=what, reason=reason, remedy="Add ExampleValidator to the pipeline, or wait until it has written.")


def _read(file: Path, split: str, *, is_pair: bool = False) -> Loaded[Anomalies] | Damaged:
    try:
        messages = messages_in(file, _KIND)
    except ArtifactUnreadable as error:
        return damaged(error)
    if len(messages) != 1:
        return Damaged(path=str(file), what=f"it holds {len(messages)} messages instead of one", remedy=_REMEDY)
    return Loaded(value=_anomalies(messages[0], split, is_pair), path=str(file))


def _is_foreign(message: Any) -> bool:
    """Statistics, TFMA's messages and tf.Example parse too, but leave a schema that is none or anomalies that say nothing."""
    infos = [*(entry.value for entry in message.anomaly_info), message.dataset_anomaly_info]
    if any(not entry.value.ListFields() for entry in message.anomaly_info) or any(misfits(info) for info in infos):
        return True
    known = message.anomaly_info or message.drift_skew_info or message.data_missing or message.HasField("dataset_anomaly_info")
    hollow = not known and not message.baseline.feature
    return _is_no_schema(message.baseline) or not message.ListFields() or (hollow and len(UnknownFieldSet(message)) > 0)


def _is_no_schema(baseline: Any) -> bool:
    strange = bool(_numbers_of(baseline) & _NOT_IN_A_SCHEMA) or misfits(baseline)
    return strange or any(misfits(one) or _numbers_of(one) & _NOT_IN_A_FEATURE for one in baseline.feature)


def _numbers_of(message: Any) -> set[int]:
    return {field.field_number for field in UnknownFieldSet(message)}


_KIND = Kind(ANOMALIES["Anomalies"], "Anomalies (TFDV validation result)", _is_foreign, _REMEDY)


def _anomalies(message: Any, split: str, is_pair: bool) -> Anomalies:
    infos = [_anomaly(entry.value, _path(entry.value.path) or _path_of_key(entry.key)) for entry in message.anomaly_info]
    whole = [_anomaly(message.dataset_anomaly_info, ())] if message.HasField("dataset_anomaly_info") else []
    return Anomalies(
        split=split,
        is_pair=is_pair,
        anomalies=(*whole, *sorted(infos, key=lambda one: one.path)),
        drift=tuple(one for info in message.drift_skew_info for one in _drift(info)),
        data_missing=message.data_missing,
    )


def _anomaly(info: Any, path: FeaturePath) -> Anomaly:
    return Anomaly(
        path=path,
        severity=_SEVERITIES[info.severity] if info.severity < len(_SEVERITIES) else "UNKNOWN",
        short_description=text_of(info.short_description),
        description=text_of(info.description),
        reasons=tuple(_reason(one) for one in info.reason),
    )


def _reason(reason: Any) -> AnomalyReason:
    return AnomalyReason(
        type=_NAMES.get(reason.type, f"TYPE_{reason.type}"),
        short_description=text_of(reason.short_description),
        description=text_of(reason.description),
    )


def _drift(info: Any) -> Iterator[Drift]:
    path = _path(info.path)
    yield from _measured(path, "drift", info.drift_measurements)
    yield from _measured(path, "skew", info.skew_measurements)


def _measured(path: FeaturePath, kind: Literal["drift", "skew"], measurements: Iterable[Any]) -> Iterator[Drift]:
    for one in measurements:
        yield Drift(
            path=path,
            kind=kind,
            measure=_MEASURES[one.type] if one.type < len(_MEASURES) else "UNKNOWN",
            value=_set(one, "value"),
            threshold=_set(one, "threshold"),
        )


def _set(message: Any, field: str) -> float | None:
    value: float = getattr(message, field)
    return value if message.HasField(field) and math.isfinite(value) else None


def _path(path: Any) -> FeaturePath:
    return tuple(text_of(step) for step in path.step)


def _path_of_key(key: bytes) -> FeaturePath:
    """The key is for display: a name with dots may stand in single quotes, doubled inside. Never split on dots."""
    text = text_of(key)
    quoted = re.fullmatch(r"'((?:[^']|'')*)'", text)
    return (quoted[1].replace("''", "'"),) if quoted else (text,)
