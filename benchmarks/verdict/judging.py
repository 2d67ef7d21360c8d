"""One case from its job to its result: simulate, let the product judge, write down what it said beside the truth."""

from __future__ import annotations

import functools
from typing import Any

import msgspec
import numpy as np

from benchmarks.verdict.naive import RULES
from benchmarks.verdict.pipelines import Past, past, present, true_ledger, true_loss
from benchmarks.verdict.scenarios import BY_NAME, Flavour, Job, Scenario, answerable
from benchmarks.verdict.worlds import SEASON, WORLDS, World, law
from model_insights.config import SeverityBudget
from model_insights.cost.account import severity
from model_insights.judgement import Case, Judgement
from model_insights.ledger import Ledger
from model_insights.reading import PlotShelf, Settings
from model_insights.remembered import Remembered
from model_insights.workspace import Book

WEEKS = 9
_MATERIAL = 0.02  # share of the reference cost below which the verdict calls nothing a fault


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What was put in and what was said. `size` is the true loss over the smallest loss that could be found (MDE) in its line."""

    job: Job
    answerable: bool
    loss: float
    size: float
    kind: str
    corner: str  # "" for none named
    named: str  # the corner in front, named or not; "" where it shares its lines with another
    confidence: str
    raw: float | None  # probability before calibration
    probability: float | None
    cannot_tell: tuple[str, ...]
    confirmed: tuple[str, ...]
    naive: dict[str, str]
    line_right: bool | None = None  # the confirmed line that is largest is the one the fault is in
    distance: float | None = None  # attribution error: half the summed distance of the lines from the truth, over the true change
    covered: dict[str, bool] = {}  # by line: its 95 % interval holds the truth
    unit_right: bool | None = None  # the unit that moved most in the fault's line is the one it happens in
    severity: str = ""  # of the ladder below, as said
    true_severity: str = ""


class MemoryBook(Book):
    """The product's own choice of reference and judgement, over a case that was read from nowhere."""

    def __init__(self, case: Case, remembered: Remembered) -> None:
        super().__init__(case, Settings(config=case.config, folders=()), remembered, plots=PlotShelf())

    def latest(self) -> Judgement:
        """The last run against its default reference."""
        runs = self.history.runs
        return self.judgement(runs[-1], self._reference(runs[-1], runs, "")[2])


@functools.lru_cache(maxsize=12)
def history(world: str, flavour: Flavour, level: float, n: int, seed: int) -> Past:
    """The healthy past that many cases share."""
    where = WORLDS[world]
    if flavour == "season":
        return past(where, law(where, seed, season=level), n, 2 * SEASON + 1 + seed % SEASON)
    return past(where, law(where, seed, unrest=level if flavour == "unrest" else 0.0), n, WEEKS)


def result(job: Job, remembered: Remembered) -> Result:
    """Makes and judges one case. Deterministic."""
    scenario = BY_NAME[job.scenario]
    level = job.level if scenario.flavour in ("season", "unrest") else 0.0
    before = history(job.world, scenario.flavour, level, job.n, job.seed)
    change = scenario.make(before.world, job.level)
    seasonal = scenario.flavour == "season"
    case = present(
        before,
        change,
        with_lineage=job.tier == "T1",
        references=("previous", "season"),
        season=f"{SEASON} runs" if seasonal else "52 weeks",
    )
    judged = MemoryBook(case, remembered).latest()
    verdict = judged.verdict
    loss = true_loss(before, change)
    budget = _ladder(judged)
    return Result(
        job=job, answerable=answerable(job), loss=loss, size=loss / _detectable(judged, scenario.line), kind=verdict.kind, corner=verdict.corner or "",
        named=verdict.leading or "",
        confidence=verdict.confidence, raw=verdict.raw_probability, probability=verdict.probability,
        cannot_tell=tuple(verdict.cannot_tell), confirmed=tuple(verdict.confirmed), naive={name: rule(judged) for name, rule in RULES.items()},
        line_right=_line_right(judged, scenario.line), unit_right=_unit_right(judged, before.world, scenario),
        severity=severity(judged.cost, judged.expected, budget, days=7.0).level if judged.cost and budget else "",
        true_severity=_step(loss * 30 / 7, budget) if budget else "", **_against(judged, true_ledger(before, change, case, with_middle=job.tier == "T1")),
    )  # fmt: skip


def _ladder(judged: Judgement) -> SeverityBudget | None:
    """Steps at a third, the whole and three times the cost of the month before."""
    if judged.ledger is None:
        return None
    month = abs(judged.ledger.before) * 30 / 7
    return SeverityBudget(little=month / 3, big=month, emergency=3 * month)


def _step(loss: float, budget: SeverityBudget) -> str:
    steps = (("emergency", budget.emergency), ("big", budget.big), ("little", budget.little))
    return next((name for name, bound in steps if loss > bound), "none")


def _line_right(judged: Judgement, line: str) -> bool | None:
    """None where no line is confirmed; a line that the tier merges into another cannot be right."""
    return judged.verdict.confirmed[0] == line if judged.verdict.confirmed else None


def _unit_right(judged: Judgement, world: World, scenario: Scenario) -> bool | None:
    line = judged.ledger.line(scenario.line) if judged.ledger and scenario.unit is not None else None  # type: ignore[arg-type]
    if line is None or scenario.unit is None or not line.by_unit:
        return None
    most = max(line.by_unit, key=lambda pair: pair[1])[0]
    return dict(most.items)[world.column] == world.units[scenario.unit]


def _against(judged: Judgement, truth: Ledger) -> dict[str, Any]:
    """Scores of the account; none where the product compared with another period than the week before."""
    ledger = judged.ledger
    if ledger is None or ledger.reference_id != judged.series.runs[-2].id:
        return {}
    pairs = [(line, other) for line in ledger.lines if (other := truth.line(line.id)) is not None]
    far = sum(abs(line.money.value - other.money.value) for line, other in pairs)
    covered = {
        line.id: line.money.low <= other.money.value <= line.money.high
        for line, other in pairs
        if float(np.std(ledger.draws[line.id])) > 1e-9
    }
    return {"distance": far / 2 / max(abs(truth.change), 1e-9), "covered": covered}


def _detectable(judged: Judgement, line: str) -> float:
    """The smallest loss in the line that 80 % power finds (3.3 standard errors), never below what is material."""
    ledger = judged.ledger
    if ledger is None:
        return float("inf")
    name = line if line in ledger.draws else "rate"
    return max(3.3 * float(np.std(ledger.draws[name])), _MATERIAL * abs(ledger.before), 1e-9)  # type: ignore[index]
