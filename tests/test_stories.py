"""Other scripts of the demo's shop: what is put in is in the log and nowhere else, and the product can be held against it without TensorFlow."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.verdict.histories import told
from benchmarks.verdict.judging import MemoryBook
from benchmarks.verdict.stories import story, truths
from benchmarks.verdict.weekly import FIRST, said
from examples.shoes.shop import ABSENT, NEVER, impressions_of, logged
from examples.shoes.story import DEMO, Fault, Story, Week, read_story
from model_insights.remembered import Remembered
from model_insights.workspace import Workspace

WEEK = Week(span=3)


def a_fault(kind: str, **parts: object) -> Fault:
    given = {"id": "x", "corner": "data", "where": (("region", "alps"),), "first": 3, "last": 3, "size": 1.0, "felt": (), "note": ""}
    return Fault(kind=kind, **{**given, **parts})


@pytest.fixture(scope="module")
def shown():
    return impressions_of(WEEK)


def test_the_demos_own_story_can_be_read_back_from_its_truth(root: Path) -> None:
    found = read_story_of(root)

    assert (DEMO.seed, DEMO.faults) == (found.seed, found.faults)


def read_story_of(root: Path) -> Story:
    return read_story(root / "examples" / "shoes" / "truth.json")


@pytest.mark.parametrize(
    ("fault", "column", "broken"),
    [
        (
            a_fault("unit_change", feature="days_since_visit", size=24.0),
            "days_since_visit",
            lambda old: np.where(old == NEVER, old, old * 24),
        ),
        (a_fault("missing", feature="device"), "device", lambda old: np.full(len(old), ABSENT)),
        (a_fault("missing", feature="price"), "price", lambda old: np.full(len(old), float(NEVER))),
        (a_fault("default_value", feature="channel"), "channel", lambda old: np.full(len(old), "unknown")),
        (a_fault("respelt", feature="brand"), "brand", np.char.upper),
    ],
    ids=lambda one: one.kind if isinstance(one, Fault) else "",
)
def test_a_fault_of_the_log_hits_its_slice_and_its_feature_alone(shown, fault, column, broken) -> None:
    seen = logged(shown, WEEK, Story(seed=1, faults=(fault,)))
    here = shown["region"] == "alps"

    assert seen[column][here].tolist() == broken(shown[column][here]).tolist()
    assert seen[column][~here].tolist() == shown[column][~here].tolist()
    assert all(seen[name] is shown[name] for name in shown if name != column)


def test_swapped_columns_hold_each_others_values(shown) -> None:
    seen = logged(shown, WEEK, Story(seed=1, faults=(a_fault("swapped", feature="price", other="days_since_visit", where=()),)))

    assert seen["price"].tolist() == shown["days_since_visit"].tolist()


def test_a_week_of_another_mix_shows_more_of_one_value_and_clicks_are_those_of_its_shoppers() -> None:
    mixed = impressions_of(WEEK, Story(seed=1, faults=(a_fault("mix_shift", corner=None, where=(("channel", "social"),), size=2.0),)))
    plain = impressions_of(WEEK, Story(seed=1, faults=()))

    assert (mixed["channel"] == "social").mean() > 1.4 * (plain["channel"] == "social").mean()


def test_stories_put_each_corner_into_a_slot_of_its_own_and_are_the_same_twice() -> None:
    one = story(5)

    assert story(5) == one
    assert {"data", "business", "model", None} == {fault.corner for fault in one.faults}
    assert json.dumps([fault.told() for fault in one.faults])


def test_a_dear_week_with_a_fault_is_a_loss_and_one_like_the_others_is_calm() -> None:
    fault = a_fault("unit_change", first=4, last=4)
    healthy = {2: 100.0, 3: 110.0, 4: 90.0, 5: 100.0}
    found = truths(Story(seed=1, faults=(fault,)), {**healthy, 4: 400.0}, healthy)

    assert (("data",), True) == (found[4].corners, found[4].scored)
    assert ((), True) == (found[3].corners, found[3].scored)
    assert ((), False) == (found[5].corners, found[5].scored)  # models trained on the bad rows may still cost


@pytest.fixture(scope="module")
def short():
    return told(DEMO, last=7)


def test_the_path_without_tensorflow_says_what_the_files_say(short, root: Path, tmp_path: Path) -> None:
    workspace = Workspace.open(str(root / "examples/shoes/runs"), state=str(tmp_path))
    workspace.scan()
    of_files, in_memory = workspace.records()[:7], MemoryBook(short.case, Remembered(tmp_path)).records()

    for one, other in zip(of_files, in_memory, strict=True):
        assert (one.period, one.kind, one.corner, one.cannot_tell, one.reason) == (
            other.period,
            other.kind,
            other.corner,
            other.cannot_tell,
            other.reason,
        )
        assert [line.money.value for line in one.lines] == pytest.approx([line.money.value for line in other.lines], abs=0.5)
        assert (one.cost.value if one.cost else 0.0) == pytest.approx(other.cost.value if other.cost else 0.0, rel=1e-3)


def test_true_costs_are_near_those_the_product_sees(short, tmp_path: Path) -> None:
    seen = MemoryBook(short.case, Remembered(tmp_path)).records()[-1].cost

    assert seen.value == pytest.approx(short.costs[7], rel=0.1)


def test_the_weekly_looks_of_a_record_know_no_later_week_and_see_a_loss(short, tmp_path: Path) -> None:
    book = MemoryBook(short.case, Remembered(tmp_path))
    looks = [one.weekly for one in book.records()]

    assert looks[1] is None
    assert [one.looks for one in looks if one is not None] == list(range(1, 1 + sum(one is not None for one in looks)))
    assert looks[-1].mean > looks[-1].low > 0 > looks[-2].low


def test_what_is_said_week_by_week_is_what_the_records_say(short, tmp_path: Path) -> None:
    weeks = said(MemoryBook(short.case, Remembered(tmp_path)))

    assert list(range(FIRST, 8)) == [one.span for one in weeks]
    assert ("fault", "data", 7) == (weeks[-1].kind, weeks[-1].corner, weeks[-1].late)
    assert not any(one.above for one in weeks[:-1])
