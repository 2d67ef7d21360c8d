"""Values far outside what the reference held: the share beyond its tails, and extremes that its own tail does not explain.

TFDV stores knots of the distribution function, not values. So each share is bounded from both sides by the knots around a point, and
only what the lower bound proves is called an outlier.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from scipy import stats

from model_insights.evidence.fact import Evidence, Source, State
from model_insights.evidence.knots import Floats, knots
from model_insights.evidence.quality import Corruption
from model_insights.ids import feature_id
from model_insights.noun import Noun
from model_insights.stats import DatasetStats, FeaturePath, FeatureStats
from model_insights.wording import Words

TAIL = 0.001  # each side of the reference's 0.1 to 99.9 % range
_REMARKABLE = 0.005  # share outside that is worth a line; a whole percent breaks the assumption
_BROKEN = 0.01
_FACTOR = 3.0  # an extreme less than three times as far out as the reference's is no outlier, whatever the tail
_LIGHTEST = 2.5  # tails lighter than this are judged as if they had it: one sample shows no lighter tail
_FAMILY = 0.03  # Bonferroni over the tails tested; with the 3 % of the change tests about 5 % of the pages hold a false alarm


class Tails(Noun):
    """One feature's tails against the reference.

    `outside_low` to `outside_high` bound the share of current values outside [low, high], which holds at least 99.8 % of the
    reference's; `outside_chance` is the probability of so many by sampling alone. `extreme` is the value furthest out, `times` how many
    times as far from the reference's median as its own extreme on that side, `chance` the probability that a tail as heavy as the
    reference's reaches there in as many rows."""

    path: FeaturePath
    low: float
    high: float
    outside_low: float
    outside_high: float
    outside_chance: float
    extreme: float | None = None
    own_extreme: float | None = None
    times: float = 0.0
    chance: float = 1.0


def tails(old: FeatureStats, new: FeatureStats) -> Tails | None:
    """The tails of a numeric feature; None when either period holds fewer than 50 values or no usable histogram, and when the middle
    moved by more than half the width of the reference: then all values did, which the change test says."""
    n0, n1 = old.common.tot_num_values, new.common.tot_num_values
    if old.numeric is None or new.numeric is None or min(n0, n1) < 50:
        return None
    before, now = knots(old), knots(new)
    xs0, ys0, xs1, ys1 = before.xs, before.ys, now.xs, now.ys
    if len(xs0) < 3 or len(xs1) < 2 or old.numeric.min == old.numeric.max or _middle_moved(xs0, ys0, xs1, ys1):
        return None
    low, high = _range(xs0, ys0)
    smallest, largest = new.numeric.min, new.numeric.max
    ends = (smallest if smallest is not None else float(xs1[0]), largest if largest is not None else float(xs1[-1]))
    least, most = _outside(xs1, ys1, low, high, ends)
    found = Tails(
        path=new.path, low=low, high=high, outside_low=least, outside_high=most, outside_chance=_outside_chance(least, n0, n1)
    )  # fmt: skip
    sides = [one for one in (_extreme(xs0, ys0, xs1, n0, n1, side) for side in (1, -1)) if one is not None]
    if not sides:
        return found
    extreme, own, times, chance = min(sides, key=lambda one: (one[3], -one[2]))
    return msgspec.structs.replace(found, extreme=extreme, own_extreme=own, times=times, chance=chance)


def _outside_chance(share: float, n0: int, n1: int) -> float:
    """P(at least this share of n1 values outside the range of n0 others): beta-binomial, for any continuous distribution."""
    ranks = 2 * (TAIL * n0 + 1)
    return float(stats.betabinom.sf(math.ceil(share * n1 - 1e-6) - 1, n1, ranks, max(n0 + 1 - ranks, 1.0))) if share > 0 else 1.0


def _middle_moved(xs0: Floats, ys0: Floats, xs1: Floats, ys1: Floats) -> bool:
    low, middle, high = np.interp([0.1, 0.5, 0.9], ys0, xs0)
    return bool(abs(np.interp(0.5, ys1, xs1) - middle) > (high - low) / 2)


def _range(xs: Floats, ys: Floats) -> tuple[float, float]:
    """Knots that enclose the 0.1 to 99.9 % range for certain."""
    below, above = np.flatnonzero(ys <= TAIL), np.flatnonzero(ys >= 1 - TAIL)
    return float(xs[below[-1]] if len(below) else xs[0]), float(xs[above[0]] if len(above) else xs[-1])


def _outside(xs: Floats, ys: Floats, low: float, high: float, ends: tuple[float, float]) -> tuple[float, float]:
    """Bounds of the share of values outside [low, high], from the knots on either side of each end; `ends`: the smallest and largest value."""
    right, left = np.searchsorted(xs, high, side="left"), np.searchsorted(xs, low, side="right")
    above = (1 - float(ys[right]) if right < len(xs) else 0.0, 1 - float(ys[right - 1]) if right > 0 else 1.0)
    if right < len(xs) and xs[right] == high:
        above = (above[0], above[0])
    below = (float(ys[left - 1]) if left > 0 else 0.0, float(ys[left]) if left < len(xs) else 1.0)
    if left > 0 and xs[left - 1] == low:
        below = (below[0], below[0])
    if high >= ends[1]:
        above = (0.0, 0.0)
    if low <= ends[0]:
        below = (0.0, 0.0)
    return max(0.0, above[0]) + max(0.0, below[0]), min(1.0, above[1] + below[1])


def _extreme(xs0: Floats, ys0: Floats, xs1: Floats, n0: int, n1: int, side: int) -> tuple[float, float, float, float] | None:
    """(extreme now, extreme of the reference, times as far out, chance) on the upper (1) or lower (-1) side; None when it is no further out.

    Maxima of n0 and n1 rows of a tail with exponent a: P(max1 > r max0) = 1 / (1 + n0/n1 r^a). The exponent comes from the reference's
    last decile and its maximum."""
    middle = float(np.interp(0.5, ys0, xs0))
    decile = side * (float(np.interp(0.5 + 0.4 * side, ys0, xs0)) - middle)
    own, now = (side * (float(xs[-1] if side > 0 else xs[0]) - middle) for xs in (xs0, xs1))
    spread = float(np.interp(0.9, ys0, xs0) - np.interp(0.1, ys0, xs0)) / 2
    reach = max(own, spread)
    if reach <= 0 or now <= _FACTOR * reach:
        return None
    exponent = math.log(max(0.1 * n0, 2.0)) / math.log(own / decile) if decile > 0 and own > decile else _LIGHTEST
    times = now / reach
    chance = 1 / (1 + n0 / n1 * times ** min(exponent, _LIGHTEST))
    at = -1 if side > 0 else 0
    return float(xs1[at]), float(xs0[at]), times, chance


def gather(
    before: DatasetStats, current: DatasetStats, paths: Sequence[FeaturePath], faults: Sequence[Corruption], words: Words
) -> tuple[Evidence, ...]:
    """One fact for each feature of `paths` with remarkable outliers; values that a found fault explains are left out."""
    explained = {one.path for one in faults}
    olds, news = ({one.path: one for one in whole.features} for whole in (before, current))
    found = []
    for path in paths:
        old, new = olds.get(path), news.get(path)
        if old is not None and new is not None and old.type == new.type and path not in explained:
            found.append(tails(old, new))
    known = [one for one in found if one is not None]
    limit = _FAMILY / max(2 * len(known), 1)
    return tuple(_fact(one, limit, words) for one in known if _is_beyond(one, limit) or one.chance < limit)


def _is_beyond(one: Tails, limit: float) -> bool:
    return one.outside_chance < limit and one.outside_low >= _REMARKABLE


def _fact(one: Tails, limit: float, words: Words) -> Evidence:
    name, parts, is_beyond = ".".join(one.path), [], _is_beyond(one, limit)
    if is_beyond:
        share = f"at least {words.percent(one.outside_low, 1)}"
        if one.outside_high - one.outside_low < 0.0005:
            share = words.percent(one.outside_low, 1)
        parts.append(
            f"{share} of the values lie outside {words.number(one.low)} to {words.number(one.high)}, where at least {words.percent(1 - 2 * TAIL, 1)} of the reference's lie"
        )
    if one.extreme is not None and one.own_extreme is not None and one.chance < limit:
        side = "largest" if one.extreme > one.own_extreme else "smallest"
        parts.append(
            f"the {side} value is {words.number(one.extreme)}, {words.number(one.times, 2)} times as far out as the reference's {words.number(one.own_extreme)}"
        )
    state: State = "violated" if is_beyond and one.outside_low >= _BROKEN else "watch"
    text = words.percent(one.outside_low, 1) if is_beyond else words.number(one.extreme or 0.0)
    return Evidence(
        id=f"data:outliers:{name}", corner="data", subject=name, measure="outliers", sentence=f"{name}: {'; '.join(parts)}.", state=state,
        value=one.outside_low if is_beyond else one.extreme, value_text=text, band=f"{words.number(one.low)} to {words.number(one.high)}",
        source=Source(kind="feature", id=feature_id(one.path), text=name),
    )  # fmt: skip
