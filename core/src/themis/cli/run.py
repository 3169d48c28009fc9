"""`themis run` and `themis resume`: execute a benchmark, or go on with one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from themis.cli.output import json_option
from themis.cli.run_options import observer_option, progress_options
from themis.cli.run_outcome import finish
from themis.cli.run_store import store_option
from themis.cli.session import chosen_lock, lock_options, open_benchmark, open_run, with_file

if TYPE_CHECKING:
    from themis.cli.progress_view import ProgressMode

__all__ = ["resume", "run"]


@click.command()
@with_file
@lock_options
@progress_options
@click.option(
    "--stage",
    type=click.Choice(["all", "generate", "transform", "evaluate"]),
    default="all",
    show_default=True,
    help="Run only one stage: generations, parses, or scores.",
)
@observer_option
@json_option
def run(
    file: Path,
    project: Path | None,
    store: Path | None,
    locked: bool,
    lock_file: Path | None,
    progress: ProgressMode,
    log_json: bool,
    stage: str,
    observers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Run the benchmark in FILE (.toml, .yaml or .json): whatever of it is missing.

    What is recorded is never run again: after an interruption, or after a change to scoring, the
    same command does only what is left. Ctrl-C finishes the calls under way; twice stops at once.
    """
    from themis.cli.progress_view import open_progress_view
    from themis.runtime.logging import configure_logging

    configure_logging(as_json=log_json)
    lock = chosen_lock(file, locked=locked, lock_file=lock_file)
    with open_benchmark(file, project, store, lock=lock) as session:
        orchestrator = session.orchestrator
        action = {
            "all": orchestrator.run_benchmark,
            "generate": orchestrator.generate,
            "transform": orchestrator.transform,
            "evaluate": orchestrator.evaluate,
        }[stage]
        with open_progress_view(progress) as view:
            context = attrs.evolve(session.context, observers=observers)
            result = action(session.benchmark, runtime=context, progress=view.update)
        place = orchestrator.db_manager.place
        finish(result, as_json=as_json, place=place, store=session.store_file or Path(place))


@click.command()
@click.argument("run_id", metavar="RUN")
@store_option
@progress_options
@observer_option
@json_option
def resume(
    run_id: str,
    store: Path | None,
    progress: ProgressMode,
    log_json: bool,
    observers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Go on with RUN (an id, or its first characters) from what the store holds.

    Completed calls are not made again; failed ones are tried again.
    """
    from themis.cli.progress_view import open_progress_view
    from themis.runtime.context import RuntimeContext
    from themis.runtime.logging import configure_logging

    configure_logging(as_json=log_json)
    context = RuntimeContext(observers=observers)
    with open_run(store, run_id) as orchestrator:
        with open_progress_view(progress) as view:
            result = orchestrator.resume(run_id, runtime=context, progress=view.update)
        place = orchestrator.db_manager.place
        named = store if store is not None and store.is_file() else Path(place)
        finish(result, as_json=as_json, place=place, store=named)
