"""Seconds to part a step by rows (T2), beside the bare time of fitting the same regressions in scikit-learn.

    python -m benchmarks.bench_rows [--rows 100000] [--columns 50]

Two periods of that many rows; half the columns numbers, half text. Bare: on the same dummies (a sparse matrix made beforehand), ridge per
period and logistic regression of the period, each on the same two folds. Goal: at most three times.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy import sparse

from model_insights.attribution.contrasts import Said, Sample, contrasts
from model_insights.attribution.design import coding, prepared
from model_insights.attribution.rows import row_form
from model_insights.config import CostRule

RULE = CostRule(name="stock", kind="inventory", over=2.0, under=3.0, unit=("line",))
UNITS = 20


def a_period(rows: int, columns: int, *, seed: int, moved: float) -> Sample:
    """Rows of one period; `moved` shifts the inputs."""
    random = np.random.default_rng(seed)
    numbers = {f"number_{i}": random.normal(moved * (i % 3 == 0), 1.0, rows) for i in range(columns // 2)}
    names = np.array([f"value {i}" for i in range(15)], dtype=object)
    texts = {f"text_{i}": names[np.minimum(random.poisson(3 + moved * (i % 4 == 0), rows), 14)] for i in range(columns - columns // 2)}
    at = random.integers(0, UNITS, rows)
    odds = -1.5 + 0.3 * numbers["number_0"] + 0.2 * numbers["number_1"] + 0.1 * (at % 3)
    score = 1 / (1 + np.exp(-odds))
    outcome = (random.random(rows) < score).astype(float)
    base, slope = row_form(RULE, score) or (np.zeros(0), np.zeros(0))
    said = Said(columns={**numbers, **texts}, score=score, rates=base + outcome[:, None] * slope, base=base, slope=slope)
    return Sample(at=at, outcome=outcome, said=said)


def ours(before: Sample, after: Sample) -> float:
    start = time.perf_counter()
    contrasts(before, after, UNITS)
    return time.perf_counter() - start


def bare(before: Sample, after: Sample) -> float:
    """The regressions alone, in scikit-learn, on dummies made before the clock starts."""
    from sklearn.linear_model import LogisticRegression, Ridge

    columns = [
        prepared({**one.said.columns, "score": one.said.score, "unit": one.at.astype(str).astype(object)}) for one in (before, after)
    ]
    design = coding(*columns, whole=("unit",))
    dummies = [design.dummies(one)[:, 1:] for one in columns]
    targets = [one.outcome - one.said.score for one in (before, after)]
    start = time.perf_counter()
    for fold in (0, 1):
        own = [np.arange(one.shape[0]) % 2 != fold for one in dummies]
        for p in (0, 1):
            Ridge(alpha=1.0).fit(dummies[p][own[p]], targets[p][own[p]])
        both = sparse.vstack([dummies[p][own[p]] for p in (0, 1)]).tocsr()
        later = np.repeat([0, 1], [int(one.sum()) for one in own])
        LogisticRegression(C=1.0, max_iter=1000).fit(both, later)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=50)
    given = parser.parse_args()
    before, after = (a_period(given.rows, given.columns, seed=seed, moved=0.2 * seed) for seed in (0, 1))
    alone, whole = bare(before, after), ours(before, after)
    print(f"{given.rows:,} + {given.rows:,} rows x {given.columns} columns")
    print(f"scikit-learn, the regressions alone: {alone:6.2f} s")
    print(f"the step parted by rows:             {whole:6.2f} s, {whole / alone:.2f} times")


if __name__ == "__main__":
    main()
