"""The filters that templates may use: Jinja's, less what is unsafe, unrepeatable or unbounded.

Left out of Jinja's own: `random` (a prompt must be repeatable), `attr`, `pprint`, `xmlattr`,
`urlize`, `forceescape`, `filesizeformat`. `tojson` writes JSON for people and models: it escapes
nothing for HTML and keeps the order of keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any

from jinja2.filters import FILTERS, make_attrgetter, sync_do_slice
from jinja2.utils import pass_environment

from themis.planning.template_limits import Budget, LimitError

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["template_filters"]

_AS_IN_JINJA = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float",
    "groupby", "int", "items", "last", "length", "list", "lower", "map", "max", "min", "reject",
    "rejectattr", "reverse", "safe", "select", "selectattr", "sort", "striptags", "title",
    "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
)  # fmt: skip
_OF_TEXT = frozenset({
    "capitalize", "center", "e", "escape", "format", "indent", "lower", "replace", "safe",
    "striptags", "title", "trim", "truncate", "upper", "urlencode", "wordcount", "wordwrap",
})  # fmt: skip
_GUARDED = (
    "batch", "center", "format", "indent", "join", "replace", "round", "slice", "string", "sum",
    "tojson", "wordwrap",
)  # fmt: skip
_CONTAINERS = (list, tuple, dict)
_MAX_PARTS = 100_000
_MAX_DIGITS = 100


def template_filters(budget: Budget) -> dict[str, Callable[..., Any]]:
    """Every filter by name, each paying for the size of what it is given."""
    guarded = _Guarded(budget)
    filters = {name: FILTERS[name] for name in _AS_IN_JINJA}
    filters.update({name: getattr(guarded, name) for name in _GUARDED})
    return {name: _paying(budget, name, function) for name, function in filters.items()}


def _paying(budget: Budget, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, paying for what it is given and what it gives; its `jinja_pass_arg` is kept.

    A filter of text turns what it is given into text first, so a list is weighed beforehand.
    """
    position = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def paying(*args: Any, **kwargs: Any) -> Any:
        subject = args[position] if len(args) > position else None
        if isinstance(subject, _CONTAINERS) and name in _OF_TEXT:
            budget.weigh(subject)
        size = len(subject) if isinstance(subject, (str, range, list, tuple, dict)) else 0
        budget.spend(1 + (size >> 6))
        result = function(*args, **kwargs)
        if isinstance(result, _CONTAINERS):
            budget.weigh(result)
        return result

    return paying


class _Guarded:
    """The filters that can make more than they are given. Names and parameters are Jinja's."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def batch(self, value: Iterable[Any], linecount: int, fill_with: Any = None) -> Any:
        return FILTERS["batch"](value, _at_most(_MAX_PARTS, linecount), fill_with)

    def slice(self, value: Iterable[Any], slices: int, fill_with: Any = None) -> Any:
        return sync_do_slice(list(value), _at_most(_MAX_PARTS, slices), fill_with)

    def center(self, value: str, width: int = 80) -> Any:
        self._budget.allow(max(width, 0))
        return FILTERS["center"](value, width)

    def format(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        self._budget.check_percent(str(value), kwargs or args)
        return FILTERS["format"](value, *args, **kwargs)

    def indent(self, s: str, width: int | str = 4, first: bool = False, blank: bool = False) -> Any:
        columns = len(width) if isinstance(width, str) else max(width, 0)
        self._budget.allow(len(s) + (s.count("\n") + 1) * columns)
        return FILTERS["indent"](s, width, first, blank)

    @pass_environment
    def join(self, environment: Environment, value: Any, d: Any = "", attribute: Any = None) -> str:
        parts = list(value)
        if attribute is not None:
            parts = [make_attrgetter(environment, attribute)(part) for part in parts]
        self._budget.check_join(str(d), parts)
        return str(d).join(map(str, parts))

    def replace(self, s: Any, old: str, new: str, count: int | None = None) -> str:
        text = str(s)
        self._budget.check_replace(text, old, new, count)
        return text.replace(old, new, -1 if count is None else count)

    def round(self, value: float, precision: int = 0, method: str = "common") -> Any:
        _at_most(_MAX_DIGITS, abs(precision))
        return FILTERS["round"](value, precision, method)

    def string(self, value: Any) -> Any:
        self._budget.weigh(value)
        return FILTERS["string"](value)

    @pass_environment
    def sum(
        self, environment: Environment, iterable: Any, attribute: Any = None, start: float = 0
    ) -> float:
        values = list(iterable)
        if attribute is not None:
            values = [make_attrgetter(environment, attribute)(value) for value in values]
        for value in (start, *values):
            if not isinstance(value, (int, float)):
                msg = f"sum adds numbers; got {type(value).__name__}"
                raise TypeError(msg)
        return sum(values, start)

    def tojson(self, value: Any, indent: int | None = None) -> str:
        _at_most(16, indent or 0)
        self._budget.weigh(value)
        return json.dumps(value, ensure_ascii=False, indent=indent)

    @pass_environment
    def wordwrap(  # noqa: PLR0917 (Jinja's signature)
        self,
        environment: Environment,
        s: str,
        width: int = 79,
        break_long_words: bool = True,
        wrapstring: str = "\n",
        break_on_hyphens: bool = True,
    ) -> Any:
        lines = len(s) // max(width, 1) + s.count("\n") + s.count(" ") + 1
        self._budget.allow(len(s) + lines * len(wrapstring))
        return FILTERS["wordwrap"](
            environment, s, width, break_long_words, wrapstring, break_on_hyphens
        )


def _at_most(most: int, number: int) -> int:
    if number > most:
        msg = f"{number:,} is too many; a template may ask for {most:,}"
        raise LimitError(msg)
    return number
