"""Statistics of columns laid out as TFDV stores them: ten equal-width and ten quantile buckets, rank histograms, missing counts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from model_insights.stats import Bucket, CommonStats, DatasetStats, FeatureStats, Histogram, NumericStats, StringStats, ValueCount

TOP_VALUES = 20  # TFDV's num_top_values
RANKS = 1000  # TFDV's num_rank_histogram_buckets


def dataset(columns: Mapping[str, NDArray], vocabularies: Mapping[str, tuple[str, ...]]) -> DatasetStats:  # type: ignore[type-arg]
    """Statistics of columns [rows]: floats (NaN is missing), or codes into the column's vocabulary (-1 is missing)."""
    n = len(next(iter(columns.values())))
    features = tuple(
        categorical(name, values, vocabularies[name]) if name in vocabularies else numeric(name, values) for name, values in columns.items()
    )
    return DatasetStats(name="", num_examples=n, weighted_num_examples=None, features=features)


def numeric(name: str, values: NDArray[np.float64]) -> FeatureStats:
    """A FLOAT feature of one value per example."""
    kept = np.sort(values[~np.isnan(values)])
    if not len(kept):
        return FeatureStats(path=(name,), type="FLOAT", common=_common(len(values), 0), numeric=NumericStats())
    counts, edges = np.histogram(kept, bins=10)
    cuts = np.quantile(kept, np.linspace(0, 1, 11))
    return FeatureStats(
        path=(name,), type="FLOAT", common=_common(len(values), len(kept)),
        numeric=NumericStats(
            mean=float(kept.mean()), std_dev=float(kept.std()), num_zeros=int((kept == 0).sum()), min=float(kept[0]), max=float(kept[-1]),
            median=float(cuts[5]), histograms=(_histogram("STANDARD", edges, counts), _histogram("QUANTILES", cuts, np.full(10, len(kept) / 10))),
        ),
    )  # fmt: skip


def categorical(name: str, codes: NDArray[np.int64], vocabulary: tuple[str, ...]) -> FeatureStats:
    """A STRING feature of one value per example."""
    kept = codes[codes >= 0]
    counts = np.bincount(kept, minlength=len(vocabulary))
    order = sorted(np.flatnonzero(counts), key=lambda i: (-counts[i], vocabulary[i]))
    ranks = tuple(ValueCount(value=vocabulary[i], count=float(counts[i])) for i in order[:RANKS])
    return FeatureStats(
        path=(name,), type="STRING", common=_common(len(codes), len(kept)),
        string=StringStats(unique=len(order), ranks=ranks, top_values=ranks[:TOP_VALUES]),
    )  # fmt: skip


def _histogram(kind: str, edges: NDArray[np.float64], counts: NDArray[np.float64]) -> Histogram:
    buckets = tuple(Bucket(low=float(edges[i]), high=float(edges[i + 1]), count=float(counts[i])) for i in range(len(counts)))
    return Histogram(kind=kind, buckets=buckets)  # type: ignore[arg-type]


def _common(rows: int, present: int) -> CommonStats:
    return CommonStats(
        num_non_missing=present, num_missing=rows - present, min_num_values=1, max_num_values=1, avg_num_values=1.0, tot_num_values=present
    )
