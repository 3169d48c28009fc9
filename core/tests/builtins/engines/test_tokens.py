from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from themis.builtins.engines.tokens import count_tokens


@given(st.text())
def test_any_text_has_a_token_and_none_has_none(text):
    assert (count_tokens(text) > 0) == bool(text)
