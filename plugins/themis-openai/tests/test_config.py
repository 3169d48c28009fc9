from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from themis_openai.config import OpenAIConfig


def refusal(**fields):
    with pytest.raises(ValidationError) as raised:
        OpenAIConfig(**fields)
    return str(raised.value)


def test_every_field_is_described():
    assert [n for n, f in OpenAIConfig.model_fields.items() if not f.description] == []


def test_every_field_is_in_the_readme():
    readme = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")
    assert [name for name in OpenAIConfig.model_fields if f"`{name}`" not in readme] == []


def test_without_settings_it_speaks_to_openai():
    config = OpenAIConfig()
    assert config.base_url == "https://api.openai.com/v1"
    assert (config.api, config.stream, config.api_key_env) == ("chat", False, "OPENAI_API_KEY")


def test_a_slash_at_the_end_of_the_url_makes_no_difference():
    assert OpenAIConfig(base_url="http://x.test/v1/") == OpenAIConfig(base_url="http://x.test/v1")


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("localhost:8000", "write a whole URL, such as http://localhost:8000/v1"),
        ("ftp://x.test", "write a whole URL, such as http://localhost:8000/v1"),
        ("http://me:pw@x.test/v1", "a URL must not hold credentials"),
        ("http://x.test/v1?api-version=1", "a base URL has no query; write it in the field query"),
        ("http://x.test/v1/chat/completions", "leave the endpoint out; the field api chooses it"),
    ],
)
def test_a_base_url_that_cannot_work_says_what_to_write(url, text):
    assert text in refusal(base_url=url)


def test_an_unknown_field_is_refused():
    assert "Extra inputs are not permitted" in refusal(base_uri="x")


@pytest.mark.parametrize("name", ["OPENAI_KEY", "env:OPENAI_KEY"])
def test_a_key_is_named_by_its_variable(name):
    assert OpenAIConfig(api_key_env=name).api_key_env == "OPENAI_KEY"


@pytest.mark.parametrize("none", [None, ""])
def test_a_server_without_keys_needs_no_variable(none):
    assert OpenAIConfig(api_key_env=none).api_key_env is None


@pytest.mark.parametrize(
    "fields",
    [
        {"api_key_env": "sk-proj-1234567890abcdef"},
        {"api_key": "sk-proj-1234567890abcdef"},
        {"headers": {"api-key": "sk-proj-1234567890abcdef"}},
        {"headers": {"Authorization": "Bearer sk-proj-1234567890abcdef"}},
        {"query": {"access_token": "sk-proj-1234567890abcdef"}},
        {"proxy": "http://me:sk-proj-1234567890abcdef@proxy.test"},
    ],
)
def test_a_key_in_place_of_its_name_is_refused_and_not_shown(fields):
    assert "1234567890" not in refusal(**fields)


def test_a_secret_header_says_how_to_write_it():
    assert "api-key: its value looks like a secret and would be recorded; write env:NAME" in (
        refusal(headers={"api-key": "1234"})
    )


def test_references_to_secrets_are_accepted():
    headers = {"api-key": "env:AZURE_KEY", "authorization": "Bearer env:TOKEN", "x-team": "evals"}
    assert OpenAIConfig(headers=headers).headers == headers


def test_what_the_engine_sets_cannot_be_an_extra():
    text = refusal(extra_body={"stream": True, "messages": []})
    assert "extra_body: the engine itself sets messages, stream; take them out" in text


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "max_completion_tokens"),
        ({"base_url": "http://localhost:8000/v1"}, "max_tokens"),
        ({"max_tokens_field": "max_tokens"}, "max_tokens"),
    ],
)
def test_the_length_of_an_answer_has_the_name_that_the_server_knows(fields, name):
    assert OpenAIConfig(**fields).tokens_field == name


def test_what_changes_no_answer_is_no_part_of_a_key():
    other = OpenAIConfig(
        timeout=5, connect_timeout=1, max_connections=2, proxy="http://p.test", api_key_env="KEY",
        api_key_header="api-key", max_response_bytes=2048,
    )  # fmt: skip
    assert other.model_dump() == OpenAIConfig().model_dump()


@pytest.mark.parametrize(
    "change", [{"stream": True}, {"api": "responses"}, {"base_url": "http://x.test"}]
)
def test_what_may_change_an_answer_is_part_of_a_key(change):
    assert OpenAIConfig(**change).model_dump() != OpenAIConfig().model_dump()
