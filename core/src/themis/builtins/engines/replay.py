"""An engine that gives recorded outputs again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, ValidationError, computed_field, model_validator

from themis.builtins.settings import Settings, settings_from
from themis.plugin import (
    ErrorCode,
    InferenceError,
    InferenceRecord,
    InferenceResult,
    InferenceRuntime,
    TokenUsage,
    TrialSpec,
)

__all__ = ["RecordedOutput", "ReplayEngine", "ReplaySettings"]

_SELECTORS = ("model", "prompt_variant_id", "sample_index")


class RecordedUsage(Settings):
    """Tokens of a recorded output."""

    prompt: int | None = Field(default=None, ge=0, description="Tokens of the prompt.")
    completion: int | None = Field(default=None, ge=0, description="Tokens of the output.")
    total: int | None = Field(default=None, ge=0, description="Tokens of both.")


class RecordedOutput(Settings):
    """One line of a replay file."""

    item_id: str = Field(description="The item that the output answers.")
    text: str = Field(description="The output.")
    model: str | None = Field(default=None, description="Only for this model_id.")
    prompt_variant_id: str | None = Field(default=None, description="Only for this prompt variant.")
    sample_index: int | None = Field(
        default=None, ge=0, description="Only for this sample, counted from 0."
    )
    finish_reason: str | None = Field(default=None, description="Why the output ended.")
    latency_ms: float | None = Field(default=None, ge=0, description="How long the call took.")
    token_usage: RecordedUsage | None = Field(default=None, description="Tokens of the call.")

    @property
    def selectors(self) -> tuple[str | int | None, ...]:
        """What the line is only for; None: for any."""
        return (self.model, self.prompt_variant_id, self.sample_index)

    def fits(self, asked: tuple[str | int, ...]) -> bool:
        """Whether the line is for this model, prompt variant and sample."""
        pairs = zip(self.selectors, asked, strict=True)
        return all(wanted is None or wanted == given for wanted, given in pairs)

    def precision(self) -> tuple[int, tuple[bool, ...]]:
        """How precisely the line says what it is for: more selectors first, then their order."""
        given = tuple(selector is not None for selector in self.selectors)
        return sum(given), given


class ReplaySettings(Settings):
    """Which outputs to replay."""

    path: str = Field(
        min_length=1,
        description="A JSONL file of outputs: in the folder of the benchmark's file, from which a "
        "relative path starts, or anywhere in Python, from the working directory.",
    )

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def sha256(self) -> str:
        """The file's content, so that other content is another engine to every key."""
        return sha256(self._content).hexdigest()

    @cached_property
    def outputs(self) -> Mapping[str, list[RecordedOutput]]:
        """The file's lines by item; ValueError names the line that cannot be used."""
        outputs: dict[str, list[RecordedOutput]] = {}
        for number, line in self._lines():
            try:
                output = RecordedOutput.model_validate_json(line)
            except ValidationError as problem:
                found = problem.errors(include_url=False)[0]
                place = ".".join(str(part) for part in found["loc"]) or "the line"
                raise ValueError(f"{self.path}:{number}: {place}: {found['msg']}") from None
            same = outputs.setdefault(output.item_id, [])
            if any(other.selectors == output.selectors for other in same):
                msg = f"{self.path}:{number}: a second output for item {output.item_id!r}, with "
                raise ValueError(f"{msg}the same {', '.join(_SELECTORS)}; remove one")
            same.append(output)
        return outputs

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if not self.outputs:
            raise ValueError(f"{self.path} holds no outputs")
        return self

    @cached_property
    def _content(self) -> bytes:
        try:
            return Path(self.path).read_bytes()
        except OSError as problem:
            msg = f"{Path(self.path).absolute()} cannot be read: {problem.strerror}"
            raise ValueError(msg) from problem

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        for number, line in enumerate(self._content.split(b"\n"), start=1):
            if line.strip():
                yield number, line


class ReplayEngine:
    """Answers with what a file says: outputs of an earlier run, of another program, or of a test.

    The file has one JSON object a line, such as `{"item_id": "q1", "text": "The answer is 4."}`;
    its fields are those of RecordedOutput. The optional model, prompt_variant_id and sample_index
    say that the line is only for these; the line that fits and says the most is taken. A candidate
    without one fails, and is not retried.

    Example of a model table::

        [[models]]
        model_id = "gpt-4o-2024-08-06"
        provider = "replay"
        extras = { path = "outputs.jsonl" }

    In a benchmark or experiment file, the path starts from the file's folder and stays there, as
    those of datasets do.
    """

    component_id: ClassVar[str] = "replay"

    def __init__(self, config: ReplaySettings | Mapping[str, Any]) -> None:
        self.settings = settings_from(ReplaySettings, config)

    async def infer(
        self,
        trial: TrialSpec,
        context: Mapping[str, Any],  # noqa: ARG002 (the protocol's)
        runtime: InferenceRuntime,
    ) -> InferenceResult:
        """The recorded output; InferenceError, not to be retried, when there is none."""
        asked = (trial.model.model_id, trial.prompt_variant_id, runtime.sample_index)
        outputs = self.settings.outputs.get(trial.item_id, [])
        fitting = [output for output in outputs if output.fits(asked)]
        if not fitting:
            raise InferenceError(
                f"replay: {self.settings.path} has no output for item {trial.item_id!r}, "
                f"model {asked[0]!r}, prompt variant {asked[1]!r}, sample {asked[2]}",
                code=ErrorCode.PROVIDER_UNAVAILABLE,
                retryable=False,
            )
        return InferenceResult(_record(max(fitting, key=RecordedOutput.precision)))


def _record(output: RecordedOutput) -> InferenceRecord:
    usage = output.token_usage
    return InferenceRecord(
        raw_text=output.text,
        finish_reason=output.finish_reason,
        latency_ms=output.latency_ms,
        token_usage=TokenUsage(**usage.model_dump()) if usage else None,
    )
