"""The base of every noun: a frozen, keyword-only msgspec struct."""

from __future__ import annotations

from typing import Any

import msgspec
from typing_extensions import dataclass_transform


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class _NounMeta(type(msgspec.Struct)):  # type: ignore[misc]
    """msgspec applies `kw_only` to the class that says it and not to its subclasses; every noun wants it."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> Any:
        return super().__new__(mcls, name, bases, namespace, **{"frozen": True, "kw_only": True, **config})


class Noun(msgspec.Struct, metaclass=_NounMeta):
    """A value of the domain. Equal by content, hashable when its fields are, never changed."""
