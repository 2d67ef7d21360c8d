"""What setup.py promises: names that resolve, requirements that are declared and pinned, data that travels, nothing private committed."""

from __future__ import annotations

import ast
import fnmatch
import importlib.metadata
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

import model_insights

NAME = "tensorboard-plugin-insights"
ROOMS = ("model_insights", "tb_plugin", "report")
SUPPLIERS = {
    "google": "protobuf",
    "PIL": "pillow",
    "fontTools": "fonttools",
    "werkzeug": "tensorboard",
    "absl": "tensorboard",
    "markupsafe": "jinja2",
}  # module -> who brings it


@pytest.fixture(scope="module")
def packaging(root: Path) -> dict[str, Any]:
    """The constants of setup.py, which packages nothing when it is not the main program."""
    if not (root / "setup.py").is_file():
        pytest.skip("no checkout: these tests speak of its files")
    return runpy.run_path(str(root / "setup.py"))


@pytest.fixture(scope="module")
def committed(root: Path) -> list[Path]:
    """Every file that git keeps."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listing.stdout.split("\0") if name and (path := root / name).is_file()]


def declared(*groups: list[str]) -> set[str]:
    return {canonical(Requirement(requirement).name) for group in groups for requirement in group}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def sources(root: Path, room: str) -> list[Path]:
    return [path for path in sorted((root / room).rglob("*.py")) if "pipeline" not in path.parts]


def imports(path: Path, *, at_the_top: bool) -> Iterator[str]:
    """First words of the absolute imports: those that run with the module, or all."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if at_the_top else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def distribution(module: str) -> str | None:
    """Who supplies a module, in canonical spelling; None for the standard library and ourselves."""
    if module in sys.stdlib_module_names or module in (*ROOMS, "tomllib"):
        return None
    return canonical(SUPPLIERS.get(module, module))


@pytest.mark.parametrize("group", ["tensorboard_plugins", "console_scripts"])
def test_every_entry_point_names_something_callable(group: str):
    ours = [entry for entry in importlib.metadata.distribution(NAME).entry_points if entry.group == group]

    assert ours
    assert all(callable(entry.load()) for entry in ours)


def test_the_tabs_come_in_the_order_of_their_entry_points():
    entries = [entry for entry in importlib.metadata.distribution(NAME).entry_points if entry.group == "tensorboard_plugins"]

    assert ["TriangleLoader", "CostLoader", "WhatIfRevival"] == [entry.attr for entry in sorted(entries, key=lambda entry: entry.name)]


def test_there_is_one_version(packaging: dict[str, Any]):
    assert model_insights.__version__ == packaging["version"]() == importlib.metadata.version(NAME)


def test_what_a_module_of_core_or_tab_imports_at_its_top_is_always_installed(packaging: dict[str, Any], root: Path):
    always = declared(packaging["CORE"])
    wanted = {
        (path.name, distribution(name)) for room in ROOMS[:2] for path in sources(root, room) for name in imports(path, at_the_top=True)
    }

    assert set() == {(file, name) for file, name in wanted if name and name not in always}


def test_what_any_module_imports_anywhere_is_in_some_extra(packaging: dict[str, Any], root: Path):
    some = declared(packaging["CORE"], packaging["EXTRAS"]["all"])
    wanted = {(path.name, distribution(name)) for room in ROOMS for path in sources(root, room) for name in imports(path, at_the_top=False)}

    assert set() == {(file, name) for file, name in wanted if name and name not in some}


def test_every_requirement_is_pinned_to_a_version_within_its_range(packaging: dict[str, Any], root: Path):
    lines = (root / "constraints-3.11.txt").read_text().splitlines()
    pins = {canonical(name): version for name, _, version in (line.partition("==") for line in lines if "==" in line and line[0] != "#")}
    wanted = [Requirement(text) for text in (*packaging["CORE"], *packaging["EXTRAS"]["all"])]
    needed = [
        requirement for requirement in wanted if requirement.marker is None or requirement.marker.evaluate({"python_version": "3.11"})
    ]

    assert [] == [str(need) for need in needed if not need.specifier.contains(pins.get(canonical(need.name), "0"))]


def test_every_requirement_has_a_lower_bound_and_a_reason(packaging: dict[str, Any], root: Path):
    told = (root / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    wanted = [Requirement(text) for text in (*packaging["CORE"], *packaging["EXTRAS"]["all"])]

    assert [] == [need.name for need in wanted if f"| {canonical(need.name)} |" not in told]
    assert {"setuptools"} == {need.name for need in wanted if not any(bound.operator == ">=" for bound in need.specifier)}


def test_every_folder_with_modules_is_a_package(root: Path):
    folders = {path.parent for room in ROOMS for path in (root / room).rglob("*.py")}

    assert set() == {folder for folder in folders if not (folder / "__init__.py").is_file()}


def test_every_file_that_is_no_module_travels_with_the_wheel(packaging: dict[str, Any], committed: list[Path], root: Path):
    files = [path.relative_to(root) for path in committed if path.suffix != ".py"]
    left_out = [
        file.as_posix()
        for file in files
        if file.parts[0] in ROOMS
        and not any(fnmatch.fnmatch("/".join(file.parts[1:]), glob) for glob in packaging["PACKAGE_DATA"][file.parts[0]])
        and file.suffix != ".md"
    ]

    assert [] == left_out


def test_the_built_front_end_is_not_committed(committed: list[Path], root: Path):
    assert [] == [path for path in committed if root / "tb_plugin" / "static" in path.parents]


def test_no_committed_file_names_a_machine_path_or_a_registry(committed: list[Path], root: Path):
    private = [part.replace("_", "/").encode() for part in ("_work_main", "_work_shared", r"(?<!\w)_root_\w", "_opt_pypi", "_tmp_build")]
    pattern = re.compile(rb"|".join([*private, rb'"resolved"' rb': "http', rb"https://regis" rb"try\."]))

    assert [] == [path.relative_to(root).as_posix() for path in committed if pattern.search(path.read_bytes())]


def test_every_recipe_of_the_makefile_says_what_it_does_in_under_five_lines(root: Path):
    recipes = re.findall(r"^([a-z-]+):[^\n]*?(##[^\n]*)?\n((?:\t[^\n]*\n)*)", (root / "Makefile").read_text(), flags=re.MULTILINE)

    assert {"demo", "test", "check", "lint", "bench", "build", "types", "light", "setup", "clean"} <= {name for name, _, _ in recipes}
    assert [] == [name for name, comment, body in recipes if not comment or body.count("\n") >= 5]


def test_every_make_command_of_the_readme_exists(root: Path):
    told = set(re.findall(r"(?:^|`)make ([a-z-]+)", (root / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE))

    assert told
    assert told <= set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), flags=re.MULTILINE))
