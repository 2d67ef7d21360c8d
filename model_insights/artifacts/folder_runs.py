"""Puts runs together where no ML Metadata tells: from the layout of a pipeline root, or from loose TFMA and TFDV outputs.

What links the outputs is then a guess from names and numbers, and the history says so."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Literal, NamedTuple

import msgspec

from model_insights.artifacts import payloads
from model_insights.artifacts.cache import Cache
from model_insights.artifacts.discovery import Found, Loose, is_below
from model_insights.artifacts.rewriting import Located, PipelineRoot, split_uri
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import Evaluation, Validation
from model_insights.periods import PeriodHint, parse_period, periods_of
from model_insights.run import Blessing, History, ModelVersion, Period, Push, Run
from model_insights.stats import Anomalies, Statistics

_EVENT_FILE = re.compile(r"events\.out\.tfevents\.(\d{9,10})\b.*")
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}|\d{4}-?W\d{2}|\d{4}[- ]?Q[1-4]|(?<!\d)20\d{6}(?!\d)|\d{4}-\d{2}(?!\d)", re.IGNORECASE)
_SCANNED_FOLDERS = 60


class Output(NamedTuple):
    """One `<node>/<output key>/<execution id>` folder."""

    execution: int
    node: str
    key: str
    path: str


class Parts(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The places of one run's artifacts, however they were grouped."""

    name: str
    folders: tuple[str, ...]  # what the period and time are read from
    evaluation: str = ""
    blessing: str = ""
    push: str = ""
    statistics: tuple[str, ...] = ()
    anomalies: tuple[tuple[str, bool], ...] = ()  # (place, made by a DistributionValidator)
    schema: str = ""
    model: str = ""


# ---- pipeline roots ----


def outputs_of(root: PipelineRoot) -> tuple[Output, ...]:
    """The root's outputs in the order of their execution ids."""
    split = [tail.split("/") for tail in root.tails]
    return tuple(sorted(Output(int(id_), node, key, f"{root.path}/{node}/{key}/{id_}") for node, key, id_ in split))


def group_by_turn(outputs: Iterable[Output]) -> list[list[Output]]:
    """Outputs of one run each: execution ids rise, and a node that comes again begins the next run."""
    groups: list[list[Output]] = []
    for output in outputs:
        if not groups or any(one.node == output.node and one.execution != output.execution for one in groups[-1]):
            groups.append([])
        groups[-1].append(output)
    return groups


def root_parts(root: PipelineRoot) -> tuple[Parts, ...]:
    """The runs of a pipeline root. Groups that hold nothing we judge (only examples, say) are left out."""
    found = [_parts_of_group(group) for group in group_by_turn(outputs_of(root))]
    return tuple(one for one in found if one.evaluation or one.statistics or one.anomalies)


def _parts_of_group(group: Sequence[Output]) -> Parts:
    def last(key: str, prefer: str = "") -> str:
        places = sorted((one.node.startswith(prefer), one.execution, one.path) for one in group if one.key == key)
        return places[-1][2] if places else ""

    blessings = [one.path for one in group if one.key == "blessing" and not _has_any(one.path, "INFRA_BLESSED", "INFRA_NOT_BLESSED")]
    return Parts(
        name=f"executions {group[0].execution} to {group[-1].execution}",
        folders=tuple(one.path for one in group),
        evaluation=last("evaluation", "Evaluator"),
        blessing=blessings[-1] if blessings else "",
        push=last("pushed_model", "Pusher"),
        statistics=tuple(one.path for one in group if one.key == "statistics"),
        anomalies=tuple((one.path, one.node.startswith("DistributionValidator")) for one in group if one.key == "anomalies"),
        schema=last("schema", "Import"),
        model=last("model", "Trainer"),
    )


def _has_any(folder: str, *names: str) -> bool:
    return any(os.path.exists(os.path.join(folder, name)) for name in names)


# ---- loose outputs ----


def loose_parts(found: Found) -> dict[str, tuple[Parts, ...]]:
    """Runs by the folder that holds them. An evaluation is a run; statistics, anomalies and schema join the run they share a folder with,
    and statistics without any evaluation are runs of their own."""
    tops = [one.path for one in found.logdirs] + list(found.roots)
    evaluations = [one.path for one in found.loose if one.kind == "evaluation"]
    rest = [one for one in found.loose if one.kind != "evaluation"]
    homes = {path: _home(path, evaluations, tops) for path in evaluations}
    grouped: dict[str, list[Parts]] = {}
    for path, home in homes.items():
        grouped.setdefault(_parent(home, tops), []).append(_loose_run(home, path, rest))
    orphans = [one.path for one in rest if one.kind != "schema" and not any(_within(one.path, home) for home in homes.values())]
    own = [one for one in rest if one.kind == "schema" or one.path in orphans]
    for home in dict.fromkeys(_orphan_home(path, orphans, tops) for path in orphans):
        grouped.setdefault(_parent(home, tops), []).append(_loose_run(home, "", own))
    return {parent: tuple(parts) for parent, parts in grouped.items()}


def _home(path: str, others: Sequence[str], tops: Sequence[str]) -> str:
    """The highest folder, within the log directory, that holds this one and none of the others."""
    home = path
    while home not in tops:
        above = os.path.dirname(home)
        if above == home or any(other != path and _within(other, above) for other in others):
            break
        home = above
    return home


def _orphan_home(path: str, orphans: Sequence[str], tops: Sequence[str]) -> str:
    """The folder of a run without evaluation: the output's own folder, one higher where anomalies and statistics stand side by side."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    above = os.path.dirname(folder)
    beside = [one for one in orphans if _within(one, above)]
    return above if folder not in tops and len(beside) > 1 and _are_one_run(beside, above) else folder


def _are_one_run(paths: Sequence[str], above: str) -> bool:
    """True for `statistics/` beside `anomalies/` in one folder, false for a folder of dated folders."""
    names = [PurePath(os.path.relpath(path, above)).parts[0] for path in paths]
    return len(set(names)) == len(paths) and not any(_DATED.search(name) or name.isdigit() for name in names)


def _parent(home: str, tops: Sequence[str]) -> str:
    return home if home in tops else os.path.dirname(home)


def _within(path: str, folder: str) -> bool:
    return path == folder or is_below(path, folder)


def _loose_run(home: str, evaluation: str, rest: Sequence[Loose]) -> Parts:
    inside = [one for one in rest if _within(one.path, home)]
    schemas = [one.path for one in rest if one.kind == "schema"]
    # Own schema first, else the nearest above: one curated schema often stands beside all runs.
    near = [path for path in schemas if _within(path, home)] or [path for path in schemas if _within(home, os.path.dirname(path))]
    blessing = os.path.join(home, "blessing")
    return Parts(
        name=os.path.basename(home),
        folders=tuple(dict.fromkeys(one for one in (evaluation, *(one.path for one in inside), home) if one)),
        evaluation=evaluation,
        blessing=blessing if os.path.isdir(blessing) else "",
        statistics=tuple(one.path for one in inside if one.kind == "statistics"),
        anomalies=tuple((one.path, False) for one in inside if one.kind == "anomalies"),
        schema=max(near, key=len, default=""),
    )


# ---- runs ----


def history_of(
    parts: Sequence[Parts], *, pipeline_id: str, name: str, root: str, run_ids: Sequence[str], cache: Cache | None, numbered: bool
) -> History:
    """The history of these runs, in the order of their periods. `numbered`: they were told apart by execution ids."""
    periods = _told_apart(periods_of([_hint(one, root, numbered) for one in parts]), parts)
    runs = [_run(one, period, pipeline_id, id_, cache) for one, period, id_ in zip(parts, periods, run_ids, strict=True)]
    runs.sort(key=lambda run: (run.period.order, run.executed_ms or 0, run.name))
    models = {split_uri(one.model)[1]: id_ for one, id_ in zip(parts, run_ids, strict=True) if one.model}
    how = "runs were told apart by the numbers of their folders" if numbered else "each folder with an evaluation was taken for a run"
    missing = Absent(
        what=f"ML Metadata store for {name}", reason=f"none was found, so {how}", remedy="Put metadata.db into the log directory."
    )
    return History(pipeline=pipeline_id, name=name, root=root, runs=_with_trainers(runs, models), problems=(missing,))


def _run(parts: Parts, period: Period, pipeline_id: str, run_id: str, cache: Cache | None) -> Run:
    evaluation: Loaded[Evaluation] | Absent | Damaged = payloads.never_made("evaluation", "ModelEvaluation", "an Evaluator")
    validation: Loaded[Validation] | Absent | Damaged = payloads.never_made("validation", "ModelEvaluation", "an Evaluator")
    blessing: Loaded[Blessing] | Absent | Damaged = payloads.never_made("blessing", "ModelBlessing", "an Evaluator")
    push: Loaded[Push] | Absent | Damaged = payloads.never_made("push", "PushedModel", "a Pusher")
    if parts.evaluation:
        where = Located(path=parts.evaluation)
        evaluation, validation = payloads.evaluation_at(where, cache=cache), payloads.validation_at(where)
    if parts.blessing:
        blessing, _ = payloads.blessing_at(Located(path=parts.blessing), {})
    if parts.push:
        push = payloads.push_at(Located(path=parts.push), {})
    return Run(
        id=run_id,
        pipeline=pipeline_id,
        name=parts.name,
        period=period,
        executed_ms=_clock(parts.folders)[0],
        state="complete" if isinstance(evaluation, Loaded) else "partial",
        evaluation=evaluation,
        evaluation_path=parts.evaluation,
        validation=validation,
        blessing=blessing,
        push=push,
        statistics=_statistics(parts),
        anomalies=_anomalies(parts),
        schema=payloads.schema_at(Located(path=parts.schema)) if parts.schema else payloads.never_made("schema", "Schema", "SchemaGen"),
        candidate=_model(evaluation, is_baseline=False) or (ModelVersion(uri=parts.model) if parts.model else None),
        baseline=_model(evaluation, is_baseline=True),
    )


def _statistics(parts: Parts) -> tuple[Loaded[Statistics] | Absent | Damaged, ...]:
    if not parts.statistics:
        return (payloads.never_made("statistics", "ExampleStatistics", "StatisticsGen"),)
    alone = len(parts.statistics) == 1
    read = [payloads.statistics_at(Located(path=path), split="" if alone else _split_name(path)) for path in parts.statistics]
    return tuple(outcome for outcomes in read for outcome in outcomes)


def _split_name(path: str) -> str:
    """`train` of train_stats.tfrecord; the whole stem where no split is named."""
    stem = os.path.basename(path).split(".", 1)[0]
    named = re.search(r"(?<![a-z])(train|eval|test|validation|serving)", stem, re.IGNORECASE)
    return named[1].lower() if named else stem


def _anomalies(parts: Parts) -> tuple[Loaded[Anomalies] | Absent | Damaged, ...]:
    if not parts.anomalies:
        return (payloads.never_made("anomalies", "ExampleAnomalies", "ExampleValidator"),)
    ordered = sorted(parts.anomalies, key=lambda pair: pair[1])
    read = [payloads.anomalies_at(Located(path=path), is_pair=is_pair) for path, is_pair in ordered]
    return tuple(outcome for outcomes in read for outcome in outcomes)


def _model(evaluation: Loaded[Evaluation] | Absent | Damaged, *, is_baseline: bool) -> ModelVersion | None:
    """The model that eval_config.json names in this role."""
    if not isinstance(evaluation, Loaded):
        return None
    config = evaluation.value.config
    baselines = {model.name for model in config.models if model.is_baseline}
    places = [place for name, place in config.model_locations if (name in baselines) == is_baseline and place]
    return ModelVersion(uri=places[0]) if places else None


def _with_trainers(runs: Sequence[Run], models: Mapping[str, str]) -> tuple[Run, ...]:
    """Say which run trained each model: the one whose folders hold it, else the first that judged it as its candidate."""
    first: dict[str, str] = {}
    for run in runs:
        if run.candidate is not None:
            first.setdefault(run.candidate.uri, run.id)

    def known(model: ModelVersion | None) -> ModelVersion | None:
        if model is None:
            return None
        return msgspec.structs.replace(model, run_id=_run_with(model.uri, models) or first.get(model.uri, ""))

    return tuple(msgspec.structs.replace(run, candidate=known(run.candidate), baseline=known(run.baseline)) for run in runs)


def _run_with(uri: str, models: Mapping[str, str]) -> str:
    """eval_config.json names a folder inside the model's: `Trainer/model/149/Format-Serving`."""
    parts = uri.rstrip("/").split("/")
    return next((models[tail] for end in range(len(parts), 2, -1) if (tail := "/".join(parts[end - 3 : end])) in models), "")


# ---- time ----


def _hint(parts: Parts, root: str, numbered: bool) -> PeriodHint:
    """By a date in a folder's name, which a person wrote; else by the clock of the files."""
    time, source = _clock(parts.folders)
    label = "" if numbered else _dated_name(parts.folders[-1], root)
    return PeriodHint(label=label, source="folder" if label else source, executed_ms=time)


def _told_apart(periods: Sequence[Period], parts: Sequence[Parts]) -> list[Period]:
    """Files that were copied have the time of the copy. Where it tells nothing, the folders' own names and numbers do."""
    if len({one.label for one in periods}) == len(periods) or any(one.source != "file" for one in periods):
        return list(periods)
    numbers = [int(one.name) if one.name.isdigit() else None for one in parts]
    orders = [float(number) for number in numbers if number is not None]
    named = [msgspec.structs.replace(one, label=part.name, start="", end="", days=None) for one, part in zip(periods, parts, strict=True)]
    if len(orders) < len(named):
        return named
    return [msgspec.structs.replace(one, order=order) for one, order in zip(named, orders, strict=True)]


def _dated_name(path: str, root: str) -> str:
    for name in reversed(PurePath(os.path.relpath(path, root)).parts):
        if parse_period(name):
            return name
        if (found := _DATED.search(name)) and parse_period(found[0]):
            return found[0]
    return ""


def _clock(folders: Sequence[str]) -> tuple[int | None, Literal["event", "file"]]:
    """Milliseconds: the first event file's own time, else the last change of a file."""
    events: list[int] = []
    changes: list[int] = []
    for folder in folders:
        for entry in _files_below(folder):
            if match := _EVENT_FILE.fullmatch(entry.name):
                events.append(int(match[1]) * 1000)
            else:
                changes.append(entry.stat().st_mtime_ns // 1_000_000)
    return (min(events), "event") if events else (max(changes, default=None), "file")


def _files_below(folder: str) -> Iterator[os.DirEntry[str]]:
    """Files of a folder and those below it, breadth first and bounded."""
    queue = [folder]
    for at in range(_SCANNED_FOLDERS):
        if at >= len(queue):
            return
        try:
            with os.scandir(queue[at]) as entries:
                listed = sorted(entries, key=lambda one: one.name)
        except OSError:
            continue
        queue += [one.path for one in listed if one.is_dir(follow_symlinks=False) and not one.name.startswith(".")]
        yield from (one for one in listed if one.is_file(follow_symlinks=False))
