"""What one call to an inference engine gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from themis.records.conversation import ConversationTrace

__all__ = ["InferenceRecord", "InferenceResult", "TokenUsage"]


@attrs.frozen(slots=True, kw_only=True)
class TokenUsage:
    """Tokens as the provider counted them; None where it did not say."""

    prompt: int | None = None
    completion: int | None = None
    total: int | None = None
    reasoning: int | None = None
    cached: int | None = None


@attrs.frozen(slots=True, kw_only=True)
class InferenceRecord:
    """The output of an engine. One of `raw_text` and `structured_output` must be given."""

    raw_text: str | None = None
    structured_output: Any = None
    finish_reason: str | None = None
    latency_ms: float | None = None
    time_to_first_token_ms: float | None = None
    provider_request_id: str | None = None
    token_usage: TokenUsage | None = None
    logprobs: Any = None
    reasoning_trace: str | None = None
    conversation: ConversationTrace | None = None

    def __attrs_post_init__(self) -> None:
        if self.raw_text is None and self.structured_output is None:
            msg = "an InferenceRecord needs raw_text or structured_output; both are None"
            raise ValueError(msg)


@attrs.frozen(slots=True)
class InferenceResult:
    """What an engine returns: the inference and, for agents, the conversation it came from."""

    inference: InferenceRecord
    conversation: ConversationTrace | None = None
