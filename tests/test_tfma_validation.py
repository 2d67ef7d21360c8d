"""Validations and attributions of an evaluation."""

from __future__ import annotations

from pathlib import Path

import encoders as wire
import polars
import pytest
from encoders import field, metric_key, slice_key, wrapper, write_tfrecord

from model_insights.artifacts.tfma_attributions import read_attributions
from model_insights.artifacts.tfma_validation import read_validation
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import AttributionKey, Attributions, MetricKey, Scalar, Threshold, Validation, ValidationFailure
from model_insights.slices import OVERALL, CrossSliceKey, SliceKey

LAPTOP = SliceKey(items=(("device", "laptop"),))
VALUE_THRESHOLD = field(1, field(1, wrapper(0.6)) + field(2, wrapper(0.9)))
CHANGE_THRESHOLD = field(2, field(1, wrapper(-0.02)) + field(2, wrapper(0.1)) + field(3, 2))


def write(folder: Path, *records: bytes, name: str = "validations.tfrecord") -> Path:
    return write_tfrecord(folder / name, records).parent


def validation_of(folder: Path) -> Validation:
    outcome = read_validation(folder)
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


@pytest.mark.parametrize("name", ["validations.tfrecord", "validations", "validations-00000-of-00001.tfrecord"])
def test_a_passed_validation_is_ok(name: str, tmp_path: Path):
    assert Validation(ok=True) == validation_of(write(tmp_path, field(1, 1) + field(4, b""), name=name))


def test_a_record_of_no_bytes_is_not_ok(tmp_path: Path):
    assert Validation(ok=False) == validation_of(write(tmp_path, b""))


def test_a_rubber_stamp_is_no_plain_ok(tmp_path: Path):
    assert Validation(ok=True, missing_thresholds=True, rubber_stamp=True) == validation_of(
        write(tmp_path, field(1, 1) + field(6, 1) + field(7, 1))
    )


def test_failures_name_slice_metric_threshold_and_value(tmp_path: Path):
    first = field(1, metric_key("auc", model="candidate", diff=True)) + field(2, CHANGE_THRESHOLD) + field(3, wire.double_value(-0.035))
    second = field(1, metric_key("auc")) + field(2, VALUE_THRESHOLD) + field(4, "Metric not found")
    per_slice = field(2, field(2, b"") + field(3, first)) + field(2, field(2, slice_key(("device", "laptop"))) + field(3, second))
    cross = field(2, field(4, wire.cross_slice_key(b"", slice_key(("device", "laptop")))) + field(3, second))
    found = validation_of(write(tmp_path, per_slice + cross))

    missing = ValidationFailure(
        slice=LAPTOP, key=MetricKey(name="auc"), threshold=Threshold(lower=0.6, upper=0.9), value=None, message="Metric not found"
    )
    assert not found.ok
    assert (
        ValidationFailure(
            slice=OVERALL,
            key=MetricKey(name="auc", model_name="candidate", is_diff=True),
            threshold=Threshold(absolute_change=-0.02, relative_change=0.1, direction="HIGHER_IS_BETTER"),
            value=Scalar(value=-0.035),
        ),
        missing,
    ) == found.failures[:2]
    assert CrossSliceKey(baseline=OVERALL, comparison=LAPTOP) == found.failures[2].slice


def test_missing_slices_are_named_with_a_star_for_any_value(tmp_path: Path):
    spec = field(1, "hour") + field(2, field(1, "device") + field(2, "laptop"))
    record = field(3, spec) + field(3, b"") + field(5, field(1, b"") + field(2, spec))
    star = SliceKey(items=(("device", "laptop"), ("hour", "*")))

    assert (star, OVERALL, CrossSliceKey(baseline=OVERALL, comparison=star)) == validation_of(write(tmp_path, record)).missing_slices


def test_parquet_validations_are_read(tmp_path: Path):
    polars.DataFrame({"serialized_value": [field(1, 1)]}).write_parquet(tmp_path / "validations.parquet")

    assert Validation(ok=True) == validation_of(tmp_path)


def test_no_validation_is_absent(tmp_path: Path):
    here, gone = read_validation(tmp_path), read_validation(tmp_path / "gone")

    assert isinstance(here, Absent)
    assert "Give a metric a threshold in the metrics_specs of the evaluation." == here.remedy
    assert isinstance(gone, Absent)
    assert f"the folder {tmp_path / 'gone'} does not exist" == gone.reason


@pytest.mark.parametrize(
    ("records", "what"),
    [
        ((), "it holds 0 results where TFMA writes one"),
        ((b"", b""), "it holds 2 results where TFMA writes one"),
        ((b"\xff",), "the record at byte 0 was not written by TFMA: it is no ValidationResult message"),
        ((field(1, b"") + field(51, b""),), "the record at byte 0 was not written by TFMA: it holds no field of a ValidationResult"),
        ((field(2, field(3, b"")),), "the record at byte 0 was not written by TFMA: it holds a metric without a name"),
    ],
)
def test_damaged_validations_say_what(records: tuple[bytes, ...], what: str, tmp_path: Path):
    outcome = read_validation(write(tmp_path, *records))

    assert isinstance(outcome, Damaged)
    assert what == outcome.what


def test_a_flipped_bit_damages_the_validation(tmp_path: Path):
    wire.flip(write(tmp_path, field(1, 1)) / "validations.tfrecord", 13)
    outcome = read_validation(tmp_path)

    assert isinstance(outcome, Damaged)
    assert "the record at byte 0 fails its checksum" == outcome.what


def attributions(*pairs: tuple[str, float]) -> bytes:
    key = field(1, "mean") + field(2, "candidate") + field(3, "head") + field(4, wire.sub_key(class_id=0)) + field(5, 1)
    return field(2, field(1, key) + b"".join(field(2, field(1, name) + field(2, wire.double_value(value))) for name, value in pairs))


def test_attributions_keep_the_order_of_the_file(tmp_path: Path):
    record = field(1, slice_key(("device", "laptop"))) + attributions(("price", 0.5), ("age", -0.25), ("brand", 0.0))
    write(tmp_path, field(1, b""), record, name="attributions-00000-of-00001.tfrecord")
    outcome = read_attributions(tmp_path)

    assert isinstance(outcome, Loaded)
    (found,) = outcome.value
    key = AttributionKey(name="mean", model_name="candidate", output_name="head", sub_key=found.key.sub_key, is_diff=True)
    values = (("price", Scalar(value=0.5)), ("age", Scalar(value=-0.25)), ("brand", Scalar(value=0.0)))
    assert Attributions(slice=LAPTOP, key=key, values=values) == found
    assert found.key.sub_key is not None
    assert 0 == found.key.sub_key.class_id


def test_one_empty_record_a_slice_is_no_attribution(tmp_path: Path):
    write(tmp_path, field(1, b""), field(1, slice_key(("hour", 1))), name="attributions-00000-of-00001.tfrecord")
    outcomes = read_attributions(tmp_path), read_attributions(tmp_path / "gone")

    assert [f"the attributions files in {tmp_path} hold none", f"{tmp_path / 'gone'} has no attributions file"] == [
        outcome.reason for outcome in outcomes if isinstance(outcome, Absent)
    ]


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (b"\xff", "it is no AttributionsForSlice message"),
        (field(51, b""), "it holds no field of an AttributionsForSlice"),
        (field(1, b"\x99"), "its slice key is not a TFMA slice key"),
    ],
)
def test_foreign_attributions_are_damaged(record: bytes, why: str, tmp_path: Path):
    outcome = read_attributions(write(tmp_path, record, name="attributions-00000-of-00001.tfrecord"))

    assert isinstance(outcome, Damaged)
    assert f"the record at byte 0 was not written by TFMA: {why}" == outcome.what
