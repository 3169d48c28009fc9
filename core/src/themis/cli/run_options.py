"""Options of the commands that run something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

__all__ = ["observer_option", "progress_options"]


def progress_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--progress` and `--log-json`."""
    command = click.option("--log-json", is_flag=True, help="Write the log to stderr as JSON.")(
        command
    )
    return click.option(
        "--progress",
        type=click.Choice(["auto", "rich", "log", "json", "none"]),
        default="auto",
        show_default=True,
        help="How progress is shown on stderr; auto: rich on a terminal, else log lines.",
    )(command)


def observer_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--observer REF`, any number of times."""
    return click.option(
        "--observer",
        "observers",
        metavar="REF",
        multiple=True,
        help="An installed observer that watches the run, besides the project's; may be repeated.",
    )(command)
