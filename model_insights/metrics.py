"""What TFMA writes: metrics, plots, attributions and validations per slice.

Source of names and meanings: tensorflow_model_analysis/proto/{metrics_for_slice,validation_result,config}.proto.
No NaN or infinity lives here: a number that is not finite is None, and `nonfinite` says which it was.
"""

from __future__ import annotations

from typing import Literal, Union

import msgspec
import numpy as np
import numpy.typing as npt

from model_insights.noun import Noun
from model_insights.slices import AnySlice

Aggregation = Literal["micro_average", "macro_average", "weighted_macro_average"]
NonFinite = Literal["NaN", "Infinity", "-Infinity"]


class SubKey(Noun):
    """Class or cutoff a metric was computed for."""

    class_id: int | None = None
    k: int | None = None
    top_k: int | None = None


class MetricKey(Noun):
    """The whole TFMA key. Two metrics that differ in any part are different metrics."""

    name: str
    model_name: str = ""
    output_name: str = ""
    sub_key: SubKey | None = None
    aggregation: Aggregation | None = None
    is_diff: bool = False
    example_weighted: bool | None = None  # None: the file does not say


class Scalar(Noun, tag="scalar"):
    """A double. `value` is None when the file holds NaN or an infinity."""

    value: float | None
    nonfinite: NonFinite | None = None


class Bounded(Noun, tag="bounded"):
    """A value with bounds. RIEMANN_SUM bounds are approximation bounds, not a confidence interval."""

    value: float | None
    low: float | None
    high: float | None
    methodology: Literal["UNKNOWN", "RIEMANN_SUM", "POISSON_BOOTSTRAP"] = "UNKNOWN"


class TDistribution(Noun, tag="t_distribution"):
    """Legacy confidence form (TFMA <= 0.32)."""

    sample_mean: float | None
    sample_standard_deviation: float | None
    sample_degrees_of_freedom: int | None
    unsampled_value: float | None


class AtCutoffs(Noun, tag="at_cutoffs"):
    """One value per cutoff (precision@k and the like)."""

    values: tuple[tuple[int, float | None], ...]


class ConfusionMatrix(Noun):
    """Counts at one threshold; weighted doubles when the evaluation is weighted. Rates as TFMA wrote them."""

    threshold: float
    true_positives: float
    false_positives: float
    true_negatives: float
    false_negatives: float
    precision: float | None = None
    recall: float | None = None

    @property
    def total(self) -> float:
        return self.true_positives + self.false_positives + self.true_negatives + self.false_negatives


class ConfusionAtThresholds(Noun, tag="confusion_at_thresholds"):
    """Matrices in rising order of threshold."""

    matrices: tuple[ConfusionMatrix, ...]


class ClassPair(Noun):
    """Examples of one (actual, predicted) pair. predicted -1: no prediction above the threshold."""

    actual: int
    predicted: int
    examples: float


class MultiClassMatrix(Noun):
    threshold: float
    entries: tuple[ClassPair, ...]  # zero cells are omitted


class MultiClassConfusion(Noun, tag="multi_class_confusion"):
    matrices: tuple[MultiClassMatrix, ...]


class LabelPair(Noun):
    actual: int
    predicted: int
    true_positives: float
    false_positives: float
    true_negatives: float
    false_negatives: float


class MultiLabelMatrix(Noun):
    threshold: float
    entries: tuple[LabelPair, ...]


class MultiLabelConfusion(Noun, tag="multi_label_confusion"):
    matrices: tuple[MultiLabelMatrix, ...]


class Array(Noun, tag="array"):
    """An ArrayValue, row-major. bytes elements are decoded as UTF-8 with backslash escapes."""

    data_type: Literal["UNKNOWN", "BYTES", "INT32", "INT64", "FLOAT32", "FLOAT64"]
    shape: tuple[int, ...]
    values: tuple[Union[str, int, float, None], ...]


class Blob(Noun, tag="bytes"):
    """A bytes metric value (TFMA stores serialised helper messages this way)."""

    value: bytes


class Message(Noun, tag="message"):
    """Text in place of a value: debug_message, or unknown_type."""

    text: str


MetricValue = Union[
    Scalar, Bounded, TDistribution, AtCutoffs, ConfusionAtThresholds, MultiClassConfusion, MultiLabelConfusion, Array, Blob, Message
]


class ConfidenceInterval(Noun):
    """TFMA's own interval; each bound has the kind of the point value. Bounds are not clipped to the metric's range."""

    low: MetricValue
    high: MetricValue
    standard_error: MetricValue | None = None
    degrees_of_freedom: int | None = None


class Metric(Noun):
    """One metric of one slice."""

    key: MetricKey
    value: MetricValue
    interval: ConfidenceInterval | None = None


class ModelSpec(Noun):
    """What eval_config.json says of a model under evaluation."""

    name: str = ""
    label_key: str = ""
    prediction_key: str = ""
    example_weight_key: str = ""
    is_baseline: bool = False
    model_type: str = ""


class EvalConfig(Noun):
    """The parts of eval_config.json we need. Source: EvalRun in config.proto."""

    version: str = ""
    models: tuple[ModelSpec, ...] = ()
    slicing: tuple[tuple[str, ...], ...] = ()  # feature keys of each slicing spec; () is Overall
    model_locations: tuple[tuple[str, str], ...] = ()  # (model name, path)
    data_location: str = ""
    thresholds: tuple[tuple[str, float], ...] = ()  # (metric class name, decision threshold) named in metric configs
    intervals: str | None = None  # JACKKNIFE, POISSON_BOOTSTRAP; None: not computed


class Evaluation(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All metrics of one evaluation, by column: 12,750 scalars cost 100 kB, not 2 MB of objects.

    `scalars[i, j]` is metric `keys[j]` of slice `slices[i]`; NaN where absent, not a scalar or not finite (`nonfinite` tells).
    `others` holds every value that is not a scalar (`Bounded` and `TDistribution` have their point in `scalars` too), `intervals`
    TFMA's confidence intervals, both by (slice index, key index).
    `errors[i]` is the text of `__ERROR__` for slice i. A slice with an error and no metric was suppressed.
    Use `slice_index` / `key_index` (built by `artifacts`) for look-ups.
    """

    config: EvalConfig
    slices: tuple[AnySlice, ...]
    keys: tuple[MetricKey, ...]
    scalars: npt.NDArray[np.float64]  # [slices, keys]
    nonfinite: dict[tuple[int, int], NonFinite]
    others: dict[tuple[int, int], MetricValue]
    intervals: dict[tuple[int, int], ConfidenceInterval]
    errors: dict[int, str]
    slice_index: dict[AnySlice, int]
    key_index: dict[MetricKey, int]

    def scalar(self, where: AnySlice, key: MetricKey) -> float | None:
        """The finite scalar, or None (absent, other kind, or not finite)."""
        row, column = self.slice_index.get(where), self.key_index.get(key)
        if row is None or column is None:
            return None
        value = float(self.scalars[row, column])
        return value if np.isfinite(value) else None

    def metric(self, where: AnySlice, key: MetricKey) -> Metric | None:
        """The metric of any kind with its interval; None when the file has none for this slice."""
        row, column = self.slice_index.get(where), self.key_index.get(key)
        if row is None or column is None:
            return None
        at, interval = (row, column), self.intervals.get((row, column))
        if at in self.others:
            return Metric(key=key, value=self.others[at], interval=interval)
        if at in self.nonfinite:
            return Metric(key=key, value=Scalar(value=None, nonfinite=self.nonfinite[at]), interval=interval)
        value = float(self.scalars[row, column])
        return Metric(key=key, value=Scalar(value=value), interval=interval) if np.isfinite(value) else None

    def is_suppressed(self, where: AnySlice) -> bool:
        """True when `__ERROR__` stands in place of metrics (slice below min_slice_size), not beside them."""
        row = self.slice_index.get(where)
        if row is None or row not in self.errors:
            return False
        return not np.isfinite(self.scalars[row]).any() and not any(i == row for i, _ in (*self.others, *self.nonfinite))


class CalibrationBucket(Noun):
    """Sums over the examples whose prediction lies in [low, high). None: unbounded."""

    low: float | None
    high: float | None
    examples: float
    label_sum: float
    prediction_sum: float


class PlotKey(Noun):
    model_name: str = ""
    output_name: str = ""
    sub_key: SubKey | None = None
    name: str = ""
    example_weighted: bool | None = None


class Plot(Noun):
    """Everything TFMA stored to draw one slice of one model: calibration buckets and matrices by threshold."""

    key: PlotKey
    calibration: tuple[CalibrationBucket, ...] = ()
    confusion: tuple[ConfusionMatrix, ...] = ()
    multi_class: tuple[MultiClassMatrix, ...] = ()
    multi_label: tuple[MultiLabelMatrix, ...] = ()
    message: str = ""


class AttributionKey(Noun):
    name: str
    model_name: str = ""
    output_name: str = ""
    sub_key: SubKey | None = None
    is_diff: bool = False


class Attributions(Noun):
    """Feature attributions of one slice: (feature, value) in the file's order."""

    slice: AnySlice
    key: AttributionKey
    values: tuple[tuple[str, MetricValue], ...]


class Threshold(Noun):
    """A MetricThreshold: value bounds (inclusive) or an allowed change against the baseline."""

    lower: float | None = None
    upper: float | None = None
    absolute_change: float | None = None
    relative_change: float | None = None
    direction: Literal["UNKNOWN", "LOWER_IS_BETTER", "HIGHER_IS_BETTER"] = "UNKNOWN"


class ValidationFailure(Noun):
    slice: AnySlice
    key: MetricKey
    threshold: Threshold
    value: MetricValue | None
    message: str = ""


class Validation(Noun):
    """ValidationResult. `rubber_stamp`: passed for want of a baseline or threshold, which is not the same as good."""

    ok: bool
    failures: tuple[ValidationFailure, ...] = ()
    missing_slices: tuple[AnySlice, ...] = ()  # value "*": any value of that column
    missing_thresholds: bool = False
    rubber_stamp: bool = False
