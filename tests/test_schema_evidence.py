"""What changed in the schema is evidence, and readable on the schema's own page."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_insights.evidence.schema import gather, schema_changes
from model_insights.loaded import Loaded
from model_insights.run import Run
from model_insights.stats import Anomalies, Anomaly, Comparator, Schema, SchemaFeature
from model_insights.view import Request
from model_insights.wording import Words
from model_insights.workspace import Workspace
from tests.builders import a_run


def a_schema(*features: SchemaFeature) -> Schema:
    return Schema(features=features)


def with_schema(name: str, schema: Schema, *anomalous: str) -> Run:
    found = tuple(Anomaly(path=(one,), severity="ERROR", short_description="too few values", description="") for one in anomalous)
    return a_run(name, schema=Loaded(value=schema), anomalies=(Loaded(value=Anomalies(split="train", anomalies=found)),))


def a_feature(name: str = "x", **parts: object) -> SchemaFeature:
    return SchemaFeature(path=(name,), **parts)  # type: ignore[arg-type]


def test_equal_schemas_have_no_change_and_the_fact_is_held() -> None:
    schema = a_schema(a_feature(value_count_min=1), a_feature("y"))
    facts = gather(with_schema("now", schema), with_schema("then", schema), Words())

    assert () == schema_changes(schema, schema)
    assert [("held", "The schema asks the same of 2 features as in then.")] == [(f.state, f.sentence) for f in facts]


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        ({"value_count_min": 1}, {"value_count_min": 0}, ("fewest values per example", 1, 0, "looser")),
        ({"value_count_min": 0}, {"value_count_min": 1}, ("fewest values per example", 0, 1, "tighter")),
        ({"value_count_max": 1}, {}, ("most values per example", 1, None, "looser")),
        ({}, {"min_fraction": 0.9}, ("least share of examples that have it", None, 0.9, "tighter")),
        ({"high": 10.0}, {"high": 100.0}, ("highest value", 10.0, 100.0, "looser")),
        ({"low": 0.0}, {"low": 5.0}, ("lowest value", 0.0, 5.0, "tighter")),
        ({"type": "INT"}, {"type": "FLOAT"}, ("type", "int", "float", "other")),
        ({"domain": ("a", "b")}, {"domain": ("a", "b", "c")}, ("newly allowed values", None, "c", "looser")),
        ({"domain": ("a", "b")}, {"domain": ("a",)}, ("no longer allowed values", "b", None, "tighter")),
        ({"domain": ("a", "b")}, {}, ("allowed values", "2 listed values", "any", "looser")),
        ({"drift": Comparator(infinity_norm=0.02)}, {"drift": Comparator(infinity_norm=0.2)}, ("drift threshold (L-infinity)", 0.02, 0.2, "looser")),
        ({"skew": Comparator(jensen_shannon=0.1)}, {}, ("skew threshold (Jensen-Shannon)", 0.1, None, "looser")),
    ],
)  # fmt: skip
def test_each_demand_that_differs_is_named_with_its_effect(then: dict[str, object], now: dict[str, object], expected: object) -> None:
    (change,) = schema_changes(a_schema(a_feature(**then)), a_schema(a_feature(**now)))

    assert expected == (change.what, change.then, change.now, change.effect)


def test_features_that_came_and_went_are_named() -> None:
    changes = schema_changes(a_schema(a_feature("old")), a_schema(a_feature("young")))

    assert [("old", "not listed", "looser"), ("young", "listed", "tighter")] == [(c.path[0], c.now, c.effect) for c in changes]


def test_the_same_change_of_several_features_is_one_fact() -> None:
    old = a_schema(*(a_feature(name, value_count_min=1) for name in "abc"))
    new = a_schema(*(a_feature(name, value_count_min=0) for name in "abc"))
    (fact,) = gather(with_schema("now", new), with_schema("then", old), Words())

    assert ("watch", "schema", "3 features") == (fact.state, fact.subject, fact.value_text)
    assert "fewest values per example of a, b, c went from 1 to 0, so less is asked of the data." in fact.sentence


def test_an_alarm_that_fell_silent_because_less_is_asked_is_said() -> None:
    old, new = (a_schema(a_feature("a", value_count_min=n), a_feature("b", value_count_min=n)) for n in (1, 0))
    (fact,) = gather(with_schema("now", new, "b"), with_schema("then", old, "a", "b"), Words())

    assert fact.sentence.endswith(" a had a schema anomaly then and has none now: the demand was lowered, which mends no data.")


def test_an_alarm_that_went_although_more_is_asked_is_no_silence() -> None:
    old, new = (a_schema(a_feature("a", value_count_min=n)) for n in (0, 1))
    (fact,) = gather(with_schema("now", new), with_schema("then", old, "a"), Words())

    assert ("held", False) == (fact.state, "anomaly" in fact.sentence)


def test_without_both_schemas_nothing_is_said() -> None:
    schema = a_schema(a_feature())

    assert () == gather(a_run("now"), with_schema("then", schema), Words())
    assert () == gather(with_schema("now", schema), None, Words())


@pytest.fixture(scope="module")
def taxi(runs: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace.open(str(runs / "taxi"), config=str(root / "tests/config/taxi.toml"), state=str(tmp_path_factory.mktemp("state")))
    workspace.scan()
    return workspace


def test_the_revised_schema_of_the_taxi_pipeline_is_evidence_and_a_diff(taxi: Workspace) -> None:
    """Span 9 asks value_count.min 0 where spans 1 to 8 asked 1, and the alarms of spans 1 to 8 are gone."""
    runs = taxi.histories()[0].runs
    now, then = (next(run for run in runs if run.period.label == label) for label in ("2015Q1", "2014Q4"))
    fact = next(f for f in gather(now, then, Words()) if "fewest values per example" in f.sentence)
    view = taxi.view(Request(view="artifact", run=now.id, reference=f"run:{then.id}", id=fact.source.id))
    section = next(one for one in view.sections if one.id == "changed")
    rows = [tuple(cell.text for cell in row.cells) for row in section.blocks[0].rows]  # type: ignore[union-attr]

    assert "company" in fact.sentence
    assert "had a schema anomaly then and have none now" in fact.sentence
    assert ("company", "fewest values per example", "1", "0", "asks less") in rows
    assert "something else" in section.title


def test_an_unrevised_schema_is_held(taxi: Workspace) -> None:
    runs = taxi.histories()[0].runs
    now, then = (next(run for run in runs if run.period.label == label) for label in ("2015Q3", "2015Q2"))

    assert ["held"] == [fact.state for fact in gather(now, then, Words())]


def test_thresholds_that_moved_by_different_steps_share_one_fact() -> None:
    def thresholds(a: float, b: float) -> Schema:
        return a_schema(a_feature("a", drift=Comparator(infinity_norm=a)), a_feature("b", drift=Comparator(jensen_shannon=b)))

    (fact,) = gather(with_schema("now", thresholds(0.2, 0.4)), with_schema("then", thresholds(0.1, 0.3)), Words())

    assert "drift threshold of a (0.100 → 0.200), b (0.300 → 0.400), so less is asked of the data." in fact.sentence
