"""Every error a user can meet. Each carries one sentence that names file, place and remedy.

InsightsError
    ConfigError            insights.toml says something impossible
    ArtifactUnreadable     a file is truncated, foreign or damaged
    StoreLocked            an MLMD file stays exclusively locked
    TableError             a business table cannot be read or joined
    AccountError           money of two accounts, periods or of one loss was to be added
    UnknownId              a request names something no listing holds
"""

from __future__ import annotations


class InsightsError(Exception):
    """Base of the errors shown to a user as a sentence."""


class ConfigError(InsightsError, ValueError):
    """insights.toml cannot be used: the message names file, key (or line) and what is allowed."""


class ArtifactUnreadable(InsightsError, ValueError):
    """A file of the user's cannot be read; nothing was changed."""

    def __init__(
        self, path: str, what: str, *, offset: int | None = None, remedy: str = "Write the artifact again, or restore the file."
    ) -> None:
        super().__init__(f"{path}: {what}. {remedy}")
        self.path, self.what, self.offset, self.remedy = path, what, offset, remedy


class StoreLocked(InsightsError, TimeoutError):
    """An MLMD file is held exclusively by a writer."""


class TableError(InsightsError, ValueError):
    """A business table cannot be read, or does not join one to one at the declared grain."""


class AccountError(InsightsError, ValueError):
    """Money that must not be added: of two accounts, of two periods, or the same loss twice."""


class UnknownId(InsightsError, KeyError):
    """A request names a pipeline, run, slice or artifact that no listing holds."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else "unknown id"
