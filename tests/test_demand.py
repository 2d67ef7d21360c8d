"""Demand that goes from one slice to another is seen where one loses what the other wins, and only there; marketing spend stands beside it."""

from __future__ import annotations

import msgspec
import polars as pl
import pytest

from model_insights.config import parse
from model_insights.errors import ConfigError
from model_insights.evidence.demand import gather, opposite_moves
from model_insights.loaded import Loaded
from model_insights.metrics import EvalConfig, Evaluation, MetricKey, ModelSpec
from model_insights.reading_spend import read_spend
from model_insights.run import Period
from model_insights.slices import OVERALL, SliceKey
from model_insights.wording import Words
from tests.builders import a_history, a_run, an_evaluation

WORDS = Words(currency="EUR")
MODELS = ("baseline", "baseline")


def shop(rates: dict[str, float], n: int = 4_000) -> Evaluation:
    """`n` cases of each brand with these outcome rates."""
    count, label = (MetricKey(name=name, model_name="baseline") for name in ("example_count", "mean_label"))
    values = {(OVERALL, count): float(n * len(rates)), (OVERALL, label): sum(rates.values()) / len(rates)}
    for brand, rate in rates.items():
        where = SliceKey(items=(("brand", brand),))
        values |= {(where, count): float(n), (where, label): rate}
    models = (ModelSpec(name="candidate"), ModelSpec(name="baseline", is_baseline=True))
    return msgspec.structs.replace(an_evaluation(values), config=EvalConfig(models=models, slicing=(("brand",),)))


def test_what_one_brand_lost_another_won() -> None:
    (found,) = opposite_moves(shop({"A": 0.2, "B": 0.2, "C": 0.2}), shop({"A": 0.12, "B": 0.28, "C": 0.2}), MODELS)

    assert ("brand", ["brand=A"], ["brand=B"]) == (found.column, [m.where.text for m in found.fell], [m.where.text for m in found.rose])


def test_a_brand_that_only_lost_gave_nothing_to_the_others() -> None:
    assert () == opposite_moves(shop({"A": 0.2, "B": 0.2, "C": 0.2}), shop({"A": 0.1, "B": 0.2, "C": 0.2}), MODELS)


def test_luck_moves_no_demand() -> None:
    assert () == opposite_moves(shop({"A": 0.2, "B": 0.2}), shop({"A": 0.195, "B": 0.206}), MODELS)


def test_the_fact_names_both_sides_and_the_spend_beside_it() -> None:
    before = a_run("a", evaluation=Loaded(value=shop({"A": 0.2, "B": 0.2})))
    now = a_run("b", evaluation=Loaded(value=shop({"A": 0.12, "B": 0.28})))
    spend = {"a": {"channel=tv": 1_000.0, "channel=search": 500.0}, "b": {"channel=tv": 2_000.0, "channel=search": 510.0}}
    facts = {one.measure: one for one in gather(before, now, spend, WORDS)}

    assert (
        "outcomes of A from 10.0\u00a0% to 6.0\u00a0% of all cases fell, and of B from 10.0\u00a0% to 14.0\u00a0% rose"
        in facts["demand between slices"].sentence
    )
    assert "channel=tv EUR\u00a01,000 → EUR\u00a02,000" in facts["demand between slices"].sentence
    assert "watch" == facts["marketing spend"].state


def test_steady_spend_is_held() -> None:
    before, now = a_run("a"), a_run("b")

    assert ["held"] == [one.state for one in gather(before, now, {"a": {"tv": 100.0}, "b": {"tv": 110.0}}, WORDS)]
    assert () == gather(before, now, {}, WORDS)


def test_spend_is_read_by_date_and_summed_over_its_channels() -> None:
    history = a_history(
        a_run("a", period=Period(label="w1", start="2024-07-01", end="2024-07-07")),
        a_run("b", period=Period(label="w2", start="2024-07-08", end="2024-07-14")),
    )
    frame = pl.DataFrame({"date": ["2024-07-02", "2024-07-03", "2024-07-09"], "channel": ["tv", "tv", "search"], "spend": [1.0, 2.0, 4.0]})

    assert {"a": {"channel=tv": 3.0}, "b": {"channel=search": 4.0}} == read_spend(history, frame)
    assert {} == read_spend(history, frame.drop("spend"))


def test_a_spend_table_that_is_not_there_is_a_mistake_in_the_configuration() -> None:
    with pytest.raises(ConfigError, match=r"insights.spend names table 'costs'"):
        parse('[insights]\ncurrency = "EUR"\nspend = "costs"\n')
