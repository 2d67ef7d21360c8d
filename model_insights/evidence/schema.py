"""What the schema asks of the data, then and now: a demand that was lowered silences alarms without mending data."""

from __future__ import annotations

from typing import Literal, Union

from model_insights.evidence.fact import Evidence, Source
from model_insights.ids import feature_id
from model_insights.loaded import Loaded
from model_insights.noun import Noun
from model_insights.run import Run
from model_insights.stats import Comparator, FeaturePath, Schema, SchemaFeature
from model_insights.wording import Words, plural

Effect = Literal["looser", "tighter", "other"]
Asked = Union[float, str, None]
_LISTED = 8  # allowed values or features written out in a sentence

# (field, what it is called, which way is looser: -1 a lower number, +1 a higher one)
_BOUNDS = (
    ("min_fraction", "least share of examples that have it", -1),
    ("min_count", "least number of examples that have it", -1),
    ("value_count_min", "fewest values per example", -1),
    ("value_count_max", "most values per example", 1),
    ("low", "lowest value", -1),
    ("high", "highest value", 1),
    ("min_domain_mass", "least share of allowed values", -1),
)
_THRESHOLDS = (
    ("infinity_norm", "L-infinity"),
    ("jensen_shannon", "Jensen-Shannon"),
    ("normalized_abs_difference", "normalised difference"),
)


class SchemaChange(Noun):
    """One demand on one feature that differs between two schemas. None: nothing was asked."""

    path: FeaturePath
    what: str
    then: Asked
    now: Asked
    effect: Effect


def schema_changes(old: Schema, new: Schema) -> tuple[SchemaChange, ...]:
    """Everything that two schemas ask differently, feature by feature: presence, type, values, ranges, thresholds, environments."""
    before, after = ({one.path: one for one in schema.features} for schema in (old, new))
    changes: list[SchemaChange] = []
    for path in sorted({*before, *after}):
        then, now = before.get(path), after.get(path)
        if then is None or now is None:
            lost = now is None
            sides: tuple[Asked, Asked] = ("listed", "not listed") if lost else ("not listed", "listed")
            changes.append(SchemaChange(path=path, what="feature", then=sides[0], now=sides[1], effect="looser" if lost else "tighter"))
        else:
            changes += [*_text_changes(then, now), *_domain_changes(then, now), *_bound_changes(then, now), *_threshold_changes(then, now)]
    return tuple(changes)


def _text_changes(then: SchemaFeature, now: SchemaFeature) -> list[SchemaChange]:
    pairs = (
        ("type", then.type.lower(), now.type.lower()),
        ("only in environments", ", ".join(then.in_environment), ", ".join(now.in_environment)),
        ("not in environments", ", ".join(then.not_in_environment), ", ".join(now.not_in_environment)),
        ("stage", then.lifecycle_stage.lower(), now.lifecycle_stage.lower()),
    )
    return [SchemaChange(path=now.path, what=what, then=a or None, now=b or None, effect="other") for what, a, b in pairs if a != b]


def _domain_changes(then: SchemaFeature, now: SchemaFeature) -> list[SchemaChange]:
    if then.domain == now.domain:
        return []
    if not then.domain or not now.domain:
        said = [plural(len(one.domain), "listed value") if one.domain else "any" for one in (then, now)]
        return [SchemaChange(path=now.path, what="allowed values", then=said[0], now=said[1], effect="tighter" if now.domain else "looser")]
    came, gone = [_listed([v for v in a.domain if v not in b.domain]) for a, b in ((now, then), (then, now))]
    changes = [SchemaChange(path=now.path, what="newly allowed values", then=None, now=came, effect="looser")] if came else []
    return changes + ([SchemaChange(path=now.path, what="no longer allowed values", then=gone, now=None, effect="tighter")] if gone else [])


def _bound_changes(then: SchemaFeature, now: SchemaFeature) -> list[SchemaChange]:
    found = [(what, getattr(then, field), getattr(now, field), way) for field, what, way in _BOUNDS]
    return [SchemaChange(path=now.path, what=what, then=a, now=b, effect=_effect(a, b, way)) for what, a, b, way in found if a != b]


def _threshold_changes(then: SchemaFeature, now: SchemaFeature) -> list[SchemaChange]:
    changes = []
    for kind in ("drift", "skew"):
        a, b = getattr(then, kind) or Comparator(), getattr(now, kind) or Comparator()
        for field, name in _THRESHOLDS:
            old, new = getattr(a, field), getattr(b, field)
            if old != new:
                changes.append(
                    SchemaChange(path=now.path, what=f"{kind} threshold ({name})", then=old, now=new, effect=_effect(old, new, 1))
                )
    return changes


def _effect(then: float | None, now: float | None, looser: int) -> Effect:
    """Nothing asked is the loosest demand there is."""
    if now is None:
        return "looser"
    return "looser" if then is not None and (now - then) * looser > 0 else "tighter"


def _listed(values: list[str]) -> str:
    return ", ".join(values[:_LISTED]) + (f" and {len(values) - _LISTED} more" if len(values) > _LISTED else "")


def asked_text(value: Asked, words: Words) -> str:
    """A demand in words; `not asked` where there is none."""
    if isinstance(value, (int, float)):
        return words.count(value) if float(value).is_integer() else words.number(value)
    return value or "not asked"


def schema_artifact(run: Run) -> str:
    """Id of the artifact that holds the schema the run's data were held against; "" without lineage."""
    path = run.schema.path if isinstance(run.schema, Loaded) else ""
    found = (a for a in run.lineage.artifacts.values() if a.type == "Schema" and a.path and path.startswith(f"{a.path.rstrip('/')}/"))
    return next((str(one.id) for one in found), "")


def gather(run: Run, reference: Run | None, words: Words) -> tuple[Evidence, ...]:
    """One fact for each demand that changed, features of the same change together; one `held` when both schemas ask the same."""
    if reference is None or not isinstance(run.schema, Loaded) or not isinstance(reference.schema, Loaded):
        return ()
    changes = schema_changes(reference.schema.value, run.schema.value)
    label = words.day(reference.period.label)
    if not changes:
        sentence = f"The schema asks the same of {plural(len(run.schema.value.features), 'feature')} as in {label}."
        return (_fact(run, "same", "schema", sentence, "held", "no change"),)
    groups: dict[tuple[str, str, str, Effect], list[SchemaChange]] = {}
    for one in changes:
        groups.setdefault(_group(one, words), []).append(one)
    silenced = _silenced(run, reference)
    return tuple(_group_fact(run, key, found, silenced, label, words) for key, found in sorted(groups.items()))


def _group(one: SchemaChange, words: Words) -> tuple[str, str, str, Effect]:
    """(what, then, now, effect); thresholds of drift, and of skew, are one group whatever their numbers."""
    what, _, measure = one.what.partition(" threshold")
    if measure:
        return f"{what} threshold", "", "", one.effect
    return one.what, asked_text(one.then, words), asked_text(one.now, words), one.effect


def _group_fact(
    run: Run, key: tuple[str, str, str, Effect], found: list[SchemaChange], silenced: frozenset[FeaturePath], label: str, words: Words
) -> Evidence:
    what, then, now, effect = key
    names = [".".join(one.path) for one in found]
    steps = [f"{'.'.join(one.path)} ({asked_text(one.then, words)} → {asked_text(one.now, words)})" for one in found]
    said = f"{_listed(names)} went from {then} to {now}" if then else _listed(steps)
    sentence = f"The schema was revised since {label}: {what} of {said}"
    sentence += {"looser": ", so less is asked of the data.", "tighter": ", so more is asked of the data.", "other": "."}[effect]
    quiet = [".".join(one.path) for one in found if one.path in silenced] if effect == "looser" and "threshold" not in what else []
    if quiet:
        verb = "has" if len(quiet) == 1 else "have"
        sentence += f" {_listed(quiet)} had a schema anomaly then and {verb} none now: the demand was lowered, which mends no data."
    subject = names[0] if len(names) == 1 else "schema"
    state: Literal["held", "watch"] = "held" if effect == "tighter" else "watch"
    return _fact(
        run, f"{what}:{then}:{now}", subject, sentence, state, plural(len(names), "feature"), found[0].path if len(names) == 1 else ()
    )


def _fact(run: Run, name: str, subject: str, sentence: str, state: Literal["held", "watch"], text: str, path: FeaturePath = ()) -> Evidence:
    artifact = schema_artifact(run)
    source = Source(kind="artifact", id=artifact, text="schema") if artifact else Source(kind="none")
    if not artifact and path:
        source = Source(kind="feature", id=feature_id(path), text=".".join(path))
    return Evidence(
        id=f"data:schema:{subject}:{name}", corner="data", subject=subject, measure="schema revision", sentence=sentence, state=state,
        value_text=text, band="the same demands as in the reference", source=source,
    )  # fmt: skip


def _silenced(run: Run, reference: Run) -> frozenset[FeaturePath]:
    """Features with a schema anomaly in the reference and none now; empty unless both runs were validated."""
    then, now = _anomalous(reference), _anomalous(run)
    return frozenset() if then is None or now is None else then - now


def _anomalous(run: Run) -> frozenset[FeaturePath] | None:
    found = [one.value for one in run.anomalies if isinstance(one, Loaded) and not one.value.is_pair]
    return frozenset(anomaly.path for one in found for anomaly in one.anomalies) if found else None
