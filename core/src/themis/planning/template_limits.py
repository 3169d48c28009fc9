"""What one rendering may use: characters, steps and time; and guards on what could exceed them.

Jinja's sandbox keeps a template away from Python, yet `{{ 'a' * 10**9 }}` builds a gigabyte in
one step. Whatever can make more text than it is given is therefore checked before it runs, by an
upper bound of what it would make. Every loop round, call and character is paid from one budget.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any

from jinja2.exceptions import SecurityError

__all__ = ["MAX_CHARS", "MAX_SECONDS", "Budget", "LimitError", "check_method"]

MAX_CHARS = 1_000_000
MAX_SECONDS = 10.0
_STEPS = 1_000_000
_MAX_BITS = 1 << 14
_MAX_WIDTH = 1000
_PERCENT = re.compile(r"%(?:\([^)]*\))?[#0\- +]*(\*|\d*)(?:\.(\*|\d*))?[hlL]?.", re.DOTALL)

_TEXT_METHODS = frozenset({
    "capitalize", "casefold", "center", "count", "endswith", "expandtabs", "find", "index",
    "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower",
    "isnumeric", "isprintable", "isspace", "istitle", "isupper", "join", "ljust", "lower",
    "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex",
    "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip",
    "swapcase", "title", "upper", "zfill",
})  # fmt: skip
_METHODS: Mapping[type, frozenset[str]] = {
    str: _TEXT_METHODS,
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    int: frozenset({"bit_length", "is_integer"}),
    float: frozenset({"is_integer"}),
}


class LimitError(SecurityError):
    """A rendering would exceed its limits. `size` says that the number of characters would."""

    def __init__(self, message: str, *, size: bool = False) -> None:
        super().__init__(message)
        self.size = size


class Budget(threading.local):
    """What is left of the rendering that this thread is doing."""

    limit = MAX_CHARS
    steps = _STEPS
    deadline = float("inf")
    _look = 0

    def start(self, limit: int = MAX_CHARS) -> None:
        """Begin a rendering of at most `limit` characters."""
        self.limit = limit
        self.steps = max(_STEPS, limit)
        self._look = self.steps - 1000
        self.deadline = time.monotonic() + MAX_SECONDS

    def spend(self, steps: int = 1) -> None:
        """Pay for `steps`; raises LimitError when they, or the time, are used up."""
        self.steps -= steps
        if self.steps < self._look:
            self._look_at_clock()

    def _look_at_clock(self) -> None:
        if self.steps < 0:
            msg = "the template takes too many steps; it loops over too much"
            raise LimitError(msg)
        if time.monotonic() > self.deadline:
            msg = f"the template takes longer than {MAX_SECONDS:g} seconds"
            raise LimitError(msg)
        self._look = self.steps - 1000

    def allow(self, size: int) -> int:
        """Pay for text of `size` characters; raises LimitError when that is over the limit."""
        if size > self.limit:
            msg = f"the text would be longer than {self.limit:,} characters"
            raise LimitError(msg, size=True)
        self.spend(1 + (size >> 6))
        return size

    def weigh(self, value: Any) -> int:
        """About how many characters `value` has as text; what is nested counts every time.

        A list may hold one list many times, on many levels; comparing or writing it then takes
        forever. So every list, tuple and dict that a template makes is weighed when it is made.
        """
        if type(value) is str:
            return self.allow(len(value))
        total, pending = 0, [value]
        while pending:
            entry = pending.pop()
            total += 1 + len(entry) if hasattr(entry, "__len__") else 8
            if total > self.limit:
                break
            if isinstance(entry, Mapping):
                pending.extend(entry.keys())
                pending.extend(entry.values())
            elif isinstance(entry, (list, tuple)):
                pending.extend(entry)
        self.spend(total >> 4)
        return self.allow(total)

    def operate(self, operator: str, left: Any, right: Any) -> None:
        """Check `left operator right` before it is done."""
        if isinstance(left, (int, float)) and isinstance(right, (int, float)):
            _check_numbers(operator, left, right)
        elif operator == "*":
            self.allow(_repeated(left, right))
        elif operator == "%" and isinstance(left, str):
            self.check_percent(left, right)
        elif operator == "+" and hasattr(left, "__len__") and hasattr(right, "__len__"):
            self.allow(len(left) + len(right))

    def check_percent(self, text: str, value: Any) -> None:
        """Check `text % value`: no width is huge, nor the values times their number."""
        found = _PERCENT.findall(text)
        for width in (part for pair in found for part in pair if part):
            _check_width(width)
        self.allow(len(text) + len(found) * (self.weigh(value) + _MAX_WIDTH))

    def check_format(self, text: str, *args: Any, **kwargs: Any) -> None:
        """Check `text.format(...)` in the same way."""
        fields = [field for field in Formatter().parse(text) if field[1] is not None]
        for _, _, spec, _ in fields:
            if "{" in (spec or ""):
                msg = f"a format may not take its width from a value: {spec!r}"
                raise LimitError(msg)
            for width in re.findall(r"\d+", spec or ""):
                _check_width(width)
        self.allow(len(text) + len(fields) * (self.weigh([args, kwargs]) + _MAX_WIDTH))

    def check_replace(self, text: str, old: str, new: str, count: int | None = None) -> None:
        """Check `text.replace(old, new, count)`."""
        times = text.count(old)
        if count is not None and count >= 0:
            times = min(times, count)
        self.allow(len(text) + times * max(0, len(new) - len(old)))

    def check_join(self, separator: str, parts: list[Any]) -> None:
        """Check `separator.join(parts)`."""
        self.allow(self.weigh(parts) + len(separator) * len(parts))


def check_method(
    budget: Budget, owner: Any, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Check the call of a built-in value's method; gives the arguments to call it with.

    Raises:
        SecurityError: when templates may not call it.
        LimitError: when its result would be too long.
    """
    kind = next((kind for kind in _METHODS if isinstance(owner, kind)), None)
    if kind is None or name not in _METHODS[kind]:
        msg = f"a template may not call {type(owner).__name__}.{name}()"
        raise SecurityError(msg)
    guard = _GUARDS.get(name) if kind is str else None
    if guard is None:
        return args
    if kwargs:
        msg = f"pass the arguments of str.{name}() by position"
        raise SecurityError(msg)
    return guard(budget, owner, *args)


def _guard_width(budget: Budget, text: str, width: Any, *rest: Any) -> tuple[Any, ...]:
    budget.allow(max(len(text), int(width)))
    return (width, *rest)


def _guard_tabs(budget: Budget, text: str, size: Any = 8) -> tuple[Any, ...]:
    budget.allow(len(text) + text.count("\t") * abs(int(size)))
    return (size,)


def _guard_join(budget: Budget, text: str, parts: Any) -> tuple[Any, ...]:
    listed = list(parts)
    budget.check_join(text, listed)
    return (listed,)


def _guard_replace(budget: Budget, text: str, *args: Any) -> tuple[Any, ...]:
    budget.check_replace(text, *args)
    return args


_GUARDS: Mapping[str, Callable[..., tuple[Any, ...]]] = {
    "center": _guard_width,
    "expandtabs": _guard_tabs,
    "join": _guard_join,
    "ljust": _guard_width,
    "replace": _guard_replace,
    "rjust": _guard_width,
    "zfill": _guard_width,
}


def _check_numbers(operator: str, left: float, right: float) -> None:
    if not (isinstance(left, int) and isinstance(right, int)):
        return
    bits = left.bit_length()
    if operator == "**" and right > 0:
        bits *= right
    elif operator == "*":
        bits += right.bit_length()
    if bits > _MAX_BITS:
        msg = f"a number would have more than {_MAX_BITS} bits ({operator})"
        raise LimitError(msg)


def _repeated(left: Any, right: Any) -> int:
    text, times = (right, left) if isinstance(left, int) else (left, right)
    if not isinstance(text, str) or not isinstance(times, int):
        msg = f"a template may not multiply {type(left).__name__} by {type(right).__name__}"
        raise SecurityError(msg)
    return len(text) * max(0, times)


def _check_width(width: str) -> None:
    if width == "*" or len(width) > 4 or int(width) > _MAX_WIDTH:
        msg = f"a format's width may be at most {_MAX_WIDTH}; got {width}"
        raise LimitError(msg)
