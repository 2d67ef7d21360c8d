"""Fewer cases can be acted on than the threshold picks: the cost is that of the highest scores, as counting every case says."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_insights.config import CostRule, parse
from model_insights.cost.capacity import at_capacity, capped_shares
from model_insights.cost.model import Floats, costs
from model_insights.cost.rates import price
from model_insights.cost.threshold import threshold_costs
from model_insights.cost.units import UnitRow, UnitTable
from model_insights.errors import ConfigError
from model_insights.metrics import ConfusionAtThresholds, ConfusionMatrix, MetricKey
from model_insights.slices import SliceKey
from model_insights.view import Request
from model_insights.workspace import Workspace
from tests.builders import a_unit, an_evaluation, some_cells

PRICES = np.array([-4.0, 1.0, 0.0, 9.0])  # TP, FP, TN, FN
GRID = np.linspace(0, 1, 21)
Scored = tuple[Floats, Floats]  # scores on the grid, and labels


def scored(seed: int, n: int = 200) -> Scored:
    """Scores between the stored thresholds, so that each step of the grid holds a few equal ones."""
    rng = np.random.default_rng(seed)
    score = rng.integers(0, 20, n) / 20 + 0.025
    return score, (rng.uniform(size=n) < score).astype(float)


def counted(score: Floats, label: Floats) -> Floats:
    """Threshold, TP, FP, TN, FN [5, t], as the plots hold them."""
    acted = score[None, :] >= GRID[:, None]
    return np.stack([GRID, acted @ label, acted @ (1 - label), ~acted @ (1 - label), ~acted @ label]).astype(float)


def by_hand(units: list[Scored], scale: list[float], threshold: float, capacity: float) -> float:
    """Cost of acting on the highest scores up to the capacity; of equal scores at the edge the same part of each."""
    score, label = (np.concatenate([unit[i] for unit in units]) for i in (0, 1))
    weight = np.concatenate([np.full(len(unit[0]), one) for unit, one in zip(units, scale, strict=True)])
    acted = np.zeros(len(score))
    left = capacity
    for value in sorted(set(score[score >= threshold].tolist()), reverse=True):
        same = score == value
        acted[same] = min(1.0, left / weight[same].sum())
        left -= acted[same] @ weight[same]
    each = acted * np.where(label, PRICES[0], PRICES[1]) + (1 - acted) * np.where(label, PRICES[3], PRICES[2])
    return float(weight @ each)


@settings(max_examples=80, deadline=None)
@given(
    seeds=st.tuples(st.integers(0, 50), st.integers(51, 99)), capacity=st.floats(0.5, 2_000.0), scale=st.tuples(*[st.floats(0.5, 4.0)] * 2),
    threshold=st.sampled_from([0.0, 0.25, 0.5, 0.9]),
)  # fmt: skip
def test_the_cost_is_that_of_the_highest_scores(
    seeds: tuple[int, int], capacity: float, scale: tuple[float, float], threshold: float
) -> None:
    units = [scored(seed) for seed in seeds]
    names = (a_unit("a"), a_unit("b"))
    plots = {name: counted(*unit) for name, unit in zip(names, units, strict=True)}
    volume = np.array([200.0 * one for one in scale])
    shares = capped_shares(names, plots, volume, threshold, capacity)
    assert not isinstance(shares, str)

    if shares is None:  # the threshold alone picks no more
        at = int(np.argmin(abs(GRID - threshold)))
        shares = np.array([plots[name][1:, at] / 200 for name in names])
    assert float((volume * (shares @ PRICES)).sum()) == pytest.approx(by_hand(units, list(scale), threshold, capacity), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("capacity", [1.0, 37.0, 150.0, 10_000.0])
def test_no_threshold_acts_on_more_and_the_best_is_that_of_brute_force(capacity: float) -> None:
    units, names = [scored(1), scored(2)], (a_unit("a"), a_unit("b"))
    plots = {name: counted(*unit) for name, unit in zip(names, units, strict=True)}
    cells = some_cells(kind="classification", rates=[[0.25] * 4] * 2, volume=(200.0, 200.0), values=[PRICES] * 2)
    counts = np.stack([plots[name][1:] for name in names])
    found = threshold_costs(cells, plots, limit=at_capacity(GRID, counts, np.ones(2), capacity))
    assert found is not None

    assert float((found.positives + found.negatives).sum(axis=0).max()) <= capacity + 1e-9 or capacity > 400
    for threshold in GRID:
        assert found.at(float(threshold)) == pytest.approx(by_hand(units, [1.0, 1.0], float(threshold), capacity))
    assert found.at(found.best()) == pytest.approx(min(by_hand(units, [1.0, 1.0], float(one), capacity) for one in GRID))


def test_more_than_can_be_done_even_at_the_highest_score_is_cut_too() -> None:
    ones = (np.full(10, 1.0), np.ones(10))
    limit, counts = at_capacity(GRID, counted(*ones)[None, 1:], np.ones(1), 4.0)

    assert limit == 1.0
    assert counts.tolist() == [[4.0, 0.0, 0.0, 6.0]]


RULE = CostRule(name="review", kind="classification", threshold=0.5, capacity=50.0, fp=1.0, fn=9.0)


def test_the_rule_is_priced_at_its_capacity() -> None:
    made = counted(*scored(3))
    at = int(np.argmin(abs(GRID - 0.5)))
    tp, fp, tn, fn = made[1:, at]
    matrix = ConfusionMatrix(threshold=0.5, true_positives=tp, false_positives=fp, true_negatives=tn, false_negatives=fn)
    evaluation = an_evaluation({(SliceKey(), MetricKey(name="example_count", model_name="baseline")): 200.0})
    key = MetricKey(name="confusion_matrix_at_thresholds", model_name="baseline")
    evaluation = msgspec.structs.replace(
        evaluation, others={(0, 1): ConfusionAtThresholds(matrices=(matrix,))}, keys=(*evaluation.keys, key),
        key_index={**evaluation.key_index, key: 1}, scalars=np.array([[200.0, np.nan]]),
    )  # fmt: skip
    table = UnitTable(rows=(UnitRow(unit=SliceKey(), volume=None, events=None, values=(0.0, 1.0, 0.0, 9.0)),), joined=0)
    with_counts = price(RULE, evaluation, "baseline", table, spread=lambda *_: None, counts=lambda model, units: {SliceKey(): made})
    without = price(RULE, evaluation, "baseline", table, spread=lambda *_: None)

    assert with_counts.cells is not None
    assert float(costs(with_counts.cells).sum()) == pytest.approx(
        by_hand([scored(3)], [1.0], 0.5, 50.0) + 4.0 * with_counts.cells.rates[0, 0] * 200
    )
    assert without.cells is None
    assert "has no confusion plot" in without.gaps[0].reason


@pytest.mark.parametrize(
    "line", ['kind = "classification"\nthreshold = 0.5\ncapacity = 0', 'kind = "regression"\nover = 1\nunder = 1\ncapacity = 5']
)
def test_a_capacity_that_is_none_is_a_sentence(line: str) -> None:
    with pytest.raises(ConfigError, match="give the cases that can be acted on in a period"):
        parse(f'[insights]\ncurrency = "EUR"\n[[cost]]\nname = "a"\n{line}')


def test_a_dispatcher_with_few_cars_pays_for_the_tips_he_misses(runs: Path, root: Path, tmp_path: Path) -> None:
    text = (root / "tests/config/taxi.toml").read_text()
    money = []
    for capacity in ("", "capacity = 60\n", "capacity = 1_000_000\n"):
        folder = tmp_path / f"c{len(money)}"
        folder.mkdir()
        (folder / "insights.toml").write_text(text.replace("threshold = 0.5\n", f"threshold = 0.5\n{capacity}"))
        workspace = Workspace.open(str(runs / "taxi"), config=str(folder / "insights.toml"), state=str(tmp_path / "state"))
        workspace.scan()
        run = next(one.id for one in workspace.histories()[0].runs if one.period.label == "2015Q2")
        page = workspace.view(Request(view="cost", run=run))
        money.append(page.headline.money.value)
        said = [block.text for one in page.sections for block in one.blocks if block.__struct_config__.tag == "paragraph"]
        assert any("cases of the period can be acted on" in text for text in said) == bool(capacity)

    assert money[0] == pytest.approx(money[2])
    assert money[1] != pytest.approx(money[0])
