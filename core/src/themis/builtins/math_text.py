r"""Mathematical answers as models write them, brought to a number or to one plain spelling.

`\frac{1}{2}`, `\dfrac12`, `$0.5$` and `1/2` are 0.5; `2\frac{1}{2}` is 2.5; `\$1{,}000.` and
`1000 \text{ dollars}` are 1000; `x = 5` is 5; `50\%` is 50 (the sign is left out); `90^\circ` is
90; `1.5 \times 10^{3}` is 1500. What is no number (`\sqrt{2}`, `(1, 2)`, `x + 1`) keeps its LaTeX,
without spaces, sizes and spellings that mean nothing; words keep single spaces.
"""

from __future__ import annotations

import re

from themis.builtins.numerals import number_of, parse_number

__all__ = ["MAX_CHARS", "math_number", "math_value", "plain_math"]

MAX_CHARS = 1000
"""Longer texts are no answers, and are left as they are."""

_MARKUP = re.compile(
    r"\\(?:left|right|displaystyle)(?![A-Za-z])|\\[!,;:()\[\]]|\\q?quad(?![A-Za-z])"
    r"|\\?[$%]|\u00b0|\^\s?\{?\s?\\(?:circ|degree)\s?\}?|\*\*|`"
)
_TEXT = r"\\(?:text|textbf|textrm|mathrm|mathbf|mbox)\s?\{([^{}]*)\}"
_TEXT_UNIT = re.compile(rf"(?<=[0-9}}])\s*{_TEXT}(?:\^\{{?[0-9]\}}?)?\s*\Z")
_WORD_UNIT = re.compile(r"(?<=[0-9}])\s+(?!x\s*10)[A-Za-z][A-Za-z \u00b2\u00b3^/0-9]{0,60}\Z")
_VARIABLE = re.compile(r"\A\s*[A-Za-z](?:_\{?\w\}?)?\s*=\s*")
_FRACTION_NAME = re.compile(r"\\[dtc]frac(?![A-Za-z])")
_SHORT_FRACTION = re.compile(r"\\frac\s*([0-9])\s*([0-9])")
_SHORT_ROOT = re.compile(r"\\sqrt\s*([0-9A-Za-z])")
_TIMES_TEN = re.compile(r"(?:\\times|\\cdot|\u00d7|x|\*)10\^\{?([-+\u2212]?[0-9]{1,4})\}?")
_QUOTIENT = re.compile(
    r"([-+\u2212]?)([0-9]{1,18}(?= |\\))? ?(?:\\frac\{([-\u2212]?[0-9]{1,18})\}\{([0-9]{1,18})\}"
    r"|([0-9]{1,18})/([0-9]{1,18}))"
)
_MATHEMATICAL = re.compile(r"[^A-Za-z\s.'-]")


def math_value(text: str) -> int | float | str:
    r"""A number when the text is one, else its plain spelling.

    >>> math_value(r"$\dfrac{3}{4}$"), math_value("1,000 dollars.")
    (0.75, 1000)
    >>> math_value(r"\left(1, 2\right)")
    '(1,2)'
    """
    number = math_number(text)
    return plain_math(text) if number is None else number


def math_number(value: object) -> int | float | None:
    """The number that a value is, or that its whole text is, LaTeX and units aside; or None."""
    if not isinstance(value, str):
        return number_of(value)
    if len(value) > MAX_CHARS:
        return None
    text = _spelled(value)
    quotient = _QUOTIENT.fullmatch(text)
    return _divided(quotient) if quotient else parse_number(_scientific(text))


def plain_math(text: str) -> str:
    """One spelling for texts that mean the same; white space goes unless it is all words."""
    if len(text) > MAX_CHARS:
        return text
    text = _spelled(text)
    return "".join(text.split()) if _MATHEMATICAL.search(text) else text


def _spelled(text: str) -> str:
    """Without markup, unit, variable and closing full stop; fractions and roots with braces."""
    text = _MARKUP.sub("", text.replace("{,}", ",").replace("\\ ", " ")).strip()
    text = text.rstrip(".,;:").rstrip()
    text = _WORD_UNIT.sub("", _TEXT_UNIT.sub("", _VARIABLE.sub("", text)))
    text = _FRACTION_NAME.sub(r"\\frac", re.sub(_TEXT, r"\1", text))
    text = _SHORT_ROOT.sub(r"\\sqrt{\1}", _SHORT_FRACTION.sub(r"\\frac{\1}{\2}", text))
    return " ".join(text.split())


def _scientific(text: str) -> str:
    r"""`1.5 \times 10^{3}` as `1.5e3`."""
    return _TIMES_TEN.sub(r"e\1", "".join(text.split())) if "10" in text else text


def _divided(quotient: re.Match[str]) -> float | None:
    """The value of a fraction, after a whole number or not; None when it divides by zero."""
    sign, whole = quotient[1], int(quotient[2] or 0)
    above = int((quotient[3] or quotient[5]).replace("\u2212", "-"))
    below = int(quotient[4] or quotient[6])
    if below == 0:
        return None
    value = whole + above / below
    return -value if sign in {"-", "\u2212"} else value
