"""The faults that are put in (methods B2), how strong, and what a right answer is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.verdict.pipelines import Change, Columns
from benchmarks.verdict.worlds import BRANDS, WORLDS, Floats, World

Tier = Literal["T0", "T1"]
Flavour = Literal["plain", "season", "unrest", "large"]


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of fault. `corners` are the right answers (none: no fault; more than one: either is right), `line` where its money belongs."""

    name: str
    text: str
    corners: tuple[str, ...]
    line: str
    levels: tuple[float, ...]
    make: Callable[[World, float], Change]
    fresh: tuple[float, ...] = ()  # levels of the held-out settings
    unit: int | None = None  # the unit it happens in, counted from either end
    kind: Literal["null", "fault", "mixed", "unanswerable"] = "fault"
    flavour: Flavour = "plain"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One case: everything needed to make it anew."""

    world: str
    scenario: str
    level: float
    n: int
    tier: Tier
    seed: int

    @property
    def setting(self) -> str:
        return f"{self.world}/{self.scenario}/{self.level:g}/{self.n}/{self.tier}"

    @property
    def key(self) -> str:
        return f"{self.setting}/{self.seed}"


def one_unit(world: World, at: int, value: float, *, other: float) -> Floats:
    found = np.full(len(world.units), other)
    found[at] = value
    return found


def scaled(column: str, factor: float, share: float) -> Callable[[Columns, np.random.Generator], Columns]:
    def corrupt(columns: Columns, random: np.random.Generator) -> Columns:
        hit = random.random(len(columns[column])) < share
        return {**columns, column: np.where(hit, columns[column] * factor, columns[column])}

    return corrupt


def missing(column: str, share: float) -> Callable[[Columns, np.random.Generator], Columns]:
    def corrupt(columns: Columns, random: np.random.Generator) -> Columns:
        hit = random.random(len(columns[column])) < share
        return {**columns, column: np.where(hit, np.nan, columns[column])}

    return corrupt


def recoded(
    code: Callable[[NDArray[np.int64], NDArray[np.float64]], NDArray[np.int64]],
) -> Callable[[Columns, np.random.Generator], Columns]:
    def corrupt(columns: Columns, random: np.random.Generator) -> Columns:
        return {**columns, "brand": code(columns["brand"], random.random(len(columns["brand"])))}

    return corrupt


def swapped(one: str, other: str) -> Callable[[Columns, np.random.Generator], Columns]:
    def corrupt(columns: Columns, random: np.random.Generator) -> Columns:
        return {**columns, one: columns[other], other: columns[one]}

    return corrupt


def _default(share: float) -> Change:
    return Change(corrupt=recoded(lambda brand, luck: np.where(luck < share, 2 * len(BRANDS), brand)))


def _respelt(how_many: float) -> Change:
    return Change(corrupt=recoded(lambda brand, _: np.where(brand < how_many, brand + len(BRANDS), brand)))


def _concept(world: World, strength: float) -> Change:
    """Fewer want the first line, or tip; fraud: thieves found the first channel."""
    return Change(logit=one_unit(world, 0, strength * (1.0 if world.name == "fraud" else -0.5), other=0.0))


def _bad_setting(world: World, strength: float) -> Change:
    return Change(ridge=2e3 if world.name == "fraud" else 2e4, strength=strength)


def _dropped(world: World, strength: float) -> Change:
    return Change(dropped="price" if world.name in ("fraud", "taxi") else world.column, strength=strength)


def _rare(world: World, strength: float) -> Change:
    return Change(
        tilt=one_unit(world, len(world.units) - 2, {"shoes": -1.5, "demand": -6.0}.get(world.name, -5.0), other=0.0), strength=strength
    )


def _noise(_: World, shift: float) -> Change:
    return Change(inputs=lambda columns: {**columns, "noise": columns["noise"] + shift})


def _with(one: Change, other: Change) -> Change:
    """Both changes at once; the second one's parts win where both have one."""
    blank = Change()
    given = {name: getattr(other, name) for name in Change.__struct_fields__}
    return msgspec.structs.replace(one, **{k: v for k, v in given.items() if isinstance(v, np.ndarray) or v != getattr(blank, k)})


def _values(world: World, factor: float) -> Change:
    return Change(values=one_unit(world, 1, factor, other=1.0))


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(name="N0", text="nothing", corners=(), line="", levels=(0.0,), fresh=(0.0,), kind="null", make=lambda w, x: Change()),
    Scenario(name="N1", text="season, known from two cycles", corners=(), line="", levels=(0.3,), fresh=(0.2,), kind="null", flavour="season", make=lambda w, x: Change()),
    Scenario(name="N2", text="an input without importance moves", corners=(), line="", levels=(1.0,), fresh=(2.0,), kind="null", make=_noise),
    Scenario(name="N3", text="40,000 rows, trivial drift", corners=(), line="", levels=(0.002,), fresh=(0.003,), kind="null", flavour="large",
             make=lambda w, x: Change(logit=np.full(len(w.units), x))),
    Scenario(name="N6", text="nothing, in a restless world", corners=(), line="", levels=(0.05,), fresh=(0.04,), kind="null", flavour="unrest", make=lambda w, x: Change()),
    Scenario(name="D1", text="unit bug, all rows", corners=("data",), line="rate", levels=(0.1, 10.0, 100.0), fresh=(0.01, 60.0, 1000.0),
             make=lambda w, x: Change(corrupt=scaled("price", x, 1.0))),
    Scenario(name="D1p", text="unit bug, part of the rows", corners=("data",), line="rate", levels=(0.1, 0.25, 0.5), fresh=(0.15, 0.35, 0.45),
             make=lambda w, x: Change(corrupt=scaled("price", 100.0, x))),
    Scenario(name="D2", text="missing at random", corners=("data",), line="rate", levels=(0.2, 0.6, 1.0), fresh=(0.35, 0.8),
             make=lambda w, x: Change(corrupt=missing("loyalty", x))),
    Scenario(name="D3", text="default value", corners=("data",), line="rate", levels=(0.15, 0.4, 0.8), fresh=(0.25, 0.6), make=lambda w, x: _default(x)),
    Scenario(name="D6", text="values spelt otherwise", corners=("data",), line="rate", levels=(1.0, 4.0, 12.0), fresh=(2.0, 7.0), make=lambda w, x: _respelt(x)),
    Scenario(name="D7", text="mix between slices", corners=("data",), line="mix", levels=(1.5, 3.0, 8.0), fresh=(2.0, 5.0, 12.0), unit=4,
             make=lambda w, x: Change(weights=one_unit(w, 4, x, other=1.0))),
    Scenario(name="D8", text="new slice", corners=("data",), line="unseen", levels=(0.02, 0.05, 0.15), fresh=(0.03, 0.09), unit=-1, make=lambda w, x: Change(newcomer=x)),
    Scenario(name="B1", text="customers change in one slice", corners=("business",), line="rate", levels=(0.4, 0.8, 1.6), fresh=(0.6, 1.2, 2.0), unit=0, make=_concept),
    Scenario(name="B2", text="unit values of one slice", corners=("business",), line="values", levels=(1.3, 2.0, 4.0), fresh=(1.6, 3.0, 5.0), unit=1, make=_values),
    Scenario(name="B3", text="volume", corners=("business",), line="volume", levels=(1.1, 1.3, 1.6), fresh=(1.2, 1.45), make=lambda w, x: Change(volume=x)),
    Scenario(name="B4", text="more positives everywhere", corners=("business",), line="rate", levels=(0.2, 0.4, 0.8), fresh=(0.3, 0.6),
             make=lambda w, x: Change(logit=np.full(len(w.units), x))),
    Scenario(name="M1", text="bad hyperparameter", corners=("model",), line="model", levels=(0.3, 0.6, 1.0), fresh=(0.45, 0.8), make=_bad_setting),
    Scenario(name="M2", text="input dropped in training", corners=("model",), line="model", levels=(0.3, 0.6, 1.0), fresh=(0.45, 0.8), make=_dropped),
    Scenario(name="M4", text="regression in one rare slice", corners=("model",), line="model", levels=(0.3, 0.6, 1.2), fresh=(0.45, 0.9), unit=-2, make=_rare),
    Scenario(name="D5", text="two inputs swapped", corners=("data",), line="rate", levels=(1.0,), fresh=(1.0,), make=lambda w, x: Change(corrupt=swapped("price", "temperature"))),
    Scenario(name="M3", text="trained on a few rows", corners=("model",), line="model", levels=(0.02, 0.006), fresh=(0.01,), make=lambda w, x: Change(kept=x, strength=1.0)),
    Scenario(name="X1", text="customers and unit values", corners=("business",), line="rate", levels=(0.8, 1.6), fresh=(1.2,), kind="mixed",
             make=lambda w, x: _with(_concept(w, x), _values(w, 2.0))),
    Scenario(name="X3", text="missing and volume", corners=("data", "business"), line="rate", levels=(0.6, 1.0), fresh=(0.8,), kind="mixed",
             make=lambda w, x: _with(Change(corrupt=missing("loyalty", x)), Change(volume=1.3))),
    Scenario(name="X5", text="bad model, fewer cases: it cancels", corners=("model",), line="model", levels=(0.6, 1.0), fresh=(0.8,), kind="mixed",
             make=lambda w, x: _with(_bad_setting(w, x), Change(volume=0.8))),
    Scenario(name="X2", text="mix and bad model", corners=("data", "model"), line="model", levels=(0.6, 1.0), fresh=(0.8,), kind="mixed",
             make=lambda w, x: _with(_bad_setting(w, x), Change(weights=one_unit(w, 4, 5.0, other=1.0)))),
    Scenario(name="X7", text="missing, unit values and volume", corners=("data", "business"), line="rate", levels=(0.6, 1.0), fresh=(0.8,), kind="mixed",
             make=lambda w, x: _with(_with(Change(corrupt=missing("loyalty", x)), _values(w, 2.0)), Change(volume=1.2))),
    Scenario(name="U3", text="price twice as high, no price table", corners=("business", "data"), line="rate", levels=(2.0,), fresh=(3.0,), kind="unanswerable",
             make=lambda w, x: Change(corrupt=scaled("price", x, 1.0))),
)  # fmt: skip
BY_NAME = {one.name: one for one in SCENARIOS}
_T0 = {
    "N0": 2,
    "D1": 2,
    "D2": 1,
    "D7": 3,
    "D8": 3,
    "B1": 3,
    "B2": 3,
    "B3": 3,
    "M1": 3,
    "M2": 1,
    "X1": 1,
}  # levels judged at T0, the strongest
FITTED = ("shoes", "fraud", "demand")  # the taxi world is held out as a whole
HELD = 100  # seeds from here on belong to held-out settings
_LARGE = ("N0", "D2", "D7", "B1", "B2", "M1")  # also with 100,000 rows


def jobs(seeds: int) -> Iterator[Job]:
    """The designed sample of the grid. Fitting settings: three worlds, `levels`, seeds 0 to 5; held-out ones: those worlds at `fresh` levels
    and the taxi world at all, seeds from HELD on. Every setting gets `seeds` of six worlds in turn, nulls five times as many."""
    turn = 0
    for scenario in SCENARIOS:
        for world in WORLDS:
            for held in (False, True):
                levels = (*scenario.levels, *scenario.fresh) if world not in FITTED else scenario.fresh if held else scenario.levels
                for level in dict.fromkeys(levels) if held or world in FITTED else ():
                    for n in _sizes(scenario, world, level):
                        turn += 1
                        yield from _cases(scenario, world, level, n, held, turn, seeds)


def _sizes(scenario: Scenario, world: str, level: float) -> tuple[int, ...]:
    if scenario.flavour == "large":
        return (40_000,)
    is_large = scenario.name in _LARGE and world in ("shoes", "fraud") and level == scenario.levels[len(scenario.levels) // 2]
    return (2_000, 10_000, 100_000) if is_large else (2_000, 10_000)


def _cases(scenario: Scenario, world: str, level: float, n: int, held: bool, turn: int, seeds: int) -> Iterator[Job]:
    for tier in _tiers(scenario, level, held):
        count = (
            1 if n > 10_000 else 5 * seeds if scenario.kind == "null" and tier == "T1" else 2 * seeds if scenario.kind != "fault" else seeds
        )
        for i in range(count):
            seed = (turn * seeds + i) % max(6, count) + (HELD if held else 0)
            yield Job(world=world, scenario=scenario.name, level=level, n=n, tier=tier, seed=seed)


def _tiers(scenario: Scenario, level: float, held: bool) -> tuple[Tier, ...]:
    if scenario.name not in _T0:
        return ("T1",)
    return ("T1", "T0") if held or level in scenario.levels[-_T0[scenario.name] :] else ("T1",)


_ALSO_APART = ("X1",)  # the other cause has a line of its own, and the same corner


def answerable(job: Job) -> bool:
    """Whether the artifacts of the tier can tell the corner at all: at T0 model and world share one line (methods U2)."""
    scenario = BY_NAME[job.scenario]
    is_merged = job.tier == "T0" and scenario.line in ("rate", "model") and scenario.name not in _ALSO_APART
    return scenario.kind != "unanswerable" and not is_merged
