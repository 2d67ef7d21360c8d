"""Statistics, schema and checks of the data by TensorFlow Data Validation, written where TFX's components write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from google.protobuf.message import Message
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from examples.shoes.model import PRICE_LIMIT
from examples.shoes.records import REAL, TEXT, WHOLE
from examples.shoes.shop import ABSENT, NEVER, Columns

SPLITS = ("train", "eval")
INFINITY_NORM = {"product_line": 0.04, "brand": 0.04, "region": 0.04, "device": 0.04, "channel": 0.04}
DIVERGENCE = {"price": 0.05, "discount": 0.05, "days_since_visit": 0.05}

Statistics = Mapping[str, statistics_pb2.DatasetFeatureStatisticsList]


def split_of(columns: Columns, name: str) -> Columns:
    """The rows of one split; the other half of a hash in TFX, a coin here."""
    here = columns["is_eval"] if name == "eval" else ~columns["is_eval"]
    return {key: values[here] for key, values in columns.items()}


def statistics(columns: Columns, folder: Path) -> Statistics:
    """Compute and write `Split-<name>/FeatureStats.pb`; the statistics by split."""
    found = {name: _statistics(split_of(columns, name)) for name in SPLITS}
    for name, value in found.items():
        _write(folder / f"Split-{name}" / "FeatureStats.pb", value)
    return found


def infer(columns: Columns) -> schema_pb2.Schema:
    """The curated schema: TFDV's own inference on one healthy week, then what an engineer adds by hand."""
    schema = tfdv.infer_schema(_statistics(split_of(columns, "train")), max_string_domain_size=10)  # ids have no domain
    for name in REAL:
        tfdv.get_feature(schema, name).float_domain.CopyFrom(schema_pb2.FloatDomain(min=0.0, max=PRICE_LIMIT if name == "price" else 0.9))
    for name in ("click", "is_new"):
        tfdv.get_feature(schema, name).int_domain.CopyFrom(schema_pb2.IntDomain(min=0, max=1))
    visits = tfdv.get_feature(schema, "days_since_visit")
    visits.presence.min_fraction = 0.8  # a first visit has none
    for name, limit in INFINITY_NORM.items():
        tfdv.get_feature(schema, name).drift_comparator.infinity_norm.threshold = limit
    for name, limit in DIVERGENCE.items():
        tfdv.get_feature(schema, name).drift_comparator.jensen_shannon_divergence.threshold = limit
    return schema


def comparators() -> str:
    """The drift limits as JSON, in the shape of DistributionValidator's configuration."""
    limits = [(name, "infinity_norm", limit) for name, limit in INFINITY_NORM.items()]
    limits += [(name, "jensen_shannon_divergence", limit) for name, limit in DIVERGENCE.items()]
    features = [{"path": {"step": [name]}, "distribution_comparator": {measure: {"threshold": limit}}} for name, measure, limit in limits]
    return json.dumps({"default_slice_config": {"feature": features}})


def write_schema(schema: schema_pb2.Schema, path: Path) -> None:
    """Write the schema as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text_format.MessageToString(schema), encoding="utf-8")


def validate(stats: Statistics, schema: schema_pb2.Schema, folder: Path) -> dict[str, int]:
    """Write `Split-<name>/SchemaDiff.pb` as ExampleValidator does; by split 1 when nothing was found, else 0."""
    blessed = {}
    for name, value in stats.items():
        anomalies = tfdv.validate_statistics(value, _without_comparators(schema))
        _write(folder / f"Split-{name}" / "SchemaDiff.pb", anomalies)
        blessed[name] = int(not anomalies.anomaly_info)
    return blessed


def compare(stats: Statistics, previous: Statistics, schema: schema_pb2.Schema, folder: Path) -> dict[str, int]:
    """Write `SplitPair-<split>_<split>/SchemaDiff.pb` as DistributionValidator does: the distances, and only their anomalies."""
    blessed = {}
    for name, value in stats.items():
        anomalies = tfdv.validate_statistics(value, schema, previous_statistics=previous[name])
        _keep_comparisons(anomalies)
        _write(folder / f"SplitPair-{name}_{name}" / "SchemaDiff.pb", anomalies)
        blessed[f"{name}_{name}"] = int(not anomalies.anomaly_info)
    return blessed


def _statistics(columns: Columns) -> statistics_pb2.DatasetFeatureStatisticsList:
    """In memory, without Beam. Short rank histograms: the ids of the impressions would fill most of the file."""
    options = tfdv.StatsOptions(num_top_values=10, num_rank_histogram_buckets=20)
    return stats_impl.generate_statistics_in_memory(_batch(columns), options)


def _batch(columns: Columns) -> pa.RecordBatch:
    """One list a row, as TFX reads tf.Examples; null where a feature is absent."""
    arrays = {name: pa.array([_text(value) for value in columns[name]], pa.large_list(pa.large_binary())) for name in TEXT}
    arrays |= {
        name: pa.array([_present(value) for value in columns[name].astype(np.float32)], pa.large_list(pa.float32())) for name in REAL
    }
    arrays |= {name: pa.array([_present(value) for value in columns[name].tolist()], pa.large_list(pa.int64())) for name in WHOLE}
    return pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays))


def _present(value: float) -> list[float] | None:
    return None if value == NEVER else [value]


def _text(value: object) -> list[bytes] | None:
    return None if value == ABSENT else [str(value).encode()]


def _without_comparators(schema: schema_pb2.Schema) -> schema_pb2.Schema:
    plain = schema_pb2.Schema()
    plain.CopyFrom(schema)
    for feature in plain.feature:
        feature.ClearField("drift_comparator")
    return plain


def _keep_comparisons(anomalies: anomalies_pb2.Anomalies) -> None:
    """Drop what ExampleValidator says already, and the texts, which DistributionValidator does not write either."""
    anomalies.ClearField("baseline")
    for name in list(anomalies.anomaly_info):
        info = anomalies.anomaly_info[name]
        reasons = [reason for reason in info.reason if anomalies_pb2.AnomalyInfo.Type.Name(reason.type).startswith("COMPARATOR")]
        if not reasons:
            del anomalies.anomaly_info[name]
            continue
        info.ClearField("reason")
        info.reason.extend(reasons)
        for field in ("description", "short_description", "diff_regions"):
            info.ClearField(field)


def _write(path: Path, message: Message) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(message.SerializeToString(deterministic=True))
