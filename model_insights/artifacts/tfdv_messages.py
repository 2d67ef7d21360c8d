"""Descriptions of the tensorflow-metadata messages we read: statistics, anomalies and schemas.

Source of names and numbers: tensorflow_metadata/proto/v0/{statistics,anomalies,schema,path}.proto, as of release 1.17. Text is
declared `bytes`, because C++ writers do not keep to UTF-8, and the anomalies' map as repeated entries for the same reason (a map
key cannot be bytes; on the wire and in text files both look alike). `oneof:set_x` on a lone scalar gives it presence.
"""

from __future__ import annotations

from model_insights.artifacts.messages import declare

STATISTICS = declare(
    "tfdv_statistics",
    {
        "DatasetFeatureStatisticsList": "1 datasets repeated DatasetFeatureStatistics",
        "DatasetFeatureStatistics": """
            1 name bytes
            2 num_examples uint64
            3 features repeated FeatureNameStatistics
            4 weighted_num_examples double
            5 cross_features repeated CrossFeatureStatistics
        """,
        "Path": "1 step repeated bytes",
        "FeatureNameStatistics": """
            1 name oneof:field_id bytes
            8 path oneof:field_id Path
            2 type FeatureNameStatistics.Type
            3 num_stats oneof:stats NumericStatistics
            4 string_stats oneof:stats StringStatistics
            5 bytes_stats oneof:stats BytesStatistics
            7 struct_stats oneof:stats StructStatistics
            6 custom_stats repeated CustomStatistic
        """,
        "FeatureNameStatistics.Type": {"INT": 0, "FLOAT": 1, "STRING": 2, "BYTES": 3, "STRUCT": 4},
        "CommonStatistics": """
            1 num_non_missing uint64
            2 num_missing uint64
            3 min_num_values uint64
            4 max_num_values uint64
            5 avg_num_values float
            8 tot_num_values uint64
            7 weighted_common_stats WeightedCommonStatistics
        """,
        "WeightedCommonStatistics": "1 num_non_missing double; 2 num_missing double; 3 avg_num_values double; 4 tot_num_values double",
        "NumericStatistics": """
            1 common_stats CommonStatistics
            2 mean double
            3 std_dev double
            4 num_zeros uint64
            5 min double
            6 median double
            7 max double
            8 histograms repeated Histogram
            9 weighted_numeric_stats WeightedNumericStatistics
        """,
        "WeightedNumericStatistics": "1 mean double; 2 std_dev double; 3 median double; 4 histograms repeated Histogram",
        "StringStatistics": """
            1 common_stats CommonStatistics
            2 unique uint64
            3 top_values repeated FreqAndValue
            4 avg_length float
            5 rank_histogram RankHistogram
            6 weighted_string_stats WeightedStringStatistics
            8 invalid_utf8_count uint64
        """,
        "FreqAndValue": "2 value bytes; 3 frequency double",
        "WeightedStringStatistics": "1 top_values repeated FreqAndValue; 2 rank_histogram RankHistogram",
        "BytesStatistics": """
            1 common_stats CommonStatistics
            2 unique uint64
            3 avg_num_bytes float
            4 min_num_bytes float
            5 max_num_bytes float
            6 max_num_bytes_int int64
        """,
        "StructStatistics": "1 common_stats CommonStatistics",
        "Histogram": """
            1 num_nan uint64
            2 num_undefined uint64
            3 buckets repeated Histogram.Bucket
            4 type Histogram.HistogramType
            5 name bytes
        """,
        "Histogram.Bucket": "1 low_value double; 2 high_value double; 4 sample_count double",
        "Histogram.HistogramType": {"STANDARD": 0, "QUANTILES": 1},
        "RankHistogram": "1 buckets repeated RankHistogram.Bucket; 2 name bytes",
        "RankHistogram.Bucket": "1 low_rank uint64; 2 high_rank uint64; 4 label bytes; 5 sample_count double",
        "CustomStatistic": """
            1 name bytes
            2 num oneof:val double
            3 str oneof:val bytes
            4 histogram oneof:val Histogram
            5 rank_histogram oneof:val RankHistogram
        """,
        "CrossFeatureStatistics": """
            1 path_x Path
            2 path_y Path
            3 count uint64
            4 num_cross_stats oneof:cross_stats NumericCrossStatistics
            5 categorical_cross_stats oneof:cross_stats CategoricalCrossStatistics
        """,
        "NumericCrossStatistics": "1 correlation float; 2 covariance float",
        "CategoricalCrossStatistics": "1 lift LiftStatistics",
        "LiftStatistics": "1 lift_series repeated LiftSeries; 2 weighted_lift_series repeated LiftSeries",
        "LiftSeries": """
            1 y_int oneof:y_value int32
            2 y_string oneof:y_value bytes
            3 y_bucket oneof:y_value LiftSeries.Bucket
            4 y_count oneof:y_count_value uint64
            5 weighted_y_count oneof:y_count_value double
            6 lift_values repeated LiftSeries.LiftValue
        """,
        "LiftSeries.Bucket": "1 low_value double; 2 high_value double",
        "LiftSeries.LiftValue": """
            1 x_int oneof:x_value int32
            2 x_string oneof:x_value bytes
            3 lift double
            4 x_count oneof:x_count_value uint64
            5 weighted_x_count oneof:x_count_value double
            6 x_and_y_count oneof:x_and_y_count_value uint64
            7 weighted_x_and_y_count oneof:x_and_y_count_value double
        """,
    },
)

ANOMALY_TYPES = {
    "UNKNOWN_TYPE": 0, "BOOL_TYPE_BIG_INT": 1, "BOOL_TYPE_BYTES_NOT_INT": 2, "BOOL_TYPE_BYTES_NOT_STRING": 3,
    "BOOL_TYPE_FLOAT_NOT_INT": 4, "BOOL_TYPE_FLOAT_NOT_STRING": 5, "BOOL_TYPE_INT_NOT_STRING": 6, "BOOL_TYPE_SMALL_INT": 7,
    "BOOL_TYPE_STRING_NOT_INT": 8, "BOOL_TYPE_UNEXPECTED_STRING": 9, "ENUM_TYPE_BYTES_NOT_STRING": 10, "ENUM_TYPE_FLOAT_NOT_STRING": 11,
    "ENUM_TYPE_INT_NOT_STRING": 12, "ENUM_TYPE_INVALID_UTF8": 13, "ENUM_TYPE_UNEXPECTED_STRING_VALUES": 14,
    "FEATURE_TYPE_HIGH_NUMBER_VALUES": 15, "FEATURE_TYPE_LOW_FRACTION_PRESENT": 16, "FEATURE_TYPE_LOW_NUMBER_PRESENT": 17,
    "FEATURE_TYPE_LOW_NUMBER_VALUES": 18, "FEATURE_TYPE_NOT_PRESENT": 19, "FEATURE_TYPE_NO_VALUES": 20,
    "FEATURE_TYPE_UNEXPECTED_REPEATED": 21, "FLOAT_TYPE_BIG_FLOAT": 22, "FLOAT_TYPE_NOT_FLOAT": 23, "FLOAT_TYPE_SMALL_FLOAT": 24,
    "FLOAT_TYPE_STRING_NOT_FLOAT": 25, "FLOAT_TYPE_NON_STRING": 26, "FLOAT_TYPE_UNKNOWN_TYPE_NUMBER": 27, "INT_TYPE_BIG_INT": 28,
    "INT_TYPE_INT_EXPECTED": 29, "INT_TYPE_NOT_INT_STRING": 30, "INT_TYPE_NOT_STRING": 31, "INT_TYPE_SMALL_INT": 32,
    "INT_TYPE_STRING_EXPECTED": 33, "INT_TYPE_UNKNOWN_TYPE_NUMBER": 34, "SCHEMA_MISSING_COLUMN": 35, "SCHEMA_NEW_COLUMN": 36,
    "SCHEMA_TRAINING_SERVING_SKEW": 37, "STRING_TYPE_NOW_FLOAT": 38, "STRING_TYPE_NOW_INT": 39, "COMPARATOR_CONTROL_DATA_MISSING": 40,
    "COMPARATOR_TREATMENT_DATA_MISSING": 41, "COMPARATOR_L_INFTY_HIGH": 42, "NO_DATA_IN_SPAN": 43, "SPARSE_FEATURE_MISSING_VALUE": 44,
    "SPARSE_FEATURE_MISSING_INDEX": 45, "SPARSE_FEATURE_LENGTH_MISMATCH": 46, "SPARSE_FEATURE_NAME_COLLISION": 47,
    "SEMANTIC_DOMAIN_UPDATE": 48, "COMPARATOR_LOW_NUM_EXAMPLES": 49, "COMPARATOR_HIGH_NUM_EXAMPLES": 50, "DATASET_LOW_NUM_EXAMPLES": 51,
    "BOOL_TYPE_UNEXPECTED_FLOAT": 52, "FLOAT_TYPE_HAS_NAN": 53, "WEIGHTED_FEATURE_NAME_COLLISION": 54,
    "WEIGHTED_FEATURE_MISSING_VALUE": 55, "WEIGHTED_FEATURE_MISSING_WEIGHT": 56, "WEIGHTED_FEATURE_LENGTH_MISMATCH": 57,
    "DATASET_HIGH_NUM_EXAMPLES": 58, "FEATURE_TYPE_HIGH_UNIQUE": 59, "FEATURE_TYPE_LOW_UNIQUE": 60, "FEATURE_TYPE_NO_UNIQUE": 61,
    "FLOAT_TYPE_HAS_INF": 62, "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH": 63, "LOW_SUPPORTED_IMAGE_FRACTION": 64,
    "VALUE_NESTEDNESS_MISMATCH": 65, "DOMAIN_INVALID_FOR_TYPE": 66, "FEATURE_MISSING_NAME": 67, "FEATURE_MISSING_TYPE": 68,
    "INVALID_SCHEMA_SPECIFICATION": 69, "UNEXPECTED_DATA_TYPE": 70, "SEQUENCE_VALUE_TOO_FEW_OCCURRENCES": 71,
    "SEQUENCE_VALUE_TOO_MANY_OCCURRENCES": 72, "SEQUENCE_VALUE_TOO_SMALL_FRACTION": 73, "SEQUENCE_VALUE_TOO_LARGE_FRACTION": 74,
    "FEATURE_COVERAGE_TOO_LOW": 75, "FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH": 76, "NLP_WRONG_LOCATION": 77,
    "EMBEDDING_SHAPE_INVALID": 78, "MAX_IMAGE_BYTE_SIZE_EXCEEDED": 79, "INVALID_FEATURE_SHAPE": 80, "INVALID_DOMAIN_SPECIFICATION": 81,
    "MULTIPLE_REASONS": 82, "STATS_NOT_AVAILABLE": 83, "DERIVED_FEATURE_BAD_LIFECYCLE": 84, "DERIVED_FEATURE_INVALID_SOURCE": 85,
    "CUSTOM_VALIDATION": 86, "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH": 87, "BOOL_TYPE_INVALID_CONFIG": 88,
}  # fmt: skip

ANOMALIES = declare(
    "tfdv_anomalies",
    {
        "Anomalies": """
            1 baseline Baseline
            6 baseline_v1 Baseline
            7 anomaly_name_format Anomalies.AnomalyNameFormat
            2 anomaly_info repeated AnomalyInfoEntry
            8 dataset_anomaly_info AnomalyInfo
            3 data_missing bool
            9 drift_skew_info repeated DriftSkewInfo
        """,
        "Anomalies.AnomalyNameFormat": {"UNKNOWN": 0, "SERIALIZED_PATH": 1},
        # The schema the data was held against. Its fields are named only so that a foreign file shows by what it has besides.
        "Baseline": """
            1 feature repeated BaselineFeature
            4 string_domain repeated Opaque
            5 default_environment repeated bytes
            6 sparse_feature repeated Opaque
            8 annotation Opaque
            9 float_domain repeated Opaque
            10 int_domain repeated Opaque
            11 dataset_constraints Opaque
            12 weighted_feature repeated Opaque
            13 tensor_representation_group repeated Opaque
            14 represent_variable_length_as_ragged bool
        """,
        "BaselineFeature": "1 name bytes; 2 deprecated bool",
        "Opaque": "",
        "Path": "1 step repeated bytes",
        "AnomalyInfoEntry": "1 key bytes; 2 value AnomalyInfo",
        "AnomalyInfo": """
            8 path Path
            5 severity AnomalyInfo.Severity
            2 description bytes
            6 short_description bytes
            7 reason repeated AnomalyInfo.Reason
        """,
        "AnomalyInfo.Severity": {"UNKNOWN": 0, "WARNING": 1, "ERROR": 2},
        "AnomalyInfo.Reason": "1 type AnomalyInfo.Type; 2 short_description bytes; 3 description bytes",
        "AnomalyInfo.Type": ANOMALY_TYPES,
        "DriftSkewInfo": "1 path Path; 2 drift_measurements repeated Measurement; 3 skew_measurements repeated Measurement",
        "Measurement": "1 type Measurement.Type; 2 value oneof:set_value double; 3 threshold oneof:set_threshold double",
        "Measurement.Type": {"UNKNOWN": 0, "L_INFTY": 1, "JENSEN_SHANNON_DIVERGENCE": 2, "NORMALIZED_ABSOLUTE_DIFFERENCE": 3},
    },
)

SCHEMA = declare(
    "tfdv_schema",
    {
        "Schema": """
            1 feature repeated Feature
            4 string_domain repeated StringDomain
            9 float_domain repeated FloatDomain
            10 int_domain repeated IntDomain
            5 default_environment repeated bytes
        """,
        "Feature": """
            1 name bytes
            2 deprecated bool
            14 presence oneof:presence_constraints FeaturePresence
            23 shape oneof:shape_type FixedShape
            5 value_count oneof:shape_type ValueCount
            6 type FeatureType
            7 domain oneof:domain_info bytes
            9 int_domain oneof:domain_info IntDomain
            10 float_domain oneof:domain_info FloatDomain
            11 string_domain oneof:domain_info StringDomain
            13 bool_domain oneof:domain_info BoolDomain
            29 struct_domain oneof:domain_info StructDomain
            15 distribution_constraints DistributionConstraints
            18 skew_comparator FeatureComparator
            21 drift_comparator FeatureComparator
            20 in_environment repeated bytes
            19 not_in_environment repeated bytes
            22 lifecycle_stage LifecycleStage
        """,
        "FeatureType": {"TYPE_UNKNOWN": 0, "BYTES": 1, "INT": 2, "FLOAT": 3, "STRUCT": 4},
        "LifecycleStage": {
            "UNKNOWN_STAGE": 0,
            "PLANNED": 1,
            "ALPHA": 2,
            "BETA": 3,
            "PRODUCTION": 4,
            "DEPRECATED": 5,
            "DEBUG_ONLY": 6,
            "DISABLED": 7,
            "VALIDATION_DERIVED": 9,
        },
        "FeaturePresence": "1 min_fraction double; 2 min_count int64",
        "FixedShape": "2 dim repeated Dim",
        "Dim": "1 size int64",
        "ValueCount": "1 min int64; 2 max int64",
        "IntDomain": "1 name bytes; 3 min int64; 4 max int64",
        "FloatDomain": "1 name bytes; 3 min float; 4 max float",
        "StringDomain": "1 name bytes; 2 value repeated bytes",
        "BoolDomain": "1 name bytes; 2 true_value bytes; 3 false_value bytes",
        "StructDomain": "1 feature repeated Feature",
        "DistributionConstraints": "1 min_domain_mass double",
        "FeatureComparator": """
            1 infinity_norm Threshold
            2 jensen_shannon_divergence Threshold
            3 normalized_abs_difference Threshold
        """,
        "Threshold": "1 threshold double",
    },
    syntax="proto2",
)
