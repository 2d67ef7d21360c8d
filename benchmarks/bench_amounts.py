"""Costs row by row: rows per second and peak memory from prediction logs to money per slice, with intervals.

    python benchmarks/bench_amounts.py [--rows 1000000] [--memory-rows 3000000]

Writes prediction logs as BulkInferrer does (one example a record, ten features, a table of 10,000 keys), reads and prices them in a fresh
process, once from the files and once from the rows kept then, and checks the money against what was written. Then everything after the
reading (join with a table of 100,000 text keys, pricing, cost per slice with intervals) against the bare Polars join and group-by written
by hand, and against pandas where it is installed.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
from encoders import framed  # noqa: E402
from tfdv_encoders import example, floats, predict_log, strings  # noqa: E402

from model_insights.artifacts.kept_rows import KeptRows  # noqa: E402
from model_insights.artifacts.prediction_rows import CHUNK, fold_rows  # noqa: E402
from model_insights.config import CostRule  # noqa: E402
from model_insights.cost.account import run_cost  # noqa: E402
from model_insights.cost.amounts import amount_cells, chunk_sums, combined, row_plan  # noqa: E402
from model_insights.cost.join import When  # noqa: E402
from model_insights.lineage import Artifact  # noqa: E402
from model_insights.loaded import Loaded  # noqa: E402

KEYS, SHARDS = 10_000, 8
RULE = CostRule(
    name="orders", kind="amounts", predictions="BulkInferrer", label="click", unit=("region",), keys=("article",), tables=("articles",),
    decision="prediction >= 0.5", fp="fee", fn="margin * amount",
)  # fmt: skip


def articles(count: int) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {"article": [f"article-{i}" for i in range(count)], "fee": rng.uniform(0, 1, count), "margin": rng.uniform(0, 0.3, count)}
    )


def generated(rows: int, keys: int, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "article": pl.Series([f"article-{i}" for i in range(keys)]).gather(rng.integers(0, keys, rows)),
            "region": pl.Series([f"region-{i}" for i in range(40)]).gather(rng.integers(0, 40, rows)),
            "amount": rng.uniform(1, 200, rows).astype(np.float32).astype(float), "click": rng.integers(0, 2, rows),
            "prediction": rng.uniform(0, 1, rows).astype(np.float32).astype(float),
        }
    )  # fmt: skip


def by_hand(rows: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """The bare Polars join and group-by: mean, variance and number per region."""
    is_wrong = (pl.col("prediction") >= 0.5) != (pl.col("click") == 1)
    money = (
        pl.when(is_wrong)
        .then(pl.when(pl.col("click") == 1).then(pl.col("margin") * pl.col("amount")).otherwise(pl.col("fee")))
        .otherwise(0.0)
    )
    joined = rows.lazy().join(table.lazy(), on="article", how="left").select("region", money.alias("money"))
    return joined.group_by("region").agg(pl.col("money").mean(), pl.col("money").var().alias("var"), pl.len()).collect()


def write(folder: Path, rows: pl.DataFrame) -> None:
    extra = {f"feature_{i}": float(i) for i in range(6)}
    for shard, part in enumerate(rows.iter_slices(-(-rows.height // SHARDS))):
        with (folder / f"prediction_logs-{shard:05d}-of-{SHARDS:05d}").open("wb") as file:
            for row in part.iter_rows(named=True):
                score = row.pop("prediction")
                file.write(framed(predict_log({"examples": strings(example({**row, **extra}))}, {"p": floats(score)})))


def read(folder: Path, state: Path) -> None:
    """The child process: everything from the files, or from the rows that are kept, to the money."""
    start = time.perf_counter()
    plan = row_plan(RULE, {"articles": articles(KEYS)}, When())
    outcome = fold_rows(
        Artifact(id=1, type="InferenceResult", uri="", path=str(folder)),
        plan.features,
        lambda rows: chunk_sums(plan, rows),
        kept=KeptRows(state),
    )
    assert isinstance(outcome, Loaded), outcome
    amounts = combined(plan, outcome.value)
    priced = amount_cells(RULE, amounts, None)
    assert priced.cells is not None
    cost = run_cost("run", RULE, "serving", priced.cells, priced.gaps)
    took, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{amounts.rows} {took} {peak} {cost.total.value}")


def median_seconds(call: Callable[[], object], rounds: int) -> float:
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def alternating(one: Callable[[], object], other: Callable[[], object], rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of both, in turns: what else the machine does then hits both."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for call, seconds in zip((one, other), found, strict=True):
            seconds.append(median_seconds(call, 1))
    return found


def in_memory(rows: int, rounds: int) -> None:
    frame, table = generated(rows, 100_000), articles(100_000)
    plan = row_plan(RULE, {"articles": table}, When())

    def ours() -> object:
        priced = amount_cells(RULE, combined(plan, [chunk_sums(plan, part) for part in frame.iter_slices(CHUNK)]), None)
        assert priced.cells is not None
        return run_cost("run", RULE, "serving", priced.cells, priced.gaps)

    bare, mine = (statistics.median(found) for found in alternating(lambda: by_hand(frame, table), ours, rounds))
    print(f"in memory, {rows:,} rows with 100,000 text keys: bare Polars {bare:.2f} s, ours {mine:.2f} s, ratio {mine / bare:.2f} (goal 2)")
    try:
        import pandas as pd
    except ImportError:
        print("pandas is not installed: not compared")
        return
    left, right = pd.DataFrame(frame.to_dict(as_series=False)), pd.DataFrame(table.to_dict(as_series=False))

    def pandas() -> object:
        joined = left.merge(right, on="article", how="left")
        positive, decided = joined["click"] == 1, joined["prediction"] >= 0.5
        joined["money"] = np.where(
            positive & ~decided, joined["margin"] * joined["amount"], np.where(~positive & decided, joined["fee"], 0.0)
        )
        return joined.groupby("region")["money"].agg(["mean", "var", "size"])

    theirs = median_seconds(pandas, max(1, rounds // 2))
    print(f"pandas {theirs:.2f} s, pandas / ours {theirs / mine:.1f} (goal 3)")


def from_files(folder: Path, state: Path, count: int) -> None:
    rows = generated(count, KEYS)
    write(folder, rows)
    size = sum(file.stat().st_size for file in folder.iterdir()) / 2**20
    known = by_hand(rows, articles(KEYS))
    expected = float((known["money"] * known["len"]).sum())
    for what in ("from files", "from kept rows"):
        command = [sys.executable, __file__, "--read", str(folder), str(state)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        found, took, peak, total = int(said[0]), float(said[1]), float(said[2]), float(said[3])
        assert found == count
        assert abs(total - expected) <= 1e-9 * abs(expected), (total, expected)
        print(f"{what}: {count:,} rows, {took:.1f} s, {count / took:,.0f} rows/s, peak resident {peak:.0f} MB; money equal to 1e-9")
    stored = sum(file.stat().st_size for file in (state / "rows").iterdir()) / 2**20
    print(f"prediction logs {size:.0f} MB, kept rows {stored:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory-rows", type=int, default=3_000_000)
    parser.add_argument("--read", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read(*options.read)
        return
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as state:
        from_files(Path(name), Path(state), options.rows)
    in_memory(options.memory_rows, options.rounds)


if __name__ == "__main__":
    main()
