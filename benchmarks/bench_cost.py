"""Costs by threshold: 1,002 thresholds of 1,000 slices read, then priced anew, as a dragged threshold or a changed unit value does.

    python benchmarks/bench_cost.py [--slices 1000] [--thresholds 1002]

Writes the confusion plots of an evaluation, as TFMA's ConfusionMatrixPlot does, reads them through the product's own shelf, and prices all
of them with other unit values: the curves, the best thresholds of every slice, and a threshold of one's own.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import encoders as wire  # noqa: E402
import msgspec  # noqa: E402
import numpy as np  # noqa: E402

from model_insights.artifacts.tfma_plots import index_plots, read_plots  # noqa: E402
from model_insights.cost.model import Cells, Floats  # noqa: E402
from model_insights.cost.threshold import ThresholdCosts, confusion_counts, threshold_costs  # noqa: E402
from model_insights.loaded import Loaded  # noqa: E402
from model_insights.slices import SliceKey  # noqa: E402


def records(slices: int, thresholds: int) -> Iterator[bytes]:
    """One record a slice: examples by threshold of scores that follow a beta distribution, TFMA's thresholds."""
    rng = np.random.default_rng(0)
    at = np.r_[-1e-7, np.arange(1, thresholds - 1) / (thresholds - 1), 1 + 1e-7]
    for i in range(slices):
        score = rng.beta(2, 5, 2_000)
        label = rng.random(2_000) < score
        tp, fp = ((score[label == which, None] >= at).sum(axis=0) for which in (True, False))
        fn, tn = label.sum() - tp, (~label).sum() - fp
        matrices = tuple(
            wire.confusion_matrix(float(t), fn=float(a), tn=float(b), fp=float(c), tp=float(d))
            for t, a, b, c, d in zip(at, fn, tn, fp, tp, strict=True)
        )
        shown = wire.plot(wire.plot_key(model="m", weighted=False), wire.plot_data(matrices=matrices))
        yield wire.field(1, wire.slice_key(("slice", f"s{i:04d}"))) + shown


def read(folder: Path) -> dict[SliceKey, Floats]:
    """From the files to what the product keeps in memory."""
    index = index_plots(folder)
    assert isinstance(index, Loaded), index
    found: dict[SliceKey, Floats] = {}
    for where in index.value.slices:
        outcome = read_plots(index.value, where, buckets=False)
        assert isinstance(outcome, Loaded), outcome
        counts = confusion_counts(outcome.value, "m")
        assert counts is not None
        assert isinstance(where, SliceKey)
        found[where] = counts
    return found


def cells_of(units: tuple[SliceKey, ...]) -> Cells:
    count = len(units)
    return Cells(
        kind="classification", units=units, volume=np.full(count, 10_000.0), values=np.tile([0.0, 2.0, 0.0, 5.0], (count, 1)),
        rates=np.full((count, 4), 0.25), spread=np.zeros(count), n=np.full(count, 2_000.0), realised=False,
    )  # fmt: skip


def priced(cells: Cells, plots: dict[SliceKey, Floats], factor: float) -> ThresholdCosts:
    found = threshold_costs(msgspec.structs.replace(cells, values=cells.values * factor), plots)
    assert found is not None
    return found


def seconds(call: Callable[[], object], rounds: int = 5) -> float:
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=1_000)
    parser.add_argument("--thresholds", type=int, default=1_002)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        file = wire.write_tfrecord(Path(name) / "plots-00000-of-00001.tfrecord", records(options.slices, options.thresholds))
        size = file.stat().st_size / 1e6
        start = time.perf_counter()
        plots = read(Path(name))
        reading = time.perf_counter() - start
    cells = cells_of(tuple(plots))
    made = priced(cells, plots, 1.0)
    again = seconds(lambda: priced(cells, plots, 1.01).total)
    dragged = seconds(lambda: (made.at(0.31), made.error(0.31, 0.5)))
    each = seconds(lambda: [(made.best(i), made.indifferent(i)) for i in range(len(made.units))], 3)
    shape = f"{len(made.thresholds):,} thresholds x {len(made.units):,} slices"
    print(
        f"{shape}, {size:.0f} MB of plots: read {reading:.1f} s, priced anew {1e3 * again:.0f} ms, reading / pricing {reading / again:.0f} (goal 20)"
    )
    print(
        f"a dragged threshold: money and interval of all slices {1e3 * dragged:.1f} ms; best threshold of every slice {1e3 * each:.0f} ms"
    )


if __name__ == "__main__":
    main()
