"""The messages TFMA writes, as far as we read them.

Field numbers: tensorflow_model_analysis/proto/{metrics_for_slice,validation_result,config}.proto.
"""

from __future__ import annotations

from model_insights.artifacts.messages import declare

_WRAPPERS = {
    "Double": "1 value double",
    "Int32": "1 value int32",
    "Int64": "1 value int64",
    "Bool": "1 value bool",
}

_KEYS = {
    "SubKey": "1 class_id Int32; 2 k Int32; 3 top_k Int32",
    "Aggregation": "1 micro_average oneof:type bool; 2 macro_average oneof:type bool; 3 weighted_macro_average oneof:type bool",
    "MetricKey": """
        1 name string; 2 output_name string; 3 sub_key SubKey; 4 model_name string; 5 is_diff bool
        6 aggregation_type Aggregation; 7 example_weighted Bool""",
    "PlotKey": "2 output_name string; 3 sub_key SubKey; 4 model_name string; 5 example_weighted Bool; 6 name string",
    "AttributionsKey": """
        1 name string; 2 model_name string; 3 output_name string; 4 sub_key SubKey; 5 is_diff bool; 6 example_weighted Bool""",
    "SingleSliceKey": "1 column string; 2 bytes_value oneof:kind bytes; 3 float_value oneof:kind float; 4 int64_value oneof:kind int64",
    "SliceKey": "1 single_slice_keys repeated SingleSliceKey",
    "CrossSliceKey": "1 baseline_slice_key SliceKey; 2 comparison_slice_key SliceKey",
}

_VALUES: dict[str, str | dict[str, int]] = {
    "Methodology": {"UNKNOWN": 0, "RIEMANN_SUM": 1, "POISSON_BOOTSTRAP": 2},
    "Bounded": "1 lower_bound Double; 2 upper_bound Double; 3 value Double; 4 methodology Methodology",
    "TDistribution": """
        1 sample_mean Double; 2 sample_standard_deviation Double; 3 sample_degrees_of_freedom Int64; 4 unsampled_value Double""",
    "Unknown": "1 error string; 2 value bytes",
    "CutoffPair": "1 cutoff int32; 2 value double; 3 bounded_value Bounded; 4 t_distribution_value TDistribution",
    "ValueAtCutoffs": "1 values repeated CutoffPair",
    "ConfusionMatrix": """
        1 threshold double; 2 false_negatives double; 3 true_negatives double; 4 false_positives double; 5 true_positives double
        6 precision double; 7 recall double
        8 bounded_false_negatives Bounded; 9 bounded_true_negatives Bounded; 10 bounded_false_positives Bounded
        11 bounded_true_positives Bounded; 12 bounded_precision Bounded; 13 bounded_recall Bounded
        14 t_distribution_false_negatives TDistribution; 15 t_distribution_true_negatives TDistribution
        16 t_distribution_false_positives TDistribution; 17 t_distribution_true_positives TDistribution
        18 t_distribution_precision TDistribution; 19 t_distribution_recall TDistribution""",
    "ConfusionMatrixAtThresholds": "1 matrices repeated ConfusionMatrix",
    "ClassPair": "1 actual_class_id int32; 2 predicted_class_id int32; 3 num_weighted_examples double",
    "MultiClassMatrix": "1 threshold double; 2 entries repeated ClassPair",
    "MultiClassMatrixAtThresholds": "1 matrices repeated MultiClassMatrix",
    "LabelPair": """
        1 actual_class_id int32; 2 predicted_class_id int32
        3 false_negatives double; 4 true_negatives double; 5 false_positives double; 6 true_positives double""",
    "MultiLabelMatrix": "1 threshold double; 2 entries repeated LabelPair",
    "MultiLabelMatrixAtThresholds": "1 matrices repeated MultiLabelMatrix",
    "DataType": {"UNKNOWN": 0, "BYTES": 1, "INT32": 2, "INT64": 3, "FLOAT32": 4, "FLOAT64": 5},
    "ArrayValue": """
        1 data_type DataType; 2 shape repeated int32; 3 bytes_values repeated bytes; 4 int32_values repeated int32
        5 int64_values repeated int64; 6 float32_values repeated float; 7 float64_values repeated double""",
    "MetricValue": """
        1 double_value oneof:type Double; 2 bounded_value oneof:type Bounded; 3 unknown_type oneof:type Unknown
        4 value_at_cutoffs oneof:type ValueAtCutoffs; 5 confusion_matrix_at_thresholds oneof:type ConfusionMatrixAtThresholds
        6 bytes_value oneof:type bytes; 7 array_value oneof:type ArrayValue; 9 t_distribution_value oneof:type TDistribution
        10 debug_message oneof:type string
        11 multi_class_confusion_matrix_at_thresholds oneof:type MultiClassMatrixAtThresholds""",
    "ConfidenceInterval": "1 upper_bound MetricValue; 2 lower_bound MetricValue; 3 standard_error MetricValue; 4 degrees_of_freedom Int64",
}

# Keys, values and slices stay bytes here (the same wire type as a message): equal keys are parsed once in the life of the process,
# and a plain double is known by its first three bytes.
_METRICS = {
    "MetricEntry": "1 key bytes; 2 value bytes; 3 confidence_interval bytes",
    "MetricsForSlice": """
        1 slice_key oneof:slicing bytes; 3 cross_slice_key oneof:slicing bytes
        2 metrics map<string, MetricValue>; 51 metric_keys_and_values repeated MetricEntry""",
}

_PLOTS = {
    "Bucket": """
        1 lower_threshold_inclusive double; 2 upper_threshold_exclusive double
        3 num_weighted_examples Double; 4 total_weighted_label Double; 5 total_weighted_refined_prediction Double""",
    "Buckets": "1 buckets repeated Bucket",
    "PlotData": """
        1 calibration_histogram_buckets Buckets; 2 confusion_matrix_at_thresholds ConfusionMatrixAtThresholds; 3 debug_message string
        4 multi_class_confusion_matrix_at_thresholds MultiClassMatrixAtThresholds
        5 multi_label_confusion_matrix_at_thresholds MultiLabelMatrixAtThresholds""",
    "PlotEntry": "1 key PlotKey; 2 value PlotData",
    "PlotsForSlice": """
        1 slice_key oneof:slicing bytes; 4 cross_slice_key oneof:slicing bytes
        2 plot_data PlotData; 3 plots map<string, PlotData>; 8 plot_keys_and_values repeated PlotEntry""",
}

_ATTRIBUTIONS = {
    "AttributionPair": "1 key string; 2 value MetricValue",  # a map on the wire; this way it keeps the file's order
    "AttributionsEntry": "1 key AttributionsKey; 2 values repeated AttributionPair",
    "AttributionsForSlice": """
        1 slice_key oneof:slicing bytes; 3 cross_slice_key oneof:slicing bytes
        2 attributions_keys_and_values repeated AttributionsEntry""",
}

_VALIDATION: dict[str, str | dict[str, int]] = {
    "Direction": {"UNKNOWN": 0, "LOWER_IS_BETTER": 1, "HIGHER_IS_BETTER": 2},
    "ValueThreshold": "1 lower_bound Double; 2 upper_bound Double",
    "ChangeThreshold": "1 absolute Double; 2 relative Double; 3 direction Direction",
    "MetricThreshold": "1 value_threshold ValueThreshold; 2 change_threshold ChangeThreshold",
    "Failure": "1 metric_key MetricKey; 2 metric_threshold MetricThreshold; 3 metric_value MetricValue; 4 message string",
    "ValidationForSlice": "2 slice_key oneof:slicing bytes; 4 cross_slice_key oneof:slicing bytes; 3 failures repeated Failure",
    "SlicingSpec": "1 feature_keys repeated string; 2 feature_values map<string, string>",
    "CrossSlicingSpec": "1 baseline_spec SlicingSpec; 2 slicing_specs repeated SlicingSpec",
    "ValidationResult": """
        1 validation_ok bool; 2 metric_validations_per_slice repeated ValidationForSlice; 3 missing_slices repeated SlicingSpec
        4 validation_details bytes; 5 missing_cross_slices repeated CrossSlicingSpec; 6 missing_thresholds bool; 7 rubber_stamp bool""",
}

MESSAGES = declare("tfma", {**_WRAPPERS, **_KEYS, **_VALUES, **_METRICS, **_PLOTS, **_ATTRIBUTIONS, **_VALIDATION})
