"""TFMA metrics: every form and kind is read, and nothing damaged passes for empty."""

from __future__ import annotations

import math
import struct
from itertools import starmap
from pathlib import Path

import encoders as wire
import numpy as np
import polars
import pytest
from encoders import field, metric, metric_key, metrics_for_slice, slice_key, write_tfrecord
from hypothesis import assume, given
from hypothesis import strategies as st

from model_insights.artifacts import tfma_values
from model_insights.artifacts.tfma import is_evaluation_folder, read_evaluation
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import (
    Array,
    AtCutoffs,
    Blob,
    Bounded,
    ClassPair,
    ConfidenceInterval,
    ConfusionAtThresholds,
    ConfusionMatrix,
    EvalConfig,
    Evaluation,
    Message,
    Metric,
    MetricKey,
    MetricValue,
    MultiClassConfusion,
    MultiClassMatrix,
    Scalar,
    SubKey,
    TDistribution,
)
from model_insights.slices import OVERALL, CrossSliceKey, SliceKey

SHARD = "metrics-00000-of-00001.tfrecord"
AUC = MetricKey(name="auc")
NAMES = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs",)), min_size=1, max_size=6).filter(
    lambda name: name != "__ERROR__"
)
LAPTOP = SliceKey(items=(("device", "laptop"),))


def write(folder: Path, *records: bytes, name: str = SHARD) -> Path:
    return write_tfrecord(folder / name, records).parent


def read(folder: Path) -> Evaluation:
    outcome = read_evaluation(folder)
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


def refused(folder: Path) -> Damaged:
    outcome = read_evaluation(folder)
    assert isinstance(outcome, Damaged)
    return outcome


def value_read(folder: Path, value: bytes) -> MetricValue:
    found = one(folder, value)
    return found.value


def one(folder: Path, value: bytes) -> Metric:
    found = read(write(folder, metrics_for_slice(b"", metric("auc", value)))).metric(OVERALL, AUC)
    assert found is not None
    return found


def test_scalars_come_by_slice_and_key_wherever_overall_stands(tmp_path: Path):
    evaluation = read(
        write(
            tmp_path,
            metrics_for_slice(slice_key(("device", "laptop")), metric("auc", 0.5), metric("count", 12.0)),
            metrics_for_slice(b"", metric("count", 40.0), metric("auc", 0.75)),
        )
    )

    assert (LAPTOP, OVERALL) == evaluation.slices
    assert (AUC, MetricKey(name="count")) == evaluation.keys
    assert [[0.5, 12.0], [0.75, 40.0]] == evaluation.scalars.tolist()
    assert 0.75 == evaluation.scalar(OVERALL, AUC)
    assert EvalConfig() == evaluation.config
    assert not evaluation.scalars.flags.writeable


def test_a_metric_absent_from_a_slice_is_absent_not_zero(tmp_path: Path):
    evaluation = read(
        write(
            tmp_path, metrics_for_slice(b"", metric("auc", 0.0)), metrics_for_slice(slice_key(("device", "laptop")), metric("count", 1.0))
        )
    )

    assert 0.0 == evaluation.scalar(OVERALL, AUC)
    assert evaluation.scalar(LAPTOP, AUC) is None
    assert evaluation.metric(LAPTOP, AUC) is None


def test_slice_values_keep_their_type_and_zero_is_a_value(tmp_path: Path):
    where = slice_key(("hour", 0), ("device", ""), ("weight", 0.5), ("raw", b"\xff\x41"), ("day", -3))
    evaluation = read(write(tmp_path, metrics_for_slice(where, metric("auc", 0.5))))

    assert (("hour", 0), ("device", ""), ("weight", 0.5), ("raw", "\\xffA"), ("day", -3)) == evaluation.slices[0].items
    assert isinstance(evaluation.slices[0].items[0][1], int)


def test_a_slice_by_nan_can_be_looked_up(tmp_path: Path):
    evaluation = read(write(tmp_path, metrics_for_slice(slice_key(("weight", math.nan)), metric("auc", 0.5))))

    assert 0.5 == evaluation.scalar(SliceKey(items=(("weight", "nan"),)), AUC)


def test_cross_slices_name_both_sides(tmp_path: Path):
    key = wire.cross_slice_key(b"", slice_key(("device", "laptop")))
    evaluation = read(write(tmp_path, metrics_for_slice(key, metric("auc", 0.25), cross=True)))

    assert (CrossSliceKey(baseline=OVERALL, comparison=LAPTOP),) == evaluation.slices
    assert 0.25 == evaluation.scalar(evaluation.slices[0], AUC)


def test_metrics_that_differ_in_any_part_of_the_key_are_different_metrics(tmp_path: Path):
    keys = {
        MetricKey(name="auc"): metric_key("auc"),
        MetricKey(name="auc", model_name="baseline"): metric_key("auc", model="baseline"),
        MetricKey(name="auc", output_name="head"): metric_key("auc", output="head"),
        MetricKey(name="auc", is_diff=True): metric_key("auc", diff=True),
        MetricKey(name="auc", example_weighted=True): metric_key("auc", weighted=True),
        MetricKey(name="auc", example_weighted=False): metric_key("auc", weighted=False),
        MetricKey(name="auc", aggregation="micro_average"): metric_key("auc", aggregation=1),
        MetricKey(name="auc", aggregation="macro_average"): metric_key("auc", aggregation=2),
        MetricKey(name="auc", aggregation="weighted_macro_average"): metric_key("auc", aggregation=3),
        MetricKey(name="auc", sub_key=SubKey(class_id=0)): metric_key("auc", sub=wire.sub_key(class_id=0)),
        MetricKey(name="auc", sub_key=SubKey(k=1)): metric_key("auc", sub=wire.sub_key(k=1)),
        MetricKey(name="auc", sub_key=SubKey(class_id=0, top_k=3)): metric_key("auc", sub=wire.sub_key(class_id=0, top_k=3)),
        MetricKey(name="_private"): metric_key("_private"),
    }
    entries = [metric(key, float(i)) for i, key in enumerate(keys.values())]
    evaluation = read(write(tmp_path, metrics_for_slice(b"", *entries)))

    assert tuple(keys) == evaluation.keys
    assert list(map(float, range(len(keys)))) == evaluation.scalars[0].tolist()


@pytest.mark.parametrize(("number", "name"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_what_is_not_finite_is_remembered_by_name(number: float, name: str, tmp_path: Path):
    evaluation = read(write(tmp_path, metrics_for_slice(b"", metric("auc", number), metric("count", 1.0))))

    assert {(0, 0): name} == evaluation.nonfinite
    assert evaluation.scalar(OVERALL, AUC) is None
    assert np.isnan(evaluation.scalars[0, 0])
    assert Metric(key=AUC, value=Scalar(value=None, nonfinite=name)) == evaluation.metric(OVERALL, AUC)  # type: ignore[arg-type]


def test_negative_zero_and_the_smallest_double_are_scalars(tmp_path: Path):
    negative_zero = field(1, b"\x09" + struct.pack("<d", -0.0))
    evaluation = read(write(tmp_path, metrics_for_slice(b"", metric("auc", negative_zero), metric("tiny", 5e-324))))

    assert [[0.0, 5e-324]] == evaluation.scalars.tolist()
    assert not evaluation.others


def test_a_bounded_value_keeps_its_bounds_and_its_point(tmp_path: Path):
    found = one(tmp_path, wire.bounded_value(0.8, 0.79, 0.81, methodology=1))

    assert Bounded(value=0.8, low=0.79, high=0.81, methodology="RIEMANN_SUM") == found.value
    assert found.interval is None, "bounds of a Riemann sum are no confidence interval"
    assert 0.8 == read(tmp_path).scalar(OVERALL, AUC)


def test_the_bootstrap_bounds_of_old_tfma_are_a_confidence_interval(tmp_path: Path):
    found = one(tmp_path, wire.bounded_value(0.8, 0.7, 0.9, methodology=2))

    assert Bounded(value=0.8, low=0.7, high=0.9, methodology="POISSON_BOOTSTRAP") == found.value
    assert ConfidenceInterval(low=Scalar(value=0.7), high=Scalar(value=0.9)) == found.interval


def test_the_t_distribution_of_old_tfma_is_a_confidence_interval(tmp_path: Path):
    found = one(tmp_path, field(9, wire.t_distribution(0.8, 0.1, 19, 0.81)))

    expected = TDistribution(sample_mean=0.8, sample_standard_deviation=0.1, sample_degrees_of_freedom=19, unsampled_value=0.81)
    assert expected == found.value
    assert found.interval is not None
    assert pytest.approx((0.8 - 0.2093024, 0.8 + 0.2093024)) == (found.interval.low.value, found.interval.high.value)  # type: ignore[union-attr]
    assert (Scalar(value=0.1), 19) == (found.interval.standard_error, found.interval.degrees_of_freedom)
    assert 0.81 == read(tmp_path).scalar(OVERALL, AUC)


def test_a_t_distribution_without_freedom_has_no_interval(tmp_path: Path):
    assert one(tmp_path, field(9, wire.t_distribution(0.8, 0.1, 0, 0.81))).interval is None


def test_unknown_bytes_and_debug_values_are_text_or_bytes(tmp_path: Path):
    assert Message(text="[1, 2] (cannot be a float)") == value_read(tmp_path, field(3, field(1, "cannot be a float") + field(2, "[1, 2]")))
    assert Message(text="why") == value_read(tmp_path, wire.debug_message("why"))
    assert Blob(value=b"\x00\xff") == value_read(tmp_path, field(6, b"\x00\xff"))


def test_a_value_of_a_kind_from_the_future_is_said_to_be_unknown(tmp_path: Path):
    assert Message(text="the file holds no value of a kind this version knows") == value_read(tmp_path, field(77, b"later"))


def test_values_at_cutoffs(tmp_path: Path):
    pairs = field(1, field(1, 1) + field(2, 0.5)) + field(1, field(1, 5)) + field(1, field(1, 9) + field(2, math.nan))

    assert AtCutoffs(values=((1, 0.5), (5, 0.0), (9, None))) == value_read(tmp_path, field(4, pairs))


def test_old_values_at_cutoffs_carry_their_interval_inside(tmp_path: Path):
    found = one(tmp_path, field(4, field(1, field(1, 1) + field(3, wire.bounded(0.5, 0.4, 0.6, 2)))))

    assert AtCutoffs(values=((1, 0.5),)) == found.value
    assert ConfidenceInterval(low=AtCutoffs(values=((1, 0.4),)), high=AtCutoffs(values=((1, 0.6),))) == found.interval


def test_confusion_matrices_come_in_rising_order_with_their_counts_untangled(tmp_path: Path):
    matrices = wire.confusion_matrices(
        wire.confusion_matrix(0.5, fn=1.0, tn=2.0, fp=3.0, tp=4.5, precision=0.6, recall=0.8),
        wire.confusion_matrix(-math.inf, fp=5.0, tp=5.5, precision=math.nan),
    )

    expected = (
        ConfusionMatrix(
            threshold=-3.4028234663852886e38, true_positives=5.5, false_positives=5.0, true_negatives=0.0, false_negatives=0.0, recall=0.0
        ),
        ConfusionMatrix(
            threshold=0.5, true_positives=4.5, false_positives=3.0, true_negatives=2.0, false_negatives=1.0, precision=0.6, recall=0.8
        ),
    )
    assert ConfusionAtThresholds(matrices=expected) == value_read(tmp_path, field(5, matrices))


def test_a_confusion_matrix_with_a_count_that_is_no_number_is_a_message(tmp_path: Path):
    value = value_read(tmp_path, field(5, wire.confusion_matrices(wire.confusion_matrix(0.5, tp=math.nan))))

    assert Message(text="a confusion matrix holds a count that is not a number") == value


def test_old_confusion_matrices_carry_their_interval_inside(tmp_path: Path):
    old = wire.confusion_matrix(
        0.5, f8=wire.bounded(1.0, 0.5, 1.5, 2), f11=wire.bounded(4.0, 3.0, 5.0, 2), f15=wire.t_distribution(2.0, 0.0, 3, 2.5)
    )
    found = one(tmp_path, field(5, wire.confusion_matrices(old)))

    def matrix(fn: float, tn: float, tp: float) -> ConfusionAtThresholds:
        counts = ConfusionMatrix(
            threshold=0.5, true_positives=tp, false_positives=0.0, true_negatives=tn, false_negatives=fn, precision=0.0, recall=0.0
        )
        return ConfusionAtThresholds(matrices=(counts,))

    assert matrix(fn=1.0, tn=2.5, tp=4.0) == found.value
    assert ConfidenceInterval(low=matrix(fn=0.5, tn=2.0, tp=3.0), high=matrix(fn=1.5, tn=2.0, tp=5.0)) == found.interval


def test_multi_class_confusion_keeps_the_class_below_the_threshold(tmp_path: Path):
    entry = field(1, 2) + field(2, -1) + field(3, 7.5)
    value = value_read(tmp_path, field(11, field(1, field(1, 0.5) + field(2, entry))))

    expected = MultiClassMatrix(threshold=0.5, entries=(ClassPair(actual=2, predicted=-1, examples=7.5),))
    assert MultiClassConfusion(matrices=(expected,)) == value


@pytest.mark.parametrize(
    ("data_type", "elements", "expected"),
    [
        (1, field(3, "a") + field(3, b"\xff"), Array(data_type="BYTES", shape=(2,), values=("a", "\\xff"))),
        (2, field(4, 3) + field(4, -4), Array(data_type="INT32", shape=(2,), values=(3, -4))),
        (3, field(5, 1 << 40) + field(5, 0), Array(data_type="INT64", shape=(2,), values=(1 << 40, 0))),
        (4, wire.single(6, 0.5) + wire.single(6, math.inf), Array(data_type="FLOAT32", shape=(2,), values=(0.5, None))),
        (5, field(7, 0.1) + field(7, math.nan), Array(data_type="FLOAT64", shape=(2,), values=(0.1, None))),
        (9, b"", Array(data_type="UNKNOWN", shape=(2,), values=())),
    ],
)
def test_arrays_of_every_type(data_type: int, elements: bytes, expected: Array, tmp_path: Path):
    assert expected == value_read(tmp_path, field(7, field(1, data_type) + field(2, 2) + elements))


def test_intervals_stand_beside_the_point_in_its_own_kind(tmp_path: Path):
    interval = wire.confidence_interval(wire.double_value(0.7), wire.double_value(3.6), error=wire.double_value(0.01), freedom=19)
    matrices = field(5, wire.confusion_matrices(wire.confusion_matrix(0.5, tp=1.0)))
    evaluation = read(
        write(
            tmp_path,
            metrics_for_slice(b"", metric("auc", 0.8, interval), metric("matrix", matrices, wire.confidence_interval(matrices, matrices))),
        )
    )

    expected = ConfidenceInterval(low=Scalar(value=0.7), high=Scalar(value=3.6), standard_error=Scalar(value=0.01), degrees_of_freedom=19)
    assert Metric(key=AUC, value=Scalar(value=0.8), interval=expected) == evaluation.metric(OVERALL, AUC)
    assert isinstance(evaluation.intervals[0, 1].low, ConfusionAtThresholds)
    assert evaluation.intervals[0, 1].standard_error is None


def test_an_interval_that_lacks_a_bound_is_none(tmp_path: Path):
    evaluation = read(write(tmp_path, metrics_for_slice(b"", metric("auc", 0.8, field(1, wire.double_value(0.9))))))

    assert {} == evaluation.intervals


def test_the_map_of_tfma_0_21_is_read_from_a_file_without_suffix(tmp_path: Path):
    evaluation = read(
        write(
            tmp_path,
            metrics_for_slice(
                slice_key(("weekday", 0)), wire.legacy_metric("post_export_metrics/auc", wire.bounded_value(0.8, 0.79, 0.81, 1))
            ),
            metrics_for_slice(b"", wire.legacy_metric("average_loss", 1.887), wire.legacy_metric("accuracy", 0.0)),
            name="metrics",
        )
    )

    assert 1.887 == evaluation.scalar(OVERALL, MetricKey(name="average_loss"))
    assert 0.0 == evaluation.scalar(OVERALL, MetricKey(name="accuracy"))
    monday = evaluation.metric(SliceKey(items=(("weekday", 0),)), MetricKey(name="post_export_metrics/auc"))
    assert monday is not None
    assert Bounded(value=0.8, low=0.79, high=0.81, methodology="RIEMANN_SUM") == monday.value


def test_a_suppressed_slice_has_its_reason_and_no_metric(tmp_path: Path):
    reason = "Example count for this slice key is lower than the minimum required value: 10."
    evaluation = read(
        write(
            tmp_path,
            metrics_for_slice(slice_key(("device", "laptop")), wire.legacy_metric("__ERROR__", wire.debug_message(reason))),
            metrics_for_slice(b"", metric("auc", 0.8)),
        )
    )

    assert {0: reason} == evaluation.errors
    assert evaluation.is_suppressed(LAPTOP)
    assert not evaluation.is_suppressed(OVERALL)
    assert (AUC,) == evaluation.keys


def test_an_error_beside_metrics_does_not_suppress_the_slice(tmp_path: Path):
    evaluation = read(write(tmp_path, metrics_for_slice(b"", metric("auc", 0.8), metric("__ERROR__", field(6, "CI not computed")))))

    assert {0: "CI not computed"} == evaluation.errors
    assert not evaluation.is_suppressed(OVERALL)
    assert (AUC,) == evaluation.keys


def test_two_errors_of_one_slice_are_both_kept(tmp_path: Path):
    errors = [metric("__ERROR__", field(6, text)) for text in ("first", "first", "second")]

    assert {0: "first; second"} == read(write(tmp_path, metrics_for_slice(b"", *errors))).errors


def test_an_evaluation_of_suppressed_slices_only_is_loaded(tmp_path: Path):
    evaluation = read(write(tmp_path, metrics_for_slice(b"", wire.legacy_metric("__ERROR__", wire.debug_message("too few")))))

    assert (1, 0) == evaluation.scalars.shape
    assert evaluation.is_suppressed(OVERALL)


def test_html_in_names_is_text(tmp_path: Path):
    evil = "</script><b>&"
    evaluation = read(write(tmp_path, metrics_for_slice(slice_key((evil, evil)), metric(evil, 1.0))))

    assert f"{evil}={evil}" == evaluation.slices[0].text
    assert evil == evaluation.keys[0].name


def test_shards_are_read_as_one(tmp_path: Path):
    write(tmp_path, metrics_for_slice(b"", metric("auc", 0.5)), name="metrics-00000-of-00003.tfrecord")
    write(tmp_path, name="metrics-00001-of-00003.tfrecord")
    write(tmp_path, metrics_for_slice(slice_key(("device", "laptop")), metric("auc", 0.25)), name="metrics-00002-of-00003.tfrecord")

    assert [[0.5], [0.25]] == read(tmp_path).scalars.tolist()


def test_a_slice_split_over_two_records_is_one_slice(tmp_path: Path):
    evaluation = read(write(tmp_path, metrics_for_slice(b"", metric("auc", 0.5)), metrics_for_slice(b"", metric("count", 3.0))))

    assert [[0.5, 3.0]] == evaluation.scalars.tolist()


@pytest.mark.parametrize("name", ["metrics-00000-of-00001.tfrecord.gz", "metrics.tfrecord", "metrics-00000-of-00001.gz", SHARD])
def test_gzip_is_seen_by_content(name: str, tmp_path: Path):
    write_tfrecord(tmp_path / name, [metrics_for_slice(b"", metric("auc", 0.5))], compress=True)

    assert 0.5 == read(tmp_path).scalar(OVERALL, AUC)


def write_parquet(path: Path, *records: bytes) -> Path:
    polars.DataFrame(
        {"slice_key": [{"single_slice_specs": [{"column": None}]}] * len(records), "serialized_value": list(records)}
    ).write_parquet(path)
    return path.parent


def test_parquet_is_read_from_its_serialised_column_only(tmp_path: Path):
    records = metrics_for_slice(b"", metric("auc", 0.5)), metrics_for_slice(slice_key(("device", "laptop")), metric("auc", 0.25))
    evaluation = read(write_parquet(tmp_path / "metrics-00000-of-00001.parquet", *records))

    assert (OVERALL, LAPTOP) == evaluation.slices
    assert [[0.5], [0.25]] == evaluation.scalars.tolist()
    assert is_evaluation_folder(tmp_path)


def test_parquet_without_the_column_is_damaged(tmp_path: Path):
    polars.DataFrame({"other": [1]}).write_parquet(tmp_path / "metrics-00000-of-00001.parquet")

    assert "it has no column serialized_value, so TFMA did not write it" == refused(tmp_path).what


def test_parquet_of_other_types_is_damaged(tmp_path: Path):
    polars.DataFrame({"serialized_value": [1]}).write_parquet(tmp_path / "metrics-00000-of-00001.parquet")

    assert "its column serialized_value does not hold a message in every row" == refused(tmp_path).what


def test_a_cut_parquet_file_is_damaged(tmp_path: Path):
    folder = write_parquet(tmp_path / "metrics-00000-of-00001.parquet", metrics_for_slice(b"", metric("auc", 0.5)))
    path = folder / "metrics-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes()[:-9])

    assert refused(folder).what.startswith("it is no readable parquet file (")


def test_a_missing_folder_and_a_folder_without_metrics_are_absent(tmp_path: Path):
    gone = read_evaluation(tmp_path / "gone")
    empty = read_evaluation(tmp_path)

    assert isinstance(gone, Absent)
    assert f"No evaluation metrics: the folder {tmp_path / 'gone'} does not exist. Restore it, or run the Evaluator again." == gone.sentence
    assert isinstance(empty, Absent)
    assert f"{tmp_path} has no metrics file" == empty.reason


def test_an_empty_file_is_damaged_not_empty(tmp_path: Path):
    damaged = refused(write(tmp_path))

    assert f"{tmp_path} cannot be read: its metrics files hold no record. Run the Evaluator again, or restore the file." == damaged.sentence


def test_one_damaged_shard_damages_the_evaluation(tmp_path: Path):
    write(tmp_path, metrics_for_slice(b"", metric("auc", 0.5)), name="metrics-00000-of-00002.tfrecord")
    write(tmp_path, metrics_for_slice(b"", metric("auc", 0.5)), name="metrics-00001-of-00002.tfrecord")
    path = wire.flip(tmp_path / "metrics-00001-of-00002.tfrecord", 20)

    damaged = refused(tmp_path)
    assert (str(path), "the record at byte 0 fails its checksum", 0) == (damaged.path, damaged.what, damaged.offset)


def test_a_missing_shard_damages_the_evaluation(tmp_path: Path):
    damaged = refused(write(tmp_path, metrics_for_slice(b"", metric("auc", 0.5)), name="metrics-00000-of-00002.tfrecord"))

    assert "of the metrics files, shard 2 of 2 is missing" == damaged.what


def test_a_truncated_record_damages_the_evaluation(tmp_path: Path):
    path = write(tmp_path, metrics_for_slice(b"", metric("auc", 0.5))) / SHARD
    path.write_bytes(path.read_bytes()[:-1])

    assert "the record at byte 0 ends 1 bytes early" == refused(tmp_path).what


def test_a_folder_that_may_not_be_listed_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(self: Path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)

    assert "the folder cannot be listed (Permission denied)" == refused(tmp_path).what
    assert not is_evaluation_folder(tmp_path)


@given(
    table=st.lists(
        st.tuples(st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5), st.dictionaries(NAMES, st.floats(), max_size=4)),
        min_size=1,
        max_size=5,
        unique_by=lambda pair: str(pair[0]),
    )
)
def test_every_double_of_every_slice_is_read_as_it_was_written(table: list, tmp_path_factory: pytest.TempPathFactory):
    assume(any(row for _, row in table))
    folder = tmp_path_factory.mktemp("law")
    evaluation = read(write(folder, *(metrics_for_slice(slice_key(("c", where)), *starmap(metric, row.items())) for where, row in table)))

    for where, row in table:
        for name in evaluation.keys:
            found = evaluation.metric(SliceKey(items=(("c", where),)), name)
            expected = row.get(name.name)
            assert (expected is None) == (found is None)
            if found is not None and expected is not None:
                assert isinstance(found.value, Scalar)
                assert (repr(expected) if math.isfinite(expected) else str(expected)) == shown(found.value)


def shown(value: Scalar) -> str:
    return repr(value.value) if value.value is not None else {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}[value.nonfinite or ""]


def test_equal_keys_and_slices_are_decoded_once_and_doubles_never(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tfma_values, "value_of_wire", lambda _: pytest.fail("a plain double took the slow way"))
    for memo in (tfma_values.metric_key, tfma_values.slice_key):
        memo.cache_clear()
    for run in range(3):
        records = [metrics_for_slice(slice_key(("hour", hour)), *(metric(f"m{j}", j * 0.5) for j in range(10))) for hour in range(50)]
        evaluation = read(write(tmp_path / str(run), *records))

    assert (50, 10) == evaluation.scalars.shape
    assert 10 == tfma_values.metric_key.cache_info().misses
    assert 50 == tfma_values.slice_key.cache_info().misses


AN_EXAMPLE = field(1, field(1, field(1, "price") + field(2, field(2, field(1, wire.single(1, 2.5))))))
ATTRIBUTIONS = field(1, b"") + field(2, field(1, field(1, "mean")))


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (b"\xff\xff\xff plain text", "it is no MetricsForSlice message"),
        (AN_EXAMPLE, "no record of the evaluation holds a metric"),
        (ATTRIBUTIONS, "'\\n\\x04mean' is no name that TFMA would write"),
        (field(1, b"\x99"), "its slice key is not a TFMA slice key"),
        (field(3, b"\x99"), "its cross slice key is not a TFMA cross slice key"),
        (field(51, field(1, b"\x99")), "its metric key is not a TFMA metric key"),
        (metric("auc", b"\x99"), "a value is not a TFMA metric value"),
        (metric("auc", 0.5, b"\x99"), "an interval is not a TFMA confidence interval"),
        (metric(b"", 0.5), "it holds a metric without a name"),
    ],
)
def test_a_foreign_message_is_damaged(record: bytes, why: str, tmp_path: Path):
    damaged = refused(write(tmp_path, record))

    assert f"the record at byte 0 was not written by TFMA: {why}" == damaged.what
    assert 0 == damaged.offset


def test_an_evaluation_folder_is_known_by_its_content(tmp_path: Path):
    good = write(tmp_path / "good", metrics_for_slice(b"", metric("auc", 0.5)))
    examples = write(tmp_path / "examples", AN_EXAMPLE)
    text = tmp_path / "text"
    text.mkdir()
    (text / "metrics.tfrecord").write_text("name,value\nauc,0.5\n")
    (tmp_path / "nested" / "metrics").mkdir(parents=True)

    assert is_evaluation_folder(good)
    assert not any(map(is_evaluation_folder, (examples, text, tmp_path / "nested", tmp_path, tmp_path / "gone")))


def test_a_damaged_or_cleared_evaluation_is_still_found_by_its_configuration(tmp_path: Path):
    (tmp_path / "eval_config.json").write_text('{"evalConfig": {}}')
    assert is_evaluation_folder(tmp_path)

    (tmp_path / SHARD).write_bytes(b"")
    assert is_evaluation_folder(tmp_path)
    assert isinstance(read_evaluation(tmp_path), Damaged)


def test_a_foreign_eval_config_makes_no_evaluation_folder(tmp_path: Path):
    (tmp_path / "eval_config.json").write_text('{"other": {}}')

    assert not is_evaluation_folder(tmp_path)


@pytest.mark.parametrize("at", [3, 20])
def test_a_damaged_evaluation_without_configuration_is_still_found(at: int, tmp_path: Path):
    folder = write(tmp_path, metrics_for_slice(b"", metric("auc", 0.5)))
    wire.flip(folder / SHARD, at)

    assert is_evaluation_folder(folder)
    assert isinstance(read_evaluation(folder), Damaged)
