"""Our columns are what TensorFlow parses from the same records; both in one process."""

from __future__ import annotations

import gzip
import math
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from descriptors import differences

from model_insights.artifacts import example_columns, predictions
from model_insights.artifacts.examples import read_examples
from model_insights.artifacts.predictions import read_predictions
from model_insights.loaded import Loaded

NODES = [
    ("taxi", "BulkInferrer", 0),
    ("taxi", "BulkInferrer.deployed", 9),
    ("shoes", "BulkInferrer", 9),
    ("shoes", "BulkInferrer.deployed", 14),
]
pytestmark = [pytest.mark.oracle, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]


class Oracle(NamedTuple):
    tf: ModuleType
    log: Any  # PredictionLog


@pytest.fixture(scope="session")
def oracle() -> Oracle:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed", exc_type=ImportError)
        pytest.importorskip(
            "tensorflow_serving.apis.prediction_log_pb2", reason="TensorFlow Serving's API is not installed", exc_type=ImportError
        )
        from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog
    return Oracle(tf, PredictionLog)


def frame_of(outcome: Any) -> list[dict[str, Any]]:
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value.to_dicts()


def values_of(example: Any) -> dict[str, list]:
    """Feature values as TensorFlow parses them, without features that have none."""
    found = {}
    for name, feature in example.features.feature.items():
        values = list(getattr(feature, feature.WhichOneof("kind")).value) if feature.WhichOneof("kind") else []
        found[name] = [value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value for value in values]
    finite = {name: [one for one in values if not isinstance(one, float) or math.isfinite(one)] for name, values in found.items()}
    return {name: values for name, values in finite.items() if values}


def as_lists(row: dict[str, Any]) -> dict[str, list]:
    lists = {name: value if isinstance(value, list) else [value] for name, value in row.items()}
    kept = {name: [one for one in values if one is not None] for name, values in lists.items() if values != [None]}
    return {name: values for name, values in kept.items() if values}


def payloads(file: Path) -> Iterator[bytes]:
    data, at = gzip.decompress(file.read_bytes()), 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        yield data[at + 12 : at + 12 + length]
        at += length + 16


def test_our_descriptions_are_a_part_of_the_real_ones(oracle: Oracle):
    messages = example_columns._MESSAGES
    entry = oracle.tf.train.Features.FeatureEntry
    assert [] == differences(messages["Features"], oracle.tf.train.Features)
    assert [] == differences(messages["Entry"], entry)
    assert 2 == oracle.tf.train.SequenceExample.DESCRIPTOR.fields_by_name["feature_lists"].number
    partial = frozenset({"InputRequest"})  # stands for the requests of classification and regression: the same fields by name and number
    assert [] == differences(predictions._MESSAGES["PredictionLog"], oracle.log, opaque=partial)
    classify = oracle.log.DESCRIPTOR.fields_by_name["classify_log"].message_type.fields_by_name["request"].message_type
    assert 2 == classify.fields_by_name["input"].number


def test_examples_written_by_tensorflow_come_back(oracle: Oracle, tmp_path: Path):
    train = oracle.tf.train
    rows = [
        {
            "fare": train.Feature(float_list=train.FloatList(value=[i * 0.1])),
            "day": train.Feature(int64_list=train.Int64List(value=[-i, i << 40])),
            "company": train.Feature(bytes_list=train.BytesList(value=["Caf\u00e9".encode(), b"\xff"][: i % 3])),
            "empty": train.Feature(),
            **({"rare": train.Feature(float_list=train.FloatList(value=[math.inf]))} if i == 7 else {}),
        }
        for i in range(50)
    ]
    examples = [train.Example(features=train.Features(feature=row)) for row in rows]
    options = oracle.tf.io.TFRecordOptions(compression_type="GZIP")
    for shard in range(2):
        with oracle.tf.io.TFRecordWriter(str(tmp_path / f"data_tfrecord-0000{shard}-of-00002.gz"), options) as writer:
            for example in examples[shard * 25 : shard * 25 + 25]:
                writer.write(example.SerializeToString())

    assert [values_of(example) for example in examples] == [as_lists(row) for row in frame_of(read_examples(tmp_path))]


def test_examples_of_a_real_run_are_what_tensorflow_parses(oracle: Oracle, runs: Path):
    for file in sorted(runs.glob("*/pipeline/CsvExampleGen/examples/*/*/*.gz"))[::8]:
        expected = [values_of(oracle.tf.train.Example.FromString(payload)) for payload in payloads(file)]

        assert expected == [as_lists(row) for row in frame_of(read_examples(file))]


@pytest.mark.parametrize(("family", "node", "number"), NODES)
def test_predictions_of_a_real_run_are_what_serving_logged(oracle: Oracle, runs: Path, family: str, node: str, number: int):
    folder = sorted((runs / family / "pipeline" / node / "inference_result").iterdir(), key=lambda path: int(path.name))[number]
    (file,) = folder.iterdir()
    expected = []
    for payload in payloads(file):
        log = oracle.log.FromString(payload).predict_log
        example = oracle.tf.train.Example.FromString(log.request.inputs["examples"].string_val[0])
        score = oracle.tf.make_ndarray(log.response.outputs["probability"]).ravel().tolist()
        expected.append(values_of(example) | {"prediction": score})

    assert len(expected) > 100
    assert expected == [as_lists(row) for row in frame_of(read_predictions(folder))]


def test_tensors_of_every_type_are_what_tensorflow_decodes(oracle: Oracle, tmp_path: Path):
    tf = oracle.tf
    types = [tf.float32, tf.float64, tf.int32, tf.uint8, tf.int16, tf.int8, tf.int64, tf.float16, tf.bfloat16, tf.uint16, tf.uint32]
    arrays = {kind.name: tf.cast([[1, 2, 3]], kind).numpy() for kind in types} | {"flag": [[True, False]], "words": [[b"a", b"\xff"]]}
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    with tf.io.TFRecordWriter(str(tmp_path / "prediction_logs-00000-of-00001.gz"), options) as writer:
        log = oracle.log()
        request = tf.make_tensor_proto([tf.train.Example().SerializeToString()])
        log.predict_log.request.inputs["examples"].CopyFrom(request)
        for name, array in arrays.items():
            log.predict_log.response.outputs[name].CopyFrom(tf.make_tensor_proto(array))
        writer.write(log.SerializeToString())

    (row,) = frame_of(read_predictions(tmp_path))
    numbers = {f"prediction_{kind.name}": [1, 2, 3] for kind in types}
    assert numbers | {"prediction_flag": [True, False], "prediction_words": ["a", "\\xff"]} == row


def test_a_sequence_example_of_tensorflow_is_not_read(oracle: Oracle, tmp_path: Path):
    train = oracle.tf.train
    frames = train.FeatureList(feature=[train.Feature(int64_list=train.Int64List(value=[1]))])
    sequence = train.SequenceExample(feature_lists=train.FeatureLists(feature_list={"frames": frames}))
    with oracle.tf.io.TFRecordWriter(str(tmp_path / "data_tfrecord-00000-of-00001")) as writer:
        writer.write(sequence.SerializeToString())

    assert "payload not supported" in read_examples(tmp_path).sentence
