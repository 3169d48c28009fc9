"""The live component instances of one execution: made once, closed at its end."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from themis.planning.binding import BoundComponent
    from themis.planning.plan import Plan

__all__ = ["Instances"]


class Instances:
    """One instance per bound component of a plan, made up front so that errors come early."""

    def __init__(self, plan: Plan) -> None:
        self._made: dict[int, Any] = {}
        for component in plan.components:
            self._made[id(component)] = component.make()

    def of(self, component: BoundComponent) -> Any:
        """The instance of a component of the plan."""
        return self._made[id(component)]

    def method(self, component: BoundComponent, name: str) -> Callable[..., Any]:
        """A bound method of a component's instance."""
        method: Callable[..., Any] = getattr(self._made[id(component)], name)
        return method

    async def close(self) -> None:
        """Call every instance's `close()`; a failing one is logged and stops no other."""
        for instance in self._made.values():
            close = getattr(instance, "close", None)
            if close is None:
                continue
            try:
                value = close()
                if inspect.isawaitable(value):
                    await value
            except Exception as error:  # noqa: BLE001 (plugin code; the results are safe already)
                structlog.get_logger("themis.runtime").warning(
                    "component.close_failed", component=type(instance).__name__, error=str(error)
                )
        self._made.clear()
