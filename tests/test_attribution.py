"""The account row by row: it adds up whatever the rows say, and finds what was put into simulated worlds."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_insights.attribution.account import RowStep, Walk, before_change, from_means, row_ledger, to_means
from model_insights.attribution.contrasts import Contrasts, Said, Sample, contrasts
from model_insights.attribution.notes import Overlap
from model_insights.attribution.rows import ScoredRows, no_scores, row_form, row_rates
from model_insights.attribution.step import Periods, rows_ledger
from model_insights.attribution.sublines import auc, leaves, moved_inputs, ranking
from model_insights.config import CostRule
from model_insights.cost.account import run_cost
from model_insights.cost.model import Cells, Floats
from model_insights.evidence.quality import Corruption, Operator
from model_insights.ledger import Adjacent, Ledger, adjacent_ledger
from model_insights.lineage import Artifact
from model_insights.run import ModelVersion, Run
from tests.builders import a_run, a_unit, some_cells

UNITS = ("a", "b", "c")
RULE = CostRule(name="stock", kind="inventory", over=2.0, under=3.0, unit=("line",))
CLASSES = CostRule(name="fraud", kind="classification", threshold=0.3, fp=2.0, fn=5.0, unit=("line",))
NO_OVERLAP = Overlap(rows=(0, 0), effective=1.0, largest_weight=0.0, separability=0.5, miscalibration=0.0)
numbers = st.floats(-0.2, 0.2)


# --- it adds up ------------------------------------------------------------------------------------------------------------------


@st.composite
def walks(draw: st.DrawFn, *, kind: str) -> RowStep:
    """Any rates, any contrasts, any mixture of methods and orders."""
    k = 4 if kind == "classification" else 2
    rate = st.floats(0.0, 1.0)

    def cells() -> Cells:
        rates = [[draw(rate) for _ in range(k)] for _ in UNITS]
        return some_cells(
            units=UNITS, kind=kind, rates=rates, volume=[draw(st.floats(1.0, 1e5)) for _ in UNITS],
            values=[[draw(st.floats(0.0, 100.0)) for _ in range(4 if kind == "classification" else 3)] for _ in UNITS],
        )  # fmt: skip

    before, after, middle = cells(), cells(), cells()
    values = np.array([draw(numbers) for _ in range(6 * 3 * k)]).reshape(6, 3, k)
    methods = tuple(draw(st.sampled_from(["doubly robust", "on the overlap", "merged"])) for _ in UNITS)
    found = Contrasts(
        begun=values[0], ended=values[1], unseen=values[2], mix_then=values[3], mix_now=values[4], paired=values[5], lever=np.ones((3, k)),
        error=np.stack([np.eye(6 * k) * 1e-4] * 3), method=methods, overlap=NO_OVERLAP, chance_then=np.zeros(0), chance_now=np.zeros(0), surprise=np.zeros(0), miss=np.zeros(0),
    )  # fmt: skip
    order = draw(st.sampled_from(["first", "last", "both"]))
    kept = Cells(
        kind=before.kind, units=before.units, volume=before.volume, values=before.values, rates=middle.rates, spread=before.spread,
        n=before.n, realised=True,
    )  # fmt: skip
    end = Cells(
        kind=after.kind, units=after.units, volume=after.volume, values=after.values, rates=before_change(after.rates, values[5], np.ones(k), kind),
        spread=after.spread, n=after.n, realised=True,
    )  # fmt: skip
    step = Adjacent(before=run_cost("r0", RULE, "", before, ()), after=run_cost("r1", RULE, "", after, ()), middle=kept)
    units = tuple(a_unit(one) for one in UNITS)
    first = Walk(start=kept, end=after, contrasts=found) if order != "last" else None
    last = Walk(start=before, end=end, contrasts=found) if order != "first" else None
    return RowStep(step=step, units=units, first=first, last=last, tier="T3")


@pytest.mark.parametrize("kind", ["inventory", "classification", "regression"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_lines_sum_to_the_change_and_units_to_lines(kind: str, data: st.DataObject) -> None:
    made = data.draw(walks(kind=kind))
    ledger = row_ledger(made, adjacent_ledger(made.step))
    scale = max(1.0, ledger.scale)

    assert sum(line.money.value for line in ledger.lines) == pytest.approx(ledger.change, abs=1e-9 * scale)
    for line in ledger.lines:
        assert sum(money for _, money in line.by_unit) == pytest.approx(line.money.value, abs=1e-9 * scale)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_every_draw_moves_adds_up_like_the_draw_itself(data: st.DataObject) -> None:
    made = data.draw(walks(kind="inventory"))
    ledger = row_ledger(made, adjacent_ledger(made.step))
    total = np.sum(list(ledger.draws.values()), axis=0)

    assert total.mean() == pytest.approx(ledger.change, abs=1e-6 * max(1.0, ledger.scale))


@given(bias=st.floats(-5, 5), spread=st.floats(0, 5))
def test_bias_and_spread_survive_as_means(bias: float, spread: float) -> None:
    rates = np.array([[bias, spread]])

    np.testing.assert_allclose(from_means(to_means(rates, "regression"), "regression"), rates, atol=1e-6)


# --- simulated worlds --------------------------------------------------------------------------------------------------------------
# Three lines; price and device move the outcome; the model knows the first law. Rates of the periods are those of a large population.


def world(n: int, seed: int, *, mix: float = 0.0, concept: float = 0.0) -> dict[str, Any]:
    """Rows of a period. `mix` moves price and device inside the lines, `concept` the outcomes of line a."""
    rng = np.random.default_rng(seed)
    line = rng.choice(np.array(UNITS, object), n)
    price = rng.normal(60 + 12 * mix, 15, n)
    phone = rng.random(n) < 0.4 + 0.15 * mix
    logit = -1.5 - 0.03 * (price - 60) + 0.8 * phone + 0.5 * (line == "b")
    outcome = (rng.random(n) < 1 / (1 + np.exp(-(logit + concept * (line == "a"))))).astype(float)
    device = np.where(phone, "phone", "desktop").astype(object)
    return {"columns": {"line": line, "price": price, "device": device}, "label": outcome}


def model(columns: Any, *, tilt: float = 0.0) -> Floats:
    """What the model says: the law without concept; `tilt` spoils it. It reads a missing price as 30."""
    price = np.where(np.isfinite(columns["price"]), columns["price"], 30.0)
    logit = -1.5 - 0.03 * (price - 60) + 0.8 * (columns["device"] == "phone") + 0.5 * (columns["line"] == "b") + tilt
    return 1 / (1 + np.exp(-logit))


def rows(made: dict[str, Any], *, tilt: float | None = None, rescored: Any = no_scores, tier: Any = "T3") -> ScoredRows:
    scores = {"1": model(made["columns"])}
    if tilt is not None:
        scores["2"] = model(made["columns"], tilt=tilt)
    return ScoredRows(columns=made["columns"], label=made["label"], scores=scores, rescored=rescored, tier=tier)


def cells_of(rule: CostRule, made: dict[str, Any], score: Floats, volume: float = 30_000.0) -> Cells:
    """What aggregates say of the same population."""
    label, line = made["label"], made["columns"]["line"]
    rates = []
    for unit in UNITS:
        at = line == unit
        if rule.kind == "inventory":
            rates.append([score[at].mean(), label[at].mean()])
        else:
            decided, happened = score[at] >= 0.3, label[at] > 0.5
            rates.append(
                [(decided & happened).mean(), (decided & ~happened).mean(), (~decided & ~happened).mean(), (~decided & happened).mean()]
            )
    kind = rule.kind
    return some_cells(units=UNITS, volume=[volume / 3] * 3, rates=rates, kind=kind, realised=kind == "inventory", n=1e6)


def a_version(key: int, spans: tuple[str, ...] = ()) -> ModelVersion:
    return ModelVersion(artifact=Artifact(id=key, type="Model", uri=""), data_spans=spans)


def account(
    rule: CostRule, before: dict[str, Any], after: dict[str, Any], *, tables: dict[str, ScoredRows], cells: tuple[Cells, Cells], now: int = 1,
    middle: Cells | None = None, begun: tuple[Corruption, ...] = (), ended: tuple[Corruption, ...] = (),
) -> Ledger:  # fmt: skip
    step = Adjacent(before=run_cost("r0", rule, "", cells[0], ()), after=run_cost("r1", rule, "", cells[1], ()), middle=middle or cells[0])
    periods = Periods(
        rule=rule, label="label", tables=lambda run, _: tables[run.id], corruptions=lambda *_: (begun, ended), clocks=(),
    )  # fmt: skip
    runs: tuple[Run, Run] = (a_run("r0", baseline=a_version(1)), a_run("r1", baseline=a_version(now)))
    return rows_ledger(periods, *runs, step)


@functools.lru_cache
def population(kind: str, mix: float, concept: float) -> tuple[Cells, Cells]:
    """What the aggregates say of both periods."""
    rule = RULE if kind == "inventory" else CLASSES
    crowd = [world(400_000, 901), world(400_000, 902, mix=mix, concept=concept)]
    one, two = (cells_of(rule, made, model(made["columns"])) for made in crowd)
    return one, two


def simulated(rule: CostRule, *, n: int = 6_000, seed: int = 0, mix: float = 0.0, concept: float = 0.0) -> tuple[Ledger, float]:
    """(ledger, true change) where one model serves both periods."""
    cells = population(rule.kind, mix, concept)
    before, after = world(n, seed), world(n, seed + 1, mix=mix, concept=concept)
    ledger = account(rule, before, after, tables={"r0": rows(before), "r1": rows(after)}, cells=cells)
    return ledger, ledger.change


def money(ledger: Ledger, name: Any) -> float:
    line = ledger.line(name)
    return line.money.value if line is not None else 0.0


@pytest.mark.parametrize("rule", [RULE, CLASSES], ids=["inventory", "classification"])
def test_moved_inputs_alone_are_mix(rule: CostRule) -> None:
    ledger, change = simulated(rule, mix=1.0)
    error = 3 * float(np.std(ledger.draws["concept"])) + 0.02 * abs(ledger.before)

    assert ledger.tier == "T3"
    assert money(ledger, "concept") == pytest.approx(0.0, abs=error)
    assert money(ledger, "mix") == pytest.approx(change, abs=error)


@pytest.mark.parametrize("rule", [RULE, CLASSES], ids=["inventory", "classification"])
def test_moved_outcomes_alone_are_concept_and_of_their_unit(rule: CostRule) -> None:
    ledger, change = simulated(rule, concept=-0.8)
    error = 3 * float(np.std(ledger.draws["mix"])) + 0.02 * abs(ledger.before)
    by_unit = dict(ledger.line("concept").by_unit)

    assert money(ledger, "concept") == pytest.approx(change, abs=error)
    assert money(ledger, "mix") == pytest.approx(0.0, abs=error)
    assert by_unit[a_unit("a")] == pytest.approx(change, abs=error + 0.05 * abs(change))


def test_both_at_once_are_parted() -> None:
    alone, _ = simulated(CLASSES, mix=1.0)
    ledger, change = simulated(CLASSES, mix=1.0, concept=-0.8)

    assert money(ledger, "mix") == pytest.approx(money(alone, "mix"), abs=0.35 * abs(money(alone, "mix")) + 500)
    assert money(ledger, "concept") == pytest.approx(change - money(ledger, "mix"), abs=1e-6)


def test_the_interval_of_concept_holds_the_truth_in_most_worlds() -> None:
    held = []
    for seed in range(10, 30):
        ledger, _ = simulated(CLASSES, n=1_500, seed=2 * seed, mix=0.5)
        line = ledger.line("concept")
        held.append(line.money.low <= 0.0 <= line.money.high)

    assert sum(held) >= 16


def test_a_worse_model_alone_is_the_model_line_on_the_later_rows() -> None:
    crowd = [world(400_000, 901), world(400_000, 902)]
    cells = (cells_of(RULE, crowd[0], model(crowd[0]["columns"])), cells_of(RULE, crowd[1], model(crowd[1]["columns"], tilt=0.7)))
    before, after = world(6_000, 3), world(6_000, 4)
    tables = {"r0": rows(before, tilt=0.7), "r1": rows(after, tilt=0.7)}
    ledger = account(RULE, before, after, tables=tables, cells=cells, now=2)

    assert ledger.rows.order == "later data"
    assert money(ledger, "model") == pytest.approx(ledger.change, rel=0.05)
    assert abs(money(ledger, "concept")) + abs(money(ledger, "mix")) < 0.05 * ledger.change


def spoiled_world(n: int, seed: int, share: float = 1.0) -> dict[str, Any]:
    """Prices of phones are missing."""
    made = world(n, seed)
    gone = (made["columns"]["device"] == "phone") & (np.random.default_rng(seed + 500).random(n) < share)
    return {**made, "columns": {**made["columns"], "price": np.where(gone, np.nan, made["columns"]["price"])}}


LOST = Corruption(path=("price",), kind="missing", operator=Operator(kind="missing", share=0.4), share=0.4)


def asks_the_model(columns: Any, faults_put_in: Any) -> Any:
    """A `rescored` that really asks: the test's own injection, as the score command makes it."""
    return lambda key, digest: model(faults_put_in(columns, digest)) if digest else None


@pytest.mark.parametrize("tier", ["T3", "T2"])
def test_a_fault_of_the_recording_is_quality_whether_the_model_is_asked_again_or_not(tier: Any) -> None:
    def put_in(columns: Any, _: str) -> Any:
        return {**columns, "price": np.where(columns["device"] == "phone", np.nan, columns["price"])}

    crowd = [world(400_000, 901), spoiled_world(400_000, 902)]
    cells = tuple(cells_of(RULE, one, model(one["columns"])) for one in crowd)
    before, after = world(6_000, 5), spoiled_world(6_000, 6)
    rescored = asks_the_model(before["columns"], put_in) if tier == "T3" else no_scores
    tables = {"r0": rows(before, rescored=rescored, tier=tier), "r1": rows(after, tier=tier)}
    ledger = account(RULE, before, after, tables=tables, cells=cells, begun=(LOST,))  # type: ignore[arg-type]

    assert (ledger.tier, ledger.rows.quality) == (tier, "re-scored" if tier == "T3" else "adjusted")
    assert money(ledger, "quality") == pytest.approx(ledger.change, rel=0.2, abs=0.02 * ledger.before)
    assert abs(money(ledger, "concept")) < 0.2 * abs(ledger.change) + 0.02 * ledger.before


def test_a_mended_fault_is_quality_with_the_other_sign() -> None:
    crowd = [spoiled_world(400_000, 901), world(400_000, 902)]
    cells = tuple(cells_of(RULE, one, model(one["columns"])) for one in crowd)
    before, after = spoiled_world(6_000, 7), world(6_000, 8)
    ledger = account(RULE, before, after, tables={"r0": rows(before, tier="T2"), "r1": rows(after, tier="T2")}, cells=cells, ended=(LOST,))  # type: ignore[arg-type]

    assert money(ledger, "quality") == pytest.approx(ledger.change, rel=0.2, abs=0.02 * ledger.before)


def test_a_new_value_is_unseen_and_no_concept() -> None:
    before, after = world(4_000, 9), world(4_000, 10)
    fresh = np.random.default_rng(11).random(4_000) < 0.1
    after["columns"]["device"] = np.where(fresh, "watch", after["columns"]["device"]).astype(object)
    after["label"] = np.where(fresh & (np.arange(4_000) % 5 > 0), 1.0, after["label"])
    cells = tuple(cells_of(RULE, one, model(one["columns"])) for one in (before, after))
    ledger = account(RULE, before, after, tables={"r0": rows(before), "r1": rows(after)}, cells=cells)  # type: ignore[arg-type]

    assert money(ledger, "unseen") > 0.7 * ledger.change > 0
    assert abs(money(ledger, "concept")) < 0.25 * ledger.change


def test_periods_without_overlap_stay_merged() -> None:
    before, after = world(2_000, 12), world(2_000, 13)
    after["columns"]["price"] = after["columns"]["price"] + 300
    cells = tuple(cells_of(RULE, one, model(one["columns"])) for one in (before, after))
    ledger = account(RULE, before, after, tables={"r0": rows(before), "r1": rows(after)}, cells=cells)  # type: ignore[arg-type]

    assert ledger.rows.merged == ledger.rows.units == 3
    assert money(ledger, "concept") == money(ledger, "quality") == 0.0
    assert ledger.line("rate").corners == ("business", "data")


def test_a_unit_with_few_rows_stays_in_the_rates() -> None:
    before, after = world(4_000, 14), world(4_000, 15, concept=-0.8)
    few = (after["columns"]["line"] != "a") | (np.arange(4_000) < 60)
    after = {"columns": {k: v[few] for k, v in after["columns"].items()}, "label": after["label"][few]}
    cells = tuple(cells_of(RULE, one, model(one["columns"])) for one in (before, world(4_000, 15, concept=-0.8)))
    ledger = account(RULE, before, after, tables={"r0": rows(before), "r1": rows(after)}, cells=cells)  # type: ignore[arg-type]

    assert ledger.rows.merged == 1
    assert [unit.text for unit, amount in ledger.line("rate").by_unit if amount] == ["line=a"]


def test_without_rows_the_account_is_that_of_the_aggregates_and_says_why() -> None:
    before, after = world(500, 16), world(500, 17)
    cells = tuple(cells_of(RULE, one, model(one["columns"])) for one in (before, after))
    step = Adjacent(before=run_cost("r0", RULE, "", cells[0], ()), after=run_cost("r1", RULE, "", cells[1], ()), middle=cells[0])
    periods = Periods(rule=RULE, label="label", tables=lambda *_: "no predictions were kept", corruptions=lambda *_: ((), ()), clocks=())
    ledger = rows_ledger(periods, a_run("r0", baseline=a_version(1)), a_run("r1", baseline=a_version(1)), step)

    assert (ledger.tier, ledger.rows_reason) == ("T1", "no predictions were kept")


def test_the_same_rows_give_the_same_digits() -> None:
    assert simulated(RULE, n=1_000, mix=0.5)[0].draws["mix"].tobytes() == simulated(RULE, n=1_000, mix=0.5)[0].draws["mix"].tobytes()


def test_the_outcome_model_and_the_overlap_are_told() -> None:
    before, after = world(4_000, 20), world(4_000, 21, mix=1.0)
    units = [np.searchsorted(np.array(UNITS), one["columns"]["line"].astype(str)) for one in (before, after)]
    samples = []
    for at, one in zip(units, (before, after), strict=True):
        base, slope = row_form(RULE, model(one["columns"]))
        said = Said(columns=one["columns"], score=model(one["columns"]), rates=base + one["label"][:, None] * slope, base=base, slope=slope)
        samples.append(Sample(at=at, outcome=one["label"], said=said))
    told = contrasts(*samples, 3).overlap

    assert told.rows == (4_000, 4_000)
    assert 0.2 < told.effective < 0.9
    assert 0.65 < told.separability < 0.85
    assert told.miscalibration < 5


@pytest.mark.parametrize("rule", [RULE, CLASSES], ids=["inventory", "classification"])
def test_rates_are_a_straight_line_of_the_outcome(rule: CostRule) -> None:
    made = rows(world(300, 30))
    base, slope = row_form(rule, made.scores["1"])

    np.testing.assert_allclose(row_rates(rule, made, made.scores["1"]), base + made.label[:, None] * slope)


def test_a_calendar_column_does_not_make_periods_incomparable() -> None:
    before, after = world(3_000, 40), world(3_000, 41, concept=-0.8)
    for made, month in ((before, 1.0), (after, 4.0)):
        made["columns"]["month"] = np.full(3_000, month)
    cells = tuple(cells_of(RULE, one, model(one["columns"])) for one in (before, after))
    tables = {"r0": rows(before), "r1": rows(after)}
    step = Adjacent(before=run_cost("r0", RULE, "", cells[0], ()), after=run_cost("r1", RULE, "", cells[1], ()), middle=cells[0])
    runs = (a_run("r0", baseline=a_version(1)), a_run("r1", baseline=a_version(1)))
    merged = {}
    for clocks in ((), ("month",)):
        periods = Periods(rule=RULE, label="label", tables=lambda run, _: tables[run.id], corruptions=lambda *_: ((), ()), clocks=clocks)
        merged[clocks] = rows_ledger(periods, *runs, step).rows.merged

    assert merged == {(): 3, ("month",): 0}


def out_of_date(*, helps: bool) -> Ledger:
    """Outcomes of line a fell before the later period began; the model trained since then was not deployed, and knows (or does not)."""
    crowd = [world(400_000, 901), world(400_000, 902, concept=-0.8)]
    cells = tuple(cells_of(RULE, one, model(one["columns"])) for one in crowd)
    before, after = world(6_000, 50), world(6_000, 51, concept=-0.8)
    newer = model(after["columns"], tilt=-0.8)
    score = np.where(after["columns"]["line"] == "a", newer, model(after["columns"])) if helps else model(after["columns"], tilt=0.01)
    scored = ScoredRows(
        columns=after["columns"], label=after["label"], scores={"1": model(after["columns"]), "3": score}, rescored=no_scores, tier="T3"
    )
    tables = {"r0": rows(before), "r1": scored}
    step = Adjacent(before=run_cost("r0", RULE, "", cells[0], ()), after=run_cost("r1", RULE, "", cells[1], ()), middle=cells[0])
    periods = Periods(rule=RULE, label="label", tables=lambda run, _: tables[run.id], corruptions=lambda *_: ((), ()), clocks=())
    runs = (a_run("r0", baseline=a_version(1), candidate=a_version(3)), a_run("r1", baseline=a_version(1)))
    return rows_ledger(periods, *runs, step)


def test_what_a_newer_model_would_have_recovered_is_stale_and_the_models_own() -> None:
    ledger = out_of_date(helps=True)

    assert ledger.line("stale").corners == ("model",)
    assert money(ledger, "stale") > 0.7 * ledger.change
    assert sum(line.money.value for line in ledger.lines) == pytest.approx(ledger.change, abs=1e-9 * ledger.scale)
    assert sum(amount for _, amount in ledger.line("stale").by_unit) == pytest.approx(money(ledger, "stale"))


def test_a_newer_model_that_knows_no_better_leaves_the_change_with_the_customers() -> None:
    ledger = out_of_date(helps=False)

    assert ledger.line("stale") is None
    assert money(ledger, "concept") == pytest.approx(ledger.change, rel=0.1)


# --- what rows tell besides money ------------------------------------------------------------------------------------------------


def samples_of(before: dict[str, Any], after: dict[str, Any]) -> tuple[Sample, Sample]:
    made = []
    for one in (before, after):
        score = model(one["columns"])
        base, slope = row_form(RULE, score)
        said = Said(columns=one["columns"], score=score, rates=base + one["label"][:, None] * slope, base=base, slope=slope)
        at = np.searchsorted(np.array(UNITS), one["columns"]["line"].astype(str))
        made.append(Sample(at=at, outcome=one["label"], said=said))
    return made[0], made[1]


def test_the_tree_finds_the_rows_whose_customers_changed() -> None:
    before, after = samples_of(world(6_000, 60), world(6_000, 61, concept=-1.2))
    found = leaves(before, after, contrasts(before, after, 3))

    assert found[0].where[0] == "line = a"
    assert found[0].high < 0


def test_the_tree_is_silent_where_nothing_changed() -> None:
    silent = 0
    for seed in range(70, 80):
        before, after = samples_of(world(2_000, seed), world(2_000, seed + 100))
        silent += not leaves(before, after, contrasts(before, after, 3))

    assert silent >= 8


def test_inputs_that_moved_the_predictions_are_named_and_sum_to_the_move() -> None:
    before, after = samples_of(world(4_000, 62), world(4_000, 63, mix=1.0))
    found = moved_inputs(before, after)

    assert {found[0].name, found[1].name} == {"price", "device"}
    assert sum(one.change for one in found) == pytest.approx(after.said.score.mean() - before.said.score.mean())


@pytest.mark.filterwarnings("ignore")
def test_auc_is_that_of_scikit_learn_ties_and_weights_included() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is the oracle of this test, and not installed")
    random = np.random.default_rng(1)
    score, positive, weight = random.integers(0, 30, 500).astype(float), random.random(500) < 0.3, random.random(500)
    different, place = np.unique(score, return_inverse=True)

    assert auc(place, len(different), positive, weight) == pytest.approx(metrics.roc_auc_score(positive, score, sample_weight=weight))


def test_a_model_that_ranks_at_random_is_the_models_part_of_auc() -> None:
    before, after = samples_of(world(3_000, 64), world(3_000, 65))
    noise = np.random.default_rng(3).random(3_000)
    scores = {"then": (before.said.score, after.said.score), "now": (noise, noise)}
    told = ranking(before, after, contrasts(before, after, 3), scores)
    parts = {one.name: one for one in told.parts}

    assert sum(one.change for one in told.parts) == pytest.approx(told.after - told.before)
    assert parts["model"].high < -0.1
    assert abs(parts["inputs"].change) + abs(parts["outcomes"].change) < 0.03
