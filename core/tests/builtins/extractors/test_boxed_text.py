from __future__ import annotations

import pytest

from themis.builtins.extractors.boxed_text import BoxedText


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (r"so \boxed{42}.", "42"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{1} then \fbox{ 2 }", "2"),
        (r"\boxed{\boxed{5}}", "5"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed 7 apples", "7"),
        (r"\boxed{1} and cut off \boxed{2", "1"),
        (r"} \boxed{3}", "3"),
    ],
)
def test_the_last_complete_box_is_read_with_its_braces(trial, said, text, content):
    assert BoxedText().extract(trial, said(text)).parsed_answer == content


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("42", "the output has no complete \\boxed{...}"),
        (r"\boxed{4", "the output has no complete \\boxed{...}"),
        (r"\boxedthing{4}", "the output has no complete \\boxed{...}"),
        (r"\boxed{ }", "the last \\boxed{...} of the output is empty"),
    ],
)
def test_a_missing_or_empty_box_is_a_failure(trial, said, text, reason):
    assert BoxedText().extract(trial, said(text)).failure_reason == reason


def test_white_space_can_be_kept(trial, said):
    assert BoxedText().extract(trial, said(r"\boxed{ 2 }"), {"strip": False}).parsed_answer == " 2 "
