"""`themis gate`: is a run worse than those before it? For CI."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from themis.cli.operands import check_config, stored_result
from themis.cli.output import json_option, print_json, terminal_width
from themis.cli.run_store import open_place, open_run_store, store_option, store_place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from themis.results import BenchmarkResult

__all__ = ["REGRESSED", "artifacts_option", "check_judged", "config_option", "gate", "show_gate"]

REGRESSED = 3
"""The exit code of a gate that was missed."""
_GOING_ON = frozenset({"planned", "pending", "running", "interrupted"})


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--config FILE`: what is checked."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="The checks: a .toml, .yaml or .json file.",
    )(command)


def artifacts_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--output DIR`: what is left for other programs."""
    return click.option(
        "--output",
        "-o",
        type=click.Path(path_type=Path, file_okay=False),
        help="A folder for the JSON document, gate.md (for a pull request) and junit.xml; written "
        "before the gate fails.",
    )(command)


@click.command()
@click.argument("run", metavar="RUN")
@store_option
@config_option
@artifacts_option
@click.option(
    "--record/--no-record",
    default=True,
    help="Whether a run that fails is kept out of the history until `themis history accept RUN`.",
)
@json_option
def gate(
    run: str,
    store: Path | None,
    config: Path | None,
    output: Path | None,
    record: bool,
    as_json: bool,
) -> None:
    """Judge RUN by the accepted earlier runs of its benchmark; exit 3 if it got worse.

    RUN may be a benchmark: its latest run. Without --config, a metric that moved more than 10 % in
    its bad direction, or is missing, fails. A run that has not ended is refused.
    """
    from themis.reporting.contract import result_to_dict

    with open_run_store(store) as opened:
        result = stored_result(opened, run)
        _check_ended(result)
        try:
            document = result_to_dict(result, include_series=True, run_cfg=check_config(config))
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    failed = show_gate(document, output, as_json=as_json)
    if failed and record:
        _reject(store, document)
    check_judged(document)
    sys.exit(REGRESSED if failed else 0)


def check_judged(document: Mapping[str, Any]) -> None:
    """Raise ClickException if there are checks and none could judge: nothing was passed, then."""
    from themis.reporting.gate_report import document_checks

    checks = document_checks(document)
    if checks and all(check["verdict"] == "not_comparable" for check in checks):
        msg = "no check could be judged, so the gate is not passed"
        raise click.ClickException(msg)


def _check_ended(result: BenchmarkResult) -> None:
    """The means of a part of a run would be judged as if they were of the whole."""
    if result.status in _GOING_ON:
        short = result.run_id[:12]
        msg = f"run {short} is {result.status}, not at its end: themis resume {short}"
        raise click.UsageError(msg)


def show_gate(document: Mapping[str, Any], output: Path | None, *, as_json: bool) -> bool:
    """Write the artifacts, then print the findings; whether the gate fails."""
    from themis.reporting.gate_report import gate_text, is_blocking, write_artifacts

    if output is not None:
        for path in write_artifacts(document, output):
            click.echo(f"wrote {path}", err=True)
    if as_json:
        print_json(document)
    else:
        click.echo(gate_text(document, width=terminal_width()))
    return is_blocking(document)


def _reject(store: Path | None, document: Mapping[str, Any]) -> None:
    from themis.results.history import judge_run, was_accepted

    worse = sorted(
        row["variable"]
        for row in document["regressions"]["results"]
        if row["verdict"] in {"regressed", "missing"} and row["severity"] == "gate"
    )
    run_id = document["provenance"]["run_id"]
    short = run_id[:12]
    with open_place(store_place(store)) as opened:
        if was_accepted(opened, run_id):
            click.echo(f"run {short} was accepted, and stays history", err=True)
            return
        reason = f"the gate failed: {', '.join(dict.fromkeys(worse))}"
        judge_run(opened, run_id, accepted=False, reason=reason)
    click.echo(f"run {short} is no history until: themis history accept {short}", err=True)
