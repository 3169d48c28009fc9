"""Runs the handlers of tools. Whatever a handler does, the model gets a result to read."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import SpecValidationError
from themis.plugin import ToolHandler
from themis.records import TraceStep
from themis.runtime.masking import Masks

if TYPE_CHECKING:
    from themis.planning.plan import Plan

__all__ = ["ToolRunner", "check_handlers"]

_ERROR_LENGTH = 2000


def check_handlers(plan: Plan, given: Collection[str]) -> None:
    """Refuse a run whose tools have nothing to run: its models would only be told of errors.

    Raises:
        SpecValidationError: naming every such tool.
    """
    missing = plan.tools_without_handler(given)
    if missing:
        listed = ", ".join(f"{tool!r} of slice {slice_id!r}" for tool, slice_id in missing.items())
        msg = (
            f"no handler for tool {listed}; name one in the tool's `handler` "
            '("package.module:function"), or pass RuntimeContext(tool_handlers={name: function})'
        )
        raise SpecValidationError(msg)


@attrs.frozen(slots=True)
class ToolRunner:
    """The handlers of one slice's tools. What they return or raise shows nothing of `masks`.

    A plain function runs in a thread, by `in_thread`: it may block, and holds up no other call.
    """

    handlers: Mapping[str, ToolHandler]
    in_thread: Callable[..., Awaitable[Any]]
    masks: Masks = attrs.field(factory=Masks)

    async def result(self, name: str, arguments: Mapping[str, Any], call_id: str) -> TraceStep:
        """The `tool_result` step of one call; a failure is its `error` and its content."""
        try:
            content, error = self.masks.text(await self._content(name, arguments)), None
        except (Exception, SystemExit) as raised:  # noqa: BLE001 (the model is told, and it is recorded)
            problem = f"tool {name!r} raised {type(raised).__name__}: {raised}"
            content = error = self.masks.text(problem)[:_ERROR_LENGTH]
        return TraceStep(
            kind="tool_result", name=name, call_id=call_id, content=content, error=error
        )

    async def _content(self, name: str, arguments: Mapping[str, Any]) -> str:
        handler = self.handlers.get(name)
        if handler is None:
            known = ", ".join(sorted(self.handlers)) or "none"
            msg = f"there is no such tool; the tools are: {known}"
            raise LookupError(msg)
        if inspect.iscoroutinefunction(handler):
            value = await handler(**arguments)
        else:
            value = await self.in_thread(lambda: handler(**arguments))
        if inspect.isawaitable(value):
            value = await value
        return _as_text(value)


def _as_text(value: Any) -> str:
    """What the model reads: text as it is, anything else as JSON where it has that form."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        return str(value)
