"""Components handed over in Python, registered for one experiment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from themis.experiment.components import as_component, local_name
from themis.plugin.declarations import ComponentKind
from themis.plugin.refs import normalise
from themis.plugin.registry import PluginRegistry
from themis.records import EngineCapabilities
from themis.specs import ModelSpec, Spec

__all__ = ["LocalComponents"]

_ANYTHING = EngineCapabilities(
    response_formats=("text", "json"), logprobs=True, seed=True, tools=True, images=True
)
"""A plain function, or an engine that says nothing else, is given whatever is asked."""


class LocalComponents:
    """Registers components of this process, each under a name that no other of its kind has."""

    def __init__(self, registry: PluginRegistry) -> None:
        self._registry = registry
        self._names: dict[tuple[ComponentKind, str], Any] = {}

    def reserve(self, kind: ComponentKind, name: str) -> None:
        """Keep a name for a component that is given by reference."""
        self._names[kind, normalise(name)] = None

    def add(self, kind: ComponentKind, given: Any, *, field: str | None = None) -> str:
        """Register a component or a plain function; gives its name, the same one each time."""
        wanted = local_name(given)
        for name in _numbered(wanted):
            key = (kind, normalise(name))
            if key not in self._names:
                self._register(kind, name, as_component(given, kind, name=name, field=field))
                self._names[key] = given
                return name
            if self._names[key] is given:
                return name
        raise AssertionError  # the numbers do not end

    def model(self, given: Any, *, field: str | None = None) -> ModelSpec:
        """The model that was given, or one whose engine is what was registered for it."""
        if isinstance(given, ModelSpec):
            return given
        name = self.add("engine", given, field=field)
        return ModelSpec(model_id=name, provider=f"local/{name}")

    def reference(self, kind: ComponentKind, given: Any, form: type[Any]) -> Any:
        """The reference that was given, or one to what was registered for it."""
        return given if isinstance(given, Spec) else form(id=f"local/{self.add(kind, given)}")

    def _register(self, kind: ComponentKind, name: str, component: Any) -> None:
        if kind == "engine":
            able = getattr(component, "capabilities", None) or _ANYTHING
            self._registry.register_inference_engine(name, component, capabilities=able)
        else:
            self._registry.register(kind, name, component)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1
