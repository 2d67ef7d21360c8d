"""TFDV statistics: every encoding and layout is read, and nothing damaged or foreign passes for empty."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from encoders import field, flip, framed, metric, metric_key, metrics_for_slice, slice_key, write_tfrecord
from hypothesis import given
from hypothesis import strategies as st
from tfdv_encoders import (
    anomalies,
    common,
    dataset,
    example,
    histogram,
    number_feature,
    path,
    ranks,
    statistics,
    text_feature,
)

from model_insights.artifacts.tfdv_sniff import is_statistics_file, is_statistics_folder
from model_insights.artifacts.tfdv_statistics import read_all_statistics, read_statistics, splits
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.stats import Bucket, CommonStats, FeatureStats, Histogram, LiftSeries, LiftValue, Statistics, ValueCount

FARE = number_feature("fare")
TAXI = statistics(dataset(FARE, text_feature("company", top=[("Blue", 6.0), ("Red", 4.0)])))
TEXT = """
# written by tfdv.write_stats_text
datasets {
  num_examples: 10
  features {
    type: FLOAT
    num_stats { common_stats { num_non_missing: 10 tot_num_values: 10 } mean: 2.0 min: -inf max: 9 a_later_field { x: 1 } }
    path { step: "fare" }
  }
}
"""


def write(file: Path, data: bytes | str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return file


def read(source: Path, split: str = "train") -> Statistics:
    outcome = read_statistics(source, split=split)
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


def refused(source: Path) -> Damaged:
    outcome = read_statistics(source)
    assert isinstance(outcome, Damaged)
    return outcome


def one_feature(source: Path, *steps: str) -> FeatureStats:
    (whole,) = read(source).datasets
    feature = whole.feature(steps)
    assert feature is not None
    return feature


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "Split-train" / "FeatureStats.pb"


def test_a_bare_message_is_read_whole(file: Path):
    statistics_of_split = read(write(file, TAXI))

    whole = statistics_of_split.whole
    assert whole is not None
    assert ("train", "", 10, None) == (statistics_of_split.split, whole.name, whole.num_examples, whole.weighted_num_examples)
    assert (("company",), ("fare",)) == tuple(one.path for one in whole.features)


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
def test_a_tfrecord_says_the_same_as_the_bare_message_under_any_name(tmp_path: Path, compress: bool):
    bare = write(tmp_path / "a.tfrecord", TAXI)
    framed_file = write_tfrecord(tmp_path / "b.pb", [TAXI], compress=compress)

    assert read(bare) == read(framed_file)


def test_text_says_the_same_as_the_bare_message_and_may_have_later_fields(tmp_path: Path):
    numeric = one_feature(write(tmp_path / "stats.pbtxt", TEXT), "fare").numeric

    assert numeric is not None
    assert (2.0, None, 9.0) == (numeric.mean, numeric.min, numeric.max)


def test_numbers_that_are_not_finite_become_none(file: Path):
    buckets = [(-math.inf, 1.0, 4.0), (1.0, math.nan, 6.0)]
    feature = number_feature("fare", mean=math.nan, histograms=[histogram(buckets, nan=2, undefined=1)])
    numeric = one_feature(write(file, statistics(dataset(feature))), "fare").numeric

    assert numeric is not None
    assert (None, None, 9.0) == (numeric.mean, numeric.min, numeric.max)
    unbounded = Histogram(
        kind="STANDARD", buckets=(Bucket(low=None, high=1.0, count=4.0), Bucket(low=1.0, high=None, count=6.0)), nan=2, undefined=1
    )
    assert (unbounded,) == numeric.histograms


def test_a_histogram_counted_in_nan_is_left_out(file: Path):
    feature = number_feature("fare", histograms=[histogram([(0.0, 1.0, math.nan)]), histogram([(0.0, 1.0, 7.0)], kind=1)])
    numeric = one_feature(write(file, statistics(dataset(feature))), "fare").numeric

    assert numeric is not None
    assert numeric.histogram("STANDARD") is None
    assert (Bucket(low=0.0, high=1.0, count=7.0),) == numeric.histogram("QUANTILES").buckets


def test_a_feature_without_values_has_no_mean_rather_than_zero(file: Path):
    empty = number_feature("fare", mean=0.0, shared=common(present=10, missing=2, values=0))
    feature = one_feature(write(file, statistics(dataset(empty))), "fare")

    assert feature.numeric is not None
    assert (None, None, None) == (feature.numeric.mean, feature.numeric.std_dev, feature.numeric.max)
    assert 1.0 == feature.common.missing


def test_a_total_that_early_files_lack_is_the_average_times_the_count(file: Path):
    early = field(1, 8) + field(2, 2) + field(4, 1) + b"\x2d\x00\x00\x00\x3f"  # avg_num_values 0.5
    feature = one_feature(write(file, statistics(dataset(number_feature("fare", shared=early)))), "fare")

    expected = CommonStats(num_non_missing=8, num_missing=2, max_num_values=1, avg_num_values=0.5, tot_num_values=4)
    assert expected == feature.common
    assert 0.6 == pytest.approx(feature.common.missing)


def test_a_type_left_out_is_int_and_one_of_the_future_follows_its_statistics(file: Path):
    (whole,) = read(write(file, statistics(dataset(number_feature("a", type_=None), number_feature("b", type_=9))))).datasets

    assert ("INT", "FLOAT") == tuple(one.type for one in whole.features)


def test_a_facets_name_is_one_step_even_with_dots(file: Path):
    by_name = field(1, "trip.miles") + field(3, field(1, common()) + field(2, 1.0))
    (whole,) = read(write(file, statistics(dataset(by_name, number_feature("trip", "miles"))))).datasets

    assert (("trip", "miles"), ("trip.miles",)) == tuple(one.path for one in whole.features)


def test_bytes_that_are_no_utf8_show_escaped(file: Path):
    feature = text_feature("caf\u00e9", top=[(b"\xff\x00<b>", 3.0)], rank=ranks((b"\xfe", 3.0)), invalid=1)
    text = one_feature(write(file, statistics(dataset(feature))), "caf\u00e9").string

    assert text is not None
    assert (ValueCount(value="\\xff\x00<b>", count=3.0),) == text.top_values
    assert (ValueCount(value="\\xfe", count=3.0),) == text.ranks
    assert 1 == text.invalid_utf8


def test_html_in_a_name_stays_text(file: Path):
    name = "</script><img src=x onerror=alert(1)>"

    assert name == one_feature(write(file, statistics(dataset(number_feature(name)))), name).name


def test_slices_follow_the_whole_by_name(file: Path):
    slices = [dataset(FARE, name=name, examples=count) for name, count in (("company_Red", 4), ("All Examples", 10), ("company_Blue", 6))]
    sliced = read(write(file, statistics(*slices)))

    assert ("All Examples", "company_Blue", "company_Red") == tuple(one.name for one in sliced.datasets)
    assert sliced.whole is sliced.datasets[0]


def test_weights_are_kept_apart_from_counts(file: Path):
    weighted = field(1, 3.0) + field(2, 0.5) + field(3, 2.75) + field(4, histogram([(0.0, 1.0, 2.5)], kind=1))
    fare = number_feature("fare", shared=common(weighted=(20.0, 1.5)), weighted=weighted)
    company = text_feature("company", rank=ranks(("Blue", 6.0)), weighted=ranks(("Blue", 12.5)))
    (whole,) = read(write(file, statistics(dataset(fare, company, weighted=21.5)))).datasets

    assert 21.5 == whole.weighted_num_examples
    numeric, text = whole.features[1].numeric, whole.features[0].string
    assert numeric is not None
    assert text is not None
    assert (20.0, 1.5) == (whole.features[1].common.weighted_num_non_missing, whole.features[1].common.weighted_num_missing)
    assert (2.0, 3.0, 0.5, 2.75) == (numeric.mean, numeric.weighted_mean, numeric.weighted_std_dev, numeric.weighted_median)
    assert (Bucket(low=0.0, high=1.0, count=2.5),) == numeric.weighted_histograms[0].buckets
    assert (ValueCount(value="Blue", count=12.5),) == text.weighted_ranks


def test_custom_statistics_of_every_kind_are_kept(file: Path):
    custom = [
        field(1, "adjusted_mutual_information") + field(2, 0.25),
        field(1, "domain_info") + field(3, "mid_domain {}"),
        field(1, "lengths") + field(4, histogram([(0.0, 1.0, 3.0)])),
        field(1, "formats") + field(5, ranks(("png", 2.0))),
        field(1, "nl_statistics") + field(6, field(1, "type.googleapis.com/x")),
    ]
    found = one_feature(write(file, statistics(dataset(number_feature("fare", custom=custom)))), "fare").custom

    assert ("adjusted_mutual_information", "domain_info", "lengths", "formats", "nl_statistics") == tuple(one.name for one in found)
    assert (0.25, "mid_domain {}", (ValueCount(value="png", count=2.0),)) == (found[0].number, found[1].text, found[3].ranks)
    assert found[2].histogram is not None
    assert (None, None, None, ()) == (found[4].number, found[4].text, found[4].histogram, found[4].ranks)


def test_pairs_of_features_have_correlation_or_lift(file: Path):
    numbers = field(1, path("fare")) + field(2, path("tips")) + field(3, 9) + field(4, b"\x0d\x00\x00\x00\x3f\x15\x00\x00\x80\x3f")
    value = field(2, "Blue") + field(3, 1.5) + field(4, 6) + field(6, 3)
    bucket = field(3, field(1, 0.0) + field(2, 5.0)) + field(4, 5) + field(6, value)
    lift = field(1, path("company")) + field(2, path("fare")) + field(3, 9) + field(5, field(1, field(1, bucket)))
    (whole,) = read(write(file, statistics(dataset(FARE, cross=[numbers, lift])))).datasets

    categorical, numeric = whole.cross
    assert ((("fare",), ("tips",)), 9, 0.5, 1.0) == ((numeric.x, numeric.y), numeric.count, numeric.correlation, numeric.covariance)
    expected = LiftSeries(y="[0, 5)", y_count=5.0, values=(LiftValue(x="Blue", lift=1.5, x_count=6.0, x_and_y_count=3.0),))
    assert (expected,) == categorical.lift


def test_shards_are_merged_by_dataset_and_feature(tmp_path: Path):
    mutual = field(8, path("fare")) + field(2, 1) + field(6, field(1, "adjusted_mutual_information") + field(2, 0.25))
    write_tfrecord(
        tmp_path / "FeatureStats.rio-00000-of-00002", [statistics(dataset(FARE)), statistics(dataset(name="company_Red", examples=4))]
    )
    write_tfrecord(
        tmp_path / "FeatureStats.rio-00001-of-00002",
        [statistics(dataset(mutual, examples=0)), statistics(dataset(FARE, name="company_Red", examples=0))],
    )
    merged = read(tmp_path)

    whole, red = merged.datasets
    assert (10, 4) == (whole.num_examples, red.num_examples)
    (fare,) = whole.features
    assert fare.numeric is not None
    assert (2.0, 0.25) == (fare.numeric.mean, fare.custom[0].number)
    assert (("fare",),) == tuple(one.path for one in red.features)


def test_a_missing_shard_is_damage(tmp_path: Path):
    write_tfrecord(tmp_path / "FeatureStats.rio-00001-of-00002", [TAXI])

    assert "shard 1 of 2 is missing" == refused(tmp_path).what


@pytest.mark.parametrize("layout", ["Split-{}/FeatureStats.pb", "{}/stats_tfrecord"], ids=["current", "before 0.29"])
def test_an_artifact_gives_one_outcome_per_split(tmp_path: Path, layout: str):
    for split in ("train", "eval"):
        write(tmp_path / layout.format(split), TAXI)
    outcomes = read_all_statistics(tmp_path)

    assert is_statistics_folder(tmp_path)
    assert ("eval", "train") == splits(tmp_path)
    assert ["eval", "train"] == [one.value.split for one in outcomes if isinstance(one, Loaded)]


def test_transform_has_no_splits(tmp_path: Path):
    write(tmp_path / "FeatureStats.pb", TAXI)

    assert is_statistics_folder(tmp_path)
    assert ("",) == splits(tmp_path)
    assert ("",) == tuple(one.value.split for one in read_all_statistics(tmp_path) if isinstance(one, Loaded))


def test_a_damaged_split_leaves_the_others_readable(tmp_path: Path):
    write(tmp_path / "Split-eval" / "FeatureStats.pb", TAXI[:-3])
    write(tmp_path / "Split-train" / "FeatureStats.pb", TAXI)
    (tmp_path / "Split-sample").mkdir()

    assert (Damaged, Absent, Loaded) == tuple(type(one) for one in read_all_statistics(tmp_path))


def test_the_folder_of_executions_is_no_artifact(tmp_path: Path):
    write(tmp_path / "17" / "FeatureStats.pb", TAXI)

    assert not is_statistics_folder(tmp_path)
    assert is_statistics_folder(tmp_path / "17")


def test_what_is_not_there_is_absent_with_a_reason(tmp_path: Path):
    (tmp_path / "Split-eval").mkdir()
    nowhere, nothing = read_all_statistics(tmp_path / "gone")[0], read_all_statistics(tmp_path)[0]

    assert isinstance(nowhere, Absent)
    assert "its folder is not there" == nowhere.reason
    assert isinstance(nothing, Absent)
    assert ("statistics of split eval", "no statistics file is there") == (nothing.what, nothing.reason)
    assert isinstance(read_statistics(tmp_path / "gone.pb"), Absent)


def test_an_empty_file_is_damage(file: Path):
    assert "the file is empty (0 bytes)" == refused(write(file, b"")).what
    assert is_statistics_folder(file.parent.parent)


@pytest.mark.parametrize("kept", [2, 5, 40, len(TAXI) - 1])
def test_a_truncated_message_is_damage(file: Path, kept: int):
    assert "is no DatasetFeatureStatisticsList" in refused(write(file, TAXI[:kept])).what


def test_a_truncated_record_says_where(file: Path):
    outcome = refused(write(file, framed(TAXI)[:-9]))

    assert ("the record at byte 0 ends 9 bytes early", 0) == (outcome.what, outcome.offset)


def test_a_flipped_bit_in_a_record_is_damage(file: Path):
    assert "the record at byte 0 fails its checksum" == refused(flip(write_tfrecord(file, [TAXI]), 40)).what


FOREIGN = {
    "metrics of a slice": metrics_for_slice(slice_key(("company", "Red")), metric(metric_key("auc"), field(1, field(1, 0.5)))),
    "metrics overall": field(1, b"") + field(3, b"\x0a\x00"),
    "an example": example({"fare": 1.0, "company": "Red"}),
    "anomalies": anomalies(),
    "an event": field(1, 1.7e9) + field(2, 3),
    "unknown fields only": field(40, "x"),
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN)
def test_another_message_is_refused_bare_and_framed(tmp_path: Path, data: bytes):
    bare, record = write(tmp_path / "FeatureStats.pb", data), write_tfrecord(tmp_path / "stats_tfrecord", [data])

    assert "no DatasetFeatureStatisticsList" in refused(bare).what
    assert "no DatasetFeatureStatisticsList" in refused(record).what
    assert not is_statistics_file(bare)
    assert not is_statistics_file(record)


@pytest.mark.parametrize(
    "text", ['{"modelSpecs": []}', "feature { name: 'fare' }", "\n \n", "a { " * 5000, "datasets { num_examples: many }"]
)
def test_text_that_is_something_else_is_refused(file: Path, text: str):
    outcome = refused(write(file, text))

    assert str(file) == outcome.path
    assert outcome.sentence.startswith(f"{file} cannot be read: ")


def test_an_empty_dataset_is_statistics_of_no_examples(file: Path):
    (whole,) = read(write(file, statistics(dataset(examples=0)))).datasets

    assert (0, ()) == (whole.num_examples, whole.features)


@pytest.mark.parametrize(
    "write_it", [lambda file: write(file, TAXI), lambda file: write_tfrecord(file, [TAXI]), lambda file: write(file, TEXT)]
)
def test_statistics_are_known_by_content(tmp_path: Path, write_it):
    assert is_statistics_file(write_it(tmp_path / "anything"))
    assert is_statistics_folder(tmp_path)


def test_an_unreadable_folder_entry_is_no_statistics(tmp_path: Path):
    assert not is_statistics_file(tmp_path)
    assert not is_statistics_folder(tmp_path / "gone")


def test_real_statistics_are_read_whole(runs: Path):
    folders = sorted((runs / "shoes" / "pipeline" / "StatisticsGen" / "statistics").iterdir())
    outcomes = [outcome for folder in folders for outcome in read_all_statistics(folder)]

    assert 48 == len(outcomes)
    assert {16} == {len(outcome.value.datasets[0].features) for outcome in outcomes if isinstance(outcome, Loaded)}


@given(at=st.integers(0, len(TAXI) - 1), byte=st.integers(0, 255))
def test_any_single_byte_gone_wrong_gives_an_outcome(tmp_path_factory: pytest.TempPathFactory, at: int, byte: int):
    file = write(tmp_path_factory.getbasetemp() / "mutated", TAXI[:at] + bytes([byte]) + TAXI[at + 1 :])
    outcome = read_statistics(file)

    if isinstance(outcome, Loaded):
        assert outcome.value.datasets
    else:
        assert outcome.sentence.startswith(f"{file} cannot be read: ")
