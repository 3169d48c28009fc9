"""Calls components: engines and judges through their provider's gate, the rest inline or gated."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from themis.errors import ErrorCode, InferenceError, ThemisError
from themis.records import ExtractionRecord, MetricScore, ScoreError
from themis.runtime.components import ComponentMethod
from themis.runtime.inline import InlineDeadline, InlineTimeoutError
from themis.runtime.limits.faults import is_whole, text_of

if TYPE_CHECKING:
    from themis.planning.binding import BoundComponent
    from themis.plugin import InferenceRuntime, JudgeRequest
    from themis.records import StageName, TrialSpec
    from themis.runtime.components import Instances
    from themis.runtime.limits import CallOutcome, ProviderGate, RunLimits
    from themis.runtime.options import RuntimeOptions

__all__ = ["ComponentCalls"]

_CHARACTERS_PER_TOKEN = 4
_VALUES = frozenset({ExtractionRecord, MetricScore, ScoreError, float, int, bool, str, type(None)})
"""What components return most; none of it is to be awaited."""


class ComponentCalls:
    """How one execution calls its components."""

    def __init__(
        self,
        *,
        instances: Instances,
        limits: RunLimits,
        options: RuntimeOptions,
        secrets: Mapping[str, str],
    ) -> None:
        self._instances = instances
        self._limits = limits
        self._options = options
        self._inline = InlineDeadline(min(options.deadline("parse"), options.deadline("score")))
        self._gates: dict[tuple[int, StageName], ProviderGate] = {}
        self.secrets = secrets

    def close(self) -> None:
        """Give back the timer; may be called twice."""
        self._inline.close()

    def deadline(self, stage: StageName) -> float:
        """Seconds that one call of `stage` may take."""
        return self._options.deadline(stage)

    async def in_thread(self, fn: Callable[[], Any]) -> Any:
        """Run a tool's plain function, which may block, in a thread."""
        return await self._limits.in_thread(fn)

    async def infer(
        self,
        engine: BoundComponent,
        trial: TrialSpec,
        context: Callable[[], Mapping[str, Any]],
        runtime: Callable[[], InferenceRuntime],
        *,
        stage: StageName,
    ) -> CallOutcome:
        """Ask an engine, with its provider's limits, retries and breaker.

        `context` and `runtime` are asked before each attempt: it gets an item of its own, and a
        retry resumes from what the last one recorded.
        """
        method = self._instances.method(engine, "infer")
        infer = method.function
        limits = self._options.provider_token_limits
        limited = bool(limits) and engine.name in limits
        return await self._gate(engine, stage).call(
            lambda: infer(trial, context(), runtime()),
            component=method.label,
            blocking=method.blocking or not method.is_async,
            tokens=_most_tokens(trial) if limited else 0,
            usage=_used_tokens if limited else None,
        )

    async def judge(self, judge: BoundComponent, request: JudgeRequest) -> CallOutcome:
        """Ask a registered judge, under the same kind of gate as a model."""
        method = self._instances.method(judge, "judge")
        return await self._gate(judge, "judge").call(
            method.function,
            request,
            component=method.label,
            blocking=method.blocking or not method.is_async,
        )

    def _gate(self, component: BoundComponent, stage: StageName) -> ProviderGate:
        """The gate of the service behind an engine or judge."""
        key = (id(component), stage)
        if key not in self._gates:
            self._gates[key] = self._limits.provider_gate(
                component.name, stage, address=component.address
            )
        return self._gates[key]

    async def evaluate(
        self, component: BoundComponent, name: str, stage: StageName, *args: Any
    ) -> Any:
        """Call an extractor's or metric's method; what it raises is raised as a ThemisError.

        A plain function runs on this thread under a timer; what blocks or awaits goes through the
        stage's gate.
        """
        return await self._run(self._instances.method(component, name), stage, args)

    async def step(
        self,
        metric: BoundComponent,
        function: Callable[..., Any],
        *args: Any,
        stage: StageName = "score",
    ) -> Any:
        """Call a method of the workflow that a metric built, as a metric's method is called.

        With the stage `judge` it may wait for judges: it has no deadline of its own.
        """
        method = ComponentMethod(
            function,
            label=getattr(function, "__name__", "a method of the workflow"),
            is_async=inspect.iscoroutinefunction(function),
            blocking=metric.blocking,
        )
        return await self._run(method, stage, args)

    async def _run(self, method: ComponentMethod, stage: StageName, args: tuple[Any, ...]) -> Any:
        threaded = method.blocking or self._inline.needs_thread
        if threaded or method.is_async:
            return await self._gated(method, stage, method.function, *args, blocking=threaded)
        value = self._call_inline(method, stage, args)
        if type(value) not in _VALUES and inspect.isawaitable(value):
            return await self._gated(method, stage, _itself, value)
        return value

    async def _gated(
        self,
        method: ComponentMethod,
        stage: StageName,
        function: Callable[..., Any],
        *args: Any,
        blocking: bool = False,
    ) -> Any:
        """Call under the stage's gate. What asks judges waits for calls that have deadlines."""
        judged = stage in {"judge", "reduce"}
        outcome = await self._limits.stage_gate("score" if stage == "judge" else stage).call(
            function,
            *args,
            component=method.label,
            blocking=blocking,
            deadline=math.inf if judged else None,
        )
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    def _call_inline(self, method: ComponentMethod, stage: StageName, args: Any) -> Any:
        try:
            return self._inline.call(method.function, *args)
        except InlineTimeoutError:
            msg = f"{method.label} did not end within {self.deadline(stage):g} s"
            raise InferenceError(msg, code=ErrorCode.PROVIDER_TIMEOUT, retryable=False) from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if is_whole(error):
                raise
            msg = f"{method.label} raised {type(error).__name__}: {text_of(error)}"
            raise ThemisError(msg, code=_STAGE_CODES[stage]) from error


_STAGE_CODES: Mapping[StageName, ErrorCode] = {
    "reduce": ErrorCode.METRIC_COMPUTATION,
    "parse": ErrorCode.PARSE_ERROR,
    "score": ErrorCode.METRIC_COMPUTATION,
    "judge": ErrorCode.METRIC_COMPUTATION,
}


def _itself(value: Any) -> Any:
    return value


def _most_tokens(trial: TrialSpec) -> int:
    """The most tokens a call may take: its prompt, roughly, and the longest answer."""
    characters = sum(len(message.text) for message in trial.prompt)
    return characters // _CHARACTERS_PER_TOKEN + trial.params.max_tokens


def _used_tokens(value: Any) -> int | None:
    inference = getattr(value, "inference", value)
    usage = getattr(inference, "token_usage", None)
    return getattr(usage, "total", None)
