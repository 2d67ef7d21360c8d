"""What rows tell besides money: which inputs moved the predictions, where outcomes left what they were, and the change of the ranking (AUC).

None of it enters the ledger: predictions and ranks are no money, and AUC is not additive over slices (methods A6.7).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from model_insights.attribution.contrasts import Contrasts, Sample
from model_insights.attribution.design import RIDGES, Coding, Ints, Prepared, Text, coding, cross_product, least_squares, prepared
from model_insights.attribution.notes import Leaf, MovedInput, Ranking, RankingPart
from model_insights.cost.model import Floats
from model_insights.cost.shapley import shapley_values

FEW_ROWS = 50  # rows of a leaf in each half
DRAWS = 200
_DEPTH = 2
_SEED = 20_240_616
Bools = NDArray[np.bool_]


class Question(NamedTuple):
    """A split: its text if true and if false, and the earlier and later rows of which it is true."""

    yes: str
    no: str
    then: Bools
    now: Bools


def moved_inputs(before: Sample, after: Sample) -> tuple[MovedInput, ...]:
    """By how much each input's move changed the mean prediction, largest first: coefficients of a linear stand-in of the model times the moves
    of the shares (Oaxaca and Blinder); what they leave is interplay, under the name ""."""
    ready = [prepared(one.compared.columns) for one in (before, after)]
    scores = [one.compared.score for one in (before, after)]
    keep = [(one.at >= 0) & np.isfinite(score) for one, score in zip((before, after), scores, strict=True)]
    if min(int(one.sum()) for one in keep) < FEW_ROWS:
        return ()
    design = coding(*ready)
    dummies = [design.dummies(one)[at] for one, at in zip(ready, keep, strict=True)]
    known = [score[at] for score, at in zip(scores, keep, strict=True)]
    gram = cross_product(dummies[0]) + cross_product(dummies[1])
    beta = least_squares(gram, dummies[0].T @ known[0] + dummies[1].T @ known[1], RIDGES[-1])
    moved = np.asarray(dummies[1].mean(axis=0) - dummies[0].mean(axis=0)).ravel() * beta
    ends = 1 + np.cumsum((0, *design.levels))
    names = (*design.edges, *design.values)
    parts = [MovedInput(name=name, change=float(moved[a:b].sum())) for name, a, b in zip(names, ends[:-1], ends[1:], strict=True)]
    rest = float(known[1].mean() - known[0].mean()) - sum(one.change for one in parts)
    return (*sorted(parts, key=lambda one: -abs(one.change)), MovedInput(name="", change=rest))


# --- where outcomes left what they were ----------------------------------------------------------------------------------------------


def leaves(before: Sample, after: Sample, found: Contrasts) -> tuple[Leaf, ...]:
    """A tree of two levels over the later rows' outcome less what the earlier law let expect: found on one half, measured on the other, less
    what that law misses on the earlier rows of the same leaf. Leaves whose interval (95 % for all together) holds no zero, largest first."""
    keep = [(one.at >= 0) & np.isfinite(miss) for one, miss in ((before, found.miss), (after, found.surprise))]
    if min(int(one.sum()) for one in keep) < 4 * FEW_ROWS:
        return ()
    ready = [prepared({n: values[at] for n, values in one.compared.columns.items()}) for one, at in zip((before, after), keep, strict=True)]
    miss, surprise = found.miss[keep[0]], found.surprise[keep[1]]
    search = np.arange(len(surprise)) % 2 == 0
    asked = _questions(coding(*ready), ready[0], ready[1])
    parts = _grown(asked, surprise, search, (np.ones(len(miss), dtype=bool), np.ones(len(surprise), dtype=bool)), (), _DEPTH)
    level = float(stats.norm.ppf(1 - 0.025 / len(parts)))
    made = [_leaf(path, surprise[rows & ~search], miss[then], int(rows.sum()), level) for path, (then, rows) in parts]
    return tuple(sorted((one for one in made if one.low * one.high > 0), key=lambda one: -abs(one.excess * one.rows)))


def _questions(design: Coding, then: Prepared, now: Prepared) -> list[Question]:
    """Every split that is tried."""
    asked = []
    for name, edges in design.edges.items():
        values = [one[name] for one in (then, now)]
        numbers = [one for one in values if not isinstance(one, Text)]
        asked += [Question(f"{name} <= {edge:.4g}", f"{name} > {edge:.4g}", numbers[0] <= edge, numbers[1] <= edge) for edge in edges]
    for name, known in design.values.items():
        columns = [one for one in (then[name], now[name]) if isinstance(one, Text)]
        numbered = [{label: i for i, label in enumerate(one.labels)} for one in columns]
        for value in known:
            true = [column.codes == number.get(value, -1) for column, number in zip(columns, numbered, strict=True)]
            asked.append(Question(f"{name} = {value}", f"{name} is another", true[0], true[1]))
    return asked


def _grown(
    asked: list[Question], surprise: Floats, search: Bools, rows: tuple[Bools, Bools], path: tuple[str, ...], depth: int
) -> list[tuple[tuple[str, ...], tuple[Bools, Bools]]]:
    """The split that parts the searched half best, and the same below; none that leaves either side with few rows."""
    best: tuple[float, Question] | None = None
    then, now = rows
    for question in asked if depth else ():
        sides = [(then & question.then, now & question.now), (then & ~question.then, now & ~question.now)]
        if min(min(int(a.sum()), int((b & search).sum()), int((b & ~search).sum())) for a, b in sides) < FEW_ROWS:
            continue
        seen = [surprise[b & search] for _, b in sides]
        gain = sum(len(one) * float(one.mean()) ** 2 for one in seen)
        if best is None or gain > best[0]:
            best = (gain, question)
    if best is None:
        return [(path, rows)]
    question = best[1]
    return [
        *_grown(asked, surprise, search, (then & question.then, now & question.now), (*path, question.yes), depth - 1),
        *_grown(asked, surprise, search, (then & ~question.then, now & ~question.now), (*path, question.no), depth - 1),
    ]


def _leaf(path: tuple[str, ...], surprise: Floats, miss: Floats, rows: int, level: float) -> Leaf:
    excess = float(surprise.mean() - miss.mean())
    error = level * float(np.hypot(surprise.std(ddof=1) / np.sqrt(len(surprise)), miss.std(ddof=1) / np.sqrt(len(miss))))
    return Leaf(where=path, rows=rows, excess=excess, low=excess - error, high=excess + error)


# --- ranking -------------------------------------------------------------------------------------------------------------------------


def ranking(before: Sample, after: Sample, found: Contrasts, scores: Mapping[str, tuple[Floats, Floats]]) -> Ranking | None:
    """The change of AUC over model, inputs and outcomes (Shapley over reweighted rows), with intervals of a Poisson bootstrap.

    `scores`: on earlier and later rows, of the models "then" and "now"; "now" alone: the model did not change or is not known. None where
    outcomes are not two or a period has one of them only."""
    labels = (before.outcome, after.outcome)
    keep = tuple(
        (one.at >= 0) & np.all([np.isfinite(pair[p]) for pair in scores.values()], axis=0) for p, one in enumerate((before, after))
    )
    for label, at in zip(labels, keep, strict=True):
        if set(np.unique(label[at])) != {0.0, 1.0}:
            return None
    chances = [np.clip(one[at], 0.02, 0.98) for one, at in zip((found.chance_then, found.chance_now), keep, strict=True)]
    weights = (chances[0] / (1 - chances[0]), (1 - chances[1]) / chances[1])
    ranks = {name: tuple(_ranks(pair[p][keep[p]]) for p in (0, 1)) for name, pair in scores.items()}
    known = (labels[0][keep[0]] > 0.5, labels[1][keep[1]] > 0.5)
    parts = _auc_parts(ranks, known, weights, (np.ones(len(known[0])), np.ones(len(known[1]))))
    random = np.random.default_rng(_SEED)
    drawn = []
    for _ in range(DRAWS):
        luck = tuple(random.poisson(1.0, len(one)).astype(float) for one in known)
        drawn.append(_auc_parts(ranks, known, weights, luck))  # type: ignore[arg-type]
    spread = {name: 1.96 * float(np.std([one[name] for one in drawn])) for name in parts}
    total = {"before": parts.pop("before"), "after": parts.pop("after")}
    return Ranking(
        before=total["before"], after=total["after"],
        parts=tuple(RankingPart(name=name, change=value, low=value - spread[name], high=value + spread[name]) for name, value in parts.items()),  # type: ignore[arg-type]
    )  # fmt: skip


def _auc_parts(
    ranks: Mapping[str, tuple[tuple[Ints, int], ...]],
    labels: tuple[Bools, Bools],
    weights: tuple[Floats, Floats],
    luck: tuple[Floats, Floats],
) -> dict[str, float]:
    """AUC before and after, and what model, inputs and outcomes changed."""
    models = [name for name in ("then", "now") if name in ranks]
    worth: dict[tuple[int, ...], Floats] = {}
    for model, inputs, outcomes in itertools.product(range(len(models)), (0, 1), (0, 1)):
        weight = luck[outcomes] if inputs == outcomes else luck[outcomes] * weights[outcomes]
        value = np.array(auc(*ranks[models[model]][outcomes], labels[outcomes], weight))
        worth[(model, inputs, outcomes) if len(models) > 1 else (inputs, outcomes)] = value
    names = ("model", "inputs", "outcomes") if len(models) > 1 else ("inputs", "outcomes")
    first, last = min(worth), max(worth)
    parts = {name: float(value) for name, value in zip(names, shapley_values(worth), strict=True)}
    return {"before": float(worth[first]), "after": float(worth[last]), **parts}


def _ranks(score: Floats) -> tuple[Ints, int]:
    """The place of each score among the different ones, and how many there are."""
    different, place = np.unique(score, return_inverse=True)
    return place, len(different)


def auc(place: Ints, count: int, positive: Bools, weight: Floats) -> float:
    """Weighted share of pairs in which the positive is ranked above the negative, ties half."""
    up = np.bincount(place, weights=weight * positive, minlength=count)
    down = np.bincount(place, weights=weight * ~positive, minlength=count)
    below = np.cumsum(down) - down / 2
    pairs = up.sum() * down.sum()
    return float((up * below).sum() / pairs) if pairs > 0 else 0.5
