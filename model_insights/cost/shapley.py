"""Exact Shapley values of few players whose every coalition was evaluated (methods A6.5)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from model_insights.cost.model import Floats


def shapley_values(worth: Mapping[tuple[int, ...], Floats]) -> tuple[Floats, ...]:
    """One value per player, of the shape of the evaluations; together they are the worth of all players less that of none.

    `worth` by coalition: 1 for each player who takes part, 0 for each who does not."""
    count = len(next(iter(worth)))
    values = []
    for i in range(count):
        total: Floats = np.zeros_like(worth[(0,) * count])
        for chosen, money in worth.items():
            if chosen[i]:
                others = sum(chosen) - 1
                weight = math.factorial(others) * math.factorial(count - others - 1) / math.factorial(count)
                total = total + weight * (money - worth[(*chosen[:i], 0, *chosen[i + 1 :])])
        values.append(total)
    return tuple(values)
