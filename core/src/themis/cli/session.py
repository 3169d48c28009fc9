"""Opens what a command works on: a benchmark file with its project, or a store and its runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from themis.cli.experiment_file import is_experiment
from themis.cli.locating import located_in
from themis.cli.project_file import PROJECT_FILE, default_project_file, plugin_config
from themis.cli.run_store import open_run_store, store_option, store_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from themis.plugin.lock import Lock
    from themis.plugin.registry import PluginRegistry
    from themis.runtime.context import RuntimeContext
    from themis.runtime.orchestrator import Orchestrator
    from themis.specs import BenchmarkSpec, ProjectSpec
    from themis.specs.files import BenchmarkFile

__all__ = [
    "BenchmarkSession",
    "beside",
    "chosen_lock",
    "lock_options",
    "open_benchmark",
    "open_run",
    "read_benchmark",
    "with_file",
]

LOCAL = "local"
LOCK_FILE = Path("themis.lock")


@attrs.frozen(slots=True)
class BenchmarkSession:
    """A benchmark file, opened: its spec, an orchestrator of its project, and its options.

    `store_file` is the file that names the project's store, where that is not just a folder.
    """

    benchmark: BenchmarkSpec
    orchestrator: Orchestrator
    context: RuntimeContext
    loaded: BenchmarkFile
    store_file: Path | None


def with_file(command: Callable[..., Any]) -> Callable[..., Any]:
    """The benchmark file argument, `--project FILE` and `--store DIR`."""
    command = store_option(command)
    command = click.option(
        "--project",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        default=None,
        help="The project's file: storage, seed, execution policy, plugins. [default: the "
        f"benchmark file's own [project], else {PROJECT_FILE} here, else the defaults]",
    )(command)
    return click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))(
        command
    )


def lock_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--locked` and `--lock-file FILE`."""
    command = click.option(
        "--lock-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Use exactly what this lock holds. [with --locked: themis.lock beside FILE]",
    )(command)
    return click.option(
        "--locked",
        is_flag=True,
        help="Use exactly what themis.lock holds; any difference from it is an error.",
    )(command)


def chosen_lock(file: Path, *, locked: bool, lock_file: Path | None) -> Path | None:
    """The lock that the options ask for."""
    return lock_file or (beside(file) if locked else None)


def beside(file: Path | None) -> Path:
    """Where the lock of a benchmark file is: `themis.lock` in its folder."""
    return LOCK_FILE if file is None else file.parent / LOCK_FILE


def read_benchmark(
    file: Path, project: Path | None, *, lock: Lock | None = None
) -> tuple[BenchmarkFile, PluginRegistry]:
    """A benchmark file with its project, and the plugins that they allow."""
    from themis.plugin.configuration import PluginConfig
    from themis.plugin.registry import PluginRegistry
    from themis.specs.files import load_benchmark_file

    if is_experiment(file):
        msg = f"{file} is an experiment, and this command takes a benchmark"
        raise click.UsageError(msg)
    default = default_project_file()
    if default is not None and default.samefile(file):
        default = None
    loaded = load_benchmark_file(file, project_file=project, default_project_file=default)
    return loaded, PluginRegistry(config=PluginConfig.from_table(loaded.plugins), lock=lock)


@contextmanager
def open_benchmark(
    file: Path, project: Path | None, store: Path | None, *, lock: Path | None = None
) -> Iterator[BenchmarkSession]:
    """Read a benchmark file and open its project's store; `lock` names what to hold it to."""
    from themis.plugin.lock_files import read_lock
    from themis.runtime.context import RuntimeContext
    from themis.runtime.options import RuntimeOptions
    from themis.runtime.orchestrator import Orchestrator

    held = None if lock is None else read_lock(lock)
    loaded, registry = read_benchmark(file, project, lock=held)
    with located_in(loaded):
        options = RuntimeOptions.from_table(loaded.runtime)
    orchestrator = Orchestrator.from_project_spec(
        _with_store(loaded.project, store, loaded.project_dir),
        registry=registry,
        base_dir=loaded.base_dir,
    )
    with orchestrator, located_in(loaded):
        context = RuntimeContext(options=options)
        named = _store_file(loaded, project)
        yield BenchmarkSession(loaded.benchmark, orchestrator, context, loaded, named)


def _store_file(loaded: BenchmarkFile, project: Path | None) -> Path | None:
    from themis.specs import SqliteBlobStorageSpec

    if isinstance(loaded.project.storage, SqliteBlobStorageSpec):
        return None
    own = "project" in loaded.documents[0].values
    return project or (loaded.path if own else default_project_file())


@contextmanager
def open_run(store: Path | None, run_id: str) -> Iterator[Orchestrator]:
    """An orchestrator of the project that a run in the store was planned with."""
    from themis.plugin.registry import PluginRegistry
    from themis.runtime.orchestrator import Orchestrator
    from themis.specs import ProjectSpec

    with open_run_store(store) as opened:
        row = opened.run(run_id)
        manifest = opened.manifest(row)
    refuse_functions(row.run_id, manifest)
    place = store_place(store)
    project = ProjectSpec.model_validate({**manifest["project"], "storage": place.project.storage})
    registry = PluginRegistry(config=plugin_config(place.file))
    with Orchestrator.from_project_spec(
        _with_store(project, None, place.folder), registry=registry, base_dir=place.folder
    ) as orchestrator:
        yield orchestrator


def refuse_functions(run_id: str, manifest: Mapping[str, Any]) -> None:
    """Refuse a run of components that only a Python program has.

    Raises:
        SpecValidationError: naming them, and what to do.
    """
    from themis.errors import SpecValidationError

    local = [f"{c['kind']} {c['name']}" for c in manifest["components"] if c["provider"] == LOCAL]
    if local:
        msg = (
            f"run {run_id[:12]} uses parts of a Python program ({', '.join(local)}), which cannot "
            "be had from here; run its experiment again there, with this store: what is recorded "
            "is not done again"
        )
        raise SpecValidationError(msg)


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
