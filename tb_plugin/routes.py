"""The HTTP routes of a tab: each is HTTP only, beside the function that answers it. Imported by the first request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tensorboard.backend import http_util
from werkzeug import wrappers

from tb_plugin import answers, assets
from tb_plugin.export import BadChoice, Job, TooManyExports
from tb_plugin.kept import Answer

if TYPE_CHECKING:
    from tb_plugin.backend import Backend

LARGEST_BODY = 64_000  # bytes of a POST
OURS = "X-Insights"  # a header that no form and no link of another page can send without asking first

_http: Callable[[Callable[..., wrappers.Response]], Any] = wrappers.Request.application


class Routes:
    """Answers of one tab: `entry` is its module in the built front end, `page` the view it opens with."""

    def __init__(self, tab: str, backend: Backend, *, entry: str, page: str) -> None:
        self.tab, self.backend, self.entry, self.page = tab, backend, entry, page

    # --- the page -----------------------------------------------------------------------------------------------------------

    @_http
    def index_route(self, request: wrappers.Request) -> wrappers.Response:
        return _send_asset(request, assets.read(self.entry))

    @_http
    def asset_route(self, request: wrappers.Request) -> wrappers.Response:
        return _send_asset(request, assets.read(request.path.partition(f"/{self.tab}/")[2]))

    # --- what it shows ------------------------------------------------------------------------------------------------------

    @_http
    def view_route(self, request: wrappers.Request) -> wrappers.Response:
        return _send(request, _refused(request, "GET") or self.view_impl(request.args.to_dict()))

    def view_impl(self, args: Mapping[str, str]) -> Answer:
        return answers.view_impl(self.backend, args, page=self.page)

    @_http
    def status_route(self, request: wrappers.Request) -> wrappers.Response:
        return _send(request, _refused(request, "GET") or self.status_impl(request.args.to_dict()))

    def status_impl(self, args: Mapping[str, str]) -> Answer:
        """`rescan=1` reads the log directory again even if nothing seems to have changed."""
        return answers.status_impl(self.backend, force=args.get("rescan") == "1")

    # --- what a person writes ------------------------------------------------------------------------------------------------

    @_http
    def confirm_route(self, request: wrappers.Request) -> wrappers.Response:
        return _send(request, _refused(request, "POST") or self._write(request, answers.confirm_impl))

    @_http
    def words_route(self, request: wrappers.Request) -> wrappers.Response:
        return _send(request, _refused(request, "POST") or self._write(request, answers.words_impl))

    def _write(self, request: wrappers.Request, write: Callable[[Backend, Mapping[str, str]], Answer]) -> Answer:
        told = _json_of(request)
        return write(self.backend, told) if told is not None else _problem(400, "What was sent is not a JSON object of texts.")

    # --- the report ---------------------------------------------------------------------------------------------------------

    @_http
    def export_route(self, request: wrappers.Request) -> wrappers.Response:
        return _send(request, _refused(request, "POST") or self.export_impl(_json_of(request)))

    def export_impl(self, params: Mapping[str, str] | None) -> Answer:
        """Start the report of the view with these parameters: {"job": id}."""
        if params is None:
            return _problem(400, "The request for a report is not a JSON object of texts.")
        try:
            return _json({"job": self.backend.jobs.start(params).id})
        except TooManyExports as error:
            return _problem(503, str(error))
        except BadChoice as error:
            return _problem(400, str(error))
        except OSError as error:
            return _problem(500, f"The report could not be started: {error}.", remedy="Name a writable folder with --insights_state.")

    @_http
    def export_status_route(self, request: wrappers.Request) -> wrappers.Response:
        return _send(request, _refused(request, "GET") or self.export_status_impl(request.args.get("job", "")))

    def export_status_impl(self, job: str) -> Answer:
        """{"state": "running" | "done" | "failed", "progress": the last line said, "error": why it failed}."""
        known = self.backend.jobs.find(job)
        return _no_job() if known is None else _json(_told(known))

    @_http
    def export_file_route(self, request: wrappers.Request) -> wrappers.Response:
        refused = _refused(request, "GET")
        job = self.backend.jobs.find(request.args.get("job", ""))
        if refused is not None or job is None:
            return _send(request, refused or _no_job())
        if job.state() != "done":
            return _send(request, _problem(404, "This report is not finished."))
        headers = [("Content-Disposition", f'attachment; filename="{job.name()}"')]
        return http_util.Respond(request, job.file.read_bytes(), job.form.type, headers=headers)

    @_http
    def export_cancel_route(self, request: wrappers.Request) -> wrappers.Response:
        return _send(request, _refused(request, "POST") or self.export_cancel_impl(_json_of(request)))

    def export_cancel_impl(self, params: Mapping[str, str] | None) -> Answer:
        job = self.backend.jobs.find((params or {}).get("job", ""))
        if job is None:
            return _no_job()
        self.backend.jobs.cancel(job)
        return _json(_told(job))


# --- HTTP -------------------------------------------------------------------------------------------------------------------


def _send(request: wrappers.Request, answer: Answer) -> wrappers.Response:
    # Bytes, never a dict: TensorBoard's encoder would write NaN as text and go through the whole tree again.
    encoding = "gzip" if answer.zipped else None
    return http_util.Respond(request, answer.body, "application/json", code=answer.code, content_encoding=encoding)


def _send_asset(request: wrappers.Request, asset: assets.Asset | None) -> wrappers.Response:
    refused = _refused(request, "GET")
    if refused is not None or asset is None:
        return _send(request, refused or _problem(404, "There is no such file."))
    return http_util.Respond(request, asset.content, asset.type, expires=asset.expires)


def _refused(request: wrappers.Request, method: str) -> Answer | None:
    """Why this request gets no answer, if so. What changes something must come from our own page and nobody else's."""
    allowed = ("GET", "HEAD") if method == "GET" else (method,)
    if request.method not in allowed:
        return _problem(405, f"This address answers {method} only.")
    if method == "POST" and request.mimetype != "application/json":
        return _problem(415, "The body must be application/json.")
    if method == "POST" and not (OURS in request.headers and _is_ours(request)):
        return _problem(403, "Only the tab itself may ask for this.")
    return None


def _is_ours(request: wrappers.Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return bool(site == "same-origin")
    return bool(request.headers.get("Origin") == request.host_url.rstrip("/"))


def _json_of(request: wrappers.Request) -> dict[str, str] | None:
    """The body as texts by name; None when it is anything else."""
    if (request.content_length or 0) > LARGEST_BODY:
        return None
    try:
        body = json.loads(request.get_data())
    except ValueError:
        return None
    return body if isinstance(body, dict) and all(isinstance(value, str) for value in body.values()) else None


def _json(told: Mapping[str, str], code: int = 200) -> Answer:
    return Answer(code, json.dumps(told).encode())


def _problem(code: int, error: str, *, remedy: str = "") -> Answer:
    return answers.problem(code, error, remedy=remedy)


def _no_job() -> Answer:
    return _problem(404, "This report is not known here; TensorBoard was probably started anew.", remedy="Export it again.")


def _told(job: Job) -> dict[str, str]:
    state = job.state()
    error = ""
    if state == "failed":
        error = "The export was cancelled." if job.cancelled else job.said or f"The report command ended with code {job.child.returncode}."
    return {"state": state, "progress": job.said if state == "running" else "", "error": error}
