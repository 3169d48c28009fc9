"""The final answer of a worked mathematics problem."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from themis.builtins.boxes import last_box
from themis.builtins.extractors.reading import TextExtractor, UnreadableError
from themis.builtins.math_text import MAX_CHARS, math_number, math_value, plain_math
from themis.builtins.numerals import numerals
from themis.builtins.settings import Settings

__all__ = ["MathAnswer", "MathAnswerSettings"]

_STATEMENT = re.compile(
    r"(?:\banswer\b(?:\s{1,3}to\s{1,3}(?:this|the)\s{1,3}(?:question|problem))?[*_ ]{0,4}"
    r"(?:\s{1,3}(?:is|was|would\sbe|must\sbe)\b|\s{0,3}[:=])|####)[*_:\s]{0,8}",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?](?=\s|\Z)|\n")
_NOTATION = re.compile(r"[\\^{}]|\A[(\[]|[0-9]:[0-9]")
_WORDS = 5


class MathAnswerSettings(Settings):
    """What form the answer takes."""

    form: Literal["number", "text"] = Field(
        default="number",
        description=(
            "number: an int or float where the answer is one, else text. text: always the plain "
            "spelling, so that 1/2 stays a fraction."
        ),
    )


class MathAnswer(TextExtractor[MathAnswerSettings]):
    r"""The last box; else what follows the last `answer is`, `answer:` or `####`; else the last
    number of the text.

    `r"so \boxed{\frac{1}{2}}"` gives 0.5, `"The answer is 1,000 dollars."` gives 1000, and
    `"4 and 5 make 9"` gives 9. `themis.builtins.math_text` tells what counts as the same answer.
    """  # noqa: D205 (one sentence)

    component_id: ClassVar[str] = "math_answer"
    settings_model = MathAnswerSettings

    def read(self, text: str, settings: MathAnswerSettings) -> int | float | str:
        """The answer; raises UnreadableError when there is none to be seen."""
        stated = next(_stated(text), None)
        if stated is None:
            raise UnreadableError("the output has no box, no `answer is` and no number")
        return math_value(stated) if settings.form == "number" else plain_math(stated)


def _stated(text: str) -> Iterator[str]:
    """Answers in the text, the most explicit one first."""
    box = last_box(text)
    if box is not None and box.strip():
        yield box
    for statement in deque(_STATEMENT.finditer(text), maxlen=1):
        yield from _of_clause(_clause(text, statement.end()))
    for number in deque(numerals(text), maxlen=1):
        yield text[number.start : number.end]


def _clause(text: str, start: int) -> str:
    """What is said from `start` to the end of the sentence or line; after an `=`, only that."""
    window = text[start : start + MAX_CHARS]
    end = _SENTENCE_END.search(window)
    return (window[: end.start()] if end else window).rpartition("=")[2].strip()


def _of_clause(clause: str) -> Iterator[str]:
    """The answer in a clause: all of it, or its first number when it says more than an answer."""
    bare = clause.strip("*_` ")
    if not bare:
        return
    if math_number(bare) is None and not _NOTATION.search(bare):
        for number in numerals(bare):
            yield bare[number.start : number.end]
            return
        if len(bare.split()) > _WORDS:
            return
    yield bare
