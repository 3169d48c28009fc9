from __future__ import annotations

import pytest

from themis.records.secrets import REDACTED, is_reference, looks_secret, redact
from themis.testing.kits.timing import cpu_seconds

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "key",
    [
        "api_key", "apiKey", "OPENAI_API_KEY", "x-api-key", "password", "db_password",
        "client_secret", "Authorization", "token", "access_token", "hf_token", "credentials",
        "privateKey", "Cookie", "Ocp-Apim-Subscription-Key", "aws_secret_access_key", "auth",
    ],
)  # fmt: skip
def test_a_setting_that_holds_a_credential_looks_secret(key: str) -> None:
    assert looks_secret(key)


@pytest.mark.parametrize(
    "key",
    [
        "max_tokens", "maxTokens", "token_usage", "tokens", "eos_token", "prompt_tokens",
        "time_to_first_token", "cost_per_token", "token_estimator", "answer_key", "group_key",
        "key", "api_key_env", "secret_name", "author", "monkey", "", "temperature", "token_count",
    ],
)  # fmt: skip
def test_settings_that_only_sound_like_credentials_are_not_secret(key: str) -> None:
    assert not looks_secret(key)


def test_redacting_masks_by_key_at_any_depth_and_leaves_the_rest() -> None:
    value = {"a": [{"api_key": "abc", "max_tokens": 5}], "secrets": {"x": 1}, "n": 1.5}
    assert redact(value) == {
        "a": [{"api_key": REDACTED, "max_tokens": 5}],
        "secrets": REDACTED,
        "n": 1.5,
    }


def test_redacting_changes_nothing_in_place() -> None:
    value = {"api_key": "abc"}
    redact(value)
    assert value == {"api_key": "abc"}


@pytest.mark.parametrize("value", ["env:OPENAI_API_KEY", "Bearer env:TOKEN", None, True, ""])
def test_a_reference_to_a_credential_stays_readable(value: object) -> None:
    assert redact({"api_key": value}) == {"api_key": value}


def test_a_number_under_a_secret_key_is_masked() -> None:
    assert redact({"password": 1234}) == {"password": REDACTED}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ann:p@ss@host/db", f"postgresql://{REDACTED}@host/db"),
        ("https://host/v1?api_key=abc&x=1", f"https://host/v1?api_key={REDACTED}&x=1"),
        ("Authorization: Bearer abcdefghijkl", f"Authorization: Bearer {REDACTED}"),
        ("the key sk-proj-abc123DEF456ghi789 leaked", f"the key {REDACTED} leaked"),
        ("AKIAIOSFODNN7EXAMPLE", REDACTED),
        (f"mine: {PEM} and", f"mine: {REDACTED} and"),
        (PEM.replace("RSA ", "OPENSSH "), REDACTED),
        (PEM.replace("RSA ", ""), REDACTED),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\\nMIIE", REDACTED),
    ],
)
def test_a_credential_inside_a_text_is_masked(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    ["https://host/v1?max=3", "a basic idea", "mail me: a@b.org", "-----BEGIN PUBLIC KEY-----"],
)
def test_plain_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_only_a_whole_reference_counts() -> None:
    assert is_reference("env:A_B")
    assert not is_reference("sk-123 env:A_B")


@pytest.mark.parametrize(
    "piece",
    ["eyJ-", "://a", "?key", "sk-", "Bearer ", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----"],
)
def test_hostile_text_is_searched_in_linear_time(piece: str) -> None:
    assert cpu_seconds(lambda: redact(piece * 100_000), allowed=2) < 2
