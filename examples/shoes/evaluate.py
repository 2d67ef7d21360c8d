"""Sliced evaluation of the candidate and the serving model by TensorFlow Model Analysis, on predictions made before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import apache_beam as beam
import tensorflow_model_analysis as tfma
from google.protobuf import text_format
from tfx_bsl.tfxio import tf_example_record

CANDIDATE, BASELINE = "candidate", "baseline"
SLICES = (("product_line",), ("brand",), ("region",), ("device",), ("channel",), ("product_line", "channel"))
AUC_FLOOR, AUC_LOSS = 0.55, -0.02
PREDICTED = "materialized_prediction"  # TFMA's word for a model whose predictions are in the data

METRICS = """
metrics { class_name: "ExampleCount" }
metrics { class_name: "BinaryCrossEntropy" }
metrics { class_name: "BinaryAccuracy" config: '{"threshold": 0.2}' }
metrics { class_name: "Precision" config: '{"thresholds": 0.2}' }
metrics { class_name: "Recall" config: '{"thresholds": 0.2}' }
metrics { class_name: "MeanLabel" }
metrics { class_name: "MeanPrediction" }
metrics { class_name: "Calibration" }
metrics { class_name: "ConfusionMatrixAtThresholds" config: '{"thresholds": [0.1, 0.2, 0.3, 0.5]}' }
metrics { class_name: "ConfusionMatrixPlot" config: '{"num_thresholds": 40}' }
metrics { class_name: "CalibrationPlot" config: '{"num_buckets": 20}' }
"""


def prediction_key(model: str) -> str:
    """Name of the feature that holds a model's prediction; the only model of a first run has no name."""
    return f"prediction_{model or CANDIDATE}"


def config_of(models: Sequence[str], *, intervals: bool, slices: Sequence[Sequence[str]] = SLICES) -> tfma.EvalConfig:
    """The evaluation of one run. The gate is AUC on the overall slice only: a threshold would otherwise hold in every slice."""
    config = tfma.EvalConfig()
    for name in models:
        config.model_specs.add(name=name, label_key="click", prediction_key=prediction_key(name), is_baseline=name == BASELINE)
    config.slicing_specs.add()
    for keys in slices:
        config.slicing_specs.add(feature_keys=keys)
    specs = config.metrics_specs.add()
    text_format.Parse(METRICS, specs)
    auc = specs.metrics.add(class_name="AUC", config='{"num_thresholds": 200}')
    threshold = auc.per_slice_thresholds.add(slicing_specs=[tfma.SlicingSpec()]).threshold
    threshold.value_threshold.lower_bound.value = AUC_FLOOR
    if BASELINE in models:
        threshold.change_threshold.direction = tfma.MetricDirection.HIGHER_IS_BETTER
        threshold.change_threshold.absolute.value = AUC_LOSS
    if intervals:
        config.options.compute_confidence_intervals.value = True
        config.options.confidence_intervals.method = tfma.ConfidenceIntervalOptions.JACKKNIFE
    return config


def evaluate(
    examples: Sequence[bytes], folder: Path, *, config: tfma.EvalConfig, seed: int, locations: Mapping[str, str], data_location: str
) -> bool:
    """Evaluate serialised tf.Examples that carry the predictions, write TFMA's output into `folder`; True when the gate lets it pass.

    `locations`: model name to the address written into eval_config.json, `data_location` likewise; nothing is read from them.
    `seed` fixes the partitions of the jackknife.
    """
    models = [tfma.types.EvalSharedModel(path, model_name=name, model_type=PREDICTED) for name, path in locations.items()]
    source = tf_example_record.TFExampleBeamRecord(
        physical_format="inmem", telemetry_descriptors=["demo"], raw_record_column_name=tfma.ARROW_INPUT_COLUMN
    )
    with beam.Pipeline(options=_beam_options()) as pipeline:
        batches = pipeline | "Create" >> beam.Create(list(examples), reshuffle=False) | "Read" >> source.BeamSource(batch_size=1000)
        _ = batches | "Evaluate" >> tfma.ExtractEvaluateAndWriteResults(
            eval_shared_model=models, eval_config=config, output_path=str(folder), random_seed_for_testing=seed,
            display_only_data_location=data_location, display_only_file_format="tfrecords_gzip",
        )  # fmt: skip
    return bool(tfma.load_validation_result(str(folder)).validation_ok)


def _beam_options() -> beam.options.pipeline_options.PipelineOptions:
    """In this process, without the state cache: measuring the objects it holds costs more than it saves here."""
    return beam.options.pipeline_options.PipelineOptions(["--runner=FnApiRunner", "--max_cache_memory_usage_mb=0"])
