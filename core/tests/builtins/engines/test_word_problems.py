from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.builtins.engines.word_problems import solve, written
from themis.catalog.demo.make_word_problems import problems


def test_every_problem_of_the_demonstration_is_solved_from_its_text():
    for item in problems():
        solution = solve(f"{item['question']}\n\nReply with only the number.")
        assert solution.answer == Fraction(str(item["answer"])), item["question"]
        assert solution.difficulty == item["difficulty"], item["question"]


def test_a_solution_shows_each_operation():
    text = (
        "A mug costs $2.50. Ada buys 4 mugs. The shop takes 10% off the total. She pays with $10."
    )
    operations = [step.operation for step in solve(text).steps]
    assert operations == ["4 * 2.5", "100 - 10", "10 * 0.9", "10 - 9"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Bo has 9 nuts. He loses 4 nuts. He then triples the number of nuts.", 15),
        (
            "A van travels at 60 km per hour for 1 hour, and then at 30 km per hour for 2 hours.",
            120,
        ),
        ("What is the capital of France?", None),
        ("", None),
    ],
)
def test_problems_worded_likewise_are_solved_and_others_are_not(text, answer):
    solution = solve(text)
    assert (solution and solution.answer) == answer


@given(st.text("has 0123456789 buys boxes with $ costs A equally among.\n", max_size=80))
def test_any_text_is_read(text):
    solve(text)


@pytest.mark.parametrize(
    ("number", "text"), [(Fraction(12), "12"), (Fraction(5, 4), "1.25"), (Fraction(1, 3), "0.33")]
)
def test_numbers_are_written_with_two_decimals_at_most(number, text):
    assert written(number) == text
