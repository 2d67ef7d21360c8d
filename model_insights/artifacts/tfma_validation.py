"""Reads validations.tfrecord: whether the evaluation passed its thresholds, and where it did not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from model_insights.artifacts import tfma_files, tfma_values
from model_insights.artifacts.tfma_files import Payload
from model_insights.artifacts.tfma_messages import MESSAGES
from model_insights.errors import ArtifactUnreadable
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import Threshold, Validation, ValidationFailure
from model_insights.slices import AnySlice, CrossSliceKey, SliceKey

ANY_VALUE = "*"
_DIRECTIONS = ("UNKNOWN", "LOWER_IS_BETTER", "HIGHER_IS_BETTER")


def read_validation(folder: Path) -> Loaded[Validation] | Absent | Damaged:
    """The ValidationResult of an evaluation. Absent when the evaluation had no thresholds to pass.

    Slices that TFMA missed are specs, not slices: a column without a value stands as `"*"`. Source: validation_result.proto."""
    try:
        files = tfma_files.checked_files_of(folder, "validations")
        if not files:
            return _absent(folder)
        return Loaded(value=_validation(_only(files)), path=str(files[0]))
    except ArtifactUnreadable as error:
        return tfma_files.damaged(error)


def _absent(folder: Path) -> Absent:
    if not folder.is_dir():
        return Absent(what="validation", reason=f"the folder {folder} does not exist", remedy="Restore it, or run the Evaluator again.")
    return Absent(
        what="validation",
        reason=f"{folder} has no validations file",
        remedy="Give a metric a threshold in the metrics_specs of the evaluation.",
    )


def _only(files: tuple[Path, ...]) -> Payload:
    found = tuple(tfma_files.payloads(files))
    if len(found) != 1:
        raise ArtifactUnreadable(str(files[0]), f"it holds {len(found)} results where TFMA writes one", remedy=tfma_files.REMEDY)
    return found[0]


def _validation(payload: Payload) -> Validation:
    try:
        message = MESSAGES["ValidationResult"].FromString(payload.wire)
        if payload.wire and not message.ListFields():
            raise tfma_files.foreign(payload, "it holds no field of a ValidationResult")
        return Validation(
            ok=message.validation_ok,
            failures=tuple(failure for part in message.metric_validations_per_slice for failure in _failures(part)),
            missing_slices=(*map(_spec, message.missing_slices), *(key for spec in message.missing_cross_slices for key in _cross(spec))),
            missing_thresholds=message.missing_thresholds,
            rubber_stamp=message.rubber_stamp,
        )
    except DecodeError as error:
        raise tfma_files.foreign(payload, "it is no ValidationResult message") from error
    except tfma_values.ForeignMessage as error:
        raise tfma_files.foreign(payload, str(error)) from error


def _failures(message: Any) -> Iterator[ValidationFailure]:
    where: AnySlice = tfma_values.slice_of(message)
    for failure in message.failures:
        yield ValidationFailure(
            slice=where,
            key=tfma_values.metric_key_of(failure.metric_key),
            threshold=_threshold(failure.metric_threshold),
            value=tfma_values.metric_value(failure.metric_value)[0] if failure.HasField("metric_value") else None,
            message=failure.message,
        )


def _threshold(message: Any) -> Threshold:
    value, change = message.value_threshold, message.change_threshold
    return Threshold(
        lower=tfma_values.wrapped(value, "lower_bound"),
        upper=tfma_values.wrapped(value, "upper_bound"),
        absolute_change=tfma_values.wrapped(change, "absolute"),
        relative_change=tfma_values.wrapped(change, "relative"),
        direction=tfma_values.named(_DIRECTIONS, change.direction),
    )


def _spec(message: Any) -> SliceKey:
    """A SlicingSpec: columns held to a value, then columns of which any value would do."""
    held = tuple((column, message.feature_values[column]) for column in sorted(message.feature_values))
    return SliceKey(items=(*held, *((column, ANY_VALUE) for column in message.feature_keys)))


def _cross(message: Any) -> Iterator[CrossSliceKey]:
    for comparison in message.slicing_specs:
        yield CrossSliceKey(baseline=_spec(message.baseline_spec), comparison=_spec(comparison))
