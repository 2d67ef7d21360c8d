"""Packaging: names, extras, entry points, package data, and the front-end build that a wheel needs."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / "model_insights" / "__init__.py").read_text(encoding="utf-8")).group(1)

setup(
    name="tensorboard-plugin-insights",
    version=VERSION,
    packages=find_packages(include=["model_insights*", "tb_plugin*", "report*"]),
    python_requires=">=3.10",
    entry_points={
        "tensorboard_plugins": [
            "insights_1_triangle = tb_plugin.loader:TriangleLoader",
            "insights_2_cost = tb_plugin.loader:CostLoader",
        ],
        "console_scripts": ["insights-report = report.__main__:main"],
    },
)
