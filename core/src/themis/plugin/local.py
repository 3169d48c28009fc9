"""Components registered in this process: a class, a zero-argument callable, or an instance."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Literal

import attrs

from themis.errors import PluginError, ThemisError
from themis.plugin.contract import check_methods, required_method
from themis.plugin.declarations import ComponentKind
from themis.plugin.fingerprints import fingerprint
from themis.plugin.refs import is_version
from themis.plugin.source import label, own_fingerprint

__all__ = ["UNSTATED", "LocalFactory", "stated_version"]

UNSTATED = "0.0.0"
"""The version of a local component that names none, neither when registered nor as an attribute."""


@attrs.frozen(eq=False, kw_only=True)
class LocalFactory:
    """What was handed over, and how a component is made of it.

    A class or an instance is checked when registered; what a callable makes is checked when made.
    The first component made to learn its version and fingerprint is the first one given out.
    """

    kind: ComponentKind
    name: str
    given: Any
    _spare: list[Any] = attrs.field(factory=list, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.form == "callable":
            return
        self._check(self.given)
        if self.form == "class":
            self._check_constructor()

    @functools.cached_property
    def form(self) -> Literal["class", "instance", "callable"]:
        """How `given` becomes a component."""
        if isinstance(self.given, type):
            return "class"
        method = required_method(self.kind, self.given)
        if method is not None and hasattr(self.given, method.name):
            return "instance"
        return "callable" if callable(self.given) else "instance"

    @property
    def label(self) -> str:
        """How messages name the component."""
        return f"{self.kind} {self.name!r} ({label(self.given)})"

    def make(self) -> Any:
        """A component: the instance itself, or a new one."""
        if self.form == "instance":
            return self.given
        return self._spare.pop() if self._spare else self._new()

    @functools.cached_property
    def version(self) -> str:
        """The made component's own version."""
        return stated_version(self.probe(), what=self.label) or UNSTATED

    @functools.cached_property
    def fingerprint(self) -> str:
        """What tells this component from an edited one."""
        component = self.probe()
        own = own_fingerprint(component)
        if own is not None:
            return own
        if self.form == "callable":
            return fingerprint(self.given, component)
        return fingerprint(self.given)

    def probe(self) -> Any:
        """A component to look at; the first one is the first given out."""
        component = self.make()
        if self.form != "instance":
            self._spare.append(component)
        return component

    def _new(self) -> Any:
        try:
            component = self.given()
        except ThemisError:
            raise
        except Exception as problem:
            msg = f"{self.label} cannot be made: {type(problem).__name__}: {problem}"
            raise PluginError(msg) from problem
        if self.form == "callable":
            self._check(component)
        return component

    def _check(self, component: object) -> None:
        method = required_method(self.kind, component)
        if method is not None:
            check_methods(component, [method], what=self.label)

    def _check_constructor(self) -> None:
        missing = _required_parameters(self.given)
        if missing:
            msg = (
                f"{self.label} cannot be made without arguments: its constructor needs "
                f"{', '.join(missing)}; register an instance, or functools.partial with them"
            )
            raise PluginError(msg)


def stated_version(component: object, *, what: str) -> str | None:
    """The `version` attribute of a class or an instance; None without one."""
    value = getattr(component, "version", None)
    if value is None or callable(value) or inspect.isdatadescriptor(value):
        return None
    if not isinstance(value, (str, int, float)) or not is_version(str(value)):
        msg = f"{what}: version {value!r:.80} is no version; write one such as '1.0' (PEP 440)"
        raise PluginError(msg)
    return str(value)


def _required_parameters(factory: Callable[[], Any]) -> list[str]:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):  # compiled classes need not have a signature
        return []
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        each.name
        for each in parameters
        if each.default is inspect.Parameter.empty and each.kind not in optional
    ]
