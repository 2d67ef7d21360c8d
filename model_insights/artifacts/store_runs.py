"""Puts the runs of one ML Metadata pipeline together: each artifact read, each model traced to the run that trained it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from model_insights.artifacts import payloads
from model_insights.artifacts.cache import Cache
from model_insights.artifacts.mlmd_runs import Links, PipelineRecord, RunRecord
from model_insights.artifacts.mlmd_values import json_or_text, whole_number
from model_insights.artifacts.rewriting import Located, Locator, split_uri
from model_insights.lineage import Artifact, Execution, Lineage, PropertyValue
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import Evaluation
from model_insights.periods import PeriodHint, periods_of
from model_insights.run import Blessing, History, ModelVersion, Period, Push, Run
from model_insights.settings import ReadingSettings
from model_insights.stats import Anomalies, Schema, Statistics

# Type names before TFX 0.21 ended in Path.
_TYPES = {
    "ModelEvalPath": "ModelEvaluation", "ModelBlessingPath": "ModelBlessing", "ModelPushPath": "PushedModel", "ModelExportPath": "Model",
    "ExamplesPath": "Examples", "SchemaPath": "Schema", "ExampleStatisticsPath": "ExampleStatistics",
    "ExampleValidationPath": "ExampleAnomalies",
}  # fmt: skip
_TRANSFORM_KEYS = ("pre_transform_", "post_transform_")  # Transform describes other features than the pipeline's data
_ENDED = ("COMPLETE", "CACHED", "UNKNOWN")  # UNKNOWN: stores before schema 5 without a word for it
_OPEN = ("RUNNING", "NEW")
_UPSTREAM_STEPS = 8
State = Literal["complete", "running", "failed", "partial"]


class Made(NamedTuple):
    """An artifact, the output key it was published under, and the execution of this run that did so."""

    artifact: Artifact
    key: str
    maker: Execution


class Shelf(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One pipeline of a store while its runs are put together."""

    record: PipelineRecord
    lineage: Lineage  # with the places its artifacts lie in now
    links: Links
    locator: Locator
    settings: ReadingSettings
    cache: Cache | None
    run_ids: Mapping[int, str]  # execution -> run
    evaluates: bool  # some run of the pipeline has an evaluation, so one without is not complete

    def made(self, run: RunRecord) -> tuple[Made, ...]:
        wanted, found = set(run.outputs), []
        for id_ in run.executions:
            for event in self.links.published(id_):
                if event.artifact in wanted and event.artifact in self.lineage.artifacts:
                    key = str(event.path[0]) if event.path else ""
                    found.append(Made(self.lineage.artifacts[event.artifact], key, self.lineage.executions[id_]))
        return tuple(found)

    def trainer_of(self, artifact: int) -> Execution | None:
        """The execution that first made a model, seen through executions that only rewrote it."""
        for _ in range(_UPSTREAM_STEPS):
            makers = [id_ for id_ in self.links.producers.get(artifact, ()) if id_ in self.lineage.executions]
            maker = self.lineage.executions[makers[0]] if makers else None
            models = () if maker is None or "Trainer" in maker.component else _inputs(self, maker.id, "Model")
            if not models:
                return maker
            artifact = models[0].id
        return None


def locate_all(lineage: Lineage, locator: Locator) -> Lineage:
    """The lineage with `path` filled in."""
    artifacts = {id_: msgspec.structs.replace(one, path=locator.locate(one.uri).path) for id_, one in lineage.artifacts.items()}
    return msgspec.structs.replace(lineage, artifacts=artifacts)


def history_of(shelf: Shelf, *, pipeline_id: str, folder: str) -> History:
    """The runs of the pipeline in the order of their periods. `folder` is the store's."""
    records = shelf.record.runs
    hints = [_hint(shelf, record) for record in records]
    periods = periods_of(hints)
    runs = [_run(shelf, record, period, pipeline_id) for record, period in zip(records, periods, strict=True)]
    runs.sort(key=lambda run: (run.period.order, run.executed_ms or 0, run.execution_ids))
    return History(
        pipeline=pipeline_id,
        name=shelf.record.name or os.path.basename(folder),
        root=_root(shelf, folder),
        runs=tuple(runs),
        problems=(*_missing_roots(shelf), *_period_problems(shelf, hints), *_grouping_problems(records)),
    )


def _run(shelf: Shelf, record: RunRecord, period: Period, pipeline_id: str) -> Run:
    made = shelf.made(record)
    evaluated, others = _evaluation(made)
    evaluation: Loaded[Evaluation] | Absent | Damaged = payloads.never_made("evaluation", "ModelEvaluation", "an Evaluator")
    validation = payloads.never_made("validation", "ModelEvaluation", "an Evaluator")
    where = _where(shelf, evaluated.artifact) if evaluated else Located(path="")
    if evaluated:
        evaluation = payloads.evaluation_at(where, cache=shelf.cache)
    blessing, quarrels = _blessing(shelf, made, evaluated)
    return Run(
        id=shelf.run_ids[record.executions[0]],
        pipeline=pipeline_id,
        name=record.name,
        period=period,
        executed_ms=record.started_ms,
        state=_state(shelf, record),
        evaluation=evaluation,
        evaluation_path=where.path,
        validation=payloads.validation_at(where) if evaluated else validation,
        blessing=blessing,
        push=_push(shelf, made),
        statistics=_statistics(shelf, made),
        anomalies=_anomalies(shelf, made),
        schema=_schema(shelf, record, made),
        candidate=_candidate(shelf, made),
        baseline=_baseline(shelf, made, evaluated, evaluation),
        lineage=shelf.lineage,
        execution_ids=record.executions,
        artifact_ids=record.outputs,
        problems=(*_unfinished(shelf, record), *quarrels, *others),
    )


def _kind(artifact: Artifact) -> str:
    name = artifact.type.rsplit(".", 1)[-1]
    return _TYPES.get(name, name)


def _of(made: Iterable[Made], kind: str) -> list[Made]:
    """The run's artifacts of a kind, without Transform's descriptions of its own output."""
    return [one for one in made if _kind(one.artifact) == kind and not one.key.startswith(_TRANSFORM_KEYS)]


def _where(shelf: Shelf, artifact: Artifact) -> Located:
    return Located(path=artifact.path) if artifact.path else shelf.locator.locate(artifact.uri)


def _inputs(shelf: Shelf, execution: int, kind: str) -> list[Artifact]:
    known = shelf.lineage.artifacts
    found = [known[event.artifact] for event in shelf.links.consumed(execution) if event.artifact in known]
    return [artifact for artifact in found if _kind(artifact) == kind]


# ---- evaluation, blessing, push ----


def _evaluation(made: Sequence[Made]) -> tuple[Made | None, tuple[Absent, ...]]:
    """The evaluation that decides: of the node that also blesses, the newest. Evaluations of other nodes are named, not mixed in."""
    found = _of(made, "ModelEvaluation")
    if not found:
        return None, ()
    judges = {one.maker.id for one in _of(made, "ModelBlessing")}
    chosen = max(found, key=lambda one: (one.maker.id in judges, one.maker.node == "Evaluator", one.maker.id))
    rest = sorted({one.maker.node for one in found} - {chosen.maker.node})
    reason = f"the one of node {chosen.maker.node} is shown"
    return chosen, tuple(
        Absent(what=f"evaluation of node {node} here", reason=reason, remedy="Open its folder on its own.") for node in rest
    )


def _blessing(
    shelf: Shelf, made: Sequence[Made], evaluated: Made | None
) -> tuple[Loaded[Blessing] | Absent | Damaged, tuple[Absent | Damaged, ...]]:
    found = _of(made, "ModelBlessing")
    if not found:
        return payloads.never_made("blessing", "ModelBlessing", "an Evaluator"), ()
    chosen = max(found, key=lambda one: (evaluated is not None and one.maker.id == evaluated.maker.id, one.maker.id))
    properties = {**chosen.artifact.properties, **chosen.artifact.custom}
    return payloads.blessing_at(_where(shelf, chosen.artifact), properties, finished=chosen.maker.state in _ENDED)


def _push(shelf: Shelf, made: Sequence[Made]) -> Loaded[Push] | Absent | Damaged:
    found = _of(made, "PushedModel")
    if not found:
        return payloads.never_made("push", "PushedModel", "a Pusher")
    artifact = max(found, key=lambda one: one.maker.id).artifact
    return payloads.push_at(_where(shelf, artifact), {**artifact.properties, **artifact.custom})


# ---- data ----


def _statistics(shelf: Shelf, made: Sequence[Made]) -> tuple[Loaded[Statistics] | Absent | Damaged, ...]:
    """The splits of the node named StatisticsGen, then those splits of other nodes that it does not have."""
    found = sorted(_of(made, "ExampleStatistics"), key=lambda one: (one.maker.node != "StatisticsGen", one.maker.id))
    if not found:
        return (payloads.never_made("statistics", "ExampleStatistics", "StatisticsGen"),)
    outcomes: list[Loaded[Statistics] | Absent | Damaged] = []
    for one in found:
        taken = {outcome.value.split for outcome in outcomes if isinstance(outcome, Loaded)}
        read = payloads.statistics_at(_where(shelf, one.artifact))
        outcomes += [outcome for outcome in read if not (isinstance(outcome, Loaded) and outcome.value.split in taken)]
    return tuple(outcomes)


def _anomalies(shelf: Shelf, made: Sequence[Made]) -> tuple[Loaded[Anomalies] | Absent | Damaged, ...]:
    """ExampleValidator's (against the schema) first, then DistributionValidator's (against other statistics)."""
    found = sorted(_of(made, "ExampleAnomalies"), key=lambda one: (_compares(one.maker), one.maker.id))
    if not found:
        return (payloads.never_made("anomalies", "ExampleAnomalies", "ExampleValidator"),)
    read = [payloads.anomalies_at(_where(shelf, one.artifact), is_pair=_compares(one.maker)) for one in found]
    return tuple(outcome for outcomes in read for outcome in outcomes)


def _compares(maker: Execution) -> bool:
    return maker.component == "DistributionValidator"


def _schema(shelf: Shelf, record: RunRecord, made: Sequence[Made]) -> Loaded[Schema] | Absent | Damaged:
    """The curated schema: imported in this run, else the one that was validated against, else the inferred one."""
    own = _of(made, "Schema")
    imported = [one.artifact for one in own if one.maker.component.startswith("Import")]
    known = {one.artifact.id for one in own}
    used = [artifact for id_ in record.executions for artifact in _inputs(shelf, id_, "Schema") if artifact.id not in known]
    artifact = next(iter([*imported[-1:], *used[-1:], *[one.artifact for one in own][-1:]]), None)
    if artifact is None:
        return payloads.never_made("schema", "Schema", "SchemaGen or ImportSchemaGen")
    return payloads.schema_at(_where(shelf, artifact))


# ---- models ----


def _candidate(shelf: Shelf, made: Sequence[Made]) -> ModelVersion | None:
    """The model this run trained (or, cached, took from the run that did): the one the Evaluator judged, else the Trainer's."""
    found = _of(made, "Model")
    if not found:
        return None
    judged = {whole_number(one.artifact.get("current_model_id")) for one in _of(made, "ModelBlessing")}
    chosen = max(found, key=lambda one: (one.artifact.id in judged, "Trainer" in one.maker.component, one.maker.id))
    return _version(shelf, chosen.artifact)


def _baseline(
    shelf: Shelf, made: Sequence[Made], evaluated: Made | None, evaluation: Loaded[Evaluation] | Absent | Damaged
) -> ModelVersion | None:
    """The model the Evaluator compared with: by the blessing, by its input, by eval_config.json."""
    blessings = [one.artifact for one in _of(made, "ModelBlessing") if evaluated is None or one.maker.id == evaluated.maker.id]
    known = shelf.lineage.artifacts
    for artifact in blessings:
        if (id_ := whole_number(artifact.get("baseline_model_id"))) in known and _kind(known[id_]) == "Model":
            return _version(shelf, known[id_])
    if evaluated is not None:
        for event in shelf.links.consumed(evaluated.maker.id):
            if event.path[:1] == ("baseline_model",) and event.artifact in known:
                return _version(shelf, known[event.artifact])
    uris = [str(artifact.get("baseline_model") or "") for artifact in blessings]
    if isinstance(evaluation, Loaded):
        names = {model.name for model in evaluation.value.config.models if model.is_baseline}
        uris += [place for name, place in evaluation.value.config.model_locations if name in names]
    return next((_version_by_uri(shelf, uri) for uri in uris if uri), None)


def _version_by_uri(shelf: Shelf, uri: str) -> ModelVersion:
    """The model recorded under the URI, or under one with the same last folders (Evaluator names a folder inside the artifact)."""
    wanted = uri.rstrip("/")
    for artifact in shelf.lineage.artifacts.values():
        if _kind(artifact) == "Model" and artifact.uri and f"{wanted}/".startswith(f"{artifact.uri.rstrip('/')}/"):
            return _version(shelf, artifact)
    return ModelVersion(uri=uri)


def _version(shelf: Shelf, artifact: Artifact) -> ModelVersion:
    trainer = shelf.trainer_of(artifact.id)
    return ModelVersion(
        artifact=artifact,
        trainer=trainer,
        uri=artifact.uri,
        run_id=shelf.run_ids.get(trainer.id, "") if trainer else "",
        data_spans=_training_spans(shelf, trainer.id) if trainer else (),
    )


def _training_spans(shelf: Shelf, trainer: int) -> tuple[str, ...]:
    """Spans of the examples a model was trained on, oldest first; transformed examples are followed to what they were made of."""
    spans: set[int] = set()
    queue, seen = [(trainer, 0)], {trainer}
    while queue:
        execution, depth = queue.pop()
        for examples in _inputs(shelf, execution, "Examples"):
            maker = next(iter(shelf.links.producers.get(examples.id, ())), None)
            older = maker is not None and maker not in seen and depth < _UPSTREAM_STEPS and bool(_inputs(shelf, maker, "Examples"))
            if maker is not None and older:
                seen.add(maker)
                queue.append((maker, depth + 1))
            elif (span := whole_number(examples.get("span"))) is not None:
                spans.add(span)
    return tuple(str(span) for span in sorted(spans))


# ---- state ----


def _latest(shelf: Shelf, record: RunRecord) -> dict[str, Execution]:
    """The last attempt of each node."""
    return {shelf.lineage.executions[id_].node: shelf.lineage.executions[id_] for id_ in record.executions}


def _state(shelf: Shelf, record: RunRecord) -> State:
    states = {one.state for one in _latest(shelf, record).values()}
    if "FAILED" in states:
        return "failed"
    if states & set(_OPEN):
        if not _was_left(shelf, record):
            return "running"
        return "partial" if record.outputs else "failed"
    if "CANCELED" in states:
        return "partial"
    return "complete" if not shelf.evaluates or has_evaluation(record, shelf.lineage) else "partial"


def has_evaluation(record: RunRecord, lineage: Lineage) -> bool:
    """True when the run published a ModelEvaluation."""
    return any(_kind(lineage.artifacts[id_]) == "ModelEvaluation" for id_ in record.outputs if id_ in lineage.artifacts)


def _was_left(shelf: Shelf, record: RunRecord) -> bool:
    """RUNNING does not mean alive: when a driver dies, its execution stays so for ever. A later run that has done the same step tells."""
    open_nodes = {node for node, one in _latest(shelf, record).items() if one.state in _OPEN}
    later = [one for one in shelf.record.runs if (one.started_ms or 0) > (record.started_ms or 0)]
    return any(node in open_nodes and one.state in _ENDED for run in later for node, one in _latest(shelf, run).items())


def _unfinished(shelf: Shelf, record: RunRecord) -> tuple[Absent, ...]:
    pending = {node: one for node, one in _latest(shelf, record).items() if one.state not in _ENDED}
    left = bool(pending) and _was_left(shelf, record)
    found = []
    for node, execution in pending.items():
        again = " and a later run has done this step, so it was given up" if left and execution.state in _OPEN else ""
        reason = f"execution {execution.id} of {execution.component} is {execution.state}{again}{_message(execution)}"
        remedy = "Nothing to do, if the later run did the work." if again else "Look at the pipeline's log, or wait until it has ended."
        found.append(Absent(what=f"output of {node}", reason=reason, remedy=remedy))
    return tuple(found)


def _message(execution: Execution) -> str:
    """What TFX recorded as the outcome of a failed execution."""
    result = json_or_text(str(execution.custom.get("__execution_result__", "")))
    text = result.get("resultMessage", result.get("result_message", "")) if isinstance(result, dict) else ""
    return f": {' '.join(str(text).split())[:300]}" if text else ""


# ---- period ----


def _hint(shelf: Shelf, record: RunRecord) -> PeriodHint:
    span, is_date = _span(shelf, record)
    hint = PeriodHint(span=span, span_is_date=is_date, executed_ms=record.started_ms)
    for key, label, start, end in shelf.settings.calendar:
        if span is not None and (key == str(span) or whole_number(key) == span):
            return msgspec.structs.replace(hint, label=label, start=start, end=end, source="calendar")
    label = _label(shelf, record)
    return msgspec.structs.replace(hint, label=label, source="property") if label else hint


def _label(shelf: Shelf, record: RunRecord) -> str:
    rule = shelf.settings
    node, name, key = rule.period_node or "Trainer", rule.period_property or "custom_config", rule.period_key
    if not (rule.period_node or rule.period_property or key):
        key = "period"
    executions = [shelf.lineage.executions[id_] for id_ in reversed(record.executions)]
    named = [one for one in executions if one.node == node] or [one for one in executions if one.component == node]
    for execution in named:
        value = execution.custom.get(name, execution.properties.get(name))
        if text := _dig(json_or_text(value) if isinstance(value, str) else value, key):
            return text
    return ""


def _dig(value: PropertyValue, key: str) -> str:
    for step in filter(None, key.split(".")):
        value = value.get(step) if isinstance(value, dict) else None
    return "" if value is None or isinstance(value, (dict, list, bool)) else str(value).strip()


def _span(shelf: Shelf, record: RunRecord) -> tuple[int | None, bool]:
    """The span of the examples the run made itself, else asked for, else consumed; and whether spans count days."""
    own = [one for one in _of(shelf.made(record), "Examples") if not _inputs(shelf, one.maker.id, "Examples")]
    executions = [shelf.lineage.executions[id_] for id_ in record.executions]
    makers = [one.maker for one in own] or [one for one in executions if "ExampleGen" in one.component]
    is_date = any("{YYYY}" in str(one.custom.get("input_config", one.properties.get("input_config", ""))) for one in makers)
    published = [whole_number(one.artifact.get("span")) for one in own]
    asked = [_asked_span(one) for one in makers]
    used = [whole_number(artifact.get("span")) for one in executions for artifact in _inputs(shelf, one.id, "Examples")]
    newest = sorted((span for span in used if span is not None), reverse=True)
    return next((span for span in (*published, *asked, *newest) if span is not None and span >= 0), None), is_date


def _asked_span(execution: Execution) -> int | None:
    """The span an ExampleGen was given, also when it never finished."""
    span = whole_number(execution.custom.get("span", execution.properties.get("span")))
    if span is not None:
        return span
    config = json_or_text(str(execution.custom.get("range_config", execution.properties.get("range_config", ""))))
    fixed = config.get("static_range", config.get("staticRange")) if isinstance(config, dict) else None
    if not isinstance(fixed, dict):
        return None
    return whole_number(fixed.get("end_span_number", fixed.get("endSpanNumber")))


# ---- the whole pipeline ----


def _root(shelf: Shelf, folder: str) -> str:
    roots = Counter(root for one in shelf.lineage.artifacts.values() if one.path and (root := split_uri(one.path)[0]))
    return roots.most_common(1)[0][0] if roots else folder


def _missing_roots(shelf: Shelf) -> tuple[Absent, ...]:
    """Recorded roots of which nothing was found: said once, not for every artifact."""
    found: dict[str, list[bool]] = {}
    for artifact in shelf.lineage.artifacts.values():
        root, _ = split_uri(artifact.uri)
        if root and artifact.state not in ("DELETED", "ABANDONED"):
            found.setdefault(root, []).append(bool(artifact.path))
    return tuple(
        Absent(
            what=f"files recorded below {root}",
            reason=shelf.locator.unclear.get(root) or f"none of {len(there)} artifacts is there, nor under the log directory",
            remedy="Point --logdir at a folder that also holds the pipeline root, or map it under [insights.rewrite].",
        )
        for root, there in found.items()
        if not any(there)
    )


def _period_problems(shelf: Shelf, hints: Sequence[PeriodHint]) -> tuple[Absent, ...]:
    rule = shelf.settings
    if rule.calendar and (spans := sorted({one.span for one in hints if one.span is not None and one.source != "calendar"})):
        listed = ", ".join(str(span) for span in spans)
        return (
            Absent(what=f"period of span {listed}", reason="the calendar table has no row for it", remedy="Add the row to the calendar."),
        )
    if (rule.period_node or rule.period_property or rule.period_key) and not any(one.label for one in hints):
        reason = f"no run has {rule.period_key or 'a value'} in {rule.period_property} of {rule.period_node}"
        return (
            Absent(
                what="periods by the configured property", reason=reason, remedy="Correct insights.period; spans or times are used now."
            ),
        )
    return ()


def _grouping_problems(records: Sequence[RunRecord]) -> tuple[Absent, ...]:
    if not any(one.grouped_by == "lineage" for one in records):
        return ()
    reason = "the pipeline records none for some executions (ASYNC, or a notebook), so these runs were told apart by what they consumed"
    return (Absent(what="run contexts in ML Metadata", reason=reason, remedy="Check that the runs listed are the ones you know."),)
