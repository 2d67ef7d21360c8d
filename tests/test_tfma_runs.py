"""The real evaluations of two pipelines, against what is known of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_insights.artifacts.tfma import is_evaluation_folder, read_evaluation
from model_insights.artifacts.tfma_attributions import read_attributions
from model_insights.artifacts.tfma_config import read_eval_config
from model_insights.artifacts.tfma_plots import index_plots, read_plots
from model_insights.artifacts.tfma_validation import read_validation
from model_insights.loaded import Absent, Loaded
from model_insights.metrics import Evaluation, MetricKey, Validation
from model_insights.slices import OVERALL

AUC = MetricKey(name="auc", model_name="candidate", example_weighted=False)
BASELINE = MetricKey(name="auc", model_name="baseline", example_weighted=False)


def folders(runs: Path, family: str) -> list[Path]:
    """Evaluation folders by span, which starts at 1."""
    return sorted((runs / family / "pipeline" / "Evaluator" / "evaluation").iterdir(), key=lambda path: int(path.name))


def evaluation_of(folder: Path) -> Evaluation:
    outcome = read_evaluation(folder)
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


def validation_of(folder: Path) -> Validation:
    outcome = read_validation(folder)
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


@pytest.mark.parametrize("family", ["taxi", "shoes"])
def test_every_output_of_every_run_is_read(family: str, runs: Path):
    for folder in folders(runs, family):
        index = index_plots(folder)

        assert is_evaluation_folder(folder)
        assert isinstance(read_eval_config(folder), Loaded)
        assert isinstance(index, Loaded)
        assert set(evaluation_of(folder).slices) == set(index.value.slices)
        assert isinstance(read_plots(index.value, OVERALL), Loaded)
        assert isinstance(read_attributions(folder), Absent)


def test_only_the_first_run_has_no_baseline(runs: Path):
    models = [{key.model_name for key in evaluation_of(folder).keys} for folder in folders(runs, "shoes")]

    assert [{""}] + [{"candidate", "baseline"}] * 15 == models


def test_a_missing_interval_suppresses_no_slice(runs: Path):
    for span in (2, 12):
        evaluation = evaluation_of(folders(runs, "taxi")[span - 1])

        assert {"CI not computed because only 19 samples were non-empty. Expected 20."} == set(evaluation.errors.values())
        assert not any(map(evaluation.is_suppressed, evaluation.slices))
        assert "JACKKNIFE" == evaluation.config.intervals
        assert 1705 == len(evaluation.intervals)


def test_the_refused_model_of_taxi_15_is_known_with_its_change(runs: Path):
    folder = folders(runs, "taxi")[14]
    evaluation, validation = evaluation_of(folder), validation_of(folder)
    (failure,) = validation.failures

    assert pytest.approx((0.887, 0.923), abs=0.001) == (evaluation.scalar(OVERALL, AUC), evaluation.scalar(OVERALL, BASELINE))
    assert not validation.ok
    assert (OVERALL, "auc", True, -0.02) == (failure.slice, failure.key.name, failure.key.is_diff, failure.threshold.absolute_change)
    assert pytest.approx(-0.0354, abs=1e-4) == failure.value.value  # type: ignore[union-attr]
    assert [14] == [i for i, each in enumerate(folders(runs, "taxi")) if not validation_of(each).ok]


def test_an_undefined_precision_is_nan_not_zero(runs: Path):
    evaluation = evaluation_of(folders(runs, "taxi")[0])

    assert {"NaN"} == set(evaluation.nonfinite.values())
    assert {"precision", "recall", "calibration"} == {evaluation.keys[column].name for _, column in evaluation.nonfinite}
