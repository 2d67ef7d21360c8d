"""Rows that get lost between splits, statistics, evaluation and slices are found, with numbers; agreement is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from model_insights.evidence.counts import gather
from model_insights.lineage import Artifact, Event, Execution, Lineage
from model_insights.loaded import Loaded
from model_insights.metrics import EvalConfig, MetricKey
from model_insights.run import Run
from model_insights.slices import OVERALL, AnySlice, SliceKey
from model_insights.stats import DatasetStats, FeatureStats, Statistics
from model_insights.wording import Words
from model_insights.workspace import Workspace
from tests.builders import a_run, an_evaluation, string_stats

COUNT = MetricKey(name="example_count", model_name="baseline")
OTHER = MetricKey(name="example_count", model_name="candidate")


def a_split(name: str, n: int, *features: FeatureStats) -> Loaded[Statistics]:
    whole = DatasetStats(name="", num_examples=n, weighted_num_examples=None, features=features)
    return Loaded(value=Statistics(split=name, datasets=(whole,)))


def counted(values: dict[tuple[AnySlice, MetricKey], float], *splits: Loaded[Statistics], **parts: Any) -> Run:
    evaluation = msgspec.structs.replace(an_evaluation(values), config=EvalConfig(slicing=((), ("c",))))
    return a_run(evaluation=Loaded(value=evaluation), statistics=splits, **parts)


def a_lineage(*, evaluated: tuple[int, ...] = (1,), buckets: str = "", splits: str = '["eval"]', sampled: float = 1.0) -> dict[str, Any]:
    """ExampleGen 1 -> Examples 1 (and 2, of another run) -> StatisticsGen 2, Evaluator 3."""
    statistics = Artifact(id=3, type="ExampleStatistics", uri="", custom={"sample_rate_by_split": {"__value__": f'{{"eval": {sampled}}}'}})
    lineage = Lineage(
        artifacts={1: Artifact(id=1, type="Examples", uri="", custom={"span": 7}), 2: Artifact(id=2, type="Examples", uri="", custom={"span": 6}), 3: statistics},
        executions={
            1: Execution(id=1, type="tfx.CsvExampleGen", custom={"output_config": buckets} if buckets else {}),
            2: Execution(id=2, type="tfx.StatisticsGen"),
            3: Execution(id=3, type="tfx.Evaluator", custom={"example_splits": splits}),
        },
        events=(
            Event(artifact=1, execution=1, type="OUTPUT"), Event(artifact=1, execution=2, type="INPUT"),
            *(Event(artifact=one, execution=3, type="INPUT") for one in evaluated),
        ),
    )  # fmt: skip
    return {"lineage": lineage, "execution_ids": (1, 2, 3), "artifact_ids": (1, 3)}


def said(run: Run) -> list[tuple[str, str]]:
    return [(fact.state, fact.sentence) for fact in gather(run, Words())]


def test_counts_that_agree_are_held() -> None:
    (fact,) = gather(counted({(OVERALL, COUNT): 300.0}, a_split("train", 700), a_split("eval", 300), **a_lineage()), Words())

    assert ("held", "rows", "lost rows") == (fact.state, fact.subject, fact.measure)
    assert "300 examples of split eval in the statistics, 300 evaluated" in fact.sentence


def test_rounding_is_no_loss() -> None:
    assert ["held"] == [state for state, _ in said(counted({(OVERALL, COUNT): 299.6}, a_split("eval", 300), **a_lineage()))]


def test_rows_lost_before_the_evaluation_are_violated_with_their_number() -> None:
    (fact,) = gather(counted({(OVERALL, COUNT): 250.0}, a_split("eval", 300), **a_lineage()), Words())

    assert ("violated", 50.0, "50 lost (16.7\u00a0%)") == (fact.state, fact.value, fact.value_text)
    assert "300 examples of split eval in the statistics, 250 evaluated" in fact.sentence


def test_rows_evaluated_twice_are_violated_too() -> None:
    (fact,) = gather(counted({(OVERALL, COUNT): 600.0}, a_split("eval", 300), **a_lineage()), Words())

    assert ("violated", "300 too many (100.0\u00a0%)") == (fact.state, fact.value_text)


def test_several_evaluated_splits_are_added_up() -> None:
    run = counted({(OVERALL, COUNT): 500.0}, a_split("eval", 300), a_split("test", 200), **a_lineage(splits='["eval", "test"]'))

    assert [("held", True)] == [(state, "500 examples of split eval and test" in text) for state, text in said(run)]


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"evaluated": (2,)}, "other examples (span 6)"),
        ({"evaluated": (1, 2)}, "other examples (span 7, 6)"),
        ({"splits": '["holdout"]'}, "no statistics of the evaluated split holdout"),
        ({"sampled": 0.1}, "from a sample of the rows"),
    ],
)
def test_counts_that_speak_of_other_rows_are_unknown_and_never_a_loss(parts: dict[str, Any], reason: str) -> None:
    (found,) = said(counted({(OVERALL, COUNT): 250.0}, a_split("eval", 300), **a_lineage(**parts)))

    assert ("unknown", True) == (found[0], reason in found[1])


def test_models_judged_on_different_rows_are_violated() -> None:
    texts = said(counted({(OVERALL, COUNT): 300.0, (OVERALL, OTHER): 290.0}, a_split("eval", 300)))

    assert any(state == "violated" and "300 examples for baseline but 290 examples for candidate" in text for state, text in texts)


def test_slices_and_missing_values_add_up_to_the_whole() -> None:
    values: dict[tuple[AnySlice, MetricKey], float] = {(OVERALL, COUNT): 300.0}
    values |= {(SliceKey(items=(("c", value),)), COUNT): n for value, n in (("a", 200.0), ("b", 60.0))}
    feature = string_stats({"a": 200, "b": 60}, missing=40)

    assert ["held"] == [state for state, _ in said(counted(values, a_split("eval", 300, feature)))]


def test_a_slice_that_was_left_out_is_violated() -> None:
    values: dict[tuple[AnySlice, MetricKey], float] = {(OVERALL, COUNT): 300.0, (SliceKey(items=(("c", "a"),)), COUNT): 200.0}
    (found,) = said(counted(values, a_split("eval", 300, string_stats({"a": 200, "b": 60}, missing=40))))

    assert ("violated", True) == (found[0], "the slices of c hold 200 of 300 examples, and 40 have no value of it" in found[1])


BUCKETS = '{"split_config": {"splits": [{"name": "train", "hash_buckets": 2}, {"name": "eval", "hash_buckets": 1}]%s}}'


def test_a_split_that_lost_a_shard_is_violated() -> None:
    run = a_run(statistics=(a_split("train", 4_000), a_split("eval", 1_000)), **a_lineage(buckets=BUCKETS % ""))
    (found,) = said(run)

    assert ("violated", True) == (found[0], "split eval holds 1,000 of 5,000 examples, where ExampleGen was told 33.3\u00a0%" in found[1])


def test_the_luck_of_a_hash_split_is_no_loss_and_a_split_by_a_feature_is_not_judged() -> None:
    near = (a_split("train", 3_400), a_split("eval", 1_600))
    far = (a_split("train", 4_000), a_split("eval", 1_000))

    assert ["held"] == [state for state, _ in said(a_run(statistics=near, **a_lineage(buckets=BUCKETS % "")))]
    assert [] == said(a_run(statistics=far, **a_lineage(buckets=BUCKETS % ', "partition_feature_name": "user"')))


@pytest.mark.parametrize("family", ["taxi", "shoes"])
def test_no_real_run_lost_a_row(runs: Path, tmp_path: Path, family: str) -> None:
    """Their splits, statistics, evaluations and slices agree to the example; so each fact is held."""
    workspace = Workspace.open(str(runs / family), state=str(tmp_path))
    workspace.scan()
    found = [gather(run, Words()) for run in workspace.histories()[0].runs if run.state == "complete"]

    assert [["held"]] * 16 == [[fact.state for fact in facts] for facts in found]
    assert all("eval in the statistics" in facts[0].sentence and "columns add up" in facts[0].sentence for facts in found)
