"""What TFDV writes: statistics, schemas, anomalies. Source of names: tensorflow_metadata/proto/v0/{statistics,schema,anomalies}.proto."""

from __future__ import annotations

from typing import Literal, Union

from model_insights.noun import Noun

FeaturePath = tuple[str, ...]  # steps of a tfmd Path; never split on "."
FeatureType = Literal["INT", "FLOAT", "STRING", "BYTES", "STRUCT"]


class Bucket(Noun):
    """[low, high) with a weighted or plain count. None: unbounded."""

    low: float | None
    high: float | None
    count: float


class Histogram(Noun):
    kind: Literal["STANDARD", "QUANTILES"]
    buckets: tuple[Bucket, ...]
    nan: int = 0
    undefined: int = 0
    name: str = ""


class CommonStats(Noun):
    """Presence and valency. Missing share of a scalar feature: see `missing`."""

    num_non_missing: int = 0
    num_missing: int = 0
    min_num_values: int = 0
    max_num_values: int = 0
    avg_num_values: float = 0.0
    tot_num_values: int = 0
    weighted_num_non_missing: float | None = None
    weighted_num_missing: float | None = None

    @property
    def missing(self) -> float | None:
        """Share of examples without a value, in [0, 1]. An empty CSV cell is a feature with zero values, so it counts
        through tot_num_values when the feature holds at most one value; None without examples."""
        total = self.num_non_missing + self.num_missing
        if total == 0:
            return None
        present = min(self.tot_num_values, self.num_non_missing) if self.max_num_values <= 1 else self.num_non_missing
        return 1.0 - present / total


class NumericStats(Noun):
    mean: float | None = None
    std_dev: float | None = None
    num_zeros: int = 0
    min: float | None = None
    median: float | None = None
    max: float | None = None
    histograms: tuple[Histogram, ...] = ()
    weighted_mean: float | None = None
    weighted_std_dev: float | None = None
    weighted_median: float | None = None
    weighted_histograms: tuple[Histogram, ...] = ()

    def histogram(self, kind: Literal["STANDARD", "QUANTILES"]) -> Histogram | None:
        return next((one for one in self.histograms if one.kind == kind), None)


class ValueCount(Noun):
    value: str
    count: float


class StringStats(Noun):
    unique: int = 0
    avg_length: float | None = None
    top_values: tuple[ValueCount, ...] = ()
    ranks: tuple[ValueCount, ...] = ()  # rank_histogram; truncated to the most frequent values by TFDV
    weighted_ranks: tuple[ValueCount, ...] = ()
    invalid_utf8: int = 0


class BytesStats(Noun):
    unique: int = 0
    avg_num_bytes: float | None = None
    min_num_bytes: float | None = None
    max_num_bytes: float | None = None


class CustomStatistic(Noun):
    """A generator's own statistic (mutual information, domain info, lift and so on)."""

    name: str
    number: float | None = None
    text: str | None = None
    histogram: Histogram | None = None
    ranks: tuple[ValueCount, ...] = ()


class FeatureStats(Noun):
    path: FeaturePath
    type: FeatureType
    common: CommonStats
    numeric: NumericStats | None = None
    string: StringStats | None = None
    bytes: BytesStats | None = None
    custom: tuple[CustomStatistic, ...] = ()

    @property
    def name(self) -> str:
        """For display; look-ups use `path`."""
        return ".".join(self.path)


class LiftValue(Noun):
    x: Union[str, float]
    lift: float | None
    x_count: float | None = None
    x_and_y_count: float | None = None


class LiftSeries(Noun):
    y: Union[str, float]
    y_count: float | None
    values: tuple[LiftValue, ...]


class CrossStats(Noun):
    """Statistics of a pair of features."""

    x: FeaturePath
    y: FeaturePath
    count: int = 0
    correlation: float | None = None
    covariance: float | None = None
    lift: tuple[LiftSeries, ...] = ()


class DatasetStats(Noun):
    """One dataset (or one slice of it) of a DatasetFeatureStatisticsList.

    `name` is as written: "" for a single dataset, "All Examples" or `<feature>_<value>...` for slices (not reversible)."""

    name: str
    num_examples: int
    weighted_num_examples: float | None
    features: tuple[FeatureStats, ...]
    cross: tuple[CrossStats, ...] = ()

    def feature(self, path: FeaturePath) -> FeatureStats | None:
        return next((one for one in self.features if one.path == path), None)


class Statistics(Noun):
    """Statistics of one split: the whole first, then slices."""

    split: str
    datasets: tuple[DatasetStats, ...]

    @property
    def whole(self) -> DatasetStats | None:
        """The unsliced dataset: named "" or "All Examples", else the only one."""
        named = next((one for one in self.datasets if one.name in ("", "All Examples")), None)
        return named or (self.datasets[0] if len(self.datasets) == 1 else None)


class Comparator(Noun):
    """A FeatureComparator of the schema."""

    infinity_norm: float | None = None
    jensen_shannon: float | None = None
    normalized_abs_difference: float | None = None


class SchemaFeature(Noun):
    path: FeaturePath
    type: Literal["TYPE_UNKNOWN", "BYTES", "INT", "FLOAT", "STRUCT"] = "TYPE_UNKNOWN"
    min_fraction: float | None = None
    min_count: int | None = None
    value_count_min: int | None = None
    value_count_max: int | None = None
    domain: tuple[str, ...] = ()  # allowed strings, resolved through string_domain
    low: float | None = None
    high: float | None = None
    min_domain_mass: float | None = None
    drift: Comparator | None = None
    skew: Comparator | None = None
    in_environment: tuple[str, ...] = ()
    not_in_environment: tuple[str, ...] = ()
    lifecycle_stage: str = ""


class Schema(Noun):
    features: tuple[SchemaFeature, ...]
    default_environment: tuple[str, ...] = ()
    text: str = ""  # the file's own text, for a diff a person can read


class AnomalyReason(Noun):
    type: str  # AnomalyInfo.Type name; "TYPE_<number>" for one newer than our list
    short_description: str = ""
    description: str = ""


class Anomaly(Noun):
    path: FeaturePath  # () : of the whole dataset
    severity: Literal["UNKNOWN", "WARNING", "ERROR"]
    short_description: str
    description: str
    reasons: tuple[AnomalyReason, ...] = ()


class Drift(Noun):
    """A measured distance between two spans (drift) or training and serving (skew), with the threshold it was held against."""

    path: FeaturePath
    kind: Literal["drift", "skew"]
    measure: Literal["UNKNOWN", "L_INFTY", "JENSEN_SHANNON_DIVERGENCE", "NORMALIZED_ABSOLUTE_DIFFERENCE"]
    value: float | None
    threshold: float | None


class Anomalies(Noun):
    """One SchemaDiff.pb or anomalies.pbtxt. `split` is the split, or `<test>_<base>` for a DistributionValidator pair."""

    split: str
    is_pair: bool = False  # True: written by DistributionValidator
    anomalies: tuple[Anomaly, ...] = ()
    drift: tuple[Drift, ...] = ()
    data_missing: bool = False
