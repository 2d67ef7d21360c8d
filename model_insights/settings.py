"""What the user may say about where artifacts lie and which period a run speaks of."""

from __future__ import annotations

from model_insights.noun import Noun


class ReadingSettings(Noun):
    """The part of insights.toml that reading needs, already checked. The defaults find everything by themselves."""

    period_node: str = ""  # node id or component whose execution property names the period; "": Trainer's `period`, then span, then time
    period_property: str = ""  # execution property; JSON text is looked into
    period_key: str = ""  # key inside the JSON; dots step into objects. "": the property itself
    calendar: tuple[tuple[str, str, str, str], ...] = ()  # (span, label, start, end); start and end ISO dates or ""
    rewrite: tuple[tuple[str, str], ...] = ()  # (recorded prefix, where it lies now: absolute, or relative to the log directory)
    roots: tuple[str, ...] = ()  # folders outside the log directory that artifacts may be read from
