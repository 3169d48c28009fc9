"""`themis runs`, `progress` and `report`: what the store holds of runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from themis.cli.examples import examples
from themis.cli.output import json_option, print_document, print_json, printable
from themis.cli.run_store import open_run_store, store_option

if TYPE_CHECKING:
    from themis.results import BenchmarkResult

__all__ = ["progress", "report", "runs"]

_REFRESH_SECONDS = 1.0


@click.command(epilog=examples("themis runs", "themis runs --store mine --json"))
@store_option
@json_option
def runs(store: Path | None, as_json: bool) -> None:
    """List the runs in the store, newest first."""
    from themis.results.runs import list_runs
    from themis.results.tables import text_table

    with open_run_store(store) as opened:
        found = list_runs(opened)
    if as_json:
        print_json([run.to_dict() for run in found])
    elif found:
        click.echo(text_table([run.to_row() for run in found]))
    else:
        click.echo("the store has no runs yet", err=True)


@click.command(epilog=examples("themis progress 80d6e040e280 --follow"))
@click.argument("run_id", metavar="RUN")
@store_option
@click.option(
    "--follow",
    is_flag=True,
    help="Go on showing it until the run ends; with --json, one line each.",
)
@json_option
def progress(run_id: str, store: Path | None, follow: bool, as_json: bool) -> None:
    """Show how far RUN is, from any shell: it is read from the store."""
    from rich.console import Console

    from themis.cli.progress_view import render
    from themis.runtime.progress import ProgressSnapshot

    with open_run_store(store) as opened:
        full = opened.run(run_id).run_id
        while True:
            payload = opened.load_progress(full)
            if payload is None and not follow:
                click.echo(f"run {full[:12]} is planned and has not started", err=True)
                return
            if payload is not None:
                snapshot = ProgressSnapshot.from_dict(payload)
                if as_json:
                    print_json(snapshot.to_dict(), one_line=follow)
                else:
                    Console().print(render(snapshot))
                if not follow or snapshot.status not in {"pending", "running"}:
                    return
            time.sleep(_REFRESH_SECONDS)


@click.command(
    epilog=examples(
        "themis report 80d6e040e280",
        "themis report 80d6e040e280 --format html --output report.html",
        "themis report 80d6e040e280 --cluster-by passage_id",
        "themis report 80d6e040e280 --labels labels.csv",
    )
)
@click.argument("run_id", metavar="RUN")
@store_option
@click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    help="The report's form: text, markdown, csv, json, latex, html (one self-contained page), or "
    "the format of an exporter plugin, which needs --output.",
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write it to a file.")
@click.option(
    "--cluster-by",
    metavar="FIELD",
    help="An item field: items that share it are one unit of evidence.",
)
@click.option(
    "--labels",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Labels by people, .jsonl or .csv with item_id and label (and model_id and slice_id, "
    "where there are several): means that use them and the scores of all other items.",
)
@json_option
def report(
    run_id: str,
    store: Path | None,
    form: str,
    output: Path | None,
    cluster_by: str | None,
    labels: Path | None,
    as_json: bool,
) -> None:
    """Report RUN: leaderboard with intervals, comparison, failures, provenance."""
    from themis.reporting.summary import FORMATS, render_summary, summarise
    from themis.results import BenchmarkResult, read_labels

    with open_run_store(store) as opened:
        result = BenchmarkResult(opened, opened.run(run_id).run_id)
        if not as_json and form not in FORMATS:
            _refuse_for_exporter(form, {"--cluster-by": cluster_by, "--labels": labels})
            _export(result, form, output)
            return
        try:
            given = [] if labels is None else read_labels(labels)
            summary = summarise(result, cluster_by=cluster_by, labels=given)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        text = render_summary(summary, "json" if as_json else form)
    if output is None:
        print_document(text)
    else:
        _write(output, lambda: _as_text(output, printable(text)))


def _refuse_for_exporter(form: str, options: Mapping[str, object]) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        msg = f"{given[0]} is for the built-in formats, not for {form!r}"
        raise click.UsageError(msg)


def _export(result: BenchmarkResult, form: str, output: Path | None) -> None:
    """Write a result by the exporter of a plugin."""
    from themis.cli.project_file import plugin_config
    from themis.plugin.registry import PluginRegistry
    from themis.reporting.summary import FORMATS

    registry = PluginRegistry(config=plugin_config(None))
    if not registry.has("exporter", form):
        known = [*FORMATS, *(each.name for each in registry.snapshot().of_kind("exporter"))]
        msg = f"unknown report format {form!r}; known: {', '.join(known)}"
        raise click.BadParameter(msg, param_hint="--format")
    if output is None:
        msg = f"--format {form} writes a file; name it with --output"
        raise click.UsageError(msg)
    exporter = registry.get("exporter", form)
    _write(output, lambda: exporter.export(result, output))


def _as_text(output: Path, text: str) -> Path:
    output.write_text(text, encoding="utf-8")
    return output


def _write(output: Path, write: Callable[[], Path]) -> None:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        written = write()
    except OSError as error:
        click.echo(f"error: {output} cannot be written: {error.strerror or error}", err=True)
        sys.exit(2)
    click.echo(f"wrote {written}", err=True)
