"""TFMA slices: which part of the data a number speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

from model_insights.noun import Noun

SliceValue = Union[str, int, float]


class SliceKey(Noun, tag="slice"):
    """Ordered (column, value) pairs; empty is Overall. Source: tensorflow_model_analysis.SliceKey."""

    items: tuple[tuple[str, SliceValue], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column for column, _ in self.items)

    def is_by(self, columns: Sequence[str]) -> bool:
        """True when these are its columns, in whatever order: TFMA keeps the order of its configuration, insights.toml has its own."""
        return sorted(self.columns) == sorted(columns)

    @property
    def text(self) -> str:
        """`product_line=men_dress, channel=tv`; `Overall` for the whole."""
        return ", ".join(f"{column}={value}" for column, value in self.items) or "Overall"


class CrossSliceKey(Noun, tag="cross_slice"):
    """A comparison of two slices. Source: tensorflow_model_analysis.CrossSliceKey."""

    baseline: SliceKey
    comparison: SliceKey

    @property
    def text(self) -> str:
        return f"{self.comparison.text} against {self.baseline.text}"


AnySlice = Union[SliceKey, CrossSliceKey]
OVERALL = SliceKey()
