from __future__ import annotations

from collections import Counter
from pathlib import Path

import themis.catalog.demo
from themis.catalog.demo.make_word_problems import problems, write

SHIPPED = Path(themis.catalog.demo.__file__).with_name("word_problems.jsonl")


def test_the_shipped_problems_are_those_that_the_script_writes(tmp_path):
    write(tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == SHIPPED.read_bytes()


def test_there_are_400_distinct_problems_of_even_difficulty():
    items = list(problems())
    assert (
        len({item["item_id"] for item in items}) == len({item["question"] for item in items}) == 400
    )
    assert Counter(item["difficulty"] for item in items) == {
        "easy": 134,
        "medium": 133,
        "hard": 133,
    }


def test_another_seed_gives_other_problems():
    first, other = ([item["question"] for item in problems(20, seed)] for seed in (1, 2))
    assert first != other


def test_answers_are_numbers_of_at_most_two_decimals():
    assert all(
        item["answer"] >= 0 and round(item["answer"], 2) == item["answer"] for item in problems()
    )
