"""The feature page's answer to "which features carry the predictions, and could this one go?"."""

from __future__ import annotations

from collections.abc import Sequence

from model_insights.evidence.data import main_split, whole_of
from model_insights.evidence.usefulness import REMEDY, FeatureUse, Usefulness, usefulness
from model_insights.history import candidate_model, serving
from model_insights.ids import feature_id
from model_insights.judgement import Judgement
from model_insights.metrics import Attributions
from model_insights.run import Run
from model_insights.stats import FeaturePath
from model_insights.view import Bar, Bars, Link, Paragraph, Section, Value
from model_insights.views.page import period_text, value_axis
from model_insights.wording import Words, plural

_SHOWN = 12
_SAYS = {
    "attributions": "what the model made of each feature",
    "statistics": "what each feature tells of the label, whatever the model makes of it",
}


def section(
    judged: Judgement, path: FeaturePath, now: Sequence[Attributions], then: Sequence[Attributions], reason: str, words: Words
) -> Section:
    """The usefulness of the feature among all features, now and in the reference; the remedy where nothing is stored."""
    name = ".".join(path)
    found = _of(judged.run, now)
    if found is None:
        text = f"Which features carry the predictions is not stored. {reason} {REMEDY}".replace("  ", " ")
        return Section(id="usefulness", title="Whether this feature could go is not stored", blocks=(Paragraph(text=text, tone="unknown"),))
    before = _of(judged.reference, then) if judged.reference is not None else None
    same = before if before is not None and before.measure == found.measure else None
    lead = f"By {found.measure}: {_SAYS[found.source]}."
    return Section(id="usefulness", title=_title(found, name, words), lead=lead, blocks=(_bars(judged, found, same, name, words),))


def _of(run: Run, attributions: Sequence[Attributions]) -> Usefulness | None:
    statistics = main_split(run)
    model = serving(run).model
    return usefulness(
        whole_of(run, statistics.split) if statistics else None, attributions, candidate_model(run) if model is None else model
    )


def _title(found: Usefulness, name: str, words: Words) -> str:
    one, count = found.of(name), plural(len(found.features), "feature")
    if one is None:
        return f"{name} has no {found.measure}"
    if found.is_negligible(one):
        return f"{name} could go: it has next to nothing of the {found.measure} of {count}"
    share = (
        f" with {words.percent(one.value / found.total)} of the {found.measure}" if found.source == "attributions" and found.total else ""
    )
    return f"{name} is no. {found.rank(name)} of {count}{share or f' by {found.measure}'}"


def _bars(judged: Judgement, found: Usefulness, before: Usefulness | None, name: str, words: Words) -> Bars:
    """The most useful features, and always this one."""
    own = found.of(name)
    shown = list(found.features[:_SHOWN])
    if own is not None and own not in shown:
        shown[-1] = own
    bars = tuple(_bar(judged, one, before, one.name == name, words) for one in shown)
    values = [v for bar in bars for v in (bar.value.value, bar.value.high, bar.reference.value if bar.reference else None)]
    gone = [one.name for one in found.features if found.is_negligible(one)]
    note = f"{plural(len(found.features), 'feature')}; next to nothing: {', '.join(gone[:_SHOWN]) or 'none'}{' …' if len(gone) > _SHOWN else ''}."
    reference = period_text(judged.reference, words) if judged.reference is not None and before is not None else "reference"
    return Bars(
        title=f"{found.measure[0].upper()}{found.measure[1:]} of each feature",
        alt="Most useful first: " + "; ".join(f"{bar.label} {bar.value.text}" for bar in bars) + ".",
        axis=value_axis(f"{found.measure[0].upper()}{found.measure[1:]}", values, words), bars=bars, reference_name=reference, note=note,
    )  # fmt: skip


def _bar(judged: Judgement, one: FeatureUse, before: Usefulness | None, emphasis: bool, words: Words) -> Bar:
    old = before.of(one.name) if before is not None else None
    half = 1.96 * one.error if one.error is not None else None
    value = Value(
        text=words.number(one.value), value=one.value, low=one.value - half if half is not None else None, high=one.value + half if half is not None else None,
        interval_text=words.interval(one.value - half, one.value + half, money=False) if half is not None else "",
    )  # fmt: skip
    known = next((f.path for f in judged.features if ".".join(f.path) == one.name), None)
    return Bar(
        label=one.name, value=value, reference=Value(text=words.number(old.value), value=old.value) if old is not None else None,
        tone="watch" if emphasis else "neutral", link=Link(view="feature", id=feature_id(known)) if known is not None else None,
    )  # fmt: skip
