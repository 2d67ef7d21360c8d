"""Without rows: what the stored slices of an evaluation say of combinations, and what only bounds say (methods A4, A5.3; tier T0)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import msgspec
from scipy import stats

from model_insights.cost.account import CostLine, Money, RunCost, run_cost
from model_insights.cost.rates import price, scalar
from model_insights.cost.units import UnitRow, UnitTable
from model_insights.evidence.change import wilson
from model_insights.history import evaluation_of, serving
from model_insights.metrics import Evaluation
from model_insights.noun import Noun
from model_insights.run import Run
from model_insights.slices import OVERALL, SliceKey

FALSE_DISCOVERY = 0.05
TIMES, _TESTABLE = 10, 10  # as in evidence.combinations
MOST_SLICES, MOST_BOUNDS = 8, 6


class StoredCombination(Noun):
    """A crossed slice that only one of the periods has, or has ten times as often. The share is of the period in which it is frequent."""

    slice: SliceKey
    now: int
    before: int
    share: float
    low: float
    high: float
    p: float


class Bound(Noun):
    """Two sliced columns that nobody crossed: the crossing of which least is known, and between which shares it lies (Frechet)."""

    columns: tuple[str, str]
    slice: SliceKey
    low: float
    high: float


class Crossings(Noun):
    """What stored slices say of combinations. `crossed`: the columns of crossed slices."""

    crossed: tuple[tuple[str, ...], ...]
    rows: int
    before_rows: int
    tests: int
    new: tuple[StoredCombination, ...] = ()
    lost: tuple[StoredCombination, ...] = ()
    bounds: tuple[Bound, ...] = ()


class StoredCost(Noun):
    """A stored crossing with its cost and its excess over as many cases outside of it (95 % intervals)."""

    line: CostLine
    excess: Money
    p: float
    is_certain: bool = False


def crossings(run: Run, reference: Run | None) -> Crossings | str:
    """New and lost crossed slices, and bounds where none is stored; a sentence where the evaluation has no slices to cross."""
    now = _counts(run)
    if now is None:
        return "The run has no evaluation with example counts either."
    before = (_counts(reference) if reference is not None else None) or {}
    crossed = tuple(sorted({key.columns for key in now if len(key.columns) > 1}))
    bounds = _bounds(now, crossed)
    if not crossed and not bounds:
        return "The evaluation has no slices by two columns either."
    new, lost, tests = _tested(now, before) if before else ((), (), 0)
    return Crossings(
        crossed=crossed, rows=now.get(OVERALL, 0), before_rows=before.get(OVERALL, 0), tests=tests, new=new, lost=lost, bounds=bounds,
    )  # fmt: skip


def _counts(run: Run) -> dict[SliceKey, int] | None:
    evaluation = evaluation_of(run)
    model = serving(run).model or ""
    found = {key: scalar(evaluation, key, "example_count", model) for key in _plain(evaluation)} if evaluation is not None else {}
    counts = {key: round(count) for key, count in found.items() if count is not None}
    return counts if counts.get(OVERALL) else None


def _plain(evaluation: Evaluation) -> Iterable[SliceKey]:
    return (key for key in evaluation.slices if isinstance(key, SliceKey))


def _tested(
    now: dict[SliceKey, int], before: dict[SliceKey, int]
) -> tuple[tuple[StoredCombination, ...], tuple[StoredCombination, ...], int]:
    """(new, lost, tests): a slice that TFMA did not write had no example."""
    columns = {key.columns for key in now if len(key.columns) > 1} & {key.columns for key in before}
    keys = sorted({key for key in (*now, *before) if key.columns in columns}, key=lambda key: key.text)
    pairs = [(key, now.get(key, 0), before.get(key, 0)) for key in keys]
    tested = [(key, count, old) for key, count, old in pairs if count + old >= _TESTABLE]
    share = now[OVERALL] / (now[OVERALL] + before.get(OVERALL, 0))
    found = []
    for key, count, old in tested:
        for is_new, many, few, n_many, n_few, chance in (
            (True, count, old, now[OVERALL], before.get(OVERALL, 0), share),
            (False, old, count, before.get(OVERALL, 0), now[OVERALL], 1 - share),
        ):
            if few * n_many * TIMES <= many * n_few:
                p = float(stats.binom.sf(many - 1, count + old, chance))
                low, high = wilson(many / n_many, n_many)
                one = StoredCombination(slice=key, now=count, before=old, share=many / n_many, low=low, high=high, p=p)
                found.append((is_new, one))
    tests = 2 * len(tested)
    ordered = sorted(found, key=lambda pair: (pair[1].p, pair[1].slice.text))
    passed = [i for i, (_, one) in enumerate(ordered, start=1) if one.p <= FALSE_DISCOVERY * i / max(tests, 1)]
    kept = sorted(ordered[: max(passed, default=0)], key=lambda pair: (-pair[1].share, pair[1].slice.text))
    return tuple(one for is_new, one in kept if is_new), tuple(one for is_new, one in kept if not is_new), tests


def _bounds(counts: dict[SliceKey, int], crossed: tuple[tuple[str, ...], ...]) -> tuple[Bound, ...]:
    """For each two columns that are sliced and not crossed the two values whose crossing may be largest."""
    total = counts[OVERALL]
    largest: dict[str, tuple[SliceKey, int]] = {}
    for key, count in counts.items():
        if len(key.columns) == 1 and count > largest.get(key.columns[0], (key, 0))[1]:
            largest[key.columns[0]] = (key, count)
    found = []
    for one, other in itertools.combinations(sorted(largest), 2):
        if any({one, other} <= set(columns) for columns in crossed):
            continue
        (key, a), (twin, b) = largest[one], largest[other]
        low, high = max(0.0, (a + b) / total - 1), min(a, b) / total
        found.append(Bound(columns=(one, other), slice=SliceKey(items=(*key.items, *twin.items)), low=low, high=high))
    return tuple(sorted(found, key=lambda one: (-(one.high - one.low), one.columns))[:MOST_BOUNDS])


# --- money -------------------------------------------------------------------------------------------------------------------------


def stored_costs(run: Run, cost: RunCost) -> tuple[StoredCost, ...]:
    """Stored crossings of the cost's units with a further column, at the prices of their unit; the most excess first. None of an inventory
    rule: a part of a stocking unit has no stock of its own.

    A crossing has the share of its unit's volume that it has of the unit's examples. Nothing is split: the slices were chosen by the same
    examples that price them, so only the false-discovery control (BH over all of them) tells chance."""
    evaluation = evaluation_of(run)
    if evaluation is None or cost.parts or cost.rule.kind in ("amounts", "inventory"):
        return ()
    table = UnitTable(rows=tuple(_crossed_rows(evaluation, cost)), joined=0)
    rule = msgspec.structs.replace(
        cost.rule, grain=cost.rule.grain or cost.rule.unit
    )  # of constants too: these rows, not all slices of the unit
    priced = price(rule, evaluation, cost.model, table, spread=lambda model, unit: None)
    if priced.cells is None or not table.rows:
        return ()
    lines = run_cost(cost.run_id, cost.rule, cost.model, priced.cells, ()).lines
    found = [_stored(line, cost) for line in lines if 0 < line.cases < sum(one.cases for one in cost.lines)]
    if not found:
        return ()
    adjusted = stats.false_discovery_control([one.p for one in found], method="bh")
    judged = [msgspec.structs.replace(one, is_certain=bool(p <= FALSE_DISCOVERY)) for one, p in zip(found, adjusted, strict=True)]
    top = sorted((one for one in judged if one.excess.value > 0), key=lambda one: (-one.excess.value, one.line.unit.text))
    return tuple(top[:MOST_SLICES])


def _crossed_rows(evaluation: Evaluation, cost: RunCost) -> Iterable[UnitRow]:
    units = {line.unit: line for line in cost.lines}
    for key in _plain(evaluation):
        parent = next((one for one in units if set(one.items) < set(key.items)), None)
        count = scalar(evaluation, key, "example_count", cost.model)
        whole = scalar(evaluation, parent, "example_count", cost.model) if parent is not None else None
        if parent is not None and count and whole:
            yield UnitRow(unit=key, volume=units[parent].cases * count / whole, events=None, values=units[parent].values)


def _stored(line: CostLine, cost: RunCost) -> StoredCost:
    """Excess over as many cases outside the slice; the cost of the rest is taken as exact beside that of the slice."""
    cases = sum(one.cases for one in cost.lines)
    elsewhere = (cost.total.value - line.money.value) / (cases - line.cases)
    expected = elsewhere * line.cases
    error = (line.money.high - line.money.low) / (2 * 1.96)
    excess = line.money.value - expected
    money = Money(value=excess, low=line.money.low - expected, high=line.money.high - expected)
    return StoredCost(line=line, excess=money, p=float(stats.norm.sf(excess / error)) if error > 0 else 1.0)
