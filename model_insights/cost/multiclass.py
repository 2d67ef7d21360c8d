"""Shares of the class pairs that have a price, out of a multi-class confusion matrix (methods A7.1)."""

from __future__ import annotations

from collections.abc import Sequence

from model_insights.metrics import MultiClassMatrix

REST = ("wrong", "none", "right")


def nearest(matrices: Sequence[MultiClassMatrix], threshold: float | None) -> MultiClassMatrix | None:
    """The matrix nearest to the threshold; without one the lowest stored, where the highest score decides. None: none is stored."""
    if threshold is None:
        return min(matrices, key=lambda matrix: matrix.threshold, default=None)
    return min(matrices, key=lambda matrix: (abs(matrix.threshold - threshold), matrix.threshold), default=None)


def pair_shares(matrix: MultiClassMatrix, pairs: Sequence[str]) -> tuple[tuple[float, ...], float] | None:
    """(share of each pair, then of the other wrong ones, of no prediction, of right ones; examples). None without any example.

    Shares sum to 1. `pairs` as "actual->predicted"; predicted -1: no class reached the threshold."""
    counts = dict.fromkeys((*pairs, *REST), 0.0)
    for entry in matrix.entries:
        name = f"{entry.actual}->{entry.predicted}"
        if name not in pairs:
            name = "none" if entry.predicted == -1 else "right" if entry.actual == entry.predicted else "wrong"
        counts[name] += entry.examples
    total = sum(counts.values())
    return (tuple(count / total for count in counts.values()), total) if total > 0 else None
