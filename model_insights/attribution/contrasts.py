"""Differences of mean outcomes between two periods that rows can tell: what quality, mix and unseen rows did to the rates of each unit.

For every unit the rates moved from the earlier to the later period; concept is what the contrasts here leave of that move. Cross means
(rows of one period under the outcomes of the other) are doubly robust (AIPW) and cross-fitted; methods A6.2, steps 1 to 3 and 6.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model_insights.attribution.design import (
    Columns,
    Dummies,
    Ints,
    Prepared,
    Text,
    coding,
    cross_product,
    least_squares,
    log_odds,
    logistic,
    prepared,
    ridges,
)
from model_insights.attribution.notes import Overlap
from model_insights.cost.model import Floats

CLIP = 0.02  # odds of belonging to a period are never trusted beyond
OUTSIDE = 0.98  # chance of belonging to the later period from which a row is outside the earlier one's support
FEW_ROWS = 30  # rows of a unit, in each period, below which nothing is said of it
WEAK, INSEPARABLE = 0.2, 0.05  # effective share of the rows below which only the overlap, or nothing, is compared
APART = 0.95  # ROC area of the odds from which the periods have nothing in common
_NEW_VALUE = 0.5  # an unseen value makes a row unseen where it makes up less than this share of the later rows (else the column changed)
_SCORE, _UNIT = "\0score", "\0unit"  # names that no feature has

Method = Literal["doubly robust", "on the overlap", "merged"]


class Said(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Rows as recorded, and what one model makes of them.

    `rates` [rows, k]: what each row adds to the mean rates of its unit. `base`, `slope` [rows, k]: rates = base + outcome * slope, where
    they are so simple; then only the outcome has to be modelled. None: the rates themselves are."""

    columns: Columns
    score: Floats
    rates: Floats
    base: Floats | None = None
    slope: Floats | None = None

    def target(self, outcome: Floats) -> Floats:
        """What is modelled: the outcome beyond the score [rows, 1], so that a penalty pulls towards the model; or the rates [rows, k]."""
        return self.rates if self.base is None else (outcome - self.score)[:, None]

    def expected(self, modelled: Floats) -> Floats:
        """Rates that follow from a modelled target."""
        if self.base is None or self.slope is None:
            return modelled
        found: Floats = self.base + (modelled + self.score[:, None]) * self.slope
        return found


class Sample(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Rows of one period under one model. `at` [rows] is the unit's number, -1 for none of them; `outcome` [rows].

    `faulty`: the same rows with the data fault that only the other period has. `other` [rows, k]: the rates of the same rows under the
    other model (None: not known)."""

    at: Ints
    outcome: Floats
    said: Said
    faulty: Said | None = None
    other: Floats | None = None

    @property
    def rates(self) -> Floats:
        return self.said.rates

    @property
    def compared(self) -> Said:
        """The rows in the form that the other period's have."""
        return self.said if self.faulty is None else self.faulty


class Contrasts(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Contrasts per unit [units, k] and their covariance over the rows.

    begun, ended: the quality of the later period's own faults, and minus that of the earlier one's. unseen: rows outside the earlier
    support. mix_then, mix_now: inputs moved, under the earlier outcomes, under the later ones. paired: `lever` times the other model's
    rates on the later rows less this one's. `error` [units, 6 k, 6 k] is their covariance in that order; `method` per unit."""

    begun: Floats
    ended: Floats
    unseen: Floats
    mix_then: Floats
    mix_now: Floats
    paired: Floats
    lever: Floats
    error: Floats
    method: tuple[Method, ...]
    overlap: Overlap
    chance_then: Floats  # [rows] of belonging to the later period, of earlier and later rows
    chance_now: Floats
    surprise: Floats  # [later rows] what was modelled, less what the earlier law let expect
    miss: Floats  # [earlier rows] the same: what the law misses where it holds

    @property
    def values(self) -> Floats:
        """[6, units, k]."""
        return np.stack([self.begun, self.ended, self.unseen, self.mix_then, self.mix_now, self.paired])

    def drawn(self, noise: Floats) -> Floats:
        """Contrasts of other samples of the same sizes: [6, draws, units, k] from standard normal noise [draws, units, 6 k]."""
        count, units, k = self.values.shape
        roots = np.stack([_root(one) for one in self.error]) if units else np.zeros((0, count * k, count * k))
        wobble = np.einsum("uij,duj->dui", roots, noise).reshape(len(noise), units, count, k)
        drawn: Floats = self.values[:, None] + np.moveaxis(wobble, 2, 0)
        return drawn


def contrasts(before: Sample, after: Sample, units: int) -> Contrasts:
    """All contrasts of two periods under one model. Deterministic: folds go by row number."""
    fit = _fit(before, after)
    keep = fit.seen & (fit.chance_now <= OUTSIDE)
    lever = np.ones((units, before.rates.shape[1]))
    if after.other is not None:
        lever = paired_difference(after.at, after.other, after.rates, units)[1]
    parts = [_unit(before, after, fit, keep, unit, lever[unit]) for unit in range(units)]
    k = before.rates.shape[1]
    found = np.stack([one[0] for one in parts], axis=1) if parts else np.zeros((6, 0, k))
    return Contrasts(
        begun=found[0], ended=found[1], unseen=found[2], mix_then=found[3], mix_now=found[4], paired=found[5], lever=lever,
        error=np.stack([one[1] for one in parts]) if parts else np.zeros((0, 6 * k, 6 * k)), method=tuple(one[2] for one in parts),
        overlap=_overlap(before, after, fit, keep), chance_then=fit.chance_then, chance_now=fit.chance_now, surprise=fit.surprise, miss=fit.miss,
    )  # fmt: skip


def paired_difference(at: Ints, own: Floats, other: Floats, units: int) -> tuple[Floats, Floats, Floats]:
    """(mean of lever * own less other, lever, covariance) per unit: two models on the same rows. Zeros for units without rows."""
    k = own.shape[1]
    paired, levers, errors = np.zeros((units, k)), np.ones((units, k)), np.zeros((units, k, k))
    for unit in range(units):
        rows = at == unit
        if rows.any():
            levers[unit] = _lever(other[rows], own[rows])
            paired[unit], influence = _mean(levers[unit] * own[rows] - other[rows])
            errors[unit] = _covariance(influence[None])
    return paired, levers, errors


class _Fit(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Out-of-fold answers. `then_*` on the earlier rows, `now_*` on the later: mean rates under earlier (`0`) and later (`1`) outcomes.

    `miscalibration`: of the outcome model, on either period's own rows."""

    rates_then: Floats
    rates_now: Floats
    then_0: Floats
    then_1: Floats
    now_0: Floats
    now_1: Floats
    chance_then: Floats  # of belonging to the later period
    chance_now: Floats
    miscalibration: float
    surprise: Floats
    miss: Floats
    seen: NDArray[np.bool_]  # later rows without a value that the earlier never had


def _fit(before: Sample, after: Sample) -> _Fit:
    said = (before.compared, after.compared)
    ats = (before.at, after.at)
    columns = [
        prepared({**one.columns, _SCORE: one.score, _UNIT: at.astype(str).astype(object)}) for one, at in zip(said, ats, strict=True)
    ]
    seen = _inside(*columns)
    design = coding(*columns, whole=(_UNIT,))
    dummies = [design.dummies(one) for one in columns]
    targets = [one.target(sample.outcome) for one, sample in zip(said, (before, after), strict=True)]
    inside = [before.at >= 0, (after.at >= 0) & seen]
    modelled, chances = _cross_fitted(dummies, targets, inside)
    means = [[one.expected(modelled[p][law]) for law in (0, 1)] for p, one in enumerate(said)]
    wrong = max(_worst_tenth(targets[p][inside[p]], modelled[p][p][inside[p]]) for p in (0, 1))
    return _Fit(
        rates_then=said[0].rates, rates_now=said[1].rates, then_0=means[0][0], then_1=means[0][1], now_0=means[1][0], now_1=means[1][1],
        chance_then=chances[0], chance_now=chances[1], miscalibration=wrong, seen=seen,
        surprise=(targets[1] - modelled[1][0]).sum(axis=1), miss=(targets[0] - modelled[0][0]).sum(axis=1),
    )  # fmt: skip


def _cross_fitted(dummies: list[Dummies], targets: list[Floats], inside: list[NDArray[np.bool_]]) -> tuple[list[Floats], list[Floats]]:
    """Per period: targets modelled on the other half of the rows [2 laws, rows, k], chance of the later period [rows]."""
    folds = [np.arange(one.shape[0]) % 2 for one in dummies]
    modelled = [np.zeros((2, *one.shape)) for one in targets]
    chances = [np.zeros(one.shape[0]) for one in dummies]
    for fold in (0, 1):
        trained, asked = [inside[p] & (folds[p] != fold) for p in (0, 1)], [folds[p] == fold for p in (0, 1)]
        own, all_asked = [dummies[p][trained[p]] for p in (0, 1)], [dummies[p][asked[p]] for p in (0, 1)]
        held = [all_asked[p][inside[p][asked[p]]] for p in (0, 1)]
        grams = [cross_product(one) for one in own]
        for law in (0, 1):
            beta = _best_fit(own[law], targets[law][trained[law]], grams[law], held[law], targets[law][asked[law] & inside[law]])
            for p in (0, 1):
                modelled[p][law, asked[p]] = all_asked[p] @ beta
        odds = _best_odds(own, held, grams[0] + grams[1])
        prior = np.log(max(own[1].shape[0], 1) / max(own[0].shape[0], 1))
        for p in (0, 1):
            chances[p][asked[p]] = logistic(all_asked[p] @ odds - prior)
    return modelled, chances


def _best_fit(own: Dummies, target: Floats, gram: Floats, held: Dummies, truth: Floats) -> Floats:
    """Least squares under the penalty that foretells the held rows best."""
    moments = own.T @ target
    tried = [least_squares(gram, moments, ridge) for ridge in ridges(own.shape[0])]
    errors = [float(((held @ beta - truth) ** 2).sum()) if len(tried) > 1 else 0.0 for beta in tried]
    return tried[int(np.argmin(errors))]


def _best_odds(own: list[Dummies], held: list[Dummies], gram: Floats) -> Floats:
    """Log odds of the later period under the penalty that foretells the held rows best; the constant alone where nothing does."""
    both = sparse.vstack(own, format="csr")
    later = np.repeat([0.0, 1.0], [one.shape[0] for one in own])
    best = np.zeros(len(gram))
    best[0] = np.log(max(own[1].shape[0], 1) / max(own[0].shape[0], 1))
    least, beta = _surprise(best, held), None
    for ridge in ridges(both.shape[0]):
        beta = log_odds(both, later, gram, ridge, beta)
        surprise = _surprise(beta, held)
        if surprise >= least:
            break
        best, least = beta, surprise
    return best


def _surprise(beta: Floats, held: list[Dummies]) -> float:
    """Log loss on held rows of both periods."""
    odds = [one @ beta for one in held]
    return float(np.logaddexp(0, odds[0]).sum() + np.logaddexp(0, -odds[1]).sum())


def _inside(then: Prepared, now: Prepared) -> NDArray[np.bool_]:
    """Later rows without a text that the earlier rows never had. A column whose values are mostly new changed its code: nothing is new."""
    keep: NDArray[np.bool_] = np.ones(len(now[_SCORE]), dtype=bool)
    for name, column in now.items():
        old = then.get(name)
        if not isinstance(column, Text) or not isinstance(old, Text):
            continue
        known = {*old.labels, None}
        new = np.array([label not in known for label in column.labels], dtype=bool)[column.codes]
        if 0 < new.mean() < _NEW_VALUE:
            keep &= ~new
    return keep


def _unit(before: Sample, after: Sample, fit: _Fit, keep: NDArray[np.bool_], unit: int, lever: Floats) -> tuple[Floats, Floats, Method]:
    """(contrasts [6, k], covariance [6 k, 6 k], method) of one unit."""
    k = before.rates.shape[1]
    a, b = np.flatnonzero(before.at == unit), np.flatnonzero(after.at == unit)
    c = b[keep[b]]
    if min(len(a), len(c)) < FEW_ROWS:
        return np.zeros((6, k)), np.zeros((6 * k, 6 * k)), "merged"
    values, on_then, on_now = np.zeros((6, k)), np.zeros((6, len(a), k)), np.zeros((6, len(b), k))
    kept = keep[b]
    if before.faulty is not None:
        values[0], on_then[0] = _mean(fit.rates_then[a] - before.rates[a])
    if after.faulty is not None:
        values[1], on_now[1] = _mean(after.rates[b] - fit.rates_now[b])
    if len(c) < len(b):
        values[2] = fit.rates_now[b].mean(axis=0) - fit.rates_now[c].mean(axis=0)
        on_now[2] = fit.rates_now[b] - fit.rates_now[b].mean(axis=0)
        on_now[2][kept] -= (fit.rates_now[c] - fit.rates_now[c].mean(axis=0)) * len(b) / len(c)
    method, inputs = _moved_inputs(fit, a, c)
    stretch = len(b) / len(c)
    for i, (value, then, now) in enumerate(inputs):
        values[3 + i], on_then[3 + i] = value, then
        on_now[3 + i][kept] = now * stretch
    if after.other is not None:
        values[5], on_now[5] = _mean(lever * after.other[b] - after.rates[b])
    return values, _covariance(on_then) + _covariance(on_now), method


def _lever(one: Floats, known: Floats) -> Floats:
    """By how much one model's rates move with another's from row to row [k]: what the rows of the sample miss of the other's known mean they
    miss of this one's in that proportion. 1 for outcomes in categories, whose shares must stay whole."""
    if known.shape[1] > 2:
        return np.ones(known.shape[1])
    own, other = (part - part.mean(axis=0) for part in (one, known))
    spread = (other**2).sum(axis=0)
    return np.where(spread > 1e-12, (own * other).sum(axis=0) / np.maximum(spread, 1e-12), 1.0)


def _moved_inputs(fit: _Fit, a: Ints, c: Ints) -> tuple[Method, list[tuple[Floats, Floats, Floats]]]:
    """How, and the two contrasts of moved inputs: each its value, its influence on the earlier rows, on the later ones."""
    chance_then, chance_now = _clipped(fit.chance_then[a]), _clipped(fit.chance_now[c])
    w_then, w_now = _normalised(chance_then / (1 - chance_then)), _normalised((1 - chance_now) / chance_now)
    share = min(_effective(w_then), _effective(w_now))
    if share < INSEPARABLE or _auc(chance_then, chance_now) > APART:
        return "merged", [(np.zeros(fit.rates_then.shape[1]), np.zeros(1), np.zeros(1))] * 2
    if share < WEAK:  # the shared law of both periods (DISDE): its weights are bounded
        w_then, w_now = _normalised(chance_then), _normalised(1 - chance_now)
        then = _half(fit.rates_then[a], fit.then_0[a], fit.now_0[c], w_then, w_now)
        now = _half(fit.rates_now[c], fit.now_1[c], fit.then_1[a], w_now, w_then)
        return "on the overlap", [then, (-now[0], -now[2], -now[1])]
    then = _crossed(fit.rates_then[a], fit.then_0[a], fit.now_0[c], w_then)
    now = _crossed(fit.rates_now[c], fit.now_1[c], fit.then_1[a], w_now)
    return "doubly robust", [then, (-now[0], -now[2], -now[1])]


def _crossed(rates: Floats, own: Floats, foreign: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean of the foreign rows under the own outcomes less the own mean (AIPW), with influences on own and foreign rows."""
    there, on_foreign = _mean(foreign)
    here, on_own = _mean(own)
    rest, on_rest = _mean((weight - 1)[:, None] * (rates - own))
    return there - here + rest, on_rest - on_own, on_foreign


def _half(rates: Floats, own: Floats, foreign: Floats, weight: Floats, foreign_weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean over the shared law under the own outcomes less the own mean: half of either period's reweighted rows stand for the shared law."""
    there, on_foreign = _mean(0.5 * foreign_weight[:, None] * (foreign - _center(foreign, foreign_weight)))
    here, on_here = _mean(0.5 * weight[:, None] * (own - _center(own, weight)))
    middle = 0.5 * (_center(foreign, foreign_weight) + _center(own, weight))
    rest, on_rest = _mean(weight[:, None] * (rates - own))
    mean, on_mean = _mean(rates)
    return middle + there + here + rest - mean, on_here + on_rest - on_mean, on_foreign


def _center(values: Floats, weight: Floats) -> Floats:
    found: Floats = (weight[:, None] * values).mean(axis=0)
    return found


def _mean(values: Floats) -> tuple[Floats, Floats]:
    mean: Floats = values.mean(axis=0)
    return mean, values - mean


def _clipped(chance: Floats) -> Floats:
    found: Floats = np.clip(chance, CLIP, 1 - CLIP)
    return found


def _normalised(weight: Floats) -> Floats:
    found: Floats = weight / weight.mean()
    return found


def _effective(weight: Floats) -> float:
    """Kish: effective rows over rows."""
    return float(weight.sum() ** 2 / (weight**2).sum() / len(weight))


def _covariance(influence: Floats) -> Floats:
    """Of the means whose influence per row [contrasts, rows, k] is given: [contrasts k, contrasts k]."""
    count, rows, k = influence.shape
    flat = np.moveaxis(influence, 1, 0).reshape(rows, count * k)
    found: Floats = flat.T @ flat / rows**2
    return found


def _root(covariance: Floats) -> Floats:
    """A square root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(covariance)
    found: Floats = vectors * np.sqrt(np.clip(values, 0.0, None))
    return found


# --- diagnostics ---------------------------------------------------------------------------------------------------------------------


def _overlap(before: Sample, after: Sample, fit: _Fit, keep: NDArray[np.bool_]) -> Overlap:
    a, c = before.at >= 0, (after.at >= 0) & keep
    chance_then, chance_now = _clipped(fit.chance_then[a]), _clipped(fit.chance_now[c])
    if min(len(chance_then), len(chance_now)) == 0:
        return Overlap(rows=(len(chance_then), len(chance_now)), effective=0.0, largest_weight=1.0, separability=1.0, miscalibration=0.0)
    w_then, w_now = _normalised(chance_then / (1 - chance_then)), _normalised((1 - chance_now) / chance_now)
    return Overlap(
        rows=(int(a.sum()), int((after.at >= 0).sum())), effective=min(_effective(w_then), _effective(w_now)),
        largest_weight=float(max(w_then.max() / len(w_then), w_now.max() / len(w_now))), separability=_auc(chance_then, chance_now),
        miscalibration=fit.miscalibration,
    )  # fmt: skip


def _auc(low: Floats, high: Floats) -> float:
    """P(a later row has the higher chance), ties half."""
    order = np.sort(low)
    below, upto = np.searchsorted(order, high, side="left"), np.searchsorted(order, high, side="right")
    return float((below + upto).mean() / 2 / len(low))


def _worst_tenth(rates: Floats, fitted: Floats) -> float:
    """Largest mean residual by tenth of the fitted values, in standard errors, over the rates."""
    worst = 0.0
    for i in range(rates.shape[1]):
        residual = rates[:, i] - fitted[:, i]
        error = float(residual.std())
        if error <= 1e-12:
            continue
        for part in np.array_split(np.argsort(fitted[:, i], kind="stable"), 10):
            if len(part):
                worst = max(worst, abs(float(residual[part].mean())) / (error / np.sqrt(len(part))))
    return worst
