"""`themis submit`: a run is planned, and waits in a folder; and where those folders are."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from themis.cli.examples import examples
from themis.cli.experiment_file import experiment_run, is_experiment, kept_in, only_for, set_option
from themis.cli.output import json_option, print_json
from themis.cli.session import open_benchmark, with_file

if TYPE_CHECKING:
    from themis.cli.session import BenchmarkSession
    from themis.experiment.queue import RunRequest
    from themis.runtime.stages import RunStage

__all__ = ["default_root", "folder_option", "submit"]


def folder_option(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--folder DIRECTORY`."""
    return click.option(
        "--folder",
        type=click.Path(file_okay=False, path_type=Path),
        help=f"The folder of manifests. [default: {default}]",
    )


def default_root(mode: str) -> Path:
    """Where the manifests of a mode, queue or batch, wait by default: below this folder."""
    from themis.experiment.runtime_config import RuntimeConfig

    runtime = RuntimeConfig()
    return Path(runtime.queue_root if mode == "queue" else runtime.batch_root)


@click.command(
    epilog=examples(
        "themis submit experiment.yaml",
        "themis worker run",
        "themis submit benchmark.toml --mode batch",
        "themis batch run",
    )
)
@with_file
@set_option
@click.option(
    "--until-stage",
    type=click.Choice(["generate", "reduce", "parse", "score", "judge"]),
    default="judge",
    show_default=True,
    help="The last stage that is to be run.",
)
@click.option(
    "--mode",
    type=click.Choice(["queue", "batch"]),
    default="queue",
    show_default=True,
    help="Who is to execute it: a worker that takes what waits, or a batch job.",
)
@folder_option("runtime.queue_root of an experiment, or batch_root; else that of workers")
@json_option
def submit(
    file: Path,
    project: Path | None,
    store: Path | None,
    overrides: tuple[str, ...],
    until_stage: RunStage,
    mode: str,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Plan the benchmark or experiment in FILE, and let its run wait for `themis worker run`.

    The plan and its items go to the store, a manifest that names them to a folder. Nothing is
    executed, and no model is asked. The folder and the store have to be reachable for the worker.
    """
    from themis.experiment.queue import QueueFolder

    if is_experiment(file):
        only_for("benchmark", project=project)
        request, root = _experiment_request(file, store, overrides, mode)
    else:
        only_for("experiment", set=overrides)
        with open_benchmark(file, project, store) as session:
            request, root = _benchmark_request(session), default_root(mode)
    root = folder or root
    path = QueueFolder(root).submit(request.model_copy(update={"until_stage": until_stage}))
    if as_json:
        print_json({"run_id": request.run_id, "manifest": str(path), "mode": mode})
        return
    command = ["themis", "worker" if mode == "queue" else "batch", "run"]
    if root.absolute() != default_root(mode).absolute():
        command += ["--folder", str(root)]
    click.echo(f"run {request.run_id[:12]} of {request.benchmark_id} is planned, and waits")
    click.echo(f"  manifest  {path}")
    click.echo(f"  execute   {shlex.join(command)}")


def _experiment_request(
    file: Path, store: Path | None, overrides: tuple[str, ...], mode: str
) -> tuple[RunRequest, Path]:
    """The manifest of an experiment's run, which is planned; and the folder that its file names."""
    from themis.experiment.queue import RunRequest

    execution = kept_in(experiment_run(file, overrides=overrides), store)
    place, runtime = execution.place, execution.runtime
    if place.passing or place.storage is None:
        msg = "the experiment is kept in memory, which no worker can read; name a store"
        raise click.UsageError(msg)
    with place.open() as opened, execution.in_its_words():
        manifest = execution.orchestrator(opened).plan(execution.compiled.spec)
    request = RunRequest(
        run_id=manifest.run_id,
        benchmark_id=manifest.benchmark_id,
        storage=place.storage,
        base_dir=str(place.base_dir.absolute()),
        runtime=runtime,
    )
    root = Path(runtime.queue_root if mode == "queue" else runtime.batch_root).expanduser()
    return request, execution.base_dir / root


def _benchmark_request(session: BenchmarkSession) -> RunRequest:
    """The manifest of a benchmark's run, which is planned."""
    from themis.experiment.queue import RunRequest
    from themis.experiment.stores import as_storage
    from themis.storage import SqliteRunStore

    manifest = session.orchestrator.plan(session.benchmark)
    opened = session.orchestrator.db_manager
    project = session.loaded.project
    storage = as_storage(opened.root if isinstance(opened, SqliteRunStore) else project.storage)
    assert storage is not None  # something was given
    return RunRequest(
        run_id=manifest.run_id,
        benchmark_id=manifest.benchmark_id,
        storage=storage,
        base_dir=str(session.loaded.project_dir.absolute()),
        options=dict(session.loaded.runtime),
    )
