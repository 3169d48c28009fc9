"""Results to stdout, for people or (with --json) for programs."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

__all__ = ["json_option", "print_document", "print_json", "printable", "terminal_width"]

_CONTROL = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]|\r(?!\n)"
)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`: machine-readable output."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON for programs instead of text."
    )(command)


def print_json(value: Any, *, one_line: bool = False) -> None:
    """Print strict JSON, keys sorted; numbers that are not finite become null."""
    import orjson

    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    if not one_line:
        options |= orjson.OPT_INDENT_2
    click.echo(orjson.dumps(_writable(value), option=options).decode())


def print_document(text: str) -> None:
    """Print a text that is meant for other programs: a CSV keeps what a model said as it was.

    A terminal gets its control characters spelled out; a pipe or a file gets all of it.
    """
    if sys.stdout.isatty():
        text = _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)
    click.echo(printable(text))


def printable(text: str) -> str:
    """The text with lone surrogates, which no terminal takes, as their escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def terminal_width() -> int | None:
    """The columns of the terminal that is printed to; None for a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else printable(value)
    if isinstance(value, Mapping):
        return {_writable(key): _writable(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_writable(entry) for entry in value]
    return value
