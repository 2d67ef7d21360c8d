"""The base of every noun: a frozen, keyword-only msgspec struct."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from typing_extensions import dataclass_transform

if TYPE_CHECKING:
    from msgspec import StructMeta
else:
    StructMeta = type(msgspec.Struct)  # older releases do not export it


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class _NounMeta(StructMeta):
    """msgspec applies `kw_only` to the class that says it and not to its subclasses; every noun wants it."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> Any:
        return super().__new__(mcls, name, bases, namespace, **{"frozen": True, "kw_only": True, **config})


class Noun(msgspec.Struct, metaclass=_NounMeta):
    """A value of the domain. Equal by content, hashable when its fields are, never changed."""
