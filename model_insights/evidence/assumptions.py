"""What was assumed when the serving model was trained, and what became of it: held, strained or violated, each with its evidence.

A model is bought on assumptions that nobody wrote down. Each is tested against the run that trained it, whatever the page is compared with.
"""

from __future__ import annotations

from collections.abc import Sequence

from model_insights.cost.account import RunCost, by_unit
from model_insights.cost.units import value_names
from model_insights.evidence.change import feature_change, missing_change, share_change
from model_insights.evidence.data import labels_of, main_split, whole_of
from model_insights.evidence.fact import Source, State
from model_insights.evidence.outliers import tails
from model_insights.evidence.versions import services
from model_insights.ids import feature_id
from model_insights.noun import Noun
from model_insights.run import Run
from model_insights.stats import DatasetStats, FeaturePath, FeatureStats
from model_insights.wording import Words, plural, value_name

_NAMED = 3  # features or units named in a sentence
_STRAINED, _VIOLATED = 0.02, 0.1  # relative change of a unit value
_NEW = (0.005, 0.05)  # share of values, or of volume, that the training did not hold: strained, violated
_LUCK = 0.01  # Bonferroni over the features


class Assumption(Noun):
    """One assumption: what was taken for granted, how it was then and is now, and the state (held, watch for strained, violated, unknown)."""

    id: str
    assumed: str
    then: str
    now: str
    state: State
    evidence: str
    source: Source = Source(kind="none")


class Deal(Noun, eq=False):
    """What the assumptions are tested on: the judged run and the run whose data trained its serving model last, with their costs."""

    run: Run
    training: Run
    cost: RunCost | None
    training_cost: RunCost | None
    since: Run | None  # first period of the stretch above the expected level
    runs: tuple[Run, ...]
    clocks: frozenset[FeaturePath] = frozenset()  # features that move with time: nothing is assumed of them


def training_of(runs: Sequence[Run], run: Run) -> Run | None:
    """The run that trained the model serving in `run`; None where lineage does not say."""
    made = run.baseline.run_id if run.baseline else ""
    return next((one for one in runs if one.id == made), None)


def assumptions(deal: Deal, words: Words) -> tuple[Assumption, ...]:
    """Every assumption that can be named, in the order of the triangle: business, data, model."""
    return (
        _prices(deal, words), _products(deal, words), _outcome_rate(deal, words), _latency(deal, words), _ranges(deal, words), _level(deal, words),
        _age(deal, words),
    )  # fmt: skip


def _unknown(name: str, assumed: str, reason: str) -> Assumption:
    return Assumption(id=name, assumed=assumed, then="not known", now="not known", state="unknown", evidence=reason)


# --- business ----------------------------------------------------------------------------------------------------------------------


def _prices(deal: Deal, words: Words) -> Assumption:
    assumed = "A mistake costs what it cost"
    if deal.cost is None or deal.training_cost is None:
        return _unknown("prices", assumed, "The unit values of both periods are not known: price the history in insights.toml.")
    old, names = by_unit(deal.training_cost), value_names(deal.cost.rule)
    moves = [
        (abs(now / then - 1) if then else 1.0, line.unit.text, name, then, now)
        for line in deal.cost.lines if line.unit in old
        for name, then, now in zip(names, old[line.unit].values, line.values, strict=False) if then != now
    ]  # fmt: skip
    largest = max(moves, default=None)
    if largest is None or largest[0] <= _STRAINED:
        text = f"All unit values are within {words.percent(_STRAINED)} of those of the training."
        return Assumption(id="prices", assumed=assumed, then="as priced", now="the same", state="held", evidence=text)
    size, unit, name, then, now = largest
    moved = len({one[1] for one in moves if one[0] > _STRAINED})
    evidence = f"The {value_name(name)} of {unit} moved by {words.percent(size)}, the most of {plural(moved, 'unit')} whose values moved."
    return Assumption(
        id="prices", assumed=assumed, then=words.number(then), now=words.number(now), state="violated" if size > _VIOLATED else "watch", evidence=evidence,
        source=Source(kind="table", text="business tables"),
    )  # fmt: skip


def _products(deal: Deal, words: Words) -> Assumption:
    assumed = "What is sold is what was sold"
    if deal.cost is None or deal.training_cost is None:
        return _unknown("products", assumed, "The units of both periods are not known: price the history in insights.toml.")
    old = by_unit(deal.training_cost)
    new = sorted((line for line in deal.cost.lines if line.unit not in old), key=lambda line: -line.cases)
    total = sum(line.cases for line in deal.cost.lines)
    share = sum(line.cases for line in new) / total if total else 0.0
    names = ", ".join(line.unit.text for line in new[:_NAMED])
    evidence = (
        f"New since the training: {names}, with {words.percent(share, 1)} of the volume."
        if new
        else "Every unit was there in the training."
    )
    return Assumption(
        id="products", assumed=assumed, then=plural(len(old), "unit"), now=f"{plural(len(new), 'new unit')}", state=_graded(share, _NEW), evidence=evidence
    )  # fmt: skip


def _outcome_rate(deal: Deal, words: Words) -> Assumption:
    assumed = "Outcomes are as frequent"
    labelled = [_label_rate(one) for one in (deal.training, deal.run)]
    if labelled[0] is None or labelled[1] is None:
        return _unknown("prior", assumed, "The statistics hold no outcome of 0 and 1: name its label_key in the Evaluator's configuration.")
    change = share_change(labelled[0], labelled[1])
    relative = abs(change.difference) / change.reference if change.reference else 1.0
    certain = not change.low <= 0 <= change.high
    state: State = "violated" if certain and relative > 0.2 else "watch" if certain and relative > 0.05 else "held"
    evidence = f"The difference is {words.points(change.difference)} (95 %: {words.points(change.low)} to {words.points(change.high)})."
    return Assumption(
        id="prior", assumed=assumed, then=words.percent(change.reference, 1), now=words.percent(change.current, 1), state=state, evidence=evidence
    )  # fmt: skip


def _label_of(run: Run) -> tuple[FeatureStats, DatasetStats] | None:
    statistics = main_split(run)
    whole = statistics.whole if statistics else None
    labels = labels_of(run)
    found = next((one for one in whole.features if one.name in labels), None) if whole else None
    return (found, whole) if found is not None and whole is not None else None


def _label_rate(run: Run) -> tuple[float, int] | None:
    """(share of positives, examples) of an outcome of 0 and 1."""
    known = _label_of(run)
    numeric = known[0].numeric if known else None
    if known is None or numeric is None or numeric.mean is None or numeric.min not in (0, 1) or numeric.max not in (0, 1):
        return None
    return numeric.mean, known[0].common.tot_num_values


def _latency(deal: Deal, words: Words) -> Assumption:
    assumed = "Outcomes are in when the run starts"
    old, new = _label_of(deal.training), _label_of(deal.run)
    change = missing_change((old[0], old[1].num_examples), (new[0], new[1].num_examples)) if old and new else None
    if change is None:
        return _unknown("latency", assumed, "The statistics hold no outcome: name its label_key in the Evaluator's configuration.")
    late = change.low > 0.01
    state: State = "violated" if late else "watch" if change.low > 0 else "held"
    evidence = "Rates and costs speak of the outcomes that are in." if late else "As many examples have their outcome as in the training."
    return Assumption(
        id="latency", assumed=assumed, then=f"{words.percent(change.reference, 1)} without", now=f"{words.percent(change.current, 1)} without", state=state,
        evidence=evidence,
    )  # fmt: skip


# --- data --------------------------------------------------------------------------------------------------------------------------


def _ranges(deal: Deal, words: Words) -> Assumption:
    assumed = "Inputs stay where the model has seen them"
    statistics = main_split(deal.run)
    current = statistics.whole if statistics else None
    before = whole_of(deal.training, statistics.split) if statistics else None
    if current is None or before is None:
        return _unknown("ranges", assumed, "The statistics of both periods are not there: add StatisticsGen to the pipeline.")
    olds = {one.path: one for one in before.features}
    kept = [one for one in current.features if one.path in olds and one.path not in deal.clocks]
    pairs = [(olds[one.path], one) for one in kept if olds[one.path].type == one.type]
    outside = sorted(((_outside(old, new, len(pairs)), new) for old, new in pairs), key=lambda one: (-one[0], one[1].name))
    found = [(share, feature) for share, feature in outside if share >= _NEW[0]]
    if not found:
        text = f"Of {plural(len(pairs), 'feature')} none has values outside the training's beyond luck."
        return Assumption(id="ranges", assumed=assumed, then="the training's range", now="the same", state="held", evidence=text)
    said = ", ".join(f"{feature.name} {words.percent(share, 1)}" for share, feature in found[:_NAMED])
    return Assumption(
        id="ranges", assumed=assumed, then="the training's range", now=f"{plural(len(found), 'feature')} outside", state=_graded(found[0][0], _NEW),
        evidence=f"Values that the training did not hold: {said}.", source=Source(kind="feature", id=feature_id(found[0][1].path), text=found[0][1].name),
    )  # fmt: skip


def _outside(old: FeatureStats, new: FeatureStats, family: int) -> float:
    """Proven share of values that the training did not hold: outside its range, or new ones; 0 where luck explains it."""
    if old.numeric is not None:
        if old.numeric.max is not None and new.numeric is not None and new.numeric.min is not None and new.numeric.min > old.numeric.max:
            return 1.0
        found = tails(old, new)
        return found.outside_low if found is not None and found.outside_chance < _LUCK / max(family, 1) else 0.0
    change = feature_change(old, new)
    return change.new_mass if change is not None else 0.0


# --- model -------------------------------------------------------------------------------------------------------------------------


def _level(deal: Deal, words: Words) -> Assumption:
    assumed = "The world goes on as it was (stationarity)"
    if deal.cost is None:
        return _unknown("stationarity", assumed, "No cost is known for this run, so its level cannot be judged.")
    if deal.since is None:
        text = "The cost of mistakes is at the level that earlier periods let expect."
        return Assumption(id="stationarity", assumed=assumed, then="the expected level", now="the same", state="held", evidence=text)
    text = f"The cost of mistakes has been above the expected level since {words.day(deal.since.period.label)}."
    return Assumption(id="stationarity", assumed=assumed, then="the expected level", now="above it", state="violated", evidence=text)


def _age(deal: Deal, words: Words) -> Assumption:
    assumed = "The model is renewed as often as usual"
    known = services(deal.runs)
    now = next((one for one in known if one.run_id == deal.run.id), None)
    at = [one.run_id for one in known].index(deal.run.id) if now is not None else 0
    ages = [one.age for one in known[:at] if one.age is not None]
    if now is None or now.age is None or not ages:
        return _unknown("age", assumed, "Lineage does not say how old the models of earlier periods were.")
    state: State = "watch" if now.age > max(ages) and len(ages) >= 3 else "held"
    return Assumption(
        id="age", assumed=assumed, then=f"at most {plural(max(ages), 'period')}", now=plural(now.age, "period"), state=state,
        evidence=f"It was trained in {words.day(deal.training.period.label)}.", source=Source(kind="artifact", id="model", text="model"),
    )  # fmt: skip


def _graded(share: float, steps: tuple[float, float]) -> State:
    return "violated" if share >= steps[1] else "watch" if share >= steps[0] else "held"
