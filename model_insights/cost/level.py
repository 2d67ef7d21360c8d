"""The level a period's cost is held against, aware of trend and season where the history is long enough (methods A2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from model_insights.noun import Noun

_DAMPING = 0.9  # how much of the trend's last step is expected to go on
_OUTSIDE = 3.0  # spreads above the level at which a period is a loss, not an ordinary one
_NEW_NORMAL = 6  # losses in a row after which they are the level


class Expected(Noun):
    """The expected level of one period and the spread of ordinary periods around such a level (from past one-step errors, robust).

    `method`: `recent` is the median of up to four earlier periods, which cannot exclude a season; `season ratio` follows the same
    period of the season before; `trend and season` is a robust STL decomposition over two seasons or more."""

    value: float
    spread: float
    periods: int
    method: Literal["recent", "season ratio", "trend and season"] = "recent"

    @property
    def knows_season(self) -> bool:
        return self.method != "recent"


def expected_levels(
    values: Sequence[float | None], *, season: int | None, worse: Literal["up", "down"] = "up"
) -> tuple[Expected | None, ...]:
    """The level expected of each period from the ordinary ones before it; None with fewer than two of them.

    A period far above its own level (below, where `worse` is down) is a loss: it moves neither the level nor the spread, unless losses last (then they are the level).
    `values` oldest first, None where a period has no cost; `season` in periods, None when the configuration names none."""
    sign = 1.0 if worse == "up" else -1.0
    levels: list[Expected | None] = []
    errors: list[float] = []
    ordinary: list[float | None] = []  # the values, losses left out
    in_a_row = 0
    for i, value in enumerate(values):
        guess, known = _guess(ordinary, season), sum(one is not None for one in ordinary)
        spread = _spread(errors)
        levels.append(None if guess is None or known < 2 else Expected(value=guess[0], spread=spread, periods=known, method=guess[1]))
        is_loss = (
            value is not None
            and guess is not None
            and known >= 4
            and sign * (value - guess[0]) > _OUTSIDE * max(spread, 0.1 * abs(guess[0]))
        )
        in_a_row = in_a_row + 1 if is_loss else 0
        if in_a_row >= _NEW_NORMAL:  # what lasts is the level: take the stretch in
            ordinary[i - in_a_row + 1 :] = [*values[i - in_a_row + 1 : i], value]
            in_a_row = 0
            continue
        ordinary.append(None if is_loss else value)
        if value is not None and guess is not None and not is_loss:
            errors.append(value - guess[0])
    return tuple(levels)


def _guess(
    earlier: Sequence[float | None], season: int | None
) -> tuple[float, Literal["recent", "season ratio", "trend and season"]] | None:
    """The best available guess of the next value."""
    known = [one for one in earlier if one is not None]
    if not known:
        return None
    if (
        season is not None
        and season > 1
        and len(earlier) >= 2 * season
        and len(known) > len(earlier) // 2
        and (found := _decomposed(earlier, season)) is not None
    ):
        return found, "trend and season"
    if season is not None and season > 1 and len(earlier) >= season + 2 and (found := _ratio(earlier, season)) is not None:
        return found, "season ratio"
    return float(np.median(known[-4:])), "recent"


def _ratio(earlier: Sequence[float | None], season: int) -> float | None:
    """Last season's value times how the recent periods compare with theirs of last season (A2.1b)."""
    same = earlier[len(earlier) - season]
    pairs = [(earlier[-i], earlier[-i - season]) for i in range(1, 5) if len(earlier) - i - season >= 0]
    ratios = [now / then for now, then in pairs if now is not None and then is not None and now > 0 and then > 0]
    if same is None or not ratios:
        return None
    return float(same * np.median(ratios))


def _decomposed(earlier: Sequence[float | None], season: int) -> float | None:
    """Last trend (damped) plus the seasonal part of a season ago, of a robust STL (A2.1a); None with a gap of more than two periods."""
    filled = _filled(earlier)
    try:
        from statsmodels.tsa.seasonal import STL
    except ImportError:  # an optional package: without it the ratio to last season has to do, and the page says which was used
        return None
    if filled is None:
        return None
    parts = STL(filled, period=season, robust=True).fit()
    step = float(parts.trend[-1] - parts.trend[-2])
    return float(parts.trend[-1] + _DAMPING * step + parts.seasonal[len(filled) - season])


def _filled(earlier: Sequence[float | None]) -> np.ndarray | None:  # type: ignore[type-arg]
    """Short gaps drawn straight; leading ones dropped by repeating the first value."""
    known = [i for i, one in enumerate(earlier) if one is not None]
    if max(np.diff(known), default=1) > 3:
        return None
    return np.interp(np.arange(len(earlier)), known, [earlier[i] for i in known])  # type: ignore[arg-type]


def _spread(errors: Sequence[float]) -> float:
    return 1.4826 * float(np.median(np.abs(errors))) if errors else 0.0
