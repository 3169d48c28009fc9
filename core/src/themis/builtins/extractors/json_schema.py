"""JSON that meets a schema."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field, field_validator

from themis.builtins.extractors.embedded_json import storable
from themis.builtins.extractors.reading import TextExtractor, UnreadableError
from themis.builtins.json_scan import json_spans
from themis.builtins.settings import Settings
from themis.errors import OptionalDependencyError
from themis.plugin import CandidateRecord

__all__ = ["JsonSchema", "JsonSchemaSettings"]


_MOST_VALUES = 1000
"""How many of a text's values are held against the schema: hostile text may have a million."""


class JsonSchemaSettings(Settings):
    """What the JSON must look like."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    json_schema: dict[str, Any] | bool = Field(
        alias="schema",
        description=(
            "The JSON Schema, in the draft that its $schema names (2020-12 without one). "
            "References may point into the schema itself; nothing is fetched."
        ),
    )
    which: Literal["first", "last"] = Field(
        default="last", description="When several values of a text meet the schema, which to take."
    )

    @field_validator("json_schema")
    @classmethod
    def _sound(cls, schema: dict[str, Any] | bool) -> dict[str, Any] | bool:
        jsonschema = _jsonschema()
        try:
            jsonschema.validators.validator_for(
                schema, default=jsonschema.Draft202012Validator
            ).check_schema(schema)
        except jsonschema.SchemaError as problem:
            msg = f"no JSON Schema: {problem.json_path}: {problem.message}"
            raise ValueError(msg[:500]) from problem
        return schema


class JsonSchema(TextExtractor[JsonSchemaSettings]):
    """The JSON value of the output that meets a schema (needs the json-schema extra).

    The value is the structured output, the whole text, or an object or array inside it. With
    `{"schema": {"type": "object", "required": ["name"]}}`, `'Here: {"name": "Ada"}'` gives
    `{"name": "Ada"}`. A value that does not meet the schema fails with the place and the reason.
    At most 1,000 values of a text are held against the schema, from the end that `which` names.
    """

    component_id: ClassVar[str] = "json_schema"
    settings_model = JsonSchemaSettings

    def read_candidate(self, candidate: CandidateRecord, settings: JsonSchemaSettings) -> Any:
        """The structured output if there is one, else what the text holds."""
        if candidate.inference is not None and candidate.inference.structured_output is not None:
            return _first_valid(iter([candidate.inference.structured_output]), settings)
        return super().read_candidate(candidate, settings)

    def read(self, text: str, settings: JsonSchemaSettings) -> Any:
        """The value; raises UnreadableError when no JSON is there or none meets the schema."""
        return _first_valid(_values(text, last_first=settings.which == "last"), settings)


def _values(text: str, *, last_first: bool) -> Iterator[Any]:
    """The whole text's value, else those inside it."""
    try:
        yield storable(text)
    except UnreadableError:
        spans = list(json_spans(text))
    else:
        return
    nearest = reversed(spans) if last_first else iter(spans)
    for start, end in islice(nearest, _MOST_VALUES):
        yield storable(text[start:end])


def _first_valid(values: Iterator[Any], settings: JsonSchemaSettings) -> Any:
    validator = _validator(settings.json_schema)
    reason = ""
    for value in values:
        problem = _problem(validator, value)
        if problem is None:
            return value
        reason = reason or problem
    raise UnreadableError(reason or "the output has no JSON")


def _problem(validator: Any, value: Any) -> str | None:
    """Where and why a value does not meet the schema, or None."""
    from referencing.exceptions import Unresolvable

    try:
        error = next(validator.iter_errors(value), None)
    except Unresolvable as lost:
        return f"the schema's reference {lost.ref!r} points nowhere"
    except RecursionError:
        return "the schema refers to itself without end"
    return error and f"{error.json_path}: {error.message}"[:300]


def _validator(schema: dict[str, Any] | bool) -> Any:
    from referencing import Registry

    jsonschema = _jsonschema()
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    return kind(schema, registry=Registry())


def _jsonschema() -> Any:
    try:
        import jsonschema
    except ImportError as absent:
        msg = (
            "the json_schema extractor needs the jsonschema package: "
            "pip install 'themis-framework[json-schema]'"
        )
        raise OptionalDependencyError(msg) from absent
    return jsonschema
