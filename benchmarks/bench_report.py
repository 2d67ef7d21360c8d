"""The report beside what WeasyPrint needs for the same words without figures, its size, and how the appendix grows with the slices.

    PYTHONPATH=. python benchmarks/bench_report.py [--logdir examples/shoes/runs] [--slices 100 1000 5000]

Processor time of this process, which a busy machine lengthens less than the clock; the two reports alternate. Imports are not counted.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from msgspec.structs import replace
from weasyprint.text.fonts import FontConfiguration

from benchmarks.many_slices import workspace
from model_insights.view import Facts, Paragraph, Request, Table, View
from model_insights.workspace import Workspace
from report import as_pdf, html, pdf
from report.gather import Wish, gather
from report.notes import ReviewNotes
from report.pages import Report, shown, whole

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--logdir", default=str(ROOT / "examples/shoes/runs"))
    options.add_argument("--slices", type=int, nargs="*", default=(100, 1_000, 5_000))
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as state:
        eight_pages(asked.logdir, Path(state))
        appendix(asked.slices, Path(state))


def eight_pages(logdir: str, state: Path) -> None:
    """Size, and time as a multiple of the bare text's."""
    live = Workspace.open(logdir, state=str(state))
    live.scan()
    views = tuple(live.view(Request(view=kind)) for kind in ("insights", "cost"))
    made = whole(views)
    words = without_figures(shown(made, pdf.foretold(made)))
    ours, bare = [], []
    for _ in range(ROUNDS + 1):  # the first round warms up
        html._drawn.cache_clear()
        ours.append(seconds(lambda: as_pdf(views)))
        bare.append(seconds(lambda: pdf.bytes_of(words, pdf._set(words, FontConfiguration()))))
    size = len(as_pdf(views))
    print(f"eight pages: {size / 1000:.0f} kB (goal: at most 1,000), {median(ours[1:]):.2f} s of processor time")
    ratios = [one / other for one, other in zip(ours[1:], bare[1:], strict=True)]
    print(f"the same words without figures, laid out once: {median(bare[1:]):.2f} s; ratio {median(ratios):.2f} (goal: at most 3)")


def without_figures(report: Report) -> Report:
    """What the pages say, figures left out."""
    sheets = []
    for sheet in report.sheets:
        sections = tuple(
            replace(section, blocks=tuple(block for block in section.blocks if isinstance(block, Table | Facts | Paragraph)))
            for section in sheet.sections
        )
        sheets.append(replace(sheet, sections=sections, triangle=None))
    return replace(report, sheets=tuple(sheets))


def appendix(counts: Sequence[int], state: Path) -> None:
    """Seconds per slice of `--full` beyond the eight pages; a figure that stays shows that time grows linearly."""
    for count in counts:
        live = workspace(count, state)
        began = time.process_time()
        made = gather(live, Wish(length="full"), ReviewNotes(state))
        read = time.process_time() - began
        eight = seconds(lambda views=made.views: as_pdf(views))
        full = seconds(lambda one=made: as_pdf(one.views, look=one.look, appendix=tables_only(one.appendix)))
        print(
            f"{count:,} slices: judged in {read:.1f} s, eight pages {eight:.1f} s, with the tables of the appendix {full:.1f} s: "
            f"{1000 * (full - eight) / count:.1f} ms a slice",
            flush=True,
        )


def tables_only(views: tuple[View, ...]) -> tuple[View, ...]:
    """The appendix without the pages of slices and features, of which there are never more than a few."""
    return tuple(view for view in views if view.view in ("insights", "cost"))


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
