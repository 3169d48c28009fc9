"""What a span of a run says, in OpenTelemetry's words: names, attributes, messages.

The names `gen_ai.*` and `error.type` are those of the semantic conventions for generative AI. The
conventions are not final, and the constants of OpenTelemetry's own package move; they are written
out here. `gen_ai.system` is the older name of `gen_ai.provider.name`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from themis.plugin.refs import parse_ref

if TYPE_CHECKING:
    from themis.plugin import ContentPart, InferenceRecord, LifecycleContext, Message, Span
    from themis.specs import InferenceParamsSpec, ModelSpec

__all__ = ["content_of", "end_attributes", "name_of", "start_attributes"]

Attributes = dict[str, Any]

_CHAT = "chat"
_OTHER_ERROR = "_OTHER"


def name_of(span: Span) -> str:
    """`chat MODEL` for a call of a model; else the kind and what is at work."""
    if span.model is not None:
        return f"{_CHAT} {span.model.model_id}"
    return f"{span.kind} {span.context.component or span.context.benchmark_id}".strip()


def start_attributes(span: Span) -> Attributes:
    """What is known when the span starts, and what samplers may look at."""
    found = {"themis.stage": span.kind, **_place(span.context)}
    if span.model is not None:
        found |= _request(span.model, span.params, span.context.seed)
    if span.kind == "score":
        found["gen_ai.evaluation.name"] = span.context.component
    return _given(found)


def end_attributes(span: Span) -> Attributes:
    """How it ended: usage, the answer's metadata, the score, the kind of error."""
    found: Attributes = {"themis.status": span.status, "gen_ai.evaluation.score.value": span.score}
    if span.model is not None:
        found["themis.attempts"] = span.attempts
    if span.inference is not None:
        found |= _response(span.inference)
    if span.error is not None:
        found["error.type"] = span.error_code or _OTHER_ERROR
    return _given(found)


def content_of(span: Span) -> Attributes:
    """The prompt and the answer, as the conventions' JSON."""
    found: Attributes = {}
    if span.prompt:
        found["gen_ai.input.messages"] = _json([_message(message) for message in span.prompt])
    if span.inference is not None:
        found["gen_ai.output.messages"] = _json([_answer(span.inference)])
    return found


def _place(context: LifecycleContext) -> Attributes:
    return {
        "themis.run_id": context.run_id,
        "themis.benchmark_id": context.benchmark_id,
        "themis.slice_id": context.slice_id or None,
        "themis.item_id": context.item_id or None,
        "themis.model_id": context.model_id or None,
        "themis.trial_hash": context.trial_hash or None,
        "themis.candidate_id": context.candidate_id or None,
        "themis.sample_index": context.sample_index if context.candidate_id else None,
        "themis.component": context.component or None,
    }


def _request(model: ModelSpec, params: InferenceParamsSpec | None, seed: int | None) -> Attributes:
    provider = parse_ref(model.provider).name
    found: Attributes = {
        "gen_ai.operation.name": _CHAT,
        "gen_ai.provider.name": provider,
        "gen_ai.system": provider,
        "gen_ai.request.model": model.model_id,
        "gen_ai.request.seed": seed,
    }
    if params is not None:
        found |= {
            "gen_ai.request.temperature": params.temperature,
            "gen_ai.request.top_p": params.top_p,
            "gen_ai.request.top_k": params.top_k,
            "gen_ai.request.max_tokens": params.max_tokens,
            "gen_ai.request.stop_sequences": tuple(params.stop_sequences) or None,
        }
    return found


def _response(inference: InferenceRecord) -> Attributes:
    usage, first = inference.token_usage, inference.time_to_first_token_ms
    found: Attributes = {
        "gen_ai.response.id": inference.provider_request_id,
        "gen_ai.response.finish_reasons": _one(inference.finish_reason),
        "gen_ai.response.time_to_first_chunk": None if first is None else first / 1000,
    }
    if usage is not None:
        found |= {
            "gen_ai.usage.input_tokens": usage.prompt,
            "gen_ai.usage.output_tokens": usage.completion,
            "gen_ai.usage.cache_read.input_tokens": usage.cached,
            "gen_ai.usage.reasoning.output_tokens": usage.reasoning,
        }
    return found


def _message(message: Message) -> Attributes:
    content = message.content
    if isinstance(content, str):
        return {"role": message.role, "parts": [_text(content)]}
    return {"role": message.role, "parts": [_part(part) for part in content]}


def _part(part: ContentPart) -> Attributes:
    """Text, or an image: where it is, or its bytes from a data URL."""
    url = part.image_url
    if url is None:
        return _text(part.text or "")
    if not url.startswith("data:"):
        return {"type": "uri", "modality": "image", "uri": url}
    described, _, data = url.removeprefix("data:").partition(",")
    kind = described.partition(";")[0]
    return {"type": "blob", "modality": "image", "mime_type": kind, "content": data}


def _text(content: str) -> Attributes:
    return {"type": "text", "content": content}


def _answer(inference: InferenceRecord) -> Attributes:
    text = inference.raw_text
    if text is None:
        text = _json(inference.structured_output)
    return {
        "role": "assistant",
        "parts": [_text(text)],
        "finish_reason": inference.finish_reason or "stop",
    }


def _one(value: str | None) -> tuple[str, ...] | None:
    return None if value is None else (value,)


def _given(found: Mapping[str, Any]) -> Attributes:
    """Without what is not known, since an attribute has no null; and in strings that UTF-8 has."""
    return {name: _encodable(value) for name, value in found.items() if value is not None}


def _encodable(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _json(value: Any) -> str:
    return json.dumps(value)
