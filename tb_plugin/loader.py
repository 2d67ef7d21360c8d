"""Entry points of the two tabs: standard library and TensorBoard's base class only, and no exception of ours leaves this module."""

from __future__ import annotations

import argparse
import logging
import threading
from typing import TYPE_CHECKING, Any

from tensorboard.plugins import base_plugin

if TYPE_CHECKING:
    from tb_plugin.backend import Backend

logger = logging.getLogger("tensorboard")  # TensorBoard shows what this logger says

_GROUP = "insights"
_lock = threading.Lock()
_backends: dict[int, Backend] = {}  # by id of the context, which the backend keeps alive


def _define(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(_GROUP)
    try:
        group.add_argument(
            "--insights_config",
            metavar="PATH",
            type=str,
            default="",
            help="An insights.toml for all pipelines. Without it the nearest one at or above each pipeline is used.",
        )
        group.add_argument(
            "--insights_state",
            metavar="DIR",
            type=str,
            default="",
            help="Where Insights keeps its cache and exports; nothing is ever written to the log directory.",
        )
    except argparse.ArgumentError:  # the other tab's loader was here first
        parser._action_groups.remove(group)


def backend_of(context: base_plugin.TBContext) -> Backend:
    """One backend for both tabs of a TensorBoard. Only the latest context is kept: a second one means a second TensorBoard in tests."""
    from tb_plugin.backend import Backend, Source
    from tb_plugin.plugin import TABS

    with _lock:  # both tabs may be asked at the same time
        known = _backends.get(id(context))
        if known is None:
            _backends.clear()
            known = _backends[id(context)] = Backend(Source.of(context), keep=context, pages=[tab.page for tab in TABS.values()])
        return known


class _TabLoader(base_plugin.TBLoader):  # type: ignore[misc]
    """Defines the flags once and loads one tab; a fault of ours costs our tab, never TensorBoard."""

    tab = ""

    def define_flags(self, parser: argparse.ArgumentParser) -> None:
        try:
            _define(parser)
        except Exception as fault:  # an exception here would end TensorBoard
            logger.warning("Insights could not add its flags (%s: %s).", type(fault).__name__, fault)

    def load(self, context: base_plugin.TBContext) -> Any:
        try:
            from tb_plugin import plugin

            return plugin.TABS[self.tab](context, lambda: backend_of(context))
        except Exception as fault:  # TensorBoard would survive, with a page of traceback
            logger.warning("Insights could not load its tab %r (%s: %s).", self.tab, type(fault).__name__, fault)
            return None


class TriangleLoader(_TabLoader):
    """Tab Insights Triangle."""

    tab = "insights_triangle"


class CostLoader(_TabLoader):
    """Tab Business Cost."""

    tab = "business_cost"
