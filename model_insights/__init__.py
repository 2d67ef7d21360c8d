"""Insights Triangle: why a production model's business performance dropped, how sure we are, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model_insights.run import History

__version__ = "0.1.0"


def open_history(logdir: str, *, pipeline: str = "", config: str = "", state: str = "") -> History:
    """The runs of one pipeline under `logdir`, oldest first; the first pipeline where none is named (by id or by name).

    Raises UnknownId when there is no such pipeline. Imports nothing heavy until called."""
    from model_insights.errors import UnknownId
    from model_insights.workspace import Workspace

    workspace = Workspace.open(logdir, config=config, state=state)
    workspace.scan()
    found = workspace.histories()
    chosen = next((one for one in found if pipeline in ("", one.pipeline, one.name)), None)
    if chosen is None:
        names = ", ".join(one.name for one in found) or "none"
        raise UnknownId(f"No pipeline {pipeline!r} under {logdir}; found: {names}.")
    return chosen
