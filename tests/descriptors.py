"""Compares our message descriptions with the real ones, field by field."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor

_TEXT = {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}
_NUMBERS = {FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_ENUM}


def differences(ours: Any, real: Any, *, opaque: frozenset[str] = frozenset()) -> list[str]:
    """What our message says otherwise than the real one, with everything below it. A message may stand as bytes (unparsed), an enum as
    its number; the messages named in `opaque` are declared only in part on purpose and not entered."""
    found: list[str] = []
    seen: set[tuple[str, str]] = set()

    def enter(our: Any, other: Any) -> None:
        if (our.full_name, other.full_name) in seen or our.name in opaque:
            return
        seen.add((our.full_name, other.full_name))
        for field in our.fields:
            match = other.fields_by_number.get(field.number)
            if match is None or match.name != field.name:
                found.append(f"{other.full_name} has no field {field.number} {field.name}")
            elif not _same(field, match):
                found.append(f"{other.full_name}.{field.name} is of another type")
            elif field.message_type and match.message_type:
                enter(field.message_type, match.message_type)

    enter(ours.DESCRIPTOR, real.DESCRIPTOR)
    return found


def _same(ours: Any, real: Any) -> bool:
    if _repeated(ours) != _repeated(real):
        return False
    unparsed = ours.type == FieldDescriptor.TYPE_BYTES and real.type == FieldDescriptor.TYPE_MESSAGE
    number = {ours.type, real.type} <= _NUMBERS
    return ours.type == real.type or {ours.type, real.type} <= _TEXT or unparsed or number


def _repeated(field: Any) -> bool:
    return bool(field.is_repeated) if hasattr(field, "is_repeated") else field.label == FieldDescriptor.LABEL_REPEATED
