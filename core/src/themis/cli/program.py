"""The program's frame: its table of commands, its help and version, and how errors are shown."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

import themis
from themis.cli.commands import COMMANDS
from themis.errors import SpecValidationError, ThemisError

if TYPE_CHECKING:
    from themis.plugin.registry import PluginRegistry

__all__ = ["Program", "ProgramError", "main"]


_INTERRUPTED = 130
_NO_PLUGINS_OF_LIBRARIES = ("PYDANTIC_DISABLE_PLUGINS", "HYPOTHESIS_NO_PLUGINS")

_HELP = """\
Evaluate language models with results you can trust and repeat.

A benchmark is a file: models, prompts, data, and how answers are scored. Running it records
every call and score in a store; what is recorded is never done again.

\b
Start, look first, then run, then read:
  themis init DIR                    a small experiment that runs at once
  themis preview benchmark.toml      what would be sent
  themis estimate benchmark.toml     how many calls and tokens
  themis run benchmark.toml          do what is missing, and show the result
  themis report RUN                  all of the result; RUN is an id or its beginning
  themis inspect trial RUN TRIAL     one question, its answers and their scores

\b
Results go to stdout, everything else to stderr; --json is for programs. Exit codes:
  0 done, 1 some of it failed, 2 bad usage or file, 3 a gate was missed (compare, gate),
  130 interrupted (themis resume RUN)

\b
Completion: eval "$(_THEMIS_COMPLETE=bash_source themis)", or zsh_source, or fish_source.
"""


class ProgramError(click.ClickException):
    """A ThemisError as the program shows it: `error: ...` on stderr, exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the message."""
        click.echo(f"error: {self.format_message()}", file=file, err=file is None)


class Program(click.Group):
    """A group whose commands are named by a table, and imported one at a time."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Begin a call, before anything of a command is imported."""
        _leave_out_plugins_of_libraries()
        return super().make_context(info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands of the table, in its order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command of the table."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A command of the table, else one that a plugin provides."""
        name = args[0]
        if name in COMMANDS or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        return name, _plugins_command(ctx, name), args[1:]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command's name from the table, importing none."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [
            CompletionItem(name, help=entry.help)
            for name, entry in COMMANDS.items()
            if name.startswith(incomplete)
        ]

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a ThemisError is shown as a message, never as a traceback."""
        try:
            return super().invoke(ctx)
        except ThemisError as problem:
            raise ProgramError(_message(problem)) from problem
        except KeyboardInterrupt as problem:
            click.echo("interrupted", err=True)
            raise click.exceptions.Exit(_INTERRUPTED) from problem


@click.group(cls=Program, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(themis.__version__, prog_name="themis", message="%(prog)s %(version)s")
def main() -> None:
    """Run the program."""


def _leave_out_plugins_of_libraries() -> None:
    """Their search for plugins ends at the first malformed entry point of any distribution.

    What the user has set stays.
    """
    for name in _NO_PLUGINS_OF_LIBRARIES:
        os.environ.setdefault(name, "1")


def _message(problem: ThemisError) -> str:
    """The error's text, and its findings where the text does not hold them already."""
    lines = [problem.message]
    if isinstance(problem, SpecValidationError):
        lines += [f"  {issue}" for issue in problem.issues if str(issue) not in problem.message]
    return "\n".join(lines)


def _plugins_command(ctx: click.Context, name: str) -> click.Command:
    from themis.cli.project_file import plugin_config
    from themis.plugin.refs import is_name
    from themis.plugin.registry import PluginRegistry

    registry = PluginRegistry(config=plugin_config(None))
    if not is_name(name) or not registry.has("command", name):
        ctx.fail(_unknown(name, registry))
    component = registry.resolve("command", name)
    command = component.load()
    if not isinstance(command, click.Command):
        msg = f"{component.label}: {component.implementation} is no click command"
        raise ProgramError(msg)
    return command


def _unknown(name: str, registry: PluginRegistry) -> str:
    snapshot = registry.snapshot()
    known = [*COMMANDS, *(each.name for each in snapshot.of_kind("command"))]
    near = difflib.get_close_matches(name, known, n=1)
    text = f"there is no command {name!r}"
    text += f"; did you mean {near[0]!r}?" if near else "; 'themis --help' lists the commands"
    return text + _unusable(each.distribution.name for each in snapshot.unusable())


def _unusable(names: Iterable[str]) -> str:
    listed = ", ".join(sorted(set(names)))
    return f" (not in use: {listed}; see 'themis plugins list')" if listed else ""
