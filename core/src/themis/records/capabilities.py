"""What an inference engine can do, as it declares it."""

from __future__ import annotations

import attrs

__all__ = ["EngineCapabilities"]


@attrs.frozen(slots=True, kw_only=True)
class EngineCapabilities:
    """Checked at plan time: what a spec asks and an engine lacks is an error (a seed: a warning).

    `context_length` is in tokens; None means unknown, and is not checked.
    """

    response_formats: tuple[str, ...] = ("text",)
    logprobs: bool = False
    seed: bool = False
    tools: bool = False
    images: bool = False
    context_length: int | None = None
