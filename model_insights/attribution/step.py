"""From the rows of two periods to their ledger: which tier holds, which faults are put in, in which order the model step is taken."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from model_insights.attribution.account import Challenger, RowStep, Walk, before_change, row_ledger
from model_insights.attribution.contrasts import Contrasts, Said, Sample, contrasts, paired_difference
from model_insights.attribution.design import Columns
from model_insights.attribution.faults import Fault, digest, donated, flagged, injected, is_random, located
from model_insights.attribution.notes import Order, RowNotes
from model_insights.attribution.rows import ScoredRows, Tables, model_inputs, model_key, row_form, row_rates, unit_numbers
from model_insights.attribution.sublines import leaves, moved_inputs, ranking
from model_insights.config import CostRule
from model_insights.cost.model import Cells, Floats
from model_insights.evidence.quality import Corruption
from model_insights.history import span_of
from model_insights.ledger import Adjacent, Ledger, adjacent_ledger
from model_insights.run import Run
from model_insights.slices import SliceKey

SEEDS = 3  # injections averaged where luck decides which rows are hit
Corruptions = Callable[[Run, Run], "tuple[tuple[Corruption, ...], tuple[Corruption, ...]]"]  # begun with the later run, ended with it


class Periods(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Two neighbouring periods of one rule, and what is asked of their rows."""

    rule: CostRule
    label: str
    tables: Tables
    corruptions: Corruptions
    clocks: tuple[str, ...]


def rows_ledger(periods: Periods, before: Run, after: Run, step: Adjacent) -> Ledger:
    """The ledger of a step by the best tier that its rows allow: T3, T2, else as the aggregates have it, with the reason."""
    plain = adjacent_ledger(step)
    found = _row_step(periods, before, after, step)
    if isinstance(found, str):
        return msgspec.structs.replace(plain, rows_reason=found)
    given, notes = found
    return msgspec.structs.replace(row_ledger(given, plain), rows=notes, flattered=notes.order == "earlier data")


def _row_step(periods: Periods, before: Run, after: Run, step: Adjacent) -> tuple[RowStep, RowNotes] | str:
    if periods.rule.kind == "multiclass":
        return "rows of several classes are not parted"
    then, now = model_key(before.baseline), model_key(after.baseline)
    if not now:
        return "lineage does not say which model served"
    made = [periods.tables(before, now), periods.tables(after, now)]
    if reason := next((one for one in made if isinstance(one, str)), ""):
        return reason
    tables = [one for one in made if isinstance(one, ScoredRows)]
    is_whole = bool(then) and all(then in one.scores and one.tier == "T3" for one in tables)
    order = _order(before, after, then == now, is_whole=is_whole)
    if order != "later data" and step.middle is None and then != now:
        return "the serving model was not judged on the reference data"
    middle = step.middle if step.middle is not None else step.before.cells
    units = tuple(unit for unit in step.before.cells.units if unit in step.after.cells.units and unit in middle.units)
    plan = plan_of(periods, before, after, tables[0], tables[1])
    first = _first(periods, plan, units, step, middle, now) if order != "later data" else None
    last = _last(periods, plan, units, step, then, now) if order in ("later data", "both") else None
    walk = first or last
    if walk is None:
        return "too few rows really have the detected data fault to say what the model makes of it"
    given = RowStep(
        step=step, units=units, first=first, last=last, tier="T3" if all(one.tier == "T3" for one in tables) else "T2",
        challenger=_challenger(periods.rule, tables[1], units, now, model_key(before.candidate)),
    )  # fmt: skip
    return given, _told(periods.rule, plan, units, walk.contrasts, order, then, now)


def _order(before: Run, after: Run, is_same: bool, *, is_whole: bool) -> Order:
    """The later data where all four cells are known and the new model was trained on the earlier: it looks better there than it is."""
    if is_same:
        return "same model"
    if not is_whole:
        return "earlier data"
    spans = after.baseline.data_spans if after.baseline is not None else ()
    return "both" if spans and span_of(before) not in spans else "later data"


# --- the faults ----------------------------------------------------------------------------------------------------------------------


class Plan(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The two tables, the inputs compared, and the faults: `begun` go into the earlier rows, `ended` into the later."""

    before: ScoredRows
    after: ScoredRows
    inputs: tuple[str, ...]
    begun: tuple[Fault, ...]
    ended: tuple[Fault, ...]


def plan_of(periods: Periods, before: Run, after: Run, then: ScoredRows, now: ScoredRows) -> Plan:
    """The inputs of the serving model, and the faults of them, located in the rows of the period that has them."""
    trainer = after.baseline.trainer if after.baseline is not None else None
    inputs = model_inputs(trainer, (then, now), periods.label, periods.clocks)
    begun, ended = periods.corruptions(before, after)
    return Plan(
        before=then, after=now, inputs=inputs,
        begun=tuple(located(one, then.columns, now.columns) for one in begun if ".".join(one.path) in inputs),
        ended=tuple(located(one, now.columns, then.columns) for one in ended if ".".join(one.path) in inputs),
    )  # fmt: skip


def injections(faults: tuple[Fault, ...], columns: Columns) -> tuple[tuple[str, Columns], ...]:
    """(digest, columns) of every injection whose scores the account asks for: one, or SEEDS of them where luck decides."""
    seeds = range(SEEDS if is_random(faults) else 1) if faults else ()
    return tuple((digest(faults, seed), injected(faults, columns, seed=seed)[0]) for seed in seeds)


# --- walks ---------------------------------------------------------------------------------------------------------------------------


def _first(periods: Periods, plan: Plan, units: tuple[SliceKey, ...], step: Adjacent, middle: Cells, now: str) -> Walk | None:
    """The block of data and world under the model now serving."""
    samples = _samples(periods.rule, plan, units, now, "")
    if samples is None:
        return None
    return Walk(start=middle.take(units), end=step.after.cells.take(units), contrasts=contrasts(*samples, len(units)))


def _last(periods: Periods, plan: Plan, units: tuple[SliceKey, ...], step: Adjacent, then: str, now: str) -> Walk | None:
    """The same under the model that served before, whose rates on the later data follow from the rows (paired)."""
    samples = _samples(periods.rule, plan, units, then, now)
    if samples is None:
        return None
    found = contrasts(*samples, len(units))
    after = step.after.cells.take(units)
    end = msgspec.structs.replace(after, rates=before_change(after.rates, found.paired, found.lever, after.kind))
    return Walk(start=step.before.cells.take(units), end=end, contrasts=found)


def _challenger(rule: CostRule, after: ScoredRows, units: tuple[SliceKey, ...], now: str, newest: str) -> Challenger | None:
    """The model trained at the end of the earlier period, where it did not serve in the later and was asked about its rows."""
    if newest in ("", now) or newest not in after.scores:
        return None
    own, other = (row_rates(rule, after, after.scores[key]) for key in (now, newest))
    known = np.isfinite(own).all(axis=1) & np.isfinite(other).all(axis=1)
    at = np.where(known, unit_numbers(after.columns, units), -1)
    paired, lever, error = paired_difference(at, own, other, len(units))
    return Challenger(paired=paired, lever=lever, error=error)


def _samples(rule: CostRule, plan: Plan, units: tuple[SliceKey, ...], model: str, other: str) -> tuple[Sample, Sample] | None:
    before = _sample(rule, plan.before, plan.inputs, units, model, "", plan.begun, plan.after)
    after = _sample(rule, plan.after, plan.inputs, units, model, other, plan.ended, plan.before)
    return (before, after) if before is not None and after is not None else None


def _sample(
    rule: CostRule, table: ScoredRows, inputs: tuple[str, ...], units: tuple[SliceKey, ...], model: str, other: str,
    faults: tuple[Fault, ...], really: ScoredRows,
) -> Sample | None:  # fmt: skip
    """Rows of one period under `model`. None where nobody can say what the model makes of the faults; `really` has them."""
    said = _said(rule, table, {name: table.columns[name] for name in inputs}, [table.scores[model]])
    faulty = _faulty(rule, table, inputs, model, faults, really) if faults else None
    if faults and faulty is None:
        return None
    beside = row_rates(rule, table, table.scores[other]) if other else None
    parts = [said.rates, *([faulty.rates] if faulty is not None else []), *([beside] if beside is not None else [])]
    known = np.all([np.isfinite(one).all(axis=1) for one in parts], axis=0)
    return Sample(
        at=np.where(known, unit_numbers(table.columns, units), -1), outcome=np.where(np.isfinite(table.label), table.label, 0.0),
        said=_whole(said, known), faulty=_whole(faulty, known) if faulty is not None else None,
        other=np.where(known[:, None], beside, 0.0) if beside is not None else None,
    )  # fmt: skip


def _said(rule: CostRule, table: ScoredRows, columns: Columns, scores: list[Floats]) -> Said:
    """The rows under the mean of several scores of them."""
    forms = [row_form(rule, one) for one in scores]
    base, slope = (None, None) if forms[0] is None else (np.mean([one[i] for one in forms if one], axis=0) for i in (0, 1))
    rates: Floats = np.mean([row_rates(rule, table, one) for one in scores], axis=0)
    return Said(columns=columns, score=scores[0], rates=rates, base=base, slope=slope)


def _whole(said: Said, known: NDArray[np.bool_]) -> Said:
    """Without the gaps of rows that do not count."""
    parts = (said.rates, said.base, said.slope)
    rates, base, slope = (None if one is None else np.where(known[:, None], one, 0.0) for one in parts)
    return msgspec.structs.replace(said, rates=rates, base=base, slope=slope)


def _faulty(
    rule: CostRule, table: ScoredRows, inputs: tuple[str, ...], model: str, faults: tuple[Fault, ...], really: ScoredRows
) -> Said | None:
    made = injections(faults, table.columns)
    scores = [table.rescored(model, name) for name, _ in made]
    if any(one is None for one in scores):
        scores = [_adjusted(table, inputs, model, faults, really)]
    known = [one for one in scores if one is not None]
    return _said(rule, table, {name: made[0][1][name] for name in inputs}, known) if known else None


def _adjusted(table: ScoredRows, inputs: tuple[str, ...], model: str, faults: tuple[Fault, ...], really: ScoredRows) -> Floats | None:
    """Scores of the rows with the faults, from rows that really have them and the same model judged."""
    if model not in really.scores:
        return None
    _, touched = injected(faults, table.columns)
    donors = np.isfinite(really.scores[model])
    hit = np.zeros(len(donors), dtype=bool)
    for fault in faults:
        hit |= flagged(fault.corruption, table.columns, really.columns)
    own, theirs = ({name: one.columns[name] for name in inputs} for one in (table, really))
    return donated(touched, own, table.scores[model], donors & hit, theirs, really.scores[model], tuple(one.name for one in faults))


def _told(rule: CostRule, plan: Plan, units: tuple[SliceKey, ...], found: Contrasts, order: Order, then: str, now: str) -> RowNotes:
    """The notes, with what rows tell besides money: under the model that the block was walked with."""
    model = then if order == "later data" else now
    notes = _notes(plan, found, order, len(units))
    samples = _samples(rule, plan, units, model, "")
    if samples is None:
        return notes
    keys = {"then": then, "now": now} if order in ("later data", "both") else {"now": now}
    scores = {name: (plan.before.scores[key], plan.after.scores[key]) for name, key in keys.items()}
    return msgspec.structs.replace(
        notes, moved=moved_inputs(*samples), leaves=leaves(*samples, found), ranking=ranking(*samples, found, scores)
    )


def _notes(plan: Plan, found: Contrasts, order: Order, units: int) -> RowNotes:
    faults = (*plan.begun, *plan.ended)
    asked = all(
        table.rescored(key, name) is not None
        for table, some in ((plan.before, plan.begun), (plan.after, plan.ended))
        for name, _ in injections(some, table.columns)
        for key in list(table.scores)[:1]
    )
    return RowNotes(
        overlap=found.overlap, order=order, quality="" if not faults else "re-scored" if asked else "adjusted",
        faults=tuple(sorted({one.name for one in faults})), units=units, merged=sum(one == "merged" for one in found.method),
        overlap_units=sum(one == "on the overlap" for one in found.method),
    )  # fmt: skip
