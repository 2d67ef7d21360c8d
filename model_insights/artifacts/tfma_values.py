"""Turns TFMA messages into nouns: slice keys, metric keys and every kind of metric value.

A number that is not finite becomes None here. Text that is not UTF-8 keeps its bytes as backslash escapes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any

from google.protobuf.message import DecodeError

from model_insights.artifacts.tfma_messages import MESSAGES
from model_insights.metrics import (
    Aggregation,
    Array,
    AtCutoffs,
    Blob,
    Bounded,
    ClassPair,
    ConfidenceInterval,
    ConfusionAtThresholds,
    ConfusionMatrix,
    LabelPair,
    Message,
    MetricKey,
    MetricValue,
    MultiClassConfusion,
    MultiClassMatrix,
    MultiLabelMatrix,
    NonFinite,
    Scalar,
    SubKey,
    TDistribution,
)
from model_insights.slices import AnySlice, CrossSliceKey, SliceKey, SliceValue

Side = str  # "lower_bound" or "upper_bound"
_LARGEST_THRESHOLD = 3.4028234663852886e38  # the largest 32-bit float stands in for infinity, which no noun may hold
_CONTROL = re.compile(r"[\x00-\x1f]")
_COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")
_ARRAYS = {1: "bytes_values", 2: "int32_values", 3: "int64_values", 4: "float32_values", 5: "float64_values"}
_ARRAY_TYPES = ("UNKNOWN", "BYTES", "INT32", "INT64", "FLOAT32", "FLOAT64")
_METHODOLOGIES = ("UNKNOWN", "RIEMANN_SUM", "POISSON_BOOTSTRAP")


class ForeignMessage(ValueError):
    """The bytes parse, but TFMA did not write them."""


class NotFinite(ValueError):
    """A count that must be a number is NaN or infinite."""


def text_of(data: bytes) -> str:
    """UTF-8, and backslash escapes for what is not."""
    return data.decode("utf-8", "backslashreplace")


# Slices and keys repeat in every record and every run: equal bytes give the same noun, which saves time and memory.
@lru_cache(maxsize=1 << 14)
def slice_key(wire: bytes) -> SliceKey:
    """The SliceKey of its wire bytes; none at all is Overall. Raises ForeignMessage."""
    try:
        return _slice(MESSAGES["SliceKey"].FromString(wire))
    except DecodeError as error:
        raise ForeignMessage("its slice key is not a TFMA slice key") from error


@lru_cache(maxsize=1 << 14)
def cross_slice_key(wire: bytes) -> CrossSliceKey:
    """The CrossSliceKey of its wire bytes. Raises ForeignMessage."""
    try:
        message = MESSAGES["CrossSliceKey"].FromString(wire)
    except DecodeError as error:
        raise ForeignMessage("its cross slice key is not a TFMA cross slice key") from error
    return CrossSliceKey(baseline=_slice(message.baseline_slice_key), comparison=_slice(message.comparison_slice_key))


def slice_of(message: Any) -> AnySlice:
    """The slice that a MetricsForSlice, PlotsForSlice, AttributionsForSlice or ValidationForSlice speaks of."""
    if message.HasField("cross_slice_key"):
        return cross_slice_key(message.cross_slice_key)
    return slice_key(message.slice_key)


def _slice(message: Any) -> SliceKey:
    return SliceKey(items=tuple((checked_name(pair.column), _slice_value(pair)) for pair in message.single_slice_keys))


def _slice_value(pair: Any) -> SliceValue:
    kind = pair.WhichOneof("kind")
    if kind == "int64_value":
        return int(pair.int64_value)
    if kind == "float_value":
        value = float(pair.float_value)
        return value if math.isfinite(value) else str(value)  # NaN is not equal to itself and could never be looked up
    return text_of(pair.bytes_value)


def checked_name(name: str) -> str:
    """A column or metric name. Control characters mean that some other message was taken for one of TFMA's."""
    if _CONTROL.search(name):
        raise ForeignMessage(f"{name[:40]!r} is no name that TFMA would write")
    return name


@lru_cache(maxsize=1 << 12)
def metric_key(wire: bytes) -> MetricKey:
    """The MetricKey of its wire bytes. Raises ForeignMessage."""
    try:
        return metric_key_of(MESSAGES["MetricKey"].FromString(wire))
    except DecodeError as error:
        raise ForeignMessage("its metric key is not a TFMA metric key") from error


def metric_key_of(message: Any) -> MetricKey:
    if not message.name:
        raise ForeignMessage("it holds a metric without a name")
    return MetricKey(
        name=checked_name(message.name),
        model_name=message.model_name,
        output_name=message.output_name,
        sub_key=sub_key_of(message),
        aggregation=_aggregation(message),
        is_diff=message.is_diff,
        example_weighted=example_weighted_of(message),
    )


def sub_key_of(message: Any) -> SubKey | None:
    if not message.HasField("sub_key"):
        return None
    wire = message.sub_key
    return SubKey(class_id=wrapped(wire, "class_id"), k=wrapped(wire, "k"), top_k=wrapped(wire, "top_k"))


def example_weighted_of(message: Any) -> bool | None:
    """None: the file does not say (TFMA before 0.33)."""
    return bool(message.example_weighted.value) if message.HasField("example_weighted") else None


def _aggregation(message: Any) -> Aggregation | None:
    kind: Aggregation | None = message.aggregation_type.WhichOneof("type")
    return kind


def wrapped(message: Any, name: str) -> Any:
    """The number in a DoubleValue, Int32Value or Int64Value field; None where unset or not finite."""
    if not message.HasField(name):
        return None
    value = getattr(message, name).value
    return value if math.isfinite(value) else None


def finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def non_finite(number: float) -> NonFinite:
    """The name of a number that is not finite."""
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def scalar(number: float) -> Scalar:
    return Scalar(value=number) if math.isfinite(number) else Scalar(value=None, nonfinite=non_finite(number))


def value_of_wire(wire: bytes) -> tuple[MetricValue, ConfidenceInterval | None]:
    """`metric_value` of a MetricValue still on the wire. Raises ForeignMessage."""
    try:
        return metric_value(MESSAGES["MetricValue"].FromString(wire))
    except DecodeError as error:
        raise ForeignMessage("a value is not a TFMA metric value") from error


def interval_of_wire(wire: bytes) -> ConfidenceInterval | None:
    """The ConfidenceInterval of its wire bytes; None when a bound is missing. Raises ForeignMessage."""
    try:
        message = MESSAGES["ConfidenceInterval"].FromString(wire)
    except DecodeError as error:
        raise ForeignMessage("an interval is not a TFMA confidence interval") from error
    if not (message.HasField("lower_bound") and message.HasField("upper_bound")):
        return None
    return ConfidenceInterval(
        low=metric_value(message.lower_bound)[0],
        high=metric_value(message.upper_bound)[0],
        standard_error=metric_value(message.standard_error)[0] if message.HasField("standard_error") else None,
        degrees_of_freedom=wrapped(message, "degrees_of_freedom"),
    )


def metric_value(message: Any) -> tuple[MetricValue, ConfidenceInterval | None]:
    """The value, and the interval that TFMA <= 0.32 kept inside it (bounded_value of POISSON_BOOTSTRAP, t_distribution)."""
    kind = message.WhichOneof("type")
    if kind is None:
        return Message(text="the file holds no value of a kind this version knows"), None
    try:
        return _KINDS[kind](getattr(message, kind))
    except NotFinite as error:
        return Message(text=str(error)), None


def _double(wire: Any) -> tuple[MetricValue, None]:
    return scalar(wire.value), None


def _bounded(wire: Any) -> tuple[MetricValue, ConfidenceInterval | None]:
    value = Bounded(
        value=wrapped(wire, "value"),
        low=wrapped(wire, "lower_bound"),
        high=wrapped(wire, "upper_bound"),
        methodology=named(_METHODOLOGIES, wire.methodology),
    )
    if value.methodology != "POISSON_BOOTSTRAP":
        return value, None
    return value, ConfidenceInterval(low=_bound(wire, "lower_bound"), high=_bound(wire, "upper_bound"))


def _bound(wire: Any, side: Side) -> Scalar:
    return scalar(getattr(wire, side).value if wire.HasField(side) else math.nan)


def _t_distribution(wire: Any) -> tuple[MetricValue, ConfidenceInterval | None]:
    value = TDistribution(
        sample_mean=wrapped(wire, "sample_mean"),
        sample_standard_deviation=wrapped(wire, "sample_standard_deviation"),
        sample_degrees_of_freedom=wrapped(wire, "sample_degrees_of_freedom"),
        unsampled_value=wrapped(wire, "unsampled_value"),
    )
    mean, error, freedom = value.sample_mean, value.sample_standard_deviation, value.sample_degrees_of_freedom
    if mean is None or error is None or not freedom:
        return value, None
    half = error * _t_quantile(freedom)
    interval = ConfidenceInterval(
        low=scalar(mean - half), high=scalar(mean + half), standard_error=scalar(error), degrees_of_freedom=freedom
    )
    return value, interval


def _t_quantile(degrees_of_freedom: int) -> float:
    """Student's t at 97.5 %, as TFMA uses for its 95 % intervals (utils/math_util.py)."""
    from scipy.special import stdtrit  # a legacy form: nobody else pays for this import

    return float(stdtrit(degrees_of_freedom, 0.975))


def _unknown(wire: Any) -> tuple[MetricValue, None]:
    return Message(text=f"{text_of(wire.value)} ({wire.error})" if wire.error else text_of(wire.value)), None


def _debug(wire: str) -> tuple[MetricValue, None]:
    return Message(text=wire), None


def _bytes(wire: bytes) -> tuple[MetricValue, None]:
    return Blob(value=wire), None


def _at_cutoffs(wire: Any) -> tuple[MetricValue, ConfidenceInterval | None]:
    value = AtCutoffs(values=tuple((pair.cutoff, _point(pair, "value")) for pair in wire.values))
    return value, _legacy_interval(
        wire.values, lambda side: AtCutoffs(values=tuple((p.cutoff, _side(p, "value", side)) for p in wire.values))
    )


def _confusion(wire: Any) -> tuple[MetricValue, ConfidenceInterval | None]:
    value = ConfusionAtThresholds(matrices=confusion_matrices(wire))
    return value, _legacy_interval(
        wire.matrices, lambda side: ConfusionAtThresholds(matrices=_legacy_matrices(wire, partial(_side, side=side)))
    )


def confusion_matrices(wire: Any) -> tuple[ConfusionMatrix, ...]:
    """Of a ConfusionMatrixAtThresholds, in rising order of threshold."""
    if wire.matrices and _is_legacy(wire.matrices[0]):
        return _legacy_matrices(wire, _point)
    return tuple(sorted(map(_matrix, wire.matrices), key=_by_threshold))


def _matrix(wire: Any) -> ConfusionMatrix:
    # A plot holds 10,000 of these, so each field is read once and by name.
    hits, false_alarms, passes, misses = wire.true_positives, wire.false_positives, wire.true_negatives, wire.false_negatives
    _count(hits + false_alarms + passes + misses)
    return ConfusionMatrix(
        threshold=threshold(wire.threshold),
        true_positives=hits,
        false_positives=false_alarms,
        true_negatives=passes,
        false_negatives=misses,
        precision=finite(wire.precision),
        recall=finite(wire.recall),
    )


def _by_threshold(matrix: ConfusionMatrix) -> float:
    return matrix.threshold


def _legacy_matrices(wire: Any, number: Callable[[Any, str], float | None]) -> tuple[ConfusionMatrix, ...]:
    return tuple(sorted((_legacy_matrix(matrix, number) for matrix in wire.matrices), key=_by_threshold))


def _legacy_matrix(wire: Any, number: Callable[[Any, str], float | None]) -> ConfusionMatrix:
    counts = {name: _count(number(wire, name)) for name in _COUNTS}
    return ConfusionMatrix(
        threshold=threshold(wire.threshold), precision=number(wire, "precision"), recall=number(wire, "recall"), **counts
    )


def threshold(number: float) -> float:
    """A finite threshold: infinities become the largest float. NaN raises."""
    if math.isnan(number):
        raise NotFinite("a threshold is not a number")
    return max(-_LARGEST_THRESHOLD, min(_LARGEST_THRESHOLD, number))


def _point(wire: Any, name: str) -> float | None:
    """The point value; TFMA <= 0.32 may keep it in the bounded or t-distribution field beside an empty plain one."""
    plain: float = getattr(wire, name)
    bounded, distribution = _legacy_names(name)
    found: float | None = finite(plain)
    if plain == 0 and wire.HasField(bounded):
        found = wrapped(getattr(wire, bounded), "value")
    elif plain == 0 and wire.HasField(distribution):
        found = wrapped(getattr(wire, distribution), "unsampled_value")
    return found


def _side(wire: Any, name: str, side: Side) -> float | None:
    """The bound of a number inside a legacy value."""
    bounded, distribution = _legacy_names(name)
    if wire.HasField(bounded):
        found: float | None = wrapped(getattr(wire, bounded), side)
        return found
    if wire.HasField(distribution):
        _, interval = _t_distribution(getattr(wire, distribution))
        bound = interval and (interval.low if side == "lower_bound" else interval.high)
        return bound.value if isinstance(bound, Scalar) else None
    return finite(getattr(wire, name))


def _legacy_names(name: str) -> tuple[str, str]:
    return ("bounded_value", "t_distribution_value") if name == "value" else (f"bounded_{name}", f"t_distribution_{name}")


def _is_legacy(wire: Any) -> bool:
    return any(field.name.startswith(("bounded_", "t_distribution_")) for field, _ in wire.ListFields())


def _legacy_interval(wires: Iterable[Any], bound: Callable[[Side], MetricValue]) -> ConfidenceInterval | None:
    if not any(map(_is_legacy, wires)):
        return None
    return ConfidenceInterval(low=bound("lower_bound"), high=bound("upper_bound"))


def _multi_class(wire: Any) -> tuple[MetricValue, None]:
    return MultiClassConfusion(matrices=multi_class_matrices(wire)), None


def multi_class_matrices(wire: Any) -> tuple[MultiClassMatrix, ...]:
    return tuple(
        MultiClassMatrix(
            threshold=threshold(matrix.threshold),
            entries=tuple(
                ClassPair(actual=e.actual_class_id, predicted=e.predicted_class_id, examples=_count(e.num_weighted_examples))
                for e in matrix.entries
            ),
        )
        for matrix in wire.matrices
    )


def multi_label_matrices(wire: Any) -> tuple[MultiLabelMatrix, ...]:
    return tuple(
        MultiLabelMatrix(threshold=threshold(matrix.threshold), entries=tuple(_label_pair(entry) for entry in matrix.entries))
        for matrix in wire.matrices
    )


def _label_pair(wire: Any) -> LabelPair:
    counts = {name: _count(getattr(wire, name)) for name in _COUNTS}
    return LabelPair(actual=wire.actual_class_id, predicted=wire.predicted_class_id, **counts)


def _count(number: float | None) -> float:
    if number is None or not math.isfinite(number):
        raise NotFinite("a confusion matrix holds a count that is not a number")
    return number


def _array(wire: Any) -> tuple[MetricValue, None]:
    elements = getattr(wire, _ARRAYS[wire.data_type]) if wire.data_type in _ARRAYS else ()
    values = tuple(text_of(e) if isinstance(e, bytes) else finite(e) for e in elements)
    return Array(data_type=named(_ARRAY_TYPES, wire.data_type), shape=tuple(wire.shape), values=values), None


def named(names: tuple[str, ...], number: int) -> Any:
    """The enum's name; a number from a later TFMA is UNKNOWN."""
    return names[number] if 0 <= number < len(names) else names[0]


_KINDS: dict[str, Callable[[Any], tuple[MetricValue, ConfidenceInterval | None]]] = {
    "double_value": _double,
    "bounded_value": _bounded,
    "t_distribution_value": _t_distribution,
    "unknown_type": _unknown,
    "debug_message": _debug,
    "bytes_value": _bytes,
    "value_at_cutoffs": _at_cutoffs,
    "array_value": _array,
    "confusion_matrix_at_thresholds": _confusion,
    "multi_class_confusion_matrix_at_thresholds": _multi_class,
}
