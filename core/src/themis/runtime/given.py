"""What callers hand over: refused at once where it is something else, and not where it is used."""

from __future__ import annotations

from typing import Any

from themis.errors import SpecValidationError

__all__ = ["expect"]


def expect(value: Any, kinds: type | tuple[type, ...], what: str, *, hint: str = "") -> None:
    """Refuse what is none of `kinds`; `hint` says how to make one.

    Raises:
        SpecValidationError: naming what was given and what was expected.
    """
    if isinstance(value, kinds):
        return
    named = kinds if isinstance(kinds, tuple) else (kinds,)
    wanted = " or ".join(kind.__name__ for kind in named)
    msg = f"{what} is of type {type(value).__name__}; give a {wanted}"
    raise SpecValidationError(f"{msg}, {hint}" if hint else msg)
