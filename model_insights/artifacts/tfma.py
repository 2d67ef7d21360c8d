"""Reads a TFMA evaluation folder: metrics by column, validations, attributions.

Layout: tensorflow_model_analysis/writers/metrics_plots_and_validations_writer.py. Plots, which are big, are in `tfma_plots`.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from google.protobuf.message import DecodeError

from model_insights.artifacts import parquet, tfma_files, tfma_values, tfrecord
from model_insights.artifacts.cache import Cache, Codec, cached
from model_insights.artifacts.tfma_config import FILE as CONFIG_FILE
from model_insights.artifacts.tfma_config import read_eval_config
from model_insights.artifacts.tfma_files import Payload
from model_insights.artifacts.tfma_messages import MESSAGES
from model_insights.errors import ArtifactUnreadable
from model_insights.loaded import Absent, Damaged, Loaded, value_of
from model_insights.metrics import (
    Blob,
    Bounded,
    ConfidenceInterval,
    EvalConfig,
    Evaluation,
    Message,
    MetricKey,
    MetricValue,
    NonFinite,
    Scalar,
    TDistribution,
)
from model_insights.slices import AnySlice

ERROR = "__ERROR__"
# A MetricValue that is a double: field 1 (9 bytes long), in it field 1 as 64 bits. Zero is written as an empty message.
_DOUBLE, _DOUBLE_BYTES, _ZERO = b"\x0a\x09\x09", 11, b"\x0a\x00"


def read_evaluation(folder: Path, *, cache: Cache | None = None) -> Loaded[Evaluation] | Absent | Damaged:
    """Every metric of every slice. One damaged shard makes the whole evaluation Damaged: half of it would pass for all of it.

    Absent when the folder or its metrics are not there. Source: MetricsForSlice in metrics_for_slice.proto, `metrics` map of TFMA
    0.21 included; the configuration may be absent or damaged (`read_eval_config` says which) and is then empty here."""
    try:
        files = tfma_files.checked_files_of(folder, "metrics")
        if not files:
            return _absent(folder, "evaluation metrics", "metrics")
        return cached(cache, folder, (*files, folder / CONFIG_FILE), _codec(), lambda: _load(folder, files))
    except ArtifactUnreadable as error:
        return tfma_files.damaged(error)


def _load(folder: Path, files: tuple[Path, ...]) -> Loaded[Evaluation]:
    config = value_of(read_eval_config(folder)) or EvalConfig()
    return Loaded(value=_columns(tfma_files.payloads(files), folder).evaluation(config), path=str(folder))


def is_evaluation_folder(folder: Path) -> bool:
    """True when the folder holds TFMA metrics, seen by the first record, or a TFMA eval_config.json whose metrics are gone or damaged.

    Lists the folder and reads at most one record and the configuration."""
    try:
        files = tfma_files.files_of(folder, "metrics")
    except ArtifactUnreadable:
        return False
    if any(map(_begins_with_metrics, files)):
        return True
    return isinstance(read_eval_config(folder), Loaded)


def _begins_with_metrics(file: Path) -> bool:
    """By the first record; a file that is damaged before its first record is whole counts when only TFMA would name it so."""
    if tfma_files.is_parquet(file):
        return parquet.looks_like_parquet(file)
    try:
        first = next(tfrecord.records(file), None)
    except ArtifactUnreadable:
        return tfma_files.is_shard(file) or tfrecord.looks_like_tfrecord(file)
    return tfma_files.is_shard(file) if first is None else _is_metrics(first)


def _is_metrics(wire: bytes) -> bool:
    try:
        message = MESSAGES["MetricsForSlice"].FromString(wire)
        tfma_values.slice_of(message)
    except (DecodeError, tfma_values.ForeignMessage):
        return False
    return bool(message.metric_keys_and_values or message.metrics)


def _absent(folder: Path, what: str, output: str) -> Absent:
    if not folder.is_dir():
        return Absent(what=what, reason=f"the folder {folder} does not exist", remedy="Restore it, or run the Evaluator again.")
    return Absent(
        what=what,
        reason=f"{folder} has no {output} file",
        remedy=f"Wait for the Evaluator to end, or remove {output} from options.disabled_outputs.",
    )


def _columns(payloads: Iterable[Payload], folder: Path) -> _Columns:
    columns, last = _Columns(), None
    for payload in payloads:
        last = payload
        try:
            columns.add(payload.wire)
        except DecodeError as error:
            raise tfma_files.foreign(payload, "it is no MetricsForSlice message") from error
        except tfma_values.ForeignMessage as error:
            raise tfma_files.foreign(payload, str(error)) from error
    if last is None:
        raise ArtifactUnreadable(str(folder), "its metrics files hold no record", remedy=tfma_files.REMEDY)
    if columns.is_empty():
        raise tfma_files.foreign(last, "no record of the evaluation holds a metric")
    return columns


class _Columns:
    """Collects records into the columns of an Evaluation."""

    def __init__(self) -> None:
        self.slices: dict[AnySlice, int] = {}
        self.keys: dict[MetricKey, int] = {}
        self.others: dict[tuple[int, int], MetricValue] = {}
        self.intervals: dict[tuple[int, int], ConfidenceInterval] = {}
        self.errors: dict[int, str] = {}
        self._column_of: dict[bytes, int] = {}
        self._rows, self._cols, self._doubles = array("q"), array("q"), bytearray()

    def is_empty(self) -> bool:
        return not (self.keys or self.errors)

    def add(self, wire: bytes) -> None:
        """One MetricsForSlice. This loop runs for every metric of every slice: see benchmarks/bench_tfma.py before touching it."""
        message = MESSAGES["MetricsForSlice"].FromString(wire)
        row = self.slices.setdefault(tfma_values.slice_of(message), len(self.slices))
        column_of, rows, cols, doubles = self._column_of.get, self._rows.append, self._cols.append, self._doubles
        for entry in message.metric_keys_and_values:
            value, column = entry.value, column_of(entry.key)
            if column is None:
                column = self._column_of_new(entry.key)
            if column >= 0 and len(value) == _DOUBLE_BYTES and value.startswith(_DOUBLE):
                rows(row)
                cols(column)
                doubles += value[3:]
            else:
                self._add_other(row, column, value)
            if interval := entry.confidence_interval:
                self._add_interval(row, column, tfma_values.interval_of_wire(interval))
        if message.metrics:
            self._add_legacy(row, message.metrics)

    def _column_of_new(self, wire: bytes) -> int:
        """The column of a key; -1 for `__ERROR__`, which is no metric."""
        key = tfma_values.metric_key(wire)
        column = -1 if key.name == ERROR else self.keys.setdefault(key, len(self.keys))
        self._column_of[wire] = column
        return column

    def _add_other(self, row: int, column: int, wire: bytes) -> None:
        if wire == _ZERO and column >= 0:
            self._add_double(row, column, 0.0)
        else:
            self._add_value(row, column, *tfma_values.value_of_wire(wire))

    def _add_legacy(self, row: int, metrics: Any) -> None:
        """The map of TFMA <= 0.21, where also today's TFMA puts the text of a suppressed slice. In order of name: a map has none."""
        for name in sorted(metrics):
            value, interval = tfma_values.metric_value(metrics[name])
            key = MetricKey(name=tfma_values.checked_name(name))
            column = -1 if name == ERROR else self.keys.setdefault(key, len(self.keys))
            self._add_value(row, column, value, interval)

    def _add_value(self, row: int, column: int, value: MetricValue, interval: ConfidenceInterval | None) -> None:
        if column < 0:
            self._add_error(row, value)
        elif isinstance(value, Scalar):
            self._add_double(row, column, _double_of(value))
        else:
            self.others[row, column] = value
            self._add_interval(row, column, interval)
            if (point := _point_of(value)) is not None:
                self._add_double(row, column, point)

    def _add_double(self, row: int, column: int, value: float) -> None:
        self._rows.append(row)
        self._cols.append(column)
        self._doubles += struct.pack("<d", value)

    def _add_interval(self, row: int, column: int, interval: ConfidenceInterval | None) -> None:
        if interval is not None and column >= 0:
            self.intervals[row, column] = interval

    def _add_error(self, row: int, value: MetricValue) -> None:
        text = value.text if isinstance(value, Message) else tfma_values.text_of(value.value) if isinstance(value, Blob) else str(value)
        known = self.errors.get(row)
        self.errors[row] = text if known in (None, text) else f"{known}; {text}"

    def evaluation(self, config: EvalConfig) -> Evaluation:
        scalars = np.full((len(self.slices), len(self.keys)), np.nan)
        rows, cols, doubles = np.frombuffer(self._rows, np.int64), np.frombuffer(self._cols, np.int64), np.frombuffer(self._doubles, "<f8")
        scalars[rows, cols] = np.where(np.isfinite(doubles), doubles, np.nan)
        nonfinite: dict[tuple[int, int], NonFinite] = {}
        for i in np.flatnonzero(~np.isfinite(doubles)):
            nonfinite[int(rows[i]), int(cols[i])] = tfma_values.non_finite(float(doubles[i]))
        return evaluation_of(
            config=config,
            slices=tuple(self.slices),
            keys=tuple(self.keys),
            scalars=scalars,
            nonfinite=nonfinite,
            others=self.others,
            intervals=self.intervals,
            errors=self.errors,
        )


def evaluation_of(*, slices: tuple[AnySlice, ...], keys: tuple[MetricKey, ...], scalars: Any, **rest: Any) -> Evaluation:
    """An Evaluation with its look-ups; the columns become read-only."""
    scalars.flags.writeable = False
    return Evaluation(
        slices=slices,
        keys=keys,
        scalars=scalars,
        slice_index={where: i for i, where in enumerate(slices)},
        key_index={key: j for j, key in enumerate(keys)},
        **rest,
    )


def _double_of(value: Scalar) -> float:
    return value.value if value.value is not None else float(value.nonfinite or "nan")


def _point_of(value: MetricValue) -> float | None:
    """The point value of the two forms that are a number with bounds: they stand among the scalars too."""
    if isinstance(value, Bounded):
        return value.value
    return value.unsampled_value if isinstance(value, TDistribution) else None


class _Stored(msgspec.Struct, array_like=True, frozen=True):
    """An Evaluation in the cache."""

    config: EvalConfig
    slices: tuple[AnySlice, ...]
    keys: tuple[MetricKey, ...]
    scalars: bytes  # float64, little-endian, by row
    nonfinite: tuple[tuple[int, int, NonFinite], ...]
    others: tuple[tuple[int, int, MetricValue], ...]
    intervals: tuple[tuple[int, int, ConfidenceInterval], ...]
    errors: dict[int, str]


@lru_cache(maxsize=1)
def _codec() -> Codec[Evaluation]:
    return Codec("evaluation", _Stored, version=1, pack=_stored, unpack=_restored)


def _stored(value: Evaluation) -> _Stored:
    return _Stored(
        config=value.config,
        slices=value.slices,
        keys=value.keys,
        scalars=value.scalars.astype("<f8").tobytes(),
        nonfinite=tuple((i, j, name) for (i, j), name in value.nonfinite.items()),
        others=tuple((i, j, other) for (i, j), other in value.others.items()),
        intervals=tuple((i, j, interval) for (i, j), interval in value.intervals.items()),
        errors=value.errors,
    )


def _restored(stored: _Stored) -> Evaluation:
    return evaluation_of(
        config=stored.config,
        slices=stored.slices,
        keys=stored.keys,
        scalars=np.frombuffer(stored.scalars, "<f8").reshape(len(stored.slices), len(stored.keys)),
        nonfinite={(i, j): name for i, j, name in stored.nonfinite},
        others={(i, j): other for i, j, other in stored.others},
        intervals={(i, j): interval for i, j, interval in stored.intervals},
        errors=stored.errors,
    )
