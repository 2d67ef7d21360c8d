"""Figures from stored plots: predictions, residuals, gain, classes; with the candidate beside the serving model."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_insights.metrics import CalibrationBucket, ClassPair, ConfusionMatrix, MultiClassMatrix, Plot, PlotKey
from model_insights.view import Request, Section
from model_insights.views.curves import Role, Shown, classes, gain, predictions, residuals
from model_insights.wording import Words
from model_insights.workspace import Workspace

WORDS = Words()


def shown(
    *, buckets: tuple[tuple[float, float, float], ...] = (), matrices: tuple[tuple[float, ...], ...] = (), role: Role = "main"
) -> Shown:
    """Buckets of width 0.1 from 0 as (examples, labels, predictions); matrices as (threshold, tp, fp, tn, fn)."""
    calibration = tuple(
        CalibrationBucket(low=i / 10, high=(i + 1) / 10, examples=n, label_sum=labels, prediction_sum=sums)
        for i, (n, labels, sums) in enumerate(buckets)
    )
    confusion = tuple(
        ConfusionMatrix(threshold=m[0], true_positives=m[1], false_positives=m[2], true_negatives=m[3], false_negatives=m[4])
        for m in matrices
    )
    return Shown(name=role, role=role, plot=Plot(key=PlotKey(), calibration=calibration, confusion=confusion))


def test_the_prediction_distribution_is_the_share_of_each_bucket() -> None:
    figure = predictions([shown(buckets=((60, 3, 3), (30, 3, 4.5), (0, 0, 0), (10, 5, 3.5)))], WORDS)
    assert figure is not None

    assert [("below 0.100", (0.6,)), ("0.100 to 0.200", (0.3,)), ("0.300 and more", (0.1,))] == [(b.label, b.shares) for b in figure.bins]


def test_other_models_are_put_into_the_same_ranges() -> None:
    main, other = shown(buckets=((50, 3, 3), (50, 3, 7.5))), shown(buckets=((25, 3, 1), (25, 3, 4), (50, 1, 12.5)), role="reference")
    figure = predictions([main, other], WORDS)
    assert figure is not None

    assert [(0.5, 0.25), (0.5, 0.75)] == [b.shares for b in figure.bins]
    assert ("main", "reference") == figure.roles


def test_ten_thousand_buckets_are_merged_and_still_sum_to_one() -> None:
    buckets = tuple(
        CalibrationBucket(low=i / 10_000, high=(i + 1) / 10_000, examples=1.0, label_sum=0.0, prediction_sum=(i + 0.5) / 10_000)
        for i in range(10_000)
    )
    figure = predictions([Shown(name="now", role="main", plot=Plot(key=PlotKey(), calibration=buckets))], WORDS)
    assert figure is not None

    assert len(figure.bins) <= 25
    assert pytest.approx(1.0) == sum(b.shares[0] or 0.0 for b in figure.bins)


def test_residuals_are_observed_minus_predicted_with_their_interval() -> None:
    figure = residuals([shown(buckets=((100, 20, 10), (5, 1, 1)))], WORDS)
    assert figure is not None
    (point,) = figure.lines[0].points  # the bucket of five is left out

    assert (0.1, pytest.approx(0.1)) == (point.x, point.y)
    assert (pytest.approx(0.0334, abs=1e-3), pytest.approx(0.1888, abs=1e-3)) == (point.low, point.high)  # Wilson, 20 of 100


def test_residuals_of_amounts_have_no_binomial_interval() -> None:
    figure = residuals([shown(buckets=((100, 2_000, 1_000),))], WORDS)
    assert figure is not None

    assert (10.0, None, None) == (figure.lines[0].points[0].y, figure.lines[0].points[0].low, figure.lines[0].points[0].high)


def test_the_gain_curve_rises_from_nothing_to_everything() -> None:
    """100 examples, 10 positives: the best 10 hold 6 of them."""
    figure = gain([shown(matrices=((-1e-7, 10, 90, 0, 0), (0.5, 6, 4, 86, 4), (1.0, 0, 0, 90, 10)))], WORDS)
    assert figure is not None

    assert [(0.0, 0.0), (0.1, 0.6), (1.0, 1.0)] == [(p.x, p.y) for p in figure.lines[0].points]
    assert "The tenth with the highest predictions holds 60\u00a0% of the positives." == figure.note


def test_without_positives_or_plots_there_is_no_figure() -> None:
    assert gain([shown(matrices=((0.5, 0, 4, 86, 0),))], WORDS) is None
    assert residuals([shown()], WORDS) is None
    assert predictions([shown()], WORDS) is None
    assert classes((), WORDS) is None


def test_classes_are_shares_of_the_actual_class_and_name_the_worst_confusion() -> None:
    pairs = ((0, 0, 8), (0, 1, 2), (1, 1, 5), (1, 0, 4), (1, -1, 1))
    matrix = MultiClassMatrix(threshold=0.0, entries=tuple(ClassPair(actual=a, predicted=p, examples=float(n)) for a, p, n in pairs))
    figure = classes((matrix,), WORDS)
    assert figure is not None
    cells = {(figure.rows[c.row], figure.columns[c.column]): c.value.value for c in figure.cells}

    assert {("class 0", "class 0"): 0.8, ("class 0", "class 1"): 0.2, ("class 1", "class 1"): 0.5, ("class 1", "class 0"): 0.4,
            ("class 1", "no prediction"): 0.1} == cells  # fmt: skip
    assert "Most often class 1 was taken for class 0 (4 examples)." == figure.alt


def test_many_classes_show_those_with_most_mistakes() -> None:
    entries = tuple(ClassPair(actual=i, predicted=(i + 1) % 40 if i < 10 else i, examples=10.0) for i in range(40))
    figure = classes((MultiClassMatrix(threshold=0.0, entries=entries),), WORDS)
    assert figure is not None

    assert {f"class {i}" for i in range(10)} <= set(figure.rows)
    assert "25 classes with fewer mistakes not shown" in figure.note


@pytest.fixture(scope="module")
def curves(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Section:
    """The curves of all examples of the last shoes run."""
    workspace = Workspace.open(str(runs / "shoes"), state=str(tmp_path_factory.mktemp("state")))
    workspace.scan()
    view = workspace.view(Request(view="slice", id="[]"))
    return next(section for section in view.sections if section.id == "curves")


def test_a_real_run_shows_all_six_figures_with_the_candidate_as_third_line(curves: Section) -> None:
    figures = {block.title: block for block in curves.blocks}  # type: ignore[union-attr]

    assert ["Calibration", "Residuals", "Predictions", "ROC", "Precision and recall", "Gain"] == list(figures)
    for title in ("Calibration", "Residuals", "ROC", "Precision and recall", "Gain"):
        roles = [line.role for line in figures[title].lines if line.role != "guide"]  # type: ignore[union-attr]
        assert ["main", "reference", "candidate"] == roles
    shares = [sum(one.shares[i] for one in figures["Predictions"].bins) for i in range(3)]  # type: ignore[union-attr]
    assert [pytest.approx(1.0)] * 3 == shares


def test_the_newest_model_keeps_its_role_among_the_predictions() -> None:
    buckets = ((60, 3, 3), (30, 3, 4.5))
    figure = predictions([shown(buckets=buckets), shown(buckets=buckets, role="candidate")], WORDS)

    assert figure is not None
    assert ("main", "candidate") == figure.roles
