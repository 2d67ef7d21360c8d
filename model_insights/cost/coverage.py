"""Which few cases carry the loss: units by cost per case, cumulated ("3 % of cases, 61 % of the loss")."""

from __future__ import annotations

from model_insights.cost.account import RunCost
from model_insights.noun import Noun
from model_insights.slices import SliceKey


class CoveragePoint(Noun):
    """After taking this unit and all costlier ones (per case): share of cases and share of the loss, each case and each euro once."""

    unit: SliceKey
    cases: float
    loss: float


def coverage(cost: RunCost) -> tuple[CoveragePoint, ...]:
    """Units with a positive cost in falling order of cost per case; empty when nothing was lost. Units do not overlap."""
    lossy = [line for line in cost.lines if line.money.value > 0]
    all_cases, all_loss = sum(line.cases for line in cost.lines), sum(line.money.value for line in lossy)
    if all_cases <= 0 or all_loss <= 0:
        return ()
    points, cases, loss = [], 0.0, 0.0
    for line in sorted(lossy, key=lambda one: (-one.money.value / max(one.cases, 1e-12), one.unit.text)):
        cases, loss = cases + line.cases, loss + line.money.value
        points.append(CoveragePoint(unit=line.unit, cases=cases / all_cases, loss=loss / all_loss))
    return tuple(points)
