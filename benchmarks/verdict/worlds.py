"""Four small worlds whose truth is known: a shoe retailer that orders by predicted clicks, a fraud desk with 1 % positives, a demand forecast
in pieces, and taxi trips whose records are as restless, gappy and heavy-tailed as real ones."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from model_insights.config import CostRule

Floats = NDArray[np.float64]
BRANDS = tuple(f"Brand {letter}" for letter in "ABCDEFGHIJKL")
DEVICES = ("phone", "desktop", "tablet")
_ZIPF = np.array([1 / (i + 1) for i in range(len(BRANDS))]) / sum(1 / (i + 1) for i in range(len(BRANDS)))
RIDGE = 1.0
_PIECES = 4.0  # pieces per unit of the logit


class World(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A law of outcomes and its economics. The last unit does not exist before a scenario brings it in."""

    name: str
    column: str  # the slice column at which money is counted
    units: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float
    steepness: float  # how strongly inputs tell outcomes
    volume: float  # cases in a week
    values: tuple[tuple[float, ...], ...]  # per unit, in the order of CostRule.prices
    rule: CostRule
    noise: float = 0.0  # standard deviation of one outcome in pieces; 0: outcomes are yes or no
    unrest: float = 0.0  # standard deviation of weekly shocks of each unit's logit
    mix_unrest: float = 0.0  # of the log of each unit's share
    size_unrest: float = 0.0  # of the log of the rows evaluated in a week
    gaps: float = 0.0  # share of `loyalty` that is missing in an ordinary week, a little more or less each week
    outliers: float = 0.0  # share of absurd prices

    @property
    def is_amount(self) -> bool:
        """Whether outcomes are pieces rather than yes or no."""
        return self.noise > 0

    @property
    def vocabularies(self) -> dict[str, tuple[str, ...]]:
        """Names of the codes; the second half of the brands are re-encodings, the last is a default value."""
        return {
            self.column: self.units,
            "brand": (*BRANDS, *(name.upper().replace(" ", "_") for name in BRANDS), "unknown"),
            "device": DEVICES,
        }


class Law(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The world's parameters of one seed; logits of the outcome per unit and brand, and a slow trend per unit and week."""

    unit: Floats
    brand: Floats
    trend: Floats
    season: float = 0.0  # amplitude of an eight-week season, of outcomes and of the mix
    unrest: float = 0.0  # standard deviation of weekly shocks of each unit's logit
    seed: int = 0


SEASON = 8


def law(world: World, seed: int, *, season: float = 0.0, unrest: float = 0.0) -> Law:
    random = np.random.default_rng([seed, len(world.units)])
    k = len(world.units)
    trend = 0.02 * np.where(np.arange(k) % 2 == 0, 1.0, -1.0)
    return Law(
        unit=random.normal(0, 0.4, k), brand=random.normal(0, 0.5, len(BRANDS)), trend=trend, season=season, unrest=unrest, seed=seed
    )


def mix(world: World, the: Law, week: int) -> Floats:
    """Shares of the units in a week; a season moves every second one up."""
    weights = np.array(world.weights)
    wave = 1 + the.season * np.sin(2 * np.pi * week / SEASON) * np.where(np.arange(len(weights)) % 2 == 0, 1.0, -1.0)
    if world.mix_unrest:
        wave = wave * np.exp(world.mix_unrest * np.random.default_rng([the.seed, 78, week + 100]).standard_normal(len(weights)))
    shares: Floats = weights * wave / (weights * wave).sum()
    return shares


def shocks(world: World, the: Law, week: int) -> Floats:
    """What moves each unit's outcomes in a week beside the inputs [units], in logits."""
    random = np.random.default_rng([the.seed, 77, week + 100])
    wave = 0.5 * the.season * np.sin(2 * np.pi * week / SEASON)
    moved: Floats = the.trend * week + wave + max(the.unrest, world.unrest) * random.standard_normal(len(world.units))
    return moved


def rows(world: World, units: NDArray[np.int64], random: np.random.Generator) -> dict[str, NDArray]:  # type: ignore[type-arg]
    """Inputs of cases that fall into `units` [rows]; one column each."""
    n = len(units)
    return {
        world.column: units, "brand": random.choice(len(BRANDS), n, p=_ZIPF), "device": random.choice(3, n, p=(0.6, 0.25, 0.15)),
        "price": np.exp(4 + 0.1 * (units % 4) + 0.4 * random.standard_normal(n)), "loyalty": random.beta(2, 2, n),
        "temperature": 15 + 5 * random.standard_normal(n), "noise": random.standard_normal(n),
    }  # fmt: skip


def chance(world: World, the: Law, columns: dict[str, NDArray], shift: Floats) -> Floats:  # type: ignore[type-arg]
    """P(outcome | inputs) [rows], with what moved each unit [units]."""
    unit = columns[world.column]
    inputs = (
        the.brand[columns["brand"]] - 1.2 * (np.log(columns["price"]) - 4 - 0.1 * (unit % 4)) + 2.5 * (columns["loyalty"] - 0.5)
        + 0.06 * (columns["temperature"] - 15)
    )  # fmt: skip
    logit = world.intercept + the.unit[unit] + shift[unit] + world.steepness * inputs
    found: Floats = _PIECES * logit if world.is_amount else 1 / (1 + np.exp(-logit))
    return found


def outcomes_of(world: World, expected: Floats, random: np.random.Generator) -> Floats:
    """What happened [rows]: 0 or 1, or pieces around what was to be expected."""
    if world.is_amount:
        return expected + world.noise * random.standard_normal(len(expected))
    return (random.random(len(expected)) < expected).astype(float)


def recorded(world: World, the: Law, week: int, columns: dict[str, NDArray], random: np.random.Generator) -> dict[str, NDArray]:  # type: ignore[type-arg]
    """The inputs as an ordinary week of this world records them: with its gaps and its absurd values."""
    if not world.gaps and not world.outliers:
        return columns
    share = world.gaps * float(np.exp(0.1 * np.random.default_rng([the.seed, 79, week + 100]).standard_normal()))
    n = len(columns["price"])
    price = np.where(random.random(n) < world.outliers, columns["price"] * 300.0, columns["price"])
    return {**columns, "loyalty": np.where(random.random(n) < share, np.nan, columns["loyalty"]), "price": price}


def matrix(world: World, columns: dict[str, NDArray]) -> Floats:  # type: ignore[type-arg]
    """What the model sees [rows, inputs]: one-hot codes (unknown ones are all zero), numbers with missing filled by zero."""
    parts: list[Floats] = [np.ones((len(columns["price"]), 1))]
    for name, size in ((world.column, len(world.units)), ("brand", len(BRANDS)), ("device", len(DEVICES))):
        parts.append((columns[name][:, None] == np.arange(size)[None, :]).astype(float))
    is_price = columns["price"] > 0  # NaN is none, nor is a temperature below zero
    price = np.log(np.where(is_price, columns["price"], np.exp(4))) - 4
    loyalty = np.where(np.isnan(columns["loyalty"]), 0.0, columns["loyalty"])
    parts.append(np.column_stack([price, loyalty, (columns["temperature"] - 15) / 5, columns["noise"]]))
    return np.concatenate(parts, axis=1)


def names_of_inputs(world: World) -> tuple[str, ...]:
    """The column each input of `matrix` comes from."""
    return (
        "",
        *[world.column] * len(world.units),
        *["brand"] * len(BRANDS),
        *["device"] * len(DEVICES),
        "price",
        "loyalty",
        "temperature",
        "noise",
    )


def fit(inputs: Floats, outcomes: Floats, *, start: Floats | None = None, ridge: float = RIDGE) -> Floats:
    """Coefficients of a ridge logistic regression by Newton's method; the intercept is free."""
    beta = np.zeros(inputs.shape[1]) if start is None else start.copy()
    if start is None:
        beta[0] = np.log(outcomes.mean() / (1 - outcomes.mean()))
    penalty = np.full(len(beta), ridge)
    penalty[0] = 1e-6
    for _ in range(12):
        p = predict(inputs, beta)
        slope = inputs.T @ (outcomes - p) - penalty * beta
        curve = (inputs * (p * (1 - p))[:, None]).T @ inputs + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        beta += step
        if np.abs(step).max() < 1e-4:
            break
    return beta


def fitted(world: World, inputs: Floats, outcomes: Floats, *, start: Floats | None = None, ridge: float = RIDGE) -> Floats:
    """Coefficients of the world's kind of model: logistic, or least squares for pieces."""
    if not world.is_amount:
        return fit(inputs, outcomes, start=start, ridge=ridge)
    penalty = np.full(inputs.shape[1], ridge)
    penalty[0] = 1e-6
    beta: Floats = np.linalg.solve(inputs.T @ inputs + np.diag(penalty), inputs.T @ outcomes)
    return beta


def scored(world: World, inputs: Floats, beta: Floats) -> Floats:
    """Predictions [rows]."""
    if not world.is_amount:
        return predict(inputs, beta)
    pieces: Floats = inputs @ beta
    return pieces


def predict(inputs: Floats, beta: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-np.clip(inputs @ beta, -40, 40)))
    return found


_LINES = ("men_dress", "men_sport", "women_dress", "women_sport", "kids_sport", "kids_school", "boots", "hiking", "sandals_new")
_SHARES = (0.17, 0.17, 0.16, 0.15, 0.12, 0.11, 0.09, 0.03, 0.0)
SHOES = World(
    name="shoes", column="product_line", units=_LINES, weights=_SHARES, intercept=-2.2, steepness=0.6, volume=400_000,
    values=tuple((0.5, 4.0 + 0.4 * i, 7.0 + 0.5 * ((i * 5) % 7)) for i in range(len(_LINES))),
    rule=CostRule(name="stock", kind="inventory", grain=("product_line",), unit=("product_line",), units_per_event=0.5, over=4.0, under=7.0),
)  # fmt: skip
_CHANNELS = ("shop", "web", "app", "phone", "machine", "transfer", "crypto_new")
FRAUD = World(
    name="fraud", column="channel", units=_CHANNELS, weights=(0.32, 0.26, 0.2, 0.1, 0.09, 0.03, 0.0), intercept=-7.4, steepness=2.4, volume=300_000,
    values=tuple((0.0, 6.0 + i, 0.0, 120.0 + 15.0 * i) for i in range(len(_CHANNELS))),
    rule=CostRule(name="fraud", kind="classification", grain=("channel",), unit=("channel",), threshold=0.05, fp=6.0, fn=120.0),
)  # fmt: skip
_DEPOTS = ("north", "east", "south", "west", "port", "airport", "kiosk_new")
DEMAND = World(
    name="demand", column="depot", units=_DEPOTS, weights=(0.24, 0.22, 0.18, 0.16, 0.14, 0.06, 0.0), intercept=4.0, steepness=0.5, volume=60_000,
    values=tuple((1.0, 2.0 + 0.2 * i, 5.0 + 0.4 * ((i * 3) % 5)) for i in range(len(_DEPOTS))), noise=4.0,
    rule=CostRule(name="demand", kind="regression", grain=("depot",), unit=("depot",), units_per_event=1.0, over=2.0, under=5.0),
)  # fmt: skip
_PAYMENTS = ("cash", "credit", "mobile", "prcard", "unknown", "voucher_new")
TAXI = World(
    name="taxi", column="payment_type", units=_PAYMENTS, weights=(0.5, 0.33, 0.08, 0.06, 0.03, 0.0), intercept=-1.4, steepness=1.0, volume=150_000,
    values=tuple((0.0, 2.0, 0.0, 3.0 + 0.5 * i) for i in range(len(_PAYMENTS))), unrest=0.08, mix_unrest=0.1, size_unrest=0.3, gaps=0.3, outliers=0.002,
    rule=CostRule(name="tips", kind="classification", grain=("payment_type",), unit=("payment_type",), threshold=0.35, fp=2.0, fn=3.0),
)  # fmt: skip
WORLDS = {world.name: world for world in (SHOES, FRAUD, DEMAND, TAXI)}
