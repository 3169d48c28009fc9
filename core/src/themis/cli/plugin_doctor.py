"""`themis plugins doctor`: everything about the installed plugins that needs to be mended."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from themis.cli.columns import columns
from themis.cli.output import json_option, print_json
from themis.cli.project_file import plugin_config, project_option

if TYPE_CHECKING:
    from themis.plugin.doctor import Finding
    from themis.plugin.snapshot import InstalledPlugin

__all__ = ["doctor"]

_PROBLEMS = 1


@click.command()
@project_option
@json_option
def doctor(project: Path | None, as_json: bool) -> None:
    """Say what is wrong with the installed plugins, and what to do; exit 1 if anything is.

    Problems: plugins that are broken, invalid or incompatible, names that are ambiguous, plugins
    asked for and absent, requirements on another core. Notes (editable installs, deprecated hooks,
    shadowed names, slow imports, blocked plugins) leave the exit code at 0.
    """
    from themis.plugin.doctor import diagnose
    from themis.plugin.registry import PluginRegistry

    config = plugin_config(project)
    snapshot = PluginRegistry(config=config).snapshot()
    findings = diagnose(snapshot, config)
    problems = [finding for finding in findings if finding.level == "problem"]
    if as_json:
        print_json(
            {
                "ok": not problems,
                "findings": [attrs.asdict(finding) for finding in findings],
                "plugins": [_as_data(plugin) for plugin in snapshot.plugins],
            }
        )
    else:
        _echo_plugins(snapshot.plugins)
        _echo_findings(findings)
    if problems:
        sys.exit(_PROBLEMS)


def _as_data(plugin: InstalledPlugin) -> dict[str, Any]:
    return {
        "distribution": plugin.distribution.name,
        "version": plugin.distribution.version,
        "state": plugin.state,
        "origin": plugin.distribution.origin.to_dict(),
        "import_seconds": plugin.import_seconds,
    }


def _echo_plugins(plugins: Iterable[InstalledPlugin]) -> None:
    rows = [
        (
            plugin.distribution.name,
            plugin.distribution.version,
            plugin.state.replace("_", " "),
            "-" if plugin.import_seconds is None else f"{plugin.import_seconds * 1000:.1f} ms",
            str(plugin.distribution.origin),
        )
        for plugin in plugins
    ]
    for line in columns(("PLUGIN", "VERSION", "STATE", "IMPORT", "ORIGIN"), rows):
        click.echo(line)


def _echo_findings(findings: Iterable[Finding]) -> None:
    click.echo()
    empty = True
    for finding in findings:
        empty = False
        click.echo(f"{finding.level}: {finding.subject}: {finding.message}")
        if finding.fix:
            click.echo(f"    to do: {finding.fix}")
    if empty:
        click.echo("nothing is wrong")
