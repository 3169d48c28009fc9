"""Hooks and protocol methods that will go away: marked once, found wherever a plugin uses them.

A hook's spec or a protocol's method is marked where it is defined::

    @hookspec
    @deprecated(since="1.2", instead="themis_scorers")
    def themis_metrics(): ...

A plugin that implements it goes on working. It is warned of once, by name, and
`themis plugins doctor` lists it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Literal, TypeVar

import attrs

from themis.plugin import hookspecs, lifecycle, protocols
from themis.plugin.declarations import ComponentKind

__all__ = [
    "Deprecation",
    "DeprecationKind",
    "PluginDeprecationWarning",
    "deprecated",
    "deprecated_hooks",
    "deprecated_methods",
    "has_deprecated_methods",
    "warn_of",
]

F = TypeVar("F", bound=Callable[..., object])

_MARK = "themis_deprecation"
DeprecationKind = ComponentKind | Literal["pipeline_hook"]
"""What may have deprecated methods."""

_PROTOCOLS: Mapping[DeprecationKind, tuple[type, ...]] = MappingProxyType({
    "engine": (protocols.InferenceEngine,),
    "extractor": (protocols.Extractor,),
    "metric": (protocols.Metric,),
    "judge": (protocols.JudgeModel,),
    "selector": (protocols.CandidateSelector,),
    "reducer": (protocols.CandidateReducer,),
    "storage_backend": (protocols.StorageBackend,),
    "execution_backend": (protocols.ExecutionBackend,),
    "dataset_provider": (protocols.DatasetProvider,),
    "exporter": (protocols.Exporter,),
    "observer": (lifecycle.LifecycleSubscriber, lifecycle.TracingProvider),
    "pipeline_hook": (protocols.PipelineHook,),
})  # fmt: skip
"""Benchmarks are data and commands are click's: no protocol of the core describes them."""


class PluginDeprecationWarning(FutureWarning):
    """A plugin uses what a later core will not have. Shown to users: they choose the plugins."""


@attrs.frozen(slots=True)
class Deprecation:
    """Since which core API something is deprecated, and what to use instead."""

    name: str
    since: str
    instead: str

    def __str__(self) -> str:
        return f"{self.name} is deprecated since core API {self.since}; use {self.instead}"


def deprecated(*, since: str, instead: str) -> Callable[[F], F]:
    """Mark a hook's spec or a protocol's method as deprecated."""

    def mark(function: F) -> F:
        setattr(function, _MARK, Deprecation(function.__qualname__, since, instead))
        return function

    return mark


def deprecated_hooks(implemented: Iterable[str]) -> tuple[Deprecation, ...]:
    """Those of the implemented hooks that are deprecated."""
    marks = (getattr(getattr(hookspecs, name, None), _MARK, None) for name in implemented)
    return tuple(mark for mark in marks if mark is not None)


def has_deprecated_methods(kind: DeprecationKind) -> bool:
    """Whether there is anything to look for in components of this kind."""
    return any(True for _ in _marked(kind))


def deprecated_methods(kind: DeprecationKind, component: object) -> tuple[Deprecation, ...]:
    """The deprecated methods of its kind's protocol that a component (or its class) has.

    What it inherits from the protocol itself does not count. What is called itself, a class or a
    function, has `__call__`.
    """
    cls = component if isinstance(component, type) else type(component)
    inherited = set(_protocol_classes(kind))
    own = {name for base in cls.__mro__ if base not in inherited for name in vars(base)}
    own |= {"__call__"} if callable(component) else set()
    return tuple(mark for name, mark in _marked(kind) if name in own)


def warn_of(what: str, uses: Iterable[Deprecation]) -> None:
    """Warn that `what`, a plugin or a component by name, uses something deprecated."""
    for use in uses:
        warnings.warn(f"{what}: {use}", PluginDeprecationWarning, stacklevel=1)


def _marked(kind: DeprecationKind) -> Iterator[tuple[str, Deprecation]]:
    for protocol in _protocol_classes(kind):
        for name, member in vars(protocol).items():
            mark = getattr(member, _MARK, None)
            if mark is not None:
                yield name, mark


def _protocol_classes(kind: DeprecationKind) -> Iterator[type]:
    """The protocols of a kind, and those they are put together from."""
    for protocol in _PROTOCOLS.get(kind, ()):
        yield from (base for base in protocol.__mro__ if base is not object)
