"""Lineage as a picture, and an artifact with what changed in it since the reference."""

from __future__ import annotations

from collections.abc import Mapping

from model_insights.errors import UnknownId
from model_insights.evidence.model import version_changes
from model_insights.evidence.schema import SchemaChange, asked_text, schema_artifact, schema_changes
from model_insights.lineage import Artifact, Execution, Lineage
from model_insights.loaded import Loaded
from model_insights.run import Run
from model_insights.view import Cell, Column, Edge, Fact, Facts, LineageGraph, Link, Node, Paragraph, Row, Section, TableRequest
from model_insights.views.page import period_text, table
from model_insights.wording import Words, plural

# The order in which a TFX pipeline makes things; the layer of the picture.
_LAYERS = {"Examples": 0, "ExampleStatistics": 1, "Schema": 1, "ExampleAnomalies": 2, "Model": 2, "ModelRun": 3, "ModelEvaluation": 3, "InferenceResult": 3,
           "ModelBlessing": 4, "PushedModel": 5}  # fmt: skip
_HIDDEN = {"ModelRun"}
_VOLATILE = ("tfx_version", "input_fingerprint", "is_external", "name", "state", "producer_component", "pipeline_name")


def lineage_figure(run: Run, reference: Run | None, words: Words, *, selected: int | None = None) -> LineageGraph | None:
    """Artifacts made or used by the run, layer by layer; what was made differently than in the reference is marked. None without lineage."""
    shown = [a for a in _artifacts(run) if a.type not in _HIDDEN]
    if not shown:
        return None
    rows: dict[int, int] = {}
    nodes = []
    twins = {_role(reference, a): a for a in _artifacts(reference)} if reference else {}
    for artifact in shown:
        layer = _LAYERS.get(artifact.type, 3)
        changed = bool(reference and artifact_changes(run, artifact, reference, twins.get(_role(run, artifact))))
        nodes.append(
            Node(
                id=str(artifact.id), label=artifact.type, detail=_detail(run, artifact), layer=layer, row=rows.get(layer, 0), changed=changed,
                missing=not artifact.path, selected=artifact.id == selected, link=Link(view="artifact", id=str(artifact.id)),
            )
        )  # fmt: skip
        rows[layer] = rows.get(layer, 0) + 1
    known = {artifact.id for artifact in shown}
    edges = tuple(Edge(source=str(a), target=str(b)) for a, b in sorted(_edges(run, known)))
    changed_names = [f"{node.label} ({node.detail})" for node in nodes if node.changed]
    alt = f"{plural(len(nodes), 'artifact')}; made differently than in the reference: {', '.join(changed_names) or 'none'}."
    note = "A dashed box: its files are not where they were recorded." if any(node.missing for node in nodes) else ""
    return LineageGraph(title="Lineage of the run", alt=alt, nodes=tuple(nodes), edges=edges, note=note)


def _artifacts(run: Run) -> list[Artifact]:
    """Made by the run, plus the models and examples it used, in the order they were made."""
    used = {a.id for execution in run.execution_ids for a in run.lineage.inputs(execution) if a.type in ("Model", "Examples")}
    ids = sorted({*run.artifact_ids, *used})
    return [run.lineage.artifacts[i] for i in ids if i in run.lineage.artifacts]


def _edges(run: Run, known: set[int]) -> set[tuple[int, int]]:
    made = {e.artifact for e in run.lineage.events if e.execution in run.execution_ids and e.is_output}
    edges = set()
    for execution in run.execution_ids:
        sources = [a.id for a in run.lineage.inputs(execution) if a.id in known]
        targets = [a.id for a in run.lineage.outputs(execution) if a.id in known and a.id in made]
        edges |= {(source, target) for source in sources for target in targets if source != target}
    return edges


def _producer(lineage: Lineage, artifact: Artifact) -> Execution | None:
    made = lineage.producers(artifact.id)
    return made[0] if made else None


def _role(run: Run, artifact: Artifact) -> tuple[str, str, str]:
    """What an artifact is to its run: type, producing node, and made here or brought in. The same role in two runs is compared."""
    producer = _producer(run.lineage, artifact)
    place = "made" if artifact.id in run.artifact_ids else "used"
    return artifact.type, producer.node if producer else "", place


def _detail(run: Run, artifact: Artifact) -> str:
    producer = _producer(run.lineage, artifact)
    span = artifact.custom.get("span") if artifact.type == "Examples" else None
    parts = [producer.node if producer and producer.node else "", f"span {span}" if span is not None else ""]
    parts += [f"no. {artifact.id}"]
    return ", ".join(part for part in parts if part)


def artifact_changes(run: Run, artifact: Artifact, reference: Run, twin: Artifact | None) -> tuple[tuple[str, str, str], ...]:
    """(what, then, now) between an artifact and its counterpart in the reference: settings of what made it, and its own properties.

    Times, ids, spans and paths differ in every run and are no news."""
    if twin is None or twin.id == artifact.id:
        return ()
    changes = [*_model_changes(run, artifact, reference, twin)] if artifact.type == "Model" else []
    changes += [(f"{'.'.join(c.path)}: {c.what}", _text(c.then), _text(c.now)) for c in _demands(run, artifact, reference) or ()]
    for name in sorted({*artifact.custom, *twin.custom, *artifact.properties, *twin.properties}):
        old, new = twin.get(name), artifact.get(name)
        if name in _VOLATILE or name == "span" or name.endswith("_id") or old == new or _is_place(old) or _is_place(new):
            continue
        changes.append((name, _text(old), _text(new)))
    return tuple(changes)


def _model_changes(run: Run, artifact: Artifact, reference: Run, twin: Artifact) -> tuple[tuple[str, str, str], ...]:
    versions = {
        v.artifact.id: v for one in (run, reference) for v in (one.candidate, one.baseline) if v is not None and v.artifact is not None
    }
    old, new = versions.get(twin.id), versions.get(artifact.id)
    return tuple(c for c in version_changes(old, new) if not c[0].startswith("training")) if old and new else ()


def _demands(run: Run, artifact: Artifact, reference: Run) -> tuple[SchemaChange, ...] | None:
    """What the schema asks differently than the reference's; None when the artifact is not the schema that both runs were held against."""
    if artifact.type != "Schema" or schema_artifact(run) != str(artifact.id):
        return None
    old, new = reference.schema, run.schema
    return schema_changes(old.value, new.value) if isinstance(old, Loaded) and isinstance(new, Loaded) else None


def _is_place(value: object) -> bool:
    return isinstance(value, str) and "/" in value


def _text(value: object) -> str:
    return "not set" if value is None else str(value)


def find_artifact(run: Run, wanted: str) -> Artifact:
    """The artifact of an id from a listing: a number, or `model` / `evaluation` for the one the run judged. Raises UnknownId."""
    if wanted == "model" and run.baseline is not None and run.baseline.artifact is not None:
        return run.baseline.artifact
    if wanted == "model" and run.candidate is not None and run.candidate.artifact is not None:
        return run.candidate.artifact
    if wanted == "evaluation":
        found = next((run.lineage.artifacts[i] for i in run.artifact_ids if run.lineage.artifacts[i].type == "ModelEvaluation"), None)
        if found is not None:
            return found
    if wanted.isdecimal() and int(wanted) in run.lineage.artifacts:
        return run.lineage.artifacts[int(wanted)]
    raise UnknownId(f"Artifact {wanted!r} is not in the lineage of this run. Choose one from the lineage picture.")


def sections(
    run: Run, reference: Run | None, wanted: str, words: Words, tables: Mapping[str, TableRequest]
) -> tuple[str, tuple[Section, ...]]:
    """(title, sections) of the artifact page. Raises UnknownId. Without lineage it says so."""
    if not run.lineage.artifacts:
        text = "No lineage: the log directory has no ML Metadata store for this pipeline. Keep metadata.db beside the pipeline root."
        return "Artifact", (Section(id="artifact", title="Lineage is not recorded", blocks=(Paragraph(text=text, tone="unknown"),)),)
    artifact = find_artifact(run, wanted)
    figure = lineage_figure(run, reference, words, selected=artifact.id)
    title = f"{artifact.type}, {_detail(run, artifact)}"
    first = Section(
        id="artifact", title=title, blocks=tuple(block for block in (_facts(run, artifact, words), figure) if block is not None)
    )
    demands = _demands(run, artifact, reference) if reference is not None else None
    if reference is not None and demands is not None:
        changed = _schema_section(demands, reference, words, tables.get("changed"))
    else:
        changed = _changed_section(run, artifact, reference, words, tables)
    return title, (first, changed, _property_section(run, artifact, tables))


def _schema_section(changes: tuple[SchemaChange, ...], reference: Run, words: Words, asked: TableRequest | None) -> Section:
    """The schema's demands that differ from the reference's, one row each."""
    effects = {"looser": "asks less", "tighter": "asks more", "other": "asks otherwise"}
    rows = [
        Row(
            id=f"{'.'.join(one.path)}:{one.what}",
            cells=(
                Cell(text=".".join(one.path)), Cell(text=one.what), Cell(text=asked_text(one.then, words)), Cell(text=asked_text(one.now, words)),
                Cell(text=effects[one.effect], tone="watch" if one.effect == "looser" else "neutral"),
            ),
        )
        for one in changes
    ]  # fmt: skip
    then = period_text(reference, words)
    columns = (
        Column(id="feature", title="Feature"), Column(id="what", title="Demand"), Column(id="then", title=f"Then ({then})"), Column(id="now", title="Now"),
        Column(id="effect", title="Effect", hint="asks less: alarms fall silent without the data being mended"),
    )  # fmt: skip
    count = plural(len({one.path for one in changes}), "feature")
    title = f"The schema asks something else of {count} than in {then}" if changes else f"The schema asks the same as in {then}"
    shown = table("changed", "What the schema asks differently", columns, rows, asked, empty="It asks the same.", size=20)
    return Section(id="changed", title=title, blocks=(shown,))


def _facts(run: Run, artifact: Artifact, words: Words) -> Facts:
    producer = _producer(run.lineage, artifact)
    items = [
        Fact(label="Type", value=artifact.type),
        Fact(label="State", value=artifact.state.lower()),
        Fact(label="Recorded at", value=artifact.uri),
    ]
    items.append(Fact(label="Files", value="found" if artifact.path else "not where they were recorded, nor below the log directory"))
    if producer is not None:
        items.append(
            Fact(label="Made by", value=f"{producer.node or producer.component} (execution {producer.id}, {producer.state.lower()})")
        )
    return Facts(title="", items=tuple(items))


def _changed_section(run: Run, artifact: Artifact, reference: Run | None, words: Words, tables: Mapping[str, TableRequest]) -> Section:
    if reference is None:
        return Section(id="changed", title="There is no reference to compare with", blocks=())
    twin = next((a for a in _artifacts(reference) if _role(reference, a) == _role(run, artifact)), None)
    changes = artifact_changes(run, artifact, reference, twin)
    rows = [Row(id=name, cells=(Cell(text=name), Cell(text=old), Cell(text=new))) for name, old, new in changes]
    columns = (
        Column(id="name", title="What"),
        Column(id="then", title=f"Then ({period_text(reference, words)})"),
        Column(id="now", title="Now"),
    )
    title = (
        f"{plural(len(changes), 'setting differs', 'settings differ')} from {period_text(reference, words)}"
        if changes
        else f"Nothing recorded differs from {period_text(reference, words)}"
    )
    if twin is None:
        title = f"The run of {period_text(reference, words)} has no counterpart"
    return Section(
        id="changed",
        title=title,
        blocks=(table("changed", "What changed", columns, rows, tables.get("changed"), empty="Nothing recorded differs."),),
    )


def _property_section(run: Run, artifact: Artifact, tables: Mapping[str, TableRequest]) -> Section:
    producer = _producer(run.lineage, artifact)
    pairs = [(f"{name}", _text(value)) for name, value in sorted({**artifact.properties, **artifact.custom}.items())]
    if producer is not None:
        made = sorted({**producer.properties, **producer.custom}.items())
        pairs += [(f"{producer.node or producer.component}: {name}", _text(value)) for name, value in made if not name.startswith("__")]
    rows = [Row(id=name, cells=(Cell(text=name), Cell(text=value))) for name, value in pairs]
    columns = (Column(id="name", title="Property"), Column(id="value", title="Value", sortable=False))
    return Section(
        id="properties",
        title=f"{plural(len(pairs), 'property', 'properties')} recorded",
        blocks=(table("properties", "Properties", columns, rows, tables.get("properties"), empty="None."),),
    )
