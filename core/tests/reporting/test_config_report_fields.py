from __future__ import annotations

from typing import Annotated, Any, Literal

import attrs
import pytest
from pydantic import BaseModel, Field

from themis.records import EngineCapabilities
from themis.reporting.config_report_fields import fields_of, is_spec, type_text
from themis.specs import InferenceParamsSpec, ModelSpec, PluginStorageSpec


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (None, "None"),
        (str | None, "str | None"),
        (list[ModelSpec], "list[ModelSpec]"),
        (dict[str, Any], "dict[str, Any]"),
        (Literal["a", 1, None], '"a" | 1 | None'),
        (list[Annotated[int, Field(gt=0)]], "list[int]"),
        ("Mapping[str, int]", "Mapping[str, int]"),
    ],
)
def test_a_type_is_written_as_people_write_it(annotation: Any, text: str) -> None:
    assert type_text(annotation) == text


def test_limits_are_text() -> None:
    limits = {field.name: field.constraints for field in fields_of(InferenceParamsSpec())}
    assert limits["temperature"] == (">= 0",)
    assert limits["top_p"] == (">= 0", "<= 1")
    assert limits["max_tokens"] == ("> 0",)
    assert limits["extras"] == ()


def test_the_fields_of_a_plugin_come_last_and_have_no_default() -> None:
    *_, last = fields_of(PluginStorageSpec(backend="s3", bucket="b"))
    assert (last.name, last.type, last.has_default) == ("bucket", "str", False)


def test_a_default_that_depends_on_other_fields_is_not_made_up() -> None:
    class Config(BaseModel):
        name: str
        label: str = Field(default_factory=lambda given: given["name"])

    _, label = fields_of(Config(name="x"))
    assert label.default == "computed from other fields"


def test_attrs_objects_are_specs_too() -> None:
    fields = {field.name: field for field in fields_of(EngineCapabilities())}
    assert (fields["seed"].type, fields["seed"].default) == ("bool", False)


def test_attrs_defaults_are_made_where_they_can_be() -> None:
    @attrs.define
    class Options:
        must: int
        names: list[str] = attrs.field(factory=list, metadata={"description": "The names."})
        copy: Any = attrs.field(default=attrs.Factory(lambda self: self.names, takes_self=True))

    must, names, copied = fields_of(Options(1))
    assert not must.has_default
    assert (names.default, names.description) == ([], "The names.")
    assert copied.default == "computed from other fields"


@pytest.mark.parametrize("value", [5, "x", {}, [], None, ModelSpec, EngineCapabilities])
def test_other_values_are_no_specs(value: object) -> None:
    assert not is_spec(value)
