"""What hop 1 returns for each artifact: loaded, absent or damaged. Absence and damage travel as values, never as exceptions."""

from __future__ import annotations

from typing import Generic, TypeVar, Union

import msgspec

T = TypeVar("T")


class Loaded(msgspec.Struct, Generic[T], frozen=True, kw_only=True, tag="loaded"):
    """An artifact that was read whole."""

    value: T
    path: str = ""  # where it was read, as shown to a person


class Absent(msgspec.Struct, frozen=True, kw_only=True, tag="absent"):
    """Nothing was written, or it is gone. Not an error, and not zero."""

    what: str  # "statistics of split eval"
    reason: str  # "the run has no ExampleStatistics artifact"
    remedy: str  # "add StatisticsGen to the pipeline"

    @property
    def sentence(self) -> str:
        return f"No {self.what}: {self.reason}. {self.remedy}"


class Damaged(msgspec.Struct, frozen=True, kw_only=True, tag="damaged"):
    """Something was written and cannot be read. Never shown as empty."""

    path: str
    what: str  # "the record at byte 1200 ends 12 bytes early"
    remedy: str = "Write the artifact again, or restore the file."
    offset: int | None = None  # byte in the file, where known

    @property
    def sentence(self) -> str:
        return f"{self.path} cannot be read: {self.what}. {self.remedy}"


Outcome = Union[Loaded[T], Absent, Damaged]


def value_of(outcome: Loaded[T] | Absent | Damaged) -> T | None:
    """The loaded value, or None where there is none (the caller says why)."""
    return outcome.value if isinstance(outcome, Loaded) else None
