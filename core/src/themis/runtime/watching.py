"""Tells a run's subscribers and tracing providers what happens, on threads of their own.

Who is told is settled when the run starts. Everything goes through a `TelemetryBus`: nothing that
is watching can change, hold up or end what it watches. A run that nobody watches has no `Watch`,
and its pipeline is made of the plain parts.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import attrs

from themis.errors import PluginError
from themis.plugin.lifecycle import (
    LIFECYCLE_HOOKS,
    LifecycleContext,
    LifecycleHook,
    LifecycleSubscriber,
    Span,
    TracingProvider,
)
from themis.records.event_telling import STATUS, TOLD_KINDS, EventPlace, told_of_case, told_of_run
from themis.runtime.copies import own_copy
from themis.runtime.observers import TelemetryBus

if TYPE_CHECKING:
    from themis.plugin.registry import PluginRegistry
    from themis.records import CandidateRecord, TrialSpec
    from themis.records.run_events import RunEvent
    from themis.runtime.context import RuntimeContext
    from themis.runtime.observers import ObserverReport
    from themis.runtime.work import Work
    from themis.specs import ProjectSpec
    from themis.storage import Event

__all__ = ["CLOSE_SECONDS", "Watch", "watch_run"]

CLOSE_SECONDS = 5.0
"""How long the end of a run waits for those who have not been told everything yet."""

_SPAN: Literal["span"] = "span"
_TRACING_METHODS = ("start_span", "end_span")


def watch_run(
    run_id: str,
    benchmark_id: str,
    *,
    project: ProjectSpec,
    registry: PluginRegistry,
    context: RuntimeContext,
) -> Watch | None:
    """What tells those who watch this run: the context's, and the observers that are named.

    None when there is nobody.

    Raises:
        PluginError: an observer is unknown or cannot be made, or something has no hook at all.
    """
    watching = [*context.subscribers]
    if context.tracing_provider is not None:
        watching.append(context.tracing_provider)
    watching += [
        registry.resolve("observer", spec.id).make(spec.config) for spec in project.observers
    ]
    named = {spec.id for spec in project.observers}
    watching += [
        registry.resolve("observer", ref).make() for ref in context.observers if ref not in named
    ]
    return Watch(watching, LifecycleContext(run_id=run_id, benchmark_id=benchmark_id)) or None


class Watch:
    """The telling side of one execution."""

    __slots__ = ("_bus", "_root", "_run", "hooks", "traces")

    def __init__(self, watching: Sequence[object], run: LifecycleContext) -> None:
        self._run = run
        self._root = Span(kind="run", context=run, start=time.time())
        self._bus = TelemetryBus()
        for watcher in watching:
            _check(watcher)
        self.hooks: frozenset[LifecycleHook] = frozenset().union(*map(_hooks_of, watching))
        self.traces = any(isinstance(watcher, TracingProvider) for watcher in watching)
        for watcher in watching:
            self._subscribe(watcher)

    def __bool__(self) -> bool:
        return self.traces or bool(self.hooks)

    def about(
        self, trial: TrialSpec, candidate: CandidateRecord, *, component: str
    ) -> LifecycleContext:
        """The context of a stage of a candidate."""
        return self.context(
            trial,
            candidate_id=candidate.candidate_id,
            sample_index=candidate.sample_index,
            seed=candidate.effective_seed,
            component=component,
        )

    def context(self, trial: TrialSpec, **more: Any) -> LifecycleContext:
        """The context of something about a trial."""
        return attrs.evolve(
            self._run,
            slice_id=trial.slice_id,
            item_id=trial.item_id,
            model_id=trial.model.model_id,
            provider=trial.model.provider,
            trial_hash=trial.trial_hash,
            **more,
        )

    @property
    def run(self) -> LifecycleContext:
        """The context of the run as a whole."""
        return self._run

    def tell(self, hook: LifecycleHook, *arguments: Any) -> None:
        """Have a hook called, with copies of what is not fixed: records may hold dicts."""
        if hook in self.hooks:
            told = own_copy(arguments)
            self._bus.publish(_Told(hook, lambda: told))

    def trace(self, span: Span) -> None:
        """Have a span kept, with its children, under the run's."""
        if self.traces:
            self._bus.publish(_Told(_SPAN, lambda: (span,)))

    def recorded(self, event: Event, seq: int, work: Work | None) -> None:
        """Have `on_event` called with what a durable event says of the run, or of `work`."""
        if "on_event" in self.hooks:
            for told in self._events(event, seq, work):
                self._bus.publish(_Told("on_event", partial(own_copy, (told,))))

    def close(self, status: str) -> tuple[ObserverReport, ...]:
        """The run has ended: wait a while for everyone to be told."""
        failed = status in {"failed", "interrupted"}
        self._root = attrs.evolve(
            self._root,
            end=time.time(),
            status=status,
            error=f"the run is {status}" if failed else None,
        )
        return self._bus.close(timeout=CLOSE_SECONDS)

    def _events(self, event: Event, seq: int, work: Work | None) -> Iterable[RunEvent]:
        place = EventPlace(run_id=self._run.run_id, seq=seq, at=event.at, key=event.key)
        if event.kind == STATUS:
            return [told_of_run(event.value(), place)]
        if work is None or work.item is None or event.kind not in TOLD_KINDS:
            return []
        return told_of_case(
            event.kind,
            event.value(),
            place,
            dataset_id=work.slice_plan.spec.slice_id,
            case_id=work.item.item_id,
        )

    def _subscribe(self, watcher: object) -> None:
        if methods := _hooks_of(watcher):
            self._bus.subscribe(_Subscription(watcher, methods), kinds=methods)
        if isinstance(watcher, TracingProvider):
            tracer = _Tracer(watcher, lambda: self._root)
            self._bus.subscribe(tracer, kinds={_SPAN}, finish=tracer.finish)


@attrs.frozen(slots=True)
class _Told:
    """One call to come. `arguments` is asked on the watcher's thread."""

    kind: LifecycleHook | Literal["span"]
    arguments: Callable[[], tuple[Any, ...]]


class _Subscription:
    """A subscriber's hooks, looked up once."""

    def __init__(
        self, subscriber: object, methods: Mapping[LifecycleHook, Callable[..., Any]]
    ) -> None:
        self.__qualname__ = type(subscriber).__qualname__
        self._methods = methods

    def __call__(self, told: _Told) -> Any:
        assert told.kind != _SPAN
        return self._methods[told.kind](*told.arguments())


class _Tracer:
    """Gives a provider each span with its parent; the run's first and last."""

    def __init__(self, provider: TracingProvider, root: Callable[[], Span]) -> None:
        self.__qualname__ = type(provider).__qualname__
        self._provider = provider
        self._root = root
        self._run: list[Any] = []

    def __call__(self, told: _Told) -> None:
        [span] = told.arguments()
        self._keep(span, self._started())

    def finish(self) -> None:
        """End the run's span, and have the provider send what it holds."""
        self._provider.end_span(self._started(), self._root())
        flush = getattr(self._provider, "flush", None)
        if flush is not None:
            flush()

    def _started(self) -> Any:
        if not self._run:
            self._run.append(self._provider.start_span(self._root(), None))
        return self._run[0]

    def _keep(self, span: Span, parent: Any) -> None:
        handle = self._provider.start_span(span, parent)
        for child in span.children:
            self._keep(child, handle)
        self._provider.end_span(handle, span)


def _hooks_of(subscriber: object) -> dict[LifecycleHook, Callable[..., Any]]:
    """The hooks that a subscriber has; those it inherits from the protocol do nothing."""
    found: dict[LifecycleHook, Callable[..., Any]] = {}
    for hook in LIFECYCLE_HOOKS:
        method = getattr(subscriber, hook, None)
        idle = getattr(LifecycleSubscriber, hook)
        if callable(method) and getattr(method, "__func__", method) is not idle:
            found[hook] = method
    return found


def _check(watcher: object) -> None:
    """Raise a PluginError for what has no hook, or half of a tracing provider's methods."""
    name = type(watcher).__qualname__
    tracing = [getattr(watcher, method, None) for method in _TRACING_METHODS]
    if any(tracing) and any(not _is_plain(method) for method in tracing):
        msg = f"tracing provider {name} needs plain functions {' and '.join(_TRACING_METHODS)}"
        raise PluginError(msg)
    if not any(tracing) and not _hooks_of(watcher):
        msg = (
            f"{name} can watch nothing: a subscriber has at least one of the methods "
            f"{', '.join(LIFECYCLE_HOOKS)}; a tracing provider has {' and '.join(_TRACING_METHODS)}"
        )
        raise PluginError(msg)


def _is_plain(method: object) -> bool:
    return callable(method) and not inspect.iscoroutinefunction(method)
