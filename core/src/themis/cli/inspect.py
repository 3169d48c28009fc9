"""`themis inspect`: a run, or one record of it, as it was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from themis.cli.output import json_option, print_json, printable
from themis.cli.run_store import open_run_store, store_option

__all__ = ["inspect"]


@click.group()
def inspect() -> None:
    """Show a run, or one trial, candidate or evaluation of it, as it was recorded.

    Nothing is run. The ids of trials and candidates may be shortened to 8 characters.
    """


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


@inspect.command()
@click.argument("run_id", metavar="RUN")
@store_option
@json_option
def snapshot(run_id: str, store: Path | None, as_json: bool) -> None:
    """Show what RUN is and where it was made: datasets, components, prompts, provenance.

    The text is Markdown.
    """
    from themis.reporting.snapshot_report import snapshot_report
    from themis.results import get_run_snapshot

    with open_run_store(store) as opened:
        found = get_run_snapshot(opened, run_id)
    if as_json:
        print_json(found.to_dict())
    else:
        click.echo(printable(snapshot_report(found)), nl=False)


@inspect.command()
@click.argument("run_id", metavar="RUN")
@click.option(
    "--all", "every_case", is_flag=True, help="List every case, also those that are done."
)
@store_option
@json_option
def state(run_id: str, every_case: bool, store: Path | None, as_json: bool) -> None:
    """Show what of each stage of RUN is done, failed and missing, and which cases are not done.

    With --json, every case is there.
    """
    from themis.reporting.inspection_text import render_state
    from themis.results import get_execution_state

    with open_run_store(store) as opened:
        found = get_execution_state(opened, run_id)
    if as_json:
        print_json(found.to_dict())
    else:
        click.echo(printable(render_state(found, every_case=every_case)))


@inspect.command()
@click.argument("run_id", metavar="RUN")
@click.argument("case_id", metavar="CASE")
@click.argument("metric_id", metavar="METRIC")
@click.option("--dataset", "dataset_id", help="The dataset or slice, where several have the case.")
@click.option("--case-key", help="The trial, where CASE was asked of several models.")
@store_option
@json_option
def evaluation(
    run_id: str,
    case_id: str,
    metric_id: str,
    dataset_id: str | None,
    case_key: str | None,
    store: Path | None,
    as_json: bool,
) -> None:
    """Show how METRIC scored CASE of RUN: each judge's prompt, reply, judgment and score.

    A CASE that is there several times is an error, which lists what to choose from.
    """
    from themis.reporting.inspection_text import render_evaluation
    from themis.results import get_evaluation_execution

    with open_run_store(store) as opened:
        try:
            found = get_evaluation_execution(
                opened, run_id, case_id, metric_id, dataset_id=dataset_id, case_key=case_key
            )
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="METRIC") from error
    if as_json:
        print_json(found.to_dict())
    else:
        click.echo(printable(render_evaluation(found)))


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
