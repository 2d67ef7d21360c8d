"""Decodes the values of ML Metadata properties, which one row stores in one of six columns.

Source: ml_metadata/util/struct_utils.cc (struct text), metadata_source_query_config.cc (columns), tfx/types/artifact.py (JSON in structs).
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any

from google.protobuf import any_pb2, struct_pb2
from google.protobuf.message import DecodeError

from model_insights.lineage import ArtifactState, ExecutionState, PropertyValue

STRUCT_PREFIX = "mlmd-struct::"
_JSON_WRAPPER = "__value__"  # TFX wraps what is not an object, because a struct must be one
_EXACT = 2.0**53

# TFX before 0.22 kept the states as words in properties; the right-hand side is ML Metadata's own word.
ARTIFACT_WORDS: dict[str, ArtifactState] = {
    "pending": "PENDING", "published": "LIVE", "missing": "DELETED", "marked_for_deletion": "MARKED_FOR_DELETION", "deleted": "DELETED",
}  # fmt: skip
EXECUTION_WORDS: dict[str, ExecutionState] = {
    "new": "NEW", "running": "RUNNING", "complete": "COMPLETE", "cached": "CACHED", "failed": "FAILED", "canceled": "CANCELED",
}  # fmt: skip


def decode_value(
    integer: int | None,
    number: float | None,
    text: str | None,
    raw: bytes | None = None,
    proto: str | bytes | None = None,
    truth: int | None = None,
) -> PropertyValue:
    """The value of one property row, given its columns (int, double, string, byte, proto, bool). None when all are empty."""
    if text is not None:
        return decode_struct(text) if text.startswith(STRUCT_PREFIX) else text
    if integer is not None:
        return integer
    if number is not None:
        return number if math.isfinite(number) else str(number)
    if truth is not None:
        return bool(truth)
    if proto is not None:
        return decode_any(proto)
    return None if raw is None else bytes(raw).decode("utf-8", "backslashreplace")


def decode_struct(text: str) -> PropertyValue:
    """JSON value of `mlmd-struct::<base64 of google.protobuf.Struct>`, out of TFX's wrapper; the text itself when it is damaged."""
    try:
        struct = struct_pb2.Struct.FromString(base64.b64decode(text.removeprefix(STRUCT_PREFIX), validate=True))
    except (binascii.Error, DecodeError, ValueError):
        return text
    fields = {key: _plain(value) for key, value in struct.fields.items()}
    if set(fields) != {_JSON_WRAPPER}:
        return fields
    inner = fields[_JSON_WRAPPER]
    return json_or_text(inner) if isinstance(inner, str) else inner


def decode_any(encoded: str | bytes) -> PropertyValue:
    """`{"@type": url, "value": base64}` of a google.protobuf.Any, stored as base64 text; the text itself when it is damaged."""
    text = encoded if isinstance(encoded, str) else encoded.decode("utf-8", "backslashreplace")
    try:
        message = any_pb2.Any.FromString(base64.b64decode(text, validate=True))
    except (binascii.Error, DecodeError, ValueError):
        return text
    return {"@type": message.type_url, "value": base64.b64encode(message.value).decode("ascii")}


def json_or_text(text: str) -> Any:
    """The object or list a text spells in JSON, else the text."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def whole_number(value: PropertyValue) -> int | None:
    """An integer from an int, an integral double (Vertex AI), a bool or a digit string (TFX before 0.22)."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if math.isfinite(number) and number == int(number) else None


def _plain(value: struct_pb2.Value) -> PropertyValue:
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        number = value.number_value
        if not math.isfinite(number):
            return str(number)
        return int(number) if number == int(number) and abs(number) <= _EXACT else number
    if kind == "struct_value":
        return {key: _plain(one) for key, one in value.struct_value.fields.items()}
    if kind == "list_value":
        return [_plain(one) for one in value.list_value.values]
    return None if kind in (None, "null_value") else getattr(value, kind)
