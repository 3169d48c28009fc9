"""`themis catalog`: the benchmarks that come along, or with plugins."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from themis.cli.columns import columns
from themis.cli.examples import examples
from themis.cli.output import json_option, print_json, printable
from themis.cli.project_file import plugin_config
from themis.cli.run_options import progress_options
from themis.cli.run_store import store_option

if TYPE_CHECKING:
    from themis.catalog import BenchmarkCatalogEntry
    from themis.cli.progress_view import ProgressMode
    from themis.plugin.registry import PluginRegistry

__all__ = ["catalog"]

_FAILED = 1


@click.group(
    epilog=examples(
        "themis catalog list",
        "themis catalog show word-problems",
        "themis catalog run word-problems --model openai:gpt-4o-mini",
    )
)
def catalog() -> None:
    """List, show, run and validate the benchmarks that come along, or with plugins."""


@catalog.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List the benchmarks. One whose manifest cannot be read is listed with the reason."""
    from themis.catalog import list_benchmarks

    found = list_benchmarks(registry=_registry())
    if as_json:
        print_json([entry.to_dict() for entry in found])
        return
    rows = [
        (
            entry.benchmark_id,
            "" if entry.item_count is None else str(entry.item_count),
            entry.provider,
            entry.title or entry.summary,
        )
        for entry in found
    ]
    for line in columns(("name", "items", "provider", "what it is"), rows):
        click.echo(printable(line))
    for entry in found:
        if entry.problem:
            click.echo(f"warning: {entry.benchmark_id}: {entry.problem}", err=True)


@catalog.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show the benchmark NAME: what it measures, its data, licence and source."""
    from themis.catalog import get_benchmark

    entry = get_benchmark(name, registry=_registry())
    if as_json:
        print_json(entry.to_dict())
        return
    for line in _lines(entry):
        click.echo(printable(line))


@catalog.command(
    epilog=examples(
        "themis catalog run word-problems",
        "themis catalog run word-problems --model openai:gpt-4o-mini",
    )
)
@click.argument("name")
@click.option(
    "--model",
    metavar="REF",
    help="Ask this model, ENGINE:MODEL, in the place of the benchmark's own.",
)
@store_option
@progress_options
@json_option
def run(
    name: str,
    model: str | None,
    store: Path | None,
    progress: ProgressMode,
    log_json: bool,
    as_json: bool,
) -> None:
    """Run the benchmark NAME, or what of it the store does not have."""
    from themis.catalog.running import catalog_run
    from themis.cli.run_outcome import run_and_finish

    execution = catalog_run(name, model=model, registry=_registry())
    run_and_finish(execution, store, progress=progress, log_json=log_json, as_json=as_json)


@catalog.command()
@click.argument("name")
@json_option
def validate(name: str, as_json: bool) -> None:
    """Check that the benchmark NAME can be loaded, read and scored; no model is asked.

    Its manifest is read, every item of its data, and two items of each slice are scored. Exit code
    1 when something is wrong.
    """
    from themis.catalog import validate_benchmark

    found = validate_benchmark(name, registry=_registry())
    if as_json:
        print_json(found.to_dict())
    else:
        click.echo(printable(str(found)))
    sys.exit(0 if found.ok else _FAILED)


def _registry() -> PluginRegistry:
    from themis.plugin.registry import PluginRegistry

    return PluginRegistry(config=plugin_config(None))


def _lines(entry: BenchmarkCatalogEntry) -> list[str]:
    shown = {
        "name": f"{entry.benchmark_id} {entry.version}, from {entry.provider}",
        "title": entry.title or entry.summary,
        "about": entry.description,
        "tags": ", ".join(entry.tags),
        "items": "" if entry.item_count is None else str(entry.item_count),
        "slices": ", ".join(entry.slices),
        "metrics": ", ".join(entry.metrics),
        "models": ", ".join(entry.models),
        "licence": entry.licence,
        "source": entry.source,
        "cite": entry.citation,
        "manifest": str(entry.path),
    }
    return [f"{name:<9} {value}" for name, value in shown.items() if value]
