"""The script of the demo: which week is healthy, what breaks when, and which corner of the triangle that is. Other scripts can be read."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

SEED = 8128
START = dt.date(2025, 6, 2)  # a Monday
WEEKS = 17
WINDOW = 4  # weeks of data a retrain looks back on
CRITICAL_LINE = "men_dress"
CENTS_BRAND = "Ostra"

Corner = Literal["business", "data", "model"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that breaks. `first` and `last` are the spans in which it is active, both included.

    `kind` data: unit_change (`feature`, else the price, times `size`), missing (`size` is the share lost), default_value, respelt,
    swapped (`feature` and `other`). Business: concept_shift (`size` is added to the log-odds), unit_value (`size` times the unit cost),
    demand (`size` times the impressions shown). Model: hyperparameter (`size` of the negatives are kept), feature_dropped (`feature`),
    few_rows (`size` of the rows are trained on), frozen (no model is let through). No corner: mix_shift (`where` is shown `size` times
    as often)."""

    id: str
    corner: Corner | None
    kind: str
    where: tuple[tuple[str, str], ...]  # the slice it happens in; () is everywhere
    first: int
    last: int
    size: float
    felt: tuple[int, ...]  # the spans in which it costs money
    note: str
    feature: str = ""  # of a data fault, or the one a model does not see
    other: str = ""

    def active(self, span: int) -> bool:
        return self.first <= span <= self.last

    def told(self) -> dict[str, Any]:
        """For truth.json: fields that say nothing are left out."""
        return {name: value for name, value in {**asdict(self), "where": dict(self.where)}.items() if value != ""}


CENTS = Fault(
    id="price-in-cents",
    corner="data",
    kind="unit_change",
    where=(("brand", CENTS_BRAND),),
    first=7,
    last=8,
    size=100.0,
    felt=(7, 8),
    note=f"The price feed of {CENTS_BRAND} sends cents instead of euros. Shoppers see the right price, the log is wrong. Fixed in week 9.",
)
CAMPAIGN = Fault(
    id="competitor-campaign",
    corner="business",
    kind="concept_shift",
    where=(("product_line", CRITICAL_LINE),),
    first=12,
    last=WEEKS,
    size=-0.78,
    felt=(12, 13, 14, 15),
    note="A competitor advertises men's dress shoes: their click-through rate halves and stays there. Retraining catches up in four weeks.",
)
SUPPLIER = Fault(
    id="supplier-cost",
    corner="business",
    kind="unit_value",
    where=(("product_line", CRITICAL_LINE),),
    first=14,
    last=WEEKS,
    size=1.35,
    felt=(14, 15),
    note="The supplier of men's dress shoes raises its price: every unsold pair costs more, every sold pair earns less.",
)
RETRAIN = Fault(
    id="negatives-dropped",
    corner="model",
    kind="hyperparameter",
    where=(),
    first=16,
    last=16,
    size=0.40,
    felt=(17,),
    note=(
        "The retrain keeps 40 % of the rows without a click and does not correct for it. The ranking stays good, so the AUC gate lets it "
        "through, but it predicts about twice the clicks. Trained in week 16, it serves in week 17; the retrain of week 17 is right again."
    ),
)
FAULTS = (CENTS, CAMPAIGN, SUPPLIER, RETRAIN)

EVENTS: tuple[tuple[dt.date, str, str], ...] = (
    (START, "note", "Weekly retraining starts"),
    (dt.date(2025, 6, 30), "marketing", "Summer newsletter to all customers"),
    (dt.date(2025, 7, 14), "release", "Brands move to the new price feed"),
    (dt.date(2025, 8, 18), "competitor", "A competitor starts a campaign for men's dress shoes"),
    (dt.date(2025, 9, 1), "supplier", "The supplier of men's dress shoes raises its price by 35 %"),
)


@dataclass(frozen=True, kw_only=True)
class Week:
    """One business week, Monday to Sunday; one span of the pipeline."""

    span: int

    @property
    def start(self) -> dt.date:
        return START + dt.timedelta(weeks=self.span - 1)

    @property
    def end(self) -> dt.date:
        return self.start + dt.timedelta(days=6)

    @property
    def run_at(self) -> dt.datetime:
        """When the pipeline runs on this week's data: the Monday after, 05:00 UTC."""
        return dt.datetime.combine(self.start + dt.timedelta(weeks=1), dt.time(5), tzinfo=dt.timezone.utc)


@dataclass(frozen=True, kw_only=True)
class Story:
    """A seed, what breaks, and what the public knows of it."""

    seed: int
    faults: tuple[Fault, ...]
    events: tuple[tuple[dt.date, str, str], ...] = ()

    def active(self, span: int, *kinds: str) -> tuple[Fault, ...]:
        """The faults of these kinds in a span."""
        return tuple(fault for fault in self.faults if fault.kind in kinds and fault.active(span))

    def size(self, span: int, kind: str) -> float:
        """What a fault that multiplies multiplies by; 1 without one."""
        return next((fault.size for fault in self.active(span, kind)), 1.0)

    def hyperparameters(self, span: int) -> dict[str, Any]:
        """What the retrain of a span is told; a fault that is not there is not mentioned, but for the share of negatives."""
        told: dict[str, Any] = {"negatives_kept": self.size(span, "hyperparameter")}
        for fault in self.active(span, "feature_dropped", "few_rows"):
            told |= {"without": fault.feature} if fault.kind == "feature_dropped" else {"rows_kept": fault.size}
        return told


DEMO = Story(seed=SEED, faults=FAULTS, events=EVENTS)


def read_story(path: Path) -> Story:
    """A story from JSON: `seed`, and `faults` with the fields of Fault (`where` as an object). Raises OSError, ValueError, TypeError."""
    told = json.loads(path.read_text(encoding="utf-8"))
    faults = ({**one, "where": tuple(one["where"].items()), "felt": tuple(one["felt"])} for one in told["faults"])
    return Story(seed=int(told["seed"]), faults=tuple(Fault(**one) for one in faults))


def weeks() -> tuple[Week, ...]:
    """All weeks, oldest first."""
    return tuple(Week(span=span) for span in range(1, WEEKS + 1))
