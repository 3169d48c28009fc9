"""`themis run` and `themis resume`: execute a benchmark, or go on with one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from themis.cli.examples import examples
from themis.cli.experiment_file import experiment_run, is_experiment, only_for, set_option
from themis.cli.output import json_option
from themis.cli.run_options import observer_option, progress_options
from themis.cli.run_outcome import finish, run_and_finish
from themis.cli.run_store import store_option
from themis.cli.session import chosen_lock, lock_options, open_benchmark, open_run, with_file

if TYPE_CHECKING:
    from themis.cli.progress_view import ProgressMode
    from themis.cli.session import BenchmarkSession
    from themis.experiment.parts import RunPart
    from themis.runtime.stages import RunStage
    from themis.runtime.stopping import StopWhenDecided
    from themis.specs import BenchmarkSpec

__all__ = ["resume", "run"]


@click.command(
    epilog=examples(
        "themis run benchmark.toml",
        "themis run experiment.yaml --set generation.candidate_policy.num_samples=4",
        "themis run experiment.yaml --until-stage generate",
    )
)
@with_file
@lock_options
@progress_options
@click.option(
    "--stage",
    type=click.Choice(["all", "generate", "transform", "evaluate"]),
    default="all",
    show_default=True,
    help="Of a benchmark, run only one stage: generations, parses, or scores.",
)
@click.option(
    "--until-stage",
    type=click.Choice(["generate", "reduce", "parse", "score", "judge"]),
    help="Of an experiment, run up to this stage; a later run goes on from there.",
)
@set_option
@observer_option
@click.option(
    "--stop-when-decided",
    metavar="METRIC",
    help="End the run as soon as one of its two models is shown to be ahead in METRIC.",
)
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
    until_stage: RunStage | None,
    overrides: tuple[str, ...],
    observers: tuple[str, ...],
    stop_when_decided: str | None,
    as_json: bool,
) -> None:
    """Run the benchmark or experiment in FILE (.toml, .yaml or .json): whatever of it is missing.

    What is recorded is never run again: after an interruption, or after a change to scoring, the
    same command does only what is left. Ctrl-C finishes the calls under way; twice stops at once.

    An experiment is kept where its file says, unless --store names another place.
    """
    if is_experiment(file):
        only_for(
            "benchmark",
            project=project,
            locked=locked,
            lock_file=lock_file,
            stage=stage != "all",
            stop_when_decided=stop_when_decided,
        )
        execution = experiment_run(
            file, overrides=overrides, part=lambda _: _through(until_stage or "judge")
        )
        execution = attrs.evolve(execution, observers=observers)
        run_and_finish(execution, store, progress=progress, log_json=log_json, as_json=as_json)
        return
    only_for("experiment", set=overrides, until_stage=until_stage)
    lock = chosen_lock(file, locked=locked, lock_file=lock_file)
    with open_benchmark(file, project, store, lock=lock) as session:
        _run_benchmark(
            session,
            stage,
            observers,
            stop_when_decided=stop_when_decided,
            progress=progress,
            log_json=log_json,
            as_json=as_json,
        )


def _through(stage: RunStage) -> RunPart:
    from themis.experiment.parts import RunPart

    return RunPart.through(stage)


def _run_benchmark(
    session: BenchmarkSession,
    stage: str,
    observers: tuple[str, ...],
    *,
    stop_when_decided: str | None,
    progress: ProgressMode,
    log_json: bool,
    as_json: bool,
) -> None:
    from themis.cli.progress_view import open_progress_view
    from themis.runtime.logging import configure_logging

    configure_logging(as_json=log_json, masks=session.context.masks)
    orchestrator = session.orchestrator
    action = {
        "all": orchestrator.run_benchmark,
        "generate": orchestrator.generate,
        "transform": orchestrator.transform,
        "evaluate": orchestrator.evaluate,
    }[stage]
    with open_progress_view(progress) as view:
        rule = _stop_rule(session.benchmark, stop_when_decided)
        context = attrs.evolve(session.context, observers=observers, stop_when=rule)
        try:
            result = action(session.benchmark, runtime=context, progress=view.update)
        except ValueError as error:
            if rule is None:
                raise
            raise click.UsageError(str(error)) from error
    place = orchestrator.db_manager.place
    finish(
        result,
        as_json=as_json,
        place=place,
        store=session.store_file or Path(place),
        ended=None if rule is None else rule.reason,
    )


def _stop_rule(benchmark: BenchmarkSpec, metric: str | None) -> StopWhenDecided | None:
    """What ends the run once the first model is told from the second.

    Raises:
        UsageError: the benchmark has not two models.
    """
    from themis.runtime.stopping import StopWhenDecided

    if metric is None:
        return None
    models = list(dict.fromkeys(model.model_id for model in benchmark.models))
    if len(models) != 2:
        msg = f"--stop-when-decided compares two models; the benchmark has {len(models)}"
        raise click.UsageError(msg)
    return StopWhenDecided(
        metric_id=metric, baseline_model_id=models[0], treatment_model_id=models[1]
    )


@click.command(epilog=examples("themis resume 80d6e040e280", "themis resume 80d6 --store mine"))
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

    Completed calls are not made again; failed ones are tried again. A run of functions of a Python
    program can only go on in that program.
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
