"""Reads the messages of one TFDV file, whether it is TFRecord, a bare message or text: seen from its bytes, never from its name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Union

from google.protobuf import text_format
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from model_insights.artifacts.tfrecord import looks_like_tfrecord, records
from model_insights.errors import ArtifactUnreadable
from model_insights.loaded import Damaged

StrPath = Union[str, "os.PathLike[str]"]
_GZIP = b"\x1f\x8b\x08"
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_ENUM_NAMES_FORGIVEN = 100


class Kind(NamedTuple):
    """What a file should hold."""

    message: Any  # the message class
    name: str  # as sentences call it
    is_foreign: Callable[[Any], bool]  # True: some other message that happens to parse
    remedy: str


def messages_in(path: StrPath, kind: Kind) -> tuple[Any, ...]:
    """Every message of the file. Raises ArtifactUnreadable for an empty, truncated, damaged or foreign file."""
    shown = os.fspath(path)
    if looks_like_tfrecord(path):
        found = [_parsed(shown, payload, kind, f"record {number} ") for number, payload in enumerate(records(path), start=1)]
        return tuple(found)
    data = _bytes_of(shown)
    if not data:
        raise ArtifactUnreadable(shown, "the file is empty (0 bytes)", remedy=kind.remedy)
    if data.startswith(_GZIP):
        return tuple(_parsed(shown, payload, kind, "a record ") for payload in records(path))
    if is_text(data):
        return (_from_text(shown, data.decode("utf-8", "backslashreplace"), kind),)
    return (_parsed(shown, data, kind, "it "),)


def text_message(path: StrPath, kind: Kind) -> tuple[Any, str]:
    """The message of a file that is always text, and the text. Raises ArtifactUnreadable."""
    shown = os.fspath(path)
    data = _bytes_of(shown)
    if not data:
        raise ArtifactUnreadable(shown, "the file is empty (0 bytes)", remedy=kind.remedy)
    if not is_text(data):
        raise ArtifactUnreadable(shown, f"it is binary, and a {kind.name} is text", remedy=kind.remedy)
    text = data.decode("utf-8", "backslashreplace")
    return _from_text(shown, text, kind), text


def text_of(value: bytes) -> str:
    """Text of a bytes field; bytes that are no UTF-8 show as \\xNN."""
    return value.decode("utf-8", "backslashreplace")


def is_text(data: bytes) -> bool:
    """True without control characters, which every binary message has among its tags and lengths."""
    return _BINARY.search(data) is None


def damaged(error: ArtifactUnreadable) -> Damaged:
    """The error as a value."""
    return Damaged(path=error.path, what=error.what, remedy=error.remedy, offset=error.offset)


def folders_in(folder: StrPath) -> list[Path]:
    """Sub-folders by name, without hidden ones."""
    return sorted(one for one in Path(folder).iterdir() if one.is_dir() and not one.name.startswith("."))


def files_in(folder: StrPath) -> list[Path]:
    """Files by name, without hidden ones."""
    return sorted(one for one in Path(folder).iterdir() if one.is_file() and not one.name.startswith("."))


def misfits(message: Any) -> bool:
    """True when a field this message knows came with another wire type: a sure sign of another message."""
    known = message.DESCRIPTOR.fields_by_number
    return any(field.field_number in known for field in UnknownFieldSet(message))


def _bytes_of(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        what = f"it cannot be opened ({error.strerror or error})"
        raise ArtifactUnreadable(path, what, remedy="Check that the file is there and readable.") from error


def _parsed(path: str, data: bytes, kind: Kind, subject: str) -> Any:
    try:
        message = kind.message.FromString(data)
    except DecodeError as error:
        raise ArtifactUnreadable(path, f"{subject}is no {kind.name}, or a truncated one", remedy=kind.remedy) from error
    if misfits(message) or kind.is_foreign(message):
        raise ArtifactUnreadable(path, f"{subject}is some other message, no {kind.name}", remedy=kind.remedy)
    return message


def _from_text(path: str, text: str, kind: Kind) -> Any:
    if not text.strip():
        raise ArtifactUnreadable(path, "the file holds only blanks", remedy=kind.remedy)
    message = _parse_text(path, text, kind)
    if not message.ListFields() or kind.is_foreign(message):
        raise ArtifactUnreadable(path, f"it is text, but no {kind.name}", remedy=kind.remedy)
    return message


def _parse_text(path: str, text: str, kind: Kind) -> Any:
    """Fields newer than our list are skipped, and so is an enum name newer than our list: it reads as number 0."""
    for _ in range(_ENUM_NAMES_FORGIVEN):
        try:
            return text_format.Parse(text, kind.message(), allow_unknown_field=True)
        except text_format.ParseError as error:
            forgiven = _without_enum_name(text, error)
            if forgiven is None:
                what = f"its text is no {kind.name} ({_reason(error)})"
                raise ArtifactUnreadable(path, what, remedy=kind.remedy) from error
            text = forgiven
        except RecursionError as error:
            raise ArtifactUnreadable(path, "its text is nested too deeply", remedy=kind.remedy) from error
    raise ArtifactUnreadable(path, f"it has more than {_ENUM_NAMES_FORGIVEN} unknown names", remedy=kind.remedy)


def _without_enum_name(text: str, error: text_format.ParseError) -> str | None:
    """The text with the enum name that the parser stumbled over replaced by 0; None when it was something else."""
    named = re.search(r"has no value named (\w+)", str(error))
    line, column = error.GetLine(), error.GetColumn()
    if named is None or line is None or column is None:
        return None
    lines = text.split("\n")
    row = lines[line - 1]
    start = row.find(named[1], max(0, column - 1))
    if start < 0:
        return None
    lines[line - 1] = row[:start] + "0" + row[start + len(named[1]) :]
    return "\n".join(lines)


def _reason(error: text_format.ParseError) -> str:
    return str(error).rstrip(". ").replace("insights.", "")[:200]
