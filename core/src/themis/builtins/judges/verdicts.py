"""Reading a judge's verdict out of its reply, strictly."""

from __future__ import annotations

import re
from collections.abc import Iterator

from themis.builtins.json_scan import json_spans, load_json
from themis.errors import MetricError

__all__ = ["VerdictError", "read_choice", "read_number"]

_LINE = re.compile(
    r"^[ \t*_`#>-]{0,16}verdict[ \t*_`]{0,8}[:=][ \t*_`\"]{0,8}"
    r"([^\s*_`\"](?:[^\n]{0,78}[^\s*_`\".])?)[ \t*_`\".]{0,16}$",
    re.IGNORECASE | re.MULTILINE,
)


class VerdictError(MetricError):
    """A reply without one clear verdict; the message says what it has instead."""


def read_choice(reply: str, choices: tuple[str, ...]) -> str:
    r"""The one of `choices` that the reply gives as its verdict, case aside.

    >>> read_choice("The second is better.\nVerdict: B", ("A", "B", "tie"))
    'B'
    """
    given = _single(reply)
    for choice in choices:
        if given.casefold() == choice.casefold():
            return choice
    raise VerdictError(f"the verdict {given!r} is none of {', '.join(choices)}")


def read_number(reply: str, lowest: int, highest: int) -> float:
    """The number from `lowest` to `highest` that the reply gives as its verdict."""
    given = _single(reply)
    if not re.fullmatch(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?", given):
        raise VerdictError(f"the verdict {given!r} is no number")
    value = float(given)
    if not lowest <= value <= highest:
        raise VerdictError(f"the verdict {given} is not from {lowest} to {highest}")
    return value


def _single(reply: str) -> str:
    given = list(dict.fromkeys(_verdicts(reply)))
    if not given:
        raise VerdictError("it gives no verdict (a line `Verdict: ...`, or JSON with that key)")
    if len({verdict.casefold() for verdict in given}) > 1:
        raise VerdictError(f"it gives verdicts that differ: {', '.join(given[:5])}")
    return given[0]


def _verdicts(reply: str) -> Iterator[str]:
    """What lines `Verdict: ...` and JSON objects with a key `verdict` say."""
    for match in _LINE.finditer(reply):
        yield match[1]
    for start, end in json_spans(reply):
        try:
            value = load_json(reply[start:end])
        except ValueError:  # a number too long to be read: no verdict of ours
            continue
        if isinstance(value, dict) and isinstance(value.get("verdict"), (str, int, float)):
            yield str(value["verdict"]).strip()
