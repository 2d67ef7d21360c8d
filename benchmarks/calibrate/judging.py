"""What the product says of worlds whose truth is known: the same functions as on real runs, on statistics in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.calibrate.worlds import Fault, World, seasonal, shop, still
from benchmarks.verdict import layout
from model_insights.evidence.data import Calibration, calibrate, find_corruptions, gather, judge_features
from model_insights.evidence.fact import Evidence
from model_insights.evidence.quality import Corruption
from model_insights.loaded import Absent, Loaded
from model_insights.run import Period, Run
from model_insights.stats import DatasetStats, Statistics
from model_insights.wording import Words

WORDS = Words()
YEAR = 52
PAST = 10  # runs of history where there is one
_NOTHING = Absent(what="it", reason="the simulation has none", remedy="")


def run_of(name: str, train: DatasetStats, evaluation: DatasetStats | None = None) -> Run:
    """A run that holds statistics and nothing else."""
    splits = [("train", train), *([("eval", evaluation)] if evaluation is not None else [])]
    loaded = tuple(Loaded(value=Statistics(split=split, datasets=(whole,))) for split, whole in splits)
    return Run(
        id=name, pipeline="p", name=name, period=Period(label=name), executed_ms=None, state="complete", evaluation=_NOTHING,
        validation=_NOTHING, blessing=_NOTHING, push=_NOTHING, schema=_NOTHING, statistics=loaded,
    )  # fmt: skip


def facts(run: Run, reference: Run, calibration: Calibration) -> tuple[Evidence, ...]:
    judged = judge_features(run, reference, calibration)
    return gather(run, reference, judged, find_corruptions(run, reference, judged), WORDS)


def flags(found: Sequence[Evidence]) -> list[str]:
    """What a reader is told to look at."""
    return [one.id for one in found if one.state in ("watch", "violated")]


def pair_flags(seed: int, rows: int, world: World | None = None) -> list[str]:
    """Two runs of a pipeline in which nothing changed, and no history to learn from."""
    world = world or still()
    before, now = (run_of(f"r{i}", world.span(2 * seed + i, rows)) for i in range(2))
    return flags(facts(now, before, calibrate((before, now))))


def history_flags(seed: int, rows: int) -> list[str]:
    """The last two of ten runs, each with two splits: the history's yardsticks at work."""
    world = still()
    runs = tuple(
        run_of(f"r{i}", world.span(1_000 * seed + 2 * i, rows), world.span(1_000 * seed + 2 * i + 1, max(rows // 2, 50)))
        for i in range(PAST)
    )
    return flags(facts(runs[-1], runs[-2], calibrate(runs)))


def season_flags(seed: int, rows: int, weeks: Sequence[int], *, same_season: bool = True) -> list[list[str]]:
    """Flags of each asked week of the second year of a pure season: against the same week a year before, or against the first week."""
    world = seasonal()
    asked = sorted({week + YEAR for week in weeks} | (set(weeks) if same_season else {0}) | set(range(PAST)))
    spans = {week: run_of(f"w{week}", world.span(10_000 * seed + week, rows, week / YEAR)) for week in asked}
    calibration = calibrate(tuple(spans[week] for week in range(PAST)))
    return [flags(facts(spans[week + YEAR], spans[week if same_season else 0], calibration)) for week in weeks]


def doubling_flags(seed: int | None, rows: int) -> list[str]:
    """A rare value from 0.2 % to 0.4 %; without a seed exactly so."""
    rng = np.random.default_rng(seed)
    counts = [round(rows * share) if seed is None else int(rng.binomial(rows, share)) for share in (0.002, 0.004)]
    codes = [np.repeat([0, 1], [rows - count, count]) for count in counts]
    before, now = (run_of(f"r{i}", layout.dataset({"outcome": one}, {"outcome": ("no", "yes")})) for i, one in enumerate(codes))
    return flags(facts(now, before, calibrate((before, now))))


def fault_found(seed: int, rows: int, fault: Fault) -> bool:
    """Whether each planted fault is named: feature, kind, and factor, value or share."""
    world = shop()
    rng = np.random.default_rng(seed)
    before = run_of("r0", world.span(2 * seed, rows))
    planted = fault.plant(rng, world.columns(2 * seed + 1, rows))
    now = run_of("r1", layout.dataset(planted, world.vocabularies))
    judged = judge_features(now, before, calibrate((before, now)))
    found = {".".join(one.path): one for one in find_corruptions(now, before, judged)}
    return all(name in found and _is_named(found[name], fault, name) for name in fault.features)


def _is_named(found: Corruption, fault: Fault, name: str) -> bool:
    if found.kind != fault.kind or (fault.factor is not None and abs(found.operator.factor / fault.factor - 1) > 1e-3):
        return False
    if fault.kind == "swapped" and found.operator.other != tuple(other for other in fault.features if other != name):
        return False
    if fault.share is not None and abs(found.share - fault.share) > 0.05 + 0.1 * fault.share:
        return False
    return not fault.value or float_or_text(found.operator.value) == float_or_text(fault.value)


def float_or_text(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value


def identical_flags(seed: int, rows: int) -> list[str]:
    """The same statistics twice."""
    span = still().span(seed, rows)
    before, now = run_of("r0", span), run_of("r1", span)
    return flags(facts(now, before, calibrate((before, now))))
