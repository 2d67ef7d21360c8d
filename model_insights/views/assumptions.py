"""The assumption ledger: what was taken for granted when the serving model was trained, and what became of it."""

from __future__ import annotations

from model_insights.evidence.assumptions import Assumption, Deal, assumptions, training_of
from model_insights.evidence.fact import State
from model_insights.judgement import Judgement
from model_insights.view import Cell, Column, Link, Paragraph, Row, Section, TableRequest
from model_insights.views.page import period_text, state_cell, table
from model_insights.wording import STATES, Words, plural

_COLUMNS = (
    Column(id="state", title="State", hint="held; strained: it gave way, by little; violated"),
    Column(id="assumed", title="Assumed at training"),
    Column(id="then", title="Then"),
    Column(id="now", title="Now"),
    Column(id="evidence", title="Evidence"),
)
_ORDER: tuple[State, ...] = ("violated", "watch", "held")


def section(judged: Judgement, words: Words, asked: TableRequest | None) -> Section:
    """The table of all assumptions, or the sentence why they cannot be tested."""
    training = training_of(judged.series.runs, judged.run)
    if training is None:
        text = "Lineage does not say which run trained the serving model, so what it assumed cannot be tested. Keep the pipeline's metadata store beside its outputs."
        return Section(
            id="assumptions", title="What the model assumed is not known", state="unknown", state_text=STATES["unknown"],
            blocks=(Paragraph(text=text, tone="unknown"),),
        )  # fmt: skip
    deal = Deal(
        run=judged.run, training=training, cost=judged.cost, training_cost=judged.series.cost(training.id), since=judged.since, runs=judged.series.runs,
        clocks=frozenset(one.path for one in judged.features if one.is_clock),
    )  # fmt: skip
    found = assumptions(deal, words)
    state: State = next((one for one in _ORDER if any(a.state == one for a in found)), "unknown")
    lead = f"Against {period_text(training, words)}, whose data trained the model that serves now."
    return Section(
        id="assumptions", title=_title(found), lead=lead, state=state, state_text=STATES[state],
        blocks=(table("assumptions", "Assumptions at training", _COLUMNS, [_row(one) for one in found], asked, empty="No assumption.", size=10),),
    )  # fmt: skip


def _title(found: tuple[Assumption, ...]) -> str:
    counts = {state: sum(one.state == state for one in found) for state in ("violated", "watch", "unknown")}
    said = {"violated": "violated", "watch": "strained", "unknown": "not known"}
    parts = [f"{count} {said[state]}" for state, count in counts.items() if count]
    return (
        f"Of {plural(len(found), 'assumption')} at training {', '.join(parts)}"
        if parts
        else f"All {len(found)} assumptions at training hold"
    )


def _row(one: Assumption) -> Row:
    link = Link(view="feature", id=one.source.id) if one.source.kind == "feature" else None
    cells = (state_cell(one.state), Cell(text=one.assumed), Cell(text=one.then), Cell(text=one.now), Cell(text=one.evidence))
    return Row(id=one.id, cells=cells, link=link)
