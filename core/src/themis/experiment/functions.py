"""Plain functions as components: readers of text, comparisons, judges and reducers."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import attrs

from themis.builtins.engines.function import takes_context
from themis.builtins.metrics.scoring import UNREADABLE, answer_of, unreadable
from themis.builtins.outputs import as_text, output_text, output_value
from themis.plugin import (
    CandidateRecord,
    JudgeRequest,
    JudgeResponse,
    MetricContext,
    MetricScore,
    PluginError,
    TrialSpec,
)

__all__ = [
    "AsyncFunctionJudge",
    "FunctionJudge",
    "FunctionMetric",
    "FunctionParser",
    "FunctionReducer",
    "FunctionSelector",
]


@attrs.frozen(slots=True, kw_only=True)
class ParseContext:
    """What a parsing function may want to know besides the output's text."""

    trial: TrialSpec
    candidate: CandidateRecord


class FunctionParser:
    """Reads answers with `f(text)`, or `f(text, ctx)`; ctx is a ParseContext.

    None is a failed parse, anything else a successful one.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._takes_context = takes_context(function, position=1)

    def extract(
        self,
        trial: TrialSpec,
        candidate: CandidateRecord,
        config: Any = None,  # noqa: ARG002 (the protocol's)
    ) -> Any:
        """What the function reads out of the output."""
        text = output_text(candidate)
        if text is None:
            return None
        if self._takes_context:
            return self.function(text, ParseContext(trial=trial, candidate=candidate))
        return self.function(text)


class FunctionMetric:
    """Scores with `f(parsed, expected)`, or `f(parsed, expected, ctx)`: a number or a bool.

    `parsed` is the parsed answer, or the raw output where nothing parses. A candidate whose parse
    failed scores 0 without a call. `ctx` is the MetricContext: the case's fields, and more.
    """

    def __init__(self, function: Callable[..., Any], *, metric_id: str) -> None:
        self.function = function
        self.metric_id = metric_id
        self._takes_context = takes_context(function, position=2)

    def score(
        self,
        trial: TrialSpec,  # noqa: ARG002 (the protocol's)
        candidate: CandidateRecord,
        context: MetricContext,
    ) -> Any:
        """What the function says of the candidate's answer."""
        if unreadable(candidate):
            return MetricScore(metric_id=self.metric_id, value=0.0, details={"reason": UNREADABLE})
        arguments = [answer_of(candidate, self.metric_id), context.get("expected_output")]
        if self._takes_context:
            arguments.append(context)
        return self.function(*arguments)


class FunctionJudge:
    """Judges with `f(prompt)`: the text of all messages, with an empty line between them."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def judge(self, request: JudgeRequest) -> JudgeResponse | str | Awaitable[JudgeResponse | str]:
        """What the function answers, as text."""
        answer = self.function("\n\n".join(message.text for message in request.prompt))
        text: JudgeResponse | str | Awaitable[JudgeResponse | str] = _then(answer, _as_answer)
        return text


class AsyncFunctionJudge(FunctionJudge):
    """A FunctionJudge of a coroutine function: it is called in the event loop, in no thread."""

    async def judge(self, request: JudgeRequest) -> JudgeResponse | str:
        """What the function answers, as text."""
        answer = super().judge(request)
        return await answer if inspect.isawaitable(answer) else answer


def _as_answer(answer: Any) -> JudgeResponse | str:
    return answer if isinstance(answer, JudgeResponse) else as_text(answer)


class FunctionSelector:
    """Selects with `f(outputs)`: some of the outputs, in any order."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def select(
        self,
        candidates: Sequence[CandidateRecord],
        ctx: Any,  # noqa: ARG002 (the protocol's)
    ) -> Any:
        """The candidates whose outputs the function chose, each once."""
        return _then(self.function(_outputs(candidates)), partial(_selected, candidates))


class FunctionReducer:
    """Reduces with `f(outputs)`: one of the outputs, or a text made of them."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def reduce(
        self,
        candidates: Sequence[CandidateRecord],
        ctx: Any,  # noqa: ARG002 (the protocol's)
    ) -> Any:
        """The candidate whose output the function chose; else what the function made."""
        return _then(self.function(_outputs(candidates)), partial(_reduced, candidates))


def _outputs(candidates: Sequence[CandidateRecord]) -> list[Any]:
    return [output_value(candidate) for candidate in candidates]


def _selected(candidates: Sequence[CandidateRecord], chosen: Any) -> list[CandidateRecord]:
    left = list(zip(_outputs(candidates), candidates, strict=True))
    selected = []
    for wanted in chosen:
        place = next((n for n, (output, _) in enumerate(left) if output == wanted), None)
        if place is None:
            msg = f"the selector chose {wanted!r:.80}, which is none of the outputs left"
            raise PluginError(msg)
        selected.append(left.pop(place)[1])
    return selected


def _reduced(candidates: Sequence[CandidateRecord], chosen: Any) -> Any:
    outputs = _outputs(candidates)
    return next((c for c, o in zip(candidates, outputs, strict=True) if o == chosen), chosen)


def _then(value: Any, follow: Callable[[Any], Any]) -> Any:
    """`follow` of a value, or of what it will be."""
    return _follow_later(value, follow) if inspect.isawaitable(value) else follow(value)


async def _follow_later(value: Awaitable[Any], follow: Callable[[Any], Any]) -> Any:
    return follow(await value)
