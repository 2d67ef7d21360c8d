"""Evidence from rows: is a planted costly slice found and its money right, and how fast are combinations counted?

    python benchmarks/bench_evidence.py [--seeds 200] [--rows 200000] [--features 50]

Slices: worlds of ten features of fourteen values and 20,000 rows; a tenth of the rows cost something, of the planted slice (two predicates,
0.5 % of the rows) six in ten. Counted: the seeds in which it is among the first three, those in which its interval covers what it truly
costs above ordinary rows, and those in which a world without such a slice has one beyond chance.

Speed: thin mass, new and lost combinations, what to collect and the curve against support, of one table against what a model learned from and
against a reference (three tables), against what pandas (where it is installed) takes to count the pairs of one and of all three, its columns
cut into categories beforehand. One process, the two in turns.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from model_insights.evidence.combinations import Compared, Coverage, coverage, cut_rows  # noqa: E402
from model_insights.evidence.rows import NumberColumn, RowTable, TextColumn  # noqa: E402
from model_insights.evidence.search import SliceSearch, search  # noqa: E402

VALUES, FEATURES, SEARCHED = 14, 10, 20_000
PLANTED = {"f0": "v3", "f1": "v5"}
EXCESS = 1.2 - 0.2  # per row: six in ten cost 2 on average, elsewhere one in ten


def a_world(seed: int, *, planted: bool = True) -> RowTable:
    """Rows with losses; the planted slice is dear."""
    rng = np.random.default_rng([20_240_701, seed])
    codes = [rng.integers(0, VALUES, SEARCHED).astype(np.int32) for _ in range(FEATURES)]
    labels = tuple(f"v{i}" for i in range(VALUES))
    inside = (codes[0] == 3) & (codes[1] == 5) & planted
    loss = np.where(rng.random(SEARCHED) < np.where(inside, 0.6, 0.1), rng.exponential(2.0, SEARCHED), 0.0)
    columns = tuple(TextColumn(name=f"f{i}", codes=one, labels=labels) for i, one in enumerate(codes))
    return RowTable(columns=columns, rows=SEARCHED, loss=loss)


def searched(table: RowTable) -> SliceSearch:
    cut = cut_rows(Compared(now=table, base=(table,)), support=20, ways=2, features=(), leave_out=())
    found = search(table, cut)
    assert isinstance(found, SliceSearch), found
    return found


def slices(seeds: int) -> None:
    """Found in the first three, covered, false."""
    found = covered = false = 0
    for seed in range(seeds):
        tops = [one for one in searched(a_world(seed)).slices[:3] if {i.feature: i.level.value for i in one.items} == PLANTED]
        found += bool(tops)
        covered += bool(tops) and tops[0].excess.low <= EXCESS * SEARCHED / VALUES**2 <= tops[0].excess.high
        false += any(one.is_certain for one in searched(a_world(seed, planted=False)).slices)
    print(f"planted slice of 0.5 % in the first three: {found / seeds:.1%} of {seeds} seeds (goal 90 %)")
    print(f"  there, and its interval covers the truth: {covered / seeds:.1%} (goal 90 %)")
    print(f"  its interval covers where it was found: {covered / max(found, 1):.1%}")
    print(f"a world without one has a slice beyond chance: {false / seeds:.1%} (false-discovery control at 5 %)")


def a_table(rows: int, features: int, seed: int) -> RowTable:
    """Half text of fifteen values, half numbers; losses that nothing explains."""
    rng = np.random.default_rng([20_240_702, seed])
    labels = tuple(f"v{i}" for i in range(15))
    columns = tuple(
        TextColumn(name=f"c{i:02d}", codes=rng.integers(0, 15, rows).astype(np.int32), labels=labels)
        if i % 2
        else NumberColumn(name=f"c{i:02d}", values=rng.normal(size=rows))
        for i in range(features)
    )
    return RowTable(columns=columns, rows=rows, loss=rng.exponential(size=rows))


def speed(rows: int, features: int, rounds: int) -> None:
    """Seconds of ours and of pandas' pair counts, in turns."""
    now, base, before = (a_table(rows, features, seed) for seed in range(3))
    compared = Compared(now=now, base=(base,), before=before)

    def ours() -> None:
        assert isinstance(coverage(compared), Coverage)

    has_pandas = importlib.util.find_spec("pandas") is not None
    theirs = pandas_pairs(now) if has_pandas else None
    times: list[tuple[float, float]] = []
    for _ in range(rounds):
        times.append((_seconds(ours), _seconds(theirs) if theirs is not None else float("nan")))
    own, other = statistics.median(one for one, _ in times), statistics.median(two for _, two in times)
    pairs = features * (features - 1) // 2
    print(f"coverage of {rows:,} rows x {features} features ({pairs:,} pairs, three tables): {own:.1f} s")
    if has_pandas:
        print(
            f"pandas, pair counts of one table: {other:.1f} s; ours / pandas for one table {own / other:.2f}, for all three {own / (3 * other):.2f} (goal 0.33)"
        )


def pandas_pairs(table: RowTable) -> Callable[[], None]:
    """Counting every pair of columns of one table with pandas."""
    import pandas as pd

    def column(one: TextColumn | NumberColumn) -> object:
        if isinstance(one, TextColumn):
            return pd.Categorical.from_codes(one.codes, list(one.labels))
        return pd.cut(one.values, np.quantile(one.values, np.linspace(0, 1, 11)), include_lowest=True)

    frame = pd.DataFrame({one.name: column(one) for one in table.columns})

    def count() -> None:
        for pair in itertools.combinations(frame.columns, 2):
            frame.groupby(list(pair), observed=True).size()

    return count


def _seconds(what: Callable[[], None]) -> float:
    started = time.perf_counter()
    what()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--features", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    slices(given.seeds)
    speed(given.rows, given.features, given.rounds)


if __name__ == "__main__":
    main()
