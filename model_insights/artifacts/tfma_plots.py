"""Reads TFMA plots one slice at a time: an index of where each slice lies, then the records of one slice.

A real evaluation of 1,275 slices has 134 MB of plots, so indexing reads record headers and the slice key at the start of each payload,
nothing else. Payload checksums are checked when a record is decoded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from google.protobuf.message import DecodeError

from model_insights.artifacts import parquet, tfma_files, tfma_values, tfrecord
from model_insights.artifacts.tfma_files import Payload
from model_insights.artifacts.tfma_messages import MESSAGES
from model_insights.errors import ArtifactUnreadable
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import CalibrationBucket, Plot, PlotKey
from model_insights.slices import AnySlice

ERROR = "__ERROR__"
_FIRST_BYTES = 512  # a slice key is shorter, but for very long values; those records are read whole
_SLICE_KEY, _CROSS_SLICE_KEY, _LENGTH_DELIMITED = 1, 4, 2
_REMEDY = "Add ConfusionMatrixPlot or CalibrationPlot to the metrics_specs of the evaluation."


class PlotPlace(NamedTuple):
    """One record: byte offset and payload length in a TFRecord file, or row and -1 in a parquet file."""

    file: str
    at: int
    length: int


class PlotIndex(msgspec.Struct, frozen=True, kw_only=True):
    """Where the plots of each slice lie, in the file's order. `read_plots` fetches one slice."""

    folder: str
    places: dict[AnySlice, tuple[PlotPlace, ...]]

    @property
    def slices(self) -> tuple[AnySlice, ...]:
        return tuple(self.places)


def index_plots(folder: Path) -> Loaded[PlotIndex] | Absent | Damaged:
    """Where each slice's plots lie. Reads 12 + 512 bytes a record of a plain file, and all of a gzip or parquet file.

    Absent when no plots were asked for: no file, an empty one (TFMA 0.21), or records that hold a slice and nothing else."""
    try:
        files = tfma_files.checked_files_of(folder, "plots")
        places: dict[AnySlice, tuple[PlotPlace, ...]] = {}
        is_bare = True
        for place, where, bare in _places(files):
            places[where] = (*places.get(where, ()), place)
            is_bare = is_bare and bare
    except ArtifactUnreadable as error:
        return tfma_files.damaged(error)
    if not files:
        return _absent(f"{folder} has no plots file" if folder.is_dir() else f"the folder {folder} does not exist")
    if is_bare:
        return _absent(f"the plots files in {folder} hold no plot")
    return Loaded(value=PlotIndex(folder=str(folder), places=places), path=str(folder))


def read_plots(index: PlotIndex, where: AnySlice, *, buckets: bool = True) -> Loaded[tuple[Plot, ...]] | Absent | Damaged:
    """Every plot of one slice, in the file's order; plots that TFMA names are kept apart. Source: PlotsForSlice in metrics_for_slice.proto.

    Text under `__ERROR__` and debug messages are in `Plot.message`. Without `buckets` the calibration, ten thousand of them as a rule, is
    left out."""
    places = index.places.get(where)
    if places is None:
        return Absent(
            what=f"plots of {where.text}", reason="the evaluation holds no plots of this slice", remedy="Add the slice to slicing_specs."
        )
    try:
        plots = tuple(plot for place in places for plot in _plots(_fetch(place), buckets=buckets))
    except ArtifactUnreadable as error:
        return tfma_files.damaged(error)
    return Loaded(value=plots, path=index.folder)


def _absent(reason: str) -> Absent:
    return Absent(what="plots", reason=reason, remedy=_REMEDY)


def _places(files: tuple[Path, ...]) -> Iterator[tuple[PlotPlace, AnySlice, bool]]:
    """(place, slice, whether the record holds nothing but the slice) of each record."""
    for file in files:
        if tfma_files.is_parquet(file):
            for row, wire in parquet.numbered(file):
                yield PlotPlace(str(file), row, -1), *_slice_of(Payload(file, row, wire), len(wire))
        else:
            for offset, length, start in tfrecord.heads(file, first=_FIRST_BYTES):
                yield PlotPlace(str(file), offset, length), *_slice_of(Payload(file, offset, start), length)


def _slice_of(start: Payload, length: int) -> tuple[AnySlice, bool]:
    """Slice of the record of which `start` holds the first bytes, and whether the record ends with it."""
    try:
        found = _leading_slice(start.wire, length)
        if found is not None:
            return found
        payload = start if len(start.wire) == length else _fetch(PlotPlace(str(start.file), start.at, length))
        message = _parsed(payload)
        return tfma_values.slice_of(message), not (_holds_a_plot(message) or _holds_unknown_fields(message, payload.wire))
    except tfma_values.ForeignMessage as error:
        raise tfma_files.foreign(start, str(error)) from error


def _leading_slice(start: bytes, length: int) -> tuple[AnySlice, bool] | None:
    """The slice key when it is the first field, as every writer of protobuf puts it, and lies whole in `start`."""
    if length == 0:
        return tfma_values.slice_key(b""), True
    if start[0] not in (_SLICE_KEY << 3 | _LENGTH_DELIMITED, _CROSS_SLICE_KEY << 3 | _LENGTH_DELIMITED):
        return None
    size, at = _varint(start, 1)
    if size is None or at + size > len(start):
        return None
    wire = start[at : at + size]
    where = tfma_values.slice_key(wire) if start[0] >> 3 == _SLICE_KEY else tfma_values.cross_slice_key(wire)
    return where, at + size == length


def _varint(data: bytes, at: int) -> tuple[int | None, int]:
    """(number, where it ends); None when the bytes run out."""
    number = shift = 0
    while at < len(data) and shift < 64:
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return number, at
    return None, at


def _fetch(place: PlotPlace) -> Payload:
    file = Path(place.file)
    return Payload(file, place.at, parquet.value_at(file, place.at) if place.length < 0 else tfrecord.record_at(file, place.at))


def _parsed(payload: Payload) -> Any:
    try:
        return MESSAGES["PlotsForSlice"].FromString(payload.wire)
    except DecodeError as error:
        raise tfma_files.foreign(payload, "it is no PlotsForSlice message") from error


def _plots(payload: Payload, *, buckets: bool) -> tuple[Plot, ...]:
    message = _parsed(payload)
    try:
        tfma_values.slice_of(message)
        plots = [_plot(_key(entry.key), entry.value, buckets) for entry in message.plot_keys_and_values]
        if message.HasField("plot_data"):
            plots.append(_plot(PlotKey(), message.plot_data, buckets))
        # The map of TFMA <= 0.21, where also today's TFMA puts the text of a suppressed slice. In order of name: a map has none.
        plots += [_plot(_legacy_key(name), message.plots[name], buckets) for name in sorted(message.plots)]
    except tfma_values.ForeignMessage as error:
        raise tfma_files.foreign(payload, str(error)) from error
    if not plots and _holds_unknown_fields(message, payload.wire):
        raise tfma_files.foreign(payload, "it holds no plot but other fields")
    return tuple(plots)


def _holds_a_plot(message: Any) -> bool:
    return bool(message.plot_keys_and_values or message.plots or message.HasField("plot_data"))


def _holds_unknown_fields(message: Any, wire: bytes) -> bool:
    message.DiscardUnknownFields()
    return len(message.SerializeToString()) < len(wire)


def _key(wire: Any) -> PlotKey:
    return PlotKey(
        model_name=wire.model_name,
        output_name=wire.output_name,
        sub_key=tfma_values.sub_key_of(wire),
        name=wire.name,
        example_weighted=tfma_values.example_weighted_of(wire),
    )


def _legacy_key(name: str) -> PlotKey:
    return PlotKey() if name == ERROR else PlotKey(name=tfma_values.checked_name(name))


def _plot(key: PlotKey, data: Any, buckets: bool) -> Plot:
    try:
        return Plot(
            key=key,
            calibration=tuple(map(_bucket, data.calibration_histogram_buckets.buckets)) if buckets else (),
            confusion=tfma_values.confusion_matrices(data.confusion_matrix_at_thresholds),
            multi_class=tfma_values.multi_class_matrices(data.multi_class_confusion_matrix_at_thresholds),
            multi_label=tfma_values.multi_label_matrices(data.multi_label_confusion_matrix_at_thresholds),
            message=data.debug_message,
        )
    except tfma_values.NotFinite as error:
        return Plot(key=key, message=str(error))


def _bucket(wire: Any) -> CalibrationBucket:
    sums = wire.num_weighted_examples.value, wire.total_weighted_label.value, wire.total_weighted_refined_prediction.value
    if not math.isfinite(sum(sums)):
        raise tfma_values.NotFinite("a calibration bucket holds a sum that is not a number")
    return CalibrationBucket(
        low=tfma_values.finite(wire.lower_threshold_inclusive),
        high=tfma_values.finite(wire.upper_threshold_exclusive),
        examples=sums[0],
        label_sum=sums[1],
        prediction_sum=sums[2],
    )
