"""The two tabs as TensorBoard sees them. Everything else is imported after TensorBoard has started, by what first needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tensorboard.plugins import base_plugin

if TYPE_CHECKING:
    from tb_plugin.backend import Backend
    from tb_plugin.routes import Routes

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

ROUTES = {
    "/index.js": "index_route",
    "/view": "view_route",
    "/status": "status_route",
    "/confirm": "confirm_route",
    "/words": "words_route",
    "/export": "export_route",
    "/export_status": "export_status_route",
    "/export_file": "export_file_route",
    "/export_cancel": "export_cancel_route",
    "/*": "asset_route",
}


class _Tab(base_plugin.TBPlugin):  # type: ignore[misc]
    """One tab. `find_backend` gives the backend that both tabs share; it is asked once."""

    plugin_name = ""
    title = ""
    entry = ""
    page = ""

    def __init__(self, context: base_plugin.TBContext, find_backend: Callable[[], Backend]) -> None:
        super().__init__(context)
        self._find_backend = find_backend

    @cached_property
    def backend(self) -> Backend:
        return self._find_backend()

    @cached_property
    def routes(self) -> Routes:
        from tb_plugin.routes import Routes

        return Routes(self.plugin_name, self.backend, entry=self.entry, page=self.page)

    def is_active(self) -> bool:
        return self.backend.is_active()

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name=self.title)

    def get_plugin_apps(self) -> dict[str, WsgiApp]:
        return {path: self._app(name) for path, name in ROUTES.items()}

    def _app(self, name: str) -> WsgiApp:
        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            app: WsgiApp = getattr(self.routes, name)
            return app(environ, start_response)

        return answer


class TriangleTab(_Tab):
    """Which assumption broke."""

    plugin_name = "insights_triangle"
    title = "Insights Triangle"
    entry = "insights.js"
    page = "insights"


class CostTab(_Tab):
    """What it costs."""

    plugin_name = "business_cost"
    title = "Business Cost"
    entry = "cost.js"
    page = "cost"


TABS: dict[str, type[_Tab]] = {tab.plugin_name: tab for tab in (TriangleTab, CostTab)}
