"""Reads TFDV statistics: one file, the shards of one split, or every split of a StatisticsGen artifact.

Source: tensorflow_data_validation/utils/stats_util.py (how it loads), tensorflow_metadata/proto/v0/statistics.proto (meaning).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from google.protobuf.unknown_fields import UnknownFieldSet

from model_insights.artifacts.tfdv_files import Kind, StrPath, damaged, messages_in, misfits, text_of
from model_insights.artifacts.tfdv_messages import STATISTICS
from model_insights.artifacts.tfdv_sniff import statistics_files, statistics_splits
from model_insights.artifacts.tfrecord import shard_problem
from model_insights.errors import ArtifactUnreadable
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.stats import (
    Bucket,
    BytesStats,
    CommonStats,
    CrossStats,
    CustomStatistic,
    DatasetStats,
    FeaturePath,
    FeatureStats,
    FeatureType,
    Histogram,
    LiftSeries,
    LiftValue,
    NumericStats,
    Statistics,
    StringStats,
    ValueCount,
)

WHOLE_NAMES = ("", "All Examples")  # a dataset that is no slice
_TYPES: tuple[FeatureType, ...] = ("INT", "FLOAT", "STRING", "BYTES", "STRUCT")
_TYPE_BY_STATS: dict[str | None, FeatureType] = {"num_stats": "FLOAT", "bytes_stats": "BYTES", "struct_stats": "STRUCT"}
_REMEDY = "Run StatisticsGen (or tfdv.generate_statistics_*) again, or restore the file."


def read_statistics(source: StrPath, *, split: str = "") -> Loaded[Statistics] | Absent | Damaged:
    """Statistics of one split. `source`: its file, or the folder that holds its file or shards (any encoding TFDV wrote)."""
    place = Path(source)
    files = statistics_files(place) if place.is_dir() else tuple(one for one in (place,) if one.is_file())
    if not files:
        return _absent(split, "no statistics file is there" if place.is_dir() else "the file is not there")
    if place.is_dir() and (incomplete := shard_problem(files)):
        return Damaged(path=str(place), what=incomplete, remedy=_REMEDY)
    try:
        datasets = _merged(dataset for file in files for message in messages_in(file, _KIND) for dataset in message.datasets)
    except ArtifactUnreadable as error:
        return damaged(error)
    return Loaded(value=Statistics(split=split, datasets=datasets), path=str(files[0] if len(files) == 1 else place))


def read_all_statistics(folder: StrPath) -> tuple[Loaded[Statistics] | Absent | Damaged, ...]:
    """One outcome for each split of an ExampleStatistics artifact, by name. Never empty: one Absent where there is no split."""
    found = tuple(read_statistics(inside, split=name) for name, inside in statistics_splits(folder))
    if found:
        return found
    return (_absent("", "the artifact holds no split" if Path(folder).is_dir() else "its folder is not there"),)


def splits(folder: StrPath) -> tuple[str, ...]:
    """Names of the splits, as `read_all_statistics` orders them; "" where the artifact has none (Transform's statistics)."""
    return tuple(name for name, _ in statistics_splits(folder))


def _absent(split: str, reason: str) -> Absent:
    what = f"statistics of split {split}" if split else "statistics"
    return Absent(what=what, reason=reason, remedy="Add StatisticsGen to the pipeline, or wait until it has written.")


def _is_foreign(message: Any) -> bool:
    """Other messages that begin with a sub-message (TFMA's, tf.Example) leave datasets without examples or features."""
    if not message.datasets:
        return True
    if any(misfits(one) for one in message.datasets):
        return True
    hollow = all(not (one.num_examples or one.features or one.cross_features) for one in message.datasets)
    named = any(text_of(one.name) not in WHOLE_NAMES for one in message.datasets)
    return hollow and (named or len(UnknownFieldSet(message)) > 0)


_KIND = Kind(STATISTICS["DatasetFeatureStatisticsList"], "DatasetFeatureStatisticsList (TFDV statistics)", _is_foreign, _REMEDY)


def _merged(datasets: Iterable[Any]) -> tuple[DatasetStats, ...]:
    """Datasets of the same name become one, and their features of the same path: shards hold parts of both."""
    by_name: dict[bytes, Any] = {}
    features: dict[bytes, dict[FeaturePath, Any]] = {}
    for dataset in datasets:
        whole = by_name.setdefault(dataset.name, dataset)
        if whole is not dataset:
            whole.cross_features.extend(dataset.cross_features)
            whole.num_examples = dataset.num_examples or whole.num_examples
            whole.weighted_num_examples = dataset.weighted_num_examples or whole.weighted_num_examples
        parts = features.setdefault(dataset.name, {})
        for feature in dataset.features:
            part = parts.setdefault(_path_of(feature), feature)
            if part is not feature:
                part.MergeFrom(feature)
    found = [_dataset(whole, features[name]) for name, whole in by_name.items()]
    return tuple(sorted(found, key=lambda one: (one.name not in WHOLE_NAMES, one.name)))


def _dataset(dataset: Any, features: dict[FeaturePath, Any]) -> DatasetStats:
    cross = (_cross(one) for one in dataset.cross_features)
    # Without weights TFDV writes 0, which proto3 does not store; a true total weight of 0 leaves nothing to weigh.
    return DatasetStats(
        name=text_of(dataset.name),
        num_examples=dataset.num_examples,
        weighted_num_examples=_finite(dataset.weighted_num_examples) or None,
        features=tuple(_feature(path, feature) for path, feature in sorted(features.items())),
        cross=tuple(sorted(cross, key=lambda one: (one.x, one.y))),
    )


def _feature(path: FeaturePath, feature: Any) -> FeatureStats:
    kind = feature.WhichOneof("stats")
    body: Any = getattr(feature, kind) if kind else STATISTICS["StructStatistics"]()
    return FeatureStats(
        path=path,
        type=_TYPES[feature.type] if feature.type < len(_TYPES) else _TYPE_BY_STATS.get(kind, "STRING"),
        common=_common(body.common_stats),
        numeric=_numeric(body) if kind == "num_stats" else None,
        string=_string(body) if kind == "string_stats" else None,
        bytes=_bytes(body) if kind == "bytes_stats" else None,
        custom=tuple(_custom(one) for one in feature.custom_stats),
    )


def _common(stats: Any) -> CommonStats:
    weighted = stats.weighted_common_stats if stats.HasField("weighted_common_stats") else None
    return CommonStats(
        num_non_missing=stats.num_non_missing,
        num_missing=stats.num_missing,
        min_num_values=stats.min_num_values,
        max_num_values=stats.max_num_values,
        avg_num_values=_finite(stats.avg_num_values) or 0.0,
        tot_num_values=stats.tot_num_values or _total(stats),
        weighted_num_non_missing=_finite(weighted.num_non_missing) if weighted else None,
        weighted_num_missing=_finite(weighted.num_missing) if weighted else None,
    )


def _total(stats: Any) -> int:
    """Files of early TFDV and of Facets have no total: it is the average times the count."""
    return round((_finite(stats.avg_num_values) or 0.0) * int(stats.num_non_missing))


def _numeric(stats: Any) -> NumericStats:
    """A feature without a single value has no mean, minimum and so on, though the file says 0; likewise the median without histograms."""
    has = _common(stats.common_stats).tot_num_values > 0
    weighted = stats.weighted_numeric_stats if stats.HasField("weighted_numeric_stats") and has else None
    return NumericStats(
        mean=_finite(stats.mean) if has else None,
        std_dev=_finite(stats.std_dev) if has else None,
        num_zeros=stats.num_zeros,
        min=_finite(stats.min) if has else None,
        median=_finite(stats.median) if has and stats.histograms else None,
        max=_finite(stats.max) if has else None,
        histograms=_histograms(stats.histograms),
        weighted_mean=_finite(weighted.mean) if weighted else None,
        weighted_std_dev=_finite(weighted.std_dev) if weighted else None,
        weighted_median=_finite(weighted.median) if weighted and weighted.histograms else None,
        weighted_histograms=_histograms(weighted.histograms) if weighted else (),
    )


def _string(stats: Any) -> StringStats:
    return StringStats(
        unique=stats.unique,
        avg_length=_finite(stats.avg_length) if _common(stats.common_stats).tot_num_values else None,
        top_values=_counts((one.value, one.frequency) for one in stats.top_values),
        ranks=_ranks(stats.rank_histogram),
        weighted_ranks=_ranks(stats.weighted_string_stats.rank_histogram),
        invalid_utf8=stats.invalid_utf8_count,
    )


def _bytes(stats: Any) -> BytesStats:
    has = _common(stats.common_stats).tot_num_values > 0
    largest = float(stats.max_num_bytes_int) or stats.max_num_bytes  # the integer field came later and is exact
    return BytesStats(
        unique=stats.unique,
        avg_num_bytes=_finite(stats.avg_num_bytes) if has else None,
        min_num_bytes=_finite(stats.min_num_bytes) if has else None,
        max_num_bytes=_finite(largest) if has else None,
    )


def _custom(stats: Any) -> CustomStatistic:
    """A statistic of a kind we do not know (an Any) keeps its name only."""
    kind = stats.WhichOneof("val")
    return CustomStatistic(
        name=text_of(stats.name),
        number=_finite(stats.num) if kind == "num" else None,
        text=text_of(stats.str) if kind == "str" else None,
        histogram=next(iter(_histograms([stats.histogram])), None) if kind == "histogram" else None,
        ranks=_ranks(stats.rank_histogram) if kind == "rank_histogram" else (),
    )


def _cross(stats: Any) -> CrossStats:
    numeric = stats.num_cross_stats if stats.WhichOneof("cross_stats") == "num_cross_stats" else None
    lift = stats.categorical_cross_stats.lift
    return CrossStats(
        x=_steps(stats.path_x),
        y=_steps(stats.path_y),
        count=stats.count,
        correlation=_finite(numeric.correlation) if numeric else None,
        covariance=_finite(numeric.covariance) if numeric else None,
        lift=tuple(_lift_series(one) for one in (*lift.lift_series, *lift.weighted_lift_series)),
    )


def _lift_series(series: Any) -> LiftSeries:
    return LiftSeries(
        y=_label(series, "y_value"),
        y_count=_set_number(series, "y_count_value"),
        values=tuple(
            LiftValue(
                x=_label(one, "x_value"),
                lift=_finite(one.lift),
                x_count=_set_number(one, "x_count_value"),
                x_and_y_count=_set_number(one, "x_and_y_count_value"),
            )
            for one in series.lift_values
        ),
    )


def _label(message: Any, group: str) -> str | float:
    """The value of a categorical feature, or `[low, high)` for the bucket of a numeric one."""
    kind = message.WhichOneof(group)
    if kind is None:
        return ""
    value = getattr(message, kind)
    if isinstance(value, bytes):
        return text_of(value)
    return f"[{value.low_value:g}, {value.high_value:g})" if kind == "y_bucket" else float(value)


def _set_number(message: Any, group: str) -> float | None:
    kind = message.WhichOneof(group)
    return _finite(getattr(message, kind)) if kind else None


def _histograms(histograms: Iterable[Any]) -> tuple[Histogram, ...]:
    """A histogram with a count that is no number (weights of NaN) says nothing and is left out."""
    return tuple(_histogram(one) for one in histograms if all(math.isfinite(bucket.sample_count) for bucket in one.buckets))


def _histogram(histogram: Any) -> Histogram:
    kind: Literal["STANDARD", "QUANTILES"] = "QUANTILES" if histogram.type == 1 else "STANDARD"
    return Histogram(
        kind=kind,
        buckets=tuple(
            Bucket(low=_finite(one.low_value), high=_finite(one.high_value), count=one.sample_count) for one in histogram.buckets
        ),
        nan=histogram.num_nan,
        undefined=histogram.num_undefined,
        name=text_of(histogram.name),
    )


def _ranks(histogram: Any) -> tuple[ValueCount, ...]:
    return _counts((one.label, one.sample_count) for one in histogram.buckets)


def _counts(pairs: Iterable[tuple[bytes, float]]) -> tuple[ValueCount, ...]:
    return tuple(ValueCount(value=text_of(value), count=count) for value, count in pairs if math.isfinite(count))


def _path_of(feature: Any) -> FeaturePath:
    """TFDV writes a path, Facets a name. A name is one step, whatever dots it has."""
    return _steps(feature.path) if feature.WhichOneof("field_id") == "path" else (text_of(feature.name),)


def _steps(path: Any) -> FeaturePath:
    return tuple(text_of(step) for step in path.step)


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
