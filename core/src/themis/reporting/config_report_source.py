"""Where a class and its fields are written."""

from __future__ import annotations

import ast
import inspect
import textwrap

__all__ = ["Sources"]


class Sources:
    """Finds definitions; each class's source is read once."""

    def __init__(self) -> None:
        self._lines: dict[type, dict[str, int]] = {}

    def of_class(self, cls: type) -> str:
        """`module:line`; the module alone where the source is not at hand."""
        return _place(cls, self._of(cls).get(""))

    def of_field(self, cls: type, name: str) -> str:
        """`module:line` of a field, which may be inherited."""
        for owner in cls.__mro__:
            line = self._of(owner).get(name)
            if line is not None:
                return _place(owner, line)
        return cls.__module__

    def _of(self, cls: type) -> dict[str, int]:
        if cls not in self._lines:
            self._lines[cls] = _lines_of(cls)
        return self._lines[cls]


def _place(cls: type, line: int | None) -> str:
    return cls.__module__ if line is None else f"{cls.__module__}:{line}"


def _lines_of(cls: type) -> dict[str, int]:
    """The line of each annotated name in the class body, and of the class under `""`."""
    try:
        source, first = inspect.getsourcelines(cls)
        body = ast.parse(textwrap.dedent("".join(source))).body[0]
    except (OSError, TypeError, SyntaxError):  # built in, made at run time, or without its source
        return {}
    if not isinstance(body, ast.ClassDef):
        return {}
    offset = first - 1
    lines = {"": body.lineno + offset}
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            lines[node.target.id] = node.lineno + offset
    return lines
