"""The engine: asks a model, runs the tools it asks for, and returns what it finally said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from themis.plugin import (
    InferenceRecord,
    InferenceResult,
    InferenceRuntime,
    TraceStep,
    TrialSpec,
)
from themis_openai.calls import Caller, Spoken
from themis_openai.chat import ChatFormat
from themis_openai.config import OpenAIConfig
from themis_openai.credentials import Credentials, Keyring
from themis_openai.json_bytes import decode
from themis_openai.parameters import JSON_SCHEMA, unsendable
from themis_openai.responses import ResponsesFormat
from themis_openai.transcript import PendingCall, Transcript
from themis_openai.turn import WireFormat, merged

__all__ = ["STOPPED", "OpenAIEngine"]

STOPPED = "max_tool_rounds"


class OpenAIEngine:
    """Infers over HTTP at any server that speaks OpenAI's API.

    One HTTP session is kept for each event loop, made on first use; `close()` closes that of the
    running loop. Apart from it the engine has no state, so any number of calls may run at once.
    """

    def __init__(self, config: OpenAIConfig | None = None) -> None:
        self._config = config or OpenAIConfig()
        self._wire: WireFormat = (
            ChatFormat(self._config)
            if self._config.api == "chat"
            else ResponsesFormat(self._config)
        )
        self._keyring = Keyring(self._config)
        self._caller = Caller(self._config, self._wire)

    def __repr__(self) -> str:
        return f"OpenAIEngine({self._config.base_url!r}, api={self._config.api!r})"

    async def infer(
        self,
        trial: TrialSpec,
        context: Mapping[str, Any],  # noqa: ARG002 (the prompt is rendered already)
        runtime: InferenceRuntime,
    ) -> InferenceResult:
        """Answer `trial.prompt`; raises InferenceError with the core's code for what went wrong.

        A model that asks for tools more than the trial's `max_tool_rounds` times ends with that as
        its finish_reason.
        """
        credentials = self._keyring.credentials(runtime.secrets, _mcp_references(trial))
        transcript = Transcript(trial.prompt, runtime, self._checked(trial, credentials))
        spoken = await self._converse(trial, transcript, runtime, credentials)
        await transcript.record(spoken.turn.steps, runtime)
        record = _record(trial, spoken, transcript)
        if not transcript.steps:
            return InferenceResult(record)
        answer = TraceStep(kind="message", role="assistant", content=record.raw_text)
        return InferenceResult(record, transcript.trace.then(answer))

    async def close(self) -> None:
        """Close the running loop's HTTP session; may be called twice."""
        await self._caller.close()

    def _checked(self, trial: TrialSpec, credentials: Credentials) -> WireFormat:
        """The wire format, once it is known to carry `trial`."""
        problem = unsendable(trial) or self._wire.check(trial)
        if problem is not None:
            raise self._caller.reporter(trial, credentials).refused_here(problem)
        return self._wire

    async def _converse(
        self,
        trial: TrialSpec,
        transcript: Transcript,
        runtime: InferenceRuntime,
        credentials: Credentials,
    ) -> Spoken:
        """Ask until the model asks for no more tools; its last turn."""
        reporter = self._caller.reporter(trial, credentials)
        while True:
            for pending in tuple(transcript.pending):
                await _run_tool(pending, transcript, runtime)
            spoken = await self._caller.ask(
                trial,
                transcript.sent,
                runtime=runtime,
                credentials=credentials,
                reporter=reporter,
            )
            if not spoken.turn.tool_calls or transcript.rounds >= trial.max_tool_rounds:
                return spoken
            await transcript.ask_for_tools(spoken.turn, spoken.latency_ms, runtime)


def _mcp_references(trial: TrialSpec) -> list[str]:
    return [text for server in trial.mcp_servers for text in server.headers.values()]


async def _run_tool(
    pending: PendingCall, transcript: Transcript, runtime: InferenceRuntime
) -> None:
    """Run one tool; arguments that are no JSON object are the model's to put right."""
    arguments = _arguments(pending.call.arguments)
    if arguments is not None:
        step = await runtime.call_tool(pending.call.name, arguments, pending.key)
        transcript.take_result(pending, arguments, step)
        return
    name, key, written = pending.call.name, pending.key, pending.call.arguments
    error = f"the arguments of {name} are no JSON object: {written[:200]}"
    call = TraceStep(kind="tool_call", name=name, call_id=key, arguments=written)
    result = TraceStep(kind="tool_result", name=name, call_id=key, content=error, error=error)
    await transcript.record([call, result], runtime)


def _arguments(text: str) -> dict[str, Any] | None:
    try:
        value = decode(text or "{}")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _record(trial: TrialSpec, spoken: Spoken, transcript: Transcript) -> InferenceRecord:
    turn = spoken.turn
    return InferenceRecord(
        raw_text=turn.text or "",
        structured_output=_structured(trial, turn.text),
        finish_reason=STOPPED if turn.tool_calls else turn.finish_reason,
        latency_ms=transcript.latency_ms + spoken.latency_ms,
        time_to_first_token_ms=spoken.first_token_ms,
        provider_request_id=spoken.request_id,
        token_usage=merged(transcript.usage, turn.usage),
        logprobs=turn.logprobs,
        reasoning_trace=turn.reasoning,
    )


def _structured(trial: TrialSpec, text: str | None) -> Any:
    """The answer's value where JSON was asked for; None where it is no JSON after all."""
    if trial.params.response_format != "json" and JSON_SCHEMA not in trial.params.extras:
        return None
    try:
        return decode(text or "")
    except ValueError:
        return None
