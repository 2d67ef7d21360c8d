"""Which model was serving when, from lineage, blessings and pushes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from model_insights.evidence.versions import gather, next_service, services, spans_text
from model_insights.history import judged_runs
from model_insights.lineage import Artifact
from model_insights.loaded import Loaded
from model_insights.run import Blessing, ModelVersion, Push, Run
from model_insights.view import Request
from model_insights.wording import Words
from model_insights.workspace import Workspace
from tests.builders import NOTHING, a_run, an_evaluation


def a_version(number: int, made_in: str, *spans: str) -> ModelVersion:
    return ModelVersion(artifact=Artifact(id=number, type="Model", uri=""), run_id=made_in, data_spans=spans)


def a_week(name: str, *, serves: ModelVersion | None, trains: ModelVersion, blessed: bool = True) -> Run:
    state: Any = "blessed" if blessed else "not_blessed"
    return a_run(
        name, baseline=serves, candidate=trains, evaluation=Loaded(value=an_evaluation()), blessing=Loaded(value=Blessing(state=state)),
        push=Loaded(value=Push(pushed=blessed)),
    )  # fmt: skip


def weeks(count: int, *, refused: tuple[int, ...] = ()) -> tuple[Run, ...]:
    """Weekly retrains; a refused model leaves the earlier one serving."""
    runs: list[Run] = []
    serving = None
    for i in range(count):
        trained = a_version(10 + i, f"w{i}", str(i))
        runs.append(a_week(f"w{i}", serves=serving, trains=trained, blessed=i not in refused))
        serving = serving if i in refused else trained
    return tuple(runs)


def test_weekly_retrains_are_each_served_one_period_later() -> None:
    found = services(weeks(4))

    assert [("w1", "no. 10", "w0", 1), ("w2", "no. 11", "w1", 1), ("w3", "no. 12", "w2", 1)] == [
        (s.run_id, s.model, s.made_in, s.age) for s in found
    ]
    assert [False, True, True] == [s.is_new for s in found]


def test_a_refused_model_leaves_an_older_one_serving() -> None:
    found = services(weeks(5, refused=(3,)))

    assert ("w4", "no. 12", 2, False) == (found[-1].run_id, found[-1].model, found[-1].age, found[-1].is_new)


def test_the_last_candidate_serves_next_when_it_was_pushed() -> None:
    now, kept = next_service(weeks(3)), next_service(weeks(3, refused=(2,)))
    assert now is not None
    assert kept is not None

    assert ("no. 12", 1, "yes", True) == (now.model, now.age, now.pushed, now.is_new)
    assert ("no. 11", 2, False) == (kept.model, kept.age, kept.is_new)


def test_a_model_from_before_the_history_has_no_known_age() -> None:
    (found,) = services((a_week("w0", serves=a_version(3, "long ago"), trains=a_version(4, "w0")),))

    assert (None, None, "not known", "not known") == (found.made_in, found.age, found.blessed, found.pushed)


def test_an_age_never_seen_before_is_watched_and_said() -> None:
    runs = weeks(7, refused=(5,))
    usual, old = gather(runs, runs[5], Words()), gather(runs, runs[6], Words())

    assert ["held"] == [fact.state for fact in usual]
    assert ["watch"] == [fact.state for fact in old]
    assert "(no. 14) was trained in w4 on span 4, 2 periods before it served here; until now it was at most 1 period." in old[0].sentence


def test_an_unknown_serving_model_has_no_age_fact() -> None:
    runs = weeks(2)

    assert () == gather(runs, runs[0], Words())
    assert () == gather(runs, a_run("elsewhere"), Words())


def test_an_age_alone_does_not_make_a_model_look_judged() -> None:
    runs = weeks(2)

    assert () == gather(runs, msgspec.structs.replace(runs[1], evaluation=NOTHING), Words())


def test_spans_are_said_as_a_range() -> None:
    assert ["span 4", "spans 1 to 4", "not recorded"] == [spans_text(("4",)), spans_text(("1", "2", "3", "4")), spans_text(())]


@pytest.fixture(scope="module")
def taxi(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace.open(str(runs / "taxi"), state=str(tmp_path_factory.mktemp("state")))
    workspace.scan()
    return workspace


def test_the_refused_taxi_model_never_served_and_the_older_one_did(taxi: Workspace) -> None:
    """Span 15 (2016Q3) was refused: in 2016Q4 the model of 2016Q2 goes on serving."""
    found = services(judged_runs(taxi.histories()[0]))
    view = taxi.view(Request())
    section = next(one for one in view.sections if one.id == "model")
    table = next(block for block in section.blocks if getattr(block, "id", "") == "served")
    rows = [tuple(cell.text for cell in row.cells) for row in table.rows]  # type: ignore[union-attr]

    assert [1] * 14 + [2] == [one.age for one in found]
    assert ("next", "no. 201 (new)", "2016Q4", "spans 13 to 16", "yes", "yes", "1 period") == rows[0]
    assert ("2016Q4", "no. 175", "2016Q2", "spans 11 to 14", "yes", "yes", "2 periods") == rows[1]
    assert table.note.endswith("Trained but never served: 2016Q3.")  # type: ignore[union-attr]
