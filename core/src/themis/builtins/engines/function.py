"""Engines made of a Python function."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from importlib import import_module
from operator import attrgetter
from typing import Any, ClassVar, Self

import attrs
from pydantic import Field, computed_field, model_validator

from themis.builtins.settings import Settings, settings_from
from themis.errors import ThemisError
from themis.plugin import (
    ErrorCode,
    InferenceError,
    InferenceRecord,
    InferenceResult,
    InferenceRuntime,
    TrialSpec,
)
from themis.plugin.fingerprints import fingerprint

__all__ = [
    "AsyncFunctionEngine",
    "CallContext",
    "CallableEngine",
    "CallableEngineSettings",
    "FunctionEngine",
    "takes_context",
]

Output = str | InferenceRecord | InferenceResult


@attrs.frozen(slots=True, kw_only=True)
class CallContext:
    """What a function may want to know besides the prompt's text."""

    trial: TrialSpec
    item: Mapping[str, Any]
    runtime: InferenceRuntime


class CallableEngineSettings(Settings):
    """Which function answers."""

    function: str = Field(
        pattern=r"^[^\W\d][\w.]*:[^\W\d][\w.]*$",
        description='The function, as "package.module:function"; sync or async.',
    )

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def source(self) -> str:
        """A hash of the function's source, so that an edit is another engine to every key."""
        return fingerprint(self.imported)

    @cached_property
    def imported(self) -> Any:
        """The function; ValueError when it cannot be imported."""
        module, _, name = self.function.partition(":")
        try:
            function = attrgetter(name)(import_module(module))
        except ThemisError:
            raise
        except Exception as problem:
            msg = (
                f"{self.function} cannot be imported: {type(problem).__name__}: {problem}; "
                "is its folder installed, or in PYTHONPATH?"
            )
            raise ValueError(msg) from problem
        return function

    @model_validator(mode="after")
    def _usable(self) -> Self:
        """Import the function now, so that a plan with a bad one is refused."""
        if not callable(self.imported):
            kind = type(self.imported).__name__
            msg = f"{self.function} is of type {kind} and cannot be called"
            raise ValueError(msg)  # noqa: TRY004 (pydantic reports value errors)
        return self


class FunctionEngine:
    """Asks a function `f(prompt_text)` or `f(prompt_text, ctx)`, sync or async.

    `prompt_text` is the text of all messages, with an empty line between them; with `field` the
    function is given that field of the item instead, as it is. A second parameter that is named
    ctx, or has no default, is given a CallContext: the trial (with its messages), the item and the
    runtime (with the seed). The function returns the output's text, an InferenceRecord or an
    InferenceResult; a function that blocks does so in a thread. `label` names it in messages.
    """

    def __init__(
        self, function: Callable[..., Any], *, field: str | None = None, label: str = ""
    ) -> None:
        self.function = function
        self.field = field
        self._label = label or getattr(function, "__qualname__", type(function).__name__)
        self._takes_context = takes_context(function, position=1)

    def infer(
        self, trial: TrialSpec, context: Mapping[str, Any], runtime: InferenceRuntime
    ) -> Output | Awaitable[Output]:
        """What the function answers.

        An InferenceError of the function goes through; anything else that it raises, or an output
        of another type, becomes one that is not retried.
        """
        arguments: list[Any] = [self._subject(trial, context)]
        if self._takes_context:
            arguments.append(CallContext(trial=trial, item=context, runtime=runtime))
        try:
            value = self.function(*arguments)
        except ThemisError:
            raise
        except Exception as problem:
            raise self._failed(problem) from problem
        return self._awaited(value) if inspect.isawaitable(value) else self._checked(value)

    def _subject(self, trial: TrialSpec, context: Mapping[str, Any]) -> Any:
        if self.field is not None:
            return context[self.field]
        return "\n\n".join(message.text for message in trial.prompt)

    async def _awaited(self, value: Awaitable[Any]) -> Output:
        try:
            return self._checked(await value)
        except ThemisError:
            raise
        except Exception as problem:
            raise self._failed(problem) from problem

    def _checked(self, value: Any) -> Output:
        if isinstance(value, (str, InferenceRecord, InferenceResult)):
            return value
        msg = (
            f"callable: {self._label} returned a value of type {type(value).__name__}; "
            "return a str, an InferenceRecord or an InferenceResult"
        )
        raise InferenceError(msg, code=ErrorCode.PLUGIN_INCOMPATIBLE, retryable=False)

    def _failed(self, problem: Exception) -> InferenceError:
        msg = f"callable: {self._label} raised {type(problem).__name__}: {problem}"
        return InferenceError(msg, retryable=False)


class AsyncFunctionEngine(FunctionEngine):
    """A FunctionEngine of a coroutine function: it is called in the event loop, in no thread."""

    async def infer(
        self, trial: TrialSpec, context: Mapping[str, Any], runtime: InferenceRuntime
    ) -> Output:
        """What the function answers."""
        answer = super().infer(trial, context, runtime)
        return await answer if inspect.isawaitable(answer) else answer


class CallableEngine(FunctionEngine):
    """Asks a function that is named in the configuration, as FunctionEngine does.

    Example of a model table::

        [[models]]
        model_id = "my-rules"
        provider = "callable"
        extras = { function = "my_package.rules:answer" }
    """

    component_id: ClassVar[str] = "callable"

    def __init__(self, config: CallableEngineSettings | Mapping[str, Any]) -> None:
        self.settings = settings_from(CallableEngineSettings, config)
        super().__init__(self.settings.imported, label=self.settings.function)


def takes_context(function: Callable[..., Any], *, position: int) -> bool:
    """Whether the function wants a context as its argument number `position` (from 0)."""
    try:
        parameters = [
            parameter
            for parameter in inspect.signature(function).parameters.values()
            if parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}
        ]
    except (TypeError, ValueError):  # a function of an extension module need not have a signature
        return False
    wanted = parameters[position] if len(parameters) > position else None
    if wanted is None:
        return False
    return wanted.name == "ctx" or wanted.default is wanted.empty
