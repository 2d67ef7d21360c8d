"""Judging a wide history against the time of parsing its statistics, and lineage look-ups in a long one.

    python benchmarks/bench_evidence_speed.py [--features 5000]

Twenty runs with two splits each, half of the features numeric and half of 20 categories, one in fifty moved in the last run; the last run
is judged against three references. The goal is a ratio: at most ten times the parsing of the same statistics in the same process.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from encoders import field  # noqa: E402

from benchmarks.calibrate.judging import facts, flags, run_of  # noqa: E402
from benchmarks.verdict import layout  # noqa: E402
from model_insights.artifacts.tfdv_statistics import read_statistics  # noqa: E402
from model_insights.evidence.data import calibrate  # noqa: E402
from model_insights.lineage import Artifact, Event, Execution, Lineage  # noqa: E402
from model_insights.loaded import Loaded  # noqa: E402
from model_insights.stats import DatasetStats, FeatureStats, Histogram  # noqa: E402

RUNS, ROWS, MOVED = 20, 2_000, 50
VALUES = tuple(f"v{i}" for i in range(20))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=10_000, help="of the lineage")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = write(Path(folder), given.features)
        gc.disable()
        parsing, spans = timed(lambda: [tuple(whole(file) for file in pair) for pair in files])
        gc.enable()
    runs = tuple(run_of(f"r{i}", *pair) for i, pair in enumerate(spans))
    learning, calibration = timed(lambda: calibrate(runs))
    judging, found = timed(lambda: [flags(facts(runs[-1], runs[back], calibration)) for back in (-2, -5, -13)])
    print(f"{given.features:,} features, {RUNS} runs of two splits: parsing {parsing:.1f} s")
    print(f"learning {learning:.1f} s and judging against three references {judging:.1f} s, {len(found[0])} facts to look at in the first")
    print(f"judging / parsing: {(learning + judging) / parsing:.2f} (goal: at most 10)")
    look, count = timed(lambda: look_ups(given.runs))
    print(f"lineage of {given.runs:,} runs: {count:,} look-ups in {look:.2f} s, {1e6 * look / count:.1f} microseconds each")


def timed(work):  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def write(folder: Path, features: int) -> list[tuple[Path, Path]]:
    """Files of every run and split, as StatisticsGen writes them."""
    pairs = []
    for run in range(RUNS):
        pair = tuple(folder / f"{run}-{split}" / "FeatureStats.pb" for split in ("train", "eval"))
        for i, place in enumerate(pair):
            place.parent.mkdir()
            place.write_bytes(field(1, dataset(span(1_000 * run + i, features, moved=run == RUNS - 1))))
        pairs.append(pair)
    return pairs


def span(seed: int, features: int, *, moved: bool) -> DatasetStats:
    rng = np.random.default_rng(seed)
    columns = {}
    for i in range(features):
        shift = 0.5 if moved and i % MOVED == 0 else 0.0
        columns[f"f{i}"] = rng.normal(shift, 1, ROWS) if i % 2 == 0 else rng.integers(0, len(VALUES), ROWS)
    return layout.dataset(columns, {f"f{i}": VALUES for i in range(1, features, 2)})


def whole(file: Path) -> DatasetStats:
    outcome = read_statistics(file)
    assert isinstance(outcome, Loaded)
    assert outcome.value.whole is not None
    return outcome.value.whole


# --- the wire ----------------------------------------------------------------------------------------------------------------------


def dataset(stats: DatasetStats) -> bytes:
    return field(2, stats.num_examples) + b"".join(field(3, feature(one)) for one in stats.features)


def feature(one: FeatureStats) -> bytes:
    common = (
        field(1, one.common.num_non_missing)
        + field(2, one.common.num_missing)
        + field(3, 1)
        + field(4, 1)
        + field(8, one.common.tot_num_values)
    )
    if one.string is not None:
        ranked = b"".join(
            field(1, field(1, i) + field(2, i) + field(4, v.value) + field(5, v.count)) for i, v in enumerate(one.string.ranks)
        )
        return field(1, one.name) + field(2, 2) + field(4, field(1, common) + field(2, one.string.unique) + field(5, ranked))
    numeric = one.numeric
    assert numeric is not None
    numbers = field(1, common) + field(2, numeric.mean) + field(3, numeric.std_dev) + field(4, numeric.num_zeros)
    ends = field(5, numeric.min) + field(6, numeric.median) + field(7, numeric.max)
    return field(1, one.name) + field(2, 1) + field(3, numbers + ends + b"".join(field(8, histogram(h)) for h in numeric.histograms))


def histogram(one: Histogram) -> bytes:
    buckets = b"".join(field(3, field(1, b.low) + field(2, b.high) + field(4, b.count)) for b in one.buckets)
    return buckets + field(4, 1 if one.kind == "QUANTILES" else 0)


# --- lineage -----------------------------------------------------------------------------------------------------------------------


def look_ups(runs: int) -> int:
    """Producers, inputs and outputs of every node of a chain of runs."""
    events = [
        event
        for i in range(runs)
        for event in (Event(artifact=i, execution=i, type="INPUT"), Event(artifact=i + 1, execution=i, type="OUTPUT"))
    ]
    made = Lineage(
        artifacts={i: Artifact(id=i, type="Examples", uri="") for i in range(runs + 1)},
        executions={i: Execution(id=i, type="Trainer") for i in range(runs)}, events=tuple(events),
    )  # fmt: skip
    return sum(len(made.producers(i + 1)) + len(made.inputs(i)) + len(made.outputs(i)) for i in range(runs))


if __name__ == "__main__":
    main()
