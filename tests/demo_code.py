"""The demo's own code for tests: examples/ is no part of the wheel, so it is found beside the tests even where the wheel is installed."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # last, so that an installed wheel comes first

from examples.shoes import model, story  # noqa: E402

__all__ = ["model", "story"]
