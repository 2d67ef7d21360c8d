"""Ids that travel in links: text made from listed things, looked up in listings again, never used as a path."""

from __future__ import annotations

import msgspec

from model_insights.errors import UnknownId
from model_insights.slices import SliceKey
from model_insights.stats import FeaturePath


def slice_id(where: SliceKey) -> str:
    """`[["product_line","men_dress"]]`; `[]` is Overall."""
    return msgspec.json.encode(where.items).decode()


def parse_slice(text: str) -> SliceKey:
    """The slice of an id. Raises UnknownId for anything else."""
    try:
        return SliceKey(items=msgspec.json.decode(text, type=tuple[tuple[str, str | int | float], ...]))
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UnknownId(f"{text!r} is no slice of this run. Choose one from the tables.") from error


def feature_id(path: FeaturePath) -> str:
    """A feature's steps as JSON, so that dots in names stay apart from steps."""
    return msgspec.json.encode(path).decode()


def parse_feature(text: str) -> FeaturePath:
    """The path of a feature id. Raises UnknownId for anything else."""
    try:
        return msgspec.json.decode(text, type=tuple[str, ...])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UnknownId(f"{text!r} is no feature of this run. Choose one from the tables.") from error
