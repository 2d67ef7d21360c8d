"""The exactly additive account of a change of cost (methods A6.2, A6.5): which line, which unit, how much.

Adjacent runs t-1 and t: first the model step on the reference data (the model serving in t against the one serving in t-1, both
judged on data t-1), then a Shapley account over volume, unit values, slice mix and rates under the model serving in t. An older
reference chains the adjacent ledgers. Every line keeps its contribution per unit; lines sum to the change, units sum to lines.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from model_insights.attribution.notes import RowNotes
from model_insights.cost.account import DRAWS, Money, RunCost, drawn_beside, money_of, noise
from model_insights.cost.model import Cells, Floats, costs, rate_draws, unit_cost
from model_insights.cost.shapley import shapley_values
from model_insights.noun import Noun
from model_insights.slices import SliceKey

LineId = Literal["volume", "values", "mix", "unseen", "rate", "model", "quality", "concept", "stale"]
Tier = Literal["T0", "T1", "T2", "T3"]
Corner = Literal["business", "data", "model"]
LINES: tuple[LineId, ...] = ("volume", "values", "concept", "rate", "mix", "unseen", "quality", "model", "stale")
_PLAYERS: tuple[LineId, ...] = ("volume", "values", "mix", "rate")

CORNERS: dict[LineId, tuple[Corner, ...]] = {
    "volume": ("business",),
    "values": ("business",),
    "mix": ("data",),
    "unseen": ("data",),
    "rate": ("business", "data"),  # customers, quality, or mix inside the slices: aggregates cannot part them (A6.5)
    "model": ("model",),
    "quality": ("data",),  # with rows (T2, T3) the rates are parted into quality, mix, unseen and concept
    "concept": ("business",),
    "stale": ("model",),
}


class LedgerLine(Noun):
    """One line: money (cost up is positive), the corners it may belong to, and the part of each unit."""

    id: LineId
    corners: tuple[Corner, ...]
    money: Money
    by_unit: tuple[tuple[SliceKey, float], ...]


class Ledger(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Where the change from `before` to `after` came from. sum(line.money.value) == after - before within 1e-9."""

    reference_id: str
    run_id: str
    before: float
    after: float
    lines: tuple[LedgerLine, ...]
    draws: dict[LineId, Floats]  # resampled lines, for probabilities
    tier: Tier
    scale: float  # largest amount that entered the sums: what rounding is measured against
    model_known: bool  # False: the model step has no cell of its own and is merged into `rate`
    steps: int = 1  # adjacent ledgers chained
    rows: RowNotes | None = None  # how rows parted the rates (T2, T3)
    rows_reason: str = ""  # why no rows did
    flattered: bool = (
        True  # the model step was taken on data that the new model may have been trained on: what it gains there it loses later
    )
    ordinary: dict[LineId, float] = {}  # what lines show in ordinary steps of this history: the news is what exceeds it
    unrest: dict[
        LineId, float
    ] = {}  # how restless lines without an error (volume, mix of slices) are in ordinary steps: standard deviation

    @property
    def change(self) -> float:
        return self.after - self.before

    def news(self, name: LineId) -> float:
        """The money of a line beyond what it shows in ordinary steps; 0 without the line."""
        line = self.line(name)
        return 0.0 if line is None else line.money.value - self.ordinary.get(name, 0.0)

    def error(self, name: LineId) -> float:
        """Standard deviation of a line: of its draws, and of what it does in ordinary steps."""
        return math.hypot(float(np.std(self.draws[name])), self.unrest.get(name, 0.0))

    def line(self, name: LineId) -> LedgerLine | None:
        return next((one for one in self.lines if one.id == name), None)


class Adjacent(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What an adjacent ledger needs: the two costs, and the cell of the now-serving model on the reference data (None: not stored)."""

    before: RunCost
    after: RunCost
    middle: Cells | None


def adjacent_ledger(step: Adjacent) -> Ledger:
    """The ledger of one step. Raises AssertionError when the account does not add up: that would be a fault of ours."""
    before, after = step.before.cells, step.after.cells
    common = tuple(unit for unit in before.units if unit in after.units and (step.middle is None or unit in step.middle.units))
    parts = _lines(step, common, None)
    drawn = _drawn_lines(step, common)
    units = {unit: i for i, unit in enumerate(common)}
    lines = []
    for name in LINES:
        if name == "unseen":
            by_unit = unseen_units(step, common)
        elif name in parts:
            by_unit = tuple((unit, float(parts[name][i])) for unit, i in units.items())
        else:
            continue
        total = sum(money for _, money in by_unit)
        spread = drawn.get(name, np.zeros(DRAWS))
        corners = corners_of(name, model_known=step.middle is not None)
        lines.append(LedgerLine(id=name, corners=corners, money=money_of(total, spread), by_unit=by_unit))
    ledger = Ledger(
        reference_id=step.before.run_id, run_id=step.after.run_id, before=step.before.total.value, after=step.after.total.value,
        lines=tuple(lines), draws={line.id: around(line.money.value, drawn.get(line.id)) for line in lines},
        tier="T0" if step.middle is None else "T1", scale=_scale(step), model_known=step.middle is not None,
    )  # fmt: skip
    check(ledger)
    return ledger


def check(ledger: Ledger) -> None:
    """Lines sum to the change, units sum to lines."""
    gap = abs(math.fsum(line.money.value for line in ledger.lines) - ledger.change)
    if gap > 1e-9 * max(1.0, abs(ledger.before), abs(ledger.after), ledger.scale):
        raise AssertionError(f"the ledger of run {ledger.run_id} misses {gap} of its change")


def chain(ledgers: Sequence[Ledger]) -> Ledger:
    """The ledger over several adjacent steps, oldest first: line by line the sum, still exactly additive."""
    if len(ledgers) == 1:
        return ledgers[0]
    lines = []
    for name in LINES:
        found = [line for one in ledgers if (line := one.line(name)) is not None]
        if not found:
            continue
        by_unit: dict[SliceKey, float] = {}
        for line in found:
            for unit, money in line.by_unit:
                by_unit[unit] = by_unit.get(unit, 0.0) + money
        draws = np.sum([one.draws[name] for one in ledgers if name in one.draws], axis=0)
        corners = tuple(dict.fromkeys(corner for line in found for corner in line.corners))
        lines.append(LedgerLine(id=name, corners=corners, money=money_of(sum(by_unit.values()), draws), by_unit=tuple(by_unit.items())))
    ledger = Ledger(
        reference_id=ledgers[0].reference_id, run_id=ledgers[-1].run_id, before=ledgers[0].before, after=ledgers[-1].after,
        lines=tuple(lines), draws={line.id: np.sum([o.draws[line.id] for o in ledgers if line.id in o.draws], axis=0) for line in lines},
        tier=min(o.tier for o in ledgers), scale=max(o.scale for o in ledgers), model_known=all(o.model_known for o in ledgers), steps=len(ledgers),
        ordinary=_summed([o.ordinary for o in ledgers]), unrest=_independent([o.unrest for o in ledgers]), rows=ledgers[-1].rows if all(o.rows for o in ledgers) else None,
        rows_reason=next((o.rows_reason for o in ledgers if o.rows_reason), ""), flattered=any(o.flattered for o in ledgers),
    )  # fmt: skip
    check(ledger)
    return ledger


def _summed(parts: Sequence[dict[LineId, float]]) -> dict[LineId, float]:
    return {name: sum(one.get(name, 0.0) for one in parts) for name in LINES if any(name in one for one in parts)}


def _independent(parts: Sequence[dict[LineId, float]]) -> dict[LineId, float]:
    return {name: math.hypot(*(one.get(name, 0.0) for one in parts)) for name in LINES if any(name in one for one in parts)}


def turned(ledger: Ledger) -> Ledger:
    """The same account read backwards: from the later period to the earlier one."""
    lines = tuple(
        msgspec.structs.replace(
            line, money=Money(value=-line.money.value, low=-line.money.high, high=-line.money.low),
            by_unit=tuple((unit, -money) for unit, money in line.by_unit),
        )
        for line in ledger.lines
    )  # fmt: skip
    return msgspec.structs.replace(
        ledger, reference_id=ledger.run_id, run_id=ledger.reference_id, before=ledger.after, after=ledger.before, lines=lines,
        draws={name: -draws for name, draws in ledger.draws.items()}, ordinary={name: -money for name, money in ledger.ordinary.items()},
    )  # fmt: skip


def with_retrain_noise(ledger: Ledger, spread: float, *, name: LineId = "model") -> Ledger:
    """The same ledger with the run-to-run spread that a line has in ordinary periods added to its error (A6.8, A8.2).

    Drawn anew for each step, so that the steps of a chained ledger do not all err the same way."""
    line = ledger.line(name)
    if line is None or spread <= 0:
        return ledger
    seed = [len(ledger.lines), LINES.index(name), zlib.crc32(ledger.run_id.encode())]
    wobble = np.random.default_rng(seed).standard_normal(DRAWS) * spread * math.sqrt(ledger.steps)
    draws = {**ledger.draws, name: ledger.draws[name] + wobble}
    wider = msgspec.structs.replace(line, money=money_of(line.money.value, draws[name]))
    lines = tuple(wider if one.id == name else one for one in ledger.lines)
    return msgspec.structs.replace(ledger, lines=lines, draws=draws)


def _scale(step: Adjacent) -> float:
    """No coalition of the Shapley account is larger than this."""
    cells = [step.before.cells, step.after.cells, *([step.middle] if step.middle is not None else [])]
    volume = max(float(one.volume.sum()) for one in cells)
    values = np.max([np.abs(one.values).max(axis=0) for one in cells], axis=0)
    if step.before.cells.kind in ("inventory", "regression"):
        return volume * float(values[0] * values[1:].max()) * max(float(np.abs(one.rates).max()) for one in cells)
    return volume * float(values.max()) * max(1.0, *(float(np.abs(one.rates).max()) for one in cells))


def corners_of(name: LineId, *, model_known: bool) -> tuple[Corner, ...]:
    """The corners a line may belong to."""
    return CORNERS[name] if name != "rate" or model_known else ("business", "data", "model")


def around(value: float, draws: Floats | None) -> Floats:
    """Draws moved so that their mean is the value."""
    return np.full(DRAWS, value) if draws is None else draws - draws.mean() + value


def _lines(step: Adjacent, common: tuple[SliceKey, ...], rates: tuple[Floats, Floats, Floats] | None) -> dict[LineId, Floats]:
    """Money per line and unit [..., units]; `rates` replaces (before, middle, after) by draws [draws, units, rates]."""
    before, after = step.before.cells.take(common), step.after.cells.take(common)
    middle = _middle(step, before)
    rates_before, rates_middle, rates_after = rates or (before.rates, middle.rates, after.rates)
    parts = plain_lines(before, after, rates_middle, rates_after)
    if step.middle is not None:
        model = unit_cost(before.kind, before.values, rates_middle) - unit_cost(before.kind, before.values, rates_before)
        parts["model"] = before.volume * model
    return parts


def _middle(step: Adjacent, before: Cells) -> Cells:
    """The reference's volume and unit values under the now-serving model's rates; the reference itself without that model."""
    if step.middle is None:
        return before
    judged = step.middle.take(before.units)
    return msgspec.structs.replace(before, rates=judged.rates, spread=judged.spread, n=judged.n)


def plain_lines(before: Cells, after: Cells, rates_before: Floats, rates_after: Floats) -> dict[LineId, Floats]:
    """Exact Shapley value of volume, values, mix and rate: 16 evaluations, vectorised over units (and draws)."""
    worth: dict[tuple[int, ...], Floats] = {}
    for chosen in itertools.product((0, 1), repeat=len(_PLAYERS)):
        on = dict(zip(_PLAYERS, chosen, strict=False))
        volume = (after if on["volume"] else before).volume.sum()
        mix_of = after if on["mix"] else before
        share = mix_of.volume / max(mix_of.volume.sum(), 1e-12)
        values = (after if on["values"] else before).values
        rates = rates_after if on["rate"] else rates_before
        worth[chosen] = volume * share * unit_cost(before.kind, values, rates)
    return dict(zip(_PLAYERS, shapley_values(worth), strict=True))


def _drawn_lines(step: Adjacent, common: tuple[SliceKey, ...]) -> dict[LineId, Floats]:
    """Totals of the lines under resampled rates [draws]. One noise per data set: the two models on it are compared on the same rows."""
    if not common:
        return {}
    before, after = step.before.cells.take(common), step.after.cells.take(common)
    noise_before, noise_after = noise(step.before.run_id, *before.rates.shape), noise(step.after.run_id, *after.rates.shape)
    middle = _middle(step, before)
    rates = (
        rate_draws(before, noise_before), drawn_beside(before, middle, noise_before, step.before.run_id), rate_draws(after, noise_after),
    )  # fmt: skip
    return {name: part.sum(axis=-1) for name, part in _lines(step, common, rates).items()}


def unseen_units(step: Adjacent, common: tuple[SliceKey, ...]) -> tuple[tuple[SliceKey, float], ...]:
    """Units that one of the periods has not: their whole cost, new ones up, vanished ones down."""
    out: dict[SliceKey, float] = {}
    for cells, sign in ((step.before.cells, -1.0), (step.after.cells, 1.0)):
        money = costs(cells)
        for i, unit in enumerate(cells.units):
            if unit not in common:
                out[unit] = out.get(unit, 0.0) + sign * float(money[i])
    return tuple(out.items())
