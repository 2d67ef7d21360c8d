"""Asks the SavedModels of a pipeline what they make of its examples, and keeps the answers in the state directory.

    python -m model_insights.pipeline.score LOGDIR

For every two neighbouring runs: the model that served in each, on the examples of both; the model trained at the end of the first on
those of the second; and the models that served on rows with the data fault of the other period put in. Needs TensorFlow; only reads below
LOGDIR. What is there already is not asked again, so the command can be stopped and run anew. A SavedModel is a program: run this on
models you trust.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from model_insights.artifacts.row_sources import evaluated_rows, sample_rows
from model_insights.artifacts.scores import ScoreFiles, content_fingerprint, saved_model_folder
from model_insights.artifacts.state import default_state
from model_insights.artifacts.tfrecord import records
from model_insights.attribution.design import Columns
from model_insights.attribution.rows import ScoredRows, model_key
from model_insights.attribution.step import Periods, injections, plan_of
from model_insights.errors import InsightsError
from model_insights.evidence.data import calibrate
from model_insights.history import judged_runs
from model_insights.judgement import row_periods
from model_insights.loaded import Loaded
from model_insights.run import ModelVersion, Run
from model_insights.workspace import Workspace

BATCH = 1024


class Job(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One question: what does the model make of the run's examples; `columns` are those with the fault of digest `faults` put in."""

    model: ModelVersion
    run: Run
    faults: str = ""
    columns: Columns | None = None


class Unscored(InsightsError):
    """A model cannot be asked, or examples cannot be read: the message says which and why."""


def main(argv: Sequence[str] | None = None) -> int:
    """0: everything is scored; 1: something could not be; the sentences say what. 2: wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m model_insights.pipeline.score", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("logdir", help="the log directory, as TensorBoard is given it")
    parser.add_argument("--insights_config", default="", help="insights.toml, where it does not lie beside the pipeline")
    parser.add_argument("--insights_state", default="", help="state directory; the same as the tabs' and the report's")
    parser.add_argument("--pipeline", default="", help="only this pipeline (id or name)")
    parser.add_argument("--last", type=int, default=0, help="only the last so many runs")
    given = parser.parse_args(argv)
    workspace = Workspace.open(given.logdir, config=given.insights_config, state=given.insights_state)
    workspace.scan(_say)
    files = ScoreFiles(Path(given.insights_state) if given.insights_state else default_state())
    try:
        names = [given.pipeline] if given.pipeline else [one for one, _ in workspace.pipelines()]
        problems = [problem for name in names for problem in score(workspace, name, files, last=given.last)]
    except InsightsError as error:
        problems = [str(error)]
    for problem in problems:
        _say(problem)
    return 1 if problems else 0


def score(workspace: Workspace, pipeline: str, files: ScoreFiles, *, last: int = 0) -> list[str]:
    """Scores one pipeline of a scanned workspace; the sentences of what could not be. Raises UnknownId."""
    case = workspace.case_of(pipeline)
    runs = judged_runs(case.history)
    calibration = calibrate(case.history.runs)
    if row_periods(case, calibration) is None:
        return [f"{case.history.name}: {case.config_reason or 'nothing has a price'}, so no account needs scores."]
    pairs = list(itertools.pairwise(runs[-(last + 1) :] if last else runs))
    problems = _ask([job for before, after in pairs for job in plain_jobs(before, after)], files)
    workspace.scan()  # the scores are read now: faults are put where the rows show them
    periods = row_periods(workspace.case_of(pipeline), calibration)
    assert periods is not None
    problems += _ask([job for before, after in pairs for job in faulty_jobs(periods, before, after)], files)
    return list(dict.fromkeys(problems))


def plain_jobs(before: Run, after: Run) -> Iterator[Job]:
    """Both serving models on both periods, and on the later one the model that could have served."""
    for model in (before.baseline, after.baseline):
        for run in (before, after):
            if model is not None:
                yield Job(model=model, run=run)
    if before.candidate is not None:
        yield Job(model=before.candidate, run=after)


def faulty_jobs(periods: Periods, before: Run, after: Run) -> Iterator[Job]:
    """Both serving models on either period with the fault that only the other has."""
    now = model_key(after.baseline)
    tables = [periods.tables(run, now) for run in (before, after)]
    known = [one for one in tables if isinstance(one, ScoredRows) and one.tier == "T3"]
    if len(known) < 2:
        return
    plan = plan_of(periods, before, after, known[0], known[1])
    for run, table, faults in ((before, plan.before, plan.begun), (after, plan.after, plan.ended)):
        for name, columns in injections(faults, table.columns):
            for model in (before.baseline, after.baseline):
                if model is not None:
                    yield Job(model=model, run=run, faults=name, columns=columns)


# --- asking --------------------------------------------------------------------------------------------------------------------------


def _ask(jobs: list[Job], files: ScoreFiles) -> list[str]:
    """Answers what is not answered yet, model by model, so that each is loaded once."""
    questions: dict[tuple[str, str, str], Job] = {}
    problems = []
    for job in jobs:
        try:
            questions.setdefault((_model_print(job), _data_print(job), job.faults), job)
        except Unscored as problem:
            problems.append(str(problem))
    left = {key: job for key, job in questions.items() if not files.has(*key)}
    _say(f"{len(left):,} of {len(questions):,} questions are not answered yet.")
    loaded: tuple[str, Any] = ("", None)
    for number, (key, job) in enumerate(sorted(left.items(), key=lambda pair: pair[0]), start=1):
        try:
            if loaded[0] != key[0]:
                loaded = (key[0], SavedModel(_model_folder(job)))
            scores = loaded[1].scores(_examples(job))
            files.write(*key, scores)
            fault = " with the fault put in" if job.faults else ""
            _say(f"{number:,} of {len(left):,}: model {model_key(job.model)} on {job.run.period.label}{fault}, {len(scores):,} rows")
        except Unscored as problem:
            problems.append(str(problem))
    return problems


def _model_folder(job: Job) -> Path:
    path = job.model.artifact.path if job.model.artifact is not None else ""
    folder = saved_model_folder(path) if path else None
    if folder is None:
        raise Unscored(
            f"Model {model_key(job.model)} has no SavedModel on this machine ({job.model.uri or path or 'no address'}). Restore its files."
        )
    return folder


def _model_print(job: Job) -> str:
    return content_fingerprint(_model_folder(job))


def _data_print(job: Job) -> str:
    return content_fingerprint(_source(job).artifact.path)


def _source(job: Job) -> Any:
    source = evaluated_rows(job.run)
    if not isinstance(source, Loaded):
        raise Unscored(source.sentence)
    return source.value


def _examples(job: Job) -> list[bytes]:
    """The serialized examples of the sampled rows, with the faults put in."""
    source = _source(job)
    rows = sample_rows(source)
    if not isinstance(rows, Loaded):
        raise Unscored(rows.sentence)
    payloads = itertools.chain.from_iterable(records(file) for file in source.files)
    kept = list(itertools.islice(payloads, 0, None, rows.value.stride))
    if len(kept) != rows.value.frame.height:
        raise Unscored(f"{source.artifact.path} holds {len(kept):,} records and {rows.value.frame.height:,} rows; batches are not scored.")
    return kept if job.columns is None else [spoiled(example, job.columns, row) for row, example in enumerate(kept)]


def spoiled(serialized: bytes, columns: Columns, row: int) -> bytes:
    """A tf.Example with the values of one row of `columns`; features that are not among them, and the kind of each, stay."""
    from tensorflow.core.example.example_pb2 import Example

    example = Example.FromString(serialized)
    for name, values in columns.items():
        if name not in example.features.feature:
            continue
        feature = example.features.feature[name]
        kind = feature.WhichOneof("kind")
        if kind is None:
            continue
        value, held = values[row], getattr(feature, kind).value
        if value is None or (isinstance(value, float) and np.isnan(value)):
            del held[:]
        elif len(held) <= 1:
            held[:] = [str(value).encode() if kind == "bytes_list" else round(float(value)) if kind == "int64_list" else float(value)]
    return bytes(example.SerializeToString())


class SavedModel:
    """A SavedModel that takes serialized tf.Examples, as TFX's Trainer writes it for serving. Raises Unscored where it is another."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._tf = folder, _tensorflow()
        try:
            self._model = self._tf.saved_model.load(str(folder))
        except (OSError, ValueError, self._tf.errors.OpError) as error:
            raise Unscored(f"{folder} cannot be loaded: {str(error).splitlines()[0]}.") from error
        signatures = self._model.signatures
        self._serve: Any = signatures["serving_default"] if "serving_default" in signatures else next(iter(signatures.values()), None)
        inputs = self._serve.structured_input_signature[1] if self._serve is not None else {}
        if len(inputs) != 1 or next(iter(inputs.values())).dtype != self._tf.string:
            raise Unscored(
                f"{folder} has no signature that takes serialized tf.Examples; its inputs: {', '.join(sorted(inputs)) or 'none'}."
            )
        self._input = next(iter(inputs))

    def scores(self, examples: list[bytes]) -> Any:
        """float64 [rows]. Raises Unscored when the model does not say one number per row."""
        parts = [self._batch(examples[start : start + BATCH]) for start in range(0, len(examples), BATCH)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _batch(self, examples: list[bytes]) -> Any:
        try:
            said = self._serve(**{self._input: self._tf.constant(examples)})
        except (ValueError, TypeError, self._tf.errors.OpError) as error:
            raise Unscored(f"{self._folder} does not understand the examples: {str(error).splitlines()[0]}.") from error
        numbers = {name: value.numpy() for name, value in said.items() if value.dtype.is_floating}
        single = {name: value.reshape(-1) for name, value in numbers.items() if value.size == len(examples)}
        if len(single) != 1:
            raise Unscored(f"{self._folder} says no single number per row; its outputs: {', '.join(sorted(said)) or 'none'}.")
        return next(iter(single.values())).astype(np.float64)


def _tensorflow() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import tensorflow
    except ImportError as error:
        raise Unscored("TensorFlow is not installed here; install the extra `pipeline`, or run this where the pipeline runs.") from error
    return tensorflow


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
