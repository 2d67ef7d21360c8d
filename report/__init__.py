"""Insights Triangle on paper: the same views as the tabs, as PDF, HTML, Markdown or JSON."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from model_insights.errors import InsightsError
from model_insights.noun import Noun
from model_insights.view import SCHEMA_VERSION, View
from report.look import Look

__all__ = ["CannotWrite", "Look", "ReportUnavailable", "as_html", "as_json", "as_markdown", "as_pdf", "json_schema", "save", "write"]

Views = View | Sequence[View]
PLAIN = Look()
APT = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


class ReportUnavailable(InsightsError):
    """A package or library that draws the report is not installed; the message names the command that brings it."""


class CannotWrite(InsightsError, OSError):
    """The report cannot be written where the user said."""


def write(views: Views, path: str | os.PathLike[str], *, look: Look = PLAIN) -> None:
    """Write the report of one or several views; the name's ending decides: `.html`, `.md`, `.json`, else PDF.

    Raises CannotWrite when the place cannot be written, ReportUnavailable when the extra `report` is missing.
    The file appears whole or not at all.
    """
    target = Path(path)
    ending = target.suffix.lower()
    if ending == ".json":
        content = as_json(views)
    else:
        make: dict[str, Callable[..., bytes]] = {".html": as_html, ".htm": as_html, ".md": as_markdown}
        content = make.get(ending, as_pdf)(views, look=look)
    save(content, target)


def as_pdf(views: Views, *, look: Look = PLAIN, appendix: Sequence[View] = ()) -> bytes:
    """The report as PDF/UA-1: at most eight pages and the appendix, tagged, fonts embedded, nothing fetched. Equal views give equal bytes."""
    with drawing():
        from report.pdf import to_pdf

        return to_pdf(_many(views), look=look, appendix=appendix)


def as_html(views: Views, *, look: Look = PLAIN, appendix: Sequence[View] = ()) -> bytes:
    """The report as one HTML file with its fonts and figures inside; it fetches nothing."""
    with drawing():
        from report.html import render
        from report.pages import plan

        return render(plan(_many(views), look=look, appendix=appendix)).encode()


def as_markdown(views: Views, *, look: Look = PLAIN) -> bytes:
    """The summary of page 1 as Markdown."""
    from report.markdown import summary

    return summary(_many(views), look).encode()


@contextmanager
def drawing() -> Iterator[None]:
    """Inside, a package or library that is not installed becomes ReportUnavailable with the command that brings it."""
    try:
        yield
    except ImportError as error:
        raise _missing(error) from error
    except OSError as error:  # cffi says so when it finds no Pango
        if isinstance(error, InsightsError) or error.errno is not None:
            raise
        raise ReportUnavailable(f"The PDF needs the Pango library: apt-get install {APT} (or your system's package). {error}") from error


def as_json(views: Views) -> bytes:
    """The views themselves as JSON: `{"schema_version": ..., "views": [...]}`."""
    return msgspec.json.format(msgspec.json.encode({"schema_version": SCHEMA_VERSION, "views": _many(views)}), indent=1) + b"\n"


class Document(Noun):
    """What as_json writes."""

    schema_version: int
    views: tuple[View, ...]


def json_schema() -> bytes:
    """The JSON Schema (2020-12) of what as_json writes."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Document)), indent=1) + b"\n"


def save(content: bytes, path: Path) -> None:
    """Write beside the target and rename, so that no half report is ever seen."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, path)
        except OSError:
            os.unlink(name)
            raise
    except OSError as error:
        raise CannotWrite(f"Cannot write {path}: {error.strerror}. Choose another place with -o.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _many(views: Views) -> tuple[View, ...]:
    return (views,) if isinstance(views, View) else tuple(views)


def _missing(error: ImportError) -> ReportUnavailable:
    return ReportUnavailable(f'The report needs the package {error.name}: pip install "tensorboard-plugin-insights[report]"')
