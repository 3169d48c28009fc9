from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from themis.builtins.extractors.json_schema import JsonSchema, JsonSchemaSettings

PERSON = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}


@pytest.fixture
def read(trial, said):
    def extract(text, schema=PERSON, **config):
        return JsonSchema().extract(trial, said(text), {"schema": schema, **config})

    return extract


def test_a_value_in_prose_that_meets_the_schema_is_taken(read):
    assert read('Here: {"age": 7}, done.').parsed_answer == {"age": 7}


def test_the_last_value_that_meets_the_schema_is_taken(read):
    text = 'Like {"age": 1}? No: {"age": 7}. {"name": "x"}'
    assert read(text).parsed_answer == {"age": 7}
    assert read(text, which="first").parsed_answer == {"age": 1}


def test_a_whole_text_may_be_any_json_value(read):
    assert read(" 42 ", {"type": "integer"}).parsed_answer == 42


def test_a_failure_names_the_place_and_the_reason(read):
    assert read('{"age": "x"}').failure_reason == "$.age: 'x' is not of type 'integer'"


def test_a_text_without_json_says_so(read):
    assert read("nothing {here}").failure_reason == "the output has no JSON"


def test_a_structured_output_is_checked_as_it_is(trial, said):
    candidate = said(structured_output={"age": 7})
    assert JsonSchema().extract(trial, candidate, {"schema": PERSON}).parsed_answer == {"age": 7}


def test_a_reference_is_never_fetched(read):
    reason = read("{}", {"$ref": "https://example.com/schema.json"}).failure_reason
    assert reason == "the schema's reference 'https://example.com/schema.json' points nowhere"


def test_a_schema_that_refers_to_itself_without_end_is_a_failure(read):
    assert read("{}", {"$ref": "#"}).failure_reason == "the schema refers to itself without end"


def test_a_key_that_cannot_be_recorded_is_a_failure(read):
    assert "lone surrogate" in read('{"\\ud800": 1}', True).failure_reason


def test_a_bad_schema_is_an_error_of_the_config_that_names_the_place():
    with pytest.raises(ValidationError, match=r"no JSON Schema: \$\.type: 'thing' is not valid"):
        JsonSchemaSettings(schema={"type": "thing"})


def test_without_the_package_the_error_names_the_extra():
    code = (
        "import sys; sys.modules['jsonschema'] = None\n"
        "from themis.builtins.extractors.json_schema import JsonSchemaSettings\n"
        "JsonSchemaSettings(schema={})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.splitlines()[-1].endswith("pip install 'themis-framework[json-schema]'")


def test_only_so_many_values_of_a_text_are_held_against_the_schema(read):
    schema = {"required": ["answer"]}
    near, far = '{"answer": 1}' + "{}" * 900, '{"answer": 1}' + "{}" * 1100
    assert read(near, schema).parsed_answer == {"answer": 1}
    assert not read(far, schema).success
