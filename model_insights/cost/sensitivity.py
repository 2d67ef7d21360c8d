"""How the total hangs on each unit value, and where the uncertainty of the severity comes from (methods A7.4)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from model_insights.cost.account import RunCost
from model_insights.cost.level import Expected
from model_insights.cost.model import Floats, unit_cost
from model_insights.cost.units import value_names
from model_insights.cost.unlabelled import Scores
from model_insights.noun import Noun
from model_insights.slices import SliceKey

SWING = 0.25


class SensitivityLine(Noun):
    """One unit value, 25 % down and up in every unit: the total, the costliest unit, and at which factor the total meets `bound`."""

    name: str
    down: float
    up: float
    costliest_down: SliceKey
    costliest_up: SliceKey
    break_even: float | None  # factor on the value at which the total equals the bound; None: never, at any positive factor


Source = Literal["sampling", "late", "ordinary"]


class UncertaintyPart(Noun):
    """A source of the uncertainty of the money above the expected level: its standard deviation and share of the variance.

    `left`: the standard deviation of the whole if this source were halved, relative to now."""

    source: Source
    spread: float
    share: float
    left: float


def sensitivities(cost: RunCost, bound: float | None) -> tuple[SensitivityLine, ...]:
    """One line per unit value that is not zero everywhere, the most telling first. The total is linear in each value."""
    lines = []
    for i, name in enumerate(value_names(cost.rule)):
        if not np.any(cost.cells.values[:, i]):
            continue
        down, up = (_with_factor(cost, i, 1 + swing) for swing in (-SWING, SWING))
        slope = (float(up.sum()) - float(down.sum())) / (2 * SWING)
        factor = 1 + (bound - cost.total.value) / slope if bound is not None and slope else None
        lines.append(
            SensitivityLine(
                name=name, down=float(down.sum()), up=float(up.sum()), costliest_down=cost.cells.units[int(np.argmax(down))],
                costliest_up=cost.cells.units[int(np.argmax(up))], break_even=factor if factor is not None and factor > 0 else None,
            )
        )  # fmt: skip
    return tuple(sorted(lines, key=lambda line: -abs(line.up - line.down)))


def _with_factor(cost: RunCost, value: int, factor: float) -> Floats:
    """Money per unit with one unit value scaled everywhere."""
    values = cost.cells.values.copy()
    values[:, value] *= factor
    cells = msgspec.structs.replace(cost.cells, values=values)
    money: Floats = cells.volume * unit_cost(cells.kind, cells.values, cells.rates)
    return money


def uncertainty(cost: RunCost, level: Expected | None, *, late: float = 0.0) -> tuple[UncertaintyPart, ...]:
    """Where the interval comes from: the sample of evaluated examples, outcomes that are not in yet (`late`, their share), and how much
    ordinary periods differ. Unit values count as exact."""
    parts: list[tuple[Source, float]] = [("sampling", float(np.std(cost.draws)))]
    if late > 0:
        parts.append(("late", late_spread(cost, late)))
    if level is not None:
        parts.append(("ordinary", level.spread))
    total = sum(spread**2 for _, spread in parts) or 1.0
    return tuple(
        UncertaintyPart(source=name, spread=spread, share=spread**2 / total, left=math.sqrt(1 - 0.75 * spread**2 / total))
        for name, spread in parts
    )


def late_spread(cost: RunCost, late: float) -> float:
    """Standard deviation of the total from cases whose outcome is not in yet.

    Why an outcome is late may have to do with what it will be, so such a case is taken to cost anything from nothing to twice a known one
    (evenly: the width over the square root of 12), all alike in a unit."""
    money = sum(abs(line.money.value) for line in cost.lines)
    return late * money / math.sqrt(3.0)


def late_share(missing: Sequence[float], scores: Scores | str | None) -> float:
    """Share of the cases whose outcome is not in yet: the most that a detected label delay (`missing`) or the predictions' labels tell.

    Predictions without any label at all are no delay: they are made to be scored later."""
    unlabelled = 0.0
    if scores is not None and not isinstance(scores, str) and scores.labelled:
        unlabelled = 1.0 - scores.labelled / len(scores.label)
    return max([unlabelled, *missing])


def examples_to_halve(cost: RunCost) -> int:
    """How many more examples would have to be evaluated to halve the sampling part of the interval: three times as many as were."""
    return int(3 * float(cost.cells.n.sum()))
