"""Parts that every page shares: pickers, notices, footer, small helpers for figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from model_insights.cost.account import LEVEL, RunCost
from model_insights.evidence.fact import Evidence
from model_insights.history import Reference
from model_insights.ids import slice_id
from model_insights.judgement import Judgement
from model_insights.loaded import Absent, Damaged
from model_insights.run import History, Run
from model_insights.slices import SliceKey
from model_insights.view import Axis, Cell, Choice, Column, Fact, Link, Notice, Row, Selection, State, Table, TableRequest, Tick, Tone
from model_insights.wording import STATES, Words, plural, ticks

_TONES: dict[State, Tone] = {"held": "good", "watch": "watch", "violated": "bad", "unknown": "unknown"}


def tone(state: State) -> Tone:
    return _TONES[state]


def period_text(run: Run, words: Words) -> str:
    """`12 Aug 2024` for a dated period, its label otherwise."""
    return words.day(run.period.label)


def selection(
    histories: Sequence[tuple[str, str]],
    history: History,
    run: Run,
    references: Sequence[Reference],
    reference: str,
    words: Words,
) -> Selection:
    """Pickers: pipelines as (id, name), the history's runs newest first, references with the reason where they cannot be followed."""
    runs = tuple(Choice(id=one.id, text=period_text(one, words), hint=_run_hint(one)) for one in reversed(history.runs))
    return Selection(
        pipelines=tuple(Choice(id=key, text=name) for key, name in histories),
        runs=runs,
        references=tuple(_reference_choice(one, words) for one in references),
        pipeline=history.pipeline, run=run.id, reference=reference,
    )  # fmt: skip


def _reference_choice(one: Reference, words: Words) -> Choice:
    text = f"{one.text}: {words.day(one.label)}" if one.run_id else f"{one.text} (none)"
    return Choice(id=one.id, text=text, hint=one.reason, enabled=bool(one.run_id))


def _run_hint(run: Run) -> str:
    return {"complete": "", "running": "not finished", "failed": "failed", "partial": "partly written"}[run.state]


def notices(history: History, run: Run, reference: Run | None, extra: Iterable[Notice] = ()) -> tuple[Notice, ...]:
    """Damage first, then absence, of the pipeline, the run and its reference; each sentence once."""
    found: dict[str, Notice] = {}
    runs = [run, *([reference] if reference else [])]
    outcomes = [*history.problems]
    for one in runs:
        outcomes += [*one.problems, one.evaluation, one.validation, one.blessing, one.push, one.schema, *one.statistics, *one.anomalies]  # type: ignore[list-item]
    for outcome in outcomes:
        if isinstance(outcome, Damaged):
            found.setdefault(
                outcome.sentence, Notice(level="error", text=f"{outcome.path} cannot be read: {outcome.what}.", remedy=outcome.remedy)
            )
    for problem in [*history.problems, *(p for one in runs for p in one.problems)]:
        if isinstance(problem, Absent):
            found.setdefault(problem.sentence, Notice(level="warning", text=f"No {problem.what}: {problem.reason}.", remedy=problem.remedy))
    for notice in extra:
        found.setdefault(notice.text, notice)
    order = {"error": 0, "warning": 1, "info": 2}
    return tuple(sorted(found.values(), key=lambda notice: order[notice.level]))


def footer(judged: Judgement, words: Words) -> tuple[Fact, ...]:
    """Provenance: what period, what n, what interval, which store."""
    run, facts = judged.run, [Fact(label="Period", value=_span_text(judged.run, words))]
    if judged.reference is not None:
        facts.append(Fact(label="Reference", value=_span_text(judged.reference, words)))
    if judged.cost is not None:
        parts = judged.cost.parts
        facts += [_cases(one, words, f"Cases ({one.rule.name})") for one in parts] or [_cases(judged.cost, words, "Cases")]
        facts.append(Fact(label="Model", value=f"{judged.serving.role}: {judged.serving.reason}"))
        facts.append(
            Fact(label="Interval", value=f"{words.percent(LEVEL)} from the sampling of the evaluated examples; unit values taken as exact")
        )
    if judged.ledger is not None:
        facts.append(Fact(label="Account", value=f"tier {judged.ledger.tier}, {plural(judged.ledger.steps, 'adjacent step')}"))
    facts.append(Fact(label="Run", value=run.name))
    if run.lineage.store:
        facts.append(Fact(label="Lineage", value=run.lineage.store))
    return tuple(facts)


def _cases(cost: RunCost, words: Words, label: str) -> Fact:
    cases, evaluated = float(cost.cells.volume.sum()), float(cost.cells.n.sum())
    return Fact(label=label, value=f"{words.count(round(cases))}, rates from {words.count(round(evaluated))} evaluated examples")


def _span_text(run: Run, words: Words) -> str:
    period = run.period
    if period.start and period.end:
        return f"{words.day(period.start)} to {words.day(period.end)}"
    return period_text(run, words)


def run_axis(runs: Sequence[Run], words: Words, label: str = "Period") -> Axis:
    """x axis over runs: positions are indices; at most eight labels, the latest among them."""
    step = max(1, -(-len(runs) // 8))
    marks = tuple(
        Tick(value=float(i), text=words.short_day(run.period.label)) for i, run in enumerate(runs) if (len(runs) - 1 - i) % step == 0
    )
    return Axis(label=label, ticks=marks, low=-0.3, high=max(len(runs) - 0.7, 0.7))


def value_axis(
    label: str, values: Iterable[float | None], words: Words, *, kind: str = "number", zero: bool = True, count: int = 5
) -> Axis:
    """A y (or bar) axis around the finite values, with round ticks; from zero unless said otherwise."""
    known = [value for value in values if value is not None] or [0.0, 1.0]
    low, high = min(known), max(known)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    pad = 0.06 * (high - low or abs(high) or 1.0)
    low, high = (low - pad if low < 0 or not zero else 0.0), high + pad
    return Axis(label=label, ticks=ticks(words, low, high, kind=kind, count=count), low=low, high=high)


def slice_link(where: SliceKey) -> Link:
    return Link(view="slice", id=slice_id(where))


def evidence_link(fact: Evidence) -> Link | None:
    kind = fact.source.kind
    if kind in ("feature", "slice", "artifact"):
        return Link(view=kind, id=fact.source.id)
    return None


def state_cell(state: State) -> Cell:
    order = {"violated": 3.0, "watch": 2.0, "unknown": 1.0, "held": 0.0}
    return Cell(text=STATES[state], value=order[state], state=state, tone=tone(state))


def table(
    name: str,
    title: str,
    columns: tuple[Column, ...],
    rows: Sequence[Row],
    asked: TableRequest | None,
    *,
    empty: str,
    note: str = "",
    size: int = 12,
) -> Table:
    """One page of a table: filters on any cell's text, sorts by a column's value (else text), then cuts."""
    asked = asked or TableRequest()
    size = asked.size if asked.size > 0 else size
    shown = [row for row in rows if not asked.filter or any(asked.filter.lower() in cell.text.lower() for cell in row.cells)]
    sort = asked.sort.removeprefix("-")
    at = next((i for i, column in enumerate(columns) if column.id == sort and column.sortable), None)
    if at is not None:
        shown = _sorted(shown, at, down=asked.sort.startswith("-"))
    pages = max(1, -(-len(shown) // size))
    page = min(max(asked.page, 0), pages - 1)
    return Table(
        id=name, title=title, columns=columns, rows=tuple(shown[page * size : (page + 1) * size]), total=len(shown), page=page, page_size=size,
        sort=asked.sort if at is not None else "", filter=asked.filter, empty=empty if not asked.filter else f"No row contains “{asked.filter}”.", note=note,
    )  # fmt: skip


def _sorted(rows: list[Row], at: int, *, down: bool) -> list[Row]:
    """By value where every row has one, else by text; rows without a value stay last either way."""
    known = [row for row in rows if row.cells[at].value is not None]
    if not known:
        return sorted(rows, key=lambda row: row.cells[at].text.lower(), reverse=down)
    unknown = [row for row in rows if row.cells[at].value is None]
    return sorted(known, key=lambda row: row.cells[at].value or 0.0, reverse=down) + unknown
