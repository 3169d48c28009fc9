"""Components by name: which there are, and one of them made."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, get_args

from themis.catalog.entries import entry_of
from themis.errors import PluginError
from themis.plugin.declarations import ComponentKind
from themis.plugin.refs import parse_ref
from themis.plugin.registry import PluginRegistry
from themis.specs.findings import nearest

__all__ = ["builtin_component_refs", "list_component_ids", "load"]

_KINDS: tuple[ComponentKind, ...] = get_args(ComponentKind)


def builtin_component_refs() -> dict[str, dict[str, str]]:
    """By kind and name, the full reference of every component that comes along.

    `builtin_component_refs()["metric"]["exact_match"]` is `builtin/exact_match@1.0.0`, say.
    """
    registry = PluginRegistry(plugins=())
    found: dict[str, dict[str, str]] = {}
    for kind in _KINDS:
        named = {each.name: str(each) for each in registry.snapshot().of_kind(kind)}
        if named:
            found[kind] = dict(sorted(named.items()))
    return found


def list_component_ids(*, kind: str | None = None) -> list[str]:
    """The names of all components, sorted: built-in ones and those of installed plugins.

    Raises:
        PluginError: there is no such kind; the message lists them.
    """
    kinds = _KINDS if kind is None else (_known_kind(kind),)
    snapshot = PluginRegistry().snapshot()
    return sorted({each.name for each in snapshot.registrations if each.kind in kinds})


def load(name: str) -> Any:
    """The component with this name, made with its default settings; of a benchmark, its spec.

    A name that exists in several kinds is given with its kind: `metric:exact_match`. As any
    reference it may name the provider and version: `metric:themis-math/equal@>=1,<2`.

    Raises:
        PluginError: there is none, the name exists in several kinds, or it cannot be made.
    """
    registry = PluginRegistry()
    kind, reference = _kind_and_reference(registry, name)
    if kind == "benchmark":
        _, loaded = entry_of(registry.resolve(kind, reference))
        return loaded.benchmark
    return registry.get(kind, reference)


def _known_kind(kind: str) -> ComponentKind:
    for known in _KINDS:
        if known == kind:
            return known
    msg = f"there is no kind {kind!r} of component{nearest(kind, list(_KINDS))}"
    raise PluginError(msg)


def _kind_and_reference(registry: PluginRegistry, name: str) -> tuple[ComponentKind, str]:
    kind, colon, reference = name.partition(":")
    if colon:
        return _known_kind(kind), reference
    kinds = registry.snapshot().kinds_of(parse_ref(name).name)
    if len(kinds) == 1:
        return kinds[0], name
    if kinds:
        choices = ", ".join(f"{each}:{name}" for each in kinds)
        msg = f"{name!r} names components of several kinds; write one of {choices}"
    else:
        near = get_close_matches(name, list_component_ids(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "list_component_ids() lists what there is"
        msg = f"nothing is named {name!r}; {hint}"
    raise PluginError(msg)
