"""The business tables of the demo, and beside them what is true of it: calendar, prices and costs, what happened, public events."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from examples.shoes.shop import BRAND_PRICE, BRANDS, LINES, Columns
from examples.shoes.story import CRITICAL_LINE, DEMO, WINDOW, Story, Week, weeks

ECONOMICS = (
    "span", "product_line", "brand", "list_price", "unit_cost", "unit_margin",
    "overstock_cost_per_unit", "stockout_cost_per_unit", "units_per_click",
)  # fmt: skip
ACTUALS = ("span", "product_line", "brand", "impressions", "clicks", "units_sold", "revenue")
COST_SHARE = 0.48  # of the list price
MARKDOWN = 0.42  # of the unit cost, lost on an unsold pair
STORAGE = 1.80  # EUR per unsold pair
GOODWILL = 3.00  # EUR per shopper sent away
LOST_SALE = 0.45  # of the margin: some shoppers come back


def write_tables(folder: Path, shown: Mapping[int, Columns], story: Story = DEMO) -> None:
    """Write the four CSV files. `shown`: impressions of each span as the shop saw them (right prices)."""
    folder.mkdir(parents=True, exist_ok=True)
    calendar = ((week.span, week.start, week.start, week.end) for week in weeks())
    _write(folder / "calendar.csv", ("span", "period", "start", "end"), calendar)
    _write(folder / "product_economics.csv", ECONOMICS, (row for week in weeks() for row in economics(week, story)))
    _write(folder / "weekly_actuals.csv", ACTUALS, (row for week in weeks() for row in actuals(week, shown[week.span], story)))
    _write(folder / "events.csv", ("date", "kind", "text"), story.events)


def economics(week: Week, story: Story = DEMO) -> list[tuple[object, ...]]:
    """Prices and costs in EUR per pair of shoes, one row per product line and brand, in the order of ECONOMICS."""
    rows: list[tuple[object, ...]] = []
    for name, line in LINES.items():
        for brand, factor in BRAND_PRICE.items():
            price = round(line.price * factor, 2)
            cost = round(price * COST_SHARE * _supplier(name, week, story), 2)
            margin = round(price - cost, 2)
            over, under = round(MARKDOWN * cost + STORAGE, 2), round(LOST_SALE * margin + GOODWILL, 2)
            rows.append((week.span, name, brand, price, cost, margin, over, under, line.units_per_click))
    return rows


def actuals(week: Week, columns: Columns, story: Story = DEMO) -> list[tuple[object, ...]]:
    """Impressions, clicks, pairs sold and revenue in EUR of the whole week, in the order of ACTUALS."""
    rng = np.random.default_rng([story.seed, week.span, 1])
    rows: list[tuple[object, ...]] = []
    for name, line in LINES.items():
        for brand in BRANDS:
            here = (columns["product_line"] == name) & (columns["brand"] == brand)
            clicks = int(columns["click"][here].sum())
            sold = int(rng.binomial(clicks, line.units_per_click))
            revenue = sold * float(columns["price"][here].mean())
            rows.append((week.span, name, brand, int(here.sum()), clicks, sold, f"{revenue:.2f}"))
    return rows


def write_truth(path: Path, shown: Mapping[int, Columns], story: Story = DEMO) -> None:
    """Write what is true of the demo. The product never reads it; tests and benchmarks do."""
    faults = [fault.told() for fault in story.faults]
    truth = {"seed": story.seed, "window_weeks": WINDOW, "critical": {"product_line": CRITICAL_LINE}, "faults": faults}
    truth["weeks"] = [_true_week(week, shown[week.span], story) for week in weeks()]
    path.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def _true_week(week: Week, columns: Columns, story: Story) -> dict[str, object]:
    rate, line = columns["true_rate"], columns["product_line"]
    return {
        "span": week.span,
        "period": week.start.isoformat(),
        "end": week.end.isoformat(),
        "impressions": len(rate),
        "clicks": int(columns["click"].sum()),
        "true_ctr": round(float(rate.mean()), 5),
        "true_ctr_by_product_line": {name: round(float(rate[line == name].mean()), 5) for name in LINES},
        "model_serving_was_trained_in": week.span - 1 or None,
        "active": [fault.id for fault in story.faults if fault.active(week.span)],
    }


def _supplier(line: str, week: Week, story: Story) -> float:
    return next((one.size for one in story.active(week.span, "unit_value") if not one.where or ("product_line", line) in one.where), 1.0)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
