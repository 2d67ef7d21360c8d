"""Makes histories of what a log directory holds: one for each pipeline of each ML Metadata store, and for outputs no store tells of."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Union

import msgspec

from model_insights.artifacts import folder_runs, store_runs
from model_insights.artifacts.cache import Cache
from model_insights.artifacts.discovery import Found, discover, is_below, is_sure
from model_insights.artifacts.mlmd import read_store
from model_insights.artifacts.mlmd_runs import PipelineRecord, Store
from model_insights.artifacts.rewriting import Locator, locator
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.run import History
from model_insights.settings import ReadingSettings

# One for all, or by (pipeline name, folder of its store or root): several insights.toml may speak of several pipelines.
SettingsFor = Callable[[str, str], ReadingSettings]
_Settings = Union[ReadingSettings, SettingsFor]
_DEFAULTS = ReadingSettings()


def assemble(found: Found, *, settings: _Settings = _DEFAULTS, cache: Cache | None = None) -> tuple[History, ...]:
    """One History per pipeline, in the order of their names. Evaluations are read whole, through the cache where one is given; plots not.

    What could not be read is in the problems of the run or history it belongs to, and empty histories carry the problems of places that
    gave no run."""
    chosen = settings if callable(settings) else lambda name, folder: settings
    work = _Work(found, chosen, cache)
    for path in found.stores:
        work.add_store(path)
    work.add_roots()
    work.add_loose()
    return work.histories()


class _Entry(msgspec.Struct, kw_only=True):
    """A history before it has ids: ids are given when all names are known."""

    name: str
    folder: str  # tells pipelines of one name apart
    make: Callable[[str], History]


class _Work:
    """Collects what becomes histories."""

    def __init__(self, found: Found, settings: SettingsFor, cache: Cache | None) -> None:
        self.found, self.settings, self.cache = found, settings, cache
        self.entries: list[_Entry] = []
        self.claimed: set[str] = set()
        self.broken: list[tuple[str, Absent | Damaged]] = []

    # ---- stores ----

    def add_store(self, path: str) -> None:
        outcome = read_store(path)
        if not isinstance(outcome, Loaded):
            self.broken.append((os.path.dirname(path), outcome))
            return
        store, folder = outcome.value, os.path.dirname(path)
        where = self._locator(store, folder)
        self.claimed.update(root.path for root in where.chosen.values())
        pipelines = [
            one for one in store.pipelines if one.runs and (one.name or len(store.pipelines) == 1 or any(run.outputs for run in one.runs))
        ]
        for record in pipelines:
            name = record.name or os.path.basename(folder)
            self.entries.append(_Entry(name=name, folder=folder, make=self._from_store(store, record, where, folder)))
        if not pipelines:
            remedy = "Run the pipeline, or look again when its first step has ended."
            self.broken.append((folder, Absent(what=f"run in {path}", reason="the store holds no execution of a pipeline", remedy=remedy)))

    def _locator(self, store: Store, folder: str) -> Locator:
        rules = self.settings(store.pipelines[0].name if store.pipelines else "", folder)
        outside = self._outside(rules.roots, folder)
        return locator(
            (one.uri for one in store.artifacts.values()),
            store_folder=folder,
            other_stores=[os.path.dirname(one) for one in self.found.stores if os.path.dirname(one) != folder],
            roots=(*self.found.pipeline_roots, *outside.pipeline_roots),
            allowed=[*(one.path for one in self.found.logdirs), *self.found.roots, *(one.path for one in outside.logdirs)],
            rewrite=rules.rewrite,
        )

    def _outside(self, roots: tuple[str, ...], folder: str) -> Found:
        """What lies in the configured roots that discovery was not told of. They only supply artifacts: no pipelines of their own."""
        paths = [os.path.realpath(os.path.join(folder, os.path.expanduser(one))) for one in roots]
        new = tuple(("", path) for path in paths if path not in self.found.roots)
        return discover(new) if new else Found(logdirs=())

    def _from_store(self, store: Store, record: PipelineRecord, where: Locator, folder: str) -> Callable[[str], History]:
        def make(pipeline_id: str) -> History:
            lineage = store_runs.locate_all(record.lineage, where)
            ids = run_ids(pipeline_id, [run.name for run in record.runs])
            shelf = store_runs.Shelf(
                record=record,
                lineage=lineage,
                links=store.links,
                locator=where,
                settings=self.settings(record.name, folder),
                cache=self.cache,
                run_ids={execution: id_ for id_, run in zip(ids, record.runs, strict=True) for execution in run.executions},
                evaluates=any(store_runs.has_evaluation(run, lineage) for run in record.runs),
            )
            return store_runs.history_of(shelf, pipeline_id=pipeline_id, folder=folder)

        return make

    # ---- without a store ----

    def add_roots(self) -> None:
        for root in self.found.pipeline_roots:
            if root.path not in self.claimed and is_sure(root.tails) and (parts := folder_runs.root_parts(root)):
                self._add_parts(_name_of_root(root.path), root.path, parts, numbered=True)

    def add_loose(self) -> None:
        loose = tuple(one for one in self.found.loose if not any(is_below(one.path, root) for root in self.claimed))
        for folder, parts in folder_runs.loose_parts(msgspec.structs.replace(self.found, loose=loose)).items():
            self._add_parts(os.path.basename(folder), folder, parts, numbered=False)

    def _add_parts(self, name: str, folder: str, parts: Sequence[folder_runs.Parts], *, numbered: bool) -> None:
        def make(pipeline_id: str) -> History:
            ids = run_ids(pipeline_id, [one.name for one in parts])
            return folder_runs.history_of(
                parts, pipeline_id=pipeline_id, name=name, root=folder, run_ids=ids, cache=self.cache, numbered=numbered
            )

        self.entries.append(_Entry(name=name, folder=folder, make=make))

    # ---- together ----

    def histories(self) -> tuple[History, ...]:
        made = [one.make(id_) for one, id_ in zip(self.entries, self._pipeline_ids(), strict=True)]
        told = [_with_problems(history, self._problems_for(history)) for history in made]
        homeless = [(folder, problem) for folder, problem in self.broken if not any(_near(history.root, folder) for history in made)]
        return (*sorted(told, key=lambda one: (one.name, one.pipeline)), *(_empty(folder, problem) for folder, problem in homeless))

    def _problems_for(self, history: History) -> tuple[Absent | Damaged, ...]:
        return (*self.found.problems, *(problem for folder, problem in self.broken if _near(history.root, folder)))

    def _pipeline_ids(self) -> list[str]:
        """The name, and a few digits of its place in the log directory: the same in every reading, and apart from others of that name."""
        return [f"{_slug(one.name)}-{_digest(self._place(one.folder), one.name)[:6]}" for one in self.entries]

    def _place(self, folder: str) -> str:
        for number, logdir in enumerate(self.found.logdirs):
            if folder == logdir.path or is_below(folder, logdir.path):
                return f"{number}:{os.path.relpath(folder, logdir.path)}"
        return folder


def run_ids(pipeline_id: str, names: Iterable[str]) -> list[str]:
    """A short id for each run, from the pipeline's id and the run's recorded name; a name that comes again is counted."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(_digest(pipeline_id, name, str(seen[name])))
    return found


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "pipeline"


def _name_of_root(path: str) -> str:
    """The folder's name; its parent's where the folder is just called `pipeline`."""
    name = os.path.basename(path)
    return os.path.basename(os.path.dirname(path)) or name if name in ("pipeline", "pipelines", "pipeline_root", "root") else name


def _near(root: str, folder: str) -> bool:
    return bool(root) and (root == folder or is_below(root, folder))


def _with_problems(history: History, problems: tuple[Absent | Damaged, ...]) -> History:
    return msgspec.structs.replace(history, problems=(*problems, *history.problems)) if problems else history


def _empty(folder: str, problem: Absent | Damaged) -> History:
    name = os.path.basename(folder)
    return History(pipeline=f"{_slug(name)}-{_digest(folder)[:6]}", name=name, root=folder, problems=(problem,))
