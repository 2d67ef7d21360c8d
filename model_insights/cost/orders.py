"""How much to order: the newsvendor's quantile of next period's demand, beside what the model would order (methods A7.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from model_insights.cost.account import RunCost, by_unit
from model_insights.noun import Noun
from model_insights.slices import SliceKey


class OrderLine(Noun):
    """One stocking unit, in units of stock for a period of the same volume.

    `planned` by the model that will serve, `demand` expected with its 80 % interval, `order` the quantile `service` of it; `saving` is
    the expected cost of ordering `planned` less that of `order`."""

    unit: SliceKey
    planned: float | None
    demand: float
    low: float
    high: float
    service: float
    order: float
    saving: float | None


def order_lines(costs: Sequence[RunCost], planned: RunCost | None) -> tuple[OrderLine, ...]:
    """Orders for the period after the last of `costs` (oldest first, inventory only).

    The rate is recalibrated to the observed one: last period's, whose spread comes from the unit's own one-period changes (robust) and
    the sampling of the next period's events. Needs two periods."""
    if len(costs) < 2 or costs[-1].cells.kind != "inventory":
        return ()
    plans = by_unit(planned) if planned is not None else {}
    lines = []
    for line in costs[-1].lines:
        history = [found.rates[1] for cost in costs if (found := by_unit(cost).get(line.unit)) is not None]
        if len(history) < 2:
            continue
        per_event, over, under = line.values
        rate, spread = line.rates[1], _rate_spread(history, line.cases)
        scale = line.cases * per_event
        service = under / (under + over) if under + over > 0 else 0.5
        z = float(stats.norm.ppf(min(max(service, 1e-4), 1 - 1e-4)))
        order = max(0.0, scale * (rate + z * spread))
        plan = plans.get(line.unit)
        quantity = scale * plan.rates[0] if plan is not None else None
        demand, sd = scale * rate, scale * spread
        saving = (
            None if quantity is None else expected_cost(quantity, demand, sd, over, under) - expected_cost(order, demand, sd, over, under)
        )
        lines.append(
            OrderLine(
                unit=line.unit, planned=quantity, demand=demand, low=max(0.0, demand - 1.2816 * sd), high=demand + 1.2816 * sd,
                service=service, order=order, saving=saving,
            )
        )  # fmt: skip
    return tuple(lines)


def expected_cost(order: float, demand: float, sd: float, over: float, under: float) -> float:
    """Expected newsvendor cost of an order when demand is normal: (over + under) * sd * (phi(z) + z Phi(z)) - under * (order - demand)."""
    if sd <= 0:
        return over * max(0.0, order - demand) + under * max(0.0, demand - order)
    z = (order - demand) / sd
    return float((over + under) * sd * (stats.norm.pdf(z) + z * stats.norm.cdf(z)) - under * sd * z)


def _rate_spread(history: Sequence[float], cases: float) -> float:
    """Standard deviation of next period's observed rate: one-period changes (scaled MAD), and the binomial noise of its events."""
    changes = np.abs(np.diff(np.array(history)))
    moved = 1.4826 * float(np.median(changes)) if len(changes) else 0.0
    noise = float(np.sqrt(max(history[-1] * (1 - history[-1]), 0.0) / max(cases, 1.0)))
    return max(moved, noise)
