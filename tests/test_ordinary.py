"""Run-to-run calibration: what this pipeline always does is no alarm, and what it never did stays one."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from model_insights.evidence.change import feature_change
from model_insights.evidence.data import calibrate, gather, judge_features
from model_insights.evidence.ordinary import Ordinary, learn
from model_insights.loaded import Loaded
from model_insights.run import Run
from model_insights.stats import DatasetStats, Statistics
from model_insights.wording import Words
from model_insights.workspace import Workspace
from tests.builders import a_dataset, a_run, numeric_stats, string_stats

X = ("x",)


def span(seed: int, *, shift: float = 0.0, n: int = 4_000) -> DatasetStats:
    return a_dataset(numeric_stats(np.random.default_rng(seed).normal(shift, 1, n)))


def history(shifts: list[float]) -> list[tuple[str, DatasetStats]]:
    return [(f"r{i}", span(i, shift=shift)) for i, shift in enumerate(shifts)]


def p_of(spans: list[tuple[str, DatasetStats]], judged: int) -> tuple[float, Any]:
    """(p by chance alone, Usual) of the change into run `judged`."""
    old, new = spans[judged - 1][1].feature(X), spans[judged][1].feature(X)
    assert old is not None
    assert new is not None
    change = feature_change(old, new)
    assert change is not None
    assert change.p is not None
    return change.p, learn(spans, {}).usual(X, change.p, change.freedom, spans[judged][0])


def test_a_feature_that_always_wobbles_is_real_but_not_unusual() -> None:
    p, usual = p_of(history([0.0, 0.3, 0.0, 0.3, 0.0, 0.3, 0.0, 0.3]), 7)

    assert p < 1e-6
    assert usual.p > 0.05
    assert usual.factor > 5


def test_a_jump_of_a_quiet_feature_is_real_and_unusual() -> None:
    p, usual = p_of(history([0.0] * 7 + [0.3]), 7)

    assert p < 1e-6
    assert usual.p < 0.01


def test_a_jump_beyond_its_wobble_is_unusual() -> None:
    assert p_of(history([0.0, 0.1, 0.0, 0.1, 0.0, 0.1, 0.0, 2.0]), 7)[1].p < 0.01


def test_the_pair_that_is_judged_does_not_set_its_own_yardstick() -> None:
    spans = history([0.0] * 7 + [0.3])

    assert 6 == p_of(spans, 7)[1].pairs
    assert 5 == p_of(spans, 3)[1].pairs  # a run in the middle belongs to two pairs


def test_fewer_than_four_pairs_give_no_yardstick() -> None:
    assert p_of(history([0.0] * 5), 4)[1] is None
    assert 4 == p_of(history([0.0] * 6), 5)[1].pairs


def test_one_earlier_fault_does_not_hide_the_next() -> None:
    assert p_of(history([0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 3.0]), 8)[1].p < 0.01


def test_a_quiet_history_is_never_sharper_than_chance() -> None:
    _, usual = p_of(history([0.0] * 10), 9)

    assert 1.0 <= usual.factor < 1.6


def test_healthy_histories_raise_few_alarms() -> None:
    """Fifty features of six categories over nine runs without a change: p below 5 % in at most 5 % of them, and luck."""
    rng = np.random.default_rng(5)
    names, shares = [f"f{i}" for i in range(50)], [0.4, 0.2, 0.15, 0.1, 0.1, 0.05]
    spans = [
        (
            f"r{i}",
            a_dataset(
                *(string_stats(dict(zip("abcdef", map(float, rng.multinomial(3_000, shares)), strict=True)), name=name) for name in names)
            ),
        )
        for i in range(9)
    ]
    ordinary = learn(spans, {})
    found = []
    for name in names:
        old, new = spans[7][1].feature((name,)), spans[8][1].feature((name,))
        assert old is not None
        assert new is not None
        change = feature_change(old, new)
        assert change is not None
        assert change.p is not None
        usual = ordinary.usual((name,), change.p, change.freedom, "r8")
        assert usual is not None
        found.append(usual.p < 0.05)

    assert sum(found) <= 5


def test_both_answers_stand_beside_each_other() -> None:
    runs = tuple(
        a_run(name, statistics=(Loaded(value=Statistics(split="train", datasets=(whole,))),)) for name, whole in history([0.0, 0.6] * 4)
    )
    judged = judge_features(runs[7], runs[6], calibrate(runs))
    facts = {fact.id: fact for fact in gather(runs[7], runs[6], judged, (), Words())}

    assert ("held", True) == (
        facts["data:change:x"].state,
        "moved no more than it usually does between runs" in facts["data:change:x"].sentence,
    )
    assert "by chance alone with probability below 0.001, and between runs of this pipeline with" in facts["data:change:x"].sentence
    assert "usual between runs of this pipeline: x." in facts["data:tests"].sentence


# --- the real runs ---------------------------------------------------------------------------------------------------------------


def flagged(runs: Path, family: str, state: Path) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Features flagged as changed against the run before, by period: (by chance alone, with the history's yardstick)."""
    workspace = Workspace.open(str(runs / family), state=str(state))
    workspace.scan()
    kept = tuple(run for run in workspace.histories()[0].runs if run.state == "complete")
    known = calibrate(kept)
    bare = msgspec.structs.replace(known, ordinary=Ordinary())

    def found(run: Run, before: Run, calibration: Any) -> set[str]:
        judged = judge_features(run, before, calibration)
        return {".".join(one.path) for one in judged if one.discovered and one.change is not None and one.change.state == "changed"}

    pairs = list(itertools.pairwise(kept))
    return {b.period.label: found(b, a, bare) for a, b in pairs}, {b.period.label: found(b, a, known) for a, b in pairs}


def test_taxi_trips_wander_and_nearly_no_place_is_flagged_any_more(runs: Path, tmp_path: Path) -> None:
    """Nothing was injected into the taxi data, but fares and lengths of trips go with the quarters."""
    chance, usual = flagged(runs, "taxi", tmp_path)

    assert 3 <= sum(map(len, chance.values())) <= 10
    assert sum(map(len, usual.values())) <= 2


def test_the_planted_changes_of_the_shoe_shop_stay_flagged(runs: Path, tmp_path: Path) -> None:
    """N1 (mix of channels, week 7 and back) and D1 (price in cents, week 9, mended in week 11), and nothing else."""
    _, usual = flagged(runs, "shoes", tmp_path)

    assert {"2024-07-15": {"channel"}, "2024-07-22": {"channel"}, "2024-07-29": {"price"}, "2024-08-12": {"price"}} == {
        label: names for label, names in usual.items() if names
    }


def test_the_feature_page_shows_both_answers(runs: Path, tmp_path: Path) -> None:
    from model_insights.view import Facts, Request

    workspace = Workspace.open(str(runs / "taxi"), state=str(tmp_path))
    workspace.scan()

    def said(name: str, label: str) -> dict[str, str]:
        run = next(one for one in workspace.histories()[0].runs if one.period.label == label)
        view = workspace.view(Request(view="feature", run=run.id, reference="previous", id=f'["{name}"]'))
        facts = next(block for section in view.sections if section.id == "facts" for block in section.blocks if isinstance(block, Facts))
        return {item.label: item.value for item in facts.items}

    place, fare = said("trip_miles", "2014Q1"), said("fare", "2016Q4")

    assert ("p below 0.001", True) == (
        place["Is the change real?"],
        place["Is it unusual for this pipeline?"].endswith("from 13 pairs of runs"),
    )
    assert "no: chance alone explains it" == fare["Is it unusual for this pipeline?"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_short_history_judges_by_chance_alone(count: int) -> None:
    runs = tuple(
        a_run(name, statistics=(Loaded(value=Statistics(split="train", datasets=(whole,))),))
        for name, whole in history([0.0] * count + [1.0])
    )
    (judged,) = judge_features(runs[-1], runs[-2], calibrate(runs))
    assert judged.change is not None

    assert (None, True, judged.change.p) == (judged.usual, judged.discovered, judged.p)
