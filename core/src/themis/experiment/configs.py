"""The two halves of an experiment: how candidates are generated, and how they are evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from themis.experiment.components import (
    GivenGenerator,
    GivenJudge,
    GivenMetric,
    GivenParser,
    GivenReducer,
    GivenSelector,
)
from themis.experiment.prompt import PromptSpec
from themis.specs import InferenceParamsSpec, Spec
from themis.specs.frozen import FrozenDict, FrozenList
from themis.specs.spec import Items, Problem, Settings, is_several

__all__ = ["CandidatePolicy", "EvaluationConfig", "GenerationConfig"]


def _several(value: Any) -> Any:
    """One component in the place of a list of them."""
    return list(value) if is_several(value) else [value]


class CandidatePolicy(Spec):
    """How many candidates each case gets, and what their reducer is told."""

    num_samples: int = Field(default=1, ge=1, description="Candidates per case.")
    reducer_config: Settings = Field(
        default_factory=FrozenDict,
        description="Settings of the reducer; those that stand with its reference come first.",
    )


class GenerationConfig(Spec):
    """How candidates are generated."""

    generator: GivenGenerator = Field(
        description="The model: a reference such as openai:gpt-4o-mini, an engine, or f(input)."
    )
    candidate_policy: CandidatePolicy = Field(
        default_factory=CandidatePolicy, description="How many candidates each case gets."
    )
    prompt_spec: PromptSpec = Field(
        default_factory=PromptSpec, description="Text around a case's input; by default none."
    )
    selector: GivenSelector | None = Field(
        default=None, description="Chooses the candidates that the reducer sees; None: all."
    )
    reducer: GivenReducer | None = Field(
        default=None,
        description="Makes one candidate of a case's; None: each is parsed and scored itself.",
    )
    params: InferenceParamsSpec = Field(
        default_factory=InferenceParamsSpec, description="Sampling parameters of each call."
    )

    def problems(self) -> Iterator[Problem]:
        """What only does something beside a reducer."""
        given = {
            ("selector",): self.selector is not None,
            ("candidate_policy", "reducer_config"): bool(self.candidate_policy.reducer_config),
        }
        for path, is_given in given.items():
            if is_given and self.reducer is None:
                yield Problem(path, "does nothing without a reducer; add one, or remove it")


class EvaluationConfig(Spec):
    """How candidates are read, scored and judged."""

    metrics: Annotated[Items[GivenMetric], BeforeValidator(_several)] = Field(
        default_factory=FrozenList, description="The metrics, or one."
    )
    parsers: Annotated[Items[GivenParser], BeforeValidator(_several)] = Field(
        default_factory=FrozenList,
        description="Readers of answers, tried in order until one succeeds; none: raw outputs "
        "are scored.",
    )
    judge_models: Annotated[Items[GivenJudge], BeforeValidator(_several)] = Field(
        default_factory=FrozenList,
        description="The judges of every metric that asks some and names none itself.",
    )
    prompt_spec: PromptSpec = Field(
        default_factory=PromptSpec,
        description="What judges are told: the instructions of metrics that have none.",
    )
    judge_config: Settings = Field(
        default_factory=FrozenDict,
        description="Settings of every metric that asks judges; the metric's own come first.",
    )
    workflow_overrides: Annotated[dict[str, Settings], AfterValidator(FrozenDict)] = Field(
        default_factory=FrozenDict,
        description="Settings by metric id that come before the metric's own.",
    )
