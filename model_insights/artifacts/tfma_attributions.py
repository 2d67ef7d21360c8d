"""Reads feature attributions per slice."""

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
from model_insights.metrics import AttributionKey, Attributions


def read_attributions(folder: Path) -> Loaded[tuple[Attributions, ...]] | Absent | Damaged:
    """Attributions of every slice, in the file's order. Source: AttributionsForSlice in metrics_for_slice.proto.

    Absent also when every record is empty: TFMA writes one for each slice whether it computed attributions or not."""
    try:
        files = tfma_files.checked_files_of(folder, "attributions")
        found = tuple(each for payload in tfma_files.payloads(files) for each in _attributions(payload))
    except ArtifactUnreadable as error:
        return tfma_files.damaged(error)
    if not found:
        reason = f"the attributions files in {folder} hold none" if files else f"{folder} has no attributions file"
        return Absent(what="feature attributions", reason=reason, remedy="Give the evaluation predictions that carry attributions.")
    return Loaded(value=found, path=str(folder))


def _attributions(payload: Payload) -> Iterator[Attributions]:
    try:
        message = MESSAGES["AttributionsForSlice"].FromString(payload.wire)
        if payload.wire and not message.ListFields():
            raise tfma_files.foreign(payload, "it holds no field of an AttributionsForSlice")
        where = tfma_values.slice_of(message)
        for entry in message.attributions_keys_and_values:
            values = tuple((pair.key, tfma_values.metric_value(pair.value)[0]) for pair in entry.values)
            yield Attributions(slice=where, key=_key(entry.key), values=values)
    except DecodeError as error:
        raise tfma_files.foreign(payload, "it is no AttributionsForSlice message") from error
    except tfma_values.ForeignMessage as error:
        raise tfma_files.foreign(payload, str(error)) from error


def _key(wire: Any) -> AttributionKey:
    return AttributionKey(
        name=tfma_values.checked_name(wire.name),
        model_name=wire.model_name,
        output_name=wire.output_name,
        sub_key=tfma_values.sub_key_of(wire),
        is_diff=wire.is_diff,
    )
