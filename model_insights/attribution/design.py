"""Rows as dummies, and the two regressions the attribution needs on them: least squares and the odds of belonging to the later period.

A row is a handful of codes, one per column, so that products with the design are look-ups and counts. Both regressions are fitted from
cross products that are counted once per fold and period (methods A6.2, complexity).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from model_insights.cost.model import Floats

Ints = NDArray[np.int64]
Columns = Mapping[str, NDArray]  # type: ignore[type-arg]  # float64 with NaN for missing, or objects: text with None

BINS = 8  # of a numeric column, besides one for missing
VALUES = 20  # of a column of text, the most frequent; besides one for all others, one for missing
RIDGES = (1000.0, 100.0, 10.0, 1.0)  # penalties tried, strongest first; the one that foretells the other rows best is kept
MANY_ROWS = 20_000  # from which the weakest penalty is taken as it is
_CHUNK = 16_384
_STEPS = 60
_TOLERANCE = 1e-6


class Coding(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """How columns become codes: `edges` of numeric ones, `values` of text. Level 0 is missing; of text the last level is every other value."""

    edges: dict[str, Floats]
    values: dict[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.edges, *self.values)

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels per column, in the order of `names`."""
        return (*(len(one) + 2 for one in self.edges.values()), *(len(one) + 2 for one in self.values.values()))

    def codes(self, columns: Columns) -> Ints:
        """[rows, columns]: positions in the row of dummies; column by column its own stretch, one position of each is on."""
        levels = [_numeric_level(columns[name], edges) for name, edges in self.edges.items()]
        levels += [_text_level(columns[name], known) for name, known in self.values.items()]
        starts = np.concatenate([[0], np.cumsum(self.levels)[:-1]]) if levels else np.zeros(0)
        if not levels:
            return np.zeros((len(next(iter(columns.values()), np.zeros(0))), 0), dtype=np.int64)
        found: Ints = np.stack(levels, axis=1) + starts.astype(np.int64)
        return found


def coding(*periods: Columns, whole: tuple[str, ...] = ()) -> Coding:
    """A coding of the columns that all periods have, from all their rows: quantile bins and frequent values (`whole`: every value)."""
    names = sorted(set.intersection(*(set(one) for one in periods)))
    edges: dict[str, Floats] = {}
    values: dict[str, tuple[str, ...]] = {}
    for name in names:
        parts = [one[name] for one in periods]
        if all(part.dtype.kind == "f" for part in parts):
            edges[name] = _edges(np.concatenate(parts))
        elif all(part.dtype.kind == "O" for part in parts):
            values[name] = _frequent(parts)[: None if name in whole else VALUES]
    return Coding(edges=edges, values=values)


def _edges(values: Floats) -> Floats:
    known = values[np.isfinite(values)]
    if not len(known):
        return np.zeros(0)
    different = np.unique(known)
    if len(different) <= BINS:
        between: Floats = (different[1:] + different[:-1]) / 2
        return between
    found: Floats = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
    return found


def _frequent(parts: list[NDArray]) -> tuple[str, ...]:  # type: ignore[type-arg]
    counts: dict[str, int] = {}
    for part in parts:
        for value in part.tolist():
            if value is not None:
                counts[value] = counts.get(value, 0) + 1
    return tuple(sorted(sorted(counts), key=lambda value: -counts[value]))


def _numeric_level(values: Floats, edges: Floats) -> Ints:
    found: Ints = np.where(np.isfinite(values), 1 + np.searchsorted(edges, values, side="left"), 0).astype(np.int64)
    return found


def _text_level(values: NDArray, known: tuple[str, ...]) -> Ints:  # type: ignore[type-arg]
    level = {value: i + 1 for i, value in enumerate(known)}
    level[None] = 0  # type: ignore[index]
    other = len(known) + 1
    return np.array([level.get(value, other) for value in values.tolist()], dtype=np.int64)


# --- regressions ---------------------------------------------------------------------------------------------------------------------


def cross_product(codes: Ints, width: int) -> Floats:
    """X'X of the dummies with a constant in front [1 + width, 1 + width], counted in pieces so that X is never whole."""
    total = np.zeros((width + 1, width + 1))
    for start in range(0, len(codes), _CHUNK):
        part = codes[start : start + _CHUNK]
        dummies = np.zeros((len(part), width + 1), dtype=np.float32)
        dummies[:, 0] = 1.0
        dummies[np.arange(len(part))[:, None], 1 + part] = 1.0
        total += dummies.T @ dummies
    return total


def sums(codes: Ints, width: int, values: Floats) -> Floats:
    """X'v with the constant in front: [1 + width] for values [rows], [1 + width, k] for [rows, k]."""
    if values.ndim == 2:
        return np.stack([sums(codes, width, values[:, i]) for i in range(values.shape[1])], axis=1)
    found = np.zeros(width + 1)
    found[0] = values.sum()
    for column in range(codes.shape[1]):
        found[1:] += np.bincount(codes[:, column], weights=values, minlength=width)
    return found


def linear(codes: Ints, beta: Floats) -> Floats:
    """X beta: [rows] or [rows, k]."""
    found = np.broadcast_to(beta[0], (len(codes), *beta.shape[1:])).copy()
    for column in range(codes.shape[1]):
        found += beta[1:][codes[:, column]]
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


def log_odds(codes: Ints, width: int, later: Floats, gram: Floats, ridge: float, start: Floats | None = None) -> Floats:
    """Ridge coefficients of P(later | row), by the bound X'X / 4 on the curvature (Boehning and Lindsay 1988): one factorisation, then
    steps of look-ups only, accelerated (Nesterov). `later` is 1 or 0 per row; `start` are coefficients to begin from."""
    penalty = _penalty(gram, ridge)
    inverse = np.linalg.inv(gram / 4 + np.diag(penalty))
    beta = ahead = np.zeros(width + 1) if start is None else start
    momentum = 1.0
    for _ in range(_STEPS):
        chance = logistic(linear(codes, ahead))
        moved = ahead + inverse @ (sums(codes, width, later - chance) - penalty * ahead)
        nextly = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead, change = moved + (momentum - 1) / nextly * (moved - beta), moved - beta
        beta, momentum = moved, nextly
        if float(np.abs(change).max()) < _TOLERANCE:
            break
    return beta
