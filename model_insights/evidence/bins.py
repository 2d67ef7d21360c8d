"""The bins of a feature in two spans: the reference's quantiles for numbers, the values themselves for categories."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from model_insights.evidence.knots import Floats, knots, paired
from model_insights.evidence.subtests import ValueChange
from model_insights.noun import Noun
from model_insights.stats import FeatureStats

OTHERS = "(other values)"
_SHOWN = 20  # values shown; all are tested


class Bin(Noun):
    """One bin in both periods; `low`/`high` None for a category or an open end."""

    label: str
    reference: float  # shares of the examples that have a value
    current: float
    low: float | None = None
    high: float | None = None


def numeric_bins(reference: FeatureStats, current: FeatureStats) -> tuple[Bin, ...]:
    """Shares in the reference's quantile bins."""
    cuts, below0, below1 = paired(knots(reference), knots(current))
    return bins_between(cuts, np.diff([0.0, *below0, 1.0]), np.diff([0.0, *below1, 1.0]))


def bins_between(cuts: Floats, shares0: Floats, shares1: Floats) -> tuple[Bin, ...]:
    if not len(cuts):
        return ()
    bounds = [None, *map(float, cuts), None]
    return tuple(
        Bin(
            label=_range(bounds[i], bounds[i + 1]),
            reference=max(0.0, float(a)),
            current=max(0.0, float(b)),
            low=bounds[i],
            high=bounds[i + 1],
        )
        for i, (a, b) in enumerate(zip(shares0, shares1, strict=True))
    )


def category_bins(reference: FeatureStats, current: FeatureStats) -> tuple[Bin, ...]:
    """Shares of each value; what neither list names is `(other values)`. At most 20 named bins, the largest of both periods together."""
    labels, before, now = category_counts(reference, current)
    n0, n1 = max(reference.common.tot_num_values, 1), max(current.common.tot_num_values, 1)
    return largest_bins(labels, before / n0, now / n1, None)


def largest_bins(labels: tuple[str, ...], shares0: Floats, shares1: Floats, value: ValueChange | None) -> tuple[Bin, ...]:
    """The largest values, and the one that moved most where it did; the others together."""
    order = sorted((i for i, label in enumerate(labels) if label != OTHERS), key=lambda i: (-(shares0[i] + shares1[i]), labels[i]))
    moved = [i for i in order[_SHOWN:] if value is not None and value.p < 0.05 and labels[i] == value.label]
    shown = order[: _SHOWN - len(moved)] + moved
    bins = [Bin(label=labels[i], reference=float(shares0[i]), current=float(shares1[i])) for i in shown]
    rest0, rest1 = 1 - sum(b.reference for b in bins), 1 - sum(b.current for b in bins)
    if max(rest0, rest1) > 1e-9:
        bins.append(Bin(label=OTHERS, reference=max(0.0, rest0), current=max(0.0, rest1)))
    return tuple(bins)


def category_counts(reference: FeatureStats, current: FeatureStats) -> tuple[tuple[str, ...], Floats, Floats]:
    """(values, counts then, counts now). A value that a cut-off list lacks may lie just below its end: it is taken as little changed as that allows."""
    counts0, counts1 = counts_of(reference), counts_of(current)
    n0, n1 = max(reference.common.tot_num_values, 1), max(current.common.tot_num_values, 1)
    labels = tuple(sorted(counts0.keys() | counts1.keys()))
    least0, least1 = unlisted(reference, counts0), unlisted(current, counts1)
    before = np.array([counts0.get(label, min(least0, counts1.get(label, 0.0) * n0 / n1)) for label in labels])
    now = np.array([counts1.get(label, min(least1, counts0.get(label, 0.0) * n1 / n0)) for label in labels])
    return labels, before, now


def unlisted(feature: FeatureStats, listed: Mapping[str, float]) -> float:
    """The largest count that a value missing from the list may have."""
    is_cut = feature.string is not None and feature.string.unique > len(listed)
    return min(listed.values(), default=0.0) if is_cut else 0.0


def counts_of(feature: FeatureStats) -> dict[str, float]:
    listed = feature.string.ranks or feature.string.top_values if feature.string else ()
    return {one.value: one.count for one in listed}


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"below {high:.4g}"
    return f"{low:.4g} and more" if high is None else f"{low:.4g} to {high:.4g}"
