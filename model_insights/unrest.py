"""What ordinary steps of a history show in a line of the ledger: its level, and its unrest beyond what sampling explains (methods A6.8, A8.2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from model_insights.ledger import Ledger, LineId, with_retrain_noise

FEWEST = 3  # other steps below which nothing is known of unrest
NEAREST = 24  # steps a yardstick is made of: what was ordinary long ago may no longer be
_PRIOR_STEPS = 4
_SURE = 0.99  # quantile at which a spread from few steps is as wide as Student's
_GAUSS = 2.2219  # makes Qn the standard deviation of a normal sample
_SMALL = {2: 0.399, 3: 0.994, 4: 0.512, 5: 0.844, 6: 0.611, 7: 0.857, 8: 0.669, 9: 0.872}


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A line in one step: its money, and the standard deviation that sampling gives it."""

    value: float
    error: float


class Unrest(msgspec.Struct, frozen=True, kw_only=True):
    """Median of a line over ordinary steps, and its spread there beyond sampling; zeros where too few steps are known."""

    level: float = 0.0
    spread: float = 0.0


def around(moves: Sequence[Move | None], at: int) -> Unrest:
    """What the ordinary steps nearest to step `at` show; the step itself, and None (a step that is not ordinary), tell nothing.

    The model is judged on a period it was trained on (before) and on one it never saw (after): some gain in the model line and some
    loss in the rates are ordinary, so a line has a level. Few steps tell little about a spread: beside them stand _PRIOR_STEPS in which the
    world is as restless as the sample, and it is widened as Student's t is."""
    others = sorted((abs(i - at), i) for i, move in enumerate(moves) if move is not None and i != at)[:NEAREST]
    known = [move for _, i in others if (move := moves[i]) is not None]
    if len(known) < FEWEST:
        return Unrest()
    values = np.array([move.value for move in known])
    sampled = float(np.median([move.error for move in known]))
    weight = _PRIOR_STEPS + len(known)
    seen = (_PRIOR_STEPS * 2 * sampled**2 + len(known) * qn(values) ** 2) / weight
    wide = float(stats.t.ppf(_SURE, weight - 1) / stats.norm.ppf(_SURE))
    return Unrest(level=float(np.median(values)), spread=math.sqrt(max(0.0, wide**2 * seen - sampled**2)))


def with_unrest(steps: Mapping[str, Ledger | str], losses: Collection[str]) -> dict[str, Ledger | str]:
    """The steps [by the later run's id] with what ordinary ones show: spread in the errors, levels beside. A step into or out of a run of
    `losses` is not ordinary. A model that is not told from the world (T0) has no level of its own, and gives the rates none.

    Volume and shares of slices are counted, not sampled: their amounts stay without an error, and their unrest is weighed in the decision."""
    noisy = dict(steps)
    for line_of in (_model, _outcomes, _mix):
        for run_id, usual in _around(steps, losses, line_of).items():
            step = noisy[run_id]
            if isinstance(step, Ledger) and (name := line_of(step)) is not None:
                level = {name: _level(name, usual)} if step.model_known else {}
                noisy[run_id] = with_retrain_noise(
                    msgspec.structs.replace(step, ordinary={**step.ordinary, **level}), usual.spread, name=name
                )
    for exact in (_volume, _shares):
        for run_id, usual in _around(steps, losses, exact).items():
            step = noisy[run_id]
            if isinstance(step, Ledger) and (name := exact(step)) is not None:
                noisy[run_id] = msgspec.structs.replace(step, unrest={**step.unrest, name: usual.spread})
    return noisy


def retrain_spread(steps: Mapping[str, Ledger | str], losses: Collection[str]) -> float:
    """Median of the unrest that is added to the model line's error; 0 where too few steps are ordinary."""
    found = _around(steps, losses, _model)
    return float(np.median([one.spread for one in found.values()])) if found else 0.0


def _model(step: Ledger) -> LineId | None:
    """The model line, where the model changed."""
    line = step.line("model")
    return "model" if line is not None and line.money.value != 0 else None


def _outcomes(step: Ledger) -> LineId:
    """The line that holds what customers did: concept where rows parted the rates."""
    return "concept" if step.line("concept") is not None else "rate"


def _mix(step: Ledger) -> LineId | None:
    """The mix, where rows tell it: aggregates know the shares of the slices without an error."""
    return "mix" if step.rows is not None else None


def _volume(step: Ledger) -> LineId | None:
    return "volume" if step.line("volume") is not None else None


def _shares(step: Ledger) -> LineId | None:
    """The mix, where the aggregates tell it."""
    return "mix" if step.rows is None and step.line("mix") is not None else None


def _around(steps: Mapping[str, Ledger | str], losses: Collection[str], line_of: Callable[[Ledger], LineId | None]) -> dict[str, Unrest]:
    moves = {run_id: _move(step, line_of(step)) for run_id, step in steps.items() if isinstance(step, Ledger)}
    ends = {run_id: {step.reference_id, step.run_id} for run_id, step in steps.items() if isinstance(step, Ledger)}
    calm = [moves[run_id] if not ends[run_id] & set(losses) else None for run_id in moves]
    return {run_id: around(calm, i) for i, (run_id, move) in enumerate(moves.items()) if move is not None}


def _move(step: Ledger, name: LineId | None) -> Move | None:
    line = step.line(name) if name is not None else None
    return Move(value=line.money.value, error=float(np.std(step.draws[line.id]))) if line is not None else None


def _level(name: LineId, usual: Unrest) -> float:
    """A retrain gains on what it has seen, outcomes lose on what the model has not: a level of the other sign is luck."""
    return min(0.0, usual.level) if name == "model" else 0.0 if name == "mix" else max(0.0, usual.level)


def qn(values: NDArray[np.float64]) -> float:
    """Rousseeuw and Croux's Qn [n] -> standard deviation: a quartile of all distances between two values, so that up to half of them may lie
    anywhere, and four fifths as efficient as the standard deviation (Alternatives to the median absolute deviation, JASA 1993)."""
    n = len(values)
    if n < 2:
        return 0.0
    half = n // 2 + 1
    rows, columns = np.triu_indices(n, 1)
    distance = np.partition(np.abs(values[rows] - values[columns]), half * (half - 1) // 2 - 1)[half * (half - 1) // 2 - 1]
    small = _SMALL.get(n, n / (n + 1.4) if n % 2 else n / (n + 3.8))
    return float(_GAUSS * small * distance)
