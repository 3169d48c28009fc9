"""What a spec asks of an engine against what the engine declares: checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from themis.specs import ImagePartSpec

if TYPE_CHECKING:
    from themis.planning.binding import BoundComponent
    from themis.records import EngineCapabilities
    from themis.specs import ExperimentSpec, SliceSpec

__all__ = ["CapabilityFindings", "check_capabilities"]


@attrs.frozen(slots=True)
class CapabilityFindings:
    """What an engine lacks: errors end the plan, warnings are recorded with it."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def check_capabilities(
    engine: BoundComponent, spec: SliceSpec, experiment: ExperimentSpec
) -> CapabilityFindings:
    """Everything that one slice asks of an engine and the engine does not have."""
    able = engine.resolved.capabilities
    lacks = [
        *_params(able, experiment),
        *_messages(able, spec, experiment),
    ]
    errors = tuple(f"engine {engine.name!r} {lack}" for lack in dict.fromkeys(lacks))
    return CapabilityFindings(errors, tuple(_seed(engine, able, experiment)))


def _params(able: EngineCapabilities, experiment: ExperimentSpec) -> Iterator[str]:
    for params in experiment.params:
        wanted = params.response_format
        if wanted is not None and wanted not in able.response_formats:
            known = ", ".join(able.response_formats)
            yield f"gives no {wanted!r} responses (only {known}); change response_format"
        if params.logprobs is not None and not able.logprobs:
            yield "gives no log probabilities; remove logprobs"
        if able.context_length is not None and params.max_tokens > able.context_length:
            yield (
                f"has a context of {able.context_length} tokens; "
                f"max_tokens is {params.max_tokens}: lower it"
            )


def _messages(
    able: EngineCapabilities, spec: SliceSpec, experiment: ExperimentSpec
) -> Iterator[str]:
    generation = spec.generation
    if generation is not None and (generation.tools or generation.mcp_servers) and not able.tools:
        yield f"calls no tools, and slice {spec.slice_id!r} has some; remove them"
    if able.images:
        return
    for variant in experiment.variants_for(spec):
        parts = [m.content for m in variant.messages if not isinstance(m.content, str)]
        if any(isinstance(part, ImagePartSpec) for content in parts for part in content):
            yield f"takes no images, and prompt variant {variant.id!r} has some"


def _seed(
    engine: BoundComponent, able: EngineCapabilities, experiment: ExperimentSpec
) -> Iterator[str]:
    """A seed that is ignored is worth a warning where somebody asked for one."""
    if not able.seed and any(params.seed is not None for params in experiment.params):
        yield f"engine {engine.name!r} takes no seed: the params' seed changes nothing there"
