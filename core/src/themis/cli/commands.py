"""The table of commands: where each one is, and its line in `themis --help`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

__all__ = ["COMMANDS", "CommandEntry"]


@attrs.frozen(slots=True)
class CommandEntry:
    """A command: `module:attribute` of a click command, and what it does in a line."""

    target: str
    help: str


COMMANDS: Mapping[str, CommandEntry] = MappingProxyType({
    "plugins": CommandEntry("themis.cli.plugins:plugins", "List, show and explain plugins."),
})  # fmt: skip
