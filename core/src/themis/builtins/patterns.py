r"""Users' regular expressions, and what keeps a slow one from stopping a run.

Python's `re` backtracks, and holds the interpreter meanwhile: `(a+)+b` can take for ever on forty
characters, and `\s+$` the square of a text's length. So texts beyond `max_chars` are refused, and
with `timeout_seconds` the search is made by the `regex` package, which keeps to a time limit.
Whoever takes patterns from strangers sets it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from themis.builtins.settings import Settings
from themis.errors import OptionalDependencyError

__all__ = ["PatternError", "PatternSettings", "compiled", "matches"]


class PatternError(Exception):
    """A search that was not made or not finished; the message says why and what to change."""


class PatternSettings(Settings):
    """How a pattern is applied."""

    ignore_case: bool = Field(default=False, description="Match letters of either case.")
    multiline: bool = Field(default=False, description="`^` and `$` also match at line ends.")
    dotall: bool = Field(default=False, description="`.` matches line ends too.")
    max_chars: int = Field(
        default=100_000, gt=0, description="Longer texts are refused, to bound the search's time."
    )
    timeout_seconds: float | None = Field(
        default=None,
        gt=0,
        description=(
            "Give a search up after this time. Needs the regex extra, whose package then reads the "
            "pattern."
        ),
    )


def compiled(pattern: str, settings: PatternSettings) -> Any:
    """The pattern as `re` or, with a time limit, `regex` compiles it; ValueError when it cannot."""
    engine = re if settings.timeout_seconds is None else _regex()
    flags = (
        engine.IGNORECASE * settings.ignore_case
        | engine.MULTILINE * settings.multiline
        | engine.DOTALL * settings.dotall
    )
    try:
        return engine.compile(pattern, flags)
    except (engine.error, RecursionError, OverflowError) as problem:
        msg = f"the regular expression {pattern!r} cannot be read: {problem}"
        raise ValueError(msg) from problem


def matches(
    expression: Any, text: str, settings: PatternSettings, *, whole: bool = False
) -> Iterator[Any]:
    """The matches of a compiled pattern in order, or with `whole` the one of the whole text.

    Raises PatternError when the text is too long or the time is over.
    """
    if len(text) > settings.max_chars:
        msg = f"the text has {len(text)} characters, more than max_chars={settings.max_chars}"
        raise PatternError(msg)
    seconds = settings.timeout_seconds
    limit = {} if seconds is None else {"timeout": seconds}
    try:
        if whole:
            yield from filter(None, [expression.fullmatch(text, **limit)])
        else:
            yield from expression.finditer(text, **limit)
    except TimeoutError:
        msg = f"{expression.pattern!r} took longer than timeout_seconds={seconds}"
        raise PatternError(msg) from None


def _regex() -> Any:
    try:
        import regex
    except ImportError as absent:
        msg = "timeout_seconds needs the regex package: pip install 'themis-framework[regex]'"
        raise OptionalDependencyError(msg) from absent
    return regex
