"""Prove the wheel where TensorFlow is not: newest packages on the newest Python, oldest allowed packages on the oldest Python."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".cache" / "light"
UV = ROOT / ".venv" / "bin" / "uv"
DEMO = ROOT / "examples" / "shoes" / "runs"
OLDEST = "3.10"
ROOMS = ("model_insights", "tb_plugin", "report")
TABS = ("insights_triangle", "business_cost")
TEST_TOOLS = ("pytest", "pytest-timeout", "pytest-randomly", "pytest-xdist", "hypothesis", "pikepdf")
ABSENT = ("tensorflow", "tensorflow_model_analysis", "tensorflow_data_validation", "apache_beam", "tfx", "ml_metadata")
START_SECONDS = 90


def find_python(version: str) -> Path | None:
    """A Python of that version: among those that pyenv keeps, or on PATH."""
    shelf = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_path = shutil.which(f"python{version}")
    candidates = [*sorted(shelf.glob(f"{version}.*/bin/python"), reverse=True), *([Path(on_path)] if on_path else [])]
    return next((python for python in candidates if _is_version(python, version)), None)


def _is_version(python: Path, version: str) -> bool:
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"  # a pyenv shim may stand for no Python at all
    return subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False).stdout.strip() == version


def wheel() -> Path:
    """The wheel of this checkout."""
    shutil.rmtree(HOME / "dist", ignore_errors=True)
    _run(UV, "build", "--quiet", "--wheel", "--out-dir", HOME / "dist", ROOT)
    return next((HOME / "dist").glob("*.whl"))


def check_contents(package: Path) -> None:
    """The wheel has every module of the three rooms and a front end."""
    with zipfile.ZipFile(package) as archive:
        packed = set(archive.namelist())
    modules = {path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    _require(modules <= packed, f"the wheel lacks {sorted(modules - packed)}")
    _require(any(name.startswith("tb_plugin/static/") for name in packed), "the wheel has no front end")


def environment(python: Path, version: str, package: Path) -> Path:
    """A fresh virtual environment with the wheel, its report extra and the test tools; returns its bin folder."""
    place = HOME / version
    _run(UV, "venv", "--quiet", "--clear", "--python", python, place)
    install = (UV, "pip", "install", "--quiet", "--python", place / "bin" / "python")
    if version == OLDEST:
        _run(*install, "--resolution", "lowest-direct", *_declared())
    _run(*install, f"tensorboard-plugin-insights[report] @ {package.as_uri()}", *TEST_TOOLS)  # keeps what is there and fits
    return place / "bin"


def _declared() -> list[str]:
    declared = runpy.run_path(str(ROOT / "setup.py"))
    return [*declared["CORE"], *declared["EXTRAS"]["report"], "setuptools>=77,<82"]  # an old TensorBoard takes any setuptools, and breaks


def check_absent(home: Path) -> None:
    """Fail when the environment is not light after all."""
    found = f"import importlib.util as u; print(*[n for n in {ABSENT!r} if u.find_spec(n)])"
    names = subprocess.run([home / "python", "-c", found], capture_output=True, text=True, check=True).stdout.strip()
    _require(not names, f"the light environment has {names}")


def check_tabs(home: Path) -> None:
    """TensorBoard on the demo lists both tabs and serves their entry modules."""
    with subprocess.Popen(
        [home / "tensorboard", "--logdir", DEMO, "--port", "0", "--load_fast", "false"], stderr=subprocess.PIPE, text=True, cwd=HOME
    ) as server:
        try:
            address = _address(server)
            listing = json.loads(_get(f"{address}data/plugins_listing"))
            for tab in TABS:
                _require(tab in listing, f"TensorBoard does not list {tab}, only {sorted(listing)}")
                path = listing[tab]["loading_mechanism"]["module_path"].lstrip("/")
                _require(b"is not built" not in _get(f"{address}{path}"), f"the wheel has no front end for {tab}")
        finally:
            server.terminate()
            server.communicate()


def _address(server: subprocess.Popen[str]) -> str:
    deadline, said = time.monotonic() + START_SECONDS, []
    while time.monotonic() < deadline and (line := server.stderr.readline()):
        said.append(line)
        if found := re.search(r"at (http://\S+:\d+/)", line):
            return found.group(1)
    raise SystemExit("TensorBoard did not start:\n" + "".join(said))


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return answer.read()


def check_report(home: Path) -> None:
    """The command line writes a PDF of the demo."""
    paper = home.parent / "demo.pdf"
    paper.unlink(missing_ok=True)
    _run(home / "insights-report", DEMO, "-o", paper)
    _require(paper.read_bytes().startswith(b"%PDF-"), f"{paper} is no PDF")


def _say(sentence: str) -> None:
    sys.stdout.write(f"light: {sentence}\n")
    sys.stdout.flush()


def _require(held: bool, sentence: str) -> None:
    if not held:
        raise SystemExit(f"light: {sentence}")


def _run(*command: object) -> None:
    words = [str(word) for word in command]
    if subprocess.run(words, cwd=ROOT, check=False).returncode:
        raise SystemExit(f"light: failed: {' '.join(words)}")


def prove(python: Path, version: str, package: Path) -> None:
    """Everything above on one Python, then this checkout's tests that need neither TensorFlow nor browser."""
    _say(f"Python {version}, {'oldest allowed' if version == OLDEST else 'newest'} packages")
    home = environment(python, version, package)
    check_absent(home)
    check_tabs(home)
    check_report(home)
    lenient = ("-W", "ignore::DeprecationWarning") if version == OLDEST else ()  # of old packages about still older ways
    _run(
        home / "pytest",
        "-n",
        "auto",
        "--dist",
        "loadfile",
        "-m",
        "not oracle and not browser and not servers",
        "-p",
        "no:cacheprovider",
        *lenient,
    )


def main(versions: list[str]) -> int:
    """Prove each version that is on this machine; this one if none is."""
    found = {version: python for version in versions if (python := find_python(version))}
    if not found:
        found = {"3.11": Path(sys.executable)}
    package = wheel()
    check_contents(package)
    for version, python in found.items():
        prove(python, version, package)
    _say(f"proven on Python {', '.join(found)}; not on this machine: {', '.join(set(versions) - set(found)) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
