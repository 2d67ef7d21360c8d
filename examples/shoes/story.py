"""The script of the demo: which week is healthy, what breaks when, and which corner of the triangle that is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

SEED = 8128
START = dt.date(2025, 6, 2)  # a Monday
WEEKS = 17
WINDOW = 4  # weeks of data a retrain looks back on
CRITICAL_LINE = "men_dress"
CENTS_BRAND = "Ostra"

Corner = Literal["business", "data", "model"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that breaks. `first` and `last` are the spans in which it is active, both included."""

    id: str
    corner: Corner
    kind: str
    where: tuple[tuple[str, str], ...]  # the slice it happens in; () is everywhere
    first: int
    last: int
    size: float
    felt: tuple[int, ...]  # the spans in which it costs money
    note: str

    def active(self, span: int) -> bool:
        return self.first <= span <= self.last


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

    @property
    def negatives_kept(self) -> float:
        """The hyperparameter of this week's retrain."""
        return RETRAIN.size if RETRAIN.active(self.span) else 1.0


def weeks() -> tuple[Week, ...]:
    """All weeks, oldest first."""
    return tuple(Week(span=span) for span in range(1, WEEKS + 1))
