"""A stand-in for TensorBoard: a host page with both tabs in frames, its Content-Security-Policy, and sample views on our routes.

`python frontend/dev/server.py [--port 8765] [--scanning N] [--logdir RUNS [--config FILE]]`, after `npm run build`. `pipeline=taxi` shows
a page that cannot tell, `pipeline=none` an empty one, `id=gone` a Problem; the first N questions are answered with "still scanning".
With `--logdir` the views are those of real runs, without TensorBoard's own start.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import msgspec

sys.dont_write_bytecode = True  # the build notices every new file in frontend/
sys.path.insert(0, str(Path(__file__).resolve().parent))

import sample  # noqa: E402 - found through the line above

STATIC = sample.ROOT / "tb_plugin" / "static"
ENTRIES = {"insights_triangle": "insights.js", "business_cost": "cost.js"}
HOST = (Path(__file__).resolve().parent / "host.html").read_bytes()
SCRIPT = b'import("./index.js").then((module) => module.render());'
CSP = (
    "default-src 'self'; font-src 'self' data:; frame-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "style-src 'self' https://www.gstatic.com data: 'unsafe-inline'; connect-src 'self'; script-src 'self' 'unsafe-eval' 'sha256-{}'"
)


def entry_page(name: str) -> bytes:
    return b'<!doctype html><head><base href="plugin/%s/" /></head><body><script type="module">%s</script></body>' % (name.encode(), SCRIPT)


def view_of(query: dict[str, str]) -> sample.v.View:
    if query.get("pipeline") == "none":
        return sample.empty()
    if query.get("pipeline") == "taxi":
        return sample.unsure()
    if query.get("view") == "cost":
        table = sample.slice_table(
            page=int(query.get("table.slices.page", "0")),
            sort=query.get("table.slices.sort", "-money"),
            filter=query.get("table.slices.filter", ""),
        )
        return sample.cost(threshold=float(query.get("threshold", "0.5")), slices=table)
    page = sample.views()[query.get("view", "insights")]
    chosen = {name: query[name] for name in ("run", "reference", "model") if name in query}
    return msgspec.structs.replace(page, selection=msgspec.structs.replace(page.selection, **chosen))


class Handler(BaseHTTPRequestHandler):
    scanning = 0
    view_of = staticmethod(view_of)
    jobs: dict[str, float] = {}

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        if url.path == "/":
            self.answer(HOST, "text/html; charset=utf-8")
        elif url.path == "/data/plugin_entry.html":
            self.answer(entry_page(query["name"]), "text/html; charset=utf-8")
        elif url.path.startswith("/data/plugin/"):
            _, name, rest = url.path.removeprefix("/data/").split("/", 2)
            self.route(name, rest, query)
        else:
            self.problem(404, "There is no such page.")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        rest = urlsplit(self.path).path.rpartition("/")[2]
        if rest == "export":
            job = str(len(self.jobs) + 1)
            self.jobs[job] = time.monotonic()
            self.json({"job": job})
        elif rest == "export_cancel":
            self.jobs.pop(body["job"], None)
            self.json({"state": "failed", "progress": "", "error": "The export was cancelled."})
        elif rest in ("confirm", "words"):
            self.json({})
        else:
            self.problem(404, "There is no such page.")

    def route(self, name: str, rest: str, query: dict[str, str]) -> None:
        if rest == "view":
            self.view(query)
        elif rest == "status":
            self.json({"scanning": Handler.scanning > 0, "scanned": True, "generation": 1, "progress": ""})
        elif rest == "export_status":
            age = time.monotonic() - self.jobs.get(query["job"], 0.0)
            self.json({"state": "done" if age > 3 else "running", "progress": f"Page {int(age) + 1} of 4", "error": ""})
        elif rest == "export_file":
            self.answer(b"%PDF-1.7\n", "application/pdf", disposition='attachment; filename="insights.pdf"')
        else:
            file = STATIC / (ENTRIES[name] if rest == "index.js" else Path(rest).name)
            if file.is_file():
                self.answer(file.read_bytes(), "application/javascript")
            else:
                self.problem(404, "There is no such file.")

    def view(self, query: dict[str, str]) -> None:
        if Handler.scanning > 0:
            Handler.scanning -= 1
            self.problem(503, "The log directory is being read for the first time.", scanning=True)
        elif query.get("id") == "gone":
            self.problem(
                404, f"There is no {query.get('view')} “gone” in this run.", remedy="Choose one from the tables of the Insights page."
            )
        else:
            self.answer(msgspec.json.encode(Handler.view_of(query)), "application/json")

    def problem(self, code: int, error: str, *, remedy: str = "", scanning: bool = False) -> None:
        self.json({"error": error, "remedy": remedy, "scanning": scanning}, code=code)

    def json(self, told: object, *, code: int = 200) -> None:
        self.answer(json.dumps(told).encode(), "application/json", code=code)

    def answer(self, body: bytes, kind: str, *, code: int = 200, disposition: str = "") -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if disposition:
            self.send_header("Content-Disposition", disposition)
        if kind.startswith("text/html") and self.path.startswith("/data/"):
            digest = base64.b64encode(hashlib.sha256(SCRIPT).digest()).decode()
            self.send_header("Content-Security-Policy", CSP.format(digest))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def reader_of(logdir: str, config: str) -> Callable[[dict[str, str]], sample.v.View]:
    """Views of the runs under `logdir`, read once."""
    from model_insights.workspace import Workspace
    from tb_plugin.answers import parse_request

    workspace = Workspace.open(logdir, config=config, state=tempfile.mkdtemp())
    workspace.scan()
    return lambda query: workspace.view(parse_request(query, page="insights"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--scanning", type=int, default=0)
    parser.add_argument("--logdir", default="")
    parser.add_argument("--config", default="")
    options = parser.parse_args()
    Handler.scanning = options.scanning
    if options.logdir:
        Handler.view_of = staticmethod(reader_of(options.logdir, options.config))
    sys.stdout.write(f"http://localhost:{options.port}/#insights_triangle\n")
    sys.stdout.flush()
    ThreadingHTTPServer(("localhost", options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
