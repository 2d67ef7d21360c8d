"""Reads rows with their scores, run by run and model by model, for the account row by row. Part of the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from model_insights.artifacts.kept_rows import KeptRows
from model_insights.artifacts.row_sources import MOST_ROWS, RowSource, evaluated_rows, sample_rows
from model_insights.artifacts.scored_rows import predictions_by_model
from model_insights.artifacts.scores import REMEDY, ScoreFiles, content_fingerprint, saved_model_folder
from model_insights.attribution.design import Columns
from model_insights.attribution.rows import ScoredRows, model_key, no_scores
from model_insights.config import CostRule, TableSource
from model_insights.cost.amounts import MONEY, RowPlan, priced_rows, row_plan
from model_insights.cost.join import When
from model_insights.cost.model import Floats
from model_insights.cost.scored import SCORE
from model_insights.errors import TableError
from model_insights.history import evaluation_of, span_of
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.run import History, ModelVersion, Run


class ScoredShelf:
    """Rows of the runs of one history with the scores of their models: of score files, else of predictions. Read once, on request."""

    def __init__(
        self, history: History, rule: CostRule, tables: Mapping[str, pl.DataFrame], sources: Mapping[str, TableSource], scores: ScoreFiles | None,
        kept: KeptRows | None = None,
    ) -> None:  # fmt: skip
        self._kept = kept
        self._rule, self._tables, self._sources, self._scores = rule, tables, sources, scores
        self._models = {model_key(one): one for run in history.runs for one in (run.candidate, run.baseline) if one is not None}
        self._prints: dict[str, str] = {}
        self._asked: dict[str, ScoredRows | str] = {}
        self._predicted: dict[tuple[str, str], ScoredRows | str] = {}

    def __call__(self, run: Run, model: str) -> ScoredRows | str:
        """The rows of a run as `model` (by key) judges them, with what other models say of the same rows where that is known."""
        if run.id not in self._asked:
            self._asked[run.id] = self._from_scores(run)
        asked = self._asked[run.id]
        if isinstance(asked, ScoredRows) and model in asked.scores:
            return asked
        if (run.id, model) not in self._predicted:
            self._predicted[run.id, model] = self._from_predictions(run, model)
        return self._predicted[run.id, model]

    def _from_scores(self, run: Run) -> ScoredRows | str:
        if self._scores is None:
            return "no state directory"
        source = evaluated_rows(run)
        if isinstance(source, Absent):
            return source.sentence
        data = content_fingerprint(source.value.artifact.path)
        files, known = self._scores, {key: self._fingerprint(one) for key, one in self._models.items()}
        found = {key: files.read(model, data) for key, model in known.items() if model and files.has(model, data)}
        if not found:
            return f"no model was asked about the examples of {run.period.label}; {REMEDY}"

        def rescored(model: str, faults: str) -> Floats | None:
            outcome = files.read(known.get(model, ""), data, faults)
            return outcome.value if isinstance(outcome, Loaded) else None

        rows = sample_rows(source.value, kept=self._kept)
        if not isinstance(rows, Loaded):
            return rows.sentence
        scores = {key: one.value for key, one in found.items() if isinstance(one, Loaded) and len(one.value) == rows.value.frame.height}
        return (
            self._table(run, rows.value.frame, scores, rescored)
            if scores
            else f"the scores of {run.period.label} are of other rows; {REMEDY}"
        )

    def _fingerprint(self, version: ModelVersion) -> str:
        key = model_key(version)
        if key not in self._prints:
            folder = saved_model_folder(version.artifact.path) if version.artifact is not None else None
            self._prints[key] = content_fingerprint(folder) if folder is not None else ""
        return self._prints[key]

    def _from_predictions(self, run: Run, model: str) -> ScoredRows | str:
        source = predictions_by_model(run).get(model)
        if source is None:
            return f"no predictions of the model that matters are kept for {run.period.label}; {REMEDY}"
        rows = _rows(source, self._kept)
        if isinstance(rows, str):
            return rows
        if SCORE not in rows.columns or not rows.schema[SCORE].is_numeric():
            return "the model says no single number per row"
        score = rows[SCORE].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return self._table(run, rows.drop(SCORE), {model: score}, None)

    def _table(
        self, run: Run, rows: pl.DataFrame, scores: Mapping[str, Floats], rescored: Callable[[str, str], Floats | None] | None
    ) -> ScoredRows | str:
        label = label_of(self._rule, run)
        if self._rule.kind != "amounts" and (label not in rows.columns or not rows.schema[label].is_numeric()):
            return f"the rows have no outcome{f' {label!r}' if label else ''}"
        try:
            money = self._money(run, rows) if self._rule.kind == "amounts" else None
        except TableError as error:
            return str(error)
        outcome = rows[label].cast(pl.Float64).fill_null(float("nan")).to_numpy() if label in rows.columns else np.full(rows.height, np.nan)
        return ScoredRows(
            columns=numpy_columns(rows.drop(label, strict=False)), label=outcome, scores=dict(scores), rescored=rescored or no_scores,
            tier="T2" if rescored is None else "T3", money=money,
        )  # fmt: skip

    def _money(self, run: Run, rows: pl.DataFrame) -> Callable[[Floats], Floats]:
        """Prices the rows under given scores. Raises TableError."""
        when = When(span=span_of(run), period=run.period.label, start=run.period.start)
        plan: RowPlan = row_plan(self._rule, self._tables, when, self._sources)

        def money(score: Floats) -> Floats:
            priced = priced_rows(plan, rows.with_columns(pl.Series(SCORE, score).fill_nan(None)))
            found: Floats = priced[MONEY].fill_null(float("nan")).to_numpy()
            return found

        money(np.zeros(rows.height))  # a rule that cannot be computed is said before anything rests on it
        return money


def label_of(rule: CostRule | None, run: Run) -> str:
    """The column with the outcome: as insights.toml names it, else as the Evaluator was told; "" for none."""
    if rule is not None and rule.label:
        return rule.label
    evaluation = evaluation_of(run)
    return next((one.label_key for one in evaluation.config.models if one.label_key), "") if evaluation is not None else ""


def numpy_columns(rows: pl.DataFrame) -> Columns:
    """Numbers as float64 with NaN, text as objects with None; lists and columns without any value are left out."""
    found = {}
    for column in rows.iter_columns():
        if column.dtype.is_numeric() or column.dtype == pl.Boolean:
            found[column.name] = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        elif column.dtype == pl.String:
            found[column.name] = np.array(column.to_list(), dtype=object)
    return found


def _rows(source: RowSource, kept: KeptRows | None) -> pl.DataFrame | str:
    outcome = sample_rows(source, most=MOST_ROWS, kept=kept)
    return outcome.sentence if isinstance(outcome, (Absent, Damaged)) else outcome.value.frame
