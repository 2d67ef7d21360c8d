"""eval_config.json of every age is read, and a pickle never is."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from encoders import metric, metrics_for_slice, write_tfrecord

from model_insights.artifacts.tfma import read_evaluation
from model_insights.artifacts.tfma_config import read_eval_config
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import EvalConfig, ModelSpec

TODAY = """{"evalConfig": {
    "modelSpecs": [
      {"name": "candidate", "labelKey": "click", "exampleWeightKey": "w", "modelType": "tf_keras"},
      {"name": "baseline", "labelKeys": {"a": "y1", "b": "y2"}, "isBaseline": true}],
    "slicingSpecs": [{}, {"featureKeys": ["device", "hour"]}, {"featureValues": {"channel": "tv"}}],
    "metricsSpecs": [{"metrics": [
      {"className": "BinaryAccuracy", "config": "{\\"threshold\\": 0.15}"},
      {"className": "Precision", "config": "\\"thresholds\\": [0.1, 0.5], \\"name\\": \\"p\\""},
      {"className": "AUC", "config": "not json"}, {"className": "Odd", "config": "[1]"}]}],
    "options": {"computeConfidenceIntervals": true, "confidenceIntervals": {"method": "JACKKNIFE"}}},
  "version": "0.47.1", "dataLocation": "/data", "modelLocations": {"candidate": "/m/2", "baseline": "/m/1"}}"""


def config_of(folder: Path, text: str) -> EvalConfig:
    (folder / "eval_config.json").write_text(text)
    outcome = read_eval_config(folder)
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


def test_todays_configuration_is_read(tmp_path: Path):
    expected = EvalConfig(
        version="0.47.1",
        models=(
            ModelSpec(name="candidate", label_key="click", example_weight_key="w", model_type="tf_keras"),
            ModelSpec(name="baseline", label_key="y1, y2", is_baseline=True),
        ),
        slicing=((), ("device", "hour"), ("channel",)),
        model_locations=(("candidate", "/m/2"), ("baseline", "/m/1")),
        data_location="/data",
        thresholds=(("BinaryAccuracy", 0.15), ("Precision", 0.1), ("Precision", 0.5)),
        intervals="JACKKNIFE",
    )

    assert expected == config_of(tmp_path, TODAY)


def test_the_protos_own_snake_case_names_are_read_too(tmp_path: Path):
    text = (
        '{"eval_config": {"model_specs": [{"label_key": "y"}], "slicing_specs": [{"feature_keys": ["a"]}]}, "model_locations": {"": "/m"}}'
    )

    assert EvalConfig(models=(ModelSpec(label_key="y"),), slicing=(("a",),), model_locations=(("", "/m"),)) == config_of(tmp_path, text)


def test_the_configuration_of_tfma_0_15_keeps_locations_in_the_specs(tmp_path: Path):
    config = config_of(
        tmp_path, '{"evalConfig": {"inputDataSpecs": [{"location": "/d"}], "modelSpecs": [{"location": "/m"}]}, "version": "0.15.4"}'
    )

    assert ("/d", (("", "/m"),)) == (config.data_location, config.model_locations)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("{}", None),
        ('{"computeConfidenceIntervals": false}', None),
        ('{"computeConfidenceIntervals": true}', "POISSON_BOOTSTRAP"),
        (
            '{"computeConfidenceIntervals": true, "confidenceIntervals": {"method": "UNKNOWN_CONFIDENCE_INTERVAL_METHOD"}}',
            "POISSON_BOOTSTRAP",
        ),
    ],
)
def test_an_unnamed_interval_method_is_the_one_tfma_takes(options: str, expected: str | None, tmp_path: Path):
    assert expected == config_of(tmp_path, '{"evalConfig": {"options": ' + options + "}}").intervals


@pytest.mark.parametrize(
    "text", ['{"evalConfig": {"modelSpecs": 3, "slicingSpecs": [4], "options": []}, "version": 7}', '{"evalConfig": {}}']
)
def test_values_of_the_wrong_type_are_left_out(text: str, tmp_path: Path):
    assert EvalConfig() == config_of(tmp_path, text)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "it is not JSON"),
        (b'{"evalConfig": {', "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[]", "holds no evalConfig"),
        (b"{}", "holds no"),
    ],
)
def test_a_configuration_that_is_none_is_damaged(content: bytes, what: str, tmp_path: Path):
    (tmp_path / "eval_config.json").write_bytes(content)
    outcome = read_eval_config(tmp_path)

    assert isinstance(outcome, Damaged)
    assert what in outcome.what
    assert str(tmp_path / "eval_config.json") == outcome.path


def test_no_configuration_is_absent(tmp_path: Path):
    assert isinstance(read_eval_config(tmp_path), Absent)
    assert isinstance(read_eval_config(tmp_path / "gone"), Absent)


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


def test_a_pickle_is_never_opened_and_the_metrics_load_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write_tfrecord(tmp_path / "eval_config", [pickle.dumps(Bomb())])
    write_tfrecord(tmp_path / "metrics", [metrics_for_slice(b"", metric("auc", 0.5))])
    config, evaluation = read_eval_config(tmp_path), read_evaluation(tmp_path)

    assert isinstance(config, Damaged)
    assert config.what.startswith("the legacy config is unreadable: it is a Python pickle")
    assert isinstance(evaluation, Loaded)
    assert EvalConfig() == evaluation.value.config
    assert not (tmp_path / "exploded").exists()
