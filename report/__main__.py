"""The command line: `insights-report LOGDIR -o report.pdf`. Exit codes: 0 written, 1 severity reached, 2 bad input, said in one sentence."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from msgspec.structs import replace

from model_insights.artifacts.notes import read_text
from model_insights.errors import InsightsError
from model_insights.view import Request, View
from model_insights.wording import Words, checked_locale
from model_insights.workspace import Workspace
from report import CannotWrite, json_schema, past, save
from report.gather import Material, gather, gather_all
from report.making import make
from report.options import notes_of, parse, wish_of
from report.watch import Watch, Write

WRITTEN, REACHED, BAD_INPUT, STOPPED = 0, 1, 2, 130
_LADDER = ("none", "little", "big", "emergency")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, draw, write; returns the exit code. A damaged artifact gives a report that says so, and exit code 2."""
    options = parse(arguments)
    progress = Progress(sys.stderr)
    try:
        if options.window:
            return _window(options)
        if options.json_schema:
            _put(json_schema(), options.json_schema, progress)
            return WRITTEN
        progress.milestone("Reading runs ...")
        workspace = Workspace.open(options.logdir, config=options.insights_config, state=options.state)
        if options.watch:
            return _watch(workspace, options, progress)
        workspace.scan(progress.detail)
        return _history(workspace, options, progress) if options.history else _report(workspace, options, progress)
    except InsightsError as error:
        progress.clear()
        return _complain((str(error),))
    except KeyboardInterrupt:
        progress.clear()
        print("Stopped; nothing was written.", file=sys.stderr)
        return STOPPED


class Progress:
    """Milestones for everybody, details in place for who sits at a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._live = stream, stream.isatty()

    def milestone(self, words: str) -> None:
        """One line that stays."""
        self.clear()
        print(words, file=self._stream, flush=True)

    def detail(self, words: str) -> None:
        """One line that the next one replaces; nothing when the words go to a file."""
        if self._live:
            room = os.get_terminal_size(self._stream.fileno()).columns - 3
            print(f"\r\x1b[K  {words[:room]}", end="", file=self._stream, flush=True)

    def clear(self) -> None:
        """Wipe the last detail."""
        if self._live:
            print("\r\x1b[K", end="", file=self._stream, flush=True)


# --- one report ------------------------------------------------------------------------------------------------------------------


def _report(workspace: Workspace, options: argparse.Namespace, progress: Progress) -> int:
    notes, wish = notes_of(options), wish_of(options)
    if options.notes:
        view = workspace.view(Request(pipeline=options.pipeline, run=options.run))
        notes.keep(view.selection.pipeline, view.selection.run, read_text(Path(options.notes)))
    found = gather_all(workspace, wish, notes) if options.all_pipelines else (gather(workspace, wish, notes),)
    views = [view for one in found for view in one.views]
    if not found[0].found:
        return _complain(_reasons(views) or (f"No pipeline runs in {options.logdir}.",))
    _write(options, found, progress)
    levels = [view.headline.severity.level for view in views if view.headline]
    damages = _reasons(views, level="error")
    return _complain(damages) if damages else _verdict_code(levels, options.fail_on)


def _write(options: argparse.Namespace, found: tuple[Material, ...], progress: Progress) -> None:
    others = [("html", options.html), ("markdown", options.markdown), ("csv", options.csv), ("json", options.json)]
    wanted = [(form, path) for form, path in others if path]
    if options.output or not wanted:
        wanted.insert(0, ("pdf", options.output or "report.pdf"))
    progress.milestone("Drawing ...")
    made = [(path, make(found, form, together=options.all_pipelines)) for form, path in wanted]
    for path, content in made:
        _put(content, path, progress)


def _put(content: bytes, path: str, progress: Progress) -> None:
    if path == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        progress.milestone(f"Writing {path} ...")
        save(content, Path(path))


def _verdict_code(levels: Sequence[str], fail_on: str | None) -> int:
    """1 when a severity reaches the asked one. A severity that is not known reaches none, and that is said."""
    if fail_on is None:
        return WRITTEN
    if "unknown" in levels or not levels:
        print("insights-report: A severity is not known, so it was not held against --fail-on.", file=sys.stderr)
    return REACHED if any(level in _LADDER[_LADDER.index(fail_on) :] for level in levels) else WRITTEN


# --- one verdict per period ------------------------------------------------------------------------------------------------------


def _history(workspace: Workspace, options: argparse.Namespace, progress: Progress) -> int:
    latest = workspace.view(Request(pipeline=options.pipeline))
    if latest.view == "empty":
        return _complain(_reasons((latest,)) or (f"No pipeline runs in {options.logdir}.",))
    records = workspace.records(options.pipeline)
    if options.json:
        form = past.as_lines if options.json.endswith(".jsonl") else past.as_array
        _put(form(records), options.json, progress)
    else:
        config = workspace.settings_of(options.pipeline).config
        locale = config.insights.locale if config and checked_locale(config.insights.locale) else "en"
        words = Words(locale=locale, currency=config.insights.currency if config else "")
        _put(past.as_table(records, words).encode(), options.output or "-", progress)
    damages = _reasons((latest,), level="error")
    return _complain(damages) if damages else _verdict_code([one.severity for one in records[-1:]], options.fail_on)


# --- a report for each new run ---------------------------------------------------------------------------------------------------


def _watch(workspace: Workspace, options: argparse.Namespace, progress: Progress) -> int:
    """Until Ctrl-C, which ends it well. What goes wrong with one report is said, and tried again."""
    folder = Path(options.output or "reports")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"Cannot make the folder {folder}: {error.strerror}. Choose another place with -o.") from error

    def write(pipeline: str, run: str, path: Path) -> None:
        wish = replace(wish_of(options), pipeline=pipeline, run=run)
        _put(make((gather(workspace, wish, notes_of(options)),), "pdf"), str(path), progress)

    watch = Watch(workspace, folder, pipeline=options.pipeline, every=options.all_pipelines)
    progress.milestone(f"Waiting for runs; reports go to {folder}. Ctrl-C ends.")
    try:
        while True:
            _look(watch, write)
            time.sleep(options.every)
    except KeyboardInterrupt:
        progress.milestone("Stopped watching.")
        return WRITTEN


def _look(watch: Watch, write: Write) -> None:
    try:
        watch.look(write)
    except InsightsError as error:
        print(f"insights-report: {error}", file=sys.stderr)


def _window(options: argparse.Namespace) -> int:
    from report.window import run

    return run(options.logdir, config=options.insights_config, state=options.state)


# --- words -----------------------------------------------------------------------------------------------------------------------


def _reasons(views: Sequence[View], *, level: str = "") -> tuple[str, ...]:
    """The sentences of the notices, each once."""
    found = [f"{notice.text} {notice.remedy}".strip() for view in views for notice in view.notices if level in ("", notice.level)]
    return tuple(dict.fromkeys(found))


def _complain(sentences: Sequence[str]) -> int:
    for sentence in sentences:
        print(f"insights-report: {sentence}", file=sys.stderr)
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
