"""What we read equals what TFMA reads, on real runs and on what TFMA's own writers write today; both in one process."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from model_insights.artifacts.tfma import is_evaluation_folder, read_evaluation
from model_insights.artifacts.tfma_attributions import read_attributions
from model_insights.artifacts.tfma_config import read_eval_config
from model_insights.artifacts.tfma_plots import index_plots, read_plots
from model_insights.artifacts.tfma_validation import read_validation
from model_insights.loaded import Absent, Loaded
from model_insights.metrics import (
    Array,
    AtCutoffs,
    Blob,
    Bounded,
    ConfidenceInterval,
    ConfusionAtThresholds,
    ConfusionMatrix,
    Evaluation,
    Message,
    MetricKey,
    MetricValue,
    MultiClassConfusion,
    MultiClassMatrix,
    Plot,
    Scalar,
    SubKey,
)
from model_insights.slices import AnySlice, CrossSliceKey, SliceKey

# Span 1 has no baseline, 2 and 12 have intervals and `__ERROR__`, taxi's 15 failed its validation.
SPANS = [("taxi", 1), ("taxi", 2), ("taxi", 12), ("taxi", 15), ("shoes", 1), ("shoes", 2), ("shoes", 14)]
pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(900),  # the first import of tfma takes a minute or two
    pytest.mark.filterwarnings("ignore"),  # TensorFlow's and Beam's own
]


class Oracle(NamedTuple):
    tfma: ModuleType
    tf: ModuleType
    metrics: ModuleType
    validation: ModuleType
    writer: ModuleType


@pytest.fixture(scope="session")
def oracle() -> Oracle:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("tensorflow_model_analysis", reason="TFMA is not installed", exc_type=ImportError)
        import tensorflow as tf
        import tensorflow_model_analysis as tfma
        from tensorflow_model_analysis.proto import metrics_for_slice_pb2, validation_result_pb2
        from tensorflow_model_analysis.writers import metrics_plots_and_validations_writer

    return Oracle(tfma, tf, metrics_for_slice_pb2, validation_result_pb2, metrics_plots_and_validations_writer)


@pytest.fixture(scope="session", params=SPANS, ids=lambda span: f"{span[0]}-{span[1]}")
def folder(request: pytest.FixtureRequest, runs: Path) -> Path:
    family, span = request.param
    return sorted((runs / family / "pipeline" / "Evaluator" / "evaluation").iterdir(), key=lambda path: int(path.name))[span - 1]


def loaded(outcome: Any) -> Any:
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


def where_of(message: Any) -> AnySlice:
    if message.HasField("cross_slice_key"):
        cross = message.cross_slice_key
        return CrossSliceKey(baseline=slice_of(cross.baseline_slice_key), comparison=slice_of(cross.comparison_slice_key))
    return slice_of(message.slice_key)


def slice_of(message: Any) -> SliceKey:
    pairs = ((pair.column, getattr(pair, pair.WhichOneof("kind"))) for pair in message.single_slice_keys)
    return SliceKey(items=tuple((column, value.decode() if isinstance(value, bytes) else value) for column, value in pairs))


def key_of(message: Any) -> MetricKey:
    sub = message.sub_key
    return MetricKey(
        name=message.name,
        model_name=message.model_name,
        output_name=message.output_name,
        sub_key=SubKey(**{field.name: value.value for field, value in sub.ListFields()}) if message.HasField("sub_key") else None,
        aggregation=message.aggregation_type.WhichOneof("type") if message.HasField("aggregation_type") else None,
        is_diff=message.is_diff,
        example_weighted=message.example_weighted.value if message.HasField("example_weighted") else None,
    )


def number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def value_of(message: Any) -> MetricValue:
    """Our noun from TFMA's own message, by its own field names."""
    kind = message.WhichOneof("type")
    wire = getattr(message, kind)
    if kind == "double_value":
        names = {True: None, False: "NaN" if math.isnan(wire.value) else "Infinity" if wire.value > 0 else "-Infinity"}
        return Scalar(value=number(wire.value), nonfinite=names[math.isfinite(wire.value)])  # type: ignore[arg-type]
    if kind == "confusion_matrix_at_thresholds":
        return ConfusionAtThresholds(matrices=tuple(matrix_of(matrix) for matrix in wire.matrices))
    if kind == "multi_class_confusion_matrix_at_thresholds":
        return MultiClassConfusion(matrices=tuple(MultiClassMatrix(threshold=m.threshold, entries=pairs_of(m)) for m in wire.matrices))
    if kind == "bytes_value":
        return Blob(value=wire)
    if kind == "debug_message":
        return Message(text=wire)
    raise AssertionError(f"the runs hold a {kind}, which this test does not compare")


def pairs_of(message: Any) -> tuple[Any, ...]:
    from model_insights.metrics import ClassPair

    return tuple(
        ClassPair(actual=e.actual_class_id, predicted=e.predicted_class_id, examples=e.num_weighted_examples) for e in message.entries
    )


def matrix_of(message: Any) -> ConfusionMatrix:
    return ConfusionMatrix(
        threshold=message.threshold,
        true_positives=message.true_positives,
        false_positives=message.false_positives,
        true_negatives=message.true_negatives,
        false_negatives=message.false_negatives,
        precision=number(message.precision),
        recall=number(message.recall),
    )


def interval_of(message: Any) -> ConfidenceInterval | None:
    if not message.HasField("lower_bound"):
        return None
    return ConfidenceInterval(
        low=value_of(message.lower_bound),
        high=value_of(message.upper_bound),
        standard_error=value_of(message.standard_error),
        degrees_of_freedom=message.degrees_of_freedom.value,
    )


def entries_of(ours: Evaluation) -> Iterator[tuple[AnySlice, MetricKey]]:
    for where in ours.slices:
        for key in ours.keys:
            if ours.metric(where, key) is not None:
                yield where, key


def assert_every_metric_is_equal(ours: Evaluation, messages: Any) -> int:
    seen: set[tuple[AnySlice, MetricKey]] = set()
    for message in messages:
        where = where_of(message)
        for entry in message.metric_keys_and_values:
            if entry.key.name == "__ERROR__":
                assert entry.value.bytes_value.decode() in ours.errors[ours.slice_index[where]]
                assert not ours.is_suppressed(where)
                continue
            key = key_of(entry.key)
            found = ours.metric(where, key)
            assert found is not None, f"{key} of {where.text} was not read"
            assert value_of(entry.value) == found.value
            assert interval_of(entry.confidence_interval) == found.interval
            seen.add((where, key))
    assert seen == set(entries_of(ours))
    return len(seen)


def test_every_metric_equals_the_message_tfma_reads(oracle: Oracle, folder: Path):
    count = assert_every_metric_is_equal(loaded(read_evaluation(folder)), oracle.tfma.load_metrics(str(folder)))

    assert count > 400


def test_every_number_equals_load_eval_result(oracle: Oracle, folder: Path):
    ours: Evaluation = loaded(read_evaluation(folder))
    models = [model.name for model in ours.config.models if model.name] if any(key.model_name for key in ours.keys) else [""]
    count = 0
    for model in models:
        result = oracle.tfma.load_eval_result(str(folder), model_name=model)
        for pairs, outputs in result.slicing_metrics:
            for name, value in outputs[""][""].items():
                count += assert_equals_the_official_dict(ours, SliceKey(items=pairs), model, name, value)

    assert sum(isinstance(ours.metric(*entry).value, Scalar) for entry in entries_of(ours)) == count  # type: ignore[union-attr]


def assert_equals_the_official_dict(ours: Evaluation, where: SliceKey, model: str, name: str, value: dict[str, Any]) -> int:
    """1 when the value is a number, as `doubleValue` or, with an interval, `boundedValue`; NaN is the text "NaN" there."""
    diff = name.endswith("_diff")
    key = MetricKey(name=name.removesuffix("_diff"), model_name=model, is_diff=diff, example_weighted=False)
    found = ours.metric(where, key)
    if "doubleValue" in value:
        assert found is not None
        assert (value["doubleValue"], None) == (official(found.value), found.interval)
        return 1
    if "boundedValue" in value:
        assert found is not None
        assert found.interval is not None
        bounds = value["boundedValue"]
        expected = bounds["value"], bounds["lowerBound"], bounds["upperBound"]
        assert expected == tuple(map(official, (found.value, found.interval.low, found.interval.high)))
        return 1
    if "confusionMatrixAtThresholds" in value:
        assert found is not None
        matrices = found.value.matrices  # type: ignore[union-attr]
        assert [matrix.get("truePositives", 0.0) for matrix in value["confusionMatrixAtThresholds"]["matrices"]] == [
            matrix.true_positives for matrix in matrices
        ]
    return 0


def official(value: MetricValue) -> float | str | None:
    assert isinstance(value, Scalar)
    return value.nonfinite if value.value is None else value.value


def test_every_plot_equals_the_message_tfma_reads(oracle: Oracle, folder: Path):
    index, count = loaded(index_plots(folder)), 0
    for message in oracle.tfma.load_plots(str(folder)):
        plots: tuple[Plot, ...] = loaded(read_plots(index, where_of(message)))
        assert len(message.plot_keys_and_values) == len(plots)
        for entry, plot in zip(message.plot_keys_and_values, plots, strict=True):
            assert (entry.key.model_name, entry.key.output_name, entry.key.name) == (
                plot.key.model_name,
                plot.key.output_name,
                plot.key.name,
            )
            assert tuple(matrix_of(matrix) for matrix in entry.value.confusion_matrix_at_thresholds.matrices) == plot.confusion
            assert buckets_of(entry.value) == [(b.low, b.high, b.examples, b.label_sum, b.prediction_sum) for b in plot.calibration]
            assert plot.calibration
            assert plot.confusion
        count += 1

    assert len(index.slices) == count


def buckets_of(data: Any) -> list[tuple[float | None, ...]]:
    return [
        (
            number(bucket.lower_threshold_inclusive),
            number(bucket.upper_threshold_exclusive),
            bucket.num_weighted_examples.value,
            bucket.total_weighted_label.value,
            bucket.total_weighted_refined_prediction.value,
        )
        for bucket in data.calibration_histogram_buckets.buckets
    ]


def test_validations_and_attributions_equal_tfmas(oracle: Oracle, folder: Path):
    theirs = oracle.tfma.load_validation_result(str(folder))
    ours = loaded(read_validation(folder))
    failures = [(where_of(part), failure) for part in theirs.metric_validations_per_slice for failure in part.failures]

    assert (theirs.validation_ok, theirs.missing_thresholds, theirs.rubber_stamp) == (ours.ok, ours.missing_thresholds, ours.rubber_stamp)
    assert [(where, key_of(f.metric_key), value_of(f.metric_value)) for where, f in failures] == [
        (failure.slice, failure.key, failure.value) for failure in ours.failures
    ]
    for (_, theirs_failure), failure in zip(failures, ours.failures, strict=True):
        change = theirs_failure.metric_threshold.change_threshold
        assert (change.absolute.value, "HIGHER_IS_BETTER") == (failure.threshold.absolute_change, failure.threshold.direction)
    assert not any(message.attributions_keys_and_values for message in oracle.tfma.load_attributions(str(folder)))
    assert isinstance(read_attributions(folder), Absent)


def test_the_configuration_equals_tfmas(oracle: Oracle, folder: Path):
    theirs = oracle.tfma.load_eval_result(str(folder), model_name="candidate").config
    ours = loaded(read_eval_config(folder))

    assert [(m.name, m.label_key, m.is_baseline) for m in theirs.model_specs] == [(m.name, m.label_key, m.is_baseline) for m in ours.models]
    assert [tuple(spec.feature_keys) for spec in theirs.slicing_specs] == list(ours.slicing)
    assert theirs.options.compute_confidence_intervals.value == (ours.intervals is not None)


def all_kinds(oracle: Oracle) -> Any:
    """One MetricsForSlice with every kind of value, by TFMA's own classes."""
    pb = oracle.metrics
    message = pb.MetricsForSlice()
    for column, value in (("text", "ä</script>"), ("hour", 0), ("weight", 0.5)):
        key = message.slice_key.single_slice_keys.add(column=column)
        setattr(
            key,
            {str: "bytes_value", int: "int64_value", float: "float_value"}[type(value)],
            value.encode() if isinstance(value, str) else value,
        )

    def add(name: str, **key: Any) -> Any:
        return message.metric_keys_and_values.add(key=pb.MetricKey(name=name, **key)).value

    add("double", model_name="m", output_name="o", sub_key={"class_id": {"value": 0}, "top_k": {"value": 3}}).double_value.value = -0.0
    add("micro", aggregation_type={"micro_average": True}).double_value.value = math.inf
    bounded = add("bounded").bounded_value
    bounded.value.value, bounded.lower_bound.value, bounded.upper_bound.value, bounded.methodology = 0.5, 0.25, 0.75, 1
    add("unknown").unknown_type.value = b"why"
    add("cutoffs").value_at_cutoffs.values.add(cutoff=5, value=0.5)
    add("matrix").confusion_matrix_at_thresholds.matrices.add(
        threshold=0.5, false_negatives=1, true_negatives=2, false_positives=3, true_positives=4
    )
    classes = add("classes").multi_class_confusion_matrix_at_thresholds.matrices.add(threshold=0.5)
    classes.entries.add(actual_class_id=1, predicted_class_id=-1, num_weighted_examples=2.5)
    add("bytes").bytes_value = b"\xff"
    array = add("array").array_value
    array.data_type, array.shape[:], array.float32_values[:] = 4, [2], [0.5, -1.5]
    add("debug").debug_message = "text"
    message.metrics["__ERROR__"].debug_message = "too few"
    return message


def assert_all_kinds(ours: Evaluation) -> None:
    (where,) = ours.slices
    values = {key.name: ours.metric(where, key).value for key in ours.keys}  # type: ignore[union-attr]
    matrix = ConfusionMatrix(
        threshold=0.5, true_positives=4, false_positives=3, true_negatives=2, false_negatives=1, precision=0.0, recall=0.0
    )

    assert SliceKey(items=(("text", "ä</script>"), ("hour", 0), ("weight", 0.5))) == where
    assert SubKey(class_id=0, top_k=3) == ours.keys[0].sub_key
    assert "micro_average" == ours.keys[1].aggregation
    assert {0: "too few"} == ours.errors
    assert Scalar(value=0.0) == values.pop("double")
    assert Scalar(value=None, nonfinite="Infinity") == values.pop("micro")
    assert Bounded(value=0.5, low=0.25, high=0.75, methodology="RIEMANN_SUM") == values.pop("bounded")
    assert Message(text="why") == values.pop("unknown")
    assert AtCutoffs(values=((5, 0.5),)) == values.pop("cutoffs")
    assert ConfusionAtThresholds(matrices=(matrix,)) == values.pop("matrix")
    assert 2.5 == values.pop("classes").matrices[0].entries[0].examples  # type: ignore[union-attr]
    assert Blob(value=b"\xff") == values.pop("bytes")
    assert Array(data_type="FLOAT32", shape=(2,), values=(0.5, -1.5)) == values.pop("array")
    assert Message(text="text") == values.pop("debug")
    assert {} == values


@pytest.mark.parametrize("compression", [None, "GZIP"])
def test_every_kind_that_tfma_can_write_is_read(compression: str | None, oracle: Oracle, tmp_path: Path):
    with oracle.tf.io.TFRecordWriter(str(tmp_path / "metrics-00000-of-00001.tfrecord"), options=compression) as file:
        file.write(all_kinds(oracle).SerializeToString())

    assert is_evaluation_folder(tmp_path)
    assert_all_kinds(loaded(read_evaluation(tmp_path)))


def test_the_bounds_that_old_tfma_wrote_into_the_map_are_an_interval(oracle: Oracle, tmp_path: Path):
    from tensorflow_model_analysis.api import types

    value = types.ValueWithTDistribution(0.8, 0.1, 19, 0.81)
    message = oracle.writer.convert_slice_metrics_to_proto(((("hour", 1),), {"auc": value}), add_metrics_callbacks=[])
    with oracle.tf.io.TFRecordWriter(str(tmp_path / "metrics")) as file:
        file.write(message.SerializeToString())
    found = loaded(read_evaluation(tmp_path)).metric(SliceKey(items=(("hour", 1),)), MetricKey(name="auc"))
    wire = message.metrics["auc"].bounded_value

    assert ConfidenceInterval(low=Scalar(value=wire.lower_bound.value), high=Scalar(value=wire.upper_bound.value)) == found.interval
    assert 0.81 == found.value.value


def test_the_interval_of_a_t_distribution_is_the_one_tfma_computes(oracle: Oracle, tmp_path: Path):
    from tensorflow_model_analysis.api import types
    from tensorflow_model_analysis.utils import math_util

    message = oracle.metrics.MetricsForSlice()
    wire = message.metrics["auc"].t_distribution_value
    wire.sample_mean.value, wire.sample_standard_deviation.value, wire.sample_degrees_of_freedom.value, wire.unsampled_value.value = (
        0.8,
        0.1,
        7,
        0.81,
    )
    with oracle.tf.io.TFRecordWriter(str(tmp_path / "metrics")) as file:
        file.write(message.SerializeToString())
    found = loaded(read_evaluation(tmp_path)).intervals[0, 0]
    _, low, high = math_util.calculate_confidence_interval(types.ValueWithTDistribution(0.8, 0.1, 7, 0.81))

    assert pytest.approx((low, high)) == (found.low.value, found.high.value)


@pytest.mark.parametrize("output_format", ["tfrecord", "parquet"])
def test_what_tfmas_own_writer_writes_is_read(output_format: str, oracle: Oracle, tmp_path: Path):
    write_with_tfma(oracle, tmp_path, output_format)
    ours: Evaluation = loaded(read_evaluation(tmp_path))
    laptop = SliceKey(items=(("device", "laptop"),))
    cross = CrossSliceKey(baseline=SliceKey(), comparison=laptop)
    index = loaded(index_plots(tmp_path))
    (attributions,) = loaded(read_attributions(tmp_path))
    (plot,) = loaded(read_plots(index, laptop))

    assert {SliceKey(), laptop, cross, SliceKey(items=(("device", "tv"),))} == set(ours.slices)
    assert 0.75 == ours.scalar(laptop, MetricKey(name="auc", example_weighted=False))
    assert 0.25 == ours.scalar(cross, MetricKey(name="auc", is_diff=True, example_weighted=False))
    assert (
        Array(data_type="INT64", shape=(2,), values=(1, 2))
        == ours.metric(SliceKey(), MetricKey(name="array", example_weighted=False)).value
    )  # type: ignore[union-attr]
    assert ours.is_suppressed(SliceKey(items=(("device", "tv"),)))
    assert is_evaluation_folder(tmp_path)
    assert (4.0, 3.0) == (plot.confusion[0].true_positives, plot.calibration[0].examples)
    assert ("price", Scalar(value=0.5)) == attributions.values[0]
    assert not loaded(read_validation(tmp_path)).ok
    assert loaded(read_validation(tmp_path)).missing_thresholds


def write_with_tfma(oracle: Oracle, folder: Path, output_format: str) -> None:
    import apache_beam as beam
    from tensorflow_model_analysis.metrics import metric_types

    pb, key, plot_key = oracle.metrics, metric_types.MetricKey, metric_types.PlotKey
    numpy = pytest.importorskip("numpy")
    laptop, tv = (("device", "laptop"),), (("device", "tv"),)
    matrices = pb.ConfusionMatrixAtThresholds()
    matrices.matrices.add(threshold=0.5, true_positives=4)
    buckets = pb.CalibrationHistogramBuckets()
    buckets.buckets.add(lower_threshold_inclusive=-math.inf, num_weighted_examples={"value": 3})
    metrics = [
        ((), {key("auc"): 0.5, key("array"): numpy.array([1, 2])}),
        (laptop, {key("auc"): 0.75}),
        (((), laptop), {key("auc", is_diff=True): 0.25}),
        (tv, {"__ERROR__": "too few"}),
    ]
    plots = [
        ((), {plot_key("confusion_matrix_plot"): matrices}),
        (laptop, {plot_key("calibration_plot"): buckets, plot_key("confusion_matrix_plot"): matrices}),
    ]
    attributions = [(laptop, {metric_types.AttributionsKey("mean"): {"price": 0.5}})]
    names = ("metrics", "plots", "attributions", "validations")
    writer = oracle.writer.MetricsPlotsAndValidationsWriter(
        output_paths={name: str(folder / name) for name in names}, eval_config=oracle.tfma.EvalConfig(), output_file_format=output_format
    )
    unchecked = beam.options.pipeline_options.PipelineOptions(pipeline_type_check=False)
    with beam.Pipeline(runner="FnApiRunner", options=unchecked) as pipeline:
        evaluation = {
            "metrics": pipeline | "metrics" >> beam.Create(metrics),
            "plots": pipeline | "plots" >> beam.Create(plots),
            "attributions": pipeline | "attributions" >> beam.Create(attributions),
            "validations": pipeline | "validations" >> beam.Create([oracle.validation.ValidationResult(validation_ok=True)]),
        }
        _ = evaluation | writer.stage_name >> writer.ptransform
