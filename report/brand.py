"""The company's logo as an address that holds the whole picture: pixels are written anew, drawings keep shapes only."""

from __future__ import annotations

import io
import re
import warnings
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from model_insights.errors import InsightsError

MOST_BYTES = 1_000_000
MOST_PIXELS = 20_000_000
_BOX = (800, 320)  # what 40 mm by 16 mm on paper can show
_SVG = "http://www.w3.org/2000/svg"
_SHAPES = {"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "title", "desc"}
_SHAPES |= {"defs", "linearGradient", "radialGradient", "stop", "clipPath"}
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_OUTSIDE = re.compile(r"url\s*\(\s*['\"]?\s*(?!#)|[\\@]|expression|javascript:", re.IGNORECASE)


class LogoError(InsightsError):
    """The logo of insights.toml cannot be used; the message says why and what is allowed."""


def read_logo(name: str, folders: Sequence[Path]) -> str:
    """The logo as a data: address; `folders`: where a relative path may start. Raises LogoError."""
    path = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if path is None:
        raise LogoError(f"The logo {name!r} of [report] in insights.toml is not there. Give its path relative to insights.toml.")
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise LogoError(f"The logo {name!r} cannot be read: {error.strerror}.") from error
    if len(content) > MOST_BYTES:
        raise LogoError(f"The logo {name!r} is larger than {MOST_BYTES // 1_000_000} MB. Use a smaller picture.")
    kind, clean = ("svg+xml", drawing(content, name)) if content.lstrip()[:1] == b"<" else ("png", pixels(content, name))
    return f"data:image/{kind};base64,{b64encode(clean).decode()}"


def pixels(content: bytes, name: str) -> bytes:
    """A PNG of at most 800 by 320 pixels without anything but its pixels. Raises LogoError."""
    from PIL import Image  # WeasyPrint and matplotlib bring it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
            if picture.width * picture.height > MOST_PIXELS:
                raise LogoError(f"The logo {name!r} has {picture.width} x {picture.height} pixels. Use a smaller picture.")
            clean = picture.convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise LogoError(f"The logo {name!r} is no readable PNG, JPEG or SVG picture.") from error
    clean.thumbnail(_BOX)
    out = io.BytesIO()
    Image.frombytes("RGBA", clean.size, clean.tobytes()).save(out, "PNG")
    return out.getvalue()


def drawing(content: bytes, name: str) -> bytes:
    """The SVG's shapes alone: no script, no picture inside, no reference but within itself. Raises LogoError."""
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", content, re.IGNORECASE):
        raise LogoError(f"The logo {name!r} declares a document type. Save it as plain SVG.")
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise LogoError(f"The logo {name!r} is no readable PNG, JPEG or SVG picture.") from error
    if _local(root.tag) != "svg":
        raise LogoError(f"The logo {name!r} is no readable PNG, JPEG or SVG picture.")
    clean: bytes = ElementTree.tostring(_shapes(root), encoding="utf-8")
    return clean


def _shapes(element: ElementTree.Element) -> ElementTree.Element:
    kept = {key: value for key, value in element.attrib.items() if _allowed(key, value)}
    out = ElementTree.Element(f"{{{_SVG}}}{_local(element.tag)}", kept)
    out.text = element.text if _local(element.tag) in ("text", "tspan", "title", "desc") else None
    for child in element:
        if _local(child.tag) in _SHAPES:
            copy = _shapes(child)
            copy.tail = child.tail
            out.append(copy)
    return out


def _allowed(key: str, value: str) -> bool:
    """No handlers, no links, no namespaces, no style that could reach out."""
    return bool(_ATTRIBUTE.fullmatch(key)) and not key.lower().startswith("on") and key.lower() != "href" and not _OUTSIDE.search(value)


def _local(tag: object) -> str:
    """The name of an element of SVG; nothing for other vocabularies, comments and instructions."""
    return tag.removeprefix(f"{{{_SVG}}}") if isinstance(tag, str) and (tag.startswith(f"{{{_SVG}}}") or ":" not in tag) else ""
