"""Columns whose law is known: fifty features that do not change, features that move with the season, and the faults that are planted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.verdict import layout
from model_insights.stats import DatasetStats

Column = NDArray[np.float64] | NDArray[np.int64]
Draw = Callable[[np.random.Generator, int, float], Column]  # (generator, rows, phase of the season) -> values, NaN or -1 where missing

CATEGORIES = (2, 3, 5, 10, 20, 50, 100, 200, 350, 500)


class World(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Laws of columns, and the vocabulary of those that hold categories."""

    draws: Mapping[str, Draw]
    vocabularies: Mapping[str, tuple[str, ...]]

    def span(self, seed: int, rows: int, phase: float = 0.0) -> DatasetStats:
        """Statistics of `rows` independent rows, as TFDV stores them."""
        return layout.dataset(self.columns(seed, rows, phase), self.vocabularies)

    def columns(self, seed: int, rows: int, phase: float = 0.0) -> dict[str, Column]:
        rng = np.random.default_rng(seed)
        return {name: draw(rng, rows, phase) for name, draw in self.draws.items()}


def still() -> World:
    """Fifty features without a change: twenty of 2 to 500 categories, thirty numeric; light and heavy tails, counts, coarse values, gaps."""
    draws: dict[str, Draw] = {}
    vocabularies: dict[str, tuple[str, ...]] = {}
    for many in CATEGORIES:
        for name, power in ((f"even {many}", 0.0), (f"zipf {many}", 1.1)):
            draws[name] = _categories(many, power, missing=0.02 if many % 3 == 0 else 0.0)
            vocabularies[name] = tuple(f"v{i}" for i in range(many))
    for missing in (0.0, 0.004, 0.15):
        draws |= {f"{name} {missing:g}": _with_gaps(draw, missing) for name, draw in _NUMBERS.items()}
    return World(draws=draws, vocabularies=vocabularies)


_NUMBERS: Mapping[str, Draw] = {
    "normal": lambda rng, n, _: rng.normal(50, 10, n),
    "log-normal": lambda rng, n, _: rng.lognormal(3, 1, n),
    "pareto 2.1": lambda rng, n, _: 1 + rng.pareto(2.1, n),
    "student 2": lambda rng, n, _: rng.standard_t(2, n),
    "uniform": lambda rng, n, _: rng.uniform(0, 1, n),
    "count 2": lambda rng, n, _: rng.poisson(2, n).astype(float),
    "count 30": lambda rng, n, _: rng.poisson(30, n).astype(float),
    "mostly zero": lambda rng, n, _: np.where(rng.random(n) < 0.7, 0.0, rng.exponential(5, n)),
    "coarse": lambda rng, n, _: np.round(rng.normal(20, 2, n)),
    "flag": lambda rng, n, _: (rng.random(n) < 0.03).astype(float),
}


def _categories(many: int, power: float, *, missing: float, swing: float = 0.0) -> Draw:
    shares = np.arange(1, many + 1, dtype=float) ** -power

    def draw(rng: np.random.Generator, rows: int, phase: float) -> Column:
        tilted = shares * np.exp(swing * math.sin(2 * math.pi * phase) * np.linspace(-1, 1, many))
        codes = rng.choice(many, rows, p=tilted / tilted.sum())
        return np.where(rng.random(rows) < missing, -1, codes)

    return draw


def _with_gaps(draw: Draw, missing: float) -> Draw:
    def gappy(rng: np.random.Generator, rows: int, phase: float) -> Column:
        values = draw(rng, rows, phase)
        return np.where(rng.random(rows) < missing, np.nan, values)

    return gappy if missing else draw


def seasonal() -> World:
    """Fifty features, of which thirty move with the season (phase 0 to 1) by up to one standard deviation and return."""
    draws: dict[str, Draw] = {f"still {i}": _with_gaps(draw, 0.0) for i, draw in enumerate(_NUMBERS.values())}
    vocabularies: dict[str, tuple[str, ...]] = {}
    for i, many in enumerate(CATEGORIES):
        draws[f"still values {i}"], vocabularies[f"still values {i}"] = (
            _categories(many, 1.0, missing=0.0),
            tuple(f"v{j}" for j in range(many)),
        )
        draws[f"values {i}"], vocabularies[f"values {i}"] = (
            _categories(many, 1.0, missing=0.0, swing=0.6),
            tuple(f"v{j}" for j in range(many)),
        )
    draws |= {f"level {i}": _wave(0.1 * (i + 1)) for i in range(10)}
    draws |= {f"gaps {i}": _season_of_gaps(0.02 * (i + 1)) for i in range(10)}
    return World(draws=draws, vocabularies=vocabularies)


def _wave(size: float) -> Draw:
    return lambda rng, rows, phase: rng.normal(size * math.sin(2 * math.pi * phase), 1, rows)


def _season_of_gaps(most: float) -> Draw:
    def draw(rng: np.random.Generator, rows: int, phase: float) -> Column:
        missing = most * (0.5 + 0.5 * math.sin(2 * math.pi * phase))
        return np.where(rng.random(rows) < missing, np.nan, rng.gamma(3, 2, rows))

    return draw


# --- planted faults ----------------------------------------------------------------------------------------------------------------


def shop() -> World:
    """Twelve features of a shop, in which faults are planted."""
    draws: dict[str, Draw] = {
        "price": lambda rng, n, _: rng.lognormal(4, 0.5, n),
        "weight": lambda rng, n, _: rng.lognormal(0.3, 0.4, n),
        "temperature": lambda rng, n, _: rng.normal(18, 6, n),
        "humidity": lambda rng, n, _: rng.normal(55, 9, n),
        "age": lambda rng, n, _: rng.gamma(4, 30, n),
        "stock": lambda rng, n, _: rng.poisson(40, n).astype(float),
        "discount": lambda rng, n, _: np.where(rng.random(n) < 0.6, 0.0, rng.beta(2, 8, n)),
        "rating": lambda rng, n, _: np.round(rng.normal(4, 0.6, n), 1),
        "brand": _categories(12, 1.1, missing=0.0),
        "category": _categories(6, 0.5, missing=0.0),
        "region": _categories(5, 0.3, missing=0.0),
        "channel": _categories(3, 0.6, missing=0.0),
    }
    many = {"brand": 12, "category": 6, "region": 5, "channel": 3}
    vocabularies = {name: (*(f"{name} {i}" for i in range(count)), "unknown") for name, count in many.items()}
    return World(draws=draws, vocabularies=vocabularies)


class Fault(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A corruption of the shop's columns; `kind`, `factor`, `value` and `share` are what a detector should say of `features`."""

    name: str
    features: tuple[str, ...]
    kind: str
    plant: Callable[[np.random.Generator, dict[str, Column]], dict[str, Column]]
    factor: float | None = None
    value: str = ""
    share: float | None = None


def _scaled(name: str, factor: float) -> Callable[[np.random.Generator, dict[str, Column]], dict[str, Column]]:
    return lambda _, columns: {**columns, name: columns[name] * factor}


def _replaced(name: str, value: float, share: float) -> Callable[[np.random.Generator, dict[str, Column]], dict[str, Column]]:
    def plant(rng: np.random.Generator, columns: dict[str, Column]) -> dict[str, Column]:
        hit = rng.random(len(columns[name])) < share
        return {**columns, name: np.where(hit, value, columns[name])}

    return plant


FAULTS = (
    Fault(name="unit bug: price in cents", features=("price",), kind="unit", factor=100.0, plant=_scaled("price", 100)),
    Fault(name="unit bug: weight in pounds", features=("weight",), kind="unit", factor=1 / 0.45359, plant=_scaled("weight", 1 / 0.45359)),
    Fault(name="missing sensor: temperature, 20 %", features=("temperature",), kind="missing", share=0.2, plant=_replaced("temperature", math.nan, 0.2)),
    Fault(name="missing sensor: humidity, all", features=("humidity",), kind="missing", share=1.0, plant=_replaced("humidity", math.nan, 1.0)),
    Fault(name="default spike: brand unknown, 15 %", features=("brand",), kind="default value", value="unknown", share=0.15, plant=_replaced("brand", 12, 0.15)),
    Fault(name="default spike: age -1, 8 %", features=("age",), kind="default value", value="-1", share=0.08, plant=_replaced("age", -1.0, 0.08)),
    Fault(name="default spike: temperature 999, 5 %", features=("temperature",), kind="default value", value="999", share=0.05, plant=_replaced("temperature", 999.0, 0.05)),
    Fault(name="default spike: humidity 0, 25 %", features=("humidity",), kind="default value", value="0", share=0.25, plant=_replaced("humidity", 0.0, 0.25)),
    Fault(
        name="other scale: temperature in Fahrenheit", features=("temperature",), kind="affine", factor=1.8,
        plant=lambda _, columns: {**columns, "temperature": 1.8 * columns["temperature"] + 32},
    ),
    Fault(
        name="saturated sensor: humidity at 62", features=("humidity",), kind="saturated", value="62",
        plant=lambda _, columns: {**columns, "humidity": np.minimum(columns["humidity"], 62.0)},
    ),
    Fault(
        name="swapped columns: temperature and humidity", features=("temperature", "humidity"), kind="swapped",
        plant=lambda _, columns: {**columns, "temperature": columns["humidity"], "humidity": columns["temperature"]},
    ),
)  # fmt: skip
