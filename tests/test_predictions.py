"""PredictionLogs become the examples' columns and what the model said; what cannot be read is said."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import polars as pl
import pytest
from encoders import field, varint, write_tfrecord
from polars.testing import assert_frame_equal
from tfdv_encoders import classify_log, example, floats, predict_log, regress_log, strings, tensor

from model_insights.artifacts.predictions import read_predictions
from model_insights.loaded import Absent, Damaged, Loaded

SHARD = "prediction_logs-00000-of-00001.gz"
BLUE, RED = example({"company": "Blue", "fare": 3.5}), example({"company": "Red", "fare": 4.5})


def write(folder: Path, *logs: bytes) -> Path:
    write_tfrecord(folder / SHARD, logs, compress=True)
    return folder


def read(source: Path, **options) -> pl.DataFrame:
    outcome = read_predictions(source, **options)
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


def refused(source: Path) -> Damaged:
    outcome = read_predictions(source)
    assert isinstance(outcome, Damaged)
    return outcome


def absent(source: Path) -> Absent:
    outcome = read_predictions(source)
    assert isinstance(outcome, Absent)
    return outcome


def said(folder: Path, **outputs: bytes) -> dict[str, list]:
    frame = read(write(folder, predict_log({"examples": strings(BLUE)}, outputs)), columns=[])
    return frame.to_dict(as_series=False)


def test_a_row_has_the_example_and_the_prediction(tmp_path: Path):
    write(tmp_path, *(predict_log({"examples": strings(one)}, {"probability": floats(score)}) for one, score in ((BLUE, 0.25), (RED, 0.5))))
    expected = pl.DataFrame({"company": ["Blue", "Red"], "fare": [3.5, 4.5], "prediction": [0.25, 0.5]})

    assert_frame_equal(expected, read(tmp_path))


def test_the_examples_are_found_under_any_input(tmp_path: Path):
    inputs = {"a_key": strings(b"order 7"), "threshold": floats(0.5), "x": strings(BLUE)}

    assert ["Blue"] == read(write(tmp_path, predict_log(inputs, {})))["company"].to_list()


def test_an_example_without_features_is_a_row_without_values(tmp_path: Path):
    write(tmp_path, *(predict_log({"examples": strings(one), "key": strings(b"order 7")}, {"score": floats(0.5)}) for one in (b"", BLUE)))

    assert ([None, "Blue"], [0.5, 0.5]) == (read(tmp_path)["company"].to_list(), read(tmp_path)["prediction"].to_list())


def test_several_outputs_are_told_apart_and_long_ones_are_lists(tmp_path: Path):
    outputs = {"logits": floats(0.5, -0.5, shape=(1, 2)), "label": strings(b"yes")}
    found = said(tmp_path, **outputs)

    assert {"prediction_label": ["yes"], "prediction_logits": [[0.5, -0.5]]} == found


def test_a_batch_becomes_one_row_each(tmp_path: Path):
    log = predict_log({"examples": strings(BLUE, RED)}, {"logits": floats(1.0, 2.0, 3.0, 4.0, shape=(2, 2))})
    frame = read(write(tmp_path, log))

    assert (["Blue", "Red"], [[1.0, 2.0], [3.0, 4.0]]) == (frame["company"].to_list(), frame["prediction"].to_list())


def test_a_feature_called_prediction_keeps_its_name(tmp_path: Path):
    log = predict_log({"examples": strings(example({"prediction": 1.0}))}, {"score": floats(0.5)})
    frame = read(write(tmp_path, log))

    assert ([1.0], [0.5]) == (frame["prediction"].to_list(), frame["prediction_"].to_list())


TENSORS = {
    "float": (tensor(1, 5, struct.pack("<f", 0.5), (1,)), 0.5),
    "float content": (tensor(1, 4, struct.pack("<f", 0.5), (1, 1)), 0.5),
    "double": (tensor(2, 6, struct.pack("<d", 0.1), (1,)), 0.1),
    "double content": (tensor(2, 4, struct.pack("<d", 0.1), (1,)), 0.1),
    "int32": (tensor(3, 7, varint(-3), (1,)), -3),
    "uint8 content": (tensor(4, 4, b"\xfe", (1,)), 254),
    "int16 content": (tensor(5, 4, struct.pack("<h", -2), (1,)), -2),
    "int8 content": (tensor(6, 4, b"\xfe", (1,)), -2),
    "int64": (tensor(9, 10, varint(1 << 40), (1,)), 1 << 40),
    "int64 content": (tensor(9, 4, struct.pack("<q", -7), (1,)), -7),
    "bool": (tensor(10, 11, b"\x01", (1,)), True),
    "bool content": (tensor(10, 4, b"\x00", (1,)), False),
    "half": (tensor(19, 13, varint(0x3C00), (1,)), 1.0),
    "half content": (tensor(19, 4, struct.pack("<e", 1.5), (1,)), 1.5),
    "bfloat16": (tensor(14, 13, varint(0x3FC0), (1,)), 1.5),
    "bfloat16 content": (tensor(14, 4, b"\xc0\x3f", (1,)), 1.5),
    "uint16 content": (tensor(17, 4, b"\xff\xff", (1,)), 65535),
    "uint32": (tensor(22, 16, varint(1 << 31), (1,)), 1 << 31),
    "scalar": (tensor(1, 5, struct.pack("<f", 0.5), ()), 0.5),
    "not a number": (tensor(1, 5, struct.pack("<f", math.nan), (1,)), None),
    "one value for all": (tensor(1, 5, struct.pack("<f", 0.5), (1, 3)), [0.5, 0.5, 0.5]),
    "no values": (tensor(1, 5, b"", (1, 0)), None),
}


@pytest.mark.parametrize(("value", "expected"), TENSORS.values(), ids=TENSORS)
def test_a_tensor_is_decoded(tmp_path: Path, value: bytes, expected):
    assert {"prediction": [expected]} == said(tmp_path, score=value)


def test_a_type_we_do_not_read_is_named(tmp_path: Path):
    log = predict_log({"examples": strings(BLUE)}, {"spectrum": tensor(8, 9, b"\0" * 8, (1,))})

    expected = (
        f"payload not supported: in the record at byte 0 of {SHARD}, output spectrum has the tensor type complex64 (8), which is not read"
    )
    assert expected == absent(write(tmp_path, log)).reason


CONTRADICTIONS = {
    "output score holds 3 bytes, no whole number of values": tensor(1, 4, b"\0\0\0", (1,)),
    "output score holds 2 values where its shape asks for 1": floats(1.0, 2.0, shape=(1,)),
    "output score has the shape [1] for 2 examples": floats(1.0),
}


@pytest.mark.parametrize(("what", "value"), CONTRADICTIONS.items(), ids=CONTRADICTIONS)
def test_a_tensor_that_contradicts_itself_is_damage(tmp_path: Path, what: str, value: bytes):
    asked = strings(BLUE, RED) if "examples" in what else strings(BLUE)

    assert f"in the record at byte 0, {what}" == refused(write(tmp_path, predict_log({"examples": asked}, {"score": value}))).what


def test_a_classification_has_classes_and_scores(tmp_path: Path):
    frame = read(write(tmp_path, classify_log([BLUE, RED], [[("no", 0.75), ("yes", 0.25)], [("no", 0.5), ("yes", 0.5)]])))

    assert ["company", "fare", "prediction_classes", "prediction_scores"] == frame.columns
    assert [["no", "yes"], ["no", "yes"]] == frame["prediction_classes"].to_list()
    assert [[0.75, 0.25], [0.5, 0.5]] == frame["prediction_scores"].to_list()


def test_features_of_a_shared_context_belong_to_every_example(tmp_path: Path):
    context = example({"city": "Chicago", "fare": 1.0})
    frame = read(write(tmp_path, classify_log([BLUE, RED], [[("no", 0.75)], [("yes", 0.5)]], context=context)))

    assert (["Chicago", "Chicago"], [3.5, 4.5]) == (frame["city"].to_list(), frame["fare"].to_list())
    assert ["no", "yes"] == frame["prediction_classes"].to_list()


def test_a_regression_has_a_value(tmp_path: Path):
    assert [0.5, 1.5] == read(write(tmp_path, regress_log([BLUE, RED], [0.5, 1.5])))["prediction"].to_list()


def test_answers_missing_for_an_example_are_damage(tmp_path: Path):
    assert "2 examples were asked and 1 answered" in refused(write(tmp_path, regress_log([BLUE, RED], [0.5]))).what


def test_columns_and_limit_hold_within_a_batch(tmp_path: Path):
    frame = read(write(tmp_path, regress_log([BLUE, RED], [0.5, 1.5])), columns=["fare"], limit=1)

    assert {"fare": [3.5], "prediction": [0.5]} == frame.to_dict(as_series=False)


@pytest.mark.parametrize(("number", "name"), [(4, "multi_inference_log"), (5, "session_run_log"), (7, "predict_streamed_log")])
def test_other_kinds_of_log_are_named(tmp_path: Path, number: int, name: str):
    assert absent(write(tmp_path, field(number, b""))).reason.endswith(f"there is a {name}")


def test_a_request_without_examples_is_named(tmp_path: Path):
    log = predict_log({"text": strings(b"how are you"), "x": floats(1.0)}, {"score": floats(0.5)})

    assert "the request holds no serialized tf.Example (its inputs: text, x)" in absent(write(tmp_path, log)).reason


@pytest.mark.parametrize(
    "record", [BLUE, b"", b"\xff\xff", predict_log({"examples": strings(BLUE)}, {})[:-4]], ids=["example", "empty", "noise", "cut"]
)
def test_a_record_that_is_no_log_is_damage(tmp_path: Path, record: bytes):
    outcome = refused(write(tmp_path, record))

    assert "no PredictionLog" in outcome.what
    assert 0 == outcome.offset


def test_an_empty_file_is_damage_and_a_missing_folder_absent(tmp_path: Path):
    (tmp_path / SHARD).write_bytes(b"")

    assert "the file is empty (0 bytes)" == refused(tmp_path).what
    assert "is not there" in absent(tmp_path / "gone").reason


def test_real_predictions_join_by_impression(runs: Path):
    candidate, deployed = (
        sorted((runs / "shoes" / "pipeline" / node / "inference_result").iterdir())[-1]
        for node in ("BulkInferrer", "BulkInferrer.deployed")
    )
    frame = read(candidate).join(read(deployed, columns=["impression_id"]), on="impression_id", suffix="_deployed")

    assert frame.height > 1000
    assert 0 == frame["prediction"].null_count() + frame["prediction_deployed"].null_count()
