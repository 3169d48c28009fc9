from __future__ import annotations

import pytest

from themis.records.canonical import canonical_bytes
from themis.runtime.context import RuntimeContext
from themis.runtime.masking import Masks
from themis.storage import Event

KEY = "Key-of-24-letters-0123456789"
QUOTED = 'pass"word\\with\nall of it'


@pytest.fixture(autouse=True)
def _no_secrets_in_the_environment(monkeypatch):
    monkeypatch.setattr("os.environ", {})


def masked(value, **secrets):
    event = Event("generated", 1, b"k" * 32, canonical_bytes(value), source=value)
    kept = Masks.of(secrets).event(event)
    return kept.value() if kept is not event else None


def test_a_secret_is_taken_out_of_every_text_of_an_event():
    value = {"text": f"my key is {KEY}!", "deep": [{KEY: [KEY, 1.5, None, True]}]}
    assert masked(value, A=KEY) == {
        "text": "my key is [redacted]!",
        "deep": [{"[redacted]": ["[redacted]", 1.5, None, True]}],
    }


def test_an_event_without_a_secret_is_left_alone():
    assert masked({"text": "nothing"}, A=KEY) is None


def test_a_secret_that_json_escapes_is_found():
    assert masked({"text": f"<{QUOTED}>"}, A=QUOTED) == {"text": "<[redacted]>"}


def test_a_number_is_no_text_that_a_secret_of_digits_is_taken_out_of():
    assert masked({"text": "12345678", "n": 12345678.5}, A="12345678") == {
        "text": "[redacted]",
        "n": 12345678.5,
    }


def test_of_secrets_within_each_other_the_longest_is_masked():
    assert Masks.of({"A": KEY, "B": KEY + "-more"}).text(f"{KEY}-more") == "[redacted]"


@pytest.mark.parametrize("value", ["", "EMPTY", "none", "       x       "])
def test_a_placeholder_is_no_secret(value):
    assert Masks.of({"A": value}).values == ()


def test_the_environments_secrets_are_known_by_name_and_value(monkeypatch):
    random = "0123456789abcdefghij"
    monkeypatch.setattr(
        "os.environ",
        {
            "SOME_API_KEY": random + "1",
            "PLAIN": random + "2",
            "DB_PASSWORD": "letters only are words",
            "BYTES_TOKEN": random + "\udcff",
        },
    )
    assert Masks.of({}).values == (random + "1",)


def test_masks_do_not_show_what_they_know():
    assert KEY not in repr(RuntimeContext(secrets={"A": KEY}).masks)
