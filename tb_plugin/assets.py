"""The built front end: which files there are, what they are, and whether a browser may keep them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"
A_YEAR = 31_536_000  # seconds

_TYPES = {
    ".js": "application/javascript",
    ".css": "text/css",
    ".map": "application/json",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_HASHED = re.compile(r"[-.][A-Za-z0-9_]{8,}\.[a-z0-9]+(\.map)?$")  # "chunk-6J4XVRTQ.js": other content has another name
_ENTRIES = ("insights.js", "cost.js")

_UNBUILT = b"""\
export function render() {
  const text = document.createElement("p");
  text.style = "font: 16px sans-serif; margin: 2em";
  text.textContent = "The front end of this tab is not built. Run `make setup` in the checkout, or install the package again.";
  document.body.append(text);
}
"""


@dataclass(frozen=True)
class Asset:
    """A file for the browser. `expires` in seconds; 0 means that the browser must ask again."""

    content: bytes
    type: str
    expires: int


def names() -> tuple[str, ...]:
    """Names of the files that may be fetched, relative to the static folder, with forward slashes."""
    if not STATIC.is_dir():
        return ()
    files = (path.relative_to(STATIC) for path in STATIC.rglob("*") if path.is_file())
    return tuple(sorted(file.as_posix() for file in files if file.suffix in _TYPES and not file.name.startswith(".")))


def read(name: str) -> Asset | None:
    """The file of that name if the listing has it. An entry that was never built says so in the tab."""
    if name in names():
        content = (STATIC / name).read_bytes()
    elif name in _ENTRIES:
        content = _UNBUILT
    else:
        return None
    hashed = name not in _ENTRIES and _HASHED.search(name) is not None
    return Asset(content, _TYPES[Path(name).suffix], A_YEAR if hashed else 0)
