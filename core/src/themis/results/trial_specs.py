"""A trial's spec, put together again from the manifest, the arm and what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from themis.records import CandidateRecord, Message, TrialSpec
from themis.specs import GenerationSpec, InferenceParamsSpec, ModelSpec
from themis.storage.column_text import storable

if TYPE_CHECKING:
    from themis.results.layout import Arm
    from themis.results.source import RunSource
    from themis.results.trials import TrialRow

__all__ = ["rebuilt_trial_spec"]


def rebuilt_trial_spec(
    source: RunSource, trial: TrialRow, candidates: Sequence[CandidateRecord]
) -> TrialSpec:
    """The spec as the engine got it.

    `prompt` is what a candidate's conversation begins with (empty when none has one); follow-ups
    are in the conversations, where they were played, and not here.
    """
    planned = source.manifest.get("spec", {})
    generation = _generation(planned, trial.arm)
    return TrialSpec(
        trial_hash=trial.trial_hash.hex(),
        benchmark_id=source.layout.benchmark_id,
        slice_id=trial.arm.slice_id,
        item_id=trial.item_id,
        prompt_variant_id=trial.arm.prompt_variant_id,
        model=_model(planned, trial.arm),
        params=InferenceParamsSpec.model_validate(trial.arm.params),
        prompt=_prompt(planned, trial.arm, candidates),
        prompt_family=trial.arm.prompt_family,
        dimensions=trial.arm.dimensions,
        dataset_id=trial.arm.dataset_id,
        item_hash=trial.item_hash.hex(),
        tools=tuple(generation.tools),
        mcp_servers=tuple(generation.mcp_servers),
    )


def _model(planned: Mapping[str, Any], arm: Arm) -> ModelSpec:
    """The model as it was written; without its extras where the manifest does not have it."""
    for entry in planned.get("models", ()):
        named = (storable(entry["model_id"]), storable(entry["provider"]))
        if named == (arm.model_id, arm.provider):
            return ModelSpec.model_validate(entry)
    return ModelSpec(model_id=arm.model_id, provider=arm.provider)


def _generation(planned: Mapping[str, Any], arm: Arm) -> GenerationSpec:
    for entry in planned.get("slices", ()):
        if storable(entry["slice_id"]) == arm.slice_id and entry.get("generation"):
            return GenerationSpec.model_validate(entry["generation"])
    return GenerationSpec()


def _prompt(
    planned: Mapping[str, Any], arm: Arm, candidates: Sequence[CandidateRecord]
) -> tuple[Message, ...]:
    """As many first messages as the prompt variant has; else those before the first answer."""
    told = [one.conversation for one in candidates if one.conversation is not None]
    if not told:
        return ()
    messages = told[0].messages()
    for entry in planned.get("prompt_variants", ()):
        if storable(entry["id"]) == arm.prompt_variant_id:
            return messages[: len(entry["messages"])]
    answers = [place for place, message in enumerate(messages) if message.role == "assistant"]
    return messages[: answers[0]] if answers else messages
