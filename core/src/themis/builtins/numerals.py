"""Numbers as people and models write them in text: one reading for extractors and metrics.

Read: signs, decimals (`.5`), thousands in groups of three (`1,234,567`), scientific notation
(`1.5e-3`), a currency sign before (`-$5`), a percent sign after, and fractions (`3/4`). The Unicode
minus counts as a minus.

Not read: digits inside a word or hyphenated to one (`GPT-4`, `x2`), versions and addresses
(`1.2.3`), decimal commas (`2,5` is two numbers), numbers of more than 300 digits or beyond a
double's range. `1/2/2024` is three numbers and no fraction.

Every scan is linear: the patterns cannot backtrack over what they have consumed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import attrs

__all__ = ["MAX_DIGITS", "Numeral", "number_of", "numerals", "parse_number"]

MAX_DIGITS = 300

_LETTER = "A-Za-z\u00c0-\u024f"
_TOKEN = re.compile(
    rf"""
    [{_LETTER}](?:[{_LETTER}0-9_]|-(?=[{_LETTER}0-9]))*(?:(?<=[0-9])\.[0-9]+)*  # a word: skipped
    |
    (?P<sign>(?<![{_LETTER}0-9_)\]}}%\-])[-+\u2212])?
    (?:\\?[$\u20ac\u00a3\u00a5])?
    (?P<inner>(?<=[$\u20ac\u00a3\u00a5])[-+\u2212])?
    (?P<run>(?:(?<![{_LETTER}0-9)\]])\.)?[0-9][0-9,.]*)
    (?P<exponent>(?<=[0-9.])[eE][-+\u2212]?[0-9]{{1,6}}(?![{_LETTER}0-9_]))?
    """,
    re.VERBOSE,
)
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?\Z")
_PIECE = re.compile(r"(?:(?<![0-9.])\.)?[0-9]+(?:\.[0-9]+)*")
_DENOMINATOR = re.compile(r"/([0-9]+)(?!/|\.[0-9])")
_PERCENT = re.compile(r"\s?\\?%")
_PERCENT_WITHIN = 3


@attrs.frozen(slots=True)
class Numeral:
    """A number in a text: its value, where it stands, and whether a percent sign follows."""

    value: int | float
    start: int
    end: int
    percent: bool = False


def numerals(text: str, *, fractions: bool = True) -> Iterator[Numeral]:
    """The numbers of a text, in order; `fractions` reads `3/4` as 0.75.

    >>> [numeral.value for numeral in numerals("GPT-4 paid $1,234.50 for 3/4 of it")]
    [1234.5, 0.75]
    """
    position = 0
    while (match := _TOKEN.search(text, position)) is not None:
        position = match.end()
        if match["run"] is None:
            continue
        found = _fraction(text, match) if fractions else None
        if found is not None:
            position = found.end
            yield found
        else:
            yield from _plain_numbers(text, match)


def parse_number(text: str) -> int | float | None:
    """The number that the whole text is, or None; a percent sign is allowed and left out.

    >>> parse_number(" $1,000. "), parse_number("3 apples")
    (1000, None)
    """
    trimmed = text.strip().rstrip(".").rstrip()
    first = next(numerals(trimmed), None)
    if first is None or first.start != 0 or first.end != len(trimmed):
        return None
    return first.value


def number_of(value: object) -> int | float | None:
    """A finite number as it is, text by `parse_number`, anything else (a bool too) None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return parse_number(value) if isinstance(value, str) else None


def _fraction(text: str, match: re.Match[str]) -> Numeral | None:
    if not text.startswith("/", match.end()):
        return None
    run = match["run"]
    if not run.isdigit() or match["exponent"] or text[match.start() - 1 : match.start()] == "/":
        return None
    below = _DENOMINATOR.match(text, match.end())
    if below is None or max(len(run), len(below[1])) > MAX_DIGITS or not int(below[1]):
        return None
    value = _signed(int(run) / int(below[1]), match)
    return _ended(text, value, match.start(), below.end())


def _plain_numbers(text: str, match: re.Match[str]) -> Iterator[Numeral]:
    start, run = match.start("run"), match["run"]
    if run.isdigit() and match["exponent"] is None:
        if len(run) <= MAX_DIGITS:
            yield _ended(text, _signed(int(run), match), match.start(), match.end())
        return
    if _GROUPED.match(run.rstrip(",.")):
        spans = [(0, len(run.rstrip(",.")))]
    else:
        spans = [piece.span() for piece in _PIECE.finditer(run)]
    for index, (left, right) in enumerate(spans):
        exponent = match["exponent"] if right == len(run) else None
        value = _value(run[left:right], exponent)
        if value is None:
            continue
        first = start + left if index else match.start()
        end = match.end() if exponent else start + right
        yield _ended(text, value if index else _signed(value, match), first, end)


def _value(digits: str, exponent: str | None) -> int | float | None:
    """The number of `digits`, or None when it is none, too long, or beyond a double."""
    digits = digits.replace(",", "")
    if len(digits) > MAX_DIGITS or digits.count(".") > 1:
        return None
    if "." not in digits and exponent is None:
        return int(digits)
    value = float(digits + (exponent or "").replace("\u2212", "-"))
    return value if math.isfinite(value) else None


def _signed(value: float, match: re.Match[str]) -> int | float:
    sign = match["sign"] or match["inner"]
    return -value if sign in {"-", "\u2212"} else value


def _ended(text: str, value: float, start: int, end: int) -> Numeral:
    """The numeral, with the percent sign that follows if one does."""
    near = "%" in text[end : end + _PERCENT_WITHIN]
    percent = _PERCENT.match(text, end) if near else None
    return Numeral(value, start, percent.end() if percent else end, percent=percent is not None)
