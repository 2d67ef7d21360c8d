"""Make sure the machine has what no Python package brings: Pango for the PDF and, with --browser, Chromium for the browser tests."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys

LIBRARIES = {  # library as the loader names it -> Debian package
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz-subset": "libharfbuzz-subset0",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def missing(*, browser: bool) -> list[str]:
    """Debian packages that would supply what is not found here."""
    packages = [package for library, package in LIBRARIES.items() if ctypes.util.find_library(library) is None]
    if importlib.util.find_spec("ensurepip") is None:  # Debian's Python comes without venv
        packages.append(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    if browser and not any(shutil.which(name) for name in BROWSERS):
        packages.append("chromium")
    return packages


def install(packages: list[str]) -> None:
    """Install with apt-get; its own output tells what went wrong."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-q"], env=quiet, check=False, stdout=sys.stderr)
    subprocess.run(["apt-get", "install", "-qy", "--no-install-recommends", *packages], env=quiet, check=False, stdout=sys.stderr)


def main(arguments: list[str]) -> int:
    """0 when all is there (in the end); 1 with the exact command when it is not. With --optional the lack is told, not refused."""
    browser = "--browser" in arguments
    packages = missing(browser=browser)
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        install(packages)
        packages = missing(browser=browser)
    if not packages:
        return 0
    sys.stderr.write(f"Missing on this machine. On Debian or Ubuntu: sudo apt-get install {' '.join(packages)}\n")
    return 0 if "--optional" in arguments else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
