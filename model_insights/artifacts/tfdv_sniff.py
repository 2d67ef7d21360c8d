"""Tells TFDV artifacts from other files, cheaply and by content, and finds the files of each split.

A file is judged by its first 64 KiB, so that asking about a folder of large TFMA plots or examples costs almost nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from model_insights.artifacts.tfdv_files import StrPath, files_in, folders_in, is_text
from model_insights.artifacts.tfrecord import heads, looks_like_tfrecord
from model_insights.errors import ArtifactUnreadable

Split = tuple[str, Path]  # its name ("" where the artifact has no splits) and its folder

_HEAD_BYTES = 1 << 16
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_DATASET = {1: _LENGTH, 2: _VARINT, 3: _LENGTH, 4: _FIXED64, 5: _LENGTH}
_FEATURE = {1: _LENGTH, 2: _VARINT, 3: _LENGTH, 4: _LENGTH, 5: _LENGTH, 6: _LENGTH, 7: _LENGTH, 8: _LENGTH, 10: _LENGTH}


def _text_with(messages: str, scalars: str = "") -> re.Pattern[bytes]:
    """Text, after blanks and comments, whose first field is one of these."""
    first = rf"(?:{messages})\s*:?\s*[{{<]" + (rf"|(?:{scalars})\s*:" if scalars else "")
    return re.compile(rf"(?:\s|#[^\n]*\n)*(?:{first})".encode())


_STATISTICS_TEXT = _text_with("datasets")
_SCHEMA_TEXT = _text_with(
    "feature|sparse_feature|weighted_feature|string_domain|float_domain|int_domain|annotation|dataset_constraints|tensor_representation_group",
    "default_environment|represent_variable_length_as_ragged",
)
_ANOMALIES_TEXT = _text_with("baseline|baseline_v1|anomaly_info|dataset_anomaly_info|drift_skew_info", "anomaly_name_format|data_missing")
_STATISTICS_NAMES = re.compile(r"FeatureStats(?:\.pb|.*-\d+-of-\d+.*)|stats_tfrecord")
_SHARD = re.compile(r"-\d+-of-\d+")
_ANOMALIES_NAMES = ("SchemaDiff.pb", "anomalies.pbtxt")


def is_statistics_file(path: StrPath) -> bool:
    """True for a DatasetFeatureStatisticsList as TFRecord, bare message or text. An unreadable or empty file: False."""
    data = _head(path)
    return bool(_STATISTICS_TEXT.match(data)) if is_text(data) else _begins_as_statistics(data)


def is_schema_file(path: StrPath) -> bool:
    """True for a Schema as text (TFDV writes no other form)."""
    data = _head(path)
    return is_text(data) and _SCHEMA_TEXT.match(data) is not None


def is_anomalies_file(path: StrPath) -> bool:
    """True for Anomalies as text, and for a binary file by the one name TFX gives it."""
    if Path(path).name in _ANOMALIES_NAMES:
        return Path(path).is_file()
    data = _head(path)
    return is_text(data) and _ANOMALIES_TEXT.match(data) is not None


def is_statistics_folder(folder: StrPath) -> bool:
    """True for the folder of an ExampleStatistics artifact (`Split-<name>/`, `<name>/`, or files directly inside)."""
    return any(statistics_files(inside) for _, inside in statistics_splits(folder))


def is_anomalies_folder(folder: StrPath) -> bool:
    """True for the folder of an ExampleAnomalies artifact. An empty `SplitPair-` folder counts: DistributionValidator leaves it so
    when there was nothing to compare with."""
    return any(anomalies_file(inside) or _is_empty_pair(inside) for _, inside in anomalies_splits(folder))


def statistics_splits(folder: StrPath) -> tuple[Split, ...]:
    """Splits of an ExampleStatistics artifact, by name; of the old layout only those that hold statistics."""
    return _splits(folder, holds=lambda inside: bool(statistics_files(inside)), prefixes=("Split-",))


def anomalies_splits(folder: StrPath) -> tuple[Split, ...]:
    """Splits and pairs of splits of an ExampleAnomalies artifact; the folder name tells which of the two."""
    return _splits(folder, holds=lambda inside: anomalies_file(inside) is not None, prefixes=("Split-", "SplitPair-"))


def statistics_files(folder: StrPath) -> tuple[Path, ...]:
    """The files that together are the statistics of one split: one file, or all its shards. Empty: there are none."""
    files = files_in(folder)
    named = [one for one in files if _STATISTICS_NAMES.fullmatch(one.name)]
    found = named or [one for one in files if is_statistics_file(one)]
    whole = [one for one in found if not _SHARD.search(one.name)]
    return tuple(whole[:1] or found)  # beside the whole, shards only repeat it


def anomalies_file(folder: StrPath) -> Path | None:
    """The anomalies of one split."""
    files = files_in(folder)
    named = [one for name in _ANOMALIES_NAMES for one in files if one.name == name]
    return next(iter(named or [one for one in files if is_anomalies_file(one)]), None)


def _splits(folder: StrPath, *, holds: Callable[[Path], bool], prefixes: tuple[str, ...]) -> tuple[Split, ...]:
    if not Path(folder).is_dir():
        return ()
    inside = folders_in(folder)
    current = [(one.name.split("-", 1)[1], one) for one in inside if one.name.startswith(prefixes)]
    # A folder named by a number is an execution of some artifact's parent folder, not a split.
    old = [(one.name, one) for one in inside if not one.name.isdigit() and not one.name.startswith(prefixes) and holds(one)]
    if current or old:
        return (*current, *old)
    return (("", Path(folder)),) if holds(Path(folder)) else ()


def _is_empty_pair(folder: Path) -> bool:
    return folder.name.startswith("SplitPair-") and not any(folder.iterdir())


def _head(path: StrPath) -> bytes:
    """The first bytes of the first message; a byte no text begins with when there are none."""
    try:
        if looks_like_tfrecord(path):
            first = next(heads(path, first=_HEAD_BYTES), None)
            return first.start if first and first.start else b"\0"
        with open(path, "rb") as file:
            return file.read(_HEAD_BYTES) or b"\0"
    except (OSError, ArtifactUnreadable):
        return b"\0"


def _begins_as_statistics(data: bytes) -> bool:
    """A dataset with a count of examples and features of the right shape. TFMA's messages and tf.Example begin alike but have neither."""
    outer = next(_fields(data), None)
    if outer is None or outer[:2] != (1, _LENGTH):
        return False
    counted = False
    for number, wire, value in _fields(outer[2]):
        if _DATASET.get(number) != wire:
            return False
        if number == 3:
            inner = next(_fields(value), None)
            return inner is not None and _FEATURE.get(inner[0]) == inner[1]
        counted = counted or number == 2
    return counted


def _fields(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(field number, wire type, what the head holds of its value) until the head ends or stops making sense."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        start = at
        if wire == _VARINT:
            _, at = _varint(data, at)
        elif wire == _LENGTH:
            length, start = _varint(data, at)
            at = start + length
        elif wire in (_FIXED64, _FIXED32):
            at += 8 if wire == _FIXED64 else 4
        else:
            return
        yield number, wire, data[start:at]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            break
    return value, at
