"""Finds everything we can read below a log directory, by content and in one bounded pass.

ML Metadata files, pipeline roots (`<root>/<node>/<output key>/<execution id>`), and loose TFMA and TFDV outputs, in any mix and depth. Of a
pipeline root only the names of the outputs are listed; what is inside them is read when a run asks for it. Hidden folders, SavedModels and
symbolic links are not entered: a link to a place inside is found there anyway, one that leads outside is refused and said.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, Union

from model_insights.artifacts.mlmd import is_store
from model_insights.artifacts.rewriting import PipelineRoot, is_inside
from model_insights.artifacts.sqlite_file import is_sqlite
from model_insights.artifacts.tfdv_sniff import is_anomalies_file, is_schema_file, is_statistics_file
from model_insights.artifacts.tfma import is_evaluation_folder
from model_insights.loaded import Absent, Damaged
from model_insights.noun import Noun

LooseKind = Literal["evaluation", "statistics", "anomalies", "schema"]
_LogDirs = Union[str, "os.PathLike[str]", Sequence[tuple[str, str]]]

# Output keys of TFX's standard components. One of them with numbered folders inside makes a pipeline root; node ids are free text.
_OUTPUT_KEYS = frozenset({
    "examples", "transformed_examples", "output_examples", "statistics", "schema", "anomalies", "transform_graph", "model", "model_run",
    "evaluation", "blessing", "pushed_model", "inference_result", "best_hyperparameters", "tuner_results", "updated_analyzer_cache",
    "pre_transform_schema", "pre_transform_stats", "post_transform_schema", "post_transform_stats", "post_transform_anomalies",
})  # fmt: skip
_SPLIT_NAMES = frozenset({"train", "eval", "test", "val", "validation", "serving", "unlabelled", "sample"})
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "variables", "assets", "assets.extra"})
_MAX_FOLDERS, _MAX_DEPTH, _MAX_SNIFFED = 50_000, 24, 400
_DATA_SUFFIXES = ("", ".pb", ".pbtxt", ".txt", ".textproto", ".tfrecord", ".gz", ".binpb")
_NO_DATA = re.compile(
    r".*tfevents.*|(plots|attributions|metrics|validations)\b.*|eval_config.*"
    r"|data_tfrecord.*|transformed_examples.*|examples-.*|prediction_logs.*|saved_model\.pb|keras_metadata\.pb|fingerprint\.pb|checkpoint|.*\.data-\d+-of-\d+|.*\.ckpt.*|(NOT_)?BLESSED|INFRA_.*"
)
_NO_STORE = re.compile(
    r".*(tfevents.*|-wal|-shm|-journal|\.(py|pyc|csv|tsv|jsonl?|toml|ya?ml|md|txt|html|css|[jt]s|png|jpe?g|gif|svg|pdf|ipynb|np[yz]|h5|keras"
    r"|zip|tar|gz|parquet|arrow|tfrecord|pb|pbtxt|index|log|sh))",
    re.IGNORECASE,
)
_STORE_NAME = re.compile(r"(metadata|mlmd|ml_metadata)[\w.-]*\.(db|sqlite3?)|metadata\.sqlite", re.IGNORECASE)
_SHARD = re.compile(r"-\d{5}-of-\d{5}")
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


class LogDir(Noun):
    """A folder that was searched. `name` is the group of a `--logdir_spec`, else ""."""

    name: str
    path: str  # real path


class Loose(Noun):
    """A TFMA or TFDV output outside any pipeline root. `path` is its folder, or its file where several lie in one folder."""

    kind: LooseKind
    path: str


class Found(Noun):
    """What a log directory holds."""

    logdirs: tuple[LogDir, ...]
    roots: tuple[str, ...] = ()  # configured artifact roots outside it, real paths
    stores: tuple[str, ...] = ()
    pipeline_roots: tuple[PipelineRoot, ...] = ()
    loose: tuple[Loose, ...] = ()
    problems: tuple[Absent | Damaged, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.stores or self.pipeline_roots or self.loose)


def parse_logdir_spec(spec: str) -> tuple[tuple[str, str], ...]:
    """(name, path) pairs of TensorBoard's `--logdir_spec`: `name:path,path`. A name ends at the first colon of a part that is neither an
    absolute path nor a URL."""
    pairs = []
    for part in filter(None, (one.strip() for one in spec.split(","))):
        named = ":" in part and not part.startswith("/") and not _REMOTE.match(part) and not os.path.splitdrive(part)[0]
        name, path = part.split(":", 1) if named else ("", part)
        pairs.append((name.strip(), os.path.expanduser(path.strip())))
    return tuple(pairs)


def discover(logdir: _LogDirs, *, roots: Iterable[str] = ()) -> Found:
    """Everything readable in the log directory: a path, a `--logdir_spec`, or (name, path) pairs. `roots` are folders outside it that the
    configuration allows artifacts to lie in. Nothing is opened beyond the first bytes needed to know what it is."""
    search = _Search(_named_folders(logdir), tuple(roots))
    search.run()
    return search.found()


def _named_folders(logdir: _LogDirs) -> tuple[tuple[str, str], ...]:
    if not isinstance(logdir, (str, os.PathLike)):
        return tuple(logdir)
    text = os.fspath(logdir)
    if os.path.exists(os.path.expanduser(text)) or not ("," in text or ":" in text):
        return (("", os.path.expanduser(text)),)
    return parse_logdir_spec(text)


class _Search:
    """One walk. Breadth first, so that what lies high is found before a bound is met."""

    def __init__(self, folders: tuple[tuple[str, str], ...], roots: tuple[str, ...]) -> None:
        self.problems: list[Absent | Damaged] = []
        self.logdirs = tuple(LogDir(name=name, path=os.path.realpath(path)) for name, path in folders if self._is_folder(path))
        self.roots = tuple(os.path.realpath(path) for path in roots if self._is_folder(path))
        self.allowed = (*(one.path for one in self.logdirs), *self.roots)
        self.stores: dict[str, None] = {}
        self.tails: dict[str, set[str]] = {}
        self.loose: dict[tuple[str, LooseKind], None] = {}
        self.seen: set[str] = set()
        self.refused: list[str] = []
        self.top = ""

    def _is_folder(self, path: str) -> bool:
        if os.path.isdir(path):
            return True
        remote = _REMOTE.match(path)
        reason = "remote folders are not searched" if remote else "there is no such folder"
        remedy = "Copy the pipeline's outputs and ML Metadata file to a local folder." if remote else "Check the path given to --logdir."
        self.problems.append(Absent(what=f"pipelines under {path}", reason=reason, remedy=remedy))
        return False

    def run(self) -> None:
        for folder in self.allowed:
            self.top = folder
            self._walk([folder])
        for path, tails in list(self.tails.items()):
            if not is_sure(tails):  # it may be anybody's `model/1`, so what is inside is looked at too
                self._walk([f"{path}/{tail}" for tail in sorted(tails)])

    def _walk(self, start: list[str]) -> None:
        queue = deque((folder, 0) for folder in start)
        while queue and len(self.seen) < _MAX_FOLDERS:
            here, depth = queue.popleft()
            if here not in self.seen:
                self.seen.add(here)
                queue.extend((inner, depth + 1) for inner in self._visit(here) if depth < _MAX_DEPTH)
        if queue:
            self._say_bound(start[0])

    def _say_bound(self, folder: str) -> None:
        reason = f"the search stopped after {_MAX_FOLDERS:,} folders"
        self.problems.append(Absent(what=f"rest of {folder}", reason=reason, remedy="Point --logdir closer to the pipelines."))

    def _visit(self, here: str) -> list[str]:
        """Look at one folder; the sub-folders worth entering."""
        folders, files = self._listing(here)
        if "saved_model.pb" in files:
            return []
        numbered = [name for name in folders if name.isdigit()]
        if numbered and self._is_output_folder(here):
            return [os.path.join(here, name) for name in folders if not name.isdigit()]
        if kind := self._kind_of_splits(here, folders):
            self.loose[here, kind] = None
            return []
        self._look_at_files(here, files)
        return [os.path.join(here, name) for name in folders]

    def _listing(self, here: str) -> tuple[list[str], list[str]]:
        folders: list[str] = []
        files: list[str] = []
        try:
            with os.scandir(here) as entries:
                for entry in sorted(entries, key=lambda one: one.name):
                    if entry.name.startswith(".") or entry.name in _SKIPPED_FOLDERS:
                        continue
                    if entry.is_symlink():
                        self._look_at_link(entry.path)
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                    elif entry.is_file(follow_symlinks=False):
                        files.append(entry.name)
        except OSError as error:
            reason = f"the folder cannot be listed ({error.strerror or error})"
            self.problems.append(Absent(what=f"content of {here}", reason=reason, remedy="Check its permissions."))
        return folders, files

    def _look_at_link(self, path: str) -> None:
        if not is_inside(path, self.allowed) and (os.path.isdir(path) or _STORE_NAME.fullmatch(os.path.basename(path))):
            self.refused.append(path)

    def _is_output_folder(self, here: str) -> bool:
        """Register the outputs of a node, when this is the `<output key>` folder of one inside the searched tree."""
        node, key = os.path.split(here)
        root, node_name = os.path.split(node)
        if key not in _OUTPUT_KEYS or not is_below(node, self.top):
            return False
        with os.scandir(here) as entries:
            ids = [entry.name for entry in entries if entry.name.isdigit() and entry.is_dir(follow_symlinks=False)]
        self.tails.setdefault(root, set()).update(f"{node_name}/{key}/{one}" for one in ids)
        return True

    def _kind_of_splits(self, here: str, folders: list[str]) -> LooseKind | None:
        """What the `Split-<name>` folders here hold, judged by one file; None for examples and the like."""
        for name in folders:
            if name.startswith(("Split-", "SplitPair-")) or name in _SPLIT_NAMES:
                first = _first_file(os.path.join(here, name))
                if first and "tfevents" not in first:
                    return _kind_of_file(first)
        return None

    def _look_at_files(self, here: str, names: list[str]) -> None:
        if any(name.startswith(("metrics", "eval_config.json")) for name in names) and is_evaluation_folder(Path(here)):
            self.loose[here, "evaluation"] = None
        for name in names:
            if not _NO_STORE.fullmatch(name):
                self._look_at_store(os.path.join(here, name), name)
        for name in [one for one in names if _may_be_data(one)][:_MAX_SNIFFED]:
            if kind := _kind_of_file(os.path.join(here, name)):
                self.loose[here if _SHARD.search(name) else os.path.join(here, name), kind] = None

    def _look_at_store(self, path: str, name: str) -> None:
        if not is_sqlite(path):
            if _STORE_NAME.fullmatch(name) and os.path.getsize(path):
                self.problems.append(Damaged(path=path, what="it is not a SQLite file", remedy="Restore the file from a backup."))
        elif is_store(path):
            self.stores[path] = None
        else:
            remedy = "Nothing to do, unless it should be the pipeline's ML Metadata file."
            self.problems.append(
                Absent(what=f"ML Metadata in {path}", reason="it is a SQLite file without ML Metadata's tables", remedy=remedy)
            )

    def found(self) -> Found:
        if self.refused:
            names = ", ".join(self.refused[:3]) + (f" and {len(self.refused) - 3} more" if len(self.refused) > 3 else "")
            remedy = "Name their targets in insights.roots to read them."
            self.problems.append(Absent(what="content behind links", reason=f"{names} lead outside the log directory", remedy=remedy))
        roots = tuple(PipelineRoot(path=path, tails=frozenset(tails)) for path, tails in sorted(self.tails.items()))
        found = Found(
            logdirs=self.logdirs,
            roots=self.roots,
            stores=tuple(sorted(self.stores)),
            pipeline_roots=roots,
            loose=tuple(Loose(kind=kind, path=path) for path, kind in sorted(self.loose)),
            problems=tuple(self.problems),
        )
        return found if not found.is_empty or not self.logdirs else _explained(found, len(self.seen))


def _explained(found: Found, folders: int) -> Found:
    where = ", ".join(one.path for one in found.logdirs)
    nothing = Absent(
        what=f"pipelines under {where}",
        reason=f"none of its {folders:,} folders holds an ML Metadata SQLite file, a TFX pipeline root, or output of TFMA or TFDV",
        remedy="Point --logdir at a folder above metadata.db and the pipeline root.",
    )
    return Found(logdirs=found.logdirs, roots=found.roots, problems=(*found.problems, nothing))


def is_below(path: str, folder: str) -> bool:
    """True for a path inside a folder, by their names."""
    return path.startswith(folder.rstrip(os.sep) + os.sep)


def is_sure(tails: Iterable[str]) -> bool:
    """True when several nodes or output keys make up a pipeline root. One alone may be a folder that happens to be called so."""
    return len({tail.rsplit("/", 1)[0] for tail in tails}) > 1


def _first_file(folder: str) -> str | None:
    try:
        with os.scandir(folder) as entries:
            return min((one.path for one in entries if one.is_file(follow_symlinks=False) and not one.name.startswith(".")), default=None)
    except OSError:
        return None


def _may_be_data(name: str) -> bool:
    if _NO_DATA.fullmatch(name):
        return False
    return os.path.splitext(name)[1].lower() in _DATA_SUFFIXES or _SHARD.search(name) is not None


def _kind_of_file(path: str) -> LooseKind | None:
    if is_anomalies_file(path):
        return "anomalies"
    if is_statistics_file(path):
        return "statistics"
    return "schema" if is_schema_file(path) else None
