"""The options of the command line, and what goes together."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from model_insights.artifacts.state import default_state
from report.gather import Wish
from report.notes import ReviewNotes

_ABOUT = "Why did a model's business performance drop, and what does it cost? The answer on paper."
_CODES = "Exit codes: 0 written; 1 written, and the severity reaches --fail-on; 2 bad input, said in one sentence (a damaged artifact still gives a report that says so)."
_OUT = "the PDF, or the folder of --watch; - for standard output (default: report.pdf, unless another form is asked; folder: reports)"
_NOTES = "text file shown on page 1 as note, kept for later reports of the run; lines 'Headline: ...' and 'What to do: ...' replace those words; an empty file forgets"
_SCALE = "assume that every unit value is K times what the business tables say, from 0.1 to 10; said on every page (default: 1)"
_JSON = "write the views as JSON, with --history the verdicts (.jsonl: one a line); - or no path: standard output"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options. Ends the program with code 2 and a sentence when they contradict each other."""
    parser = argparse.ArgumentParser(prog="insights-report", description=_ABOUT, epilog=_CODES)
    _where(parser)
    _which(parser)
    _form(parser)
    options = parser.parse_args(arguments)
    fault = _contradiction(options)
    if fault:
        parser.error(fault)
    return options


def _where(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("logdir", metavar="LOGDIR", nargs="?", default="", help="folder with TFX pipeline runs, as TensorBoard takes it")
    add("-o", "--output", metavar="PATH", help=_OUT)
    add("--html", metavar="PATH", help="write one self-contained HTML file")
    add("--markdown", metavar="PATH", help="write the summary of page 1 as Markdown")
    add("--csv", metavar="PATH", help="write every table of both pages as CSV, one line per cell; with --full every row")
    add("--json", metavar="PATH", nargs="?", const="-", help=_JSON)
    add("--json-schema", metavar="PATH", nargs="?", const="-", help="write the JSON Schema of --json, and nothing else")
    add("--insights_config", default="", metavar="PATH", help="insights.toml (default: the nearest at or above each pipeline root)")
    add("--insights_state", "--state", dest="state", default="", metavar="DIR", help="folder for cache and notes (default: the platform's)")
    add("--window", action="store_true", help="choose everything in a desktop window")


def _which(parser: argparse.ArgumentParser) -> None:
    some = parser.add_mutually_exclusive_group()
    some.add_argument("--pipeline", default="", help="pipeline id or name (default: the first)")
    some.add_argument(
        "--all-pipelines", action="store_true", help="one report on all pipelines: a summary, worst first, and page 1 of each"
    )
    parser.add_argument("--run", default="", help="run id (default: the latest with an evaluation)")
    parser.add_argument("--model", default="", help="model, as the tab offers them (default: the serving one)")
    parser.add_argument("--split", default="", help="split whose statistics are compared (default: the one with the most examples)")
    parser.add_argument("--threshold", type=_number, default="", metavar="X", help="a decision threshold to price beside the current one")
    parser.add_argument("--values-scale", "--values_scale", type=_factor, default=1.0, metavar="K", help=_SCALE)
    against = parser.add_mutually_exclusive_group()
    against.add_argument("--reference", default="", help="what to compare with (default: the first available of the configured ones)")
    against.add_argument("--since", default="", metavar="PERIOD", help="compare with the run of this period, such as 2025-09-15")


def _number(text: str) -> str:
    """The text of a finite number, as a request takes it; nothing stays nothing."""
    if text and not _is_between(text, -math.inf, math.inf):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return text


def _factor(text: str) -> float:
    """A factor on prices."""
    if not _is_between(text, 0.1, 10.0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0.1 to 10")
    return float(text)


def _is_between(text: str, low: float, high: float) -> bool:
    try:
        return math.isfinite(float(text)) and low <= float(text) <= high
    except ValueError:
        return False


def _form(parser: argparse.ArgumentParser) -> None:
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--brief", dest="length", action="store_const", const="brief", help="page 1 alone")
    length.add_argument(
        "--full", dest="length", action="store_const", const="full", help="with an appendix: all evidence, slices, features"
    )
    parser.set_defaults(length="standard")
    add = parser.add_argument
    add("--paper", choices=("A4", "Letter"), help="paper (default: that of [report] in insights.toml, else A4)")
    add("--notes", metavar="PATH", default="", help=_NOTES)
    add("--history", action="store_true", help="one verdict per period instead of a report: a table, or JSON with --json")
    add("--fail-on", choices=("little", "big", "emergency"), help="end with 1 when the severity reaches this")
    add("--watch", action="store_true", help="wait, and write report-PERIOD.pdf for each new run; Ctrl-C ends")
    add("--every", type=float, default=60.0, metavar="SECONDS", help="how often --watch looks (default: 60)")


def _contradiction(options: argparse.Namespace) -> str:
    if not options.logdir and not options.window and not options.json_schema:
        return "name the folder with the pipeline runs, or choose it in a window with --window"
    if options.history and (options.all_pipelines or options.watch):
        return "--history goes neither with --all-pipelines nor with --watch"
    if options.all_pipelines and (options.run or options.reference or options.since or options.length == "full" or options.notes):
        return "--all-pipelines goes with none of --run, --reference, --since, --full and --notes: each pipeline has its own"
    if options.watch and (
        options.run or options.html or options.json or options.markdown or options.csv or options.notes or options.output == "-"
    ):
        return "--watch writes PDFs into a folder: it goes with none of --run, --html, --json, --markdown, --csv, --notes and -o -"
    if not 0.1 <= options.every < float("inf"):
        return "--every takes seconds from 0.1 on"
    return ""


def wish_of(options: argparse.Namespace) -> Wish:
    return Wish(
        pipeline=options.pipeline,
        run=options.run,
        reference=options.reference,
        since=options.since,
        model=options.model,
        split=options.split,
        threshold=options.threshold,
        values_scale=options.values_scale,
        length=options.length,
        paper=options.paper,
    )


def state_of(options: argparse.Namespace) -> Path:
    return Path(options.state) if options.state else default_state()


def notes_of(options: argparse.Namespace) -> ReviewNotes:
    return ReviewNotes(state_of(options))
