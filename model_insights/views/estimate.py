"""The part of the Business Cost page that tells what the scores alone let expect, beside what the labels then showed."""

from __future__ import annotations

from model_insights.cost.unlabelled import CONFORMAL_RUNS, Estimate
from model_insights.judgement import Judgement
from model_insights.view import Block, Fact, Facts, Paragraph
from model_insights.views.page import period_text
from model_insights.wording import Words, plural

BLIND = (
    "Estimated without labels, from recalibrated scores: it sees volume, prices, mix and what the scores say. It cannot see customers who "
    "changed their behaviour, nor a fault that leaves the scores as they were; that shows when labels arrive."
)


def estimate_of(judged: Judgement) -> Estimate | str | None:
    """The estimate of the judged run, the sentence why there is none, or None where the rule asks for none."""
    return judged.series.estimates.get(judged.run.id)


def estimate_blocks(judged: Judgement, words: Words) -> tuple[Block, ...]:
    """Facts and the warning; a sentence where nothing could be estimated; nothing where the rule names no predictions."""
    found = estimate_of(judged)
    if found is None:
        return ()
    if isinstance(found, str):
        text = f"Not estimated without labels: {found.rstrip('.')}."
        return (Paragraph(text=text, tone="muted"),)
    return Facts(title="Estimated without labels", items=_items(judged, found, words)), Paragraph(text=BLIND, tone="watch")


def _items(judged: Judgement, found: Estimate, words: Words) -> tuple[Fact, ...]:
    total = found.total
    where = next((run for run in judged.series.runs if run.id == found.reference), None)
    items = [Fact(label="Estimate", value=f"{words.amount(total.value)} ({words.interval(total.low, total.high)})")]
    if judged.cost is not None:
        realised = judged.cost.total.value
        inside = "within" if total.low <= realised <= total.high else "outside"
        text = f"{words.amount(realised)}, {words.change(realised - total.value)} against the estimate: {inside} its interval"
        items.append(Fact(label="With labels", value=text))
    items.append(Fact(label="Rests on", value=f"scores of {words.count(found.rows)} predictions"))
    if where is not None:
        text = f"{words.count(found.calibrated_on)} labelled predictions of the same model in the period of {period_text(where, words)}"
        items.append(Fact(label="Recalibrated on", value=text))
    items.append(Fact(label="How far earlier estimates were off", value=_errors_text(found, words)))
    return tuple(items)


def _errors_text(found: Estimate, words: Words) -> str:
    if found.typical_error is None:
        return "no earlier estimate can be compared, so the interval holds sampling only and is too narrow"
    few = "" if len(found.errors) >= CONFORMAL_RUNS else "; so few that the largest of them sets the interval"
    return f"{words.money(found.typical_error)} in the median of {plural(len(found.errors), 'period')}{few}"
