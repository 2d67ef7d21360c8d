"""Weekly looks that are paid for: a confidence sequence of the mean excess of the cost over its expected level (methods A5.4).

An interval that is looked at every week leaves the truth out sooner or later; this one holds at all looks together.
Normal mixture: Howard, Ramdas, McAuliffe, Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences, Annals of Statistics 2021.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from model_insights.cost.level import Expected

ALPHA = 0.05
TIGHTEST = 8  # looks at which the sequence is narrowest
_FEWEST = 4  # periods a level rests on before an excess over it counts


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """After one period: looks so far, the mean excess per period and its half width, both in money. No looks: nothing is known."""

    looks: int = 0
    mean: float = 0.0
    half_width: float = math.inf

    @property
    def is_above(self) -> bool:
        """Whether the cost left its level upwards, at a look that was paid for."""
        return self.mean > self.half_width


def excess_sequence(costs: Sequence[float | None], levels: Sequence[Expected | None], *, alpha: float = ALPHA) -> tuple[Look, ...]:
    """One look per period, oldest first. Under no loss the probability that any look is outside is at most about `alpha`.

    `costs` in money, None where a period has none; `levels` what was expected of each. A period without either adds no look. The variance of
    an excess is that of ordinary periods around such a level: estimated, so the promise is as good as the estimate."""
    total, variance, looks, rho = 0.0, 0.0, 0, 0.0
    found = []
    for cost, level in zip(costs, levels, strict=True):
        if cost is not None and level is not None and level.periods >= _FEWEST and level.spread > 0:
            total, looks = total + cost - level.value, looks + 1
            rho = rho or level.spread**2 * TIGHTEST / _tightness(alpha)  # chosen once: at the first look
            variance += level.spread**2
        found.append(Look(looks=looks, mean=total / looks, half_width=half_width(variance, rho, alpha) / looks) if looks else Look())
    return tuple(found)


def half_width(variance: float, rho: float, alpha: float) -> float:
    """Of a sum with this variance, at all variances together; `rho` says where it is narrowest for its size."""
    return math.sqrt((variance + rho) * math.log((variance + rho) / (rho * alpha**2)))


def _tightness(alpha: float) -> float:
    """V / rho that makes the width at V smallest: the root of x = log(1 + x) - 2 log(alpha), by repetition (it contracts)."""
    x = -2 * math.log(alpha)
    for _ in range(50):
        x = math.log1p(x) - 2 * math.log(alpha)
    return x
