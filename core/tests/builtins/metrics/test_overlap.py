from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.builtins.metrics.overlap import RougeL, TokenF1, common_subsequence
from themis.errors import MetricError

WORDS = st.lists(st.sampled_from("abc"), max_size=12)


def test_token_f1_is_that_of_squad(trial, said):
    score = TokenF1().score(trial, said("The big red cat"), {"answer": "a red cat sat"})
    assert score.value == pytest.approx(2 / 3)
    assert score.details == {"precision": pytest.approx(2 / 3), "recall": pytest.approx(2 / 3)}


@pytest.mark.parametrize(("text", "reference", "value"), [("the", "a", 1.0), ("the", "cat", 0.0)])
def test_texts_without_tokens_equal_only_each_other(trial, said, text, reference, value):
    assert TokenF1().score(trial, said(text), {"answer": reference}).value == value


def test_rouge_l_takes_the_longest_common_order_of_words(trial, said):
    # Lin 2004, section 3.1: 3 words of 4 in order; 2 words of 4 in order.
    reference = {"answer": "police killed the gunman"}
    assert RougeL().score(trial, said("police kill the gunman"), reference).value == 0.75
    assert RougeL().score(trial, said("the gunman kill police"), reference).value == 0.5


def test_beta_favours_recall(trial, said):
    item = {"answer": "one two three four"}
    plain = RougeL().score(trial, said("one"), item).value
    assert RougeL({"beta": 2}).score(trial, said("one"), item).value < plain


def test_a_text_over_the_limit_is_an_error(trial, said):
    with pytest.raises(MetricError, match="rouge_l: 3 words are more than max_tokens=2"):
        RougeL({"max_tokens": 2}).score(trial, said("one two three"), {"answer": "one"})


@given(WORDS, WORDS)
def test_the_common_subsequence_is_that_of_the_textbook(left, right):
    table = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, one in enumerate(left):
        for j, other in enumerate(right):
            longest = max(table[i][j + 1], table[i + 1][j])
            table[i + 1][j + 1] = table[i][j] + 1 if one == other else longest
    assert common_subsequence(left, right) == table[-1][-1]
