"""What we read of TFDV's artifacts is what TFDV reads of them; both in one process."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from descriptors import differences

from model_insights.artifacts.tfdv_anomalies import read_anomalies
from model_insights.artifacts.tfdv_messages import ANOMALIES, ANOMALY_TYPES, SCHEMA, STATISTICS
from model_insights.artifacts.tfdv_schema import read_schema
from model_insights.artifacts.tfdv_statistics import read_all_statistics, read_statistics
from model_insights.loaded import Loaded
from model_insights.stats import (
    Anomalies,
    CommonStats,
    CrossStats,
    CustomStatistic,
    DatasetStats,
    FeatureStats,
    Histogram,
    Statistics,
    ValueCount,
)

FOLDERS = [("taxi", 0), ("taxi", 11), ("shoes", 8), ("shoes", 9)]  # taxi 11 has a wholly empty column, shoes 8 and 9 the data faults
pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(900),  # the first import of tfdv takes up to a minute or two
    pytest.mark.filterwarnings("ignore"),  # TensorFlow's and Beam's own
]


class Oracle(NamedTuple):
    tfdv: ModuleType
    tf: ModuleType
    statistics: ModuleType
    anomalies: ModuleType
    schema: ModuleType
    stats_util: ModuleType


@pytest.fixture(scope="session")
def oracle() -> Oracle:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("tensorflow_data_validation", reason="TFDV is not installed", exc_type=ImportError)
        import tensorflow as tf
        import tensorflow_data_validation as tfdv
        from tensorflow_data_validation.utils import stats_util
        from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

    return Oracle(tfdv, tf, statistics_pb2, anomalies_pb2, schema_pb2, stats_util)


@pytest.fixture(params=FOLDERS, ids=lambda run: f"{run[0]}-{run[1] + 1}")
def statistics_folder(request: pytest.FixtureRequest, runs: Path) -> Path:
    family, number = request.param
    return sorted((runs / family / "pipeline" / "StatisticsGen" / "statistics").iterdir(), key=lambda path: int(path.name))[number]


def loaded(outcome: Any) -> Any:
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


# Statistics, from the real messages.


def finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def steps(path: Any) -> tuple[str, ...]:
    return tuple(path.step)


def counts(pairs: Iterable[tuple[str, float]]) -> tuple[ValueCount, ...]:
    return tuple(ValueCount(value=value, count=count) for value, count in pairs)


def shape(histogram: Histogram) -> tuple:
    return (histogram.kind, histogram.nan, histogram.undefined, [(one.low, one.high, one.count) for one in histogram.buckets])


def real_shape(histogram: Any) -> tuple:
    name = type(histogram).HistogramType.Name(histogram.type)
    buckets = [(finite(one.low_value), finite(one.high_value), one.sample_count) for one in histogram.buckets]
    return (name, histogram.num_nan, histogram.num_undefined, buckets)


def compare_feature(real: Any, ours: FeatureStats) -> None:
    assert type(real).Type.Name(real.type) == ours.type
    stats = getattr(real, real.WhichOneof("stats"))
    compare_common(stats.common_stats, ours.common)
    if real.WhichOneof("stats") == "num_stats":
        compare_numeric(stats, ours)
    elif real.WhichOneof("stats") == "string_stats":
        assert ours.string is not None
        assert (stats.unique, stats.invalid_utf8_count) == (ours.string.unique, ours.string.invalid_utf8)
        assert counts((one.value, one.frequency) for one in stats.top_values) == ours.string.top_values
        assert counts((one.label, one.sample_count) for one in stats.rank_histogram.buckets) == ours.string.ranks
        weighted = stats.weighted_string_stats.rank_histogram.buckets
        assert counts((one.label, one.sample_count) for one in weighted) == ours.string.weighted_ranks
    assert tuple(custom(one) for one in real.custom_stats) == ours.custom


def compare_common(real: Any, ours: CommonStats) -> None:
    for name in ("num_non_missing", "num_missing", "min_num_values", "max_num_values", "avg_num_values", "tot_num_values"):
        assert getattr(real, name) == getattr(ours, name)
    weighted = real.weighted_common_stats if real.HasField("weighted_common_stats") else None
    assert (weighted and weighted.num_non_missing) == ours.weighted_num_non_missing


def compare_numeric(real: Any, ours: FeatureStats) -> None:
    assert ours.numeric is not None
    assert real.num_zeros == ours.numeric.num_zeros
    has_values = real.common_stats.tot_num_values > 0
    for name in ("mean", "std_dev", "min", "median", "max"):
        assert (finite(getattr(real, name)) if has_values else None) == getattr(ours.numeric, name)
    assert [real_shape(one) for one in real.histograms] == [shape(one) for one in ours.numeric.histograms]
    if real.HasField("weighted_numeric_stats") and has_values:
        weighted = real.weighted_numeric_stats
        for name in ("mean", "std_dev", "median"):
            assert finite(getattr(weighted, name)) == getattr(ours.numeric, f"weighted_{name}")
        assert [real_shape(one) for one in weighted.histograms] == [shape(one) for one in ours.numeric.weighted_histograms]


def custom(real: Any) -> CustomStatistic:
    assert real.WhichOneof("val") in ("num", "str")
    return (
        CustomStatistic(name=real.name, number=finite(real.num)) if real.HasField("num") else CustomStatistic(name=real.name, text=real.str)
    )


def compare_dataset(real: Any, ours: DatasetStats) -> None:
    assert (real.name, real.num_examples, real.weighted_num_examples or None) == (ours.name, ours.num_examples, ours.weighted_num_examples)
    expected = {steps(one.path): one for one in real.features}
    assert sorted(expected) == [one.path for one in ours.features]
    for feature in ours.features:
        compare_feature(expected[feature.path], feature)
    pairs = {(steps(one.path_x), steps(one.path_y)): one for one in real.cross_features}
    assert sorted(pairs) == [(one.x, one.y) for one in ours.cross]
    for pair in ours.cross:
        compare_pair(pairs[pair.x, pair.y], pair)


def compare_pair(real: Any, ours: CrossStats) -> None:
    numeric = real.num_cross_stats if real.HasField("num_cross_stats") else None
    assert (real.count, numeric and numeric.correlation, numeric and numeric.covariance) == (ours.count, ours.correlation, ours.covariance)
    lift = real.categorical_cross_stats.lift
    expected = [
        (
            getattr(series, series.WhichOneof("y_value")),
            getattr(series, series.WhichOneof("y_count_value")),
            [
                (getattr(one, one.WhichOneof("x_value")), one.lift, getattr(one, one.WhichOneof("x_count_value")))
                for one in series.lift_values
            ],
        )
        for series in (*lift.lift_series, *lift.weighted_lift_series)
    ]
    assert expected == [(series.y, series.y_count, [(one.x, one.lift, one.x_count) for one in series.values]) for series in ours.lift]


def compare(real: Any, ours: Statistics) -> None:
    expected = {one.name: one for one in real.datasets}
    assert sorted(expected) == sorted(one.name for one in ours.datasets)
    for dataset in ours.datasets:
        compare_dataset(expected[dataset.name], dataset)


def test_our_descriptions_are_a_part_of_the_real_ones(oracle: Oracle):
    assert [] == differences(STATISTICS["DatasetFeatureStatisticsList"], oracle.statistics.DatasetFeatureStatisticsList)
    assert [] == differences(ANOMALIES["Anomalies"], oracle.anomalies.Anomalies, opaque=frozenset({"Opaque"}))
    assert [] == differences(SCHEMA["Schema"], oracle.schema.Schema)
    assert dict(oracle.anomalies.AnomalyInfo.Type.items()) == ANOMALY_TYPES


def test_statistics_of_real_runs_are_what_tfdv_loads(oracle: Oracle, statistics_folder: Path):
    outcomes = read_all_statistics(statistics_folder)

    assert 2 <= len(outcomes) <= 3
    for outcome in outcomes:
        ours = loaded(outcome)
        compare(oracle.tfdv.load_stats_binary(str(statistics_folder / f"Split-{ours.split}" / "FeatureStats.pb")), ours)


def test_text_and_tfrecord_as_tfdv_writes_them_say_the_same(oracle: Oracle, statistics_folder: Path, tmp_path: Path):
    source = statistics_folder / "Split-train" / "FeatureStats.pb"
    real = oracle.tfdv.load_stats_binary(str(source))
    oracle.tfdv.write_stats_text(real, str(tmp_path / "stats.pbtxt"))
    with oracle.tf.io.TFRecordWriter(str(tmp_path / "stats_tfrecord")) as writer:
        writer.write(real.SerializeToString())

    expected = loaded(read_statistics(source))
    assert expected == loaded(read_statistics(tmp_path / "stats.pbtxt"))
    assert expected == loaded(read_statistics(tmp_path / "stats_tfrecord"))


def test_shards_are_merged_as_tfdv_merges_them(oracle: Oracle, statistics_folder: Path, tmp_path: Path):
    real = oracle.tfdv.load_stats_binary(str(statistics_folder / "Split-train" / "FeatureStats.pb"))
    for number in range(3):
        shard = oracle.statistics.DatasetFeatureStatisticsList()
        part = shard.datasets.add()
        if number == 1:
            part.num_examples = real.datasets[0].num_examples
        for feature in real.datasets[0].features[number::3]:
            part.features.add().CopyFrom(feature)
        part.features.add(path=real.datasets[0].features[0].path).custom_stats.add(name=f"generator {number}", num=number)
        with oracle.tf.io.TFRecordWriter(str(tmp_path / f"FeatureStats.rio-0000{number}-of-00003")) as writer:
            writer.write(shard.SerializeToString())

    merged = oracle.stats_util.load_sharded_statistics(input_paths=sorted(map(str, tmp_path.iterdir()))).proto()
    ours = loaded(read_statistics(tmp_path))
    compare(merged, ours)
    assert 3 == len(ours.datasets[0].feature(steps(real.datasets[0].features[0].path)).custom)


def test_weights_infinities_and_foreign_bytes_are_what_tfdv_computed(oracle: Oracle, tmp_path: Path):
    import pandas as pd

    frame = pd.DataFrame(
        {
            "fare": [1.5, math.inf, -math.inf, math.nan, 2.5, 0.0] * 20,
            "company": ["Blue", "Red", None, "Caf\u00e9", "<b>", b"\xff\xfe"] * 20,
            "day": range(120),
            "weight": [0.5, 1.0, 2.0, 0.0, 1.0, 0.25] * 20,
        }
    )
    options = oracle.tfdv.StatsOptions(weight_feature="weight")
    real = oracle.tfdv.generate_statistics_from_dataframe(frame, stats_options=options, n_jobs=1)
    (tmp_path / "stats.pb").write_bytes(real.SerializeToString())

    ours = loaded(read_statistics(tmp_path / "stats.pb"))
    compare(real, ours)
    assert ours.datasets[0].weighted_num_examples == pytest.approx(95.0)
    assert (
        1 == ours.datasets[0].feature(("company",)).string.invalid_utf8 or ours.datasets[0].feature(("company",)).string.invalid_utf8 == 20
    )


def test_slices_pairs_and_generators_are_what_tfdv_computed(oracle: Oracle, tmp_path: Path):
    from apache_beam.options.pipeline_options import PipelineOptions
    from tensorflow_data_validation.statistics.generators import (
        cross_feature_stats_generator,
        lift_stats_generator,
        partitioned_stats_generator,
    )
    from tensorflow_data_validation.statistics.generators.mutual_information import MutualInformation
    from tensorflow_data_validation.types import FeaturePath
    from tensorflow_data_validation.utils import slicing_util
    from tensorflow_data_validation.utils.example_weight_map import ExampleWeightMap

    csv, label = tmp_path / "trips.csv", FeaturePath(["label"])
    rows = [(i % 17 * 1.5, i % 5 * 1.0, ("Blue", "Red", "Green", "Blue")[i % 4], int(i % 3 == 0), 0.5 + i % 2) for i in range(200)]
    csv.write_text("fare,tips,company,label,weight\n" + "\n".join(",".join(map(str, row)) for row in rows) + "\n")
    schema = oracle.schema.Schema()
    for name, kind in (("fare", "FLOAT"), ("tips", "FLOAT"), ("company", "BYTES"), ("label", "INT"), ("weight", "FLOAT")):
        schema.feature.add(name=name, type=kind).shape.dim.add(size=1)
    schema.feature[3].int_domain.is_categorical = True
    mutual = MutualInformation(label_feature=label, schema=schema, seed=1)
    companies = [FeaturePath(["company"])]
    generators = [
        cross_feature_stats_generator.CrossFeatureStatsGenerator(sample_rate=1.0),
        lift_stats_generator.LiftStatsGenerator(
            schema=schema, y_path=label, x_paths=companies, example_weight_map=ExampleWeightMap("weight")
        ),
        partitioned_stats_generator.NonStreamingCustomStatsGenerator(
            mutual, num_partitions=2, min_partitions_stat_presence=1, seed=1, max_examples_per_partition=200, batch_size=100
        ),
    ]
    options = oracle.tfdv.StatsOptions(
        schema=schema, generators=generators, experimental_slice_functions=[slicing_util.get_feature_value_slicer({"company": None})]
    )
    # TFDV 1.16's lift generator declares a type that current Beam refuses; its values are right.
    runner = PipelineOptions(["--runner=FnApiRunner", "--max_cache_memory_usage_mb=0", "--no_pipeline_type_check"])
    real = oracle.tfdv.generate_statistics_from_csv(
        str(csv), output_path=str(tmp_path / "out"), stats_options=options, pipeline_options=runner
    )

    ours = loaded(read_statistics(tmp_path / "out"))
    compare(real, ours)
    assert ["All Examples", "company_Blue", "company_Green", "company_Red"] == [one.name for one in ours.datasets]
    assert any(one.correlation is not None for one in ours.datasets[0].cross)
    assert any(one.lift for one in ours.datasets[0].cross)
    assert any("adjusted_mutual_information" in one.name for one in ours.datasets[0].feature(("company",)).custom)


# Schemas.


def test_a_schema_is_what_tfdv_loads(oracle: Oracle, runs: Path):
    for file in (runs / "taxi" / "schema" / "schema.pbtxt", *(runs / "shoes" / "pipeline" / "SchemaGen" / "schema").glob("*/schema.pbtxt")):
        real, ours = oracle.tfdv.load_schema_text(str(file)), loaded(read_schema(file))
        domains = {one.name: tuple(one.value) for one in real.string_domain}

        assert [one.name for one in real.feature] == [one.name for one in map(name_only, ours.features)]
        for expected, feature in zip(real.feature, ours.features, strict=True):
            assert type(expected).DESCRIPTOR.fields_by_name["type"].enum_type.values_by_number[expected.type].name == feature.type
            assert domains.get(expected.domain, ()) == feature.domain
            presence = expected.presence
            for name in ("min_fraction", "min_count"):
                assert (getattr(presence, name) if presence.HasField(name) else None) == getattr(feature, name)
            count = expected.value_count if expected.HasField("value_count") else None
            exact = expected.shape.dim[0].size if expected.HasField("shape") and expected.shape.dim else None
            assert (count.min if count else exact) == feature.value_count_min
            for name, comparator in (("drift_comparator", feature.drift), ("skew_comparator", feature.skew)):
                limits = getattr(expected, name)
                assert expected.HasField(name) == (comparator is not None)
                if comparator is not None and limits.HasField("infinity_norm"):
                    assert limits.infinity_norm.threshold == comparator.infinity_norm
                if comparator is not None and limits.HasField("jensen_shannon_divergence"):
                    assert limits.jensen_shannon_divergence.threshold == comparator.jensen_shannon


class Named(NamedTuple):
    name: str


def name_only(feature: Any) -> Named:
    (name,) = feature.path
    return Named(name)


# Anomalies.


def compare_anomalies(oracle: Oracle, real: Any, ours: Anomalies) -> None:
    info = oracle.anomalies.AnomalyInfo
    expected = [
        (
            steps(one.path),
            info.Severity.Name(one.severity),
            one.short_description,
            one.description,
            [(info.Type.Name(reason.type), reason.short_description) for reason in one.reason],
        )
        for one in real.anomaly_info.values()
    ]
    whole = [one for one in ours.anomalies if one.path]
    found = [
        (one.path, one.severity, one.short_description, one.description, [(r.type, r.short_description) for r in one.reasons])
        for one in whole
    ]
    assert sorted(expected) == found
    kinds = oracle.anomalies.DriftSkewInfo.Measurement.Type
    measured = [
        (steps(one.path), kind, kinds.Name(each.type), each.value, each.threshold)
        for one in real.drift_skew_info
        for kind in ("drift", "skew")
        for each in getattr(one, f"{kind}_measurements")
    ]
    assert measured == [(one.path, one.kind, one.measure, one.value, one.threshold) for one in ours.drift]
    assert real.HasField("dataset_anomaly_info") == any(not one.path for one in ours.anomalies)


def test_anomalies_of_all_real_runs_are_what_the_message_says(oracle: Oracle, runs: Path):
    folders = [folder for node in ("ExampleValidator", "DistributionValidator") for folder in runs.glob(f"*/pipeline/{node}/anomalies/*")]
    some_anomaly = some_drift = 0
    for folder in folders:
        for outcome in read_anomalies(folder):
            ours = loaded(outcome)
            prefix = "SplitPair" if ours.is_pair else "Split"
            real = oracle.anomalies.Anomalies.FromString((folder / f"{prefix}-{ours.split}" / "SchemaDiff.pb").read_bytes())
            compare_anomalies(oracle, real, ours)
            some_anomaly, some_drift = some_anomaly + len(ours.anomalies), some_drift + len(ours.drift)

    assert 62 == len(folders)
    assert some_anomaly > 50
    assert some_drift > 100


def test_skew_and_text_as_tfdv_writes_them_are_read(oracle: Oracle, runs: Path, tmp_path: Path):
    folders = sorted((runs / "shoes" / "pipeline" / "StatisticsGen" / "statistics").iterdir(), key=lambda path: int(path.name))
    this, previous, serving = (oracle.tfdv.load_stats_binary(str(folders[at] / "Split-train" / "FeatureStats.pb")) for at in (8, 7, 1))
    schema = oracle.tfdv.load_schema_text(str(runs / "shoes" / "schema" / "schema.pbtxt"))
    schema.dataset_constraints.min_examples_count = 10**9
    real = oracle.tfdv.validate_statistics(this, schema, previous_statistics=previous, serving_statistics=serving)
    (tmp_path / "eval").mkdir()
    oracle.tfdv.write_anomalies_text(real, str(tmp_path / "eval" / "anomalies.pbtxt"))
    (tmp_path / "SchemaDiff.pb").write_bytes(real.SerializeToString())

    (binary,), (text,) = read_anomalies(tmp_path / "SchemaDiff.pb"), read_anomalies(tmp_path)
    compare_anomalies(oracle, real, loaded(binary))
    compare_anomalies(oracle, real, loaded(text))
    assert {"drift", "skew"} == {one.kind for one in loaded(text).drift}
    assert "DATASET_LOW_NUM_EXAMPLES" == loaded(text).anomalies[0].reasons[0].type
