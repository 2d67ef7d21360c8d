"""Finds and reads insights.toml: the nearest at or above a pipeline root within the log directory, or the files given."""

from __future__ import annotations

from pathlib import Path

from model_insights.config import Config, parse
from model_insights.errors import ConfigError

FILE_NAME = "insights.toml"


def folders_up(start: Path, stop: Path) -> tuple[Path, ...]:
    """`start` and its parents up to and including `stop`; only `stop` when `start` is not below it."""
    start, stop = start.resolve(), stop.resolve()
    if stop != start and stop not in start.parents:
        return (stop,)
    above = [start, *start.parents]
    return tuple(above[: above.index(stop) + 1])


def find_config(start: Path, stop: Path) -> Path | None:
    """The nearest insights.toml at or above `start`, not above `stop`."""
    return next((folder / FILE_NAME for folder in folders_up(start, stop) if (folder / FILE_NAME).is_file()), None)


def read_config(path: Path) -> Config:
    """The configuration at `path`. Raises ConfigError with a sentence."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error}). Give a readable TOML file.") from error
    return parse(text, name=path.name)
