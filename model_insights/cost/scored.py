"""Keeps an evenly spaced sample of scored rows while they stream by, for estimates without labels."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from model_insights.config import CostRule
from model_insights.cost.amounts import MONEY, RowPlan, priced_rows, slice_value
from model_insights.cost.unlabelled import Scores
from model_insights.slices import SliceKey

LIMIT = 100_000  # rows kept; then every second one goes
SCORE = "prediction"


def can_score(rule: CostRule) -> bool:
    """True when the rule names predictions and their label, and its kind is about one outcome."""
    return bool(rule.predictions and rule.label) and rule.kind in ("inventory", "classification", "amounts") and rule.capacity is None


class ScoreSample:
    """Every `stride`-th row: unit, score, label and (kind amounts) the money of either outcome."""

    def __init__(self, rule: CostRule, plan: RowPlan | None, *, limit: int = LIMIT) -> None:
        self._rule, self._plan, self._limit = rule, plan, limit
        self._parts: list[pl.DataFrame] = []
        self._problem = "" if can_score(rule) else "the rule names no `predictions` with a `label`"
        self._stride, self._seen, self._kept = 1, 0, 0

    def features(self, seen: Sequence[str]) -> tuple[str, ...]:
        """Features of the examples to decode."""
        return tuple(sorted({*self._rule.unit, self._rule.label} & set(seen)))

    def add(self, rows: pl.DataFrame) -> None:
        """Takes what is kept of a chunk. Raises TableError as `amounts.priced_rows`."""
        if self._problem:
            return
        self._problem = _problem(self._rule, rows)
        if self._problem:
            return
        chosen = rows.gather_every(self._stride, (-self._seen) % self._stride)
        self._seen += rows.height
        if chosen.height:
            self._parts.append(self._columns(chosen))
            self._kept += chosen.height
        while self._kept > self._limit:
            whole = pl.concat(self._parts).gather_every(2)
            self._parts, self._kept, self._stride = [whole], whole.height, 2 * self._stride

    def scores(self) -> Scores | str:
        """The sample, or the sentence why there is none."""
        if self._problem or not self._parts:
            return self._problem or "there are no predictions"
        frame = pl.concat(self._parts).filter(pl.col("score").is_not_null())
        if self._plan is not None:
            frame = frame.filter(pl.col("negative").is_not_null() & pl.col("positive").is_not_null())
        if not frame.height:
            return "no prediction has a score and a price"
        if not 0 <= float(frame["score"].min()) <= float(frame["score"].max()) <= 1:  # type: ignore[arg-type]
            return "the predictions are no probabilities between 0 and 1"
        unit = (
            frame.select(pl.struct(pl.col("^unit_.*$")).rank("dense").alias("at"))["at"] - 1
            if self._rule.unit
            else pl.zeros(frame.height, eager=True)
        )
        firsts = frame.with_columns(at=unit).unique("at", keep="first").sort("at")
        units = tuple(
            SliceKey(items=tuple((column, slice_value(row[f"unit_{i}"])) for i, column in enumerate(self._rule.unit)))
            for row in firsts.iter_rows(named=True)
        )
        return Scores(
            units=units, at=unit.cast(pl.Int64).to_numpy(), score=frame["score"].to_numpy(), label=frame["label"].fill_null(float("nan")).to_numpy(),
            money=frame.select("negative", "positive").to_numpy() if self._plan is not None else None, stride=self._stride,
        )  # fmt: skip

    def _columns(self, rows: pl.DataFrame) -> pl.DataFrame:
        rule = self._rule
        label = pl.col(rule.label).cast(pl.Float64, strict=False) if rule.label in rows.columns else pl.lit(None, pl.Float64)
        missing = [column for column in rule.unit if column not in rows.columns]
        rows = rows.with_columns(pl.lit(None, pl.String).alias(column) for column in missing)
        found = rows.select(
            *(pl.col(column).alias(f"unit_{i}") for i, column in enumerate(rule.unit)),
            pl.col(SCORE).cast(pl.Float64).alias("score"), pl.when(label.is_not_null()).then((label > 0.5).cast(pl.Float64)).alias("label"),
        )  # fmt: skip
        if self._plan is None:
            return found
        kind = rows.schema[rule.label] if rule.label in rows.columns and rows.schema[rule.label].is_numeric() else pl.Int64
        either = [priced_rows(self._plan, rows.with_columns(pl.lit(value, kind).alias(rule.label))) for value in (0, 1)]
        return found.with_columns(negative=either[0][MONEY], positive=either[1][MONEY])


def _problem(rule: CostRule, rows: pl.DataFrame) -> str:
    if SCORE not in rows.columns:
        have = ", ".join(column for column in rows.columns if column.startswith(SCORE)) or "none"
        return f"the model says no single number per row (its outputs: {have}), so nothing can be estimated without labels"
    if not rows.schema[SCORE].is_numeric():
        return "the model says more than one number per row, so nothing can be estimated without labels"
    return ""
