"""Answers to the tabs' questions and wishes: parameters in, finished JSON bytes out. No HTTP here; every error is a `Problem`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, get_args

import msgspec

from model_insights.errors import InsightsError, StoreLocked, UnknownId
from model_insights.view import Problem, Request, TableRequest, ViewKind
from tb_plugin.kept import Answer

if TYPE_CHECKING:
    from model_insights.workspace import Workspace
    from tb_plugin.backend import Backend

LONGEST = 4_000  # characters of one parameter
MOST_TABLES = 50
LEAST_SCALE = 0.1  # unit values a tenth, or tenfold, are no longer what somebody forgot to update
PATIENCE = 0.5  # seconds that a view waits for the first scan: most end soon, and asking again costs more

VIEWS = tuple(kind for kind in get_args(ViewKind) if kind != "empty")
_FIELDS = ("pipeline", "run", "reference", "model", "id", "threshold", "split")
_encoder = msgspec.json.Encoder(order="deterministic")


class BadRequest(ValueError):
    """A parameter cannot be meant; the message is a sentence for the user."""


def problem(code: int, error: str, *, remedy: str = "", scanning: bool = False) -> Answer:
    """An error answer in the one shape all of them have."""
    return Answer(code, _encoder.encode(Problem(error=error, remedy=remedy, scanning=scanning)))


def parse_request(args: Mapping[str, str], *, page: str) -> Request:
    """The request behind a query string; `page` is the view when none is named. Unknown parameters are left alone.

    Raises `BadRequest` for an unknown view, a threshold, page or factor that is no number, or a parameter beyond any use.
    """
    for name, value in args.items():
        if len(value) > LONGEST:
            raise BadRequest(f"The parameter {name[:40]!r} is longer than {LONGEST} characters.")
    view = args.get("view") or page
    if view not in VIEWS:
        raise BadRequest(f"There is no view {view[:40]!r}; the views are {', '.join(VIEWS)}.")
    fields = {name: args.get(name, "") for name in _FIELDS}
    if fields["threshold"] and not _is_number(fields["threshold"]):
        raise BadRequest(f"The threshold {fields['threshold'][:40]!r} is not a number.")
    scale = args.get("values_scale") or "1"
    if not (_is_number(scale) and LEAST_SCALE <= float(scale) <= 1 / LEAST_SCALE):
        raise BadRequest(f"Unit values times {scale[:40]!r} cannot be assumed; give a factor from {LEAST_SCALE:g} to {1 / LEAST_SCALE:g}.")
    return msgspec.convert({"view": view, **fields, "values_scale": float(scale), "tables": _tables(args)}, Request)


def _tables(args: Mapping[str, str]) -> dict[str, TableRequest]:
    found: dict[str, dict[str, str]] = {}
    for name, value in args.items():
        if name.startswith("table."):
            table, _, part = name[len("table.") :].rpartition(".")
            if table and part in ("page", "sort", "filter"):
                found.setdefault(table, {})[part] = value
    if len(found) > MOST_TABLES:
        raise BadRequest(f"More than {MOST_TABLES} tables in one request.")
    return {
        table: TableRequest(page=_page(parts.get("page", "0")), sort=parts.get("sort", ""), filter=parts.get("filter", ""))
        for table, parts in sorted(found.items())
    }


def _page(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest(f"The table page {text[:40]!r} is not a whole number from 0 on.")
    return int(text)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def status_impl(backend: Backend, *, force: bool = False) -> Answer:
    """How far reading is. Asking also looks for changes; `force` reads again in any case."""
    backend.wake(force=force)
    status = backend.status()
    shown = {"scanning": status.scanning, "scanned": status.scanned, "generation": status.generation, "progress": status.progress}
    return Answer(200, _encoder.encode(shown))


def view_impl(backend: Backend, args: Mapping[str, str], *, page: str) -> Answer:
    """The view that a query string asks for, or why there is none (400, 404, 503)."""
    if not backend.source.roots:
        return problem(404, "TensorBoard was started without a log directory.", remedy="Start it with --logdir.")
    backend.wake()
    backend.ready(PATIENCE)
    status, workspace = backend.status(), backend.workspace
    if not status.scanned:
        return problem(503, "The log directory is being read for the first time.", scanning=True)
    if status.failure or workspace is None:
        return problem(400, status.failure)
    try:
        request = parse_request(args, page=page)
        key = _encoder.encode((request, workspace.remembered_stamp(request.pipeline)))
        return backend.kept.get(status.generation, key, lambda: _encoder.encode(workspace.view(request)))
    except (InsightsError, BadRequest) as error:
        return problem(_code_of(error), str(error))


def confirm_impl(backend: Backend, told: Mapping[str, str]) -> Answer:
    """Keep what a run's verdict turned out to be: `pipeline`, `run`, `cause`, `note`. Empty cause and note forget it."""
    return _kept(backend, told, lambda workspace, run: workspace.confirm(*run, told.get("cause", ""), told.get("note", "")))


def words_impl(backend: Backend, told: Mapping[str, str]) -> Answer:
    """Keep a person's `words` for the report of `run` of `pipeline`. Empty words forget them."""
    return _kept(backend, told, lambda workspace, run: workspace.keep_words(*run, told.get("words", "")))


def _kept(backend: Backend, told: Mapping[str, str], keep: Callable[[Workspace, tuple[str, str]], None]) -> Answer:
    workspace = backend.workspace
    if workspace is None:
        return problem(503, "The log directory is being read for the first time.", scanning=True)
    try:
        keep(workspace, (told.get("pipeline", ""), told.get("run", "")))
    except InsightsError as error:
        return problem(_code_of(error), str(error))
    return Answer(200, b"{}")


def _code_of(error: Exception) -> int:
    if isinstance(error, UnknownId):
        return 404
    return 503 if isinstance(error, StoreLocked) else 400
