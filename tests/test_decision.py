"""Threshold, order quantity, sensitivity and coverage: each against brute force or a closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from model_insights.config import CostRule
from model_insights.cost.account import RunCost, run_cost
from model_insights.cost.coverage import coverage
from model_insights.cost.level import Expected
from model_insights.cost.model import costs
from model_insights.cost.orders import expected_cost, order_lines
from model_insights.cost.sensitivity import sensitivities, uncertainty
from model_insights.cost.threshold import ThresholdCosts, confusion_counts, cost_space, threshold_costs
from model_insights.metrics import ConfusionMatrix, Plot, PlotKey
from tests.builders import a_cost, a_unit, some_cells

RULE = CostRule(name="c", kind="classification", threshold=0.5, fp=2.0, fn=5.0, unit=("line",))


def scored(seed: int, n: int = 2_000) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Scores and labels of calibrated rows."""
    random = np.random.default_rng(seed)
    score = random.beta(1.5, 4, n)
    return score, random.random(n) < score


def a_plot(score: np.ndarray, label: np.ndarray) -> Plot:  # type: ignore[type-arg]
    def at(threshold: float) -> ConfusionMatrix:
        chosen = score >= threshold
        return ConfusionMatrix(
            threshold=threshold, true_positives=float((chosen & label).sum()), false_positives=float((chosen & ~label).sum()),
            true_negatives=float((~chosen & ~label).sum()), false_negatives=float((~chosen & label).sum()),
        )  # fmt: skip

    return Plot(key=PlotKey(model_name="m"), confusion=tuple(at(float(t)) for t in np.linspace(0, 1, 101)))


def counted(score: np.ndarray, label: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    found = confusion_counts((a_plot(score, label),), "m")
    assert found is not None
    return found


ROWS = {name: scored(seed) for seed, name in enumerate(("a", "b"))}


def curves() -> ThresholdCosts:
    cells = some_cells(kind="classification", rates=[[0.25] * 4] * 2, volume=(2_000.0, 4_000.0))
    found = threshold_costs(cells, {a_unit(name): counted(*rows) for name, rows in ROWS.items()})
    assert found is not None
    return found


@pytest.mark.parametrize("threshold", [0.1, 0.29, 0.5])
def test_cost_by_threshold_is_the_row_by_row_cost(threshold: float) -> None:
    money = 0.0
    for (score, label), scale in zip(ROWS.values(), (1.0, 2.0), strict=True):
        chosen = score >= threshold
        money += scale * (2.0 * (chosen & ~label).sum() + 5.0 * (~chosen & label).sum())

    assert curves().at(threshold) == pytest.approx(money, rel=1e-9)


def test_the_theoretical_threshold_of_calibrated_scores_costs_no_more_than_chance_explains() -> None:
    """c_FP / (c_FP + c_FN) = 2 / 7 for calibrated scores (Elkan 2001)."""
    found = curves()
    low, high = found.indifferent()

    assert low <= found.best() <= high
    assert found.at(2 / 7) - found.at(found.best()) < 3 * found.error(2 / 7, found.best())  # the best of 101 is chosen on the same rows


def test_brute_force_finds_no_cheaper_threshold() -> None:
    found = curves()

    assert found.at(found.best()) == found.total.min()


def test_the_error_between_equal_thresholds_is_zero() -> None:
    assert curves().error(0.4, 0.4) == 0.0


def test_a_unit_without_plots_leaves_no_curve() -> None:
    cells = some_cells(kind="classification", rates=[[0.25] * 4] * 2)

    assert threshold_costs(cells, {a_unit("a"): counted(*ROWS["a"])}) is None


def test_in_cost_space_the_operating_point_lies_on_or_above_the_envelope() -> None:
    space = cost_space(curves(), 0.5)

    assert space.operating[1] >= np.interp(space.operating[0], space.x, space.envelope) - 1e-9
    assert space.envelope[0] == pytest.approx(0.0)


def test_the_newsvendor_cost_is_its_integral() -> None:
    """order 110, demand normal(100, 20), over 2, under 5."""
    integral = integrate.quad(lambda d: (2 * max(110 - d, 0) + 5 * max(d - 110, 0)) * stats.norm.pdf(d, 100, 20), -100, 300, limit=200)[0]

    assert expected_cost(110, 100, 20, 2, 5) == pytest.approx(integral, rel=1e-6)


def test_no_order_is_cheaper_than_the_recommended_one() -> None:
    weeks = [a_cost(some_cells(rates=((0.2, rate), (0.1, 0.1))), run_id=f"r{i}") for i, rate in enumerate((0.10, 0.12, 0.11, 0.13))]
    line = order_lines(weeks, weeks[-1])[0]
    spread = (line.high - line.demand) / 1.2816
    around = [expected_cost(line.order * factor, line.demand, spread, 2.0, 3.0) for factor in (0.9, 0.99, 1.01, 1.1)]

    assert all(one >= expected_cost(line.order, line.demand, spread, 2.0, 3.0) for one in around)
    assert line.service == pytest.approx(0.6)
    assert line.saving >= 0


def test_one_period_is_too_few_for_an_order() -> None:
    assert order_lines([a_cost()], None) == ()


def test_sensitivity_is_what_a_recomputation_gives() -> None:
    cost = a_cost()
    line = next(one for one in sensitivities(cost, bound=None) if one.name == "over")
    dearer = some_cells(values=[[1.0, 2.5, 3.0]] * 2)

    assert line.up == pytest.approx(float(costs(dearer).sum()))


def test_the_break_even_factor_meets_the_bound() -> None:
    cost = a_cost()
    line = next(one for one in sensitivities(cost, bound=10.0) if one.name == "over")
    at_factor = some_cells(values=[[1.0, 2.0 * line.break_even, 3.0]] * 2)

    assert float(costs(at_factor).sum()) == pytest.approx(10.0)


def test_uncertainty_shares_sum_to_one() -> None:
    cost: RunCost = run_cost("r", RULE, "m", some_cells(kind="classification", rates=[[0.1, 0.2, 0.6, 0.1]] * 2), ())

    assert sum(part.share for part in uncertainty(cost, Expected(value=2.0, spread=1.0, periods=3))) == pytest.approx(1.0)


def test_coverage_ends_at_all_of_the_loss_and_rises_steepest_first() -> None:
    cells = some_cells(units=("a", "b", "c"), volume=(10.0, 1000.0, 100.0), rates=((0.9, 0.1), (0.11, 0.1), (0.1, 0.1)))
    points = coverage(a_cost(cells))

    assert [point.unit for point in points] == [a_unit("a"), a_unit("b")]
    assert points[-1].loss == pytest.approx(1.0)
    assert points[0].loss / points[0].cases > 1
