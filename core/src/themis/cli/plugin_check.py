"""`themis plugins check`: a plugin held to the conformance kits, without a test of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from themis.cli.output import json_option, print_json
from themis.cli.project_file import plugin_config, project_option

if TYPE_CHECKING:
    from themis.testing import CheckReport
    from themis.testing.kits import Level

__all__ = ["check"]

_FAILED = 1
_LEVELS = ("static", "offline", "live")


@click.command()
@click.argument("distribution", metavar="DIST")
@click.option(
    "--level",
    "levels",
    type=click.Choice(_LEVELS),
    multiple=True,
    default=("static", "offline"),
    show_default=True,
    help="Which checks: live ones ask the real service, and may cost money. May be repeated.",
)
@project_option
@json_option
def check(
    distribution: str, levels: tuple[Level, ...], project: Path | None, as_json: bool
) -> None:
    """Run the conformance kits on the plugin of the distribution DIST; exit 1 if a check fails.

    Each component is made without configuration; what needs some to be shown is skipped, with the
    reason. Nothing beyond this machine is connected to without --level live.
    """
    from themis.plugin.registry import PluginRegistry
    from themis.testing import run_checks

    registry = PluginRegistry(config=plugin_config(project))
    report = run_checks(distribution, registry=registry, levels=levels)
    if as_json:
        print_json(report.to_dict())
    else:
        _echo(report)
    if not report.ok:
        sys.exit(_FAILED)


def _echo(report: CheckReport) -> None:
    """Whatever is not plain success, by component; then the counts."""
    subject = ""
    for outcome in report.outcomes:
        if outcome.state == "passed":
            continue
        if outcome.subject != subject:
            subject = outcome.subject
            click.echo(subject)
        click.echo(f"  {outcome.state:<8}{outcome.check}: {outcome.message}")
    counts = ", ".join(f"{n} {state}" for state, n in report.counts().items() if n)
    click.echo(f"{report.distribution}: {counts}")
