"""Text in columns: no two texts are written alike, and each can be read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.storage.column_text import restored, storable

LOOKALIKES = ["a\0b", "a\\x00b", "a\\\\x00b", "\ud800", "\\ud800", "\\\\ud800", "\\\0", "\\x00\0"]
PIECES = st.sampled_from(["\0", "\\", "x00", "x", "ud800", "ud7ff", "\ud800", "\udfff", "é", "a"])
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.lists(PIECES, max_size=8).map("".join),
)


@given(TEXTS)
def test_what_is_written_is_read_back(text):
    written = storable(text)
    assert "\0" not in written
    written.encode()
    assert restored(written) == text


def test_texts_that_look_like_escaped_ones_are_told_apart():
    assert len({storable(text) for text in LOOKALIKES}) == len(LOOKALIKES)


@pytest.mark.parametrize(
    "text", ["", "a", "é😀", "C:\\new\\table", "\\n", "\\u00e9", "\\ud7ff", "\\xff", "a\\", "\\\\"]
)
def test_other_texts_are_written_as_they_are(text):
    assert (storable(text), restored(text)) == (text, text)


def test_an_escape_reads_like_one():
    assert storable("a\0b\ud800") == "a\\x00b\\ud800"


def test_what_is_no_text_is_left_alone():
    assert [storable(value) for value in (None, 3, b"\0")] == [None, 3, b"\0"]
