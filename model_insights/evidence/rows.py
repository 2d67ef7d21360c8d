"""Rows of a period by column, and how their values are cut into levels: bins of the base's quantiles, its frequent values, missing, new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Union

import msgspec
import numpy as np
from numpy.typing import NDArray

from model_insights.noun import Noun

Floats = NDArray[np.float64]
Codes = NDArray[np.uint8]
MOST_BINS, MOST_VALUES, MOST_FRESH = 10, 20, 5
_FRESH_ROWS = 10  # from which a text that the base never had is a level of its own
_FEW_NUMBERS = 12  # distinct numbers up to which each is a level of its own: flags, days, ratings
_MISSING = 0


class TextColumn(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """`codes` [rows] index `labels`; -1 where a row has no value."""

    name: str
    codes: NDArray[np.int32]
    labels: tuple[str, ...]


class NumberColumn(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """`values` [rows]; NaN where a row has no value."""

    name: str
    values: NDArray[np.float32] | Floats


Column = Union[TextColumn, NumberColumn]


class RowTable(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Rows of one period, an evenly spaced sample of which each stands for `stride` rows.

    `loss` [rows]: money of the period that falls on the row, NaN where it has no price; None: no row has one, and `loss_reason` says why."""

    columns: tuple[Column, ...]
    rows: int
    stride: int = 1
    loss: Floats | None = None
    loss_reason: str = ""
    label: Floats | None = None  # the outcome of each row: 1, 0 or NaN; None where rows have none of this kind
    source: str = ""  # where they were read, in words: "predictions of BulkInferrer"
    left_out: tuple[tuple[str, str], ...] = ()  # (column, why it is no feature)


class Level(Noun):
    """One level of a feature: a value, a bin [low, high) of the base's quantiles, or one of the special ones.

    "new" is what the base never had: of a number what lies outside [low, high]."""

    kind: Literal["missing", "value", "bin", "other", "new"]
    value: str | float = ""
    low: float | None = None
    high: float | None = None


class Levels(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """How one feature is cut. Code 0 is "missing"; then the known levels, "other" (rare in the base) and "new" (never in it)."""

    name: str
    known: tuple[Level, ...]
    edges: Floats | None = None  # of bins: inner edges, between the smallest and the largest value of `inside`
    inside: tuple[float, float] = (0.0, 0.0)  # numbers outside are new
    rare: frozenset[str] = frozenset()  # texts that the base has, but too seldom for a level of their own

    @property
    def size(self) -> int:
        return len(self.known) + 3

    def level(self, code: int) -> Level:
        if code == _MISSING:
            return Level(kind="missing")
        if code <= len(self.known):
            return self.known[code - 1]
        if code == len(self.known) + 1:
            return Level(kind="other")
        return Level(kind="new") if self.edges is None else Level(kind="new", low=self.inside[0], high=self.inside[1])


def levels_of(columns: Sequence[Column], *, bins: int, fresh: Sequence[Column] = ()) -> Levels:
    """The levels of one feature, from the rows of the base (one column per run). At most `bins` bins, MOST_VALUES values.

    Texts that only the `fresh` columns have are levels too where they are frequent there, so that they have a name."""
    numbers = [one.values for one in columns if isinstance(one, NumberColumn)]
    if numbers:
        values = np.concatenate(numbers)
        return _of_numbers(columns[0].name, values[np.isfinite(values)].astype(np.float64), bins)
    return _of_texts(columns[0].name, _texts(columns), _texts(fresh))


def _texts(columns: Sequence[Column]) -> list[TextColumn]:
    return [one for one in columns if isinstance(one, TextColumn)]


def _of_numbers(name: str, values: Floats, bins: int) -> Levels:
    distinct = np.unique(values)
    if len(distinct) <= _FEW_NUMBERS:
        return Levels(name=name, known=tuple(Level(kind="value", value=float(one)) for one in distinct))
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)))
    low, high = float(edges[0]), float(edges[-1])
    spread = float(np.subtract(*np.quantile(values, [0.9, 0.1]))) or high - low
    inner = edges[1:-1]
    ends: list[float | None] = [None, *map(float, inner), None]
    known = tuple(Level(kind="bin", low=ends[i], high=ends[i + 1]) for i in range(len(ends) - 1))
    return Levels(name=name, known=known, edges=inner, inside=(low - spread, high + spread))


def _of_texts(name: str, columns: Sequence[TextColumn], fresh: Sequence[TextColumn]) -> Levels:
    counts = _counts(columns)
    present = sorted(counts, key=lambda label: (-counts[label], label))
    only = {label: count for label, count in _counts(fresh).items() if label not in counts and count >= _FRESH_ROWS}
    named = [*present[:MOST_VALUES], *sorted(only, key=lambda label: (-only[label], label))[:MOST_FRESH]]
    return Levels(name=name, known=tuple(Level(kind="value", value=label) for label in named), rare=frozenset(present[MOST_VALUES:]))


def _counts(columns: Sequence[TextColumn]) -> dict[str, int]:
    """Rows by text, of those that occur."""
    counts: dict[str, int] = {}
    for column in columns:
        found = np.bincount(column.codes[column.codes >= 0], minlength=len(column.labels))
        for label, count in zip(column.labels, found.tolist(), strict=True):
            if count:
                counts[label] = counts.get(label, 0) + count
    return counts


def coded(levels: Levels, column: Column | None, rows: int) -> Codes:
    """The level of each row [rows]; a column that is not there is missing in all of them."""
    if column is None:
        return np.zeros(rows, np.uint8)
    if isinstance(column, TextColumn):
        return _coded_text(levels, column)
    return _coded_number(levels, column)


def _coded_text(levels: Levels, column: TextColumn) -> Codes:
    at = {str(one.value): i + 1 for i, one in enumerate(levels.known)}
    other, new = len(levels.known) + 1, len(levels.known) + 2
    table = np.array([_MISSING, *(at.get(label, other if label in levels.rare else new) for label in column.labels)], np.uint8)
    found: Codes = table[column.codes + 1]
    return found


def _coded_number(levels: Levels, column: NumberColumn) -> Codes:
    values, new = column.values, len(levels.known) + 2
    if levels.edges is None:
        wanted = np.array([float(one.value) if one.kind == "value" and not isinstance(one.value, str) else np.nan for one in levels.known])
        at = np.minimum(np.searchsorted(wanted, values), max(len(wanted) - 1, 0))
        found = np.where(wanted[at] == values, at + 1, new) if len(wanted) else np.full(len(values), new)
    else:
        found = np.searchsorted(levels.edges, values, side="right") + 1
        found[(values < levels.inside[0]) | (values > levels.inside[1])] = new
    found[~np.isfinite(values)] = _MISSING
    return found.astype(np.uint8)
