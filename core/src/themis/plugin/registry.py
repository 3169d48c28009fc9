"""The public face of components: built-ins, installed plugins, and what this process registers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from themis.errors import PluginError
from themis.plugin.component import ResolvedComponent
from themis.plugin.configuration import PluginConfig
from themis.plugin.declarations import ComponentKind
from themis.plugin.discovery import discover, load_builtins
from themis.plugin.explanations import not_locked
from themis.plugin.local import UNSTATED
from themis.plugin.lock import Lock
from themis.plugin.refs import ComponentRef, parse_ref
from themis.plugin.registering import as_engine, hook_registration, local_registration
from themis.plugin.registration import (
    CORE_API,
    ComponentRegistration,
    EngineRegistration,
    HookRegistration,
)
from themis.plugin.resolution import (
    ComponentRequest,
    LockedComponent,
    Resolution,
    resolve,
    resolve_all,
)
from themis.plugin.snapshot import InstalledPlugin, RegistrySnapshot
from themis.records import EngineCapabilities

__all__ = ["PluginRegistry"]


class PluginRegistry:
    """The components that one program or run may use. Two registries share no state.

    A registry knows the built-ins and, by default, every installed plugin's components. `plugins`
    gives it those instead (`()`: the built-ins only). `config` says which plugins may be loaded
    and which providers are preferred; by default what the environment says. With a `lock`, what it
    holds is chosen before anything else, and a plan that needs anything else is refused. Plugins
    are found when something is first looked up or registered.

    Example::

        registry = PluginRegistry()
        registry.register_metric("polite", Polite, version="1.0")
        registry.get_metric("polite").score(trial, candidate, context)
    """

    def __init__(
        self,
        *,
        plugins: Iterable[InstalledPlugin] | None = None,
        config: PluginConfig | None = None,
        lock: Lock | None = None,
    ) -> None:
        self._config = PluginConfig.from_environment() if config is None else config
        self._given = None if plugins is None else tuple(plugins)
        self._lock = lock
        self._known: RegistrySnapshot | None = None

    @property
    def config(self) -> PluginConfig:
        """Which plugins may be loaded, and which providers are preferred."""
        return self._config

    @property
    def lock(self) -> Lock | None:
        """What the registry is held to."""
        return self._lock

    def snapshot(self) -> RegistrySnapshot:
        """Everything this registry knows now, frozen."""
        if self._known is None:
            given = self._given
            self._known = RegistrySnapshot.of(
                discover(self._config) if given is None else (load_builtins(), *given)
            )
        return self._known

    def plugins(self) -> tuple[InstalledPlugin, ...]:
        """The built-ins and every plugin found, with its state and the reason for it."""
        return self.snapshot().plugins

    def register(
        self,
        kind: ComponentKind,
        name: str,
        factory: Any,
        *,
        version: str = UNSTATED,
        plugin_api: str = CORE_API,
    ) -> None:
        """Register a component of any kind: a class, a zero-argument callable, or an instance.

        Without a version, the component's own `version` attribute counts. Raises PluginError for a
        bad name or version, a missing method, another plugin API, and for a name and version that
        are taken (registering the very same thing again is no error).
        """
        added = local_registration(kind, name, factory, version=version, plugin_api=plugin_api)
        self._known = self.snapshot().with_local(added)

    def register_inference_engine(
        self,
        name: str,
        factory: Any,
        *,
        version: str = UNSTATED,
        capabilities: EngineCapabilities | Mapping[str, Any] | None = None,
        plugin_api: str = CORE_API,
        prompt_token_estimator: Callable[[str, str], int] | None = None,
    ) -> None:
        """Register an inference engine (see `register`).

        `prompt_token_estimator` is called with a text and a model id.
        """
        registration = local_registration(
            "engine", name, factory, version=version, plugin_api=plugin_api
        )
        engine = as_engine(registration, capabilities, prompt_token_estimator)
        self._known = self.snapshot().with_local(engine)

    def register_extractor(
        self, name: str, factory: Any, *, version: str = UNSTATED, plugin_api: str = CORE_API
    ) -> None:
        """Register an extractor (see `register`)."""
        self.register("extractor", name, factory, version=version, plugin_api=plugin_api)

    def register_metric(
        self, name: str, factory: Any, *, version: str = UNSTATED, plugin_api: str = CORE_API
    ) -> None:
        """Register a metric (see `register`)."""
        self.register("metric", name, factory, version=version, plugin_api=plugin_api)

    def register_judge(
        self, name: str, factory: Any, *, version: str = UNSTATED, plugin_api: str = CORE_API
    ) -> None:
        """Register a judge (see `register`)."""
        self.register("judge", name, factory, version=version, plugin_api=plugin_api)

    def register_hook(
        self, name: str, hook: Any, *, priority: int = 100, idempotent: bool = True
    ) -> None:
        """Register a pipeline hook; a hook lacking any of PipelineHook's methods is refused."""
        added = hook_registration(name, hook, priority=priority, idempotent=idempotent)
        self._known = self.snapshot().with_hook(added)

    def resolve(
        self,
        kind: ComponentKind,
        ref: str | ComponentRef,
        *,
        lock: Iterable[LockedComponent] | None = None,
    ) -> ResolvedComponent:
        """The component that a reference names; a PluginError that explains where there is none."""
        return self.explain(kind, ref, lock=lock).component()

    def explain(
        self,
        kind: ComponentKind,
        ref: str | ComponentRef,
        *,
        lock: Iterable[LockedComponent] | None = None,
    ) -> Resolution:
        """What a reference resolves to, by which rule, and what was rejected for what reason.

        `lock` stands in for the registry's own.
        """
        if lock is None and self._lock is not None:
            lock = self._lock.components
        return resolve(self.snapshot(), kind, ref, self._config, lock=lock)

    def choose(
        self,
        kind: ComponentKind,
        ref: str | ComponentRef,
        *,
        lock: Iterable[LockedComponent] | None = None,
    ) -> Resolution:
        """`explain` for a plan: what a registry with a lock finds outside of it is an error."""
        found = self.explain(kind, ref, lock=lock)
        if self._lock is None or found.chosen is None or found.rule == "lock":
            return found
        error = not_locked(kind, found.ref, str(found.chosen))
        return attrs.evolve(found, chosen=None, rule=None, error=error)

    def absent(self) -> tuple[str, ...]:
        """The distributions that the configuration allows by name and that are not installed."""
        if self._given is not None or self._config.allow is None:
            return ()
        known = {plugin.provider for plugin in self.plugins()}
        return tuple(sorted(self._config.allow - known))

    def resolve_all(
        self,
        requests: Iterable[ComponentRequest],
        *,
        lock: Iterable[LockedComponent] | None = None,
    ) -> tuple[ResolvedComponent, ...]:
        """Resolve every request, in order; one PluginError holds an issue for each that fails."""
        return resolve_all(self.snapshot(), requests, self._config, lock=lock)

    def has(self, kind: ComponentKind, name: str) -> bool:
        """Whether a component satisfies the reference (it may still be ambiguous)."""
        try:
            ref = parse_ref(name)
        except PluginError:  # what is no reference names nothing
            return False
        return bool(self.snapshot().satisfying(kind, ref))

    def has_inference_engine(self, name: str) -> bool:
        """Whether there is such an inference engine."""
        return self.has("engine", name)

    def has_extractor(self, name: str) -> bool:
        """Whether there is such an extractor."""
        return self.has("extractor", name)

    def has_metric(self, name: str) -> bool:
        """Whether there is such a metric."""
        return self.has("metric", name)

    def has_judge(self, name: str) -> bool:
        """Whether there is such a judge."""
        return self.has("judge", name)

    def get(
        self, kind: ComponentKind, name: str, *, config: Mapping[str, Any] | None = None
    ) -> Any:
        """A working component of any kind.

        Raises:
            PluginError: there is none, or it cannot be made with this configuration.
        """
        component = self.resolve(kind, name)
        try:
            return component.make(config)
        except PluginError as error:
            if config is not None or not error.issues:
                raise
            wanted = ", ".join(f'"{issue.key}": ...' for issue in error.issues)
            msg = f'{error}; give it: registry.get("{kind}", "{name}", config={{{wanted}}})'
            raise PluginError(msg, issues=error.issues) from None

    def get_inference_engine(self, name: str) -> Any:
        """A working inference engine."""
        return self.get("engine", name)

    def get_extractor(self, name: str) -> Any:
        """A working extractor."""
        return self.get("extractor", name)

    def get_metric(self, name: str) -> Any:
        """A working metric."""
        return self.get("metric", name)

    def get_judge(self, name: str) -> Any:
        """A working judge."""
        return self.get("judge", name)

    def get_inference_engine_registration(self, name: str) -> EngineRegistration:
        """An inference engine's metadata."""
        component = self.resolve("engine", name)
        return EngineRegistration(
            **_metadata(component),
            capabilities=component.capabilities,
            prompt_token_estimator=component.token_estimator(),
        )

    def get_extractor_registration(self, name: str) -> ComponentRegistration:
        """An extractor's metadata."""
        return ComponentRegistration(**_metadata(self.resolve("extractor", name)))

    def get_metric_registration(self, name: str) -> ComponentRegistration:
        """A metric's metadata."""
        return ComponentRegistration(**_metadata(self.resolve("metric", name)))

    def iter_hook_registrations(self) -> Iterator[HookRegistration]:
        """The pipeline hooks, by priority, then order of registration."""
        return iter(self.snapshot().hooks)

    def iter_hooks(self) -> Iterator[Any]:
        """The hooks themselves, in the same order."""
        return (registration.hook for registration in self.snapshot().hooks)


def _metadata(component: ResolvedComponent) -> dict[str, Any]:
    return {
        "name": component.name,
        "factory": component.load(),
        "version": component.version,
        "plugin_api": component.registration.plugin_api,
        "registration_order": component.registration.order,
    }
