"""Scores that a model gave rows, kept in our state directory by `python -m model_insights.pipeline.score`; read here without TensorFlow.

One file per model, data and fault put in. Model and data are known by what their files hold, so a file is found again after a move and
never after a change. Layout: msgpack of `_Stored`; scores are little-endian float64 in row order, NaN where the model gave none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

import google_crc32c
import msgspec
import numpy as np
from numpy.typing import NDArray

from model_insights.artifacts.tfdv_files import StrPath
from model_insights.loaded import Absent, Damaged, Loaded

FOLDER = "scores"
REMEDY = "Run `python -m model_insights.pipeline.score` on the log directory."
_MAGIC = "insights-scores-1"
_WHOLE = 1 << 20  # bytes up to which a file is read whole for its fingerprint
_END = 1 << 16  # bytes read from either end of a larger one


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    magic: str
    model: str
    data: str
    faults: str
    checksum: int
    scores: bytes


class ScoreFiles:
    """The score files below a state directory."""

    def __init__(self, state: Path) -> None:
        self.folder = state / FOLDER

    def read(self, model: str, data: str, faults: str = "") -> Loaded[NDArray[np.float64]] | Absent | Damaged:
        """Scores [rows] of a model (fingerprint) on data (fingerprint); `faults`: digest of what was put into the rows, "" for nothing."""
        path = self._path(model, data, faults)
        try:
            stored = msgspec.msgpack.decode(path.read_bytes(), type=_Stored)
        except FileNotFoundError:
            return Absent(what="scores", reason="this model was not asked about these rows", remedy=REMEDY)
        except (OSError, msgspec.MsgspecError) as error:
            return Damaged(path=str(path), what=f"it is no score file ({error})", remedy=f"Delete it. {REMEDY}")
        wanted = (_MAGIC, model, data, faults, google_crc32c.value(stored.scores))
        if (stored.magic, stored.model, stored.data, stored.faults, stored.checksum) != wanted or len(stored.scores) % 8:
            return Damaged(path=str(path), what="its checksum or its names are wrong", remedy=f"Delete it. {REMEDY}")
        return Loaded(value=np.frombuffer(stored.scores, "<f8").astype(np.float64), path=str(path))

    def write(self, model: str, data: str, faults: str, scores: NDArray[np.float64]) -> Path:
        """Keep scores; readers see the whole file or none. Raises OSError where the state directory cannot be written."""
        held = np.ascontiguousarray(scores, "<f8").tobytes()
        stored = _Stored(_MAGIC, model, data, faults, google_crc32c.value(held), held)
        path = self._path(model, data, faults)
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.msgpack.encode(stored))
            os.replace(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        return path

    def has(self, model: str, data: str, faults: str = "") -> bool:
        """True when a readable file is there."""
        return isinstance(self.read(model, data, faults), Loaded)

    def _path(self, model: str, data: str, faults: str) -> Path:
        return self.folder / f"{hashlib.blake2b(f'{model} {data} {faults}'.encode(), digest_size=16).hexdigest()}.scores"


def content_fingerprint(folder: StrPath) -> str:
    """What the files below a folder hold: names, sizes, contents (of a large file both ends). "" when there is no file.

    TFRecord's gzip and a SavedModel's variables end with checksums or tables of the whole, so that both ends tell a change."""
    root = Path(folder)
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.name.startswith(".")) if root.is_dir() else []
    if not files:
        return ""
    digest = hashlib.blake2b(digest_size=16)
    for path in files:
        digest.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(_both_ends(path))
    return digest.hexdigest()


def saved_model_folder(artifact_path: StrPath) -> Path | None:
    """The folder of the SavedModel within a Model artifact: the one for serving where there are several; None for none."""
    if not artifact_path or not Path(artifact_path).is_dir():
        return None
    found = sorted(
        {path.parent for path in Path(artifact_path).rglob("saved_model.pb")}, key=lambda one: ("serving" not in str(one).lower(), str(one))
    )
    return found[0] if found else None


def _both_ends(path: Path) -> bytes:
    with path.open("rb") as file:
        size = path.stat().st_size
        if size <= _WHOLE:
            return file.read()
        start = file.read(_END)
        file.seek(-_END, os.SEEK_END)
        return start + file.read()
