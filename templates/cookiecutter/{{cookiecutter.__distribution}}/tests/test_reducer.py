from __future__ import annotations

from typing import ClassVar

import pytest
from themis.plugin import ItemError
from themis.testing import ReducerKit, make_candidate

from {{ cookiecutter.__package }}.reducer import MajorityVote


class TestMajorityVote(ReducerKit):
    ref: ClassVar[str] = "{{ cookiecutter.__distribution }}/{{ cookiecutter.__component }}"
    order_independent: ClassVar[bool] = True


def test_the_commonest_output_wins() -> None:
    candidates = [make_candidate(text) for text in ("7", " 42\n", "42", "8")]
    assert MajorityVote().reduce(candidates, None) is candidates[1]


def test_candidates_without_an_output_have_no_vote() -> None:
    failed = make_candidate(None, status="error")
    candidates = [failed, failed, make_candidate("42")]
    assert MajorityVote().reduce(candidates, None) is candidates[2]


def test_candidates_of_which_none_has_an_output_are_an_error() -> None:
    with pytest.raises(ItemError, match="none of 1 candidates has an output"):
        MajorityVote().reduce([make_candidate(None)], None)
