"""Plots are indexed by the start of each record and decoded one slice at a time."""

from __future__ import annotations

import math
from pathlib import Path

import encoders as wire
import polars
import pytest
from encoders import field, plot, plot_data, plot_key, slice_key, write_tfrecord

from model_insights.artifacts import tfrecord
from model_insights.artifacts.tfma_plots import PlotIndex, index_plots, read_plots
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import (
    CalibrationBucket,
    ClassPair,
    ConfusionMatrix,
    LabelPair,
    MultiClassMatrix,
    MultiLabelMatrix,
    Plot,
    PlotKey,
    SubKey,
)
from model_insights.slices import OVERALL, AnySlice, CrossSliceKey, SliceKey

SHARD = "plots-00000-of-00001.tfrecord"
LAPTOP = SliceKey(items=(("device", "laptop"),))
DATA = plot_data(
    buckets=(wire.bucket(-math.inf, 0.0, 0.0, 0.0, 0.0), wire.bucket(0.0, 0.5, 10.0, 3.0, 2.5)),
    matrices=(wire.confusion_matrix(0.5, fn=1.0, tn=2.0, fp=3.0, tp=4.0, precision=0.6, recall=0.8),),
)
PLOT = Plot(
    key=PlotKey(),
    calibration=(
        CalibrationBucket(low=None, high=0.0, examples=0.0, label_sum=0.0, prediction_sum=0.0),
        CalibrationBucket(low=0.0, high=0.5, examples=10.0, label_sum=3.0, prediction_sum=2.5),
    ),
    confusion=(
        ConfusionMatrix(
            threshold=0.5, true_positives=4.0, false_positives=3.0, true_negatives=2.0, false_negatives=1.0, precision=0.6, recall=0.8
        ),
    ),
)


def record(where: bytes, *entries: bytes, cross: bool = False) -> bytes:
    return field(4 if cross else 1, where) + b"".join(entries)


def write(folder: Path, *records: bytes, name: str = SHARD, compress: bool = False) -> Path:
    return write_tfrecord(folder / name, records, compress=compress).parent


def indexed(folder: Path) -> PlotIndex:
    outcome = index_plots(folder)
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


def plots(folder: Path, where: AnySlice = OVERALL) -> tuple[Plot, ...]:
    outcome = read_plots(indexed(folder), where)
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


@pytest.mark.parametrize("compress", [False, True])
def test_each_slice_is_found_and_decoded_alone(compress: bool, tmp_path: Path):
    other = plot(plot_key(model="baseline"), plot_data(message="none"))
    write(tmp_path, record(slice_key(("device", "laptop")), other), record(b"", plot(b"", DATA)), compress=compress)

    assert (LAPTOP, OVERALL) == indexed(tmp_path).slices
    assert (PLOT,) == plots(tmp_path)
    assert (Plot(key=PlotKey(model_name="baseline"), message="none"),) == plots(tmp_path, LAPTOP)


def test_indexing_reads_only_the_start_of_each_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    big = plot(b"", plot_data(matrices=(wire.confusion_matrix(0.5, tp=1.0),) * 4000))
    write(tmp_path, *(record(slice_key(("hour", hour)), big) for hour in range(20)))
    asked: list[int] = []
    real = tfrecord.heads
    monkeypatch.setattr(tfrecord, "heads", lambda path, *, first: asked.append(first) or real(path, first=first))
    monkeypatch.setattr(tfrecord, "record_at", lambda *_: pytest.fail("a payload was read to index it"))
    index = indexed(tmp_path)

    assert 20 == len(index.slices)
    assert [512] == asked
    assert all(places[0].length > 80_000 for places in index.places.values())


def test_a_slice_key_longer_than_the_start_of_the_record_is_read_whole(tmp_path: Path):
    long = "x" * 3000
    write(tmp_path, record(slice_key(("text", long)), plot(b"", DATA)))

    assert (PLOT,) == plots(tmp_path, SliceKey(items=(("text", long),)))


def test_a_slice_key_after_the_plots_is_found(tmp_path: Path):
    write(tmp_path, plot(b"", DATA) + field(1, slice_key(("device", "laptop"))))

    assert (PLOT,) == plots(tmp_path, LAPTOP)


def test_a_record_without_slice_key_is_overall(tmp_path: Path):
    assert (PLOT,) == plots(write(tmp_path, plot(b"", DATA)))


def test_cross_slices_are_indexed(tmp_path: Path):
    where = wire.cross_slice_key(b"", slice_key(("device", "laptop")))
    write(tmp_path, record(where, plot(b"", DATA), cross=True))

    assert (PLOT,) == plots(tmp_path, CrossSliceKey(baseline=OVERALL, comparison=LAPTOP))


def test_named_plots_and_keys_that_differ_are_kept_apart(tmp_path: Path):
    keys = {
        PlotKey(): b"",
        PlotKey(name="fine"): plot_key(name="fine"),
        PlotKey(model_name="m", output_name="o", example_weighted=True): plot_key(model="m", output="o", weighted=True),
        PlotKey(sub_key=SubKey(class_id=0)): plot_key(sub=wire.sub_key(class_id=0)),
    }
    write(tmp_path, record(b"", *(plot(key, DATA) for key in keys.values())))

    assert tuple(keys) == tuple(found.key for found in plots(tmp_path))


def test_the_plot_data_and_the_map_of_old_tfma_are_read(tmp_path: Path):
    write(tmp_path, record(b"", field(2, DATA), wire.legacy_plot("post_export_metrics", DATA)), name="plots")

    assert [PlotKey(), PlotKey(name="post_export_metrics")] == [found.key for found in plots(tmp_path)]
    assert PLOT.confusion == plots(tmp_path)[1].confusion


def test_a_suppressed_slice_gives_its_reason(tmp_path: Path):
    write(tmp_path, record(b"", wire.legacy_plot("__ERROR__", plot_data(message="too few examples"))))

    assert (Plot(key=PlotKey(), message="too few examples"),) == plots(tmp_path)


def test_multi_class_and_multi_label_matrices(tmp_path: Path):
    pair = field(1, 2) + field(2, -1) + field(3, 7.5)
    label = field(1, 1) + field(2, 3) + field(3, 1.0) + field(4, 2.0) + field(5, 3.0) + field(6, 4.0)
    data = field(4, field(1, field(1, 0.5) + field(2, pair))) + field(5, field(1, field(1, 0.25) + field(2, label)))
    expected = Plot(
        key=PlotKey(),
        multi_class=(MultiClassMatrix(threshold=0.5, entries=(ClassPair(actual=2, predicted=-1, examples=7.5),)),),
        multi_label=(
            MultiLabelMatrix(
                threshold=0.25,
                entries=(
                    LabelPair(actual=1, predicted=3, true_positives=4.0, false_positives=3.0, true_negatives=2.0, false_negatives=1.0),
                ),
            ),
        ),
    )

    assert (expected,) == plots(write(tmp_path, record(b"", plot(b"", data))))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (plot_data(buckets=(wire.bucket(0.0, 1.0, math.nan, 1.0, 1.0),)), "a calibration bucket holds a sum that is not a number"),
        (plot_data(matrices=(wire.confusion_matrix(0.5, tp=math.inf),)), "a confusion matrix holds a count that is not a number"),
        (plot_data(matrices=(wire.confusion_matrix(math.nan, tp=1.0),)), "a threshold is not a number"),
    ],
)
def test_a_plot_that_holds_no_number_says_so(data: bytes, what: str, tmp_path: Path):
    assert (Plot(key=PlotKey(), message=what),) == plots(write(tmp_path, record(b"", plot(b"", data))))


def test_two_records_of_one_slice_are_both_read(tmp_path: Path):
    write(tmp_path, record(b"", plot(plot_key(model="a"), DATA)), name="plots-00000-of-00002.tfrecord")
    write(tmp_path, record(b"", plot(plot_key(model="b"), DATA)), name="plots-00001-of-00002.tfrecord")

    assert ["a", "b"] == [found.key.model_name for found in plots(tmp_path)]


def test_parquet_plots_are_read_by_row(tmp_path: Path):
    records = [record(slice_key(("hour", 0)), plot(plot_key(model="a"), DATA)), record(b"", plot(b"", DATA))]
    polars.DataFrame({"serialized_value": records}).write_parquet(tmp_path / "plots-00000-of-00001.parquet")

    assert (SliceKey(items=(("hour", 0),)), OVERALL) == indexed(tmp_path).slices
    assert (PLOT,) == plots(tmp_path)


def test_plots_that_were_not_asked_for_are_absent(tmp_path: Path):
    empty = write(tmp_path / "empty", name="plots")
    bare = write(tmp_path / "bare", record(b""), record(slice_key(("hour", 1))))
    (tmp_path / "none").mkdir()
    outcomes = [index_plots(folder) for folder in (empty, bare, tmp_path / "none", tmp_path / "gone")]

    assert all(isinstance(outcome, Absent) for outcome in outcomes)
    assert [
        f"the plots files in {empty} hold no plot",
        f"the plots files in {bare} hold no plot",
        f"{tmp_path / 'none'} has no plots file",
        f"the folder {tmp_path / 'gone'} does not exist",
    ] == [outcome.reason for outcome in outcomes if isinstance(outcome, Absent)]


def test_a_slice_without_plots_is_absent_by_name(tmp_path: Path):
    outcome = read_plots(indexed(write(tmp_path, record(b"", plot(b"", DATA)))), LAPTOP)

    assert isinstance(outcome, Absent)
    assert "No plots of device=laptop: the evaluation holds no plots of this slice. Add the slice to slicing_specs." == outcome.sentence


def test_a_flipped_payload_bit_damages_its_slice_only(tmp_path: Path):
    first = record(b"", plot(b"", DATA))
    folder = write(tmp_path, first, record(slice_key(("device", "laptop")), plot(b"", DATA)))
    path = wire.flip(folder / SHARD, 60)
    index = indexed(folder)
    outcome = read_plots(index, OVERALL)

    assert isinstance(outcome, Damaged)
    assert (str(path), 0, "the record at byte 0 fails its checksum") == (outcome.path, outcome.offset, outcome.what)
    assert isinstance(read_plots(index, LAPTOP), Loaded)


def test_a_truncated_file_is_damaged_when_indexed(tmp_path: Path):
    path = write(tmp_path, record(b"", plot(b"", DATA))) / SHARD
    path.write_bytes(path.read_bytes()[:-2])
    outcome = index_plots(tmp_path)

    assert isinstance(outcome, Damaged)
    assert "the record at byte 0 ends 2 bytes early" == outcome.what


def test_foreign_messages_are_damaged_not_empty(tmp_path: Path):
    metrics = write(tmp_path / "metrics", wire.metrics_for_slice(b"", wire.metric("auc", 0.5)))
    garbled = index_plots(write(tmp_path / "garbled", field(1, b"\x99") + plot(b"", DATA)))
    outcome = read_plots(indexed(metrics), OVERALL)

    assert isinstance(outcome, Damaged)
    assert "the record at byte 0 was not written by TFMA: it holds no plot but other fields" == outcome.what
    assert isinstance(garbled, Damaged)
    assert "the record at byte 0 was not written by TFMA: its slice key is not a TFMA slice key" == garbled.what


def test_a_payload_that_is_no_message_is_damaged_when_decoded(tmp_path: Path):
    outcome = read_plots(indexed(write(tmp_path, field(1, b"") + b"\xff\xff")), OVERALL)

    assert isinstance(outcome, Damaged)
    assert "the record at byte 0 was not written by TFMA: it is no PlotsForSlice message" == outcome.what
