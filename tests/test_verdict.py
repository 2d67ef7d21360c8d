"""The conclusion: right corner, honest doubt."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from model_insights.config import SeverityBudget
from model_insights.cost.account import RunCost, severity
from model_insights.cost.level import Expected, expected_levels
from model_insights.cost.model import Cells
from model_insights.evidence.fact import Evidence
from model_insights.ledger import Adjacent, Ledger, LineId, adjacent_ledger
from model_insights.verdict import conclude, rate_corners
from tests.builders import a_cost, some_cells

BUDGET = SeverityBudget(little=10, big=100, emergency=1000)


def a_fact(**parts: Any) -> Evidence:
    given = {"id": "x", "corner": "data", "subject": "price", "measure": "PSI", "sentence": "It moved.", "state": "violated"}
    return Evidence(**{**given, **parts})


def verdict_of(before: Cells, after: Cells, middle: Cells | None, facts: tuple[Evidence, ...] = ()) -> Any:
    ledger = adjacent_ledger(Adjacent(before=a_cost(before, run_id="r0"), after=a_cost(after, run_id="r1"), middle=middle))
    owners, reason = rate_corners(ledger, facts, ("line",))
    return conclude(ledger, owners, reason, BUDGET, days=30.0)


BASE, WORSE = some_cells(), some_cells(rates=((0.6, 0.1), (0.5, 0.1)))


def test_a_worse_model_is_the_model() -> None:
    verdict = verdict_of(BASE, WORSE, WORSE)

    assert (verdict.kind, verdict.corner, verdict.confidence) == ("fault", "model", "very likely")


def test_changed_customers_are_business_by_exclusion() -> None:
    verdict = verdict_of(BASE, WORSE, BASE)

    assert (verdict.corner, verdict.by_exclusion) == ("business", True)


def test_a_changed_feature_beside_changed_rates_cannot_be_told() -> None:
    verdict = verdict_of(BASE, WORSE, BASE, (a_fact(),))

    assert (verdict.corner, verdict.confidence, verdict.cannot_tell) == (None, "cannot tell", ("business", "data"))
    assert "price" in verdict.reason
    assert verdict.next_measurement


@pytest.mark.parametrize("measure", ["outliers", "lost rows", "training/serving skew"])
def test_outliers_lost_rows_and_skew_beside_changed_rates_cannot_be_told(measure: str) -> None:
    verdict = verdict_of(BASE, WORSE, BASE, (a_fact(measure=measure),))

    assert (None, ("business", "data")) == (verdict.corner, verdict.cannot_tell)


def test_a_detected_data_fault_names_data() -> None:
    verdict = verdict_of(BASE, WORSE, BASE, (a_fact(measure="data fault"), a_fact(id="y")))

    assert verdict.corner == "data"
    assert "data fault in price" in verdict.reason


def test_a_change_of_the_sliced_feature_itself_is_no_doubt() -> None:
    assert verdict_of(BASE, WORSE, BASE, (a_fact(subject="line"),)).corner == "business"


def test_without_the_models_cell_all_corners_remain() -> None:
    assert verdict_of(BASE, WORSE, None).cannot_tell == ("business", "data", "model")


def ledger_of(before: Cells, after: Cells, **parts: Any) -> Ledger:
    ledger = adjacent_ledger(Adjacent(before=a_cost(before, run_id="r0"), after=a_cost(after, run_id="r1"), middle=before))
    return msgspec.structs.replace(ledger, **parts)


def noisy(ledger: Ledger, name: LineId) -> Ledger:
    return msgspec.structs.replace(ledger, draws={**ledger.draws, name: np.random.default_rng(1).normal(0, 1e6, 1000)})


def test_a_line_that_is_not_confirmed_names_nobody_however_noisy_it_is() -> None:
    """The volume doubled for sure; the rates may have moved by any amount, and the data corner would own them."""
    ledger = ledger_of(BASE, some_cells(volume=(200.0, 400.0)))
    verdict = conclude(noisy(ledger, "rate"), ("data",), "", BUDGET, days=30.0)

    assert (verdict.confirmed, verdict.leading, verdict.raw_probability) == (("volume",), "business", 1.0)


def test_rates_named_by_exclusion_are_doubted_while_another_line_may_hold_anything() -> None:
    verdict = conclude(noisy(ledger_of(BASE, WORSE), "mix"), ("business",), "", BUDGET, days=30.0)

    assert (verdict.confirmed, verdict.corner, verdict.leading) == (("rate",), None, "business")
    assert verdict.raw_probability == pytest.approx(0.5, abs=0.1)


def test_a_feature_that_moved_a_little_is_enough_to_doubt_that_customers_did() -> None:
    assert verdict_of(BASE, WORSE, BASE, (a_fact(state="watch"),)).cannot_tell == ("business", "data")


def test_rates_that_do_what_they_do_in_ordinary_steps_are_no_fault() -> None:
    loss = ledger_of(BASE, WORSE).line("rate").money.value

    assert conclude(ledger_of(BASE, WORSE), ("business",), "", BUDGET, days=30.0).confirmed == ("rate",)
    assert conclude(ledger_of(BASE, WORSE, ordinary={"rate": loss}), ("business",), "", BUDGET, days=30.0).kind == "quiet"


def test_a_cost_at_the_level_of_the_season_is_no_fault_of_rates_but_one_of_the_model_stays() -> None:
    seasonal = conclude(ledger_of(BASE, WORSE), ("business",), "", BUDGET, days=30.0, in_season=True)
    bad_model = adjacent_ledger(Adjacent(before=a_cost(BASE, run_id="r0"), after=a_cost(WORSE, run_id="r1"), middle=WORSE))

    assert (seasonal.kind, "season" in seasonal.reason) == ("quiet", True)
    assert conclude(bad_model, ("business",), "", BUDGET, days=30.0, in_season=True).corner == "model"


def test_nothing_new_is_quiet_and_says_what_would_have_been_found() -> None:
    verdict = verdict_of(BASE, BASE, BASE)

    assert verdict.kind == "quiet"
    assert verdict.detectable > 0


def test_a_fallen_cost_is_no_fault() -> None:
    assert verdict_of(WORSE, BASE, BASE).kind == "better"


def test_the_expected_level_is_a_median_of_the_recent_and_needs_two_periods() -> None:
    levels = expected_levels([5.0, 1.0, 2.0, 3.0, 4.0, None], season=None)

    assert levels[:2] == (None, None)
    assert (levels[-1].value, levels[-1].method, levels[-1].knows_season) == (2.5, "recent", False)


def test_a_loss_raises_neither_the_level_nor_the_spread_of_what_follows() -> None:
    levels = expected_levels([10.0, 12.0, 9.0, 11.0, 10.0, 200.0, 210.0, None], season=None)

    assert (levels[6].value, levels[7].value) == (levels[5].value, levels[5].value)
    assert levels[7].spread == levels[5].spread


def test_a_loss_that_lasts_becomes_the_level() -> None:
    levels = expected_levels([10.0, 12.0, 9.0, 11.0, 10.0, *[200.0] * 8], season=None)

    assert levels[-1].value == 200.0


def seasonal(periods: int) -> list[float | None]:
    """Cost with a season of four, a slow trend, and a little noise."""
    random = np.random.default_rng(3)
    return [100 + 2 * i + (60, 0, -40, -20)[i % 4] + float(random.normal(0, 2)) for i in range(periods)]


def test_a_known_season_is_expected_and_not_called_a_loss() -> None:
    pytest.importorskip("statsmodels", reason="trend and season need the extra `season`")
    levels = expected_levels(seasonal(25), season=4)

    assert levels[24].method == "trend and season"
    assert abs(levels[24].value - seasonal(25)[24]) < 15
    assert expected_levels(seasonal(25), season=None)[24].value < seasonal(25)[24] - 40


def test_between_one_and_two_seasons_last_seasons_period_is_scaled() -> None:
    levels = expected_levels([100.0, 50.0, 80.0, 90.0, 200.0, 100.0, 160.0], season=4)

    assert (levels[6].method, levels[6].value) == ("season ratio", 160.0)


def severity_at(total_scale: float) -> str:
    cost: RunCost = a_cost(some_cells(volume=(100.0 * total_scale, 0.0)))
    return severity(cost, Expected(value=10.0, spread=0.0, periods=3), BUDGET, days=30.0).level


def test_severity_climbs_with_the_money_above_the_expected_level() -> None:
    """100 cases cost 20; the level is 10, steps at 10, 100, 1000 above it."""
    assert ["none", "little", "big", "emergency"] == [severity_at(scale) for scale in (0.8, 2.0, 10.0, 100.0)]


def test_severity_without_budgets_is_unknown_with_the_reason() -> None:
    verdict = severity(a_cost(), Expected(value=1.5, spread=0.0, periods=2), None, days=7.0)

    assert (verdict.level, verdict.excess) == ("unknown", None)
    assert "severity" in verdict.reason


def test_a_model_that_only_looked_worse_on_the_reference_is_no_fault() -> None:
    """The new model misses the reference period, and its own period by no more than the old model did: the same amount, up and down."""
    verdict = verdict_of(BASE, BASE, WORSE)

    assert verdict.kind == "quiet"


def test_a_bad_model_beside_fewer_cases_is_still_found() -> None:
    fewer = some_cells(rates=((0.6, 0.1), (0.5, 0.1)), volume=(20.0, 40.0))

    assert verdict_of(BASE, fewer, WORSE).corner == "model"
