"""Solves the demonstration's word problems from their text alone.

A reader of sentences, not a language model: it knows stocks that grow and shrink, purchases and
trips, and shows each operation. It is what the simulated model can do.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal

import attrs

__all__ = ["Difficulty", "Solution", "Step", "solve", "written"]

Difficulty = Literal["easy", "medium", "hard"]

_HOLDS = re.compile(r"\bhas (\d+) \w+\.")
_CHANGE = re.compile(
    r"\b(?:finds|buys|is given) (?P<gain>\d+) more\b"
    r"|\b(?:gives|loses) (?P<loss>\d+)\b"
    r"|\b(?P<boxes>\d+) boxes with (?P<each>\d+)\b"
    r"|\b(?P<times>doubles|triples)\b"
    r"|\bequally among (?P<friends>\d+)\b"
)
_PRICE = re.compile(r"\ba (\w+) costs \$(\d+(?:\.\d+)?)", re.IGNORECASE)
_BOUGHT = re.compile(r"\b(?:buys|and) (\d+) (\w+)")
_DISCOUNT = re.compile(r"\b(\d+)% off\b")
_NOTE = re.compile(r"\bpays with \$(\d+)")
_LEG = re.compile(r"\bat (\d+) km per hour for (\d+) hours?\b")
_STOP = re.compile(r"\bstops for (\d+) hours?\b")


@attrs.frozen(slots=True)
class Step:
    """One operation, as text, and what it gives."""

    operation: str
    result: Fraction


@attrs.frozen(slots=True)
class Solution:
    """The operations that lead to the answer, in order."""

    steps: tuple[Step, ...]

    @property
    def answer(self) -> Fraction:
        """What the last operation gives."""
        return self.steps[-1].result

    @property
    def difficulty(self) -> Difficulty:
        """By the number of operations: one, two or three, more."""
        count = len(self.steps)
        return "easy" if count == 1 else "medium" if count <= 3 else "hard"


def solve(text: str) -> Solution | None:
    """The solution of the word problem in a text, or None when it holds none that is understood.

    >>> solve("Ada has 3 shells. She finds 4 more shells. How many does she have now?").steps
    (Step(operation='3 + 4', result=Fraction(7, 1)),)
    """
    for kind in (_trip, _purchase, _stock):
        sheet = _Worksheet()
        kind(text, sheet)
        if sheet.steps:
            return Solution(tuple(sheet.steps))
    return None


def written(number: Fraction) -> str:
    """A number as people write it: whole, or with at most two decimals.

    >>> written(Fraction(7)), written(Fraction(5, 2))
    ('7', '2.5')
    """
    if number.denominator == 1:
        return str(number.numerator)
    return f"{float(number):.2f}".rstrip("0")


class _Worksheet:
    """Calculates, and keeps each operation."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def add(self, left: Fraction, right: Fraction) -> Fraction:
        return self._keep(left, "+", right, left + right)

    def subtract(self, left: Fraction, right: Fraction) -> Fraction:
        return self._keep(left, "-", right, left - right)

    def multiply(self, left: Fraction, right: Fraction) -> Fraction:
        return self._keep(left, "*", right, left * right)

    def divide(self, left: Fraction, right: Fraction) -> Fraction:
        return self._keep(left, "/", right, left / right) if right else left

    def _keep(self, left: Fraction, sign: str, right: Fraction, result: Fraction) -> Fraction:
        self.steps.append(Step(f"{written(left)} {sign} {written(right)}", result))
        return result


def _stock(text: str, sheet: _Worksheet) -> None:
    start = _HOLDS.search(text)
    if start is None:
        return
    held = Fraction(start[1])
    for change in _CHANGE.finditer(text, start.end()):
        if change["gain"]:
            held = sheet.add(held, Fraction(change["gain"]))
        elif change["loss"]:
            held = sheet.subtract(held, Fraction(change["loss"]))
        elif change["boxes"]:
            inside = sheet.multiply(Fraction(change["boxes"]), Fraction(change["each"]))
            held = sheet.add(held, inside)
        elif change["times"]:
            held = sheet.multiply(held, Fraction(2 if change["times"] == "doubles" else 3))
        else:
            held = sheet.divide(held, Fraction(change["friends"]))


def _purchase(text: str, sheet: _Worksheet) -> None:
    prices = {name.lower(): Fraction(price) for name, price in _PRICE.findall(text)}
    costs = [
        sheet.multiply(Fraction(count), price)
        for count, goods in _BOUGHT.findall(text)
        for name, price in prices.items()
        if goods in {f"{name}s", f"{name}es"}
    ]
    if not costs:
        return
    cost = costs[0]
    for more in costs[1:]:
        cost = sheet.add(cost, more)
    if discount := _DISCOUNT.search(text):
        percent = sheet.subtract(Fraction(100), Fraction(discount[1]))
        cost = sheet.multiply(cost, percent / 100)
    if note := _NOTE.search(text):
        sheet.subtract(Fraction(note[1]), cost)


def _trip(text: str, sheet: _Worksheet) -> None:
    legs = [(Fraction(speed), Fraction(hours)) for speed, hours in _LEG.findall(text)]
    if not legs:
        return
    distance, *others = [sheet.multiply(speed, hours) for speed, hours in legs]
    for other in others:
        distance = sheet.add(distance, other)
    if "average speed" not in text:
        return
    time, *more = [hours for _, hours in legs] + [Fraction(rest) for rest in _STOP.findall(text)]
    for hours in more:
        time = sheet.add(time, hours)
    sheet.divide(distance, time)
