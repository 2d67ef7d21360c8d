"""How long a store of 10,000 runs takes to read, against a bare walk over the same tables.

    python benchmarks/bench_mlmd.py [--runs 10000]

The store has 14 executions, 13 artifacts and 43 events a run, like the runs of a real pipeline with a four-week window."""

from __future__ import annotations

import argparse
import gc
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from stores import StoreBuilder, tables  # noqa: E402

from model_insights.artifacts.mlmd import read_store  # noqa: E402
from model_insights.loaded import Loaded  # noqa: E402

# node, class, inputs (output key of an earlier node), outputs (key, type)
STEPS: tuple[tuple[str, str, tuple[str, ...], tuple[tuple[str, str], ...]], ...] = (
    ("CsvExampleGen", "CsvExampleGen", (), (("examples", "Examples"),)),
    ("ImportSchemaGen", "ImportSchemaGen", (), (("schema", "Schema"),)),
    ("latest_blessed_model", "Resolver", (), ()),
    ("previous_statistics", "Resolver", (), ()),
    ("training_window", "Resolver", (), ()),
    ("BulkInferrer.deployed", "BulkInferrer", ("examples",), (("inference_result", "InferenceResult"),)),
    ("StatisticsGen", "StatisticsGen", ("examples",), (("statistics", "ExampleStatistics"),)),
    ("DistributionValidator", "DistributionValidator", ("statistics",), (("anomalies", "ExampleAnomalies"),)),
    ("ExampleValidator", "ExampleValidator", ("statistics", "schema"), (("anomalies", "ExampleAnomalies"),)),
    ("SchemaGen", "SchemaGen", ("statistics",), (("inferred", "Schema"),)),
    ("Trainer", "Trainer", ("window", "schema"), (("model", "Model"), ("model_run", "ModelRun"))),
    ("BulkInferrer", "BulkInferrer", ("examples", "model"), (("inference_result", "InferenceResult"),)),
    ("Evaluator", "Evaluator", ("examples", "model"), (("blessing", "ModelBlessing"), ("evaluation", "ModelEvaluation"))),
    ("Pusher", "Pusher", ("model", "blessing"), (("pushed_model", "PushedModel"),)),
)
CONFIG = '{"hparams": {"learning_rate": 0.004}, "label": "click", "period": "2024-06-03", "span": 4}'
EVAL_CONFIG = '{"metrics_specs": [' + ", ".join(f'{{"class_name": "Metric{i}"}}' for i in range(80)) + "]}"


def build(path: Path, runs: int) -> None:
    """The synthetic store."""
    window: list[int] = []
    with StoreBuilder(path) as store:
        for run in range(runs):
            made: dict[str, int] = {}
            for node, component, inputs, outputs in STEPS:
                place = f"/srv/tfx/big/{node}/{{}}/{store.next['Execution']}"
                own = {key: store.artifact(type_, place.format(key), tfx_version="1.16.0", is_external=0) for key, type_ in outputs}
                if "examples" in own:
                    store.properties("Artifact", own["examples"], {"span": run + 1})
                    window = [*window, own["examples"]][-4:]
                used = {key: window if key == "window" else [made[key]] for key in inputs}
                extra = {"Trainer": {"custom_config": CONFIG}, "Evaluator": {"eval_config": EVAL_CONFIG}}.get(node, {})
                store.step(f"tfx.components.{component}", node, pipeline="big", run=f"run-{run:05d}", inputs=used, outputs=own,
                           train_args="{}", input_config="{}", **extra)  # fmt: skip
                made |= own


def walk(path: Path) -> int:
    """Every row of every table as Python tuples, nothing made of them; the cyclic collector is paused as it is in the reader."""
    gc.disable()
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    count = sum(len(connection.execute(f"SELECT * FROM {table}").fetchall()) for table in tables(10))
    connection.close()
    gc.enable()
    return count


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metadata.db"
        build(path, options.runs)
        walk(path)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        pairs = [(seconds(lambda: walk(path)), seconds(lambda: read_store(path))) for _ in range(options.repeats)]
        bare, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
        store = read_store(path)
        assert isinstance(store, Loaded), store
        assert len(store.value.pipelines[0].runs) == options.runs
        print(
            f"store of {options.runs:,} runs: {path.stat().st_size / 1e6:.0f} MB, {walk(path):,} rows, {len(store.value.events):,} events"
        )
        print(
            f"bare SELECT * walk {bare:.2f} s, read_store {ours:.2f} s: median ratio of pairs {statistics.median(b / a for a, b in pairs):.2f}"
        )
        print(f"peak memory above the bare walk: {(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024:.0f} MB")


if __name__ == "__main__":
    main()
