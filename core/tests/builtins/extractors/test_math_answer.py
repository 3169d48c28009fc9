from __future__ import annotations

import pytest

from themis.builtins.extractors.math_answer import MathAnswer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"The answer is 3, so \boxed{\frac{1}{2}} of 9", 0.5),
        ("4 + 5 = 9. The answer is 1,000 dollars. 7 is odd.", 1000),
        ("The answer is 3. No, the answer is x = 5.", 5),
        ("#### 72", 72),
        ("**Answer:** 42", 42),
        ("Answer: $\\frac{3}{4}$.", 0.75),
        ("The final answer is therefore 42.", 42),
        ("The answer is: 3 groups of 4 = 12 apples.", 12),
        ("The answer is yes.", "yes"),
        ("Answer: The train travels 60 km.", 60),
        ("the answer is\n\n-42", -42),
        ("The answer is \\(x=7\\).", 7),
        ("The answer is 50%.", 50),
        ("The answer is 4:30", "4:30"),
        ("The answer is (1, 2).", "(1,2)"),
        ("The answer is 12 (twelve).", 12),
        ("4 and 5 make 9", 9),
        ("\\boxed{} so 8", 8),
    ],
)
def test_the_most_explicit_answer_is_read(trial, said, text, answer):
    assert MathAnswer().extract(trial, said(text)).parsed_answer == answer


def test_as_text_a_fraction_stays_one(trial, said):
    record = MathAnswer().extract(trial, said(r"\boxed{ \dfrac12 }"), {"form": "text"})
    assert record.parsed_answer == r"\frac{1}{2}"


@pytest.mark.parametrize("text", ["I don't know", "The answer is one that nobody can know at all"])
def test_a_text_without_an_answer_says_what_was_looked_for(trial, said, text):
    reason = MathAnswer().extract(trial, said(text)).failure_reason
    assert reason == "the output has no box, no `answer is` and no number"
