"""TFMA readers against a bare Python walk over the parsed messages, and one slice's curves against tfma.load_eval_result.

    python benchmarks/bench_tfma.py [--no-tfma]

Every figure is a ratio of two things measured in this run, interleaved, page cache warm. The walk is what a reader must at least do in
Python: parse each record with the protobuf class, touch name, model and is_diff of every key and the double of every value.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import encoders as wire  # noqa: E402
import google_crc32c  # noqa: E402

from model_insights.artifacts import tfma_values, tfrecord  # noqa: E402
from model_insights.artifacts.cache import Cache  # noqa: E402
from model_insights.artifacts.messages import declare  # noqa: E402
from model_insights.artifacts.tfma import read_evaluation  # noqa: E402
from model_insights.artifacts.tfma_plots import index_plots, read_plots  # noqa: E402
from model_insights.loaded import Absent, Damaged, Loaded  # noqa: E402

T = TypeVar("T")
METRICS = "metrics-00000-of-00001.tfrecord"

WALKED = declare(
    "bench_tfma",
    {
        "Double": "1 value double",
        "Bool": "1 value bool",
        "SingleSliceKey": "1 column string; 2 bytes_value oneof:kind bytes; 3 float_value oneof:kind float; 4 int64_value oneof:kind int64",
        "SliceKey": "1 single_slice_keys repeated SingleSliceKey",
        "MetricKey": "1 name string; 2 output_name string; 4 model_name string; 5 is_diff bool; 7 example_weighted Bool",
        "MetricValue": "1 double_value oneof:type Double",
        "Entry": "1 key MetricKey; 2 value MetricValue",
        "MetricsForSlice": "1 slice_key SliceKey; 51 metric_keys_and_values repeated Entry",
    },
)["MetricsForSlice"]


def write(path: Path, payloads: Iterator[bytes]) -> Path:
    """A TFRecord file; checksums by the C library, for the sizes here."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def crc(data: bytes) -> bytes:
        value = google_crc32c.value(data)
        return (((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF).to_bytes(4, "little")

    with path.open("wb") as file:
        for payload in payloads:
            length = len(payload).to_bytes(8, "little")
            file.write(length + crc(length) + payload + crc(payload))
    return path


def slices(count: int) -> Iterator[bytes]:
    """Overall, then pairs of columns."""
    for i in range(count):
        yield wire.slice_key() if i == 0 else wire.slice_key(("line", f"line_{i % 51}"), ("channel", f"channel_{i // 51}"))


def metrics(count: int, width: int, seed: int) -> Iterator[bytes]:
    """Slices of `width` doubles each, with names as short as those of the evaluation that was 19 MB for 52 runs."""
    chance = random.Random(seed)
    keys = [wire.metric_key(f"metric{j}") for j in range(width)]
    for where in slices(count):
        yield wire.metrics_for_slice(where, *(wire.metric(key, chance.random()) for key in keys))


def plots(count: int, size: int) -> Iterator[bytes]:
    """Records of about `size` bytes: half calibration buckets, half confusion matrices, the same numbers in each slice."""
    matrix = wire.confusion_matrix(0.5, fn=1.5, tn=2.5, fp=3.5, tp=4.5, precision=0.5, recall=0.25)
    bucket = wire.bucket(0.25, 0.5, 3.5, 1.5, 2.5)
    data = wire.plot_data(buckets=(bucket,) * (size // 2 // len(bucket)), matrices=(matrix,) * (size // 2 // len(matrix)))
    entry = wire.plot(wire.plot_key(weighted=False), data)
    for where in slices(count):
        yield wire.field(1, where) + entry


def walk(path: Path) -> float:
    """What a reader must at least do in Python."""
    total = 0.0
    for payload in tfrecord.records(path):
        for entry in WALKED.FromString(payload).metric_keys_and_values:
            key = entry.key
            _ = key.name, key.model_name, key.is_diff
            total += entry.value.double_value.value
    return total


def forget() -> None:
    """As a new process: no slice and no key is known."""
    for memo in (tfma_values.slice_key, tfma_values.cross_slice_key, tfma_values.metric_key):
        memo.cache_clear()


def loaded(outcome: Loaded[T] | Absent | Damaged) -> T:
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


def seconds(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    kept = work()
    elapsed = time.perf_counter() - start
    del kept
    return elapsed


def goal(what: str, figure: float, limit: float, *, at_least: bool = False) -> None:
    reached = figure >= limit if at_least else figure <= limit
    print(
        f"  {what}: {figure:.3g} (goal: at {'least' if at_least else 'most'} {limit:.3g}) {'reached' if reached else 'MISSED'}", flush=True
    )


def bench_metrics(folder: Path, *, runs: int, width: int, height: int, rounds: int) -> None:
    folders = [folder / f"{run:02}" for run in range(runs)]
    files = [write(each / METRICS, metrics(height, width, run)) for run, each in enumerate(folders)]
    print(f"{runs} runs x {height} slices x {width} metrics, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB")
    cache = Cache(folder / "state")
    grown = {"read": memory_in_a_child(folder), "cache": memory_in_a_child(folder, "--state", str(folder / "state"))}
    for each in folders:
        loaded(read_evaluation(each, cache=cache))
    times: dict[str, list[float]] = {"walk": [], "read": [], "cache": []}
    for _ in range(rounds):
        times["walk"].append(seconds(lambda: [walk(file) for file in files]))
        forget()
        times["read"].append(seconds(lambda: [loaded(read_evaluation(each)) for each in folders]))
        forget()
        times["cache"].append(seconds(lambda: [loaded(read_evaluation(each, cache=cache)) for each in folders]))
    medians = {name: statistics.median(found) for name, found in times.items()}
    print("  ms a run: " + ", ".join(f"{name} {median / runs * 1e3:.1f}" for name, median in medians.items()))
    goal("read / walk", medians["read"] / medians["walk"], 2)
    goal("from cache / walk", medians["cache"] / medians["walk"], 1 / 3)
    goal("MB resident for the history, read", grown["read"], 150)
    goal("MB resident for the history, from cache", grown["cache"], 150)


def memory_in_a_child(folder: Path, *more: str) -> float:
    """Megabytes by which a new process grows when it holds every evaluation below `folder`, its imports not counted."""
    done = subprocess.run([sys.executable, __file__, "--hold", str(folder), *more], check=True, capture_output=True, text=True)
    return float(done.stdout)


def hold(folder: Path, state: Path | None) -> None:
    cache = Cache(state) if state else None
    before = resident()
    kept = [loaded(read_evaluation(each, cache=cache)) for each in sorted(folder.iterdir()) if (each / METRICS).exists()]
    gc.collect()
    print(resident() - before)
    assert kept


def resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def bench_plots(folder: Path, *, height: int, size: int, with_tfma: bool, rounds: int) -> None:
    write(folder / METRICS, metrics(height, 10, 0))
    (folder / "eval_config.json").write_text('{"evalConfig": {"modelSpecs": [{}]}, "version": "0.47.1"}')
    file = write(folder / "plots-00000-of-00001.tfrecord", plots(height, size))
    where = loaded(index_plots(folder)).slices[height // 2]
    print(f"plots of {height} slices, {file.stat().st_size / 1e6:.0f} MB")

    def curves() -> object:
        loaded(read_evaluation(folder))
        return loaded(read_plots(loaded(index_plots(folder)), where))

    ours = times_of(curves, rounds)
    print(f"  metrics, index and one slice's curves: {statistics.median(ours) * 1e3:.0f} ms")
    if with_tfma:
        theirs = tfma_seconds(folder)
        print(f"  tfma.load_eval_result: {theirs:.1f} s")
        ours += times_of(curves, rounds)
        goal("tfma / ours", theirs / statistics.median(ours), 300, at_least=True)


def times_of(work: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of each round, each as in a new process."""
    found = []
    for _ in range(rounds):
        forget()
        found.append(seconds(work))
    return found


def tfma_seconds(folder: Path) -> float:
    """Once: it takes most of a minute. The file was read just before, so the page cache is warm for it too."""
    import tensorflow_model_analysis as tfma

    return seconds(lambda: tfma.load_eval_result(str(folder)))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=52)
    options.add_argument("--slices", type=int, default=1275)
    options.add_argument("--metrics", type=int, default=10)
    options.add_argument("--plot-bytes", type=int, default=105_000, help="bytes of plots per slice")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--tfma", action=argparse.BooleanOptionalAction, default=find_spec("tensorflow_model_analysis") is not None)
    options.add_argument("--hold", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--state", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.hold:
        hold(given.hold, given.state)
        return
    with tempfile.TemporaryDirectory() as folder:
        bench_metrics(Path(folder) / "metrics", runs=given.runs, width=given.metrics, height=given.slices, rounds=given.rounds)
        bench_plots(Path(folder) / "plots", height=given.slices, size=given.plot_bytes, with_tfma=given.tfma, rounds=given.rounds)


if __name__ == "__main__":
    main()
