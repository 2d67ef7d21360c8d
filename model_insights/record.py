"""The verdict of a period as data: for scripts and schedulers, the history strip, and what a person confirmed afterwards."""

from __future__ import annotations

from typing import Literal

from model_insights.cost.result_ledger import result_ledger
from model_insights.judgement import Judgement
from model_insights.ledger import Corner, LineId
from model_insights.noun import Noun
from model_insights.sequence import excess_sequence


class Amount(Noun):
    """Money with its 95 % interval; the currency stands beside it in the record."""

    value: float
    low: float
    high: float


class LineRecord(Noun):
    line: LineId
    corners: tuple[Corner, ...]  # more than one: they cannot be told apart
    money: Amount


class ResultRecord(Noun):
    """The second account of the period; never to be added to `cost`. `lines` sum to `change`, which is None without a reference."""

    name: str  # contribution margin, revenue
    value: float
    revenue: float
    change: float | None = None
    lines: dict[str, float] = {}


class WeeklyLooks(Noun):
    """The mean excess per period over the expected level, over all periods up to this one; `low` holds at all looks together (95 %).

    Above zero, the cost has left its level: a scheduler that looks every week may act on it without paying for its many looks."""

    looks: int
    mean: float
    low: float


class VerdictRecord(Noun):
    """One period's verdict. `kind`: fault, quiet (nothing new), better (cost fell), open (no account; `reason` says why)."""

    pipeline: str
    run: str
    period: str
    start: str
    end: str
    reference: str  # label of the period it was compared with; "" for none
    currency: str
    kind: Literal["fault", "quiet", "better", "open"]
    corner: Corner | None
    confidence: str
    probability: float | None
    shares: dict[str, float]  # of what moved, by corner; with "cannot_tell" they sum to one
    cannot_tell: tuple[Corner, ...]
    lines: tuple[LineRecord, ...]
    cost: Amount | None
    change: float | None
    severity: str
    could_be: str
    since: str
    tier: str
    reason: str
    result: ResultRecord | None = None  # where insights.toml has [result]
    weekly: WeeklyLooks | None = None  # None before a level is known


def _weekly(judged: Judgement) -> WeeklyLooks | None:
    """The weekly looks up to the period, none of a later one."""
    made = judged.series
    ids = [run.id for run in made.runs]
    seen = made.runs[: ids.index(judged.run.id) + 1] if judged.run.id in ids else ()
    costs = [cost.total.value if (cost := made.cost(run.id)) is not None else None for run in seen]
    found = excess_sequence(costs, [made.expected_at(run.id) for run in seen])
    last = found[-1] if found else None
    return WeeklyLooks(looks=last.looks, mean=last.mean, low=last.mean - last.half_width) if last is not None and last.looks else None


def record(judged: Judgement) -> VerdictRecord:
    """The record of one judgement. Deterministic: equal artifacts give equal bytes."""
    verdict, ledger, cost, period = judged.verdict, judged.ledger, judged.cost, judged.run.period
    shares: dict[str, float] = {one.corner: one.share for one in verdict.shares}
    return VerdictRecord(
        pipeline=judged.case.history.name,
        run=judged.run.id,
        period=period.label,
        start=period.start,
        end=period.end,
        reference=judged.reference.period.label if judged.reference else "",
        currency=judged.case.words.currency,
        kind=verdict.kind,
        corner=verdict.corner,
        confidence=verdict.confidence,
        probability=verdict.probability,
        shares={**shares, "cannot_tell": verdict.cannot_tell_share} if shares else {},
        cannot_tell=verdict.cannot_tell,
        lines=tuple(
            LineRecord(
                line=line.id,
                corners=verdict.rate_corners if line.id == "rate" else line.corners,
                money=Amount(value=line.money.value, low=line.money.low, high=line.money.high),
            )
            for line in (ledger.lines if ledger else ())
        ),
        cost=Amount(value=cost.total.value, low=cost.total.low, high=cost.total.high) if cost else None,
        change=ledger.change if ledger else None,
        severity=judged.severity.level,
        could_be=judged.severity.could_be,
        since=judged.since.period.label if judged.since else "",
        tier=ledger.tier if ledger else "",
        reason=verdict.reason,
        result=_result(judged),
        weekly=_weekly(judged),
    )


def _result(judged: Judgement) -> ResultRecord | None:
    made = judged.series.results
    now = made.result(judged.run.id) if made else None
    if made is None or now is None:
        return None
    before = made.result(judged.reference.id) if judged.reference else None
    ledger = result_ledger(before, now) if before else None
    return ResultRecord(
        name=made.rule.name, value=now.total, revenue=now.revenue, change=ledger.change if ledger else None,
        lines={line.id: line.money for line in ledger.lines} if ledger else {},
    )  # fmt: skip
