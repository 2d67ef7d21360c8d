"""A real TensorBoard process on real runs, asked over HTTP. TensorFlow is kept out of it: TensorBoard does without, as on a light machine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from tab_fakes import a_client, a_context, read

from model_insights.view import Problem, Request, View
from model_insights.workspace import Workspace
from tb_plugin import loader

START = """
import sys, types
sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")
sys.argv[0] = "tensorboard"
from tensorboard.main import run_main
run_main()
"""


class Server:
    """A running TensorBoard."""

    def __init__(self, address: str) -> None:
        self.address = address

    def get(self, path: str) -> bytes:
        try:
            with urllib.request.urlopen(self.address + path, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as refused:
            return refused.read()

    def view(self, query: str = "", tab: str = "insights_triangle") -> bytes:
        """The answer once the first scan is over."""
        for _ in range(120):
            body = self.get(f"data/plugin/{tab}/view?{query}")
            if b'"scanning":true' not in body:
                return body
        raise AssertionError("the first scan does not end")


@contextmanager
def tensorboard(tmp_path: Path, *flags: object) -> Iterator[Server]:
    log = tmp_path / "log.txt"
    command = [sys.executable, "-W", "ignore", "-c", START, "--port", "0", "--host", "localhost", "--insights_state", tmp_path / "state"]
    with log.open("w") as file, subprocess.Popen([*command, *flags], stderr=file, stdout=file) as process:
        try:
            yield Server(said_address(process, log))
        finally:
            process.terminate()


def said_address(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"at (http://localhost:\d+/\S*)", log.read_text()):
            return found.group(1)
        time.sleep(0.05)
    raise AssertionError(f"TensorBoard did not start:\n{log.read_text()}")


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def demo(root, tmp_path_factory) -> Iterator[Server]:
    """TensorBoard on the demo, where reading must leave no trace."""
    logdir = root / "examples" / "shoes" / "runs"
    before = stamps(logdir)
    with tensorboard(tmp_path_factory.mktemp("demo"), "--logdir", logdir) as server:
        yield server
    assert before == stamps(logdir)


def test_tensorboard_lists_both_tabs_in_their_order(demo):
    listing = json.loads(demo.get("data/plugins_listing"))

    names = [name for name in listing if name in ("insights_triangle", "business_cost")]
    assert ["insights_triangle", "business_cost"] == names
    assert [True, True] == [listing[name]["enabled"] for name in names]


def test_the_answer_is_the_view_of_the_core_byte_by_byte(demo, root, tmp_path):
    workspace = Workspace.open(str(root / "examples" / "shoes" / "runs"), state=str(tmp_path))
    workspace.scan()

    wanted = workspace.view(Request(view="cost"))

    assert msgspec.json.Encoder(order="deterministic").encode(wanted) == demo.view(tab="business_cost")


@pytest.mark.parametrize("view", ["insights", "cost"])
def test_a_page_is_lighter_than_300_kilobytes(demo, view):
    assert len(demo.view(f"view={view}")) < 300_000


def test_both_tabs_answer_every_view_alike(demo):
    assert demo.view("view=cost", tab="insights_triangle") == demo.view("view=cost", tab="business_cost")


def test_an_unknown_run_is_a_sentence(demo):
    problem = msgspec.json.decode(demo.view("run=2099"), type=Problem)

    assert "2099" in problem.error


def test_several_directories_with_a_configuration_each_under_a_path_prefix_are_all_there(runs, root, tmp_path):
    spec = f"a:{runs / 'shoes'},b:{runs / 'taxi'}"
    config = ",".join(str(root / "tests" / "config" / f"{name}.toml") for name in ("shoes", "taxi"))

    with tensorboard(tmp_path, "--logdir_spec", spec, "--path_prefix", "/tb/x", "--insights_config", config) as server:
        first = msgspec.json.decode(server.view("view=cost"), type=View)
        views = [msgspec.json.decode(server.view(f"view=cost&pipeline={one.id}"), type=View) for one in first.selection.pipelines]

    assert "/tb/x/" in server.address
    assert {"EUR", "USD"} == {
        view.headline.money.text.partition("\N{NO-BREAK SPACE}")[0].partition(" ")[0] for view in views if view.headline
    }


# --- the same backend without a process around it -----------------------------------------------------------------------------


def ask(logdir: Path, tmp_path: Path, **flags: str) -> tuple[bool, bytes]:
    """Whether the tab is in the bar after reading, and its page."""
    context = a_context(str(logdir), insights_state=str(tmp_path / "state"), **flags)
    backend = read(loader.TriangleLoader().load(context).backend)
    return backend.is_active(), a_client(backend).get("/data/plugin/insights_triangle/view").data


def test_an_empty_directory_has_no_tab_in_the_bar_and_an_empty_page(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()

    active, page = ask(logs, tmp_path)

    assert (False, "empty") == (active, msgspec.json.decode(page, type=View).view)


def test_a_mistake_in_the_configuration_is_a_sentence_in_a_tab_that_can_be_found(root, tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[insights]\ncurency = "EUR"\n')

    active, page = ask(root / "examples" / "shoes" / "runs", tmp_path, insights_config=str(wrong))

    assert active
    assert "curency" in page.decode()
