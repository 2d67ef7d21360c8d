"""Builds protobuf message classes from short descriptions, in a private descriptor pool.

Field numbers are facts of the public formats; we describe only the fields we read, and protobuf keeps or skips the rest.
A private pool, because registering tfma's or tfdv's file names in the default pool would break those packages in the same
process. No protoc, and no generated code, so protobuf 4 to 7 all work.

A description maps message names to fields, one per line: `number name type`, where type is a protobuf scalar, the name of
another message (or enum) of the same description, `repeated X`, `map<K,V>`, or `oneof:group X`. Enums are `{"NAME": number}`
dictionaries. Nested names are written flat (`Histogram.Bucket`): nesting has no meaning on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_F = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "double": _F.TYPE_DOUBLE, "float": _F.TYPE_FLOAT, "int64": _F.TYPE_INT64, "uint64": _F.TYPE_UINT64, "int32": _F.TYPE_INT32,
    "fixed64": _F.TYPE_FIXED64, "fixed32": _F.TYPE_FIXED32, "bool": _F.TYPE_BOOL, "string": _F.TYPE_STRING, "bytes": _F.TYPE_BYTES,
    "uint32": _F.TYPE_UINT32, "sint32": _F.TYPE_SINT32, "sint64": _F.TYPE_SINT64,
}  # fmt: skip
_POOL = descriptor_pool.DescriptorPool()


def declare(package: str, description: Mapping[str, str | Mapping[str, int]], *, syntax: str = "proto3") -> dict[str, Any]:
    """Message classes by name. `package` must be unique in our pool.

    With "proto3" scalars have no presence, enums keep unknown numbers and `string` must be UTF-8 (declare `bytes` where the file
    may hold anything). With "proto2" every singular field has presence (`HasField`) and unknown enum numbers are set aside."""
    file = descriptor_pb2.FileDescriptorProto(name=f"insights/{package}.proto", package=f"insights.{package}", syntax=syntax)
    enums = {name for name, body in description.items() if not isinstance(body, str)}
    for name, body in description.items():
        if isinstance(body, str):
            _message(file, package, name, body, enums)
        else:
            # In a holder of its own: enum values are scoped to what surrounds the enum, and text files use the bare names.
            enum = file.message_type.add(name=f"{_flat(name)}Enum").enum_type.add(name=_flat(name))
            for value, number in sorted(body.items(), key=lambda pair: pair[1]):
                enum.value.add(name=value, number=number)
    _POOL.AddSerializedFile(file.SerializeToString())
    found = _POOL.FindFileByName(file.name).message_types_by_name
    return {name: message_factory.GetMessageClass(found[_flat(name)]) for name in description if name not in enums}


def _flat(name: str) -> str:
    return name.replace(".", "_")


def _message(file: Any, package: str, name: str, body: str, enums: set[str]) -> None:
    message = file.message_type.add(name=_flat(name))
    groups: dict[str, int] = {}
    for line in filter(None, (part.strip() for part in re.split(r"[\n;]", body))):
        number, field_name, type_text = line.split(None, 2)
        field = message.field.add(name=field_name, number=int(number), label=_F.LABEL_OPTIONAL)
        if type_text.startswith("oneof:"):
            group, type_text = type_text.removeprefix("oneof:").split(None, 1)
            if group not in groups:
                groups[group] = len(message.oneof_decl)
                message.oneof_decl.add(name=group)
            field.oneof_index = groups[group]
        if type_text.startswith("repeated "):
            field.label, type_text = _F.LABEL_REPEATED, type_text.removeprefix("repeated ")
        if pair := re.fullmatch(r"map<(\w+),\s*([\w.]+)>", type_text):
            _map_entry(message, package, field, pair[1], pair[2], enums)
        else:
            _type(field, package, type_text, enums)


def _type(field: Any, package: str, text: str, enums: set[str]) -> None:
    if text in _SCALARS:
        field.type = _SCALARS[text]
        return
    if text in enums:
        field.type, field.type_name = _F.TYPE_ENUM, f".insights.{package}.{_flat(text)}Enum.{_flat(text)}"
    else:
        field.type, field.type_name = _F.TYPE_MESSAGE, f".insights.{package}.{_flat(text)}"


def _map_entry(message: Any, package: str, field: Any, key: str, value: str, enums: set[str]) -> None:
    entry_name = "".join(part.capitalize() for part in field.name.split("_")) + "Entry"
    entry = message.nested_type.add(name=entry_name)
    entry.options.map_entry = True
    _type(entry.field.add(name="key", number=1, label=_F.LABEL_OPTIONAL), package, key, enums)
    _type(entry.field.add(name="value", number=2, label=_F.LABEL_OPTIONAL), package, value, enums)
    field.label, field.type = _F.LABEL_REPEATED, _F.TYPE_MESSAGE
    field.type_name = f".insights.{package}.{message.name}.{entry_name}"
