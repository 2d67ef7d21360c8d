"""The command line: `insights-report LOGDIR -o report.pdf`. Exit codes: 0 written, 2 bad input, said in one sentence."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from model_insights.errors import InsightsError
from model_insights.view import Request, View
from model_insights.workspace import Workspace
from report import as_html, as_json, as_pdf, save

WRITTEN, BAD_INPUT, STOPPED = 0, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, draw, write; returns the exit code. A damaged artifact gives a report that says so, and exit code 2."""
    options = _parser().parse_args(arguments)
    progress = Progress(sys.stderr)
    try:
        views = _views(options, progress)
        damages = _reasons(views, level="error")
        if any(view.view == "empty" for view in views):
            return _complain(_reasons(views) or (f"No pipeline runs in {options.logdir}.",))
        _write(options, views, progress)
    except InsightsError as error:
        progress.clear()
        return _complain((str(error),))
    except KeyboardInterrupt:
        progress.clear()
        print("Stopped; nothing was written.", file=sys.stderr)
        return STOPPED
    return _complain(damages) if damages else WRITTEN


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


def _parser() -> argparse.ArgumentParser:
    about = "Why did a model's business performance drop, and what does it cost? The answer on paper."
    parser = argparse.ArgumentParser(prog="insights-report", description=about)
    add = parser.add_argument
    add("logdir", metavar="LOGDIR", help="folder with TFX pipeline runs, as TensorBoard takes it")
    add("-o", "--output", metavar="PATH", help="the PDF; - for standard output (default: report.pdf, unless --html or --json is given)")
    add("--html", metavar="PATH", help="write one self-contained HTML file")
    add("--json", metavar="PATH", help="write the views as JSON")
    add("--pipeline", default="", help="pipeline id (default: the first)")
    add("--run", default="", help="run id (default: the latest with an evaluation)")
    add("--reference", default="", help="what to compare with (default: the first available of the configured ones)")
    add("--insights_config", default="", metavar="PATH", help="insights.toml (default: the nearest at or above each pipeline root)")
    add("--insights_state", "--state", dest="state", default="", metavar="DIR", help="folder for the cache (default: the platform's)")
    return parser


def _views(options: argparse.Namespace, progress: Progress) -> tuple[View, ...]:
    progress.milestone("Reading runs ...")
    workspace = Workspace.open(options.logdir, config=options.insights_config, state=options.state)
    workspace.scan(progress.detail)
    return tuple(
        workspace.view(Request(view=kind, pipeline=options.pipeline, run=options.run, reference=options.reference))
        for kind in ("insights", "cost")
    )


def _write(options: argparse.Namespace, views: tuple[View, ...], progress: Progress) -> None:
    wanted: list[tuple[str, Callable[[tuple[View, ...]], bytes]]] = []
    if options.output or not (options.html or options.json):
        wanted.append((options.output or "report.pdf", as_pdf))
    wanted.extend((path, make) for path, make in ((options.html, as_html), (options.json, as_json)) if path)
    progress.milestone("Drawing ...")
    made = [(path, make(views)) for path, make in wanted]
    for path, content in made:
        if path == "-":
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        else:
            progress.milestone(f"Writing {path} ...")
            save(content, Path(path))


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
