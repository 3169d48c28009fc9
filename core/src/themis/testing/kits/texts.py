"""Texts that have broken components before: empty, unicode, hostile, long."""

from __future__ import annotations

from typing import Any

__all__ = ["HOSTILE_UNITS", "ODD_ANSWERS", "ORDINARY", "TEXTS", "UNICODE", "arbitrary_texts"]

UNICODE = (
    "naïve café Ω≈ç√ 漢字 العربية עברית 👩‍👩‍👧‍👦 e\u0301 \u202eabc\u202c",
    "zero\u200bwidth \ufeff nul\x00bell\x07 line\u2028sep",
    "lone surrogate \ud800 here",
)

ORDINARY = (
    "",
    " \n\t ",
    "42",
    "The answer is 42.",
    "Answer: B) because 1/2 < 0.75, so **B**.",
    r"Thus \boxed{\frac{1}{2}} and \boxed{",
    '```json\n{"answer": [1, 2, {"x": null}]}\n```',
)
"""Texts as models write them."""

TEXTS = (
    *ORDINARY,
    '{"answer": 1',
    '{"answer": NaN, "b": Infinity, "c": 1e999}',
    "---\nanswer: &a [*a]\n---",
    "<answer>1</answer><answer>",
    "-1,234.5e+67 ½ ٣ \uff11\uff12 " + "9" * 5000,
    "(" * 500 + "x" + ")" * 400,
    "[" * 2000,
    "\\" * 999,
    "{{ item.answer }} %s {0} $HOME",
    "\r\n\r\n\x0b\x0c\x1c\x85",
    *UNICODE,
)
"""What an extractor must be able to read without raising."""

HOSTILE_UNITS = (
    "a", " ", "\n", "(", "[", "{", "\\boxed{", '"', "1", "1,", "-", "<x>", "* ", "a\n", "{}", "A) ",
)  # fmt: skip
"""Repeated to a megabyte, each of these makes some pattern or parser take quadratic time."""

ODD_ANSWERS: tuple[Any, ...] = (
    "",
    "nan",
    "x" * 10_000,
    0,
    -1,
    10**400,
    1.5,
    True,
    None,
    [],
    [1, "two", None],
    {},
    {"value": {"deep": [1]}},
    *UNICODE,
)
"""Answers that an extractor may hand to a metric."""


def arbitrary_texts() -> tuple[str, ...]:
    """The fixed texts; with hypothesis installed, a hundred drawn ones more."""
    return (*TEXTS, *_drawn())


def _drawn() -> tuple[str, ...]:
    try:
        from hypothesis import HealthCheck, given, seed, settings
        from hypothesis import strategies as st
    except ImportError:
        return ()
    found: list[str] = []

    @seed(0)
    @settings(
        max_examples=100,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.text(alphabet=st.characters(exclude_categories=()), max_size=200))
    def draw(text: str) -> None:
        found.append(text)

    draw()
    return tuple(found)
