"""Reads what a history's money needs: configuration, business tables, spread of predictions, plots of a few slices. Part of the composition root."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import polars as pl

from model_insights.artifacts.configuration import FILE_NAME, find_config, folders_up, read_config
from model_insights.artifacts.discovery import Found
from model_insights.artifacts.kept_rows import KeptRows
from model_insights.artifacts.scores import ScoreFiles
from model_insights.artifacts.tables import read_table
from model_insights.artifacts.tfma_attributions import read_attributions
from model_insights.artifacts.tfma_plots import PlotIndex, index_plots, read_plots
from model_insights.config import Config, CostRule, ResultRule, TableSource
from model_insights.cost.currency import in_currency, sources_of
from model_insights.cost.join import When
from model_insights.cost.model import Floats
from model_insights.cost.rates import Counts, Matrices, Spread
from model_insights.cost.result import RunResult, run_result
from model_insights.cost.threshold import confusion_counts
from model_insights.cost.units import UnitTable, aligned, unit_table
from model_insights.errors import ConfigError, TableError
from model_insights.evidence.business import BusinessEvent
from model_insights.history import evaluation_of, span_of
from model_insights.judgement import Case
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import Attributions, MultiClassMatrix, Plot
from model_insights.reading_rows import read_rows, volume_rule
from model_insights.reading_scored import ScoredShelf, label_of
from model_insights.reading_spend import read_spend
from model_insights.run import History, Run
from model_insights.settings import ReadingSettings
from model_insights.slices import SliceKey
from model_insights.view import Notice
from model_insights.wording import Words, checked_locale


class Settings(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The configuration that holds for one pipeline, where it lies, and what could not be read."""

    config: Config | None
    folders: tuple[Path, ...]  # where relative paths are looked for, in order
    reading: ReadingSettings = ReadingSettings()
    notices: tuple[Notice, ...] = ()

    @property
    def table_files(self) -> tuple[Path, ...]:
        """Every place where a file of a business table lies or may come to lie."""
        tables = self.config.tables.values() if self.config else ()
        named = [one.path for one in tables if one.path and not one.is_database and "://" not in one.path]
        return tuple(folder / path for path in named for folder in self.folders)

    def speaks_of(self, pipeline: str) -> bool:
        """False when the file names its pipelines and this is none of them."""
        return self.config is None or not self.config.insights.pipelines or pipeline in self.config.insights.pipelines


def settings_at(path: Path | None, above: tuple[Path, ...]) -> Settings:
    """The settings of one file (None: there is none); `above` are folders where its relative paths may also start.

    A configuration that cannot be used becomes a notice: the evidence still shows, the money does not."""
    if path is None:
        return Settings(config=None, folders=above)
    try:
        config = read_config(path)
    except ConfigError as error:
        return Settings(config=None, folders=above, notices=(Notice(level="error", text=str(error), remedy=""),))
    folders = (path.parent, *above)
    reading, notices = _reading(config, folders)
    if not checked_locale(config.insights.locale):
        notices = (
            *notices,
            Notice(
                level="warning",
                text=f"{path.name}: locale {config.insights.locale!r} is not known.",
                remedy="Use a name such as en, de or en_GB.",
            ),
        )
    return Settings(config=config, folders=folders, reading=reading, notices=notices)


class Configurations:
    """Which insights.toml speaks of which pipeline; each file is read once."""

    def __init__(self, found: Found, given: tuple[Path, ...]) -> None:
        self._found, self._given = found, given
        self._known: dict[tuple[Path | None, Path], Settings] = {}

    def of(self, pipeline: str, folder: str) -> Settings:
        """The settings of the pipeline whose store or root is `folder`: of the given files the first that speaks of it, else the nearest."""
        start = self._start(pipeline, Path(folder))
        logdir = self._logdir(start)
        if not self._given:
            return self._read(find_config(start, logdir), start, logdir)
        return next(
            (one for path in self._given if (one := self._read(path, start, logdir)).speaks_of(pipeline)),
            Settings(config=None, folders=(logdir,)),
        )

    def reading(self, pipeline: str, folder: str) -> ReadingSettings:
        return self.of(pipeline, folder).reading

    def _read(self, path: Path | None, start: Path, logdir: Path) -> Settings:
        if (path, start) not in self._known:
            self._known[path, start] = settings_at(path, folders_up(start, logdir))
        return self._known[path, start]

    def _start(self, pipeline: str, folder: Path) -> Path:
        """The pipeline root at or below the folder: the only one, or the one of that name; else the folder."""
        roots = [Path(root.path) for root in self._found.pipeline_roots if folder in (Path(root.path), *Path(root.path).parents)]
        named = [root for root in roots if pipeline in root.parts[len(folder.parts) :]]
        return named[0] if named else roots[0] if len(roots) == 1 else folder

    def _logdir(self, place: Path) -> Path:
        return next((Path(one.path) for one in self._found.logdirs if Path(one.path) in (place, *place.parents)), place)


def _reading(config: Config, folders: tuple[Path, ...]) -> tuple[ReadingSettings, tuple[Notice, ...]]:
    rule, rewrite, roots = config.insights.period, tuple(config.insights.rewrite.items()), config.insights.roots
    if rule is None:
        return ReadingSettings(rewrite=rewrite, roots=roots), ()
    if not rule.calendar:
        return ReadingSettings(period_node=rule.node, period_property=rule.property, period_key=rule.key, rewrite=rewrite, roots=roots), ()
    source = config.tables.get(rule.calendar)
    outcome = read_table("calendar", source or TableSource(path=rule.calendar), folders)
    if not isinstance(outcome, Loaded):
        return ReadingSettings(rewrite=rewrite, roots=roots), (_notice(outcome),)
    frame = outcome.value
    missing = [column for column in (rule.key, rule.value) if column not in frame.columns]
    if missing:
        text = f"{FILE_NAME}: the calendar {rule.calendar} has no column {', '.join(missing)}."
        return ReadingSettings(rewrite=rewrite, roots=roots), (
            Notice(level="error", text=text, remedy=f"It has {', '.join(frame.columns)}."),
        )
    start = rule.start if rule.start in frame.columns else rule.value
    ends = frame[rule.end] if rule.end in frame.columns else [""] * frame.height
    rows = tuple(
        (str(k), str(v), str(s), str(e)) for k, v, s, e in zip(frame[rule.key], frame[rule.value], frame[start], ends, strict=False)
    )
    return ReadingSettings(calendar=rows, rewrite=rewrite, roots=roots), ()


def _notice(outcome: Absent | Damaged) -> Notice:
    if isinstance(outcome, Damaged):
        return Notice(level="error", text=f"{outcome.path} cannot be read: {outcome.what}.", remedy=outcome.remedy)
    return Notice(level="warning", text=f"No {outcome.what}: {outcome.reason}.", remedy=outcome.remedy)


# --- the case of a history -------------------------------------------------------------------------------------------------------


def read_case(
    history: History, settings: Settings, plots: PlotShelf, scores: ScoreFiles | None = None, *, kept: KeptRows | None = None
) -> tuple[Case, tuple[Notice, ...]]:
    """Everything the judgement of a history needs, and what was missing."""
    config = settings.config
    if config is None:
        reason = "there is no insights.toml for this pipeline, so mistakes have no price"
        if settings.notices:
            reason = "insights.toml cannot be used, so mistakes have no price"
        return Case(history=history, config=None, rule=None, units={}, spread=lambda _: _no_spread, config_reason=reason), settings.notices
    words = Words(locale=config.insights.locale if checked_locale(config.insights.locale) else "en", currency=config.insights.currency)
    sources, problem = _sources(config, settings.folders)
    tables = {name: _table(name, source, config, settings.folders) for name, source in sources.items()}
    notices = (*settings.notices, *problem, *(_notice(one) for one in tables.values() if not isinstance(one, Loaded)))
    frames = {name: one.value for name, one in tables.items() if isinstance(one, Loaded)}
    results = {run.id: _result(config.result, sources, frames, tables, run) for run in history.runs} if config.result else {}
    bare = Case(
        history=history, config=config, rule=None, units={}, spread=lambda _: _no_spread, results=results, events=_events(config, frames),
        spend=read_spend(history, frames.get(config.insights.spend)),
        words=words, config_reason="insights.toml has no [[cost]] rule, so mistakes have no price", sources=sources,
    )  # fmt: skip
    cases = [_priced_case(bare, rule, frames, tables, plots, scores, kept) for rule in config.cost]
    return msgspec.structs.replace(cases[0], parts=tuple(cases) if len(cases) > 1 else ()) if cases else bare, notices


def _priced_case(
    bare: Case, rule: CostRule, frames: Mapping[str, pl.DataFrame], tables: Mapping[str, object], plots: PlotShelf,
    scores: ScoreFiles | None, kept: KeptRows | None,
) -> Case:  # fmt: skip
    """The case of one cost rule."""
    history = bare.history
    sources = bare.sources
    rows = read_rows(history, rule, frames, sources, kept=kept)
    units = {run.id: _units(volume_rule(rule), sources, frames, tables, run) for run in history.runs}
    return msgspec.structs.replace(
        bare, rule=rule, units=units, spread=_spreads(history, rule, units, plots), matrices=_matrices(history, rule, plots), config_reason="",
        counts=_counts(history, rule, plots), amounts=rows.amounts, scores=rows.scores, label=_label(rule, history),
        rows=ScoredShelf(history, rule, frames, sources, scores, kept) if rule.capacity is None else None,
    )  # fmt: skip


def _label(rule: CostRule | None, history: History) -> str:
    return next((name for run in history.runs if (name := label_of(rule, run))), "") if rule else ""


def _sources(config: Config, folders: tuple[Path, ...]) -> tuple[Mapping[str, TableSource], tuple[Notice, ...]]:
    """The tables with the rates by day of those in another currency; without a usable table of rates only constant ones are left."""
    name = config.insights.rates_table
    outcome = read_table(name, config.tables[name], folders) if name else None
    try:
        return sources_of(config.tables, config.insights, outcome.value if isinstance(outcome, Loaded) else None), ()
    except TableError as error:
        return config.tables, (Notice(level="error", text=str(error), remedy="Correct the table of rates."),)


def _table(name: str, source: TableSource, config: Config, folders: tuple[Path, ...]) -> Loaded[pl.DataFrame] | Absent | Damaged:
    """The table with its money in our currency."""
    outcome = read_table(name, source, folders)
    if not isinstance(outcome, Loaded):
        return outcome
    try:
        return Loaded(value=in_currency(name, outcome.value, source, config.insights), path=outcome.path)
    except TableError as error:
        return Damaged(path=outcome.path, what=str(error).rstrip("."), remedy="Correct the table, or `money` in insights.toml.")


def _units(
    rule: CostRule, sources: Mapping[str, TableSource], frames: Mapping[str, pl.DataFrame], tables: Mapping[str, object], run: Run
) -> UnitTable | str:
    """The run's joined table, or the sentence why there is none."""
    lost = [name for name in rule.tables or tables if name not in frames]
    if rule.grain and lost and (rule.tables or not frames):
        outcome = tables[lost[0]]
        return outcome.sentence if isinstance(outcome, (Absent, Damaged)) else f"table {lost[0]!r} was not read"
    try:
        found = unit_table(rule, frames, span=span_of(run), period=run.period.label, start=run.period.start, sources=sources)
        evaluation = evaluation_of(run)
        return (aligned(rule, found, evaluation.slices) if evaluation else found) if found.rows else _no_rows(rule, found, run)
    except TableError as error:
        return str(error)


def _result(
    rule: ResultRule, sources: Mapping[str, TableSource], frames: Mapping[str, pl.DataFrame], tables: Mapping[str, object], run: Run
) -> RunResult | str:
    """The run's business result, or the sentence why there is none."""
    if (lost := next((name for name in rule.tables or tables if name not in frames), None)) is not None and (rule.tables or not frames):
        outcome = tables[lost]
        return outcome.sentence if isinstance(outcome, (Absent, Damaged)) else f"table {lost!r} was not read"
    try:
        return run_result(run.id, rule, frames, When(span=span_of(run), period=run.period.label, start=run.period.start), sources)
    except TableError as error:
        return str(error)


def _no_rows(rule: CostRule, found: UnitTable, run: Run) -> str:
    keys = [f"span {span_of(run)}" if "span" in rule.grain else "", f"period {run.period.label}" if "period" in rule.grain else ""]
    where = " and ".join(key for key in keys if key) or "this run"
    if not found.unmatched:
        return f"the business tables have no row for {where}"
    most = found.unmatched[0]
    return f"no row of the business tables has a partner and a price for {where}: {most.reason} ({'; '.join(most.keys[:3])})"


def _events(config: Config, frames: Mapping[str, pl.DataFrame]) -> tuple[BusinessEvent, ...]:
    frame = frames.get(config.insights.events)
    if frame is None or not {"date", "text"} <= set(frame.columns):
        return ()
    rows = frame.sort("date").iter_rows(named=True)
    return tuple(BusinessEvent(date=str(row["date"]), text=str(row["text"]), kind=str(row.get("kind", ""))) for row in rows)


# --- plots -----------------------------------------------------------------------------------------------------------------------


class PlotShelf:
    """Plots of the runs of one history, read slice by slice and kept. One per history and scan."""

    def __init__(self) -> None:
        self._indexes: dict[str, Loaded[PlotIndex] | Absent | Damaged] = {}
        self._plots: dict[tuple[str, SliceKey], Loaded[tuple[Plot, ...]] | Absent | Damaged] = {}
        self._attributions: dict[str, Loaded[tuple[Attributions, ...]] | Absent | Damaged] = {}
        self._confusion: dict[tuple[str, str, SliceKey], Floats | None] = {}

    def plots(self, run: Run, where: SliceKey) -> Loaded[tuple[Plot, ...]] | Absent | Damaged:
        """The plots of one slice; absent or damaged with the sentence."""
        key = (run.id, where)
        if key not in self._plots:
            index = self._index(run)
            self._plots[key] = read_plots(index.value, where) if isinstance(index, Loaded) else index
        return self._plots[key]

    def confusion(self, run: Run, model: str, units: Sequence[SliceKey]) -> dict[SliceKey, Floats]:
        """Confusion counts by threshold of the units that have them (cost.threshold), read once and kept without the rest of the plots."""
        for unit in units:
            if (run.id, model, unit) not in self._confusion:
                index = self._index(run)
                outcome = read_plots(index.value, unit, buckets=False) if isinstance(index, Loaded) else index
                self._confusion[run.id, model, unit] = confusion_counts(outcome.value, model) if isinstance(outcome, Loaded) else None
        return {unit: found for unit in units if (found := self._confusion[run.id, model, unit]) is not None}

    def attributions(self, run: Run) -> Loaded[tuple[Attributions, ...]] | Absent | Damaged:
        """What the run's evaluation says each feature contributed; absent or damaged with the sentence."""
        if run.id not in self._attributions:
            missing = Absent(what="feature attributions", reason="the run has no evaluation", remedy="Add an Evaluator to the pipeline.")
            self._attributions[run.id] = read_attributions(Path(run.evaluation_path)) if run.evaluation_path else missing
        return self._attributions[run.id]

    def _index(self, run: Run) -> Loaded[PlotIndex] | Absent | Damaged:
        if run.id not in self._indexes:
            missing = Absent(what="plots", reason="the run has no evaluation", remedy="Add an Evaluator to the pipeline.")
            self._indexes[run.id] = index_plots(Path(run.evaluation_path)) if run.evaluation_path else missing
        return self._indexes[run.id]


def _no_spread(model: str, where: SliceKey) -> float | None:
    return None


def _spreads(history: History, rule: CostRule | None, units: Mapping[str, UnitTable | str], plots: PlotShelf) -> Callable[[str], Spread]:
    """Standard deviation of one prediction per run, model and unit, from the calibration buckets; read now, looked up later."""
    known: dict[tuple[str, str, SliceKey], float] = {}
    for run in history.runs if rule is not None and rule.kind == "inventory" else ():
        found = units.get(run.id)
        for row in found.rows if isinstance(found, UnitTable) else ():
            outcome = plots.plots(run, row.unit)
            for plot in outcome.value if isinstance(outcome, Loaded) else ():
                if (sd := prediction_spread(plot)) is not None:
                    known.setdefault((run.id, plot.key.model_name, row.unit), sd)

    def of_run(run_id: str) -> Spread:
        return lambda model, unit: known.get((run_id, model, unit))

    return of_run


def _matrices(history: History, rule: CostRule | None, plots: PlotShelf) -> Callable[[str], Matrices]:
    """Multi-class confusion matrices per run, model and unit from the plots; read now, looked up later."""
    known: dict[tuple[str, str, SliceKey], tuple[MultiClassMatrix, ...]] = {}
    columns = rule.unit if rule is not None and rule.kind == "multiclass" else None
    for run in history.runs if columns is not None else ():
        evaluation = evaluation_of(run)
        for where in evaluation.slices if evaluation is not None else ():
            outcome = plots.plots(run, where) if columns is not None and isinstance(where, SliceKey) and where.is_by(columns) else None
            for plot in outcome.value if isinstance(outcome, Loaded) else ():
                if plot.multi_class and isinstance(where, SliceKey):
                    known.setdefault((run.id, plot.key.model_name, where), plot.multi_class)

    def of_run(run_id: str) -> Matrices:
        return lambda model, unit: known.get((run_id, model, unit)) or known.get((run_id, "", unit), ())

    return of_run


def _counts(history: History, rule: CostRule, plots: PlotShelf) -> Callable[[str], Counts]:
    """Confusion by threshold per run, model and unit, for a rule whose cases compete by score; read now, looked up later."""
    known: dict[tuple[str, str], dict[SliceKey, Floats]] = {}
    for run in history.runs if rule.capacity is not None else ():
        evaluation = evaluation_of(run)
        units = [where for where in evaluation.slices if isinstance(where, SliceKey) and where.is_by(rule.unit)] if evaluation else []
        for model in {key.model_name for key in evaluation.keys} if evaluation else ():
            known[run.id, model] = plots.confusion(run, model, units)
    return lambda run_id: lambda model, _: known.get((run_id, model), {})


def prediction_spread(plot: Plot) -> float | None:
    """Standard deviation of the predictions between the plot's calibration buckets; None without buckets."""
    kept = [b for b in plot.calibration if b.examples > 0]
    n = sum(b.examples for b in kept)
    if n <= 0:
        return None
    mean = sum(b.prediction_sum for b in kept) / n
    return math.sqrt(sum(b.examples * (b.prediction_sum / b.examples - mean) ** 2 for b in kept) / n)
