"""The content of the last LaTeX box."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from themis.builtins.boxes import last_box
from themis.builtins.extractors.reading import TextExtractor, UnreadableError
from themis.builtins.settings import Settings

__all__ = ["BoxedText", "BoxedTextSettings"]


class BoxedTextSettings(Settings):
    """How `boxed_text` reads."""

    strip: bool = Field(default=True, description="Leave out white space around the content.")


class BoxedText(TextExtractor[BoxedTextSettings]):
    r"""What stands in the last complete `\boxed{...}` or `\fbox{...}`, braces inside and all.

    `r"so \boxed{\frac{1}{2}}"` gives `r"\frac{1}{2}"`. A box that is never closed (a cut-off
    output) does not count; `\boxed 5` does.
    """

    component_id: ClassVar[str] = "boxed_text"
    settings_model = BoxedTextSettings

    def read(self, text: str, settings: BoxedTextSettings) -> str:
        """The content; raises UnreadableError when there is no box, or an empty one."""
        content = last_box(text)
        if content is None:
            raise UnreadableError("the output has no complete \\boxed{...}")
        if not content.strip():
            raise UnreadableError("the last \\boxed{...} of the output is empty")
        return content.strip() if settings.strip else content
