r"""Text as every database can hold it in a column: no NUL, no lone surrogate.

Both are written as escapes (`\x00`, `\ud800`), and in such a text every backslash is doubled. A
text that holds what looks like an escape has its backslashes doubled too, so that two texts are
never written alike; any other is written as it is.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["restored", "storable"]

_ESCAPE = re.compile(r"\\(?:x(00)|u(d[89a-f][0-9a-f]{2}))")
_WRITTEN = re.compile(rf"\\\\|{_ESCAPE.pattern}")


def storable(value: Any) -> Any:
    """A text as it is written in a column; any other value as it is."""
    if not isinstance(value, str):
        return value
    if value.isascii() and "\0" not in value and "\\" not in value:
        return value
    doubled = value.replace("\\", "\\\\").encode("utf-8", "backslashreplace").decode()
    escaped = doubled.replace("\0", "\\x00")
    return escaped if _ESCAPE.search(escaped) else value


def restored(text: str) -> str:
    """The text of which `storable` made `text`."""
    return _WRITTEN.sub(_original, text) if _ESCAPE.search(text) else text


def _original(written: re.Match[str]) -> str:
    digits = written.group(1) or written.group(2)
    return chr(int(digits, 16)) if digits else "\\"
