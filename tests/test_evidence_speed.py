"""Work that grows with what is shown, and not with what is judged: counts of the slow steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.calibrate.judging import run_of
from benchmarks.verdict import layout
from model_insights.evidence import change, ordinary
from model_insights.evidence.data import calibrate, judge_features
from model_insights.lineage import Artifact, Event, Execution, Lineage
from model_insights.run import Run


def wide(seed: int, *, moved: bool = False) -> Any:
    rng = np.random.default_rng(seed)
    return layout.dataset({f"f{i}": rng.normal(3.0 if moved and i < 2 else 0.0, 1, 200) for i in range(40)}, {})


def history() -> tuple[Run, ...]:
    return tuple(run_of(f"r{i}", wide(10 * i, moved=i == 9), wide(10 * i + 1, moved=i == 9)) for i in range(10))


def counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[int]:
    calls, original = [0], getattr(module, name)

    def wrapper(*args: Any, **options: Any) -> Any:
        calls[0] += 1
        return original(*args, **options)

    monkeypatch.setattr(module, name, wrapper)
    return calls


def test_intervals_of_effects_are_inverted_for_discovered_features_only(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = history()
    inverted = counted(monkeypatch, change, "_noncentrality")
    judged = judge_features(runs[-1], runs[-2], calibrate(runs))

    assert inverted[0] == sum(one.discovered for one in judged) == 2


def test_the_history_is_compared_for_features_beyond_chance_only_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = history()
    calibration = calibrate(runs)
    tested = counted(monkeypatch, ordinary, "tested")
    for _ in range(3):
        judged = judge_features(runs[-1], runs[-2], calibration)
    asked = sum(one.change is not None and one.change.p is not None and one.change.p <= 0.05 for one in judged)

    assert 9 * 2 <= tested[0] <= 9 * (asked + 1)


def test_the_yardstick_between_splits_takes_the_latest_eight_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    tested = counted(monkeypatch, change, "tested")
    calibrate(history())

    assert 8 * 40 == tested[0]


def test_lineage_walks_its_events_once_however_often_it_is_asked() -> None:
    walked = [0]

    class Counting(tuple):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            walked[0] += 1
            return super().__iter__()

    events = Counting(
        (
            Event(artifact=1, execution=1, type="OUTPUT"),
            Event(artifact=1, execution=2, type="INPUT"),
            Event(artifact=2, execution=2, type="OUTPUT"),
        )
    )
    made = Lineage(
        artifacts={i: Artifact(id=i, type="Examples", uri="") for i in (1, 2)}, executions={i: Execution(id=i, type="Trainer") for i in (1, 2)}, events=events
    )  # fmt: skip
    asked = [(made.producers(2), made.inputs(2), made.outputs(1)) for _ in range(50)]

    assert ((made.executions[2],), (made.artifacts[1],), (made.artifacts[1],)) == asked[-1]
    assert 1 == walked[0]


def test_lineages_are_equal_by_content_whatever_was_asked_of_them() -> None:
    one, other = (Lineage(events=(Event(artifact=1, execution=1, type="OUTPUT"),)) for _ in range(2))
    one.producers(1)

    assert one == other
    assert one != Lineage()
