"""Opens what a command works on: a benchmark file with its project, or a store and its runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from themis.runtime.context import RuntimeContext
    from themis.runtime.orchestrator import Orchestrator
    from themis.specs import BenchmarkSpec, ProjectSpec
    from themis.specs.files import BenchmarkFile
    from themis.storage import RunStore

__all__ = [
    "DEFAULT_STORE",
    "BenchmarkSession",
    "open_benchmark",
    "open_run",
    "open_run_store",
    "store_option",
    "with_file",
]

DEFAULT_STORE = ".themis"


@attrs.frozen(slots=True)
class BenchmarkSession:
    """A benchmark file, opened: its spec, an orchestrator of its project, and its options."""

    benchmark: BenchmarkSpec
    orchestrator: Orchestrator
    context: RuntimeContext
    loaded: BenchmarkFile


def store_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--store DIR`: where the runs are."""
    return click.option(
        "--store",
        "store",
        type=click.Path(path_type=Path),
        envvar="THEMIS_STORE",
        default=None,
        help=f"The store's folder. [default: the project's, else {DEFAULT_STORE}]",
    )(command)


def with_file(command: Callable[..., Any]) -> Callable[..., Any]:
    """The benchmark file argument, `--project FILE` and `--store DIR`."""
    command = store_option(command)
    command = click.option(
        "--project",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        default=None,
        help="The project's file: storage, seed, execution policy. [default: the benchmark "
        "file's own [project], else the defaults]",
    )(command)
    return click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))(
        command
    )


@contextmanager
def open_benchmark(
    file: Path, project: Path | None, store: Path | None
) -> Iterator[BenchmarkSession]:
    """Read a benchmark file and open its project's store."""
    from themis.plugin.configuration import PluginConfig
    from themis.plugin.registry import PluginRegistry
    from themis.runtime.context import RuntimeContext
    from themis.runtime.options import RuntimeOptions
    from themis.runtime.orchestrator import Orchestrator
    from themis.specs.files import load_benchmark_file

    loaded = load_benchmark_file(file, project_file=project)
    orchestrator = Orchestrator.from_project_spec(
        _with_store(loaded.project, store, loaded.project_dir),
        registry=PluginRegistry(config=PluginConfig.from_table(loaded.plugins)),
        base_dir=loaded.base_dir,
    )
    with orchestrator:
        context = RuntimeContext(options=RuntimeOptions.from_table(loaded.runtime))
        yield BenchmarkSession(loaded.benchmark, orchestrator, context, loaded)


@contextmanager
def open_run(store: Path | None, run_id: str) -> Iterator[Orchestrator]:
    """An orchestrator of the project that a run in the store was planned with."""
    from themis.runtime.orchestrator import Orchestrator
    from themis.specs import ProjectSpec

    folder = (store or Path(DEFAULT_STORE)).resolve()
    with open_run_store(folder) as opened:
        manifest = opened.manifest(opened.run(run_id))
    project = ProjectSpec.model_validate(manifest["project"])
    with Orchestrator.from_project_spec(_with_store(project, folder, folder)) as orchestrator:
        yield orchestrator


@contextmanager
def open_run_store(store: Path | None) -> Iterator[RunStore]:
    """Open an existing store for reading."""
    from themis.storage import sqlite_store

    with sqlite_store(store or Path(DEFAULT_STORE), read_only=True) as opened:
        yield opened


def _with_store(project: ProjectSpec, store: Path | None, base: Path) -> ProjectSpec:
    """The project with its store's folder made absolute, or replaced by `--store`."""
    from themis.specs import SqliteBlobStorageSpec

    storage = project.storage
    if not isinstance(storage, SqliteBlobStorageSpec):
        if store is not None:
            msg = f"--store names a folder, but the project's storage is {storage.backend!r}"
            raise click.UsageError(msg)
        return project
    folder = store.absolute() if store is not None else base / Path(storage.root_dir).expanduser()
    storage = storage.model_copy(update={"root_dir": str(folder)})
    return project.model_copy(update={"storage": storage})
