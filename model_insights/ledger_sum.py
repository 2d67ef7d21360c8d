"""The account of several cost rules: line by line and unit by unit the sum of theirs, still exactly additive."""

from __future__ import annotations

import math
from collections.abc import Sequence

from model_insights.cost.account import money_of
from model_insights.cost.adding import together
from model_insights.errors import AccountError
from model_insights.ledger import LINES, Ledger, LedgerLine, LineId, check
from model_insights.slices import SliceKey


def added_ledger(ledgers: Sequence[Ledger]) -> Ledger:
    """The ledger of the rules' sum over one step. Raises AccountError for ledgers of different steps.

    The rules rest on the same examples, so their errors are taken to go together. What only rows tell of one rule is not told of the sum."""
    if len({(one.reference_id, one.run_id) for one in ledgers}) > 1:
        raise AccountError("Accounts of different periods are not one account. Add those of one step.")
    lines = [line for name in LINES if (line := _line(name, ledgers)) is not None]
    known = all(one.model_known for one in ledgers)
    draws = {line.id: together([one.draws[line.id] for one in ledgers if line.id in one.draws]) for line in lines}
    made = Ledger(
        reference_id=ledgers[0].reference_id, run_id=ledgers[0].run_id, before=math.fsum(one.before for one in ledgers),
        after=math.fsum(one.after for one in ledgers), lines=tuple(lines), draws=draws, tier=min(one.tier for one in ledgers),
        scale=max(one.scale for one in ledgers), model_known=known, steps=max(one.steps for one in ledgers),
        rows=ledgers[0].rows if all(one.rows for one in ledgers) else None,
        rows_reason=next((one.rows_reason for one in ledgers if one.rows_reason), ""), flattered=any(one.flattered for one in ledgers),
        ordinary={name: math.fsum(one.ordinary.get(name, 0.0) for one in ledgers) for name in dict.fromkeys(name for one in ledgers for name in one.ordinary)},
        unrest={name: math.fsum(one.unrest.get(name, 0.0) for one in ledgers) for name in dict.fromkeys(name for one in ledgers for name in one.unrest)},
    )  # fmt: skip
    check(made)
    return made


def _line(name: LineId, ledgers: Sequence[Ledger]) -> LedgerLine | None:
    found = [line for one in ledgers if (line := one.line(name)) is not None]
    if not found:
        return None
    by_unit: dict[SliceKey, list[float]] = {}
    for line in found:
        for unit, money in line.by_unit:
            by_unit.setdefault(unit, []).append(money)
    corners = tuple(dict.fromkeys(corner for line in found for corner in line.corners))
    draws = together([one.draws[name] for one in ledgers if name in one.draws])
    units = tuple((unit, math.fsum(parts)) for unit, parts in by_unit.items())
    return LedgerLine(id=name, corners=corners, money=money_of(math.fsum(money for _, money in units), draws), by_unit=units)
