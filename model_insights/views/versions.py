"""Model versions in service over time: the push history as a table."""

from __future__ import annotations

from model_insights.evidence.versions import Service, next_service, services, spans_text
from model_insights.judgement import Judgement
from model_insights.run import Run
from model_insights.view import Cell, Column, Link, Row, Table, TableRequest
from model_insights.views.page import period_text, table
from model_insights.wording import Words, plural

_COLUMNS = (
    Column(id="period", title="Serving in"),
    Column(id="model", title="Model"),
    Column(id="made", title="Trained in"),
    Column(id="spans", title="Trained on", sortable=False),
    Column(id="blessed", title="Blessed"),
    Column(id="pushed", title="Pushed"),
    Column(id="age", title="Age", align="right", hint="periods since the run that trained it"),
)


def served_table(judged: Judgement, words: Words, asked: TableRequest | None) -> Table | None:
    """Which model was serving when, newest period first; None where lineage knows no serving model."""
    runs = {run.id: run for run in judged.series.runs}
    known = services(judged.series.runs)
    if not known:
        return None
    rows = [_row(one, period_text(runs[one.run_id], words), runs, words, one.run_id == judged.run.id) for one in reversed(known)]
    after = next_service(judged.series.runs)
    if after is not None:
        rows.insert(0, _row(after, "next", runs, words, False))
    changes = sum(one.is_new for one in known)
    refused = [one for one in judged.series.runs if one.candidate is not None and not _went_live(one, known, after)]
    note = f"{plural(changes, 'change')} of model in {plural(len(known), 'period')}."
    if refused:
        note += f" Trained but never served: {', '.join(period_text(one, words) for one in refused[-5:])}."
    return table(
        "served", "Which model was serving when", _COLUMNS, rows, asked, empty="Lineage knows no serving model.", note=note, size=8
    )


def _went_live(run: Run, known: tuple[Service, ...], after: Service | None) -> bool:
    return any(one.made_in == run.id for one in (*known, *((after,) if after is not None else ())))


def _row(one: Service, period: str, runs: dict[str, Run], words: Words, emphasis: bool) -> Row:
    made = runs.get(one.made_in or "")
    artifact = one.model.removeprefix("no. ")
    return Row(
        id=f"{one.run_id}:{period}", emphasis=emphasis,
        link=Link(view="artifact", id=artifact, run=one.run_id) if artifact.isdecimal() else None,
        cells=(
            Cell(text=period),
            Cell(text=one.model + (" (new)" if one.is_new else "")),
            Cell(text=period_text(made, words) if made is not None else "not known", tone="neutral" if made is not None else "muted"),
            Cell(text=spans_text(one.trained_on)),
            Cell(text=one.blessed, tone="watch" if one.blessed == "no" else "neutral"),
            Cell(text=one.pushed, tone="watch" if one.pushed == "no" else "neutral"),
            Cell(text=plural(one.age, "period") if one.age is not None else "not known", value=float(one.age) if one.age is not None else None),
        ),
    )  # fmt: skip
