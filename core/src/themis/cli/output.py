"""Results to stdout, for people or (with --json) for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

__all__ = ["json_option", "print_json"]


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
    click.echo(orjson.dumps(value, option=options).decode())
