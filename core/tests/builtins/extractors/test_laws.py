"""What every extractor must hold to, whatever the text."""

from __future__ import annotations

from functools import partial
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.builtins import hooks
from themis.records import CandidateRecord, InferenceRecord
from themis.records.canonical import canonical_bytes
from themis.testing.kits.timing import cpu_seconds

CONFIGS = {"regex": {"pattern": r"(\w+)\W*$"}, "json_schema": {"schema": {"type": "object"}}}
DECLARATIONS = {declaration.name: declaration for declaration in hooks.themis_extractors()}
NAMES = sorted(DECLARATIONS)
HOSTILE = [
    "{", "[", '{"a":', '{"', '["', '{"a":{"a":1},', "\\boxed{", "\\boxed ", "}", "\\", "1,234",
    "1/", "-", "1.", "9", "$", "1e", "answer is ", "Answer: ", "#### ", "(A) ", "A is ", "\n", " ",
    "* ", "1 ", "=", "a", "\ufdfa", "\u0301",
]  # fmt: skip


def extract(name, text):
    module, _, attribute = DECLARATIONS[name].implementation.partition(":")
    extractor = getattr(import_module(module), attribute)()
    candidate = CandidateRecord(candidate_id="c", inference=InferenceRecord(raw_text=text))
    return extractor.extract(None, candidate, CONFIGS.get(name))


@pytest.mark.parametrize("name", NAMES)
@given(
    text=st.one_of(
        st.text(st.characters(), max_size=80),
        st.text('{}[]":,\\ boxedanswer ABC()*#=$%123./-\n', max_size=80),
    )
)
def test_any_text_gives_an_answer_or_a_reason(name, text):
    record = extract(name, text)
    assert record.extractor_id == name
    assert record.success == (record.failure_reason is None)
    assert record == extract(name, text)
    canonical_bytes([record.parsed_answer, record.failure_reason])


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_text_has_no_answer(name):
    if name == "regex":
        assert not extract(name, "").success
    else:
        assert extract(name, "").failure_reason


@pytest.mark.parametrize("name", sorted({*NAMES} - {"regex"}))
def test_hostile_text_is_read_in_linear_time(name):
    # Reading 200,000 characters takes about 0.1 s; a square of that would take a minute.
    for piece in HOSTILE:
        text = piece * (200_000 // len(piece))
        assert cpu_seconds(partial(extract, name, text), allowed=5) < 5, piece
