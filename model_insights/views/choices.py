"""The pickers' further choices: any other period as reference, and the split whose statistics are compared. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from model_insights.loaded import Loaded
from model_insights.run import Run
from model_insights.view import Choice, Fact, View
from model_insights.wording import Words


def splits_of(run: Run, reference: Run | None) -> tuple[str, ...]:
    """Names of the splits whose statistics can be read in the run and, where there is one, in its reference."""
    names = [one.value.split for one in run.statistics if isinstance(one, Loaded) and one.value.whole is not None]
    return tuple(name for name in names if reference is None or reference.split(name) is not None)


def only_split(run: Run, split: str) -> Run:
    """The run as if it had the statistics of one split only."""
    return msgspec.structs.replace(
        run, statistics=tuple(one for one in run.statistics if isinstance(one, Loaded) and one.value.split == split)
    )


def with_choices(page: View, runs: Sequence[Run], run: Run, splits: Sequence[str], split: str, words: Words) -> View:
    """The page whose pickers offer every other period as reference, newest first, and the splits where there are several.

    `runs` oldest first; `split`: the chosen one, "" the usual one."""
    known = {choice.id for choice in page.selection.references}
    at = next((i for i, one in enumerate(runs) if one.id == run.id), 0)
    pinned = tuple(
        Choice(id=f"run:{one.id}", text=f"period of {words.day(one.period.label)}{' (later)' if i > at else ''}")
        for i, one in reversed(list(enumerate(runs)))
        if one.id != run.id and f"run:{one.id}" not in known
    )
    several = tuple(Choice(id=name, text=name) for name in splits) if len(splits) > 1 else ()
    selection = msgspec.structs.replace(page.selection, references=(*page.selection.references, *pinned), splits=several, split=split)
    said = (Fact(label="Statistics", value=f"split {split}"),) if split else ()
    return msgspec.structs.replace(page, selection=selection, footer=(*page.footer, *said))
