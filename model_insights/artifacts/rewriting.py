"""Finds where the files of a recorded URI lie now: pipelines run on one machine and are looked at on another.

In this order: where the record says; where the configuration moves its prefix to; below a pipeline root in the log directory that holds
the same `<node>/<output key>/<execution id>`. Nothing outside the log directory and the configured roots is ever given, whatever links
or `..` the way there has.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from model_insights.noun import Noun

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)


class PipelineRoot(Noun):
    """A folder laid out as TFX does it, and which `<node>/<output key>/<execution id>` folders it holds."""

    path: str
    tails: frozenset[str]


class Located(Noun):
    """Where the files are; `path` is "" when nowhere we may read, and `reason` says why."""

    path: str
    reason: str = ""


class Locator(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Answers for the URIs of one store. Make it with `locator`."""

    bases: tuple[str, ...]  # folders a relative URI may start from
    allowed: tuple[str, ...]  # real paths
    rewrite: tuple[tuple[str, str], ...]  # longest recorded prefix first
    chosen: Mapping[str, PipelineRoot]  # recorded root -> root in the log directory
    unclear: Mapping[str, str]  # recorded root -> why none was chosen

    def locate(self, uri: str) -> Located:
        """Where the files of `uri` are now."""
        root, tail = split_uri(uri)
        known = self.chosen.get(root)
        if known is not None and tail and _key(tail) in known.tails:
            return Located(path=f"{known.path}/{tail}")
        outside = ""
        for place in (*self._recorded(uri), *self._moved(uri)):
            if os.path.exists(place):
                if is_inside(place, self.allowed):
                    return Located(path=place)
                outside = outside or place
        if outside:
            return Located(path="", reason=f"{outside} lies outside the log directory; name its folder in insights.roots to read it")
        return Located(path="", reason=self.unclear.get(root) or f"{uri or 'its folder'} is not there, nor below the log directory")

    def _recorded(self, uri: str) -> Iterable[str]:
        path = local_path(uri)
        if not path:
            return ()
        return (path,) if os.path.isabs(path) else tuple(os.path.join(base, path) for base in self.bases)

    def _moved(self, uri: str) -> Iterable[str]:
        for old, new in self.rewrite:
            if uri == old or uri.startswith(f"{old}/"):
                yield new + uri[len(old) :]


def locator(
    uris: Iterable[str],
    *,
    store_folder: str,
    other_stores: Iterable[str] = (),
    roots: Iterable[PipelineRoot] = (),
    allowed: Iterable[str],
    rewrite: Iterable[tuple[str, str]] = (),
) -> Locator:
    """The locator of a store in `store_folder` that records `uris`.

    `other_stores` are the folders of the other stores found, `allowed` the log directory and configured roots. A relative target of
    `rewrite` starts at the store's folder, or the nearest above that has such a folder; targets are allowed, for the user wrote them."""
    places = tuple(os.path.realpath(one) for one in allowed)
    bases = (*_up(store_folder, places), *places)
    moves = [(old.rstrip("/"), _target(new, bases)) for old, new in rewrite if old.rstrip("/")]
    moves.sort(key=lambda pair: -len(pair[0]))
    chosen, unclear = _choose(_tails_by_root(uris), tuple(roots), store_folder, tuple(other_stores))
    return Locator(
        bases=tuple(dict.fromkeys((store_folder, *bases))),
        allowed=(*places, *(os.path.realpath(new) for _, new in moves)),
        rewrite=tuple(moves),
        chosen=chosen,
        unclear=unclear,
    )


def _up(folder: str, stops: Iterable[str]) -> Iterator[str]:
    """The folder and those above it, up to the searched one it lies in."""
    stop = max((one for one in stops if _below(folder, one)), key=len, default=folder)
    while True:
        yield folder
        if folder == stop or os.path.dirname(folder) == folder:
            return
        folder = os.path.dirname(folder)


def _target(new: str, bases: Sequence[str]) -> str:
    places = [os.path.normpath(os.path.join(base, os.path.expanduser(new))) for base in bases]
    return next((place for place in places if os.path.isdir(place)), places[0])


def split_uri(uri: str) -> tuple[str, str]:
    """(recorded pipeline root, `<node>/<output key>/<execution id>`, with `/value` for a value artifact); ("", "") for other layouts."""
    parts = uri.rstrip("/").replace("\\", "/").split("/")
    take = 4 if parts[-1] == "value" else 3
    if len(parts) <= take or not parts[len(parts) - take + 2].isdigit():
        return "", ""
    tail = parts[-take:]
    return ("", "") if ".." in tail else ("/".join(parts[:-take]), "/".join(tail))


def local_path(uri: str) -> str:
    """The path of a URI on this machine's file system; "" for remote ones."""
    scheme = _SCHEME.match(uri)
    if scheme is None:
        return uri
    return uri[scheme.end() :] if scheme[1].lower() == "file" else ""


def is_inside(path: str, folders: Iterable[str]) -> bool:
    """True when the real path, links followed, is one of the (real) folders or below one."""
    real = os.path.realpath(path)
    return any(real == folder or real.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def _key(tail: str) -> str:
    return tail.removesuffix("/value")


def _tails_by_root(uris: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for uri in uris:
        root, tail = split_uri(uri)
        if tail:
            found.setdefault(root, set()).add(_key(tail))
    return found


def _choose(
    recorded: Mapping[str, set[str]], roots: tuple[PipelineRoot, ...], folder: str, others: tuple[str, ...]
) -> tuple[dict[str, PipelineRoot], dict[str, str]]:
    """For each recorded root the found one that holds its outputs. Execution ids start at 1 in every store, so a root that belongs to
    another store may hold the same tails: it is no candidate, and of equals none is taken."""
    chosen: dict[str, PipelineRoot] = {}
    unclear: dict[str, str] = {}
    for name, tails in recorded.items():
        ranked = sorted(((_rank(name, tails, one, folder, others), one) for one in roots), key=lambda pair: pair[0], reverse=True)
        fitting = [(rank, one) for rank, one in ranked if rank is not _UNFIT]
        if len(fitting) > 1 and fitting[0][0] == fitting[1][0]:
            both = f"{fitting[0][1].path} or {fitting[1][1].path}"
            unclear[name] = f"{name} may be {both} now; say which under [insights.rewrite]"
        elif fitting:
            chosen[name] = fitting[0][1]
    return chosen, unclear


_Rank = tuple[int, int, int, int]
_UNFIT: _Rank = (-1, 0, 0, 0)


def _rank(recorded: str, tails: set[str], root: PipelineRoot, folder: str, others: tuple[str, ...]) -> _Rank:
    """(found where recorded, below the store's folder, folder names that agree from the end, outputs found); _UNFIT: not this one."""
    hits, alike = len(tails & root.tails), _agreeing_names(recorded, root.path)
    owner = max((one for one in (folder, *others) if _below(root.path, one)), key=len, default=None)
    ours = owner is not None and owner == folder
    free = owner is None and (alike > 0 or not others)
    exact = os.path.isabs(local_path(recorded)) and os.path.realpath(local_path(recorded)) == root.path
    if not hits or not (ours or free or exact):
        return _UNFIT
    return int(exact), int(ours), alike, hits


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _agreeing_names(one: str, other: str) -> int:
    first, second = one.rstrip("/").split("/"), Path(other).as_posix().rstrip("/").split("/")
    count = 0
    while count < min(len(first), len(second)) and first[-1 - count] and first[-1 - count] == second[-1 - count]:
        count += 1
    return count
