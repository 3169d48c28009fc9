"""`themis plan`, `estimate`, `preview` and `diff`: look before running."""

from __future__ import annotations

from pathlib import Path

import click

from themis.cli.examples import examples
from themis.cli.experiment_file import is_experiment, set_option
from themis.cli.output import json_option, print_json, printable
from themis.cli.planner import open_planner
from themis.cli.run_store import store_option
from themis.cli.session import (
    chosen_lock,
    lock_options,
    with_file,
)

__all__ = ["diff", "estimate", "plan", "preview"]


@click.command(epilog=examples("themis plan benchmark.toml", "themis plan experiment.yaml --json"))
@with_file
@lock_options
@set_option
@json_option
def plan(
    file: Path,
    project: Path | None,
    store: Path | None,
    locked: bool,
    lock_file: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Compile the benchmark or experiment in FILE, and persist its manifest: what it would do."""
    lock = chosen_lock(file, locked=locked, lock_file=lock_file)
    with open_planner(file, project, store, lock=lock, overrides=overrides, writes=True) as planner:
        manifest = planner.orchestrator.plan(planner.spec)
    if as_json:
        print_json(manifest.to_dict())
        return
    click.echo(f"run       {manifest.run_id}")
    click.echo(f"benchmark {manifest.benchmark_id}")
    for dataset in manifest.datasets:
        click.echo(f"slice     {dataset.slice_id}: {dataset.item_count} items")
    for component in manifest.components:
        click.echo(
            f"{component['kind']:<9} {component['name']}@{component['version']}"
            f" from {component['provider']}"
        )
    counts = ", ".join(f"{stage} {count}" for stage, count in manifest.counts.items())
    click.echo(f"work      {manifest.trial_count} trials: {counts}")
    for notice in manifest.notices():
        click.echo(f"warning: {notice}", err=True)


@click.command(
    epilog=examples(
        "themis estimate benchmark.toml",
        "themis estimate experiment.yaml --set generation.candidate_policy.num_samples=8",
    )
)
@with_file
@set_option
@json_option
def estimate(
    file: Path,
    project: Path | None,
    store: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say what the benchmark or experiment in FILE would take; runs nothing.

    Work by stage, less what the store has; tokens; and cost, if a benchmark file has a [prices]
    table: model = {prompt = ..., completion = ...}, in currency units per million tokens.
    """
    from themis.planning.estimate import read_prices

    with open_planner(file, project, store, overrides=overrides) as planner:
        prices = read_prices(planner.prices)
        found = planner.orchestrator.estimate(planner.spec, prices=prices)
    if as_json:
        print_json(found.to_dict())
        return
    for stage, count in found.stages.items():
        click.echo(f"{stage:<9} {count.pending} to do, {count.done} done, {count.total} in all")
    for model in found.models:
        cost = "" if model.cost_at_most is None else f", cost at most {model.cost_at_most:.2f}"
        click.echo(
            f"{model.model_id}: {model.calls} calls, {model.prompt_tokens} prompt tokens, "
            f"at most {model.completion_tokens_at_most} completion tokens{cost}"
        )
    for assumption in found.assumptions:
        click.echo(f"  assuming {assumption}")


@click.command(
    epilog=examples(
        "themis preview benchmark.toml --limit 3", "themis preview experiment.yaml --item pencils"
    )
)
@with_file
@click.option("--item", "item_ids", multiple=True, help="Only this item id; may be repeated.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=1, show_default=True, help="Items per slice."
)
@set_option
@json_option
def preview(
    file: Path,
    project: Path | None,
    store: Path | None,
    item_ids: tuple[str, ...],
    limit: int,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show exactly what would be sent for the first items of each slice of FILE; calls nothing."""
    with open_planner(file, project, store, overrides=overrides) as planner:
        shown = planner.orchestrator.preview(planner.spec, item_ids=item_ids, limit=limit)
    if as_json:
        print_json([entry.to_dict() for entry in shown])
        return
    for entry in shown:
        click.echo(printable(str(entry)))


@click.command(
    epilog=examples("themis diff before.toml after.toml", "themis diff old.yaml new.yaml --json")
)
@click.argument("baseline", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("treatment", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@store_option
@json_option
def diff(baseline: Path, treatment: Path, store: Path | None, as_json: bool) -> None:
    """Say what changed from BASELINE to TREATMENT, and what of each stage would run again.

    Two benchmarks are planned with the project and plugins of BASELINE.
    """
    from themis.specs.files import load_benchmark_file

    with open_planner(baseline, None, store) as before:
        if is_experiment(treatment):
            with open_planner(treatment, None, store) as after:
                found = before.orchestrator.diff_specs(
                    before.spec, after.spec, planned_by=after.orchestrator
                )
        else:
            found = before.orchestrator.diff_specs(
                before.spec, load_benchmark_file(treatment).benchmark
            )
    if as_json:
        print_json(found.to_dict())
        return
    if not found.changes:
        click.echo("nothing changed: both are the same run")
    for change in found.changes:
        click.echo(str(change))
    for stage, count in found.stages.items():
        click.echo(f"{stage:<9} {count.rerun} of {count.total} would run, {count.reused} reused")
