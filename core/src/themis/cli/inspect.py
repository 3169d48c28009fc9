"""`themis inspect trial | candidate | timeline`: one record, as it was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from themis.cli.output import json_option, print_json, printable
from themis.cli.run_store import open_run_store, store_option

__all__ = ["inspect"]


@click.group()
def inspect() -> None:
    """Show one trial or candidate as it was recorded. Ids may be shortened to 8 characters."""


@inspect.command()
@click.argument("run_id", metavar="RUN")
@click.argument("trial_hash", metavar="TRIAL")
@store_option
@json_option
def trial(run_id: str, trial_hash: str, store: Path | None, as_json: bool) -> None:
    """Show TRIAL of RUN: its item, its prompt and every candidate."""
    _show(run_id, trial_hash, store, as_json=as_json)


@inspect.command()
@click.argument("run_id", metavar="RUN")
@click.argument("candidate_id", metavar="CANDIDATE")
@store_option
@json_option
def candidate(run_id: str, candidate_id: str, store: Path | None, as_json: bool) -> None:
    """Show CANDIDATE of RUN: conversation, inference, extractions, scores and judges."""
    _show(run_id, candidate_id, store, as_json=as_json)


@inspect.command()
@click.argument("run_id", metavar="RUN")
@click.argument("record_id", metavar="RECORD")
@store_option
@json_option
def timeline(run_id: str, record_id: str, store: Path | None, as_json: bool) -> None:
    """Show when each stage of RECORD (a trial or candidate of RUN) ran, and how it ended."""
    _show(run_id, record_id, store, as_json=as_json, only_timeline=True)


def _show(
    run_id: str,
    record_id: str,
    store: Path | None,
    *,
    as_json: bool,
    only_timeline: bool = False,
) -> None:
    from themis.reporting.record import record_to_dict, render_record
    from themis.results import BenchmarkResult

    with open_run_store(store) as opened:
        result = BenchmarkResult(opened, opened.run(run_id).run_id)
        view: Any = result.view_timeline(record_id)
    if as_json:
        print_json(record_to_dict(view, only_timeline=only_timeline))
    else:
        click.echo(printable(render_record(view, only_timeline=only_timeline)))
