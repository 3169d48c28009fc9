"""Sampling parameters and schemas, as far as both APIs treat them alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from themis.plugin import TrialSpec
from themis_openai.config import RESERVED_PARAMETERS, OpenAIConfig

if TYPE_CHECKING:
    from themis.specs import InferenceParamsSpec

__all__ = ["JSON_SCHEMA", "json_schema", "unsendable", "with_extras"]

JSON_SCHEMA = "json_schema"


def json_schema(params: InferenceParamsSpec) -> dict[str, Any] | None:
    """`extras["json_schema"]` as the API takes it: a bare schema gets a name, and is strict."""
    given = params.extras.get(JSON_SCHEMA)
    if given is None:
        return None
    if "schema" in given and "name" in given:
        return dict(given)
    return {"name": "answer", "schema": given, "strict": True}


def unsendable(trial: TrialSpec) -> str | None:
    """Why neither API can carry `trial`; None when one can."""
    extras = trial.params.extras
    taken = sorted(RESERVED_PARAMETERS & extras.keys())
    if taken:
        return f"was not asked: params.extras sets {', '.join(taken)}, which the engine sets itself"
    schema = extras.get(JSON_SCHEMA)
    if schema is not None and not isinstance(schema, Mapping):
        return "was not asked: params.extras.json_schema is no JSON schema (an object)"
    if any(message.role == "tool" for message in trial.prompt):
        return "was not asked: its prompt has a tool message, and no tool call that it answers"
    return None


def with_extras(
    body: dict[str, Any], config: OpenAIConfig, params: InferenceParamsSpec
) -> dict[str, Any]:
    """`body` with what the configuration and then the params add, less what is to be left out.

    `include` is a list that both sides add to.
    """
    included = list(body.get("include", ()))
    for more in (config.extra_body, params.extras):
        if more:
            included += more.get("include", ())
            body.update(more)
    body.pop(JSON_SCHEMA, None)
    if included:
        body["include"] = included
    for name in config.omit_params:
        body.pop(name, None)
    return body
