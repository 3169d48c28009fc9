"""Which models are asked, with which parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from themis.specs.frozen import FrozenDict, FrozenList, freeze
from themis.specs.spec import Items, Problem, Settings, Spec, Text

__all__ = ["InferenceGridSpec", "InferenceParamsSpec", "JudgeInferenceSpec", "ModelSpec"]


class InferenceParamsSpec(Spec):
    """Sampling parameters of a call. None leaves the choice to the provider."""

    temperature: float = Field(default=0.0, ge=0, description="How random the output is.")
    top_p: float | None = Field(
        default=None, ge=0, le=1, description="Sample from the likeliest tokens of this total mass."
    )
    top_k: int | None = Field(
        default=None, ge=0, description="Sample from this many likeliest tokens."
    )
    max_tokens: int = Field(default=1024, gt=0, description="The longest output, in tokens.")
    stop_sequences: Items[Text] = Field(
        default_factory=FrozenList, description="Output ends before any of these."
    )
    logprobs: int | None = Field(
        default=None, ge=0, description="How many alternatives' log probabilities to return."
    )
    response_format: Literal["text", "json"] | None = Field(
        default=None,
        description="The form of the output; a JSON schema for it goes into extras.json_schema.",
    )
    seed: int | None = Field(
        default=None, description="The seed of every call; None: derived per trial and sample."
    )
    extras: Settings = Field(
        default_factory=FrozenDict, description="Parameters that only this provider knows."
    )


def _as_lists(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: list(v) if isinstance(v, tuple) else v for key, v in value.items()}


def _as_parameters(choices: Mapping[str, list[Any]]) -> FrozenDict[str, Any]:
    """Values of known parameters as the parameter holds them: 1 and 1.0 are one temperature."""
    known = InferenceParamsSpec.model_fields
    taken = {
        key: [_as_parameter(key, value) for value in values] if key in known else values
        for key, values in choices.items()
    }
    return FrozenDict(freeze(taken))


def _as_parameter(key: str, value: Any) -> Any:
    try:
        return getattr(InferenceParamsSpec.model_validate({key: value}), key)
    except ValidationError:  # the grid reports it, with its place
        return value


_Choices = Annotated[
    dict[str, Annotated[list[Any], Field(min_length=1)]],
    BeforeValidator(_as_lists),
    AfterValidator(_as_parameters),
]


class InferenceGridSpec(Spec):
    """The parameter sets of a benchmark: every base with every combination of overrides."""

    params: Items[InferenceParamsSpec] = Field(min_length=1, description="The base parameter sets.")
    overrides: _Choices = Field(
        default_factory=FrozenDict,
        description="A list of values by parameter; unknown parameters go into extras.",
    )

    def expand(self) -> list[InferenceParamsSpec]:
        """Every base with every combination of overrides, taken in sorted key order."""
        keys = sorted(self.overrides)
        combinations = list(product(*(self.overrides[key] for key in keys)))
        return [
            _overridden(base, dict(zip(keys, values, strict=True)))
            for base in self.params
            for values in combinations
        ]

    def problems(self) -> Iterator[Problem]:
        """Override values that their parameter does not take."""
        for key in sorted(InferenceParamsSpec.model_fields.keys() & self.overrides.keys()):
            for index, value in enumerate(self.overrides[key]):
                yield from _refused(key, index, value)


def _overridden(base: InferenceParamsSpec, chosen: Mapping[str, Any]) -> InferenceParamsSpec:
    known = {key: value for key, value in chosen.items() if key in InferenceParamsSpec.model_fields}
    unknown = {key: value for key, value in chosen.items() if key not in known}
    if unknown:
        known["extras"] = {**known.get("extras", base.extras), **unknown}
    return base.model_copy(update=known)


def _refused(key: str, index: int, value: Any) -> Iterator[Problem]:
    try:
        InferenceParamsSpec.model_validate({key: value})
    except ValidationError as error:
        for finding in error.errors(include_url=False):
            yield Problem(("overrides", key, index), f"{finding['msg']} (parameter {key})")


class ModelSpec(Spec):
    """A model, and the engine that reaches it."""

    model_id: Text = Field(description="The model's name, as its provider knows it.")
    provider: Text = Field(description="The inference engine: [provider/]name[@version].")
    extras: Settings = Field(
        default_factory=FrozenDict,
        description="The engine's configuration, validated by its own model.",
    )


class JudgeInferenceSpec(Spec):
    """A model that a metric asks for a judgement, and how."""

    model: ModelSpec = Field(description="The judging model.")
    params: InferenceParamsSpec = Field(
        default_factory=InferenceParamsSpec, description="The parameters of its calls."
    )
    extras: Settings = Field(
        default_factory=FrozenDict, description="Settings that the metric gives a meaning."
    )
