"""Fixtures every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RUNS = (ROOT.parent / "shared" / "runs").resolve()


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def runs() -> Path:
    """Real TFX runs kept beside the checkout; not part of the project."""
    if not RUNS.is_dir():
        pytest.skip("the real TFX runs (../shared/runs) are not beside this checkout")
    return RUNS
