"""Hops 2 to 4 for one question: this run, against that reference. Pure; everything it needs was read before."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeVar

import msgspec

from model_insights.attribution.rows import Tables
from model_insights.attribution.step import Periods, rows_ledger
from model_insights.config import Config, CostRule, SeverityBudget, TableSource
from model_insights.cost.account import RunCost, SeverityVerdict, run_cost, severity
from model_insights.cost.adding import added
from model_insights.cost.amounts import Amounts, amount_cells
from model_insights.cost.level import Expected, expected_levels
from model_insights.cost.model import Cells
from model_insights.cost.rates import Counts, Matrices, Spread, no_matrices, price
from model_insights.cost.result import RunResult
from model_insights.cost.units import UnitTable
from model_insights.cost.unlabelled import Estimate, Scores
from model_insights.estimating import estimates
from model_insights.evidence import business, data, demand, model, outcome, prior, versions
from model_insights.evidence.business import BusinessEvent
from model_insights.evidence.data import Calibration, FeatureJudgement
from model_insights.evidence.fact import Evidence, ordered
from model_insights.evidence.quality import Corruption
from model_insights.evidence.returned import returned, without_returned
from model_insights.history import Serving, evaluation_of, judged_runs, periods_in, served_by, serving
from model_insights.ledger import Adjacent, Ledger, LineId, adjacent_ledger, chain, turned
from model_insights.ledger_sum import added_ledger
from model_insights.results import Results, results_of
from model_insights.run import History, Run
from model_insights.unrest import retrain_spread, with_unrest
from model_insights.verdict import Verdict, conclude, confirmed_lines, is_up, material_of, rate_corners
from model_insights.wording import Words

Role = Literal["serving", "candidate"]


class Case(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A history with everything money needs, read beforehand.

    `units` by run id: the joined business table, or the sentence why there is none. `spread` by run id: see cost.rates.Spread."""

    history: History
    config: Config | None
    rule: CostRule | None
    units: Mapping[str, UnitTable | str]
    spread: Callable[[str], Spread]
    matrices: Callable[[str], Matrices] = lambda _: no_matrices  # by run id: multi-class confusion matrices from plots
    counts: Callable[[str], Counts] = lambda _: lambda model, units: {}  # by run id: confusion by threshold, where the rule has a capacity
    amounts: Mapping[tuple[str, str], Amounts | str] = {}  # by run id and role, of the kind amounts: money of the predictions
    scores: Mapping[tuple[str, str], Scores | str] = {}  # by run id and role: scores for estimates without labels
    results: Mapping[str, RunResult | str] = {}  # by run id: the second account, where insights.toml has [result]
    rows: Tables | None = None  # rows with scores, for the account row by row; None: they were not looked for
    label: str = ""  # the rows' column with the outcome
    sources: Mapping[str, TableSource] = {}  # the business tables, with their rates of exchange by day
    parts: tuple[Case, ...] = ()  # where there are several cost rules: the case of each; `rule` and its data are the first one's
    events: tuple[BusinessEvent, ...] = ()
    spend: Mapping[str, Mapping[str, float]] = {}  # by run id: what marketing spent, by channel or whatever the table is cut by
    words: Words = Words()
    config_reason: str = ""  # why there is no config


class Series(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The cost of every judged run under its serving model; a sentence where there is none. And the ledgers between neighbours."""

    runs: tuple[Run, ...]
    costs: Mapping[str, RunCost | str]
    candidate_costs: Mapping[str, RunCost]
    steps: Mapping[str, Ledger | str]  # by the later run's id
    retrain_spread: float
    levels: Mapping[str, Expected | None]
    lasting: Mapping[str, Run] = {}  # by run id: the last run before a loss that was found earlier and is still there
    estimates: Mapping[str, Estimate | str] = {}  # by run id: cost without labels, where the rule names predictions
    results: Results | None = None  # the second account, never added to `costs`
    parts: tuple[Series, ...] = ()  # where there are several cost rules: the series of each, of which this one is the sum

    def cost(self, run_id: str) -> RunCost | None:
        found = self.costs.get(run_id)
        return found if isinstance(found, RunCost) else None

    def expected_at(self, run_id: str) -> Expected | None:
        """The level expected of a run from the priced runs before it."""
        return self.levels.get(run_id)


class Judgement(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Everything the pages say about one run against one reference."""

    case: Case
    series: Series
    run: Run
    reference: Run | None
    serving: Serving
    cost: RunCost | None
    cost_reason: str
    ledger: Ledger | None
    ledger_reason: str
    expected: Expected | None
    severity: SeverityVerdict
    features: tuple[FeatureJudgement, ...]
    faults: tuple[Corruption, ...]
    evidence: tuple[Evidence, ...]
    verdict: Verdict
    since: Run | None  # first run of the unbroken stretch above the expected level
    whole: Judgement | None = None  # of one rule out of several: the judgement of all of them

    def corner(self, name: str) -> tuple[Evidence, ...]:
        return tuple(fact for fact in self.evidence if fact.corner == name)


def series(case: Case, calibration: Calibration | None = None) -> Series:
    """Prices every run of the history and every step between neighbours; row by row where there are rows, and `calibration` is given."""
    if case.parts:
        return _summed(case, tuple(series(part, calibration) for part in case.parts))
    runs = judged_runs(case.history)
    account = _account(case, calibration)
    costs = {run.id: _cost(case, run, serving(run).model, serving(run).reason) for run in runs}
    candidates = {run.id: cost for run in runs if isinstance(cost := _cost(case, run, _candidate(run), "", role="candidate"), RunCost)}
    steps: dict[str, Ledger | str] = {}
    for before, after in itertools.pairwise(runs):
        adjacent = _step(case, before, after, costs)
        steps[after.id] = adjacent if isinstance(adjacent, str) else account(before, after, adjacent)
    totals = [cost.total.value if isinstance(cost := costs[run.id], RunCost) else None for run in runs]
    season = season_length(case, runs)
    levels = dict(zip((run.id for run in runs), expected_levels(totals, season=season), strict=True))
    losses = {run.id for run, total in zip(runs, totals, strict=True) if total is not None and _is_loss(total, levels[run.id])}
    realised = {run_id: cost.total.value for run_id, cost in costs.items() if isinstance(cost, RunCost)}
    made = Series(
        runs=runs, costs=costs, candidate_costs=candidates, steps=with_unrest(steps, losses), retrain_spread=retrain_spread(steps, losses), levels=levels,
        estimates=estimates(case.rule, runs, case.scores, case.units, realised),
        results=results_of(case.config.result if case.config else None, case.results, runs, season),
    )  # fmt: skip
    return msgspec.structs.replace(made, lasting=_lasting(made, case.config.severity if case.config else None))


def _summed(case: Case, parts: tuple[Series, ...]) -> Series:
    """The series of all rules together. A period in which a rule has no cost has no total: a part would pass for the whole."""
    runs, names = parts[0].runs, [part.rule.name for part in case.parts if part.rule]
    currency = case.words.currency
    costs = {run.id: _sum([part.costs[run.id] for part in parts], names, lambda found: added(found, currency)) for run in runs}
    candidates = {run.id: [one for part in parts if (one := part.candidate_costs.get(run.id)) is not None] for run in runs}
    steps = {run_id: _sum([part.steps[run_id] for part in parts], names, added_ledger) for run_id in parts[0].steps}
    season = season_length(case, runs)
    totals = [cost.total.value if isinstance(cost := costs[run.id], RunCost) else None for run in runs]
    return Series(
        runs=runs, costs=costs, candidate_costs={run: added(found, currency) for run, found in candidates.items() if len(found) == len(parts)},
        steps=steps, retrain_spread=sum(part.retrain_spread for part in parts), parts=parts, results=parts[0].results,
        levels=dict(zip((run.id for run in runs), expected_levels(totals, season=season), strict=True)),
    )  # fmt: skip


_Added = TypeVar("_Added", RunCost, Ledger)


def _sum(found: Sequence[_Added | str], names: Sequence[str], add: Callable[[Sequence[_Added]], _Added]) -> _Added | str:
    """The sum, or the sentence of the first rule that has nothing to add."""
    failed = next((f"{name}: {one}" for name, one in zip(names, found, strict=True) if isinstance(one, str)), None)
    return failed if failed is not None else add([one for one in found if not isinstance(one, str)])


def by_rule(judged: Judgement) -> tuple[Judgement, ...]:
    """The judgement of each cost rule where there are several: its own cost, account and level. Severity, verdict and data are those of all."""
    return tuple(_of_rule(judged, case, made) for case, made in zip(judged.case.parts, judged.series.parts, strict=True))


def _of_rule(judged: Judgement, case: Case, made: Series) -> Judgement:
    found = made.costs.get(judged.run.id)
    ledger = ledger_between(made, judged.reference, judged.run) if judged.reference is not None else "there is no reference run"
    return msgspec.structs.replace(
        judged, case=case, series=made, cost=made.cost(judged.run.id), cost_reason=found if isinstance(found, str) else "",
        ledger=ledger if isinstance(ledger, Ledger) else None, ledger_reason=ledger if isinstance(ledger, str) else "",
        expected=made.expected_at(judged.run.id), whole=judged,
    )  # fmt: skip


def _is_loss(total: float, level: Expected | None) -> bool:
    """Above the expected level by more than ordinary periods are: what such a period shows is no measure of ordinary unrest."""
    return level is not None and total > level.value + 2 * max(level.spread, 0.1 * abs(level.value))


def season_length(case: Case, runs: tuple[Run, ...]) -> int | None:
    """The configured season in periods of this history; None without a configuration."""
    return periods_in(case.config.insights.season, runs) if case.config else None


def _candidate(run: Run) -> str | None:
    evaluation = evaluation_of(run)
    names = {key.model_name for key in evaluation.keys} if evaluation else set()
    return next((n for n in sorted(names) if n not in ("", serving(run).model)), "" if evaluation and names == {""} else None)


def _cost(case: Case, run: Run, model_name: str | None, reason: str, *, role: Role = "serving") -> RunCost | str:
    if case.rule is None:
        return case.config_reason or "insights.toml has no [[cost]] rule"
    if case.rule.kind == "amounts":
        return _row_cost(case, case.rule, run, model_name or role, role)
    evaluation = evaluation_of(run)
    if evaluation is None:
        return run.evaluation.sentence  # type: ignore[union-attr]  # Absent or Damaged: evaluation_of says so
    if model_name is None:
        return reason
    table = case.units.get(run.id, "the business tables were not read")
    if isinstance(table, str):
        return table
    priced = price(
        case.rule, evaluation, model_name, table, spread=case.spread(run.id), matrices=case.matrices(run.id), counts=case.counts(run.id)
    )
    if priced.cells is None:
        return f"no unit could be priced: {priced.gaps[0].reason}" if priced.gaps else "the business tables have no row for this period"
    return run_cost(run.id, case.rule, model_name, priced.cells, priced.gaps)


def _row_cost(case: Case, rule: CostRule, run: Run, model_name: str, role: Role) -> RunCost | str:
    """Cost from predictions row by row, scaled to the volume of the business tables where the rule has a grain."""
    amounts = case.amounts.get((run.id, role), "its predictions were not read")
    if isinstance(amounts, str):
        return amounts
    table = case.units.get(run.id, "the business tables were not read") if rule.grain else None
    if isinstance(table, str):
        return table
    priced = amount_cells(rule, amounts, table)
    if priced.cells is None:
        return f"no row could be priced: {priced.gaps[0].reason}" if priced.gaps else "there are no predictions"
    return run_cost(run.id, rule, model_name, priced.cells, priced.gaps)


def _account(case: Case, calibration: Calibration | None) -> Callable[[Run, Run, Adjacent], Ledger]:
    """How a step is accounted for: by rows where they were looked for, else by the aggregates."""
    periods = row_periods(case, calibration) if calibration is not None else None
    if periods is None:
        return lambda before, after, step: adjacent_ledger(step)
    return lambda before, after, step: rows_ledger(periods, before, after, step)


def row_periods(case: Case, calibration: Calibration) -> Periods | None:
    """What the account row by row asks of this history; None without a price, or where rows were not looked for."""
    if case.rows is None or case.rule is None:
        return None

    def corruptions(before: Run, after: Run) -> tuple[tuple[Corruption, ...], tuple[Corruption, ...]]:
        judged = data.judge_features(after, before, calibration)
        return data.find_corruptions(after, before, judged), data.find_corruptions(before, after, judged)

    clocks = tuple(".".join(path) for path in calibration.clocks)
    return Periods(rule=case.rule, label=case.label, tables=case.rows, corruptions=corruptions, clocks=clocks)


def _step(case: Case, before: Run, after: Run, costs: Mapping[str, RunCost | str]) -> Adjacent | str:
    old, new = costs[before.id], costs[after.id]
    for run, cost in ((before, old), (after, new)):
        if isinstance(cost, str):
            return f"{run.period.label} has no cost: {cost}"
    assert isinstance(old, RunCost)
    assert isinstance(new, RunCost)
    return Adjacent(before=old, after=new, middle=_middle(case, before, after))


def _middle(case: Case, before: Run, after: Run) -> Cells | None:
    """The model serving in `after`, judged on the data of `before`; None when that run did not judge it."""
    name = served_by(before, after)
    role: Role = "serving" if name == serving(before).model else "candidate"
    cost = _cost(case, before, name, "", role=role) if name is not None else None
    return cost.cells if isinstance(cost, RunCost) else None


def ledger_between(made: Series, reference: Run, run: Run) -> Ledger | str:
    """The (chained) ledger from reference to run, or the sentence why there is none. A later reference is accounted for backwards."""
    order = [one.id for one in made.runs]
    if reference.id not in order or run.id not in order or reference.id == run.id:
        return "the reference is the run itself" if reference.id == run.id else "the reference is not a judged run of this pipeline"
    if order.index(reference.id) > order.index(run.id):
        forwards = ledger_between(made, run, reference)
        return turned(forwards) if isinstance(forwards, Ledger) else forwards
    wanted = order[order.index(reference.id) + 1 : order.index(run.id) + 1]
    steps = [made.steps[run_id] for run_id in wanted]
    failed = next((step for step in steps if isinstance(step, str)), None)
    return failed if failed is not None else chain([step for step in steps if isinstance(step, Ledger)])


def judge(
    case: Case, made: Series, calibration: Calibration, run: Run, reference: Run | None, *, seen: Judgement | None = None
) -> Judgement:
    """The whole judgement of one run against one reference. `seen`: that of the same two under other prices, whose data are judged already."""
    cost = made.cost(run.id)
    found = made.costs.get(run.id)
    ledger = ledger_between(made, reference, run) if reference is not None else "there is no reference run"
    level = made.expected_at(run.id)
    budget = case.config.severity if case.config else None
    features = seen.features if seen else data.judge_features(run, reference, calibration) if reference else ()
    faults = seen.faults if seen else data.find_corruptions(run, reference, features) if reference else ()
    labels = {one.id: one.period.label for one in made.runs}
    data_facts = data.gather(run, reference, features, faults, case.words, labels=labels)
    known = ledger if isinstance(ledger, Ledger) else None
    facts = (
        *_business(case, made, reference, run, known),
        *demand.gather(reference, run, case.spend, case.words),
        *prior.gather(prior.labelled_before(run, made.runs, case.scores), case.scores.get((run.id, "serving")), case.words),
        *outcome.gather(made.results, reference, run, case.words),
        *data_facts,
        *model.gather(run, reference, known, case.words),
        *versions.gather(made.runs, run, case.words),
    )
    return Judgement(
        case=case, series=made, run=run, reference=reference, serving=serving(run), cost=cost, cost_reason=found if isinstance(found, str) else "",
        ledger=known, ledger_reason=ledger if isinstance(ledger, str) else "", expected=level,
        severity=_severity(case, run, cost, level, budget), features=features, faults=faults, evidence=ordered(facts),
        verdict=_verdict(case, known, ledger, _doubts(made, calibration, run, reference, data_facts), budget, run, ordinary=_is_seasonal(cost, level)), since=_since(made, run),
    )  # fmt: skip


def _business(case: Case, made: Series, reference: Run | None, run: Run, known: Ledger | None) -> tuple[Evidence, ...]:
    """Facts about prices, volume and outcomes: of each cost rule where there are several."""
    events = _events_between(case, reference, run)
    if not made.parts:
        return business.gather(made.cost(reference.id) if reference else None, made.cost(run.id), known, events, case.words)
    facts = [fact for fact in business.gather(None, None, None, events, case.words) if fact.id != "business:cost"]
    for part, one in zip(case.parts, made.parts, strict=True):
        ledger = ledger_between(one, reference, run) if reference is not None else ""
        own = business.gather(
            one.cost(reference.id) if reference else None, one.cost(run.id), ledger if isinstance(ledger, Ledger) else None, (), case.words
        )
        facts += [business.of_rule(fact, part.rule.name if part.rule else "") for fact in own]
    return tuple(facts)


def _severity(case: Case, run: Run, cost: RunCost | None, level: Expected | None, budget: SeverityBudget | None) -> SeverityVerdict:
    if cost is None:
        return SeverityVerdict(level="unknown", excess=None, reason="no cost is known for this run")
    return severity(cost, level, budget, days=run.period.days)


def _verdict(
    case: Case,
    known: Ledger | None,
    ledger: Ledger | str,
    facts: tuple[Evidence, ...],
    budget: SeverityBudget | None,
    run: Run,
    *,
    ordinary: bool,
) -> Verdict:
    if known is None:
        return Verdict(kind="open", reason=str(ledger))
    rules = [one.rule for one in (case.parts or (case,)) if one.rule]
    sliced_on = tuple(column for column in rules[0].unit if all(column in rule.unit for rule in rules)) if rules else ()
    owners, reason = rate_corners(known, facts, sliced_on)
    return conclude(known, owners, reason, budget, days=run.period.days, in_season=ordinary)


def _doubts(made: Series, calibration: Calibration, run: Run, reference: Run | None, facts: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """What the data corner found, but for features that are only back where they were in an ordinary run before the reference."""
    order = [one.id for one in made.runs]
    if reference is None or reference.id not in order:
        return facts
    before = [one for one in reversed(made.runs[: order.index(reference.id)]) if _is_ordinary(made, one)]
    return without_returned(facts, returned(run, before, facts, calibration))


def _is_ordinary(made: Series, run: Run) -> bool:
    cost = made.cost(run.id)
    return cost is not None and not _is_loss(cost.total.value, made.expected_at(run.id))


def _is_seasonal(cost: RunCost | None, level: Expected | None) -> bool:
    """Whether the cost is what the season lets expect: against another period of the year it may well have moved."""
    return cost is not None and level is not None and level.knows_season and not _is_loss(cost.total.value, level)


def _events_between(case: Case, reference: Run | None, run: Run) -> tuple[BusinessEvent, ...]:
    """Events after the reference period's start, up to the end of the run's period; the run's own where there is no reference."""
    start = reference.period.end or reference.period.start if reference else run.period.start
    end = run.period.end or run.period.start
    return tuple(event for event in case.events if start < event.date <= end) if end else ()


def ordinary_before(made: Series, run: Run) -> Run | None:
    """The last run before the stretch above the expected level that `run` stands in; None when it stands in none.

    A loss that began before the previous run is not explained by a comparison with it: both carry it."""
    since = _since(made, run)
    order = [one.id for one in made.runs]
    if since is None or order.index(since.id) == 0:
        return made.lasting.get(run.id)
    return made.runs[order.index(since.id) - 1]


def _lasting(made: Series, budget: SeverityBudget | None) -> dict[str, Run]:
    """The last run before a loss that was found in an earlier run and is still there, by the id of the run that still has it.

    Found and there: a line is confirmed against that reference, the same line again, and the whole cost is still up. So a loss is
    remembered that the expected level has not noticed (few periods, a restless history)."""
    held: dict[str, Run] = {}
    found: tuple[Run, set[LineId]] | None = None
    for before, run in itertools.pairwise(made.runs):
        if found is not None and _raised(made, found[0], run, budget) & found[1]:
            held[run.id] = found[0]
            continue
        lines = _raised(made, before, run, budget)
        found = (before, lines) if lines else None
    return held


def _raised(made: Series, reference: Run, run: Run, budget: SeverityBudget | None) -> set[LineId]:
    """The lines that are confirmed against a reference while the whole cost is up beyond chance; none without a ledger."""
    ledger = ledger_between(made, reference, run)
    if isinstance(ledger, str):
        return set()
    material = material_of(ledger, budget, run.period.days)
    return set(confirmed_lines(ledger, material)) if is_up(ledger, material) else set()


def _since(made: Series, run: Run) -> Run | None:
    """The first run of the stretch up to `run` whose costs all lie above what was expected of them (level plus two spreads)."""
    first: Run | None = None
    order = [one.id for one in made.runs]
    if run.id not in order:
        return None
    for one in reversed(made.runs[: order.index(run.id) + 1]):
        cost, level = made.cost(one.id), made.expected_at(one.id)
        if cost is None or level is None or cost.total.value <= level.value + 2 * level.spread:
            break
        first = one
    return first
