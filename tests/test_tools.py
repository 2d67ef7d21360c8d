"""The set-up scripts: what they repeat, what they refuse, and what they say."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from types import ModuleType

import pytest


def tool(root: Path, name: str) -> ModuleType:
    """A script of tools/, loaded under a name of its own: `frontend` is also a folder."""
    path = root / "tools" / f"{name}.py"
    if not path.is_file():
        pytest.skip("no checkout: the set-up scripts are not installed")
    spec = importlib.util.spec_from_file_location(f"tool_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def frontend(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The front-end tool on a front end of one source, whose npm writes one file and counts its calls."""
    module = tool(root, "frontend")
    places = {
        "ROOT": tmp_path,
        "FRONTEND": tmp_path / "frontend",
        "MODULES": tmp_path / "frontend" / "node_modules",
        "STATIC": tmp_path / "static",
    }
    for name, place in places.items():
        monkeypatch.setattr(module, name, place)
    module.FRONTEND.mkdir()
    (module.FRONTEND / "app.ts").write_text("1")
    packages = {"": {}, "node_modules/lit": {"version": "3.0.0", "license": "BSD-3-Clause"}, "node_modules/esbuild": {"dev": True}}
    (module.FRONTEND / "package-lock.json").write_text(json.dumps({"packages": packages}))
    (module.FRONTEND / "package.json").write_text(json.dumps({"engines": {"node": ">=20.19"}}))
    return module


@pytest.fixture
def calls(frontend: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    made: list[tuple[str, ...]] = []

    def npm(*arguments: str) -> int:
        made.append(arguments)
        frontend.STATIC.mkdir(exist_ok=True)
        return 0

    monkeypatch.setattr(frontend, "npm", npm)
    return made


def test_a_second_build_of_the_same_sources_does_nothing(frontend: ModuleType, calls: list[tuple[str, ...]]):
    assert [0, 0] == [frontend.build(), frontend.build()]
    assert [("run", "build")] == calls


@pytest.mark.parametrize("change", ["app.ts", "new.ts"])
def test_a_changed_or_added_source_is_built(frontend: ModuleType, calls: list[tuple[str, ...]], change: str):
    frontend.build()
    (frontend.FRONTEND / change).write_text("2")

    assert not frontend.is_built()
    assert 0 == frontend.build()
    assert 2 == len(calls)


def test_npm_packages_are_no_sources(frontend: ModuleType, calls: list[tuple[str, ...]]):
    frontend.build()
    frontend.MODULES.mkdir()
    (frontend.MODULES / "lit.js").write_text("3")

    assert frontend.is_built()


def test_a_failed_build_is_tried_again(frontend: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(frontend, "npm", lambda *arguments: 7)

    assert 7 == frontend.build()
    assert not frontend.is_built()


def test_the_licences_of_what_is_bundled_travel_with_the_bundle(frontend: ModuleType, calls: list[tuple[str, ...]]):
    (frontend.MODULES / "lit").mkdir(parents=True)
    (frontend.MODULES / "lit" / "LICENSE").write_text("Copyright Lit")
    frontend.build()

    assert "lit 3.0.0: BSD-3-Clause\nCopyright Lit" == (frontend.STATIC / "LICENSES.txt").read_text()


def test_without_node_it_says_how_to_bring_it(frontend: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(frontend, "find_npm", lambda: None)

    assert 3 == frontend.npm("test") == frontend.main(["node"])
    assert "needs Node.js >=20.19 with npm" in capsys.readouterr().err


@pytest.mark.parametrize(("version", "fit"), [("v18.19.0", False), ("v20.18.3", False), ("v20.19.0", True), ("v24.1.0", True)])
def test_node_is_fit_from_the_version_that_the_front_end_asks_for(
    frontend: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, fit: bool
):
    for name, said in (("node", version), ("npm", "10")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {said}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(frontend.importlib.util, "find_spec", lambda name: None)

    assert fit == (frontend.find_npm() == (tmp_path / "npm",))


def test_a_missing_library_is_named_with_the_command_that_brings_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    system = tool(root, "system")
    monkeypatch.setattr(system.ctypes.util, "find_library", lambda name: None if name == "pango-1.0" else name)
    monkeypatch.setattr(system.shutil, "which", lambda name: None)
    monkeypatch.setattr(system.os, "geteuid", lambda: 1000)

    assert [1, 0] == [system.main(["--browser"]), system.main(["--optional"])]
    told = capsys.readouterr().err.splitlines()
    assert told[0].endswith("sudo apt-get install libpango-1.0-0 chromium")
    assert told[1].endswith("sudo apt-get install libpango-1.0-0")


def test_as_root_on_debian_what_is_missing_is_installed(root: Path, monkeypatch: pytest.MonkeyPatch):
    system, there, ran = tool(root, "system"), [False], []

    def run(command: list[str], **options: object) -> None:
        ran.append(command)
        there[0] = "install" in command

    monkeypatch.setattr(system.ctypes.util, "find_library", lambda name: name if there[0] else None)
    monkeypatch.setattr(system.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(system.os, "geteuid", lambda: 0)
    monkeypatch.setattr(system.subprocess, "run", run)

    assert 0 == system.main(["--browser"])
    assert ["update", "install"] == [command[1] for command in ran]
    assert ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"] == ran[1][-3:]


def test_the_demo_tells_the_address_of_each_tab_once_tensorboard_listens(root: Path):
    demo = tool(root, "demo")
    told = demo.addresses("TensorBoard 2.16.2 at http://localhost:6006/ (Press CTRL+C to quit)\n")

    assert ["insights_triangle", "business_cost", "whatif"] == [line.partition("http://localhost:6006/#")[2] for line in told.splitlines()]
    assert "path examples/shoes/runs/what_if/impressions.tfrecord, address local, model 196 or 184" in demo.form()
    assert "" == demo.addresses("NOTE: Using experimental fast data loading logic.\n")


def test_a_python_that_is_not_here_is_not_found(root: Path):
    assert tool(root, "light").find_python("9.9") is None
