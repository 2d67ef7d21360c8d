"""Scripts for the demo's shop that nobody tuned to: three faults at random weeks and places, and harmless weeks between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from examples.shoes.shop import BRANDS, CHOICES, LINES
from examples.shoes.story import WEEKS, Fault, Story

_NUMBERS = {"price": (100.0, 0.01, 1000.0), "days_since_visit": (24.0, 7.0), "discount": (100.0,)}
_TEXTS = ("device", "channel", "brand", "region")
_STARTS = ((5, 6, 7), (9, 10, 11), (14, 15))
_RELEARNT = 4  # weeks a retrain looks back on: what changed is known after these


def story(seed: int) -> Story:
    """A data, a business and a model fault in random order, each in a slot of its own, and one week with another mix."""
    rng = np.random.default_rng([seed, 99])
    order = rng.permutation(["data", "business", "model"])
    starts = [int(rng.choice(slot)) for slot in _STARTS]
    makers = {"data": _data, "business": _business, "model": _model}
    faults = [makers[str(corner)](rng, first) for corner, first in zip(order, starts, strict=True)]
    column = str(rng.choice(["channel", "region", "device"]))
    value = str(rng.choice(list(CHOICES[column])))
    faults.append(_fault(None, "mix_shift", 4, 4, size=float(rng.uniform(1.4, 2.0)), where=((column, value),)))
    return Story(seed=1000 + seed, faults=tuple(faults))


def _data(rng: np.random.Generator, first: int) -> Fault:
    kind = str(rng.choice(["unit_change", "unit_change", "missing", "default_value", "respelt", "swapped"]))
    last, where = first + int(rng.integers(0, 2)), _somewhere(rng)
    if kind == "unit_change":
        name = str(rng.choice(list(_NUMBERS)))
        return _fault("data", kind, first, last, feature=name, size=float(rng.choice(_NUMBERS[name])), where=where)
    if kind == "swapped":
        return _fault("data", kind, first, last, feature="price", other="days_since_visit", where=())
    name = str(rng.choice([*_TEXTS, *_NUMBERS] if kind == "missing" else _TEXTS))
    where = tuple(pair for pair in where if pair[0] != name)
    return _fault("data", kind, first, last, feature=name, size=float(rng.choice([0.5, 1.0])), where=where)


def _business(rng: np.random.Generator, first: int) -> Fault:
    kind = str(rng.choice(["concept_shift", "concept_shift", "unit_value", "demand"]))
    line = (("product_line", str(rng.choice(list(LINES)))),)
    if kind == "concept_shift":
        where = line if rng.random() < 0.7 else _somewhere(rng)
        return _fault("business", kind, first, WEEKS, size=float(rng.choice([-0.8, -0.5, 0.5, 0.8])), where=where)
    if kind == "unit_value":
        return _fault("business", kind, first, WEEKS, size=float(rng.choice([1.6, 2.5])), where=line)
    return _fault("business", kind, first, first + 2, size=float(rng.choice([1.3, 1.6])), where=())


def _model(rng: np.random.Generator, first: int) -> Fault:
    kind = str(rng.choice(["hyperparameter", "hyperparameter", "feature_dropped", "few_rows"]))
    if kind == "hyperparameter":
        return _fault("model", kind, first, first, size=float(rng.choice([0.4, 0.6, 0.75])), where=())
    if kind == "few_rows":
        return _fault("model", kind, first, first, size=0.015, where=())
    return _fault("model", kind, first, first, feature=str(rng.choice(["product_line", "channel", "days_since_visit"])), where=())


def _somewhere(rng: np.random.Generator) -> tuple[tuple[str, str], ...]:
    """Everywhere, one brand, or one value of another feature."""
    column = str(rng.choice(["", "brand", "region", "channel"]))
    values = list(BRANDS) if column == "brand" else list(CHOICES.get(column, {}))
    return ((column, str(rng.choice(values))),) if values else ()


def _fault(corner: Any, kind: str, first: int, last: int, **parts: Any) -> Fault:
    given = {"size": 1.0, "where": (), "felt": (), "note": "", **parts}
    return Fault(id=f"{kind}-{first}", corner=corner, kind=kind, first=first, last=last, **given)


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What one week should be called: `corners` any of which is right; none for an ordinary week. `scored` False where either may be said."""

    corners: tuple[str, ...]
    scored: bool
    excess: float


def truths(the: Story, costs: Mapping[int, float], healthy: Mapping[int, float]) -> dict[int, Truth]:
    """By span, from the true costs of the story and of the same weeks without faults.

    A week is a loss when it costs more than an ordinary one by three standard deviations of the ordinary weeks, and half as much again;
    ordinary when it costs no more than one deviation above and no fault can be felt. What lies between is not scored."""
    usual, spread = float(np.median(list(healthy.values()))), float(np.std(list(healthy.values())))
    found = {}
    for span, cost in costs.items():
        excess = cost - max(healthy[span], usual)
        corners = tuple(dict.fromkeys(one.corner for one in the.faults if one.corner and _felt(one, span)))
        lost = bool(corners) and excess > max(3 * spread, 0.5 * usual)
        calm = not corners and excess < spread
        found[span] = Truth(corners=corners if lost else (), scored=lost or calm, excess=excess)
    return found


def _felt(fault: Fault, span: int) -> bool:
    """Whether the fault can cost money in the span: a model costs when it serves, customers until the window has learnt them."""
    if fault.corner == "model":
        return fault.first + 1 <= span <= fault.last + 1
    if fault.corner == "data":
        return fault.first <= span <= fault.last + _RELEARNT
    return fault.first <= span <= min(fault.last, WEEKS) + (_RELEARNT if fault.kind == "concept_shift" and fault.last < WEEKS else 0)
