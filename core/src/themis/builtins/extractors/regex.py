"""What a regular expression finds."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from themis.builtins.extractors.reading import TextExtractor, UnreadableError
from themis.builtins.patterns import PatternError, PatternSettings, compiled, matches

__all__ = ["Regex", "RegexSettings"]


class RegexSettings(PatternSettings):
    """Which pattern, and what of its match."""

    pattern: str = Field(min_length=1, description="The regular expression, in Python's syntax.")
    group: int | str | None = Field(
        default=None,
        description=(
            "The group to take, by number or name. Unset: the first group, or the whole match when "
            "the pattern has none."
        ),
    )
    which: Literal["first", "last"] = Field(
        default="first", description="Take the first or the last match."
    )

    @model_validator(mode="after")
    def _readable(self) -> Self:
        expression = compiled(self.pattern, self)
        known = [*range(expression.groups + 1), *expression.groupindex]
        if self.group is not None and self.group not in known:
            msg = f"group {self.group!r} is not in {self.pattern!r}, which has {known}"
            raise ValueError(msg)
        return self


class Regex(TextExtractor[RegexSettings]):
    r"""A group of a pattern's first (or last) match, as text.

    With `{"pattern": "answer is (\\d+)"}`, `"The answer is 42."` gives `"42"`. The time a pattern
    takes is its author's: see `themis.builtins.patterns` for what bounds it.
    """

    component_id: ClassVar[str] = "regex"
    settings_model = RegexSettings

    def read(self, text: str, settings: RegexSettings) -> str:
        """The group's text; raises UnreadableError when nothing matches, or not in time."""
        match = self._match(text, settings)
        if match is None:
            raise UnreadableError(f"the pattern {settings.pattern!r} matches nothing in the output")
        group = settings.group
        group = min(1, match.re.groups) if group is None else group
        found: str | None = match[group]
        if found is None:
            raise UnreadableError(f"group {group!r} of {settings.pattern!r} took no part in it")
        return found

    def _match(self, text: str, settings: RegexSettings) -> Any:
        found = matches(compiled(settings.pattern, settings), text, settings)
        try:
            if settings.which == "first":
                return next(found, None)
            return next(iter(deque(found, maxlen=1)), None)
        except PatternError as unfinished:
            raise UnreadableError(str(unfinished)) from unfinished
