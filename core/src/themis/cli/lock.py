"""`themis lock`: write down, check and print exactly which plugins a benchmark uses."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from themis.cli.output import json_option, print_json
from themis.cli.project_file import project_option
from themis.cli.session import beside, read_benchmark

if TYPE_CHECKING:
    from themis.plugin.lock import Lock
    from themis.plugin.registry import PluginRegistry
    from themis.specs.files import BenchmarkFile

__all__ = ["lock"]

_DRIFTED = 1


@click.command()
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@project_option
@click.option(
    "--output", "-o", "--lock-file", "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The lock. [default: themis.lock beside FILE, else in the current folder]",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Compare it with what is here; exit 1 if it differs.")
@click.option("--requirements", is_flag=True, help="Print what the lock holds as requirements.")
@json_option
def lock(
    file: Path | None,
    project: Path | None,
    path: Path | None,
    check: bool,
    requirements: bool,
    as_json: bool,
) -> None:
    """Lock the components of the benchmark in FILE: versions, digests, origins, providers.

    --check and --requirements read the lock. Without FILE, --check compares what is installed;
    with it, also what the benchmark resolves to.
    """
    if check and requirements:
        raise click.UsageError("--check and --requirements are two commands; give one of them")
    path = path or beside(file)
    if check:
        _check(file, project, path, as_json=as_json)
    elif requirements:
        _print_requirements(path, as_json=as_json)
    elif file is None:
        raise click.UsageError("name the benchmark FILE to lock")
    else:
        _write(file, project, path, as_json=as_json)


def _write(file: Path, project: Path | None, path: Path, *, as_json: bool) -> None:
    from themis.plugin.lock_files import lock_text

    loaded, registry = read_benchmark(file, project)
    made = _locked(loaded, registry)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lock_text(made), encoding="utf-8")
    doubts = made.doubts()
    if as_json:
        print_json({"lock": str(path), "components": len(made.components), "doubts": doubts})
    else:
        click.echo(f"locked {len(made.components)} components in {path}")
    for doubt in doubts:
        click.echo(f"warning: {doubt}", err=True)


def _locked(loaded: BenchmarkFile, registry: PluginRegistry) -> Lock:
    """What the benchmark resolves to; nothing is run and no store is opened."""
    from themis.planning.compiling import compile_plan
    from themis.planning.locking import lock_plan
    from themis.runtime.backends import project_backends
    from themis.runtime.providers import DatasetProviders

    plan = compile_plan(
        loaded.benchmark.compile(), registry=registry, global_seed=loaded.project.global_seed
    )
    providers = DatasetProviders(registry=registry, base_dir=loaded.base_dir)
    datasets = providers.installed(part.spec for part in plan.slices)
    backends = project_backends(loaded.project, registry)
    return lock_plan(plan, datasets=datasets, backends=backends, registry=registry)


def _check(file: Path | None, project: Path | None, path: Path, *, as_json: bool) -> None:
    differences = _differences(file, project, path)
    if as_json:
        print_json({"lock": str(path), "differences": differences})
    elif not differences:
        click.echo(f"{path} holds: what is installed is what is locked")
    for difference in [] if as_json else differences:
        click.echo(difference)
    if differences:
        sys.exit(_DRIFTED)


def _differences(file: Path | None, project: Path | None, path: Path) -> list[str]:
    from themis.cli.project_file import plugin_config
    from themis.errors import SpecValidationError
    from themis.plugin.lock_files import read_lock
    from themis.plugin.registry import PluginRegistry

    held = read_lock(path)
    if file is None:
        return held.drift(PluginRegistry(config=plugin_config(project)).plugins())
    loaded, registry = read_benchmark(file, project, lock=held)
    try:
        _locked(loaded, registry)
    except SpecValidationError as error:
        return [issue.message for issue in error.issues] or [error.message]
    return []


def _print_requirements(path: Path, *, as_json: bool) -> None:
    from themis.plugin.lock_files import read_lock

    lines = read_lock(path).requirements()
    if as_json:
        print_json({"requirements": lines})
        return
    click.echo("\n".join(lines))
