"""Writes `word_problems.jsonl`: `python -m themis.catalog.demo.make_word_problems`.

Three kinds of stories (a stock that grows and shrinks, a purchase, a trip) in three difficulties:
one operation, two or three, and four or more. The same seed gives the same file, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from random import Random

__all__ = ["COUNT", "DIFFICULTIES", "SEED", "problems", "write"]

COUNT = 400
SEED = 20250117
DIFFICULTIES = ("easy", "medium", "hard")

_NAMES = (
    ("Ada", "She"), ("Ben", "He"), ("Chioma", "She"), ("Diego", "He"), ("Elif", "She"),
    ("Farid", "He"), ("Grace", "She"), ("Hiro", "He"), ("Ines", "She"), ("Jonas", "He"),
    ("Kavya", "She"), ("Liam", "He"),
)  # fmt: skip
_THINGS = ("apples", "marbles", "stickers", "pencils", "shells", "coins", "cards", "buttons")
_FRIENDS = ("Maya", "Noah", "Olga", "Pavel", "Rosa", "Sami")
_GOODS = (
    ("notebook", "notebooks"), ("pen", "pens"), ("mug", "mugs"), ("ticket", "tickets"),
    ("sandwich", "sandwiches"), ("poster", "posters"), ("candle", "candles"), ("ball", "balls"),
)  # fmt: skip
_VEHICLES = ("train", "bus", "ferry", "van", "truck", "tram")

Problem = tuple[str, Fraction]


def problems(count: int = COUNT, seed: int = SEED) -> Iterator[dict[str, object]]:
    """The items: difficulties take turns, and no question comes twice."""
    random = Random(seed)  # noqa: S311 (reproducible, not secret)
    asked: set[str] = set()
    while len(asked) < count:
        difficulty = DIFFICULTIES[len(asked) % len(DIFFICULTIES)]
        question, answer = random.choice(_STORIES)(random, difficulty)
        if question in asked:
            continue
        asked.add(question)
        yield {
            "item_id": f"wp-{len(asked):03d}",
            "question": question,
            "answer": int(answer) if answer.denominator == 1 else float(answer),
            "difficulty": difficulty,
        }


def write(path: Path) -> None:
    """Write every item as a line of JSON."""
    path.write_text("".join(f"{json.dumps(item)}\n" for item in problems()), encoding="utf-8")


def _stock(random: Random, difficulty: str) -> Problem:
    """Someone has some things, gets more and gives some away."""
    (name, pronoun), things = random.choice(_NAMES), random.choice(_THINGS)
    held = random.randint(12, 60)
    story = f"{name} has {held} {things}."
    for change in random.sample(_CHANGES[difficulty], DIFFICULTIES.index(difficulty) + 1):
        sentence, held = change(random, held, things)
        story += f" {pronoun} {sentence}."
    if difficulty != "hard":
        return f"{story} How many {things} does {name} have now?", Fraction(held)
    shares = [friends for friends in range(2, 13) if held % friends == 0]
    if not shares:
        return _stock(random, difficulty)
    friends = random.choice(shares)
    story += f" {pronoun} then shares all the {things} equally among {friends} friends."
    return f"{story} How many {things} does each friend get?", Fraction(held, friends)


def _found(random: Random, held: int, things: str) -> tuple[str, int]:
    more = random.randint(3, 40)
    how = random.choice(["finds", "buys", "is given"])
    return f"{how} {more} more {things}", held + more


def _given(random: Random, held: int, things: str) -> tuple[str, int]:
    fewer = random.randint(2, min(25, held - 5))
    given = f"gives {fewer} {things} to {random.choice(_FRIENDS)}"
    return random.choice([given, f"loses {fewer} {things}"]), held - fewer


def _boxed(random: Random, held: int, things: str) -> tuple[str, int]:
    boxes, each = random.randint(2, 9), random.randint(3, 12)
    return f"buys {boxes} boxes with {each} {things} in each box", held + boxes * each


def _doubled(random: Random, held: int, things: str) -> tuple[str, int]:
    word, times = random.choice([("doubles", 2), ("triples", 3)])
    return f"then {word} the number of {things}", held * times


_Change = Callable[[Random, int, str], tuple[str, int]]
_CHANGES: dict[str, list[_Change]] = {
    "easy": [_found, _given, _doubled],
    "medium": [_found, _given, _boxed, _doubled],
    "hard": [_found, _given, _boxed, _doubled],
}


def _purchase(random: Random, difficulty: str) -> Problem:
    """Someone buys one or two kinds of goods, and may pay with a note."""
    (name, pronoun), (one, other) = random.choice(_NAMES), random.sample(_GOODS, 2)
    cents = 25 if difficulty == "hard" else 100
    prices = [
        Fraction(random.randint(1, 15) * 100 + cents * random.randint(0, 3), 100) for _ in "ab"
    ]
    counts = [random.randint(2, 9) for _ in "ab"]
    first = f"A {one[0]} costs {_dollars(prices[0])}"
    cost = counts[0] * prices[0]
    if difficulty == "easy":
        return f"{first}. {name} buys {counts[0]} {one[1]}. How much does {name} pay?", cost
    cost += counts[1] * prices[1]
    story = (
        f"{first} and a {other[0]} costs {_dollars(prices[1])}. "
        f"{name} buys {counts[0]} {one[1]} and {counts[1]} {other[1]}."
    )
    if difficulty == "medium":
        return f"{story} How much does {name} pay in total?", cost
    percent = random.choice([10, 20, 25, 50])
    cost *= Fraction(100 - percent, 100)
    note = (int(cost) // 50 + 1) * 50
    if (note - cost) * 100 % 1:
        return _purchase(random, difficulty)
    story += f" The shop takes {percent}% off the total."
    question = f"{pronoun} pays with ${note}. How much change does {name} get?"
    return f"{story} {question}", note - cost


def _trip(random: Random, difficulty: str) -> Problem:
    """Something travels one or two legs; how far, or how fast on average."""
    vehicle = random.choice(_VEHICLES)
    speeds, hours = random.sample(range(30, 125, 5), 2), [random.randint(1, 6) for _ in "ab"]
    leg = f"A {vehicle} travels at {speeds[0]} km per hour for {_hours(hours[0])}"
    distance = Fraction(speeds[0] * hours[0])
    if difficulty == "easy":
        return f"{leg}. How many kilometres does it travel?", distance
    distance += speeds[1] * hours[1]
    story = f"{leg}, and then at {speeds[1]} km per hour for {_hours(hours[1])}."
    if difficulty == "medium":
        return f"{story} How many kilometres does it travel in total?", distance
    rest = random.randint(1, 3)
    average = distance / (sum(hours) + rest)
    if average * 100 % 1:
        return _trip(random, difficulty)
    question = "What is its average speed over the whole trip, stop included, in km per hour?"
    return f"{story} Between the two parts it stops for {_hours(rest)}. {question}", average


def _dollars(amount: Fraction) -> str:
    return f"${int(amount)}" if amount.denominator == 1 else f"${float(amount):.2f}"


def _hours(count: int) -> str:
    return "1 hour" if count == 1 else f"{count} hours"


_STORIES: tuple[Callable[[Random, str], Problem], ...] = (_stock, _purchase, _trip)

if __name__ == "__main__":
    write(Path(__file__).with_name("word_problems.jsonl"))
