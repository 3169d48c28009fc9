"""`themis submit`, `worker run` and `batch run`: runs that wait in a folder."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from themis.cli.examples import examples
from themis.cli.experiment_file import experiment_run, is_experiment, kept_in, only_for, set_option
from themis.cli.output import json_option, print_json
from themis.cli.project_file import plugin_config
from themis.cli.run_options import progress_options
from themis.cli.session import open_benchmark, with_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from themis.cli.progress_view import ProgressMode
    from themis.cli.session import BenchmarkSession
    from themis.experiment.queue import QueueFolder, RunOutcome, RunRequest, TakenRun
    from themis.runtime.stages import RunStage

__all__ = ["batch", "submit", "worker"]

_FAILED = 1
_INTERRUPTED = 130
_POLL_SECONDS = 1.0


def _folder_option(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--folder",
        type=click.Path(file_okay=False, path_type=Path),
        help=f"The folder of manifests. [default: {default}]",
    )


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
@_folder_option("runtime.queue_root of an experiment, or batch_root; else that of workers")
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
            request, root = _benchmark_request(session), _default_root(mode)
    root = folder or root
    path = QueueFolder(root).submit(request.model_copy(update={"until_stage": until_stage}))
    if as_json:
        print_json({"run_id": request.run_id, "manifest": str(path), "mode": mode})
        return
    command = ["themis", "worker" if mode == "queue" else "batch", "run"]
    if root.absolute() != _default_root(mode).absolute():
        command += ["--folder", str(root)]
    click.echo(f"run {request.run_id[:12]} of {request.benchmark_id} is planned, and waits")
    click.echo(f"  manifest  {path}")
    click.echo(f"  execute   {shlex.join(command)}")


@click.group()
def worker() -> None:
    """Execute runs that were submitted."""


@worker.command(
    "run",
    epilog=examples("themis worker run", "themis worker run --watch", "themis worker run --retake"),
)
@_folder_option(".themis/queue here")
@click.option(
    "--watch",
    is_flag=True,
    help="Go on waiting for runs until interrupted; with --json, one line for each that ended.",
)
@click.option(
    "--retake",
    is_flag=True,
    help="First let the runs wait again that a worker took and never ended: it is gone.",
)
@progress_options
@json_option
def worker_run(
    folder: Path | None,
    watch: bool,
    retake: bool,
    progress: ProgressMode,
    log_json: bool,
    as_json: bool,
) -> None:
    """Execute the runs that wait in the queue, the oldest first, one by one, here.

    Several workers may share a folder: each run is taken by one. Their stores decide how many may
    write at once: a SQLite store has one writer. Exit code 1 when a run failed, in part or wholly.
    """
    from themis.experiment.queue import QueueFolder

    queue = QueueFolder(folder or _default_root("queue"))
    if retake:
        queue.retake()
    _work(
        _waiting(queue, watch=watch),
        progress=progress,
        log_json=log_json,
        as_json=as_json,
        one_by_one=watch,
    )


@click.group()
def batch() -> None:
    """Execute manifests of batch runs."""


@batch.command(
    "run",
    epilog=examples("themis batch run", "themis batch run .themis/batch/20260101T120000-1f0c.json"),
)
@click.argument(
    "manifests",
    metavar="[MANIFEST]...",
    nargs=-1,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@_folder_option(".themis/batch here")
@progress_options
@json_option
def batch_run(
    manifests: tuple[Path, ...],
    folder: Path | None,
    progress: ProgressMode,
    log_json: bool,
    as_json: bool,
) -> None:
    """Execute each MANIFEST, or all that wait in the batch folder, one by one, here.

    A batch job calls this with its manifest. Models are asked as in any run: what is executed is
    what `themis run` would do, not a provider's batch service.
    """
    from themis.experiment.queue import QueueFolder, take

    found = (each for each in map(take, manifests) if each is not None)
    waiting = found if manifests else QueueFolder(folder or _default_root("batch")).take_all()
    _work(waiting, progress=progress, log_json=log_json, as_json=as_json)


def _default_root(mode: str) -> Path:
    from themis.experiment.runtime_config import RuntimeConfig

    runtime = RuntimeConfig()
    return Path(runtime.queue_root if mode == "queue" else runtime.batch_root)


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
    with place.open() as opened:
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


def _waiting(queue: QueueFolder, *, watch: bool) -> Iterable[TakenRun]:
    yield from queue.take_all()
    for path in queue.left_behind():
        click.echo(f"{path.name} was taken by a worker and has not ended; see --retake", err=True)
    while watch:
        try:
            pause()
        except KeyboardInterrupt:  # between two runs: it is how watching ends
            return
        yield from queue.take_all()


def pause() -> None:
    """Wait a moment before the folder is looked at again."""
    time.sleep(_POLL_SECONDS)


def _work(
    waiting: Iterable[TakenRun],
    *,
    progress: ProgressMode,
    log_json: bool,
    as_json: bool,
    one_by_one: bool = False,
) -> None:
    """Execute what is taken, say how each ended, and leave with the exit code of all.

    As JSON it is one list, or `one_by_one` a line for each when it ended.
    """
    from themis.runtime.logging import configure_logging

    configure_logging(as_json=log_json)
    outcomes: list[RunOutcome] = []
    for taken in waiting:
        outcome = _executed(taken, progress)
        if outcome.status == "interrupted":
            taken.give_back()
            click.echo(f"interrupted; run {outcome.run_id[:12]} waits again", err=True)
            sys.exit(_INTERRUPTED)
        kept = taken.put_away(outcome)
        outcomes.append(outcome)
        if as_json and one_by_one:
            print_json(attrs.asdict(outcome), one_line=True)
        elif not as_json:
            _say(outcome, kept)
    if as_json and not one_by_one:
        print_json([attrs.asdict(outcome) for outcome in outcomes])
    elif not outcomes:
        click.echo("nothing waits", err=True)
    sys.exit(0 if all(outcome.ok for outcome in outcomes) else _FAILED)


def _say(outcome: RunOutcome, kept: Path) -> None:
    run = f"run {outcome.run_id[:12]} of " if outcome.run_id else ""
    click.echo(f"{run}{outcome.benchmark_id}: {outcome.status}. {outcome.note}")
    click.echo(f"  kept in {kept}", err=True)


def _executed(taken: TakenRun, progress: ProgressMode) -> RunOutcome:
    """How a run ended; one that is stopped short waits again."""
    from themis.cli.progress_view import open_progress_view
    from themis.plugin.registry import PluginRegistry

    registry = PluginRegistry(config=plugin_config(None))
    try:
        with open_progress_view(progress) as view:
            return taken.execute(registry=registry, progress=view.update)
    except BaseException:
        taken.give_back()
        raise
