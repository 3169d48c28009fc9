"""`themis worker run` and `themis batch run`: execute the runs that wait in a folder."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from themis.cli.examples import examples
from themis.cli.output import json_option, print_json
from themis.cli.project_file import plugin_config
from themis.cli.run_options import progress_options
from themis.cli.submit import default_root, folder_option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from themis.cli.progress_view import ProgressMode
    from themis.experiment.queue import QueueFolder, RunOutcome, TakenRun

__all__ = ["batch", "pause", "worker"]

_FAILED = 1
_INTERRUPTED = 130
_POLL_SECONDS = 1.0


@click.group()
def worker() -> None:
    """Execute runs that were submitted."""


@worker.command(
    "run",
    epilog=examples("themis worker run", "themis worker run --watch", "themis worker run --retake"),
)
@folder_option(".themis/queue here")
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

    queue = QueueFolder(folder or default_root("queue"))
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
@folder_option(".themis/batch here")
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
    waiting = found if manifests else QueueFolder(folder or default_root("batch")).take_all()
    _work(waiting, progress=progress, log_json=log_json, as_json=as_json)


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
