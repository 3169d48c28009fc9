"""A simulated model: it reads its prompt, solves what it can, and errs as often as it is told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from random import Random
from random import random as chance
from statistics import NormalDist
from typing import Annotated, Any, ClassVar

import attrs
from pydantic import Field

from themis.builtins.engines.tokens import usage_of
from themis.builtins.engines.word_problems import Difficulty, Solution, solve, written
from themis.builtins.settings import Settings, settings_from
from themis.plugin import (
    InferenceError,
    InferenceRecord,
    InferenceResult,
    InferenceRuntime,
    TrialSpec,
)
from themis.records.canonical import digest

__all__ = ["DemoEngine", "DemoSettings"]

Share = Annotated[float, Field(ge=0, le=1)]

_HARDNESS: dict[Difficulty, float] = {"easy": 0.3, "medium": 1.0, "hard": 2.0}
_REASONED = re.compile(r"step[ -]by[ -]step|show your (?:work|reasoning)", re.IGNORECASE)
_BARE = re.compile(r"\b(?:only|just) the (?:final )?(?:number|answer)\b", re.IGNORECASE)
_LABELLED = re.compile(r"[\"'`*]Answer:", re.IGNORECASE)


class DemoSettings(Settings):
    """How good, fast and reliable the simulated model is."""

    skill: Share = Field(
        default=0.8,
        description="The share of medium problems it solves; more of the easy, fewer of the hard.",
    )
    accuracy: dict[Difficulty, Share] = Field(
        default_factory=dict,
        description="The share of right answers by difficulty, where skill is not to decide.",
    )
    reasoning_gain: Share = Field(
        default=0.3,
        description="The share of its mistakes that a prompt to think step by step avoids.",
    )
    item_correlation: Share = Field(
        default=0.5,
        description="How far models and samples find the same items hard: 0 not at all, 1 quite.",
    )
    latency_ms: float = Field(
        default=0.0, ge=0, description="How long a call takes on average; it varies by half."
    )
    failure_rate: Share = Field(
        default=0.0,
        exclude=True,
        description="The share of calls that fail as an unavailable provider does.",
    )


@attrs.frozen(slots=True)
class _Request:
    """What the prompt asks for."""

    reasoned: bool
    form: str

    @classmethod
    def of(cls, trial: TrialSpec) -> _Request:
        text = "\n".join(message.text for message in trial.prompt)
        reasoned = _REASONED.search(text) is not None
        if trial.params.response_format == "json":
            return cls(reasoned, '{{"answer": {}}}')
        if "\\boxed" in text:
            return cls(reasoned, "\\boxed{{{}}}")
        if _LABELLED.search(text):
            return cls(reasoned, "Answer: {}")
        return cls(reasoned, "{}" if _BARE.search(text) else "The answer is {}.")


class DemoEngine:
    r"""Solves word problems like those of the demonstration, with mistakes.

    It knows nothing but its prompt: the problem is parsed out of the last message that holds one,
    and its difficulty is the number of operations it takes. Whether the answer is right is drawn
    from the candidate's seed, the prompt and the model's name, so the same call always gives the
    same output; a wrong answer is a plausible one (a step left out, a slip of calculation). Only
    `failure_rate` is a matter of luck, so that retries can help.

    The answer comes in the form that the prompt asks for: `\boxed{...}`, a line with `"Answer:"`,
    only the number, JSON (the parameter `response_format`), or else a sentence. Asked to think step
    by step it shows its work, and errs less. Usage is estimated at four characters a token.

    Example of a model table::

        [[models]]
        model_id = "sim-large"
        provider = "demo"
        extras = { skill = 0.9, accuracy = { hard = 0.5 }, latency_ms = 20 }
    """

    component_id: ClassVar[str] = "demo"

    def __init__(self, config: DemoSettings | Mapping[str, Any] | None = None) -> None:
        self.settings = settings_from(DemoSettings, config)

    async def infer(
        self,
        trial: TrialSpec,
        context: Mapping[str, Any],  # noqa: ARG002 (reading the item would be cheating)
        runtime: InferenceRuntime,
    ) -> InferenceResult:
        """An answer to the problem in the prompt; InferenceError for a simulated failure."""
        random = Random(_number(*_identity(trial, runtime)))  # noqa: S311 (simulation)
        latency = self.settings.latency_ms * random.uniform(0.5, 1.5)
        if latency:
            await asyncio.sleep(latency / 1000)
        if chance() < self.settings.failure_rate:  # noqa: S311 (simulation)
            rate = self.settings.failure_rate
            raise InferenceError(f"demo: a simulated failure, by failure_rate={rate}")
        text, reason = _limited(self._text(trial, random), trial)
        record = InferenceRecord(
            raw_text=text,
            finish_reason=reason,
            latency_ms=latency or None,
            token_usage=usage_of(trial.prompt, text),
        )
        return InferenceResult(record)

    def _text(self, trial: TrialSpec, random: Random) -> str:
        request = _Request.of(trial)
        problem, solution = _solved(trial)
        if solution is None:
            return request.form.format("null" if "{{" in request.form else "unknown")
        right = self._is_right(problem, solution, request, random)
        answer = solution.answer if right else _mistaken(solution, random)
        final = request.form.format(written(answer))
        return f"{_work(solution, answer)}\n{final}" if request.reasoned else final

    def _is_right(
        self, problem: str, solution: Solution, request: _Request, random: Random
    ) -> bool:
        """Drawn with the model's accuracy; `item_correlation` of the draw is the item's own."""
        normal = NormalDist()
        shared = self.settings.item_correlation
        item = normal.inv_cdf(_share(problem.encode()))
        own = normal.inv_cdf(random.random() * 0.999998 + 1e-6)
        drawn = normal.cdf(shared**0.5 * item + (1 - shared) ** 0.5 * own)
        return drawn < self._accuracy(solution.difficulty, reasoned=request.reasoned)

    def _accuracy(self, difficulty: Difficulty, *, reasoned: bool) -> float:
        settings = self.settings
        plain = settings.accuracy.get(difficulty)
        if plain is None:
            plain = float(settings.skill ** _HARDNESS[difficulty])
        return 1 - (1 - plain) * (1 - settings.reasoning_gain) if reasoned else plain


def _solved(trial: TrialSpec) -> tuple[str, Solution | None]:
    """The last message of the user that holds a problem, with its solution."""
    for message in reversed(trial.prompt):
        solution = solve(message.text) if message.role == "user" else None
        if solution is not None:
            return " ".join(step.operation for step in solution.steps), solution
    return "", None


def _mistaken(solution: Solution, random: Random) -> Fraction:
    """A wrong answer that somebody might give."""
    right = solution.answer
    slips = [right + slip for slip in (-10, -2, -1, 1, 2, 10)]
    unfinished = [step.result for step in solution.steps[:-1]]
    candidates = [answer for answer in (*slips, *unfinished, *unfinished) if answer != right]
    return random.choice([answer for answer in candidates if answer > 0] or candidates)


def _work(solution: Solution, answer: Fraction) -> str:
    """The operations one by one; the last one gives `answer`, right or wrong."""
    results: Sequence[Fraction] = [*(step.result for step in solution.steps[:-1]), answer]
    return "\n".join(
        f"Step {number}: {step.operation} = {written(result)}."
        for number, (step, result) in enumerate(zip(solution.steps, results, strict=True), start=1)
    )


def _limited(text: str, trial: TrialSpec) -> tuple[str, str]:
    """The text up to a stop sequence or the token limit, and which of the two it was."""
    for stop in trial.params.stop_sequences:
        text = text.partition(stop)[0]
    longest = trial.params.max_tokens * 4
    return (text[:longest], "length") if len(text) > longest else (text, "stop")


def _identity(trial: TrialSpec, runtime: InferenceRuntime) -> list[bytes]:
    seed = runtime.sample_index if runtime.seed is None else runtime.seed
    said = "\n".join(f"{message.role}: {message.text}" for message in trial.prompt)
    return [str(seed).encode(), trial.model.model_id.encode(), said.encode("utf-8", "replace")]


def _number(*parts: bytes) -> int:
    return int.from_bytes(digest(*parts)[:8])


def _share(*parts: bytes) -> float:
    """A number strictly between 0 and 1, fixed by `parts`."""
    return (_number(*parts) + 0.5) / 2**64
