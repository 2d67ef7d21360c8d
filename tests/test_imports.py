"""What the tabs, the report and the library import, each seen from a fresh process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FORBIDDEN = (
    "tensorflow",
    "tensorflow_model_analysis",
    "tensorflow_data_validation",
    "tensorflow_metadata",
    "apache_beam",
    "tfx",
    "tfx_bsl",
    "ml_metadata",
    "model_insights.pipeline",
    "tb_plugin.what_if_predict",
)
PROBE = """
import importlib, pathlib, sys
home = pathlib.Path(importlib.import_module({package!r}).__path__[0])
files = (file.relative_to(home.parent).with_suffix("") for file in sorted(home.rglob("*.py")))
for name in (".".join(file.parts).removesuffix(".__init__") for file in files):
    if not name.startswith({forbidden!r}):
        importlib.import_module(name)
print(*sorted(name for name in {asked!r} if name in sys.modules))
"""


def imported(package: str, *, asked: tuple[str, ...]) -> list[str]:
    """Which of the asked modules a fresh process holds after importing every module of the package."""
    probe = PROBE.format(package=package, asked=asked, forbidden=FORBIDDEN)
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", probe], capture_output=True, text=True, check=False)
    assert not run.returncode, run.stderr
    return run.stdout.split()


@pytest.mark.parametrize(
    ("package", "never"), [("model_insights", ("tb_plugin", "report")), ("tb_plugin", ("report",)), ("report", ("tb_plugin",))]
)
def test_no_room_imports_the_tfx_libraries_or_a_room_it_must_not_know(package: str, never: tuple[str, ...]):
    assert [] == imported(package, asked=FORBIDDEN + never)


def test_the_probe_would_see_a_forbidden_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "guilty").mkdir()
    (tmp_path / "guilty" / "__init__.py").write_text("import wave")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert ["wave"] == imported("guilty", asked=("wave", "tensorflow"))
