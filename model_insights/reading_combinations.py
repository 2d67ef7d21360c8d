"""Reads the rows of a run and of those its model learned from, and keeps what they say of combinations and costly slices.

Part of the composition root. Rows are held only while they are needed; what came out is kept in the state directory, by what the files
looked like.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import polars as pl

from model_insights.artifacts.cache import Cache, Codec, cached, codec_of
from model_insights.artifacts.row_sources import RowSource, SampledRows, judged_rows, sample_rows, training_rows
from model_insights.attribution.rows import Tables, listed_texts, model_key
from model_insights.config import CostRule, CoverageRule
from model_insights.cost.account import RunCost
from model_insights.cost.row_loss import row_losses, scaled, unit_places
from model_insights.evidence.carried import carried
from model_insights.evidence.combinations import Compared, ThinMass, coverage, cut_rows
from model_insights.evidence.data import main_split
from model_insights.evidence.findings import PastThin, RowFindings
from model_insights.evidence.rows import Column, Floats, NumberColumn, RowTable, TextColumn
from model_insights.evidence.search import SliceSearch, search
from model_insights.history import span_of
from model_insights.judgement import Case
from model_insights.loaded import Absent, Loaded
from model_insights.noun import Noun
from model_insights.reading_scored import label_of
from model_insights.run import Run
from model_insights.stats import FeaturePath

BASE_RUNS = 8  # of those the model learned from, the latest
PAST_RUNS = 12  # in the series of thin mass
_KEPT_TABLES = 8
_MANY = 0.5  # share of different values from which a column of text is an identifier
_FEW = 50  # different values that are always categories
_OUTPUTS = "prediction"  # columns that the model wrote


T = TypeVar("T")


class _Thin(Noun):
    """A thin mass as it is kept: None where there are too few rows."""

    thin: ThinMass | None = None


_FINDINGS: Codec[RowFindings] = codec_of("combinations", RowFindings, version=2)
_THIN: Codec[_Thin] = codec_of("thin", _Thin, version=1)


class Asked(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What the counting depends on beside the rows. `costs` by run id: what the serving model's mistakes cost, or why that is not known."""

    rule: CoverageRule = CoverageRule()
    cost_rule: CostRule | None = None
    critical: tuple[Mapping[str, object], ...] = ()
    clocks: tuple[str, ...] = ()
    costs: Mapping[str, RunCost | str] = {}
    tables: Tables | None = None  # rows with their own money, for rules of kind amounts


def asked_of(case: Case, costs: Mapping[str, RunCost | str], clocks: Iterable[FeaturePath]) -> Asked:
    """What a history is asked, by its configuration."""
    config = case.config
    return Asked(
        rule=config.coverage if config is not None else CoverageRule(), cost_rule=case.rule, critical=config.critical if config is not None else (),
        clocks=tuple(sorted(".".join(path) for path in clocks)), costs=costs, tables=case.rows,
    )  # fmt: skip


class _Rows(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Where the rows of one comparison lie."""

    now: RowSource
    base: tuple[tuple[Run, RowSource], ...]
    before: RowSource | None
    base_text: str

    @property
    def sources(self) -> tuple[RowSource, ...]:
        return (self.now, *(one for _, one in self.base), *((self.before,) if self.before is not None else ()))


class RowShelf:
    """What the rows of one history say, by run and reference; read once, on request. Any thread may ask."""

    def __init__(self, runs: Sequence[Run], asked: Asked, cache: Cache | None) -> None:
        self._runs, self._asked, self._cache = tuple(runs), asked, cache
        self._tables: OrderedDict[tuple[str, str], RowTable | str] = OrderedDict()
        self._found: dict[tuple[str, str], RowFindings] = {}
        self._thin: dict[str, ThinMass | None] = {}
        self._lock = threading.Lock()

    def findings(self, run: Run, reference: Run | None) -> RowFindings:
        """Coverage and costly slices of a run against a reference, with the thin mass of the runs before."""
        key = (run.id, reference.id if reference is not None else "")
        with self._lock:
            if key not in self._found:
                self._found[key] = msgspec.structs.replace(self._of(run, reference), past=tuple(self._past(run)))
            return self._found[key]

    def _of(self, run: Run, reference: Run | None) -> RowFindings:
        rows = self._where(run, reference)
        if isinstance(rows, str):
            return RowFindings(coverage=rows, slices=rows)
        return self._kept(rows, run, reference, _FINDINGS, lambda: self._counted(rows, run, reference))

    def _past(self, run: Run) -> Iterable[PastThin]:
        at = next((i for i, one in enumerate(self._runs) if one.id == run.id), 0)
        for one in self._runs[max(0, at - PAST_RUNS) : at]:
            if (thin := self._thin_of(one)) is not None:
                yield PastThin(run=one.id, thin=thin)

    def _thin_of(self, run: Run) -> ThinMass | None:
        """The thin mass of a run against what its own model learned from; None where that is not known."""
        if run.id not in self._thin:
            rows = self._where(run, None)
            known = None if isinstance(rows, str) else self._kept(rows, run, None, _THIN, lambda: self._counted_thin(rows, run))
            self._thin[run.id] = known.thin if known is not None else None
        return self._thin[run.id]

    def _kept(self, rows: _Rows, run: Run, reference: Run | None, codec: Codec[T], count: Callable[[], T]) -> T:
        """What was counted last time, if nothing that it depends on changed."""
        place, files = Path(self._place(rows, run, reference)), [file for one in rows.sources for file in one.files]
        outcome = cached(self._cache, place, files, codec, lambda: Loaded(value=count()))
        assert isinstance(outcome, Loaded)
        return outcome.value

    # --- where the rows lie --------------------------------------------------------------------------------------------------------

    def _where(self, run: Run, reference: Run | None) -> _Rows | str:
        node = self._asked.cost_rule.predictions if self._asked.cost_rule is not None else ""
        now = judged_rows(run, node)
        if isinstance(now, Absent):
            return now.sentence
        before = judged_rows(reference, node) if reference is not None else None
        known = before.value if isinstance(before, Loaded) else None
        base, text = self._base(run)
        if not base and known is not None and reference is not None:
            base, text = ((reference, known),), f"rows of the reference ({known.text}); what the model learned from is not kept"
        if not base:
            return f"There are no rows to compare those of {run.period.label} with: {text or 'the run has no reference with rows'}."
        return _Rows(now=now.value, base=base, before=known, base_text=text)

    def _base(self, run: Run) -> tuple[tuple[tuple[Run, RowSource], ...], str]:
        """Rows of the spans that the serving model learned from, where lineage tells them."""
        spans = run.baseline.data_spans if run.baseline is not None else ()
        runs = [one for one in self._runs if span_of(one) in spans and one.id != run.id][-BASE_RUNS:]
        found = [(one, source) for one in runs if (source := _learned(one)) is not None]
        if not found:
            return (), "what the model learned from is not kept" if spans else "lineage does not say what the model learned from"
        kinds = ", ".join(dict.fromkeys(source.text for _, source in found))
        return tuple(found), f"{kinds} of {len(found)} of the {len(spans)} spans that the serving model learned from"

    def _place(self, rows: _Rows, run: Run, reference: Run | None) -> str:
        """The name of what is kept: everything it depends on beside the files' own looks."""
        digest = hashlib.sha256(msgspec.json.encode((self._asked.rule, self._asked.cost_rule, self._asked.critical, self._asked.clocks)))
        for one in (run, reference):
            cost = self._asked.costs.get(one.id) if one is not None else None
            label = label_of(self._asked.cost_rule, one) if one is not None else ""
            digest.update(f"{one.id if one is not None else ''}|{label}|".encode())
            if isinstance(cost, RunCost):
                for values in (cost.cells.volume, cost.cells.values, cost.cells.rates):
                    digest.update(np.ascontiguousarray(values).tobytes())
                digest.update(msgspec.json.encode(cost.cells.units))
            else:
                digest.update(str(cost).encode())
        for source in rows.sources:
            digest.update(f"{source.artifact.path}|{source.role}|{source.text}".encode("utf-8", "surrogateescape"))
        return f"{rows.now.artifact.path}|{digest.hexdigest()}"

    # --- counting ----------------------------------------------------------------------------------------------------------------

    def _counted(self, rows: _Rows, run: Run, reference: Run | None) -> RowFindings:
        compared = self._compared(rows, run, reference)
        if isinstance(compared, str):
            return RowFindings(coverage=compared, slices=compared)
        options = self._options(run, compared)
        return RowFindings(
            coverage=coverage(compared, ways=self._asked.rule.ways, support=self._asked.rule.support, **options),
            slices=self._searched(compared, options), now_text=self._text(rows.now, compared.now), base_text=rows.base_text,
            before_text=self._text(rows.before, compared.before) if rows.before is not None and compared.before is not None else "",
            loss_text=compared.now.loss_reason, carried=carried(compared.now, **options),
        )  # fmt: skip

    def _counted_thin(self, rows: _Rows, run: Run) -> _Thin:
        compared = self._compared(rows, run, None)
        if isinstance(compared, str):
            return _Thin()
        options = self._options(run, compared)
        found = coverage(compared, ways=self._asked.rule.ways, support=self._asked.rule.support, **options)
        return _Thin(thin=None if isinstance(found, str) else found.thin)

    def _searched(self, compared: Compared, options: Mapping[str, Sequence[str]]) -> SliceSearch | str:
        rule = self._asked.rule
        if sum(one.rows for one in compared.base) < compared.now.rows:  # levels are better cut on more rows
            compared = msgspec.structs.replace(compared, base=(compared.now,), base_share=1.0)
        cut = cut_rows(compared, support=rule.support, ways=min(rule.depth, 2), **options)
        return search(compared.now, cut, before=compared.before, depth=rule.depth, critical=self._asked.critical)

    def _compared(self, rows: _Rows, run: Run, reference: Run | None) -> Compared | str:
        now = self._judged(run, rows.now)
        if isinstance(now, str):
            return now
        tables = [(one, source, self._judged(one, source)) for one, source in rows.base]
        base = [(one, source, table) for one, source, table in tables if isinstance(table, RowTable)]
        if not base:
            return next(table for _, _, table in tables if isinstance(table, str))
        before = self._judged(reference, rows.before) if reference is not None and rows.before is not None else None
        return Compared(
            now=now, base=tuple(table for _, _, table in base), before=before if isinstance(before, RowTable) else None,
            base_share=_share(base, learned=run.baseline.data_spans if run.baseline is not None else (), runs=self._runs),
        )  # fmt: skip

    def _judged(self, run: Run, source: RowSource) -> RowTable | str:
        """The rows of one source, the costs of those that the serving model judged beside them."""
        key = (run.id, source.artifact.path)
        if key not in self._tables:
            outcome = sample_rows(source)
            made = self._table(run, source, outcome.value) if isinstance(outcome, Loaded) else outcome.sentence
            self._tables[key] = made
            while len(self._tables) > _KEPT_TABLES:
                self._tables.popitem(last=False)
        self._tables.move_to_end(key)
        return self._tables[key]

    def _table(self, run: Run, source: RowSource, sampled: SampledRows) -> RowTable:
        label = label_of(self._asked.cost_rule, run)
        loss = self._losses(run, source, sampled.frame, label)
        columns, left_out = _columns(sampled.frame, without={label})
        return RowTable(
            columns=columns, left_out=left_out, rows=sampled.frame.height, stride=sampled.stride, source=source.text,
            loss=None if isinstance(loss, str) else loss, loss_reason=loss if isinstance(loss, str) else "", label=_outcomes(sampled.frame, label),
        )  # fmt: skip

    def _losses(self, run: Run, source: RowSource, frame: pl.DataFrame, label: str) -> Floats | str:
        cost = self._asked.costs.get(run.id, "no cost is known for this run")
        if isinstance(cost, str):
            return cost
        if source.role != "serving":
            return f"the {source.text} are not of the model that served" if source.role == "other" else f"no model judged the {source.text}"
        found = [
            self._own_money(run, part, frame) if part.rule.kind == "amounts" else row_losses(part, frame, label)
            for part in cost.parts or (cost,)
        ]
        known = [one for one in found if not isinstance(one, str)]
        if len(known) < len(found):
            return next(one for one in found if isinstance(one, str))
        total: Floats = np.sum(known, axis=0)  # a row that one rule cannot price has no price
        return total

    def _own_money(self, run: Run, cost: RunCost, frame: pl.DataFrame) -> Floats | str:
        """Money that a rule of kind amounts gives to each row."""
        if self._asked.tables is None or cost.rule != self._asked.cost_rule:
            return f"the rows of cost {cost.rule.name!r} were not priced one by one"
        key = model_key(run.baseline)
        scored = self._asked.tables(run, key)
        if isinstance(scored, str):
            return scored
        if scored.money is None or key not in scored.scores or len(scored.scores[key]) != frame.height:
            return "the rows with a price are others than these"
        at = unit_places(cost, frame)
        return at if isinstance(at, str) else scaled(cost, scored.money(scored.scores[key]), at)

    def _options(self, run: Run, compared: Compared) -> dict[str, Sequence[str]]:
        """Features to cross: those of insights.toml, else those that the trainer's settings list, else all; clocks only when named.

        A month that the reference did not have is no news of the data."""
        rule, clocks = self._asked.rule, self._asked.clocks
        trainer = run.baseline.trainer if run.baseline is not None else None
        names = {one.name for one in compared.now.columns}
        listed = tuple(sorted(set(listed_texts(trainer)) & names - {*rule.leave_out, *clocks}))
        return {"features": rule.features or (listed if len(listed) > 1 else ()), "leave_out": (*rule.leave_out, *clocks)}

    @staticmethod
    def _text(source: RowSource, table: RowTable) -> str:
        every = f", every {table.stride}th" if table.stride > 1 else ""
        return f"{table.rows:,} rows{every}: {source.text}"


def _outcomes(frame: pl.DataFrame, label: str) -> Floats | None:
    """The outcome of each row, where it is 0 or 1; None for other outcomes, and where rows have none."""
    if label not in frame.columns or not frame.schema[label].is_numeric():
        return None
    values = frame[label].cast(pl.Float64).to_numpy()
    known = values[np.isfinite(values)]
    return values if len(known) and bool(np.isin(known, (0.0, 1.0)).all()) else None


def _learned(run: Run) -> RowSource | None:
    """Rows of the run as a model was trained on them, else as one judged them."""
    for found in (training_rows(run), judged_rows(run)):
        if isinstance(found, Loaded):
            return found.value
    return None


def _share(base: Sequence[tuple[Run, RowSource, RowTable]], *, learned: Sequence[str], runs: Sequence[Run]) -> float:
    """Which share of all training examples the base rows are, as the statistics of the training splits count them."""
    rows = sum(table.rows for _, _, table in base)
    spanned = [one for one in runs if span_of(one) in learned] or [run for run, _, _ in base]
    counted = [main_split(one) for one in spanned]
    known = [one.whole.num_examples for one in counted if one is not None and one.whole is not None]
    total = sum(known) * len(spanned) / len(known) if known else sum(table.rows * table.stride for _, _, table in base)
    return min(1.0, rows / max(total, 1.0))


# --- columns -----------------------------------------------------------------------------------------------------------------------


def _columns(frame: pl.DataFrame, *, without: set[str]) -> tuple[tuple[Column, ...], tuple[tuple[str, str], ...]]:
    """Columns that can be features, and why the others are none. Outputs of a model and columns without any value are not told."""
    found: list[Column] = []
    left_out: list[tuple[str, str]] = []
    for series in frame.iter_columns():
        if series.name.startswith(_OUTPUTS) or series.name in without or series.null_count() == len(series):
            continue
        made = _column(series)
        if isinstance(made, str):
            left_out.append((series.name, made))
        else:
            found.append(made)
    return tuple(found), tuple(left_out)


def _column(series: pl.Series) -> Column | str:
    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        return NumberColumn(name=series.name, values=series.cast(pl.Float64).fill_null(float("nan")).to_numpy())
    if series.dtype != pl.String:
        return "a row has several values"
    labels = series.drop_nulls().unique().sort()
    if len(labels) > max(_FEW, _MANY * (len(series) - series.null_count())):
        return "nearly every value is its own"
    codes = series.cast(pl.Enum(labels)).to_physical().cast(pl.Int32).fill_null(-1)
    return TextColumn(name=series.name, codes=codes.to_numpy(), labels=tuple(labels))
