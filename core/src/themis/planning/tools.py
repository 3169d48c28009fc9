"""Tool handlers that a spec names: imported, and fingerprinted, when the plan is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import PluginError
from themis.plugin import ToolHandler
from themis.plugin.fingerprints import fingerprint

if TYPE_CHECKING:
    from themis.planning.binding import Binder
    from themis.specs import SliceSpec, ToolSpec

__all__ = ["BoundTools"]


@attrs.frozen(slots=True)
class BoundTools:
    """The handlers that a slice's tools name, by tool; a tool without one gets it at run time."""

    handlers: Mapping[str, ToolHandler]

    @classmethod
    def of(cls, spec: SliceSpec, binder: Binder, where: str) -> BoundTools:
        """Import the handlers of a slice; one that cannot be imported is reported."""
        return cls(dict(_imported(spec, binder, f"{where}.generation.tools")))

    def identity(self) -> dict[str, str]:
        """What an arm's key holds of the handlers: an edit generates again."""
        return {name: fingerprint(handler) for name, handler in self.handlers.items()}


def _imported(spec: SliceSpec, binder: Binder, where: str) -> Iterator[tuple[str, ToolHandler]]:
    for tool in spec.generation.tools if spec.generation else ():
        if tool.handler is None:
            continue
        try:
            yield tool.name, _load(tool, tool.handler)
        except PluginError as error:
            binder.report(error, f"{where}[{tool.name}].handler")


def _load(tool: ToolSpec, target: str) -> ToolHandler:
    module, _, path = target.partition(":")
    try:
        found: Any = attrgetter(path)(import_module(module))
    except (Exception, SystemExit) as problem:
        msg = (
            f"the handler {target!r} of tool {tool.name!r} cannot be imported, "
            f"{type(problem).__name__}: {problem}; correct it, or install what provides {module!r}"
        )
        raise PluginError(msg) from problem
    if not callable(found):
        msg = f"the handler {target!r} of tool {tool.name!r} is no function; name one"
        raise PluginError(msg)
    handler: ToolHandler = found
    return handler
