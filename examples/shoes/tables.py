"""The business tables of the demo, and beside them what is true of it: calendar, prices and costs, what happened, public events."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from examples.shoes.shop import BRAND_PRICE, BRANDS, LINES, Columns
from examples.shoes.story import CRITICAL_LINE, EVENTS, FAULTS, SEED, SUPPLIER, WINDOW, Week, weeks

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


def write_tables(folder: Path, shown: Mapping[int, Columns]) -> None:
    """Write the four CSV files. `shown`: impressions of each span as the shop saw them (right prices)."""
    folder.mkdir(parents=True, exist_ok=True)
    calendar = ((week.span, week.start, week.start, week.end) for week in weeks())
    _write(folder / "calendar.csv", ("span", "period", "start", "end"), calendar)
    _write(folder / "product_economics.csv", ECONOMICS, (row for week in weeks() for row in economics(week)))
    _write(folder / "weekly_actuals.csv", ACTUALS, (row for week in weeks() for row in actuals(week, shown[week.span])))
    _write(folder / "events.csv", ("date", "kind", "text"), EVENTS)


def economics(week: Week) -> list[tuple[object, ...]]:
    """Prices and costs in EUR per pair of shoes, one row per product line and brand, in the order of ECONOMICS."""
    rows: list[tuple[object, ...]] = []
    for name, line in LINES.items():
        for brand, factor in BRAND_PRICE.items():
            price = round(line.price * factor, 2)
            cost = round(price * COST_SHARE * _supplier(name, week), 2)
            margin = round(price - cost, 2)
            over, under = round(MARKDOWN * cost + STORAGE, 2), round(LOST_SALE * margin + GOODWILL, 2)
            rows.append((week.span, name, brand, price, cost, margin, over, under, line.units_per_click))
    return rows


def actuals(week: Week, columns: Columns) -> list[tuple[object, ...]]:
    """Impressions, clicks, pairs sold and revenue in EUR of the whole week, in the order of ACTUALS."""
    rng = np.random.default_rng([SEED, week.span, 1])
    rows: list[tuple[object, ...]] = []
    for name, line in LINES.items():
        for brand in BRANDS:
            here = (columns["product_line"] == name) & (columns["brand"] == brand)
            clicks = int(columns["click"][here].sum())
            sold = int(rng.binomial(clicks, line.units_per_click))
            revenue = sold * float(columns["price"][here].mean())
            rows.append((week.span, name, brand, int(here.sum()), clicks, sold, f"{revenue:.2f}"))
    return rows


def write_truth(path: Path, shown: Mapping[int, Columns]) -> None:
    """Write what is true of the demo. The product never reads it; tests and benchmarks do."""
    faults = [{**asdict(fault), "where": dict(fault.where)} for fault in FAULTS]
    story = {"seed": SEED, "window_weeks": WINDOW, "critical": {"product_line": CRITICAL_LINE}, "faults": faults}
    story["weeks"] = [_true_week(week, shown[week.span]) for week in weeks()]
    path.write_text(json.dumps(story, indent=1) + "\n", encoding="utf-8")


def _true_week(week: Week, columns: Columns) -> dict[str, object]:
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
        "active": [fault.id for fault in FAULTS if fault.active(week.span)],
    }


def _supplier(line: str, week: Week) -> float:
    return SUPPLIER.size if SUPPLIER.active(week.span) and ("product_line", line) in SUPPLIER.where else 1.0


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
