"""The world of the demo: shoppers who see shoes and click, week by week, from one seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examples.shoes.story import DEMO, WEEKS, Fault, Story, Week

Columns = dict[str, NDArray[Any]]

EVAL_SHARE = 0.3
NEVER = -1  # days_since_visit of a visitor who was never here; any number that is absent; written as a missing value
ABSENT = ""  # text that is absent


@dataclass(frozen=True, kw_only=True)
class Line:
    """A product line: share of impressions and log-odds of a click in spring, what the season adds by autumn, price in EUR."""

    share: float
    odds: float
    season: float
    price: float
    units_per_click: float


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A value of a categorical feature: how often it is seen and what it adds to the log-odds of a click."""

    share: float
    odds: float


LINES = {
    "boots": Line(share=0.17, odds=-2.30, season=0.36, price=112.0, units_per_click=0.19),
    "men_dress": Line(share=0.26, odds=-2.10, season=0.0, price=149.0, units_per_click=0.21),
    "sandals": Line(share=0.18, odds=-1.80, season=-0.44, price=54.0, units_per_click=0.27),
    "sneakers": Line(share=0.21, odds=-2.00, season=0.04, price=83.0, units_per_click=0.25),
    "women_heels": Line(share=0.18, odds=-2.20, season=0.20, price=94.0, units_per_click=0.20),
}
BRANDS = {
    "Halden": Choice(share=0.28, odds=0.10),
    "Ostra": Choice(share=0.27, odds=0.05),
    "Tavik": Choice(share=0.25, odds=-0.05),
    "Wren": Choice(share=0.20, odds=-0.15),
}
BRAND_PRICE = {"Halden": 1.22, "Ostra": 1.00, "Tavik": 0.92, "Wren": 0.78}
CHOICES = {
    "region": {
        "alps": Choice(share=0.14, odds=-0.12),
        "coast": Choice(share=0.27, odds=0.08),
        "inland": Choice(share=0.25, odds=-0.05),
        "metro": Choice(share=0.34, odds=0.06),
    },
    "device": {
        "desktop": Choice(share=0.30, odds=0.20),
        "phone": Choice(share=0.61, odds=-0.10),
        "tablet": Choice(share=0.09, odds=0.0),
    },
    "channel": {
        "newsletter": Choice(share=0.22, odds=0.30),
        "search": Choice(share=0.47, odds=0.25),
        "social": Choice(share=0.31, odds=-0.55),
    },
}
PAIR_ODDS = {("sandals", "social"): 0.30, ("men_dress", "newsletter"): 0.20, ("sneakers", "social"): 0.15}  # what the model does not know
PRICE_ODDS = -0.55  # per unit of log(price / usual price of the line)
DISCOUNT_ODDS = 1.1
VISIT_ODDS = 1.0  # for a visitor of today; fades with exp(-days / 12)
NEW_ODDS = 0.15


def impressions_of(week: Week, story: Story = DEMO) -> Columns:
    """Every impression of the week by column, as the shop saw it: right prices, `click` and `is_eval` included.

    Shapes: each column [n], n between 12,000 and 13,000. `price` in EUR after discount, `discount` as a share. `true_rate` is what
    nobody in the story sees.
    """
    rng = np.random.default_rng([story.seed, week.span])
    n = int(rng.integers(12_000, 13_000) * story.size(week.span, "demand"))
    columns: Columns = {"impression_id": np.array([f"w{week.span:02d}-{i:05d}" for i in range(n)])}
    columns["product_line"] = rng.choice(list(LINES), n, p=_line_shares(week))
    columns["brand"] = _draw(rng, BRANDS, n, _factors(story, week, "brand"))
    for name, choices in CHOICES.items():
        columns[name] = _draw(rng, choices, n, _factors(story, week, name))
    columns["is_new"] = (rng.random(n) < 0.2).astype(np.int64)
    columns["discount"] = rng.choice([0.0, 0.1, 0.2, 0.3], n, p=[0.62, 0.18, 0.13, 0.07])
    columns["price"] = _prices(rng, columns)
    columns["days_since_visit"] = _visits(rng, n)
    shock = dict(zip(LINES, rng.normal(0.0, 0.02, len(LINES)), strict=True))
    columns["true_rate"] = click_rate(columns, week, shock, story)
    columns["click"] = (rng.random(n) < columns["true_rate"]).astype(np.int64)
    columns["is_eval"] = rng.random(n) < EVAL_SHARE
    return columns


def logged(columns: Columns, week: Week, story: Story = DEMO) -> Columns:
    """What the log, and so the pipeline, gets to see: the same impressions with the data faults of the week."""
    for fault in story.active(week.span, "unit_change", "missing", "default_value", "respelt", "swapped"):
        columns = _broken(columns, fault, np.random.default_rng([story.seed, week.span, 2]))
    return columns


def _broken(columns: Columns, fault: Fault, rng: np.random.Generator) -> Columns:
    name, hit = fault.feature or "price", _where(columns, fault)
    values = columns[name]
    if fault.kind == "unit_change":
        return {**columns, name: np.where(hit & (values != NEVER), values * fault.size, values).astype(values.dtype)}
    if fault.kind == "swapped":
        other = columns[fault.other]
        return {
            **columns,
            name: np.where(hit, other, values).astype(values.dtype),
            fault.other: np.where(hit, values, other).astype(other.dtype),
        }
    if fault.kind == "respelt":
        return {**columns, name: np.where(hit, np.char.upper(values.astype(str)), values)}
    hit &= rng.random(len(values)) < fault.size
    gone: Any = ABSENT if values.dtype.kind == "U" else NEVER
    return {**columns, name: np.where(hit, gone if fault.kind == "missing" else "unknown", values)}


def _where(columns: Columns, fault: Fault) -> NDArray[np.bool_]:
    """The rows of the fault's slice; all rows without one."""
    hit = np.ones(len(columns["click"]) if "click" in columns else len(columns["price"]), dtype=bool)
    for name, value in fault.where:
        hit &= columns[name] == value
    return hit


def _factors(story: Story, week: Week, name: str) -> dict[str, float]:
    """How many times as often a value is shown this week."""
    return {value: fault.size for fault in story.active(week.span, "mix_shift") for column, value in fault.where if column == name}


def click_rate(columns: Columns, week: Week, shock: dict[str, float], story: Story = DEMO) -> NDArray[np.float64]:
    """True probability of a click per impression, [n]. `shock` moves the log-odds of a whole line for this week."""
    line = columns["product_line"]
    odds = _look_up({name: x.odds + _season(x, week) + shock[name] for name, x in LINES.items()}, line)
    for name, choices in (("brand", BRANDS), *CHOICES.items()):
        odds = odds + _look_up({value: choice.odds for value, choice in choices.items()}, columns[name])
    for (product_line, channel), extra in PAIR_ODDS.items():
        odds = odds + extra * ((line == product_line) & (columns["channel"] == channel))
    usual = _look_up({name: x.price for name, x in LINES.items()}, line)
    odds = odds + PRICE_ODDS * np.log(columns["price"] / usual) + DISCOUNT_ODDS * columns["discount"] + NEW_ODDS * columns["is_new"]
    days = columns["days_since_visit"]
    odds = odds + np.where(days == NEVER, 0.0, VISIT_ODDS * np.exp(-np.maximum(days, 0) / 12.0))
    for fault in story.active(week.span, "concept_shift"):
        odds = odds + fault.size * _where(columns, fault)
    return 1.0 / (1.0 + np.exp(-odds))


def _season(line: Line, week: Week) -> float:
    """From -season/2 in the first week to +season/2 in the last, slow at both ends."""
    turn = (week.span - 1) / (WEEKS - 1)
    return -0.5 * line.season * float(np.cos(np.pi * turn))


def _line_shares(week: Week) -> NDArray[np.float64]:
    """The season moves what is shown as well as what is clicked, half as much."""
    raw = np.array([line.share * np.exp(0.5 * _season(line, week)) for line in LINES.values()])
    return raw / raw.sum()


def _draw(rng: np.random.Generator, choices: dict[str, Choice], n: int, factors: dict[str, float]) -> NDArray[Any]:
    shares = np.array([choice.share * factors.get(value, 1.0) for value, choice in choices.items()])
    return rng.choice(list(choices), n, p=shares / shares.sum() if factors else shares)


def _prices(rng: np.random.Generator, columns: Columns) -> NDArray[np.float64]:
    usual = _look_up({name: line.price for name, line in LINES.items()}, columns["product_line"])
    brand = _look_up(BRAND_PRICE, columns["brand"])
    spread = np.exp(np.clip(rng.normal(0.0, 0.14, len(usual)), -0.4, 0.4))
    return np.round(usual * brand * spread * (1.0 - columns["discount"]), 2)


def _visits(rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    days = np.minimum(rng.exponential(14.0, n), 90.0).astype(np.int64)
    return np.where(rng.random(n) < 0.12, NEVER, days)


def _look_up(values: dict[str, float], keys: NDArray[Any]) -> NDArray[np.float64]:
    names, where = np.unique(keys, return_inverse=True)
    return np.array([values[str(name)] for name in names])[where]
