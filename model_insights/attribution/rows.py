"""Rows of a period as the attribution wants them: columns, outcome, what each model says, and the rates that follow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from model_insights.attribution.design import Columns, Ints, coding, prepared
from model_insights.config import CostRule
from model_insights.cost.model import Floats
from model_insights.lineage import Execution
from model_insights.run import ModelVersion, Run
from model_insights.slices import SliceKey

_MANY = 0.5  # share of different values from which a column of text is an identifier
_TOLD_ROWS = 30  # rows of one level, all with the same outcome, from which the column tells the outcome
_TOLD_EVENTS = 15.0  # and how many of the other outcome chance would have put there
Tables = Callable[[Run, str], "ScoredRows | str"]  # rows of a run as one model (by key) judges them, or why there are none


class ScoredRows(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Rows of one period.

    `scores` [rows] by model key; `rescored` gives those of the same rows with a fault put in (by model key and digest), None where nobody
    asked the model; `money` [rows] prices each row under given scores (kind amounts only)."""

    columns: Columns
    label: Floats  # NaN: not known
    scores: Mapping[str, Floats]
    rescored: Callable[[str, str], Floats | None]
    tier: Literal["T2", "T3"]
    money: Callable[[Floats], Floats] | None = None


def no_scores(model: str, faults: str) -> Floats | None:
    """Where no model was asked again."""
    return None


def model_key(version: ModelVersion | None) -> str:
    """What identifies a model within a history; "" where lineage names none."""
    if version is None:
        return ""
    return str(version.artifact.id) if version.artifact is not None else version.uri.rstrip("/")


def unit_numbers(columns: Columns, units: Sequence[SliceKey]) -> Ints:
    """The number of each row's unit, -1 for none. A row belongs to the first unit whose columns have its values."""
    rows = len(next(iter(columns.values()))) if columns else 0
    found = np.full(rows, -1, dtype=np.int64)
    for number, unit in enumerate(units):
        there = found < 0
        for column, value in unit.items:
            there &= _equals(columns, column, value)
        found[there] = number
    return found


def _equals(columns: Columns, column: str, value: object) -> Any:
    if column not in columns:
        return np.zeros(len(next(iter(columns.values()))), dtype=bool)
    values = columns[column]
    if values.dtype.kind == "f":
        try:
            return values == float(value)  # type: ignore[arg-type]
        except ValueError:
            return np.zeros(len(values), dtype=bool)
    return values == str(value)


def row_rates(rule: CostRule, table: ScoredRows, score: Floats) -> Floats:
    """[rows, k]: what each row adds to the mean rates of its unit; NaN where score, outcome or price is missing.

    inventory: prediction and outcome; classification: one of tp, fp, tn, fn; regression: error and its square; amounts: money."""
    label = table.label
    if rule.kind == "amounts":
        return (table.money(score) if table.money is not None else np.full(len(score), np.nan))[:, None]
    if rule.kind == "inventory":
        return np.stack([score, label], axis=1)
    if rule.kind == "regression":
        error = score - label
        return np.stack([error, error**2], axis=1)
    decided, happened = score >= (rule.threshold if rule.threshold is not None else 0.5), label > 0.5
    known = np.isfinite(score) & np.isfinite(label)
    outcomes = np.stack([decided & happened, decided & ~happened, ~decided & ~happened, ~decided & happened], axis=1)
    return np.where(known[:, None], outcomes.astype(float), np.nan)


def row_form(rule: CostRule, score: Floats) -> tuple[Floats, Floats] | None:
    """(base, slope) [rows, k] with rates = base + outcome * slope, for the kinds of which that holds."""
    zero = np.zeros(len(score))
    if rule.kind == "inventory":
        return np.stack([score, zero], axis=1), np.stack([zero, zero + 1.0], axis=1)
    if rule.kind == "classification":
        yes = (score >= (rule.threshold if rule.threshold is not None else 0.5)).astype(float)
        no = 1.0 - yes
        return np.stack([zero, yes, no, zero], axis=1), np.stack([yes, -yes, -no, no], axis=1)
    return None


# --- which columns are inputs --------------------------------------------------------------------------------------------------------


def model_inputs(trainer: Execution | None, tables: Sequence[ScoredRows], label: str, clocks: Sequence[str]) -> tuple[str, ...]:
    """Columns that are compared: what the trainer's settings list, without a list all that are no identifier and no outcome.

    Clocks are left out: no two periods share their values, and nothing would be comparable."""
    names = sorted(set.intersection(*(set(one.columns) for one in tables)) - {label, *clocks}) if tables else []
    listed = sorted(set(listed_texts(trainer)) & set(names))
    if listed:
        return tuple(listed)
    return tuple(name for name in names if not any(_is_identifier(one, name) or _tells(one, name) for one in tables))


def listed_texts(trainer: Execution | None) -> Iterator[str]:
    """Texts of every list in the trainer's recorded settings: among them the names of the model's inputs."""
    for value in (*trainer.properties.values(), *trainer.custom.values()) if trainer is not None else ():
        try:
            yield from _listed(json.loads(value) if isinstance(value, str) and value[:1] in "{[" else value)
        except ValueError:
            continue


def _listed(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _listed(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            if isinstance(one, str):
                yield one
            else:
                yield from _listed(one)


def _is_identifier(table: ScoredRows, name: str) -> bool:
    values = table.columns[name]
    return bool(values.dtype.kind == "O" and len(values) and len(set(values.tolist())) > _MANY * len(values))


def _tells(table: ScoredRows, name: str) -> bool:
    """Whether the column was written after the outcome (a purchase implies a click): some value never goes with one of the outcomes."""
    known = np.isfinite(table.label)
    label = table.label[known] > 0.5
    share = float(label.mean()) if len(label) else 0.0
    if not 0 < share < 1 or not set(np.unique(table.label[known])) <= {0.0, 1.0}:
        return False
    column = prepared({name: table.columns[name][known]})
    levels = coding(column).codes(column)
    if not levels.shape[1]:
        return False
    n = np.bincount(levels[:, 0])
    events = np.bincount(levels[:, 0], weights=label)
    one_sided = ((events == 0) & (n * share > _TOLD_EVENTS)) | ((events == n) & (n * (1 - share) > _TOLD_EVENTS))
    return bool(np.any(one_sided & (n >= _TOLD_ROWS)))
