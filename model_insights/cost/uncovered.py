"""What the total leaves out: rows and units without a price, as a range of money (from the cheapest to the dearest priced unit)."""

from __future__ import annotations

from model_insights.cost.account import RunCost
from model_insights.cost.units import UnitTable
from model_insights.noun import Noun


class Uncovered(Noun):
    """Cases outside the total, and the money they would be if each cost as much as in the cheapest, or the dearest, priced unit."""

    rows: int  # of the business tables, without a price
    units: int  # evaluated or sold, without a price
    volume: float  # their cases, as far as known
    untold: int  # rows and units of which no table tells the cases
    per_case: tuple[float, float]  # lowest and highest cost per case of the priced units
    low: float
    high: float


def uncovered(cost: RunCost, table: UnitTable) -> Uncovered | None:
    """None when nothing is outside the total, or no priced unit has cases to compare with."""
    outside = [*((one.rows, one.volume) for one in table.unmatched), *((1, gap.volume) for gap in cost.gaps)]
    rates = [line.money.value / line.cases for line in cost.lines if line.cases > 0]
    if not outside or not rates:
        return None
    volume = sum(cases for _, cases in outside if cases is not None)
    low, high = min(rates), max(rates)
    return Uncovered(
        rows=sum(one.rows for one in table.unmatched), units=len(cost.gaps), volume=volume,
        untold=sum(rows for rows, cases in outside if cases is None), per_case=(low, high), low=volume * low, high=volume * high,
    )  # fmt: skip
