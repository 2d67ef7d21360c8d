"""The one place where money of several sources is added: it refuses what would count a euro twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from model_insights.errors import AccountError


class Booked(Protocol):
    """Money of one run: which account it is of, and which run's."""

    @property
    def account(self) -> str: ...
    @property
    def run_id(self) -> str: ...


def check_addable(parts: Sequence[Booked]) -> None:
    """Raises AccountError for money of two accounts or of two periods."""
    if len({part.account for part in parts}) > 1:
        raise AccountError(
            "The cost of mistakes and the business result are two accounts and never added: the same euro may stand in both. "
            "Read them side by side."
        )
    if len({part.run_id for part in parts}) > 1:
        raise AccountError("Costs of different periods are not one period's cost. Add costs of one run.")
