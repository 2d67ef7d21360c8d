"""The base of every noun: a frozen, keyword-only msgspec struct."""

from __future__ import annotations

import msgspec


class Noun(msgspec.Struct, frozen=True, kw_only=True):
    """A value of the domain. Equal by content, hashable when its fields are, never changed."""
