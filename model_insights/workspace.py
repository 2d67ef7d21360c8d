"""The composition root of the core: reads a log directory and answers view requests. Tab, report and library all start here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from model_insights.artifacts.assembly import assemble
from model_insights.artifacts.cache import Cache
from model_insights.artifacts.discovery import discover
from model_insights.artifacts.kept_rows import KeptRows
from model_insights.artifacts.scores import ScoreFiles
from model_insights.artifacts.state import Stamp, default_state, fingerprint, stamp
from model_insights.assuming import scaled, told
from model_insights.cost.model import Floats
from model_insights.errors import UnknownId
from model_insights.evidence.data import Calibration, calibrate
from model_insights.evidence.findings import READING, RowFindings, scaled_findings
from model_insights.history import Reference, judged_runs, references
from model_insights.ids import parse_slice
from model_insights.judgement import Case, Judgement, Series, judge, ordinary_before, series
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import Attributions, Plot
from model_insights.reading import Configurations, PlotShelf, Settings, read_case
from model_insights.reading_combinations import RowShelf, asked_of
from model_insights.record import VerdictRecord, record
from model_insights.remembered import Remembered
from model_insights.run import History, Run
from model_insights.slices import SliceKey
from model_insights.view import Notice, Request, View
from model_insights.views.choices import only_split, splits_of, with_choices
from model_insights.views.compose import Shelf, compose, empty

PAST = 12  # verdicts in the history strip
MOST_ASSUMED = 4  # histories under assumed unit values that are kept
DEFAULT_REFERENCES = ("previous", "4 weeks", "season", "training", "last_blessed")


class Book:
    """One pipeline, read: its history, its prices, and the judgements made so far. Replaced whole by the next scan."""

    def __init__(
        self,
        case: Case,
        settings: Settings,
        remembered: Remembered,
        *,
        plots: PlotShelf,
        notices: tuple[Notice, ...] = (),
        factor: float = 1.0,
        base: Book | None = None,
    ) -> None:
        self._factor, self._base = factor, base  # what every price is assumed to be multiplied with, and the book without that
        self._assumed: dict[float, Book] = {}
        self._remembered, self.plots = remembered, plots
        self.history, self.case, self.settings, self.notices = case.history, case, settings, notices
        self._lock = threading.Lock()
        self._made: tuple[Series, Calibration] | None = None
        self._judged: dict[tuple[str, str, str], Judgement] = {}
        self._shelf: RowShelf | None = None
        self._cache: Cache | None = None  # for what rows say
        self.reads_rows = True  # False: that comes later, with `read_rows`

    @classmethod
    def read(
        cls, history: History, settings: Settings, remembered: Remembered, scores: ScoreFiles | None = None, *, kept: KeptRows | None = None
    ) -> Book:
        """The book of a history, with what its money needs read now."""
        plots = PlotShelf()
        case, notices = read_case(history, settings, plots, scores, kept=kept)
        return cls(case, settings, remembered, plots=plots, notices=notices)

    @property
    def name(self) -> str:
        return (self.case.config.insights.name if self.case.config else "") or self.history.name

    def judgement(self, run: Run, reference: Run | None, split: str = "") -> Judgement:
        """The judgement of a pair, made once. `split`: whose statistics are compared; "": those of the split with the most examples."""
        made = self._series()
        with self._lock:
            key = (run.id, reference.id if reference else "", split)
            if key not in self._judged:
                seen = self._base.judgement(run, reference, split) if self._base else self._of_split(run, reference, split)
                self._judged[key] = judge(self.case, *made, run, reference, seen=seen)
            return self._judged[key]

    def _of_split(self, run: Run, reference: Run | None, split: str) -> Judgement | None:
        """The pair judged by the statistics of one split alone; None for the usual one."""
        if not split or self._made is None:
            return None
        return judge(self.case, *self._made, only_split(run, split), only_split(reference, split) if reference else None)

    def _series(self) -> tuple[Series, Calibration]:
        """Costs of all runs and what the history calls ordinary, made at the first question."""
        with self._lock:
            if self._made is None and self._base is not None:
                made, ordinary = self._base._series()
                self._made = scaled(made, self._factor), ordinary
            if self._made is None:
                calibration = calibrate(self.history.runs)
                self._made = series(self.case, calibration), calibration
            return self._made

    def _findings(self, run: Run, reference: Run | None) -> RowFindings:
        """What the rows of the run say, read once."""
        if self._base is not None:
            return scaled_findings(self._base._findings(run, reference), self._factor)
        return self._counted(run, reference) if self.reads_rows else RowFindings(coverage=READING, slices=READING)

    def _counted(self, run: Run, reference: Run | None) -> RowFindings:
        made, calibration = self._series()
        with self._lock:
            if self._shelf is None:
                self._shelf = RowShelf(made.runs, asked_of(self.case, made.costs, calibration.clocks), self._cache)
        return self._shelf.findings(run, reference)

    def defer_rows(self, cache: Cache | None) -> None:
        """Leave what rows say for `read_rows`, to be kept in `cache`."""
        self._cache, self.reads_rows = cache, False

    def read_rows(self, say: Callable[[str], None]) -> None:
        """What the rows of the page that opens first say: read now, in the background of whoever calls."""
        runs = judged_runs(self.history)
        if runs:
            say(f"Reading the rows of {self.name}")
            run = self._run("", runs)
            self._counted(run, self._reference(run, runs, "")[2])
        self.reads_rows = True

    def _ordinary(self, run: Run, runs: tuple[Run, ...]) -> tuple[Reference, ...]:
        """The last period at the expected level, offered first (and so chosen by default) when the loss began before the previous run."""
        found = ordinary_before(self._series()[0], run)
        if found is None or [one.id for one in runs].index(run.id) - [one.id for one in runs].index(found.id) < 2:
            return ()
        return (Reference(id="ordinary", text="last ordinary period", run_id=found.id, label=found.period.label),)

    def view(self, request: Request, pipelines: tuple[tuple[str, str], ...]) -> View:
        """The page of a request about this pipeline. Raises UnknownId for an id that no listing holds."""
        if request.values_scale != self._factor:
            return self._under(request.values_scale).view(request, pipelines)
        runs = judged_runs(self.history)
        if not runs:
            return empty(self.name, [*self.notices, *_problems(self.history.problems)], pipelines)
        run = self._run(request.run, runs)
        choices, chosen, reference = self._reference(run, runs, request.reference)
        splits = splits_of(run, reference)
        split = request.split if request.split in splits else ""
        judged = self.judgement(run, reference, split)
        plots, reason = self._plots(request, run)
        earlier, _ = self._plots(request, reference) if reference else ({}, "")
        found, why = self._attributions(request, run)
        shelf = Shelf(
            pipelines=pipelines, references=choices, reference=chosen.id if chosen else "", plots=plots, earlier_plots=earlier,
            confusion=self._confusion(request, run), earlier_confusion=self._confusion(request, reference),
            plot_reason=reason, attributions=found, attribution_reason=why,
            earlier_attributions=self._attributions(request, reference)[0], extra_notices=self.notices, past=self._past(request, run),
            confirmed=self._remembered.causes(self.history.pipeline),
            rows=self._findings(run, reference) if request.view in ("insights", "cost") else None,
        )  # fmt: skip
        shown = self._of_split(run, reference, split) if request.view == "feature" else None
        page = told(compose(request, shown or judged, shelf), judged, self._factor)
        page = with_choices(page, runs, run, splits, split, self.case.words)
        if page.view != "insights":
            return page
        return msgspec.structs.replace(page, remarks=self._remembered.remarks(self.history.pipeline, run.id))

    def _under(self, factor: float) -> Book:
        """The same history under unit values times `factor`. The last few are kept: a slider goes to and fro."""
        with self._lock:
            if factor not in self._assumed:
                while len(self._assumed) >= MOST_ASSUMED:
                    del self._assumed[next(iter(self._assumed))]
                self._assumed[factor] = Book(
                    self.case, self.settings, self._remembered, plots=self.plots, notices=self.notices, factor=factor, base=self
                )
            return self._assumed[factor]

    def _reference(self, run: Run, runs: tuple[Run, ...], asked: str) -> tuple[tuple[Reference, ...], Reference | None, Run | None]:
        """(every reference that is offered, the chosen one, its run)."""
        config = self.case.config
        wanted = (config.insights.references if config else ()) or DEFAULT_REFERENCES
        season = config.insights.season if config else "52 weeks"
        names = (*wanted, *((asked,) if asked and asked not in wanted and asked != "ordinary" else ()))
        choices = (*self._ordinary(run, runs), *references(self.history, run, names, season=season))
        chosen = _chosen(choices, asked)
        return choices, chosen, next((one for one in runs if chosen and one.id == chosen.run_id), None)

    def records(self, last: int | None = None, *, until: Run | None = None) -> tuple[VerdictRecord, ...]:
        """One verdict per judged period, oldest first, each against its default reference; of the `last` periods up to `until`."""
        runs = judged_runs(self.history)
        shown = runs[: runs.index(until) + 1] if until is not None and until in runs else runs
        return tuple(record(self.judgement(run, self._reference(run, runs, "")[2])) for run in (shown[-last:] if last else shown))

    def _past(self, request: Request, run: Run) -> tuple[VerdictRecord, ...]:
        return self.records(PAST, until=run) if request.view == "insights" and self.case.rule is not None else ()

    def confirm(self, run_id: str, cause: str, note: str) -> None:
        """Keep what a run's verdict turned out to be. Raises UnknownId for a foreign run or cause, InsightsError where it cannot be kept."""
        self._remembered.confirm(self.history.pipeline, self._listed(run_id).id, cause, note)

    def keep_words(self, run_id: str, text: str) -> None:
        """Keep a person's words for the first page of a run's report. Raises UnknownId, InsightsError."""
        self._remembered.keep_words(self.history.pipeline, self._listed(run_id).id, text)

    def _run(self, run_id: str, runs: tuple[Run, ...]) -> Run:
        """The asked run; without an id the latest one that has an evaluation, else the latest."""
        if run_id:
            return self._listed(run_id)
        return next((run for run in reversed(runs) if isinstance(run.evaluation, Loaded)), runs[-1])

    def _listed(self, run_id: str) -> Run:
        index = self.history.index(run_id)
        if index is None:
            raise UnknownId(f"Run {run_id!r} is not in pipeline {self.name}. Choose one from the list of runs.")
        return self.history.runs[index]

    def _attributions(self, request: Request, run: Run | None) -> tuple[tuple[Attributions, ...], str]:
        """Attributions for the feature page, and the sentence why there are none."""
        if request.view != "feature" or run is None:
            return (), ""
        outcome = self.plots.attributions(run)
        return (outcome.value, "") if isinstance(outcome, Loaded) else ((), outcome.sentence)

    def _plots(self, request: Request, run: Run) -> tuple[dict[SliceKey, tuple[Plot, ...]], str]:
        """Plots of the slice that the page is about, and the sentence why there are none."""
        if request.view != "slice":
            return {}, ""
        where = parse_slice(request.id)
        outcome = self.plots.plots(run, where)
        return ({where: outcome.value}, "") if isinstance(outcome, Loaded) else ({}, outcome.sentence)

    def _confusion(self, request: Request, run: Run | None) -> dict[SliceKey, Floats]:
        """Confusion counts by threshold of the units that a classification rule prices, for the cost page."""
        cost = self._series()[0].cost(run.id) if request.view == "cost" and run is not None else None
        found: dict[SliceKey, Floats] = {}
        for part in (cost.parts or (cost,)) if cost is not None else ():
            if run is not None and part.cells.kind == "classification":
                found |= self.plots.confusion(run, part.model, part.cells.units)
        return found


def _chosen(choices: tuple[Reference, ...], wanted: str) -> Reference | None:
    """The asked reference if it can be followed, else the first that can. Raises UnknownId for a name that is no reference."""
    if wanted:
        found = next((one for one in choices if one.id == wanted), None)
        if found is not None and found.run_id:
            return found
        if found is not None and wanted.startswith("run:"):
            raise UnknownId(f"Reference {wanted!r} names no run of this pipeline. Choose one from the list of references.")
    return next((one for one in choices if one.run_id), None)


class Workspace:
    """A log directory, read on request. Thread-safe: a scan replaces what it read at once, views never see half of it."""

    def __init__(self, logdir: str, *, config: str = "", state: str = "") -> None:
        self._logdir = logdir
        self._given = tuple(Path(part).expanduser() for part in config.split(",") if part)
        folder = Path(state) if state else default_state()
        self._cache, self._remembered = Cache(folder), Remembered(folder)
        self._scores, self._rows = ScoreFiles(folder), KeptRows(folder)
        self._books: dict[str, Book] = {}
        self._problems: tuple[Notice, ...] = ()
        self._seen: str = ""
        self._tables: dict[Path, Stamp] = {}  # where business tables lie or may lie, as they were when read
        self._scanning = threading.Lock()
        self.scanned = False
        self.generation = 0

    @classmethod
    def open(cls, logdir: str, *, config: str = "", state: str = "") -> Workspace:
        """A workspace over a log directory (or a logdir_spec, or several separated by commas); nothing is read yet.

        `config`: path(s) of insights.toml, separated by commas; empty: the nearest at or above each pipeline root."""
        return cls(logdir, config=config, state=state)

    def scan(self, progress: Callable[[str], None] | None = None, *, rows: bool = True) -> None:
        """Reads what changed since the last scan. Never raises for what is on disk: problems become notices.

        `rows` False leaves out what rows say of combinations and slices: pages open sooner, and `read_rows` fills them."""
        say = progress or (lambda _: None)
        with self._scanning:
            say("Looking for pipelines")
            found = discover(self._logdir)
            seen = fingerprint([*(one.path for one in found.logdirs), str(self._scores.folder)], self._given)
            if self.scanned and seen == self._seen and not self.tables_changed():
                return
            books: dict[str, Book] = {}
            tables: dict[Path, Stamp] = {}
            problems = [*_problems(found.problems)]
            configurations = Configurations(found, self._given)
            say("Reading runs")
            for history in assemble(found, settings=configurations.reading, cache=self._cache):
                say(f"Pricing {history.name}")
                settings = configurations.of(history.name, history.root)
                tables |= {path: stamp(path) for path in settings.table_files if path not in tables}
                books[history.pipeline] = Book.read(history, settings, self._remembered, self._scores, kept=self._rows)
            for book in books.values():
                book.defer_rows(self._cache)
            self._books, self._problems, self._seen, self._tables = books, tuple(problems), seen, tables
            self.scanned = True
            self.generation += 1
        if rows:
            self.read_rows(progress)

    def read_rows(self, progress: Callable[[str], None] | None = None) -> None:
        """Reads the rows that the pages opening first speak of, where a scan left them out; the pages are new then."""
        waiting = [book for book in self._books.values() if not book.reads_rows]
        for book in waiting:
            book.read_rows(progress or (lambda _: None))
        self.generation += bool(waiting)

    def tables_changed(self) -> bool:
        """Whether a file of a business table came, went or was written since it was read: tables may lie outside the log directory."""
        return any(stamp(path) != seen for path, seen in self._tables.items())

    def has_pipelines(self) -> bool:
        return bool(self._books)

    def pipelines(self) -> tuple[tuple[str, str], ...]:
        """(id, name) of every pipeline, by name; one whose runs can all not be judged comes last."""
        books = sorted(self._books.values(), key=lambda book: (not judged_runs(book.history), book.name, book.history.pipeline))
        return tuple((book.history.pipeline, book.name) for book in books)

    def histories(self) -> tuple[History, ...]:
        """What was read, for the library: every pipeline's runs, oldest first."""
        return tuple(self._books[key].history for key, _ in self.pipelines())

    def records(self, pipeline: str = "") -> tuple[VerdictRecord, ...]:
        """One verdict per period of a pipeline (id or name; empty: the first), oldest first. Raises UnknownId."""
        return self._book(pipeline).records()

    def settings_of(self, pipeline: str = "") -> Settings:
        """What insights.toml says of a pipeline (id or name; empty: the first), and where its relative paths start. Raises UnknownId."""
        return self._book(pipeline).settings

    def case_of(self, pipeline: str = "") -> Case:
        """What a pipeline's money rests on (id or name; empty: the first). Raises UnknownId."""
        return self._book(pipeline).case

    def confirm(self, pipeline: str, run: str, cause: str, note: str) -> None:
        """Keep what a verdict turned out to be, in our state directory. Raises UnknownId, InsightsError."""
        self._book(pipeline).confirm(run, cause, note)

    def keep_words(self, pipeline: str, run: str, text: str) -> None:
        """Keep a person's words for the report of a run, in our state directory. Raises UnknownId, InsightsError."""
        self._book(pipeline).keep_words(run, text)

    def remembered_stamp(self, pipeline: str = "") -> str:
        """Another text as soon as somebody's words on the pipeline changed. Raises UnknownId."""
        return self._remembered.stamp(self._book(pipeline).history.pipeline) if self._books else ""

    def _book(self, pipeline: str) -> Book:
        listed = self.pipelines()
        found = next((key for key, name in listed if pipeline in ("", key, name)), None)
        if found is None:
            raise UnknownId(f"Pipeline {pipeline!r} is not in {self._logdir}. Choose one from the list of pipelines.")
        return self._books[found]

    def view(self, request: Request) -> View:
        """The page of a request. Raises UnknownId when it names something no listing holds; everything else becomes a sentence on the page."""
        listed = self.pipelines()
        if not listed:
            return empty("Insights Triangle", self._problems or (_nothing(self._logdir),))
        page = self._book(request.pipeline).view(request, listed)
        known = {notice.text for notice in page.notices}
        return msgspec.structs.replace(page, notices=(*page.notices, *(n for n in self._problems if n.text not in known)))


def _nothing(logdir: str) -> Notice:
    return Notice(
        level="info", text=f"No TFX pipeline, TFMA evaluation or TFDV statistics were found in {logdir}.",
        remedy="Point --logdir at a folder that holds a pipeline root, its metadata.db, or Evaluator output.",
    )  # fmt: skip


def _problems(problems: Iterable[Absent | Damaged]) -> tuple[Notice, ...]:
    found = []
    for one in problems:
        if isinstance(one, Damaged):
            found.append(Notice(level="error", text=f"{one.path} cannot be read: {one.what}.", remedy=one.remedy))
        else:
            found.append(Notice(level="warning", text=f"No {one.what}: {one.reason}.", remedy=one.remedy))
    return tuple(found)
