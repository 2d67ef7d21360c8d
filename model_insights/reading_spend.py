"""Reads what marketing spent in each period. Part of the composition root."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from model_insights.history import span_of
from model_insights.run import History

_WHEN = ("span", "period", "date")


def read_spend(history: History, frame: pl.DataFrame | None) -> dict[str, Mapping[str, float]]:
    """Spend by run id and by the table's other columns (`channel=social`), from a table with `spend` and one of `span`, `period` and `date`.

    Empty without such a table. A date belongs to the run whose period holds it."""
    when = next((name for name in _WHEN if frame is not None and name in frame.columns), None)
    if frame is None or when is None or "spend" not in frame.columns or not frame.schema["spend"].is_numeric():
        return {}
    names = [name for name in frame.columns if name not in (*_WHEN, "spend") and not frame.schema[name].is_float()]
    found: dict[str, dict[str, float]] = {}
    for row in frame.filter(pl.col("spend").is_not_null()).iter_rows(named=True):
        label = ", ".join(f"{name}={row[name]}" for name in names) or "all"
        for run in history.runs:
            if _belongs(str(row[when]), when, span_of(run), run.period.label, run.period.start, run.period.end):
                sums = found.setdefault(run.id, {})
                sums[label] = sums.get(label, 0.0) + float(row["spend"])
    return {run_id: dict(sorted(sums.items())) for run_id, sums in found.items()}


def _belongs(value: str, when: str, span: str, label: str, start: str, end: str) -> bool:
    if when == "span":
        return value == span
    return value == label or (when == "date" and bool(start) and start <= value[:10] <= (end or start))
