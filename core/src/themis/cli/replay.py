"""`themis replay`: a stage and what follows again, from what is stored of the stages before it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from themis.cli.examples import examples
from themis.cli.experiment_file import experiment_run, is_experiment, only_for, set_option
from themis.cli.output import json_option
from themis.cli.run_options import progress_options
from themis.cli.run_outcome import finish, run_and_finish
from themis.cli.run_store import store_option
from themis.cli.session import open_benchmark, open_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from themis.cli.progress_view import ProgressMode
    from themis.results import BenchmarkResult
    from themis.runtime.orchestrator import Orchestrator
    from themis.runtime.stages import RunStage

__all__ = ["replay"]


@click.command(
    epilog=examples(
        "themis replay RUN --stage score",
        "themis replay experiment.yaml --stage judge --metric rubric_score",
        "themis replay RUN --stage judge --only-failed",
    )
)
@click.argument("target", metavar="RUN|FILE")
@click.option(
    "--stage",
    type=click.Choice(["reduce", "parse", "score", "judge"]),
    required=True,
    help="The first stage that is done again; those after it follow.",
)
@click.option(
    "--metric",
    "metrics",
    metavar="NAME",
    multiple=True,
    help="Score only this metric again; may be repeated.",
)
@click.option(
    "--only-failed",
    is_flag=True,
    help="Keep what there is, and do only what failed or is missing: with --stage judge, ask the "
    "judges that did not answer.",
)
@set_option
@store_option
@progress_options
@json_option
def replay(
    target: str,
    stage: RunStage,
    metrics: tuple[str, ...],
    only_failed: bool,
    overrides: tuple[str, ...],
    store: Path | None,
    progress: ProgressMode,
    log_json: bool,
    as_json: bool,
) -> None:
    """Do a stage and what follows again, for RUN or the run of FILE; nothing is generated.

    RUN is an id or its first characters, FILE a benchmark or experiment whose run is in the store.
    What was recorded before stays in the store's events, and no longer counts.
    """
    file = Path(target)
    if file.is_file() and is_experiment(file):
        execution = experiment_run(
            file,
            overrides=overrides,
            part=lambda experiment: experiment.part(stage, metrics or None, again=not only_failed),
        )
        run_and_finish(execution, store, progress=progress, log_json=log_json, as_json=as_json)
        return
    only_for("experiment", set=overrides)
    again = None if only_failed else stage
    with _opened(file, target, store) as (orchestrator, run_id):
        result = _replayed(
            orchestrator,
            run_id,
            stage,
            again=again,
            metrics=metrics,
            progress=progress,
            log_json=log_json,
        )
        place = orchestrator.db_manager.place
        named = store if store is not None and store.is_file() else Path(place)
        finish(result, as_json=as_json, place=place, store=named)


@contextmanager
def _opened(file: Path, target: str, store: Path | None) -> Iterator[tuple[Orchestrator, str]]:
    """The orchestrator of the run, and the run's id."""
    if file.is_file():
        with open_benchmark(file, None, store) as session:
            yield session.orchestrator, session.orchestrator.run_id(session.benchmark)
    else:
        with open_run(store, target) as orchestrator:
            yield orchestrator, target


def _replayed(
    orchestrator: Orchestrator,
    run_id: str,
    stage: RunStage,
    *,
    again: RunStage | None,
    metrics: tuple[str, ...],
    progress: ProgressMode,
    log_json: bool,
) -> BenchmarkResult:
    from themis.cli.progress_view import open_progress_view
    from themis.experiment.parts import check_metrics
    from themis.runtime.logging import configure_logging
    from themis.runtime.stages import Stages

    configure_logging(as_json=log_json)
    known = orchestrator.result(run_id).metric_ids
    chosen = check_metrics(metrics, known) if metrics else None
    stages = Stages.between(stage, "judge", metric_ids=chosen)
    with open_progress_view(progress) as view:
        return orchestrator.run_part(run_id, stages=stages, again=again, progress=view.update)
