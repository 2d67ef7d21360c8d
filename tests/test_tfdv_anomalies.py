"""TFDV anomalies: every layout, every reason, and the measured drift and skew."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from encoders import field, framed, metric, metric_key, metrics_for_slice, slice_key
from tfdv_encoders import anomalies, anomaly, dataset, drift_skew, example, measurement, number_feature, statistics

from model_insights.artifacts.tfdv_anomalies import read_anomalies
from model_insights.artifacts.tfdv_messages import ANOMALY_TYPES
from model_insights.artifacts.tfdv_sniff import is_anomalies_file, is_anomalies_folder
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.stats import Anomalies, Anomaly, AnomalyReason, Drift

TEXT = """
baseline { feature { name: "fare" type: FLOAT } string_domain { name: "c" value: "x" } }
anomaly_name_format: SERIALIZED_PATH
anomaly_info {
  key: "\\'trip.miles\\'"
  value {
    path { step: "trip.miles" }
    description: "Caf\\303\\251 > 0"
    severity: ERROR
    short_description: "Out of range"
    reason { type: FLOAT_TYPE_BIG_FLOAT short_description: "Out of range" description: "Caf\\303\\251 > 0" }
    diff_regions { unchanged { left_start: 1 right_start: 1 contents: "feature {" } }
    of_the_future: 3
  }
}
"""


def write(file: Path, data: bytes | str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return file


def read(file: Path, data: bytes | str) -> Anomalies:
    (outcome,) = read_anomalies(write(file, data))
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


def refused(file: Path, data: bytes | str) -> Damaged:
    (outcome,) = read_anomalies(write(file, data))
    assert isinstance(outcome, Damaged)
    return outcome


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "SchemaDiff.pb"


def test_an_anomaly_keeps_its_reasons(file: Path):
    found = read(file, anomalies(("fare", anomaly("fare", severity=1, reasons=[22, 53]))))

    reasons = tuple(
        AnomalyReason(type=name, short_description="Short", description="Long.") for name in ("FLOAT_TYPE_BIG_FLOAT", "FLOAT_TYPE_HAS_NAN")
    )
    expected = Anomaly(path=("fare",), severity="WARNING", short_description="Short", description="Long.", reasons=reasons)
    assert (expected,) == found.anomalies


def test_all_89_reasons_are_named_and_later_ones_numbered(file: Path):
    (found,) = read(file, anomalies(("fare", anomaly("fare", reasons=range(91))))).anomalies

    names = [one.type for one in found.reasons]
    assert 89 == len(ANOMALY_TYPES) == len(set(names) - {"TYPE_89", "TYPE_90"})
    assert ["UNKNOWN_TYPE", "BOOL_TYPE_BIG_INT", "TYPE_89", "TYPE_90"] == [*names[:2], *names[-2:]]


def test_the_path_comes_from_the_message_else_from_the_key(file: Path):
    entries = [
        ("shown", anomaly("trip", "miles")),
        ("'it''s.one'", anomaly()),
        ("plain.dot", anomaly()),
        ("a.'b.c'", anomaly()),
    ]

    assert (("a.'b.c'",), ("it's.one",), ("plain.dot",), ("trip", "miles")) == tuple(
        one.path for one in read(file, anomalies(*entries)).anomalies
    )


def test_an_anomaly_of_the_whole_dataset_comes_first_and_has_no_path(file: Path):
    found = read(file, anomalies(("fare", anomaly("fare")), whole=anomaly(reasons=[50]), data_missing=True))

    assert ((), ("fare",)) == tuple(one.path for one in found.anomalies)
    assert "COMPARATOR_HIGH_NUM_EXAMPLES" == found.anomalies[0].reasons[0].type
    assert found.data_missing


def test_drift_and_skew_are_read_with_value_and_threshold(file: Path):
    info = drift_skew(
        "fare",
        drift=[measurement(2, 0.25, 0.1), measurement(9, None, 0.1)],
        skew=[measurement(1, math.nan, 0.01), measurement(3, 0.0, 0.5)],
    )
    expected = (
        Drift(path=("fare",), kind="drift", measure="JENSEN_SHANNON_DIVERGENCE", value=0.25, threshold=0.1),
        Drift(path=("fare",), kind="drift", measure="UNKNOWN", value=None, threshold=0.1),
        Drift(path=("fare",), kind="skew", measure="L_INFTY", value=None, threshold=0.01),
        Drift(path=("fare",), kind="skew", measure="NORMALIZED_ABSOLUTE_DIFFERENCE", value=0.0, threshold=0.5),
    )

    assert expected == read(file, anomalies(drift=[info])).drift


def test_text_of_the_old_layout_says_the_same_as_a_message(tmp_path: Path):
    write(tmp_path / "eval" / "anomalies.pbtxt", TEXT)
    (outcome,) = read_anomalies(tmp_path)

    assert isinstance(outcome, Loaded)
    assert ("eval", False) == (outcome.value.split, outcome.value.is_pair)
    (found,) = outcome.value.anomalies
    assert (("trip.miles",), "ERROR", "Café > 0") == (found.path, found.severity, found.description)
    assert "FLOAT_TYPE_BIG_FLOAT" == found.reasons[0].type


def test_pairs_and_splits_are_told_apart(tmp_path: Path):
    write(tmp_path / "Split-eval" / "SchemaDiff.pb", anomalies())
    write(tmp_path / "SplitPair-eval_train" / "SchemaDiff.pb", anomalies())
    found = [one.value for one in read_anomalies(tmp_path) if isinstance(one, Loaded)]

    assert [("eval", False), ("eval_train", True)] == [(one.split, one.is_pair) for one in found]
    assert is_anomalies_folder(tmp_path)


def test_no_anomalies_is_loaded_and_empty(tmp_path: Path):
    write(tmp_path / "SchemaDiff.pb", anomalies())
    (outcome,) = read_anomalies(tmp_path)

    assert isinstance(outcome, Loaded)
    assert Anomalies(split="") == outcome.value
    assert is_anomalies_folder(tmp_path)


def test_a_split_without_a_file_is_absent_with_a_reason(tmp_path: Path):
    (tmp_path / "SplitPair-eval_eval").mkdir()
    (tmp_path / "Split-eval").mkdir()
    split, pair = read_anomalies(tmp_path)

    assert isinstance(split, Absent)
    assert isinstance(pair, Absent)
    assert "its folder holds no SchemaDiff.pb" == split.reason
    assert ("anomalies of split eval_eval", True) == (pair.what, "no earlier statistics" in pair.reason)
    assert is_anomalies_folder(tmp_path)


def test_an_empty_or_missing_artifact_is_absent(tmp_path: Path):
    (empty,), (gone,) = read_anomalies(tmp_path), read_anomalies(tmp_path / "gone")

    assert isinstance(empty, Absent)
    assert isinstance(gone, Absent)
    assert "its folder is not there" == gone.reason
    assert not is_anomalies_folder(tmp_path)


def test_the_pairs_of_an_example_diff_are_no_anomalies(tmp_path: Path):
    write(tmp_path / "SplitPair-train_eval" / "skew_stats-00000-of-00001", framed(field(1, "fare") + field(2, 3)))

    assert not is_anomalies_folder(tmp_path)


def test_text_anomalies_are_known_by_content(tmp_path: Path):
    assert is_anomalies_file(write(tmp_path / "a.txt", TEXT))
    assert not is_anomalies_file(write(tmp_path / "b.txt", "datasets {}"))
    assert is_anomalies_folder(tmp_path)


FOREIGN = {
    "statistics": statistics(dataset(number_feature("fare"))),
    "metrics of a slice": metrics_for_slice(slice_key(("company", "Red")), metric(metric_key("auc"), field(1, field(1, 0.5)))),
    "legacy metrics": field(1, b"") + field(2, field(1, "auc") + field(2, field(1, field(1, 0.5)))),
    "metrics overall": metrics_for_slice(b"", metric("auc", 0.5)),
    "an example": example({"fare": 1.0}),
    "an event": field(1, 1.7e9) + field(2, 3),
    "unknown fields only": field(40, "x"),
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN)
def test_another_message_is_refused(file: Path, data: bytes):
    assert "no Anomalies (TFDV validation result)" in refused(file, data).what


@pytest.mark.parametrize("data", [b"", anomalies(("fare", anomaly("fare")))[:-2], b"\xff" * 9, "feature {}", framed(anomalies()) * 2])
def test_damage_is_a_sentence(file: Path, data: bytes | str):
    assert str(file) in refused(file, data).sentence


def test_real_drift_is_the_one_of_the_notes(runs: Path):
    (folder,) = (runs / "shoes" / "pipeline" / "DistributionValidator" / "anomalies").glob("118")
    drift = {one.path: one for outcome in read_anomalies(folder) if isinstance(outcome, Loaded) for one in outcome.value.drift}

    assert drift[("price",)].measure == "JENSEN_SHANNON_DIVERGENCE"
