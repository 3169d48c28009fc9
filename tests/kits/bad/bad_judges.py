"""One good judge, and one for every check of JudgeKit that fails exactly that check."""

from __future__ import annotations

import asyncio
import itertools

import attrs
from pydantic import BaseModel, ConfigDict, Field

from themis.plugin import (
    InferenceError,
    InferenceRecord,
    JudgeDeclaration,
    JudgeResponse,
    PluginInfo,
    hookimpl,
)

_numbers = itertools.count()


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    fail: bool = Field(default=False, description="Whether every call fails.")


class LooseSettings(BaseModel):
    fail: bool = Field(default=False, description="Whether every call fails.")


class Good:
    def __init__(self, config):
        self.fail = config.fail

    async def judge(self, request):
        if self.fail:
            raise self.failure()
        await asyncio.sleep(0)
        answer = request.prompt[-1].text.removeprefix("<answer>\n").removesuffix("\n</answer>")
        return self.response(self.verdict(answer))

    def verdict(self, answer):
        return f"{len(answer)} characters\nVerdict: {'yes' if '42' in answer else 'no'}"

    def response(self, text):
        return JudgeResponse(text=text, inference=InferenceRecord(raw_text=text))

    def failure(self):
        return InferenceError("the judge is down")

    async def close(self):
        pass


class Verdict(Good):
    def verdict(self, answer):
        return "" if answer == "I do not know." else super().verdict(answer)


class Failure(Good):
    def failure(self):
        return KeyError("choices")


class Injection(Good):
    def verdict(self, answer):
        return super().verdict(answer) + answer[answer.find("\nVerdict:") :][:60]


class Records(Good):
    def response(self, text):
        return attrs.evolve(super().response(text), inference=None)


class EmptyAnswer(Good):
    def verdict(self, answer):
        return super().verdict(answer) + answer.splitlines()[0][:0]


class UnicodeAnswer(Good):
    def verdict(self, answer):
        answer.encode()
        return super().verdict(answer)


class LongAnswer(Good):
    def verdict(self, answer):
        assert len(answer) < 100_000
        return super().verdict(answer)


class Seed(Good):
    def verdict(self, answer):
        return f"{super().verdict(answer)} {next(_numbers)}"


class Concurrency(Good):
    async def judge(self, request):
        self.current = request
        await asyncio.sleep(0.001)
        return await super().judge(self.current)


class NoMutation(Good):
    async def judge(self, request):
        request.config["asked"] = True
        return await super().judge(request)


class Close(Good):
    closed = False

    async def close(self):
        assert not self.closed
        self.closed = True


class Config(Good):
    pass


CLASSES = {
    "good": Good,
    "verdict": Verdict,
    "failure": Failure,
    "injection": Injection,
    "records": Records,
    "empty_answer": EmptyAnswer,
    "unicode_answer": UnicodeAnswer,
    "long_answer": LongAnswer,
    "seed": Seed,
    "concurrency": Concurrency,
    "no_mutation": NoMutation,
    "close": Close,
    "config": Config,
}


@hookimpl
def themis_plugin():
    return PluginInfo(summary="Broken judges.")


@hookimpl
def themis_judges():
    return [
        JudgeDeclaration(
            name=name,
            implementation=f"bad_judges:{implementation.__name__}",
            config=f"bad_judges:{'Loose' if name == 'config' else ''}Settings",
            version="1.0",
        )
        for name, implementation in CLASSES.items()
    ]
