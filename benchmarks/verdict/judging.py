"""One case from its job to its result: simulate, let the product judge, write down what it said beside the truth."""

from __future__ import annotations

import functools

import msgspec
import numpy as np

from benchmarks.verdict.naive import RULES
from benchmarks.verdict.pipelines import Past, past, present, true_loss
from benchmarks.verdict.scenarios import BY_NAME, Flavour, Job, answerable
from benchmarks.verdict.worlds import SEASON, WORLDS, law
from model_insights.judgement import Case, Judgement
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


class MemoryBook(Book):
    """The product's own choice of reference and judgement, over a case that was read from nowhere."""

    def __init__(self, case: Case, remembered: Remembered) -> None:
        super().__init__(case, Settings(config=case.config, folders=()), remembered, plots=PlotShelf())

    def latest(self) -> Judgement:
        """The last run against its default reference."""
        runs = self.history.runs
        return self.judgement(runs[-1], self._reference(runs[-1], runs, "")[2])


@functools.lru_cache(maxsize=24)
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
    return Result(
        job=job, answerable=answerable(job), loss=loss, size=loss / _detectable(judged, scenario.line), kind=verdict.kind, corner=verdict.corner or "",
        named=verdict.leading or "",
        confidence=verdict.confidence, raw=verdict.raw_probability, probability=verdict.probability,
        cannot_tell=tuple(verdict.cannot_tell), confirmed=tuple(verdict.confirmed), naive={name: rule(judged) for name, rule in RULES.items()},
    )  # fmt: skip


def _detectable(judged: Judgement, line: str) -> float:
    """The smallest loss in the line that 80 % power finds (3.3 standard errors), never below what is material."""
    ledger = judged.ledger
    if ledger is None:
        return float("inf")
    name = line if line in ledger.draws else "rate"
    return max(3.3 * float(np.std(ledger.draws[name])), _MATERIAL * abs(ledger.before), 1e-9)  # type: ignore[index]
