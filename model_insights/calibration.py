"""How often a corner with a given share of resampled periods was right on simulated faults: the map from a raw share to a probability.

Fitted by `python -m benchmarks.verdict` (isotonic, methods A8.5) on fitting settings alone; a small table, per tier. HELD counts
how often each word was right on the held-out settings of benchmarks/verdict/README.md.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Knots = tuple[tuple[float, float], ...]

# table: written by benchmarks/verdict
CASES: Mapping[str, int] = {"T0": 24, "T1": 86}
KNOTS: Mapping[str, Knots] = {
    "T0": ((0.0, 0.0), (1.0, 0.9615)),
    "T1": ((0.0, 0.0), (0.9929, 0.9886)),
}
HELD: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "T0": {"very likely": (32, 40)},
    "T1": {"very likely": (108, 125), "likely": (2, 2)},
}
# end of table


_STANDS_IN = {"T2": "T1", "T3": "T1"}  # tiers on which no faults were simulated yet, and whose map is taken


def fitted_tier(tier: str) -> str:
    """The tier whose map holds: the tier itself where faults were simulated on it, else the one that stands in. Raises KeyError."""
    return tier if tier in KNOTS else _STANDS_IN[tier]


def reliability(tier: str, said: str) -> tuple[int, int]:
    """(right, named) of the corners that were named with this word on simulated faults the map never saw; (0, 0) where none was."""
    return HELD.get(fitted_tier(tier), {}).get(said, (0, 0))


def calibrated(probability: float, tier: str) -> float:
    """P(the corner is right) for a raw share in [0, 1], by straight lines between the knots; raises KeyError for an unknown tier."""
    raw, right = zip(*KNOTS[fitted_tier(tier)], strict=True)
    return float(np.interp(probability, raw, right))
