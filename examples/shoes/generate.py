"""Make the demo anew: `python -m examples.shoes.generate --out examples/shoes` writes the log directory runs/ and truth.json there."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from examples.shoes.shop import Columns, impressions_of, logged
from examples.shoes.story import DEMO, WEEKS, Story, read_story, weeks
from examples.shoes.tables import write_tables, write_truth

INTERVAL_WEEKS = 4  # the last weeks get jackknife intervals; they take three times as long
PARTS = ("runs/pipeline", "runs/metadata.db", "runs/business", "runs/what_if", "truth.json")
CONFIGURATION = Path("runs") / "insights.toml"  # written by hand, kept


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 when all is written."""
    parser = argparse.ArgumentParser(prog="python -m examples.shoes.generate", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write into; these parts are replaced: " + ", ".join(PARTS))
    parser.add_argument("--weeks", type=int, default=WEEKS, help="stop the pipeline after this many weeks (the tables are whole)")
    parser.add_argument("--story", type=Path, help="another script as JSON: seed and faults, as in truth.json")
    parser.add_argument("--quick", action="store_true", help="evaluate product lines only, without confidence intervals")
    options = parser.parse_args(arguments)
    story = read_story(options.story) if options.story else DEMO
    with tempfile.TemporaryDirectory() as made:
        build(Path(made), last=options.weeks, story=story, quick=options.quick)
        _replace(Path(made), options.out)
    return 0


def build(folder: Path, *, last: int = WEEKS, story: Story = DEMO, quick: bool = False) -> None:
    """Write the whole demo into an empty folder; the pipeline runs weeks 1 to `last`."""
    shown = {week.span: impressions_of(week, story) for week in weeks()}
    write_tables(folder / "runs" / "business", shown, story)
    write_truth(folder / "truth.json", shown, story)
    run_pipeline(folder, shown, last=last, story=story, quick=quick)


def run_pipeline(folder: Path, shown: dict[int, Columns], *, last: int, story: Story = DEMO, quick: bool = False) -> None:
    """Run the weeks in order, then lay out the last week's impressions for the What-If Tool."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # TFMA asks for it, before TensorFlow is imported
    warnings.simplefilter("ignore")  # TFMA divides by zero in slices without a click
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    from examples.shoes.evaluate import SLICES
    from examples.shoes.lineage import Store
    from examples.shoes.pipeline import Pipeline
    from examples.shoes.records import write_records

    root = folder / "runs" / "pipeline"
    root.mkdir(parents=True)
    store = Store(folder / "runs" / "metadata.db", root)
    pipeline = Pipeline(store, story, slices=SLICES[:1] if quick else SLICES)
    for week in weeks()[:last]:
        begin = time.monotonic()
        pipeline.run(week, logged(shown[week.span], week, story), intervals=week.span > WEEKS - INTERVAL_WEEKS and not quick)
        print(f"week {week.span:2} of {last}: {time.monotonic() - begin:5.1f} s", flush=True)
    store.close()
    _, examples = pipeline.sample(week)
    write_records(folder / "runs" / "what_if" / "impressions.tfrecord", examples)


def _replace(made: Path, out: Path) -> None:
    """Put what was made in the place of what is there, and the configuration where there is none."""
    (out / "runs").mkdir(parents=True, exist_ok=True)
    for name in PARTS:
        shutil.rmtree(out / name, ignore_errors=True)
        (out / name).unlink(missing_ok=True)
        shutil.move(made / name, out / name)
    if not (out / CONFIGURATION).exists():
        shutil.copyfile(Path(__file__).parent / CONFIGURATION, out / CONFIGURATION)


if __name__ == "__main__":
    sys.exit(main())
