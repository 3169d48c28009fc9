from __future__ import annotations

import pytest

from themis.builtins.choices import find_choice, label_of

CLEAR = [
    ("B", "B"),
    ("(B)", "B"),
    ("B.", "B"),
    ("**B**", "B"),
    ("b)", "B"),
    ("#### B", "B"),
    ("Option B", "B"),
    ("B) Paris", "B"),
    ("**B. Paris**", "B"),
    ("Answer: B", "B"),
    ("**Answer:** (B)", "B"),
    ("Answer - c", "C"),
    ("Final Answer:\n\nD", "D"),
    ("The answer is **B**, Paris.", "B"),
    ("The answer to this question is $\\text{(E)}$.", "E"),
    ("The final answer is: \n**C) 5 apples**", "C"),
    ("The answer is A because it rains.", "A"),
    ("The answer is A.", "A"),
    ("Thus \\boxed{C}", "C"),
    ("The best choice would be option B", "B"),
    ("The correct option is (d).", "D"),
    ("I'd go with C.", "C"),
    ("I think it's B because of that.", "B"),
    ("(A) is wrong, so (B) is correct.", "B"),
    ("The answer is A, not B.", "A"),
    ("\u7b54\u6848\u662fB", "B"),
    ("A man would say (A). The answer is (D).", "D"),
    ("The answer is C. Wait: the answer is D.", "D"),
    ("A) is false.\nThe answer is B.", "B"),
    ("So it must be (C)", "C"),
]
UNCLEAR = [
    "A man walks into a bar.",
    "The answer is A man.",
    "Answer: a walk",
    "I think so.",
    "The answer is D.C.",
    "Answer: C++",
    "The answer is B12",
    "The answer is A-frame",
    "The answer is A's",
    "The answer is not A",
    "I would not choose B",
    "I think B is wrong",
    "The answer isn't B",
    "Vitamin C is good",
    "The answer is e.g. this",
    "no letters here",
    "",
]


@pytest.mark.parametrize(("text", "label"), CLEAR)
def test_a_clear_text_gives_its_label(text, label):
    assert find_choice(text).label == label


@pytest.mark.parametrize("text", UNCLEAR)
def test_an_unclear_text_gives_none(text):
    found = find_choice(text)
    assert found.label is None
    assert found.reason == "the output names none of the choices A to J"


@pytest.mark.parametrize("text", ["The answer is B and C.", "A) x\nB) y", "It is (A) or (B)"])
def test_a_text_that_names_several_says_which(text):
    assert find_choice(text).reason.startswith("the output names several choices: ")


@pytest.mark.parametrize(
    ("text", "label"),
    [("B", "B"), (" (b) ", "B"), ("B.", "B"), ("B) Paris", None), ("So: B", None)],
)
def test_a_whole_text_is_a_label_or_it_is_not(text, label):
    assert label_of(text) == label
