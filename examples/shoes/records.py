"""Columns into the records that TensorFlow's tools read: tf.Example, PredictionLog, TFRecord files, a training curve."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorflow_serving.apis import prediction_log_pb2

from examples.shoes.shop import ABSENT, NEVER, Columns

TEXT = ("impression_id", "product_line", "brand", "region", "device", "channel")
WHOLE = ("is_new", "days_since_visit", "click")
REAL = ("price", "discount")


def examples_of(columns: Columns, **scores: NDArray[np.float64]) -> list[bytes]:
    """Serialised tf.Examples, one a row; a first visit has no `days_since_visit`. Each of `scores` becomes a feature of its name."""
    n = len(columns["click"])
    return [_example(columns, row, {name: float(values[row]) for name, values in scores.items()}) for row in range(n)]


def prediction_logs(examples: Sequence[bytes], probability: NDArray[np.float64]) -> list[bytes]:
    """Serialised PredictionLogs as BulkInferrer writes them: one request of one tf.Example, one `probability` back."""
    return [_prediction_log(example, float(value)) for example, value in zip(examples, probability, strict=True)]


def write_records(path: Path, records: Iterable[bytes], *, gzip: bool = False) -> None:
    """Write a TFRecord file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), tf.io.TFRecordOptions(compression_type="GZIP" if gzip else "")) as writer:
        for record in records:
            writer.write(record)


def write_curve(path: Path, losses: Sequence[float], *, wall_time: float) -> None:
    """Write an event file with one scalar `loss` a step. Built by hand: a summary writer puts the machine's name into the file's."""
    events = [event_pb2.Event(wall_time=wall_time, file_version="brain.Event:2")]
    for step, loss in enumerate(losses):
        value = summary_pb2.Summary.Value(tag="loss", simple_value=loss)
        events.append(event_pb2.Event(wall_time=wall_time + step, step=step, summary=summary_pb2.Summary(value=[value])))
    write_records(path, (event.SerializeToString(deterministic=True) for event in events))


def _example(columns: Columns, row: int, scores: dict[str, float]) -> bytes:
    features = {name: _text(str(columns[name][row])) for name in TEXT if columns[name][row] != ABSENT}
    features |= {name: _real(float(columns[name][row])) for name in REAL if columns[name][row] != NEVER}
    features |= {name: _whole(int(columns[name][row])) for name in WHOLE if columns[name][row] != NEVER}
    features |= {name: _real(value) for name, value in scores.items()}
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return bytes(example.SerializeToString(deterministic=True))


def _prediction_log(example: bytes, probability: float) -> bytes:
    log = prediction_log_pb2.PredictionLog()
    request, response = log.predict_log.request, log.predict_log.response
    request.model_spec.signature_name = "serving_default"
    request.inputs["examples"].CopyFrom(tf.make_tensor_proto([example], shape=[1]))
    response.outputs["probability"].CopyFrom(tf.make_tensor_proto([probability], dtype=tf.float32, shape=[1]))
    return bytes(log.SerializeToString(deterministic=True))


def _text(value: str) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))


def _real(value: float) -> tf.train.Feature:
    return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))


def _whole(value: int) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
