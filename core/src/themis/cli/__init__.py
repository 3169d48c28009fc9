"""The `themis` program. Nothing of a command is imported before it is called for."""

from themis.cli.program import main

__all__ = ["main"]
