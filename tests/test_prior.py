"""The share of positives before outcomes are in: found where classes look as they did, and not said where scores do not part them."""

from __future__ import annotations

import numpy as np
import pytest

from model_insights.cost.unlabelled import Scores
from model_insights.evidence.prior import PriorShift, gather, labelled_before, prior_shift
from model_insights.loaded import Loaded
from model_insights.metrics import MetricKey
from model_insights.run import ModelVersion
from model_insights.slices import OVERALL
from model_insights.wording import Words
from tests.builders import a_run, an_evaluation


def scores(seed: int, share: float, *, rows: int = 6_000, labelled: bool = True, apart: float = 1.2) -> Scores:
    rng = np.random.default_rng(seed)
    label = (rng.random(rows) < share).astype(float)
    score = 1 / (1 + np.exp(-(rng.normal(0, 1, rows) + apart * label)))
    return Scores(units=(OVERALL,), at=np.zeros(rows, np.int64), score=score, label=label if labelled else np.full(rows, np.nan))


@pytest.mark.parametrize("share", [0.1, 0.2, 0.35])
def test_the_share_of_positives_is_found_within_its_interval(share: float) -> None:
    found = [prior_shift(scores(2 * seed, 0.2), scores(2 * seed + 1, share, labelled=False)) for seed in range(20)]
    held = [isinstance(one, PriorShift) and one.low <= share <= one.high for one in found]

    assert sum(held) >= 16  # 19 expected


def test_scores_that_do_not_part_the_outcomes_say_nothing() -> None:
    assert "hardly part" in str(prior_shift(scores(1, 0.2, apart=0.05), scores(2, 0.3, labelled=False)))


def test_few_labels_say_nothing() -> None:
    assert "too few" in str(prior_shift(scores(1, 0.2, rows=60), scores(2, 0.3, labelled=False)))


def test_the_fact_is_said_only_before_outcomes_are_in() -> None:
    reference = scores(1, 0.2)
    (moved,) = gather(reference, scores(2, 0.35, labelled=False), Words())
    (same,) = gather(reference, scores(2, 0.2, labelled=False), Words())

    assert ("watch", "held") == (moved.state, same.state)
    assert "Outcomes are not in yet. If cases of each outcome look as they did" in moved.sentence
    assert () == gather(reference, scores(2, 0.35), Words())
    assert () == gather(None, "not read", Words())


def test_the_labels_are_those_of_the_model_that_serves_now() -> None:
    both = {(OVERALL, MetricKey(name="auc", model_name=name)): 0.7 for name in ("candidate", "baseline")}
    evaluation = Loaded(value=an_evaluation(both))
    first = a_run("a", evaluation=evaluation, baseline=ModelVersion(uri="m/1"), candidate=ModelVersion(uri="m/2"))
    kept, pushed = (a_run(name, evaluation=evaluation, baseline=ModelVersion(uri=uri)) for name, uri in (("b", "m/1"), ("b", "m/2")))
    known = {("a", "serving"): scores(1, 0.2), ("a", "candidate"): scores(2, 0.3)}

    assert known["a", "serving"] is labelled_before(kept, (first, kept), known)
    assert labelled_before(pushed, (first, pushed), {("a", "serving"): known["a", "serving"]}) is None
    assert labelled_before(first, (first, kept), known) is None
