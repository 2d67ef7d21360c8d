"""Which features tell of the outcome, which carry the loss, and which could go: by permutation, on the rows that are kept.

Without the model no prediction can be asked for again, so nothing is said of what the model makes of a feature (attributions say that).
What is said: how much a feature by itself tells of the outcome (mutual information), and how much of the differences between rows' losses
it explains (correlation ratio), both beyond what it would if outcomes and losses were dealt out to the rows by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Union

import numpy as np
from numpy.typing import NDArray

from model_insights.evidence.rows import Codes, Floats, RowTable, coded, levels_of
from model_insights.noun import Noun

Measure = Callable[[NDArray[np.intp], int, Floats], float]
MOST_ROWS = 20_000  # an evenly spaced part of more of them
FEWEST = 200
NEGLIGIBLE = 0.01  # of the most telling feature's information
SEEN = 0.1  # a feature that tells a tenth as much as the most telling one must be seen, before silence says anything
LUCK = 0.05
_DEALS = 60  # permutations
_BINS = 10
_SEED = 20_240_619


class Carried(Noun):
    """One feature: what it tells of the outcome (bits) and explains of the loss (share of variance), both beyond chance and never negative.

    `*_p`: share of permutations that did as well; `found_from`: the information from which on so many rows would have shown it. None where
    rows have no outcome, or no price."""

    feature: str
    information: float | None
    information_p: float | None
    found_from: float | None
    loss: float | None
    loss_p: float | None


class Carry(Noun):
    """All features, the most telling first; `entropy` is what there is to tell of the outcome (bits)."""

    features: tuple[Carried, ...]
    rows: int
    entropy: float | None
    deals: int = _DEALS

    def could_go(self, one: Carried) -> bool | None:
        """It tells next to nothing of the outcome beside the most telling one, and explains no loss; None where the rows are too few to tell."""
        if one.information is None or one.information_p is None or one.found_from is None:
            return None
        if one.loss_p is not None and one.loss_p <= LUCK:
            return False
        most = max((other.information or 0.0) for other in self.features)
        if one.information_p <= LUCK:
            return one.information <= NEGLIGIBLE * most
        return True if one.found_from <= SEEN * most else None


def carried(table: RowTable, *, features: Sequence[str] = (), leave_out: Sequence[str] = ()) -> Union[Carry, str]:
    """What each column of the rows carries (of `features`, empty: all; never of `leave_out`); a sentence where nothing can be said."""
    label = table.label
    if label is None and table.loss is None:
        return "The rows have neither outcomes nor prices, so what a feature carries cannot be said."
    step = -(-table.rows // MOST_ROWS)
    outcome = None if label is None else label[::step]
    loss = None if table.loss is None else np.asarray(table.loss, dtype=float)[::step]
    if max(_known(outcome), _known(loss)) < FEWEST:
        return f"Fewer than {FEWEST} rows have an outcome or a price, so what a feature carries cannot be said."
    rng = np.random.default_rng(_SEED)
    found = []
    for column in table.columns:
        if column.name in leave_out or (features and column.name not in features):
            continue
        codes = coded(levels_of([column], bins=_BINS), column, table.rows)[::step]
        told, told_p, least = _beyond(codes, outcome, rng, _information)
        explained, explained_p, _ = _beyond(codes, loss, rng, _explained)
        found.append(
            Carried(feature=column.name, information=told, information_p=told_p, found_from=least, loss=explained, loss_p=explained_p)
        )
    order = sorted(found, key=lambda one: (-(one.information or 0.0), -(one.loss or 0.0), one.feature))
    return Carry(features=tuple(order), rows=max(_known(outcome), _known(loss)), entropy=_entropy(outcome))


def _known(values: Floats | None) -> int:
    return 0 if values is None else int(np.isfinite(values).sum())


def _beyond(
    codes: Codes, values: Floats | None, rng: np.random.Generator, measure: Measure
) -> tuple[float | None, float | None, float | None]:
    """(the measure less its mean over permutations, share of the permutations that reached it, how much of it would have been found)."""
    if values is None or _known(values) < FEWEST:
        return None, None, None
    kept = np.isfinite(values)
    names, levels = np.unique(codes[kept], return_inverse=True)
    given = values[kept]
    seen = measure(levels, len(names), given)
    dealt = np.array([measure(levels, len(names), rng.permutation(given)) for _ in range(_DEALS)])
    usual = float(dealt.mean())
    return max(0.0, seen - usual), float((1 + (dealt >= seen).sum()) / (1 + _DEALS)), float(np.quantile(dealt, 0.95)) - usual


def _information(codes: NDArray[np.intp], size: int, label: Floats) -> float:
    """Mutual information in bits of levels and an outcome of 0 and 1."""
    n = len(label)
    positive = np.bincount(codes, weights=label, minlength=size) / n
    joint = np.stack([positive, np.bincount(codes, minlength=size) / n - positive])
    product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    on = joint > 1e-15
    return float((joint[on] * np.log2(joint[on] / product[on])).sum())


def _explained(codes: NDArray[np.intp], size: int, loss: Floats) -> float:
    """Correlation ratio: the variance between the levels' means as a share of all."""
    total = float(loss.var())
    if total <= 0:
        return 0.0
    counts = np.maximum(np.bincount(codes, minlength=size), 1)
    means = np.bincount(codes, weights=loss, minlength=size) / counts
    return float((counts * (means - loss.mean()) ** 2).sum() / len(loss) / total)


def _entropy(label: Floats | None) -> float | None:
    if label is None or _known(label) < FEWEST:
        return None
    share = float(np.nanmean(label))
    return -sum(p * float(np.log2(p)) for p in (share, 1 - share) if p > 0)


def silent(found: Carry) -> Sequence[str]:
    """Features that could go, by name."""
    return sorted(one.feature for one in found.features if found.could_go(one))
