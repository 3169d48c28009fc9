"""A component that a reference was resolved to: imported, configured and made on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs
from packaging.version import Version

from themis.errors import PluginError, SpecIssue, ThemisError
from themis.plugin.contract import builds_workflow, check_methods, required_method
from themis.plugin.declarations import (
    ComponentDeclaration,
    ComponentKind,
    InferenceEngineDeclaration,
)
from themis.plugin.deprecations import deprecated_methods, warn_of
from themis.plugin.loading import load_target
from themis.plugin.local import UNSTATED
from themis.plugin.refs import normalise
from themis.plugin.registration import Registration
from themis.records import EngineCapabilities

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

__all__ = ["ResolvedComponent"]


@attrs.frozen(slots=True)
class ResolvedComponent:
    """One component, chosen. Nothing of it is imported before `load`, `configure` or `make`."""

    registration: Registration

    @property
    def declaration(self) -> ComponentDeclaration:
        """What was declared of it."""
        return self.registration.declaration

    @property
    def kind(self) -> ComponentKind:
        """Its kind."""
        return self.declaration.kind

    @property
    def name(self) -> str:
        """Its name, as declared."""
        return self.declaration.name

    @property
    def provider(self) -> str:
        """A distribution's normalised name, `builtin` or `local`."""
        return self.registration.provider

    @property
    def distribution_version(self) -> str:
        """The version of the distribution: provenance, never part of a key."""
        return self.registration.distribution.version

    @property
    def implementation(self) -> str:
        """Where its code is: `module:attribute`, or the name of what was registered here."""
        return self.declaration.implementation

    @property
    def config_model(self) -> str | None:
        """Where its pydantic config model is, as `module:attribute`; None without one."""
        return self.declaration.config

    @property
    def capabilities(self) -> EngineCapabilities:
        """What an engine can do."""
        if isinstance(self.declaration, InferenceEngineDeclaration):
            return self.declaration.capabilities
        msg = f"{self.label} is no engine and has no capabilities"
        raise PluginError(msg)

    @property
    def label(self) -> str:
        """How messages name it: `metric builtin/exact_match@1.0`."""
        return f"{self.kind} {self.registration}"

    @property
    def version(self) -> str:
        """Its behaviour's version. A local component that was given none is asked for its own."""
        local = self.registration.local
        if local is not None and self.declaration.version == UNSTATED:
            return local.version
        return self.declaration.version

    @cached_property
    def fingerprint(self) -> str | None:
        """What tells a local component from an edited one; None for any other."""
        local = self.registration.local
        return None if local is None else local.fingerprint

    def identity(self, config: Mapping[str, Any] | BaseModel | None = None) -> dict[str, Any]:
        """What an artifact's key holds of this component with this configuration.

        The name, the component's version, the fingerprint of a local one, and the configuration
        with its defaults (fields declared with `exclude=True`, such as timeouts, are left out).
        Neither provider nor distribution: they are provenance.
        """
        identity: dict[str, Any] = {
            "component": f"{normalise(self.name)}@{Version(self.version)}",
            "config": self._plain(self.configure(config)),
        }
        if self.fingerprint is not None:
            identity["fingerprint"] = self.fingerprint
        return identity

    def load(self) -> Any:
        """The implementation: the class or callable that was declared or registered.

        Raises PluginError when it cannot be imported, or lacks its kind's method.
        """
        if self.registration.local is not None:
            implementation = self.registration.local.given
        else:
            implementation = load_target(self.implementation, what=self.label)
            if isinstance(implementation, type):
                self._check(implementation)
        warn_of(self.label, deprecated_methods(self.kind, implementation))
        return implementation

    def configure(self, config: Mapping[str, Any] | BaseModel | None = None) -> Any:
        """`config` validated by the config model; without a model, a dict of it as written.

        Raises PluginError with an issue for each field that is wrong.
        """
        if self.config_model is None:
            return self._mapping(config)
        model = self._model()
        if isinstance(config, model):
            return config
        from pydantic import ValidationError

        try:
            return model.model_validate(self._mapping(config))
        except ValidationError as problem:
            raise self._wrong_config(problem) from None

    def config_fields(self) -> frozenset[str]:
        """The names of the settings that its config model has; none without one."""
        return frozenset() if self.config_model is None else frozenset(self._model().model_fields)

    def make(self, config: Mapping[str, Any] | BaseModel | None = None) -> Any:
        """A working component: made with its validated config, as declarations.py says.

        An extractor is given its configuration with each call, so it can be made without.
        """
        takes_config = self.config_model is not None and self.kind != "extractor"
        settings = self.configure(config) if takes_config or config is not None else None
        implementation = self.load()
        if self.registration.local is not None:
            return self.registration.local.make()
        if not isinstance(implementation, type) and self._has_method(implementation):
            return implementation
        component = self._call(implementation, *([settings] if takes_config else []))
        self._check(component)
        return component

    def builds_workflow(self, config: Mapping[str, Any] | BaseModel | None = None) -> bool:
        """Whether it is a metric that builds evaluation workflows, so configured."""
        if self.kind != "metric":
            return False
        local = self.registration.local
        if local is not None:
            return builds_workflow(local.given) or builds_workflow(local.probe())
        implementation = self.load()
        if isinstance(implementation, type) or self._has_method(implementation):
            return builds_workflow(implementation)
        return builds_workflow(self.make(config))

    def token_estimator(self) -> Callable[[str, str], int] | None:
        """An engine's `f(text, model_id) -> int`; None when it names none."""
        if self.registration.token_estimator is not None:
            return self.registration.token_estimator
        target = getattr(self.declaration, "token_estimator", None)
        if target is None:
            return None
        estimator: Callable[[str, str], int] = load_target(target, what=self.label)
        return estimator

    def _mapping(self, config: object) -> dict[str, Any]:
        if config is None:
            return {}
        if isinstance(config, Mapping):
            return dict(config)
        msg = f"{self.label}: its configuration must be a table of settings, not {config!r:.60}"
        raise PluginError(msg)

    def _plain(self, config: Any) -> Any:
        try:
            return _plain(config)
        except (TypeError, ValueError) as problem:  # pydantic's serialisation error is one
            msg = f"{self.label}: its configuration cannot be part of a key: {problem}"
            raise PluginError(msg) from problem

    def _model(self) -> type[BaseModel]:
        model = load_target(str(self.config_model), what=f"{self.label}, config model")
        if isinstance(model, type) and hasattr(model, "model_validate"):
            return model
        msg = f"{self.label}: config model {self.config_model} is no pydantic model"
        raise PluginError(msg)

    def _wrong_config(self, problem: ValidationError) -> PluginError:
        issues = [
            SpecIssue(error["msg"], key=".".join(str(part) for part in error["loc"]))
            for error in problem.errors(include_url=False, include_input=False)
        ]
        listed = "; ".join(str(issue) for issue in issues)
        return PluginError(f"{self.label}: its configuration is wrong: {listed}", issues=issues)

    def _call(self, implementation: Any, *arguments: Any) -> Any:
        try:
            return implementation(*arguments)
        except (ThemisError, KeyboardInterrupt):
            raise
        except BaseException as problem:
            msg = f"{self.label} cannot be made: {type(problem).__name__}: {problem}"
            raise PluginError(msg) from problem

    def _has_method(self, implementation: object) -> bool:
        method = required_method(self.kind, implementation)
        return method is not None and hasattr(implementation, method.name)

    def _check(self, component: object) -> None:
        method = required_method(self.kind, component)
        if method is not None:
            check_methods(component, [method], what=self.label)


def _plain(config: Any) -> Any:
    """Configuration as plain data, the same in every process: sets are sorted."""
    from pydantic_core import to_jsonable_python

    if hasattr(config, "model_dump"):
        config = config.model_dump()
    if isinstance(config, Mapping):
        return {next(iter(to_jsonable_python({key: None}))): _plain(config[key]) for key in config}
    if isinstance(config, (set, frozenset)):
        return sorted((_plain(entry) for entry in config), key=repr)
    if isinstance(config, (list, tuple)):
        return [_plain(entry) for entry in config]
    return to_jsonable_python(config)
