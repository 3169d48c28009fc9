"""One good extractor, and one for every check of ExtractorKit that fails exactly that check."""

from __future__ import annotations

import itertools

import attrs
from pydantic import BaseModel, ConfigDict, Field

from themis.plugin import ExtractionRecord, ExtractorDeclaration, PluginInfo, hookimpl

_numbers = itertools.count()


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    prefix: str = Field(default="answer:", description="What the answer follows.")


class LooseSettings(BaseModel):
    prefix: str = Field(default="answer:", description="What the answer follows.")


class Good:
    def extract(self, trial, candidate, config=None):
        text = self.output(candidate)
        if not text.strip():
            return self.failed()
        return ExtractionRecord(
            extractor_id="kit", success=True, parsed_answer=self.answer(text, config)
        )

    def output(self, candidate):
        return (candidate.inference.raw_text or "") if candidate.inference else ""

    def answer(self, text, config):
        return text.removeprefix(config.prefix).strip()

    def failed(self):
        return ExtractionRecord(extractor_id="kit", success=False, failure_reason="no text")


class Total(Good):
    def answer(self, text, config):
        return super().answer(text.encode().decode(), config)


class NoOutput(Good):
    def output(self, candidate):
        return candidate.inference.raw_text or ""


class Examples(Good):
    def answer(self, text, config):
        return text


class Deterministic(Good):
    def answer(self, text, config):
        return f"{text} {next(_numbers)}" if text == "42" else super().answer(text, config)


class Pure(Good):
    def __init__(self):
        self.last = ""

    def answer(self, text, config):
        last, self.last = self.last, text
        return f"{text} again" if last == text else super().answer(text, config)


class NoMutation(Good):
    def output(self, candidate):
        if candidate.inference and candidate.inference.structured_output:
            candidate.inference.structured_output.pop("answer", None)
        return super().output(candidate)


class Linear(Good):
    def answer(self, text, config):
        while "((" in text:
            text = text.replace("((", "(", 1)
        return super().answer(text, config)


class Storable(Good):
    def answer(self, text, config):
        return {42} if text == "42" else super().answer(text, config)


class Reasons(Good):
    def failed(self):
        return attrs.evolve(super().failed(), failure_reason=None)


class Config(Good):
    pass


CLASSES = {
    "good": Good,
    "total": Total,
    "no_output": NoOutput,
    "examples": Examples,
    "deterministic": Deterministic,
    "pure": Pure,
    "no_mutation": NoMutation,
    "linear": Linear,
    "storable": Storable,
    "reasons": Reasons,
    "config": Config,
}


@hookimpl
def themis_plugin():
    return PluginInfo(summary="Broken extractors.")


@hookimpl
def themis_extractors():
    return [
        ExtractorDeclaration(
            name=name,
            implementation=f"bad_extractors:{implementation.__name__}",
            config=f"bad_extractors:{'Loose' if name == 'config' else ''}Settings",
            version="1.0",
        )
        for name, implementation in CLASSES.items()
    ]
