"""Groups what an ML Metadata store holds into pipelines and runs.

A run is a `pipeline_run` context (TFX 0.23 and later) or a `run` context with several executions (before). Where neither exists, as in
ASYNC pipelines, or where each execution has a `run` context of its own, as in notebooks, executions are grouped by what they consumed.
Source: tfx/dsl/compiler/node_contexts_compiler.py, tfx/orchestration/metadata.py.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Literal

import msgspec

from model_insights.lineage import Artifact, Context, Event, Execution, Lineage
from model_insights.noun import Noun

_PUBLISHED = ("OUTPUT", "DECLARED_OUTPUT")  # INTERNAL_OUTPUT is what a resolver passes on, PENDING_OUTPUT what may never come


class Links(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Events by execution, and what follows from them."""

    events: dict[int, list[Event]]
    producers: dict[int, tuple[int, ...]]  # artifact -> executions that published it, earliest first
    first_ms: dict[int, int]  # artifact -> time it was first published

    def of(self, execution: int) -> list[Event]:
        return self.events.get(execution, [])

    def published(self, execution: int) -> tuple[Event, ...]:
        """One event for each artifact the execution published, in order."""
        return tuple({event.artifact: event for event in self.of(execution) if event.type in _PUBLISHED}.values())

    def consumed(self, execution: int) -> tuple[Event, ...]:
        return tuple({event.artifact: event for event in self.of(execution) if event.is_input}.values())


class RunRecord(Noun):
    """One run as the store has it."""

    name: str
    executions: tuple[int, ...]  # in order
    outputs: tuple[int, ...]  # artifacts its executions published, also those a cached execution published again
    made: tuple[int, ...]  # the part of them that no earlier execution had published
    inputs: tuple[int, ...]
    started_ms: int | None
    grouped_by: Literal["context", "lineage"] = "context"


class PipelineRecord(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One pipeline of a store. Its runs stand in the order they were started."""

    name: str  # "" where the store does not name it
    lineage: Lineage
    runs: tuple[RunRecord, ...]


class Store(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """An ML Metadata store, read whole."""

    path: str
    schema_version: int
    artifacts: dict[int, Artifact]
    executions: dict[int, Execution]
    events: tuple[Event, ...]
    contexts: dict[int, Context]
    parents: tuple[tuple[int, int], ...]  # (context, its parent)
    context_executions: dict[int, tuple[int, ...]]
    context_artifacts: dict[int, tuple[int, ...]]
    links: Links
    pipelines: tuple[PipelineRecord, ...]


class Groups(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What grouping looks at."""

    contexts: Mapping[int, Context]
    members: Mapping[int, tuple[int, ...]]  # context -> executions
    parents: tuple[tuple[int, int], ...]
    artifacts: dict[int, Artifact]
    executions: dict[int, Execution]
    events: tuple[Event, ...]
    links: Links


def links_of(events: Iterable[Event]) -> Links:
    """The events by execution. Duplicates (possible before schema 8) do no harm."""
    by_execution: dict[int, list[Event]] = {}
    producers: dict[int, set[int]] = {}
    first: dict[int, int] = {}
    for event in events:
        by_execution.setdefault(event.execution, []).append(event)
        if event.type in _PUBLISHED:
            producers.setdefault(event.artifact, set()).add(event.execution)
            if event.time_ms is not None:
                first[event.artifact] = min(event.time_ms, first.get(event.artifact, event.time_ms))
    return Links(events=by_execution, producers={key: tuple(sorted(ids)) for key, ids in producers.items()}, first_ms=first)


def node_ids(contexts: Mapping[int, Context], members: Mapping[int, tuple[int, ...]]) -> dict[int, str]:
    """Execution -> node id, from contexts named `<pipeline>.<node>` (or `<pipeline>.<run>.<component>` before TFX 0.23).

    Node ids and pipeline names may hold dots, so the pipeline's own name is what is taken off."""
    owners: dict[int, list[str]] = {}
    for context in contexts.values():
        if context.type in ("pipeline", "run"):
            for execution in members.get(context.id, ()):
                owners.setdefault(execution, []).append(f"{context.name}.")
    found = {}
    for context in contexts.values():
        if context.type in ("node", "component_run"):
            for execution in members.get(context.id, ()):
                found[execution] = _without_prefix(context.name, owners.get(execution, []))
    return found


def _without_prefix(name: str, prefixes: Iterable[str]) -> str:
    fitting = [prefix for prefix in prefixes if name.startswith(prefix)]
    return name[len(max(fitting, key=len)) :] if fitting else name.split(".", 1)[-1]


def pipelines_of(groups: Groups, *, store: str) -> tuple[PipelineRecord, ...]:
    """The pipelines in the order of their names, each with its runs. `store` is the file as shown in the lineage."""
    run_of = _outermost(groups, ("pipeline_run", "run"))
    by_pipeline: dict[str, list[int]] = {}
    for execution, name in _pipeline_names(groups, run_of):
        by_pipeline.setdefault(name, []).append(execution)
    return tuple(
        PipelineRecord(name=name, lineage=_lineage(groups, ids, store), runs=_runs(groups, name, ids, run_of))
        for name, ids in sorted(by_pipeline.items())
    )


def _outermost(groups: Groups, types: tuple[str, ...]) -> dict[int, int]:
    """Execution -> its context of these types. Steps of a sub-pipeline also belong to the surrounding one, which has more members."""
    chosen: dict[int, int] = {}
    ids = [context.id for context in groups.contexts.values() if context.type in types]
    for context in sorted(ids, key=lambda one: (len(groups.members.get(one, ())), -one)):
        chosen.update(dict.fromkeys(groups.members.get(context, ()), context))
    return chosen


def _pipeline_names(groups: Groups, run_of: Mapping[int, int]) -> Iterator[tuple[int, str]]:
    pipeline_of = _outermost(groups, ("pipeline",))
    known = {context.id for context in groups.contexts.values() if context.type == "pipeline"}
    parent_of = {child: parent for child, parent in groups.parents if parent in known}
    for id_, execution in sorted(groups.executions.items()):
        context = pipeline_of.get(id_) or parent_of.get(run_of.get(id_, 0))
        if context is not None:
            yield id_, groups.contexts[context].name
        else:
            yield id_, str(execution.custom.get("pipeline_name") or execution.properties.get("pipeline_name") or "")


def _lineage(groups: Groups, ids: list[int], store: str) -> Lineage:
    if len(ids) == len(groups.executions):
        return Lineage(artifacts=groups.artifacts, executions=groups.executions, events=groups.events, store=store)
    events = [event for id_ in ids for event in groups.links.of(id_)]
    touched = {event.artifact for event in events}
    own = set(ids)
    makers = {maker for artifact in touched for maker in groups.links.producers.get(artifact, ()) if maker not in own}
    events += [event for maker in sorted(makers) for event in groups.links.published(maker) if event.artifact in touched]
    return Lineage(
        artifacts={id_: groups.artifacts[id_] for id_ in sorted(touched) if id_ in groups.artifacts},
        executions={id_: groups.executions[id_] for id_ in sorted(own | makers) if id_ in groups.executions},
        events=tuple(events),
        store=store,
    )


def _runs(groups: Groups, pipeline: str, ids: list[int], run_of: Mapping[int, int]) -> tuple[RunRecord, ...]:
    by_context: dict[int, list[int]] = {}
    loose: list[int] = []
    for id_ in ids:
        if id_ in run_of:
            by_context.setdefault(run_of[id_], []).append(id_)
        else:
            loose.append(id_)
    for context in _notebook_cells(groups, by_context):
        loose += by_context.pop(context)
    found = [_record(groups, _run_name(groups.contexts[context].name, pipeline), own) for context, own in by_context.items()]
    found += [_record(groups, "", own, by_lineage=True) for own in group_by_lineage(sorted(loose), groups.links, groups.artifacts)]
    return tuple(sorted(found, key=lambda run: (run.started_ms or 0, run.executions)))


def _notebook_cells(groups: Groups, by_context: Mapping[int, list[int]]) -> list[int]:
    """`run` contexts with one execution, where a pipeline has several of them: each is a notebook cell, not a run."""
    single = [context for context, own in by_context.items() if groups.contexts[context].type == "run" and len(own) == 1]
    return single if len(single) > 1 else []


def _run_name(name: str, pipeline: str) -> str:
    return name.removeprefix(f"{pipeline}.") or name


def _record(groups: Groups, name: str, ids: list[int], *, by_lineage: bool = False) -> RunRecord:
    links = groups.links
    makers = [id_ for id_ in ids if not _passes_on(groups.executions[id_])]
    outputs = tuple(dict.fromkeys(event.artifact for id_ in makers for event in links.published(id_)))
    times = [time for id_ in ids if (time := groups.executions[id_].created_ms) is not None]
    started, own = min(times, default=None), set(ids)
    return RunRecord(
        name=name or _name_by_time(started, ids),
        executions=tuple(ids),
        outputs=outputs,
        made=tuple(artifact for artifact in outputs if links.producers[artifact][0] in own),
        inputs=tuple(dict.fromkeys(event.artifact for id_ in ids for event in links.consumed(id_))),
        started_ms=started,
        grouped_by="lineage" if by_lineage else "context",
    )


def _passes_on(execution: Execution) -> bool:
    """Resolvers publish what others made; before TFX 1.0 they did so with ordinary OUTPUT events."""
    return "Resolver" in execution.component or execution.type.startswith("ResolverNode")


def _name_by_time(started: int | None, ids: list[int]) -> str:
    if started is None:
        return f"executions {ids[0]} to {ids[-1]}"
    return datetime.fromtimestamp(started / 1000, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def group_by_lineage(ids: list[int], links: Links, artifacts: Mapping[int, Artifact]) -> list[list[int]]:
    """Executions of one run each, for stores that do not say.

    A run begins where examples are made from nothing in the store (where nothing makes examples: where nothing in the store is
    consumed). Every other execution belongs with the newest thing it consumed, because a rolling window also reads older examples;
    one that consumed nothing (an imported schema) belongs with its first consumer."""
    inside = set(ids)
    begin = [id_ for id_ in ids if _begins_run(id_, links, artifacts)] or [id_ for id_ in ids if not links.consumed(id_)]
    group = {id_: id_ for id_ in begin}
    for id_ in ids:
        makers = [group[maker] for event in links.consumed(id_) for maker in links.producers.get(event.artifact, ())[:1] if maker in group]
        if id_ not in group and makers:
            group[id_] = max(makers)
    consumers: dict[int, int] = {}
    for id_ in ids:
        for event in links.consumed(id_):
            for maker in links.producers.get(event.artifact, ()):
                if maker in inside and id_ in group:
                    consumers.setdefault(maker, group[id_])
    placed = sorted(group)
    for id_ in ids:
        if id_ not in group:
            group[id_] = consumers.get(id_) or _neighbour(id_, placed, group)
    found: dict[int, list[int]] = {}
    for id_ in ids:
        found.setdefault(group[id_], []).append(id_)
    return [found[key] for key in sorted(found)]


def _begins_run(id_: int, links: Links, artifacts: Mapping[int, Artifact]) -> bool:
    def has_examples(events: Iterable[Event]) -> bool:
        return any(artifacts[event.artifact].type == "Examples" for event in events if event.artifact in artifacts)

    return has_examples(links.published(id_)) and not has_examples(links.consumed(id_))


def _neighbour(id_: int, placed: list[int], group: Mapping[int, int]) -> int:
    """The group of the next execution that has one, else of the last; its own where there is none."""
    if not placed:
        return id_
    return group[placed[min(bisect(placed, id_), len(placed) - 1)]]
