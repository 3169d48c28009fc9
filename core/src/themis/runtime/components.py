"""The live component instances of one execution: made once, closed at its end."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from themis.runtime.logging import get_logger

if TYPE_CHECKING:
    from themis.planning.binding import BoundComponent
    from themis.planning.plan import Plan

__all__ = ["ComponentMethod", "Instances"]


@attrs.frozen(slots=True)
class ComponentMethod:
    """A component's method, with what is found out about it once.

    `label` names the component in messages; `is_async` says that it must be awaited.
    """

    function: Callable[..., Any]
    label: str
    is_async: bool
    blocking: bool


class Instances:
    """One instance per bound component of a plan, made up front so that errors come early."""

    def __init__(self, plan: Plan) -> None:
        self._made: dict[int, Any] = {}
        self._methods: dict[tuple[int, str], ComponentMethod] = {}
        for component in plan.components:
            self._made[id(component)] = component.make()

    def of(self, component: BoundComponent) -> Any:
        """The instance of a component of the plan."""
        return self._made[id(component)]

    def method(self, component: BoundComponent, name: str) -> ComponentMethod:
        """A method of a component's instance."""
        key = (id(component), name)
        found = self._methods.get(key)
        if found is None:
            function = getattr(self._made[id(component)], name)
            label = f"{component.kind} {component.name!r}"
            is_async = inspect.iscoroutinefunction(function)
            found = ComponentMethod(function, label, is_async, component.blocking)
            self._methods[key] = found
        return found

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
                get_logger("themis.runtime").warning(
                    "component.close_failed", component=type(instance).__name__, error=str(error)
                )
        self._made.clear()
        self._methods.clear()
