"""One good engine, and one for every check of EngineKit that fails exactly that check."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

from pydantic import BaseModel, ConfigDict, Field

from themis.plugin import (
    EngineCapabilities,
    ErrorCode,
    InferenceEngineDeclaration,
    InferenceError,
    InferenceRecord,
    InferenceResult,
    PluginInfo,
    TokenUsage,
    hookimpl,
)

_numbers = itertools.count()


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    fail: str | None = Field(default=None, description="How every call fails.")


class LooseSettings(BaseModel):
    fail: str | None = Field(default=None, description="How every call fails.")


def count_tokens(text, model_id):
    return len(text.split())


def count_nothing(text, model_id):
    return 1


class Good:
    usage = TokenUsage(prompt=3, completion=1, total=4)

    def __init__(self, config):
        self.fail = config.fail
        self.calls = 0

    async def infer(self, trial, context, runtime):
        if self.fail:
            raise self.failure(self.fail)
        await self.wait()
        text = self.text(trial, context, runtime)
        return InferenceResult(InferenceRecord(raw_text=text, token_usage=self.usage))

    async def wait(self):
        await asyncio.sleep(0.001)

    def text(self, trial, context, runtime):
        asked = trial.prompt[-1].text if trial.prompt else ""
        return f"{asked[:100]} ({len(asked)}, {runtime.seed})"

    def failure(self, kind):
        if kind == "timeout":
            return InferenceError("no answer in 1 s", code=ErrorCode.PROVIDER_TIMEOUT)
        if kind == "rate_limit":
            return InferenceError(
                "too many", code=ErrorCode.PROVIDER_RATE_LIMIT, retry_after=self.retry_after()
            )
        if kind == "auth":
            return InferenceError("who are you", code=ErrorCode.PROVIDER_AUTH)
        return InferenceError("it is down", code=ErrorCode.PROVIDER_UNAVAILABLE)

    def retry_after(self):
        return 7.0

    async def close(self):
        pass


class Result(Good):
    async def infer(self, trial, context, runtime):
        answer = await super().infer(trial, context, runtime)
        return {"text": answer.inference.raw_text}


class Config(Good):
    pass


class Concurrency(Good):
    async def infer(self, trial, context, runtime):
        self.current = trial
        answer = await super().infer(trial, context, runtime)
        text = self.text(self.current, context, runtime)
        return InferenceResult(
            InferenceRecord(raw_text=text, token_usage=answer.inference.token_usage)
        )


class Cancellation(Good):
    async def wait(self):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.01)


class Timeout(Good):
    def failure(self, kind):
        return TimeoutError("slow") if kind == "timeout" else super().failure(kind)


class RateLimit(Good):
    def retry_after(self):
        return None


class Auth(Good):
    def failure(self, kind):
        if kind == "auth":
            return InferenceError("who?", code=ErrorCode.PROVIDER_AUTH, retryable=True)
        return super().failure(kind)


class Unavailable(Good):
    def failure(self, kind):
        if kind == "unavailable":
            return InferenceError("down", code=ErrorCode.PARSE_ERROR, retryable=True)
        return super().failure(kind)


class Usage(Good):
    usage = TokenUsage(prompt=-1, completion=1)


class EmptyPrompt(Good):
    def text(self, trial, context, runtime):
        return super().text(trial, context, runtime) + trial.prompt[-1].role


class UnicodePrompt(Good):
    def text(self, trial, context, runtime):
        text = super().text(trial, context, runtime)
        return text.encode().decode()


class LongPrompt(Good):
    def text(self, trial, context, runtime):
        if trial.prompt and len(trial.prompt[-1].text) > 100_000:
            raise ValueError("line too long")
        return super().text(trial, context, runtime)


class Seed(Good):
    def text(self, trial, context, runtime):
        return f"{super().text(trial, context, runtime)} {next(_numbers)}"


class Close(Good):
    closed = False

    async def close(self):
        if self.closed:
            raise RuntimeError("already closed")
        self.closed = True


class NoState(Good):
    async def infer(self, trial, context, runtime):
        before = self.calls
        answer = await super().infer(trial, context, runtime)
        self.calls += 1
        text = f"{answer.inference.raw_text} after {before}"
        return InferenceResult(InferenceRecord(raw_text=text, token_usage=self.usage))


class NoMutation(Good):
    def text(self, trial, context, runtime):
        context["seen"] = True
        return super().text(trial, context, runtime)


class TokenEstimator(Good):
    pass


class Live(Good):
    def text(self, trial, context, runtime):
        text = super().text(trial, context, runtime)
        return " " if "ready" in text else text


CLASSES = {
    "good": Good,
    "result": Result,
    "config": Config,
    "concurrency": Concurrency,
    "cancellation": Cancellation,
    "timeout": Timeout,
    "rate_limit": RateLimit,
    "auth": Auth,
    "unavailable": Unavailable,
    "usage": Usage,
    "empty_prompt": EmptyPrompt,
    "unicode_prompt": UnicodePrompt,
    "long_prompt": LongPrompt,
    "seed": Seed,
    "close": Close,
    "no_state": NoState,
    "no_mutation": NoMutation,
    "token_estimator": TokenEstimator,
    "live": Live,
}


@hookimpl
def themis_plugin():
    return PluginInfo(summary="Broken engines.")


@hookimpl
def themis_inference_engines():
    return [
        InferenceEngineDeclaration(
            name=name,
            implementation=f"bad_engines:{implementation.__name__}",
            config="bad_engines:LooseSettings" if name == "config" else "bad_engines:Settings",
            version="1.0",
            capabilities=EngineCapabilities(seed=True),
            token_estimator="bad_engines:count_nothing"
            if name == "token_estimator"
            else "bad_engines:count_tokens",
        )
        for name, implementation in CLASSES.items()
    ]
