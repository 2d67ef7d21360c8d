"""The headline: which assumption, how sure, how much, how bad, since when, what next. Every sentence is a template with numbers."""

from __future__ import annotations

from model_insights.calibration import reliability
from model_insights.evidence import onset
from model_insights.evidence.change import wilson
from model_insights.judgement import Judgement, season_length
from model_insights.ledger import Ledger
from model_insights.verdict import Verdict
from model_insights.view import Headline, Severity, Tone, Value
from model_insights.views.page import period_text
from model_insights.wording import CORNERS, LINES, SEVERITIES, Words, money_value, plural

_IN = {"business": "business realities", "data": "the data", "model": "the model"}
_TONE: dict[str, Tone] = {"none": "good", "little": "watch", "big": "bad", "emergency": "bad", "unknown": "unknown"}


def headline(judged: Judgement, words: Words) -> Headline:
    severity = severity_of(judged, words)
    verdict, ledger = judged.verdict, judged.ledger
    change = judged.ledger.change if judged.ledger else None
    return Headline(
        sentence=_sentence(judged, verdict, ledger, words), severity=severity, money=money_value(words, judged.cost.total if judged.cost else None),
        change=Value(text=words.change(change), value=change, tone="bad" if change > 0 else "good") if change is not None else Value(text="not known", tone="unknown"),
        confidence=_confidence(verdict).capitalize(), confidence_reason=_confidence_reason(verdict, ledger.tier if ledger else "", words),
        since=_since(judged, words), next_action=_next(judged, verdict, ledger), corner=verdict.corner,
    )  # fmt: skip


def _since(judged: Judgement, words: Words) -> str:
    """Since when the cost is above what was expected, with the interval of the date and what began in it."""
    if judged.since is None:
        return ""
    case, made = judged.case, judged.series
    totals = {run_id: cost.total.value for run_id, cost in made.costs.items() if not isinstance(cost, str)}
    found = onset.cost_onset(made.runs, totals, judged.since, judged.run, season_length(case, made.runs))
    return onset.since_text(made.runs, judged.since, found, case.events, words)


def severity_of(judged: Judgement, words: Words) -> Severity:
    found, budget = judged.severity, judged.case.config.severity if judged.case.config else None
    if found.excess is None or budget is None:
        reason = found.reason or "no cost is known"
        return Severity(level="unknown", name=SEVERITIES["unknown"], sentence=f"How bad it is cannot be said: {reason}.")
    above = words.money(abs(found.excess.value))
    side = "above" if found.excess.value >= 0 else "below"
    steps = {
        "none": ("little", budget.little),
        "little": ("big", budget.big),
        "big": ("emergency", budget.emergency),
        "emergency": ("", 0.0),
    }
    name, bound = steps[found.level]
    further = f"; {_article(name)} starts at {words.money(bound)}" if name else f"; an emergency starts at {words.money(budget.emergency)}"
    sentence = f"{above} in 30 days {side} the expected level ({words.interval(found.excess.low, found.excess.high)}){further}."
    could = f"It could be {_article(found.could_be)}." if found.could_be else ""
    return Severity(level=found.level, name=SEVERITIES[found.level], sentence=sentence, could_be=could)  # type: ignore[arg-type]


def _article(level: str) -> str:
    return {"little": "a little problem", "big": "a big problem", "emergency": "an emergency"}.get(level, level)


def severity_tone(level: str) -> Tone:
    return _TONE[level]


def _sentence(judged: Judgement, verdict: Verdict, ledger: Ledger | None, words: Words) -> str:
    when = period_text(judged.run, words)
    if judged.cost is None:
        return f"No cost is known for {when}: {judged.cost_reason.rstrip('.')}."
    money = words.money(judged.cost.total.value)
    if verdict.kind == "open" or ledger is None:
        return f"Mistakes cost {money} in the period of {when}; what changed it cannot be said: {verdict.reason.rstrip('.')}."
    then = period_text(next(run for run in judged.series.runs if run.id == ledger.reference_id), words)
    difference = f"{words.money(abs(ledger.change))} {'more' if ledger.change >= 0 else 'less'} than in that of {then}"
    if verdict.kind == "fault":
        return f"Mistakes cost {money} in the period of {when}, {difference}: {_cause(verdict, words)}."
    if verdict.kind == "better":
        return f"Mistakes cost {money} in the period of {when}, {difference}: nothing new went wrong."
    found = f"; a new loss above {words.money(verdict.detectable)} would have been found" if verdict.detectable else ""
    return f"Mistakes cost {money} in the period of {when}, {difference}: no new fault was found{found}."


def _cause(verdict: Verdict, words: Words) -> str:
    if verdict.corner is not None:
        share = next(one.share for one in verdict.shares if one.corner == verdict.corner)
        return f"{verdict.confidence} {_IN[verdict.corner]} ({words.percent(share)} of what moved)"
    if len(verdict.cannot_tell) > 1:
        names = " or ".join(_IN[corner] for corner in verdict.cannot_tell)
        return f"{names}, which cannot be told apart here ({words.percent(verdict.cannot_tell_share)} of what moved)"
    largest = sorted(verdict.shares, key=lambda one: -one.share)[:2]
    return (
        " and ".join(f"{_IN[one.corner]} ({words.percent(one.share)})" for one in largest)
        + " both moved it, and which weighs more cannot be told"
    )


def _confidence(verdict: Verdict) -> str:
    return {"fault": verdict.confidence, "quiet": "no fault found", "better": "no fault found", "open": "cannot tell"}[verdict.kind]


def _confidence_reason(verdict: Verdict, tier: str, words: Words) -> str:
    if verdict.kind == "open":
        return verdict.reason
    parts = []
    if verdict.kind == "fault" and verdict.probability is not None and verdict.raw_probability is not None and verdict.corner is not None:
        parts.append(
            f"{_track_record(verdict, tier, words)}; "
            f"it holds the largest line in {words.percent(verdict.raw_probability)} of resampled periods"
        )
    if "rate" in verdict.confirmed or verdict.cannot_tell:
        parts.append(verdict.reason)
    return "; ".join(parts)


def _track_record(verdict: Verdict, tier: str, words: Words) -> str:
    """How often this word was right on simulated faults that no rule and no map was made for, with its interval."""
    right, named = reliability(tier, verdict.confidence)
    if not named:
        return (
            f"the map from simulated faults makes it {words.percent(verdict.probability or 0.0)}; on held-out faults nothing was named so"
        )
    low, high = wilson(right / named, named)
    return (
        f"of {plural(named, 'corner')} named “{verdict.confidence}” on held-out simulated faults, {words.percent(right / named)} were right "
        f"(95 %: {words.percent(low)} to {words.percent(high)})"
    )


def _next(judged: Judgement, verdict: Verdict, ledger: Ledger | None) -> str:
    """The next step out of a small catalogue, tied to the largest confirmed line."""
    if verdict.kind != "fault":
        return verdict.next_measurement
    if verdict.next_measurement:
        return verdict.next_measurement
    line = verdict.confirmed[0] if verdict.confirmed else ""
    unit = ""
    found = ledger.line(line) if ledger and line else None
    if found is not None and found.by_unit:
        where, money = max(found.by_unit, key=lambda pair: pair[1])
        unit = f", first for {where.text}" if money > 0 and where.items else ""
    actions = {
        "model": f"Go back to the model that served before, or retrain with the settings it had{unit}.",
        "values": f"Renegotiate, or change the order quantities to the new prices{unit}.",
        "rate": f"Lower or raise the orders to the observed rates now, and retrain on the newest data{unit}.",
        "concept": f"Retrain on the newest data now, and ask what changed for customers{unit}.",
        "quality": f"Mend the feed{unit}; leave its rows out of the next training.",
        "stale": f"Deploy the model trained on the newest data{unit}.",
        "mix": f"Check why cases moved between slices{unit}; retrain when it stays.",
        "unseen": f"Collect examples of the new slices{unit}.",
        "volume": f"Nothing is broken: more cases cost more. Check the volume plan{unit}.",
    }
    return actions.get(line, "")


def line_name(name: str) -> str:
    return LINES[name]


def corner_name(name: str) -> str:
    return CORNERS[name]
