"""The real window on a virtual display: a person reads a folder, chooses a week, makes a page, saves it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytest.importorskip("weasyprint")
pytest.importorskip("pypdfium2")


def python_with_tk() -> tuple[str, str]:
    """A Python of our version that has Tk, and the folder with our packages for it."""
    here = sysconfig.get_paths()["purelib"]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/python{version}"):
        if shutil.which(python) and 0 == subprocess.run([python, "-c", "import tkinter"], capture_output=True, check=False).returncode:
            return python, here
    pytest.skip(f"no Python {version} with Tk here (apt-get install python3-tk)")


def test_a_person_makes_a_page_and_saves_it(root: Path, tmp_path: Path):
    python, packages = python_with_tk()
    if not shutil.which("xvfb-run"):
        pytest.skip("no virtual display here (apt-get install xvfb)")
    demo = str(root / "examples" / "shoes" / "runs")
    command = ["xvfb-run", "-a", "-s", "-screen 0 1180x900x24", python, str(root / "tests" / "drive_window.py")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(root), packages))}
    done = subprocess.run(
        [*command, demo, str(tmp_path / "state"), str(tmp_path / "r.pdf"), str(tmp_path)],
        env=environment, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip

    assert 0 == done.returncode, done.stderr
    saw = json.loads((tmp_path / "saw.json").read_text())
    assert ("disabled", True) == (saw["start"], saw["cancel_shown"])
    assert "/nowhere/at/all" in saw["wrong"]
    assert ("Found 1 pipeline; Shoe shop has 17 runs.", 17, "22 Sep 2025") == (saw["read"], saw["runs"], saw["period"])
    assert "15 Sep 2025" == saw["chosen"]
    assert saw["drawn"].startswith("1 page. Mistakes cost EUR")
    assert ("Page 1 of 1", "normal", f"Saved as {tmp_path / 'r.pdf'}.") == (saw["where"], saw["save"], saw["saved"])
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-1.7")
