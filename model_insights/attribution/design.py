"""Rows as dummies, and the two regressions the attribution needs on them: least squares and the odds of belonging to the later period.

A row has one level of each column, so the design is sparse, and both regressions are fitted from cross products that are made once per fold
and period (methods A6.2, complexity).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Union

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model_insights.cost.model import Floats

Ints = NDArray[np.int64]
Columns = Mapping[str, NDArray]  # type: ignore[type-arg]  # float64 with NaN for missing, or objects: text with None
Dummies = Any  # scipy.sparse.csr_matrix of ones

BINS = 8  # of a numeric column, besides one for missing
VALUES = 20  # of a column of text, the most frequent; besides one for all others, one for missing
RIDGES = (1000.0, 100.0, 10.0, 1.0)  # penalties tried, strongest first; the one that foretells the other rows best is kept
MANY_ROWS = 20_000  # from which the weakest penalty is taken as it is
_STEPS = 60
_TOLERANCE = 1e-6


class Text(NamedTuple):
    """A column of text: the number of each row's label; a missing value is a label too (None)."""

    codes: Ints
    labels: tuple[str | None, ...]


Prepared = Mapping[str, Union[Floats, Text]]


def prepared(columns: Columns) -> Prepared:
    """Text as numbers, once: everything after this counts numbers."""
    return {name: values if values.dtype.kind == "f" else _text(values) for name, values in columns.items()}


def _text(values: NDArray) -> Text:  # type: ignore[type-arg]
    rows = values.tolist()
    labels = tuple(dict.fromkeys(rows))
    number = {label: i for i, label in enumerate(labels)}
    return Text(codes=np.fromiter(map(number.__getitem__, rows), dtype=np.int64, count=len(rows)), labels=labels)


class Coding(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """How columns become dummies: `edges` of numeric ones, `values` of text. Level 0 is missing; of text the last level is every other value."""

    edges: dict[str, Floats]
    values: dict[str, tuple[str, ...]]

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels per column: numeric ones, then text."""
        return (*(len(one) + 2 for one in self.edges.values()), *(len(one) + 2 for one in self.values.values()))

    def codes(self, columns: Prepared) -> Ints:
        """[rows, columns]: the level of each row in each column, all columns laid end to end."""
        numbers = [_numeric_level(columns[name], edges) for name, edges in self.edges.items()]
        levels = [*numbers, *(_text_level(columns[name], known) for name, known in self.values.items())]
        if not levels:
            first = next(iter(columns.values()), np.zeros(0))
            return np.zeros((len(first.codes if isinstance(first, Text) else first), 0), dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(self.levels)[:-1]]).astype(np.int64)
        found: Ints = np.stack(levels, axis=1) + starts
        return found

    def dummies(self, columns: Prepared) -> Dummies:
        """[rows, 1 + levels]: a constant, then one level on in each column."""
        codes = self.codes(columns)
        rows, count = codes.shape
        places = np.concatenate([np.zeros((rows, 1), np.int64), 1 + codes], axis=1).ravel().astype(np.int32)
        starts = np.arange(0, len(places) + 1, count + 1, dtype=np.int32)
        return sparse.csr_matrix((np.ones(len(places)), places, starts), shape=(rows, 1 + sum(self.levels)))


def coding(*periods: Prepared, whole: tuple[str, ...] = ()) -> Coding:
    """A coding of the columns that all periods have, from all their rows: quantile bins and frequent values (`whole`: every value)."""
    names = sorted(set.intersection(*(set(one) for one in periods)))
    edges: dict[str, Floats] = {}
    values: dict[str, tuple[str, ...]] = {}
    for name in names:
        parts = [one[name] for one in periods]
        numbers, texts = [one for one in parts if not isinstance(one, Text)], [one for one in parts if isinstance(one, Text)]
        if not texts:
            edges[name] = _edges(np.concatenate(numbers))
        elif not numbers:
            values[name] = _frequent(texts)[: None if name in whole else VALUES]
    return Coding(edges=edges, values=values)


def _edges(values: Floats) -> Floats:
    known = values[np.isfinite(values)]
    if not len(known):
        return np.zeros(0)
    different = np.unique(known)
    if len(different) <= BINS:
        between: Floats = (different[1:] + different[:-1]) / 2
        return between
    found: Floats = np.unique(np.quantile(different if len(known) == len(different) else known, np.linspace(0, 1, BINS + 1)[1:-1]))
    return found


def _frequent(parts: list[Text]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for part in parts:
        for label, count in zip(part.labels, np.bincount(part.codes, minlength=len(part.labels)).tolist(), strict=True):
            if label is not None:
                counts[label] = counts.get(label, 0) + count
    return tuple(sorted(sorted(counts), key=lambda value: -counts[value]))


def _numeric_level(column: Floats | Text, edges: Floats) -> Ints:
    assert not isinstance(column, Text)
    found: Ints = np.where(np.isfinite(column), 1 + np.searchsorted(edges, column, side="left"), 0).astype(np.int64)
    return found


def _text_level(column: Floats | Text, known: tuple[str, ...]) -> Ints:
    assert isinstance(column, Text)
    level: dict[str | None, int] = {None: 0, **{value: i + 1 for i, value in enumerate(known)}}
    table = np.array([level.get(label, len(known) + 1) for label in column.labels], dtype=np.int64)
    found: Ints = table[column.codes]
    return found


# --- regressions ---------------------------------------------------------------------------------------------------------------------


def cross_product(dummies: Dummies) -> Floats:
    """X'X, dense."""
    found: Floats = (dummies.T @ dummies).toarray()
    return found


def least_squares(gram: Floats, moments: Floats, ridge: float) -> Floats:
    """Ridge coefficients [1 + width, k] from X'X and X'Y; the constant is free."""
    found: Floats = np.linalg.solve(gram + np.diag(_penalty(gram, ridge)), moments)
    return found


def _penalty(gram: Floats, ridge: float) -> Floats:
    penalty = np.full(len(gram), ridge)
    penalty[0] = 1e-9
    return penalty


def ridges(rows: int) -> tuple[float, ...]:
    """Penalties worth trying with so many rows."""
    return RIDGES if rows < MANY_ROWS else RIDGES[-1:]


def logistic(odds: Floats) -> Floats:
    """Probability of log odds."""
    found: Floats = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    return found


def log_odds(dummies: Dummies, later: Floats, gram: Floats, ridge: float, start: Floats | None = None) -> Floats:
    """Ridge coefficients of P(later | row), by the bound X'X / 4 on the curvature (Boehning and Lindsay 1988): one factorisation, then
    steps of look-ups only, accelerated (Nesterov). `later` is 1 or 0 per row; `start` are coefficients to begin from."""
    penalty = _penalty(gram, ridge)
    inverse = np.linalg.inv(gram / 4 + np.diag(penalty))
    beta = ahead = np.zeros(len(gram)) if start is None else start
    turned, momentum = dummies.T.tocsr(), 1.0
    for _ in range(_STEPS):
        chance = logistic(dummies @ ahead)
        moved = ahead + inverse @ (turned @ (later - chance) - penalty * ahead)
        nextly = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead, change = moved + (momentum - 1) / nextly * (moved - beta), moved - beta
        beta, momentum = moved, nextly
        if float(np.abs(change).max()) < _TOLERANCE:
            break
    return beta
