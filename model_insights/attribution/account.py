"""Splits the rates line of an adjacent ledger by what rows tell: quality, mix inside the units, unseen rows, concept (methods A6.2, 4).

The ends are the aggregates', so the account keeps adding up to the same change; rows give the way between them. The block of data and
world is walked in the order quality, {mix, concept}, unseen (and the mending of an old fault last); between mix and concept it is
symmetric. A unit that rows cannot speak of stays in the rates line.
"""

from __future__ import annotations

import itertools
import math
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from model_insights.attribution.contrasts import Contrasts
from model_insights.cost.account import DRAWS, drawn_beside, money_of, noise
from model_insights.cost.model import Cells, Floats, rate_draws, unit_cost
from model_insights.ledger import LINES, Adjacent, Ledger, LedgerLine, LineId, around, check, corners_of, plain_lines, unseen_units
from model_insights.slices import SliceKey

_SPLIT: tuple[LineId, ...] = ("quality", "mix", "unseen", "concept", "rate")  # what a unit's rates are parted into
_OF_INPUTS = {"inventory": np.array([1.0, 0.0]), "classification": np.array([1.0, 1.0, 0.0, 0.0])}  # prediction; share decided for
_RECOVERED = 0.3  # share of concept that a challenger must surely recover for the model to be called out of date
_OTHERS = 3  # volume, unit values, slice mix: the players beside the block


class Walk(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One order of the model step: the block under one model, from its rates on the earlier data to its rates on the later.

    `start`, `end`: cells of that model on either period; `contrasts`: of the same model, of the units in common."""

    start: Cells
    end: Cells
    contrasts: Contrasts


class Challenger(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What a model trained on newer data would have cost on the later rows: `paired`, `lever`, `error` per unit as in Contrasts."""

    paired: Floats
    lever: Floats
    error: Floats


class RowStep(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What a row-level ledger needs: the step, and one or two walks with their weights (they sum to one)."""

    step: Adjacent
    units: tuple[SliceKey, ...]
    first: Walk | None  # under the model now serving: its step was taken before, on the earlier data
    last: Walk | None  # under the model that served then: its step is taken after, on the later data
    tier: Literal["T2", "T3"]
    challenger: Challenger | None = None  # the newest model before the later period, where another one served


def row_ledger(given: RowStep, plain: Ledger) -> Ledger:
    """`plain` with its rates parted. Raises AssertionError when the account does not add up."""
    noises = _noises(given)
    parts, drawn = _parts(given, None), _parts(given, noises)
    if given.challenger is not None:
        _recovered(given, given.challenger, parts, drawn, noises)
    lines, draws = [], {}
    for name in LINES:
        if name not in parts:
            continue
        by_unit = dict(zip(given.units, map(float, parts[name]), strict=True))
        if name == "unseen":
            for unit, money in unseen_units(given.step, given.units):
                by_unit[unit] = by_unit.get(unit, 0.0) + money
        if name == "rate" and not any(by_unit.values()):
            continue
        total = math.fsum(by_unit.values())
        spread = drawn[name].sum(axis=-1) if given.units else np.zeros(DRAWS)
        draws[name] = around(total, spread)
        lines.append(
            LedgerLine(id=name, corners=corners_of(name, model_known=True), money=money_of(total, spread), by_unit=tuple(by_unit.items()))
        )
    ledger = msgspec.structs.replace(plain, lines=tuple(lines), draws=draws, tier=given.tier, model_known=True)
    check(ledger)
    return ledger


def _recovered(
    given: RowStep, challenger: Challenger, parts: dict[LineId, Floats], drawn: dict[LineId, Floats], noises: tuple[Floats, Floats, Floats]
) -> None:
    """Takes from concept what the challenger would have recovered: the stale line (methods A6.3). Nothing where it surely recovers too little."""
    gain, gains = (_gain(given, challenger, noise_of) for noise_of in (None, (noises[1], noises[2])))
    concept = float(parts["concept"].sum())
    sure = float(np.quantile(gains.sum(axis=-1), 0.05))
    if concept <= 0 or sure <= _RECOVERED * concept:
        return
    for lines, gained in ((parts, gain), (drawn, gains)):
        total = lines["concept"].sum(axis=-1, keepdims=True)
        share = np.clip(gained.sum(axis=-1, keepdims=True) / np.where(np.abs(total) > 1e-9, total, 1.0), 0.0, 1.0) * (total > 0)
        lines["stale"] = share * lines["concept"]
        lines["concept"] = lines["concept"] - lines["stale"]


def _gain(given: RowStep, challenger: Challenger, noise_of: tuple[Floats, Floats] | None) -> Floats:
    """What the serving model cost more than the challenger [..., units]."""
    after = given.step.after.cells.take(given.units)
    rates, paired = after.rates, challenger.paired
    if noise_of is not None:
        k = rates.shape[1]
        roots = np.stack([np.linalg.cholesky(one + 1e-18 * np.eye(k)) for one in challenger.error])
        rates = rate_draws(after, noise_of[0])
        paired = paired + np.einsum("uij,duj->dui", roots, noise_of[1][..., -k:])
    other = before_change(rates, paired, challenger.lever, after.kind)
    found: Floats = after.volume * (unit_cost(after.kind, after.values, rates) - unit_cost(after.kind, after.values, other))
    return found


def _noises(given: RowStep) -> tuple[Floats, Floats, Floats]:
    """Standard normal draws for the earlier rates, the later rates, the contrasts. The contrasts' own are of other rows than the rates'."""
    before, after, units = given.step.before.run_id, given.step.after.run_id, len(given.units)
    walk = given.first or given.last
    width = walk.contrasts.error.shape[-1] if walk is not None else 0
    rates = walk.start.rates.shape[1] if walk is not None else 4
    return noise(before, units, rates), noise(after, units, rates), noise(f"{before}>{after} rows", units, width)[..., :width]


def _parts(given: RowStep, noises: tuple[Floats, Floats, Floats] | None) -> dict[LineId, Floats]:
    """Money per line and unit [..., units], the mean over the walks."""
    found: dict[LineId, Floats] = {}
    walks = [(walk, is_first) for walk, is_first in ((given.first, True), (given.last, False)) if walk is not None]
    for walk, is_first in walks:
        for name, money in _walked(given, walk, is_first, noises).items():
            found[name] = found.get(name, 0.0) + money / len(walks)
    return found


def _walked(given: RowStep, walk: Walk, is_first: bool, noises: tuple[Floats, Floats, Floats] | None) -> dict[LineId, Floats]:
    before, after = given.step.before.cells.take(given.units), given.step.after.cells.take(given.units)
    if noises is None:
        other, start, end, now, contrasts = before.rates, walk.start.rates, walk.end.rates, after.rates, walk.contrasts.values
    else:
        of_before, of_after, of_rows = noises
        other = rate_draws(before, of_before)
        start = drawn_beside(before, walk.start, of_before, given.step.before.run_id)
        now, contrasts = rate_draws(after, of_after), walk.contrasts.drawn(of_rows)
        end = now if is_first else before_change(now, contrasts[5], walk.contrasts.lever, after.kind)
    parts = plain_lines(before, after, start, end)
    split = _split(
        before, after, start, end, _anchored(walk.contrasts, contrasts, start, end, after.kind), walk.contrasts.method, parts["rate"]
    )
    parts |= {**split, "mix": parts["mix"] + split["mix"]}
    if is_first:
        parts["model"] = before.volume * (unit_cost(before.kind, before.values, start) - unit_cost(before.kind, before.values, other))
    else:
        parts["model"] = after.volume * (unit_cost(after.kind, after.values, now) - unit_cost(after.kind, after.values, end))
    return parts


def _anchored(found: Contrasts, contrasts: Floats, start: Floats, end: Floats, kind: str) -> Floats:
    """The contrasts with what the aggregates know better: what follows from the inputs alone (predictions, decisions) has no concept.

    So the whole of its move, less quality and unseen rows, is mix. By how much the rows of the sample missed that tells how they missed
    the outcomes too: a control variate with the covariance of the rows."""
    known = _OF_INPUTS.get(kind)
    if known is None:
        return contrasts
    begun, ended, unseen, mix_then, mix_now, paired = contrasts
    gap = (to_means(end, kind) - to_means(start, kind) - begun - ended - unseen) @ known
    shared = np.array([one == "on the overlap" for one in found.method])
    missed = np.where(shared, gap - (mix_then + mix_now) @ known, gap - mix_then @ known)
    missed_now = np.where(shared, missed, gap - mix_now @ known)
    then, now = _control(found, known, shared)
    return np.stack([begun, ended, unseen, mix_then + missed[..., None] * then, mix_now + missed_now[..., None] * now, paired])


def _control(found: Contrasts, known: Floats, shared: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """How much of a miss belongs to each rate of the two mix contrasts [units, k]."""
    k = len(known)
    then, now = slice(3 * k, 4 * k), slice(4 * k, 5 * k)
    own = [found.error[:, part, part] @ known for part in (then, now)]
    across = [found.error[:, then, now] @ known, found.error[:, now, then] @ known]
    both = [np.where(shared[:, None], one + other, one) for one, other in zip(own, across, strict=True)]
    spread = [one @ known for one in both]
    total = [np.where(shared, sum(spread), one) for one in spread]
    plain = known / (known @ known)
    made = [
        np.where(all_of[:, None] > 1e-15, one / np.maximum(all_of, 1e-15)[:, None], plain * np.where(shared, 0.5, 1.0)[:, None])
        for one, all_of in zip(both, total, strict=True)
    ]
    return made[0], made[1]


def _split(
    before: Cells, after: Cells, start: Floats, end: Floats, contrasts: Floats, method: tuple[str, ...], rate: Floats
) -> dict[LineId, Floats]:
    """The rates line of each unit by cause; what cannot be parted stays."""
    kind = before.kind
    deltas = {one: _deltas(kind, values, start, end, contrasts, method) for one, values in ((0, before.values), (1, after.values))}
    parts = {name: np.zeros_like(rate) for name in _SPLIT}
    for on in itertools.product((0, 1), repeat=_OTHERS):
        has_volume, has_values, has_mix = on
        weight = math.factorial(sum(on)) * math.factorial(_OTHERS - sum(on)) / math.factorial(_OTHERS + 1)
        mixed = (after if has_mix else before).volume
        cases = (after if has_volume else before).volume.sum() * mixed / max(mixed.sum(), 1e-12)
        for name, delta in deltas[has_values].items():
            parts[name] = parts[name] + weight * cases * delta
    return parts


def _deltas(kind: str, values: Floats, start: Floats, end: Floats, contrasts: Floats, method: tuple[str, ...]) -> dict[LineId, Floats]:
    """Money per case of each cause [..., units]; they sum to the money of the end less that of the start."""
    first, last = to_means(start, kind), to_means(end, kind)
    begun, ended, unseen, mix_then, mix_now, _ = contrasts
    merged = np.array([one == "merged" for one in method])
    shared = np.array([one == "on the overlap" for one in method])

    def cost(means: Floats) -> Floats:
        return unit_cost(kind, values, from_means(means, kind))  # type: ignore[arg-type]

    whole = unit_cost(kind, values, end) - unit_cost(kind, values, start)  # type: ignore[arg-type]
    a, b = first + begun, last - ended - unseen
    quality = cost(a) - cost(first) + cost(last) - cost(last - ended)
    strange = cost(last - ended) - cost(b)
    there, back = cost(a + mix_then), cost(b - mix_now)
    inner = np.where(shared, there - cost(a) + cost(b) - back, 0.5 * (there - cost(a) + cost(b) - back))
    # the remainder, so that the parts sum to the whole to the last digit
    concept = whole - quality - strange - inner
    gone = np.where(merged, 0.0, 1.0)
    return {
        "quality": quality * gone,
        "unseen": strange * gone,
        "mix": inner * gone,
        "concept": concept * gone,
        "rate": whole * merged,
    }


def before_change(rates: Floats, paired: Floats, lever: Floats, kind: str) -> Floats:
    """Rates of the model that served before, where the model serving now has `rates`: see Contrasts for `paired` and `lever`."""
    return from_means(lever * to_means(rates, kind) - paired, kind)


def to_means(rates: Floats, kind: str) -> Floats:
    """Rates as plain means over rows: of a regression bias and mean square in place of bias and spread."""
    if kind != "regression":
        return rates
    return np.stack([rates[..., 0], rates[..., 1] ** 2 + rates[..., 0] ** 2], axis=-1)


def from_means(means: Floats, kind: str) -> Floats:
    """The inverse of `to_means`. Shares and rates that noise drove below zero are zero; money may be below."""
    if kind == "amounts":
        return means
    if kind != "regression":
        return np.clip(means, 0.0, None)
    return np.stack([means[..., 0], np.sqrt(np.clip(means[..., 1] - means[..., 0] ** 2, 0.0, None))], axis=-1)
