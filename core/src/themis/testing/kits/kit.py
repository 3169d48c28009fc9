"""What every kit is: a component found through the registry, its settings, and its checks."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar, TypeVar

from themis.errors import PluginError, ThemisError
from themis.plugin.component import ResolvedComponent
from themis.plugin.declarations import ComponentKind
from themis.plugin.registry import PluginRegistry
from themis.runtime.inline import InlineDeadline, InlineTimeoutError
from themis.testing.kits.check import Check, NotApplicableError, described, needs

__all__ = ["LIVE", "ComponentKit", "Kit", "close", "opened"]

LIVE = "THEMIS_LIVE"
"""Set to 1, this environment variable makes live checks run: they may cost money."""

T = TypeVar("T")


class Kit:
    """Checks about one thing. Subclass a kit of a kind, not this.

    Attributes:
        known_failures: Check ids with the reason why each fails. Strict: one that passes fails.
        live: Whether live checks run too; else only where `THEMIS_LIVE=1`.
        patience: Seconds that one check may wait for the component before it fails.
    """

    known_failures: ClassVar[Mapping[str, str]] = {}
    live: ClassVar[bool] = False
    patience: ClassVar[float] = 30.0

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        ids = [made.id for made in cls.checks()]
        unknown = [name for name in cls.known_failures if name not in ids]
        if unknown and ids:
            msg = (
                f"{cls.__name__}.known_failures names {', '.join(unknown)}, which are no checks of "
                f"it; its checks are {', '.join(ids)}"
            )
            raise TypeError(msg)

    @classmethod
    def checks(cls) -> tuple[Check, ...]:
        """Every check of the kit, in the order of writing."""
        names = {name: None for base in reversed(cls.__mro__) for name in vars(base)}
        found = (getattr(getattr(cls, name), "__themis_check__", None) for name in names)
        return tuple(made for made in found if made is not None)

    @classmethod
    def registry(cls) -> PluginRegistry:
        """Where the component is looked up: the built-ins and every installed plugin."""
        return PluginRegistry()

    def subject(self) -> str:
        """What the checks are about, for reports."""
        raise NotImplementedError

    def check_level(self, made: Check) -> None:
        """Skip live checks that nobody asked for."""
        asked = self.live or os.environ.get(LIVE) == "1"
        needs(made.level != "live" or asked, f"it asks the real service; set {LIVE}=1 to run it")


class ComponentKit(Kit):
    """Checks of one component, which `ref` names: `"my-dist/yaml_block"`.

    Attributes:
        ref: The component: `[provider/]name[@version]`.
        config: Its settings, as a spec would give them; `settings()` may compute them instead.
        tentative: Whether nothing was configured for this component: what cannot be shown without
            configuration is then skipped, and not a failure.
    """

    kind: ClassVar[ComponentKind]
    ref: ClassVar[str]
    config: ClassVar[Mapping[str, Any]] = {}
    tentative: ClassVar[bool] = False

    def subject(self) -> str:
        """The kind and the reference."""
        return f"{self.kind} {self.ref}"

    @property
    def component(self) -> ResolvedComponent:
        """The component, resolved once for the class."""
        cls = type(self)
        if "_resolved" not in vars(cls):
            cls._resolved = cls.registry().resolve(cls.kind, cls.ref)
        return cls._resolved

    _resolved: ClassVar[ResolvedComponent]

    def settings(self) -> Mapping[str, Any]:
        """The component's settings."""
        return self.config

    def configured(self, **changes: Any) -> Any:
        """The settings validated by the component's config model; `changes` go over them."""
        try:
            return self.component.configure({**self.settings(), **changes})
        except PluginError as problem:
            needs(not self.tentative, f"it needs configuration: {problem}")
            raise

    def make(self, **changes: Any) -> Any:
        """A new instance of the component; `changes` go over its settings."""
        settings = self.configured(**changes)
        try:
            return self.component.make(settings)
        except ThemisError as problem:
            needs(not self.tentative, f"it cannot be made without configuration: {problem}")
            raise

    def refuses_unknown_settings(self) -> None:
        """A setting that does not exist is refused, and not silently ignored."""
        needs(self.component.config_model, "it declares no config model")
        self.configured()
        self.refuses_unknown(self.settings())

    def refuses_unknown(self, settings: Mapping[str, Any]) -> None:
        """These settings with one more that does not exist are refused."""
        wrong = {**settings, "no_such_setting_0": 1}
        try:
            self.component.configure(wrong)
        except PluginError:
            return
        msg = (
            f"{self.component.config_model} took the setting no_such_setting_0, which it does not "
            'have; a misspelt setting must be an error: set extra="forbid" in its model_config'
        )
        raise AssertionError(msg)

    def in_loop(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a check's coroutine in a loop of its own, no longer than `patience`."""

        async def bounded() -> T:
            try:
                async with asyncio.timeout(self.patience) as limit:
                    return await main()
            except TimeoutError as problem:
                if not limit.expired():
                    raise
                raise AssertionError(self._too_long()) from problem

        return asyncio.run(bounded())

    async def call(self, method: Callable[..., Any], *arguments: Any) -> Any:
        """Call a component's method as a run does: what is not `async def` goes to a thread."""
        if inspect.iscoroutinefunction(method):
            return await method(*arguments)
        value = await asyncio.to_thread(method, *arguments)
        return await value if inspect.isawaitable(value) else value

    def value(self, method: Callable[..., Any], *arguments: Any) -> Any:
        """What a short method gives: called on this thread, with `patience` as its deadline."""
        deadline = InlineDeadline(self.patience)
        try:
            value = deadline.call(method, *arguments)
        except InlineTimeoutError as problem:
            raise AssertionError(self._too_long()) from problem
        finally:
            deadline.close()

        async def awaited() -> Any:
            return await value

        return self.in_loop(awaited) if inspect.isawaitable(value) else value

    async def outcome(self, asked: Awaitable[T]) -> T | ThemisError:
        """A call's value, or the ThemisError it raised; anything else fails the check."""
        try:
            return await asked
        except ThemisError as error:
            return error
        except (NotApplicableError, AssertionError):
            raise
        except Exception as problem:
            msg = f"{self.subject()} raised {described(problem)}; raise a ThemisError instead"
            raise AssertionError(msg) from problem

    def _too_long(self) -> str:
        return f"{self.subject()} did not end within {self.patience:g} s"


@asynccontextmanager
async def opened(component: T) -> AsyncIterator[T]:
    """A component that is closed in the end, whatever happens."""
    try:
        yield component
    finally:
        await close(component)


async def close(component: Any) -> None:
    """Call a component's `close()`, if it has one."""
    method = getattr(component, "close", None)
    if method is not None:
        value = method()
        if inspect.isawaitable(value):
            await value
