"""`themis run` and `themis resume`: execute a benchmark, or go on with one."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from themis.cli.output import json_option, print_json
from themis.cli.project_file import PROJECT_FILE
from themis.cli.run_store import DEFAULT_STORE, store_option
from themis.cli.session import chosen_lock, lock_options, open_benchmark, open_run, with_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from themis.cli.progress_view import ProgressMode
    from themis.results import BenchmarkResult
    from themis.runtime.orchestrator import RunHandle

__all__ = ["resume", "run"]

_FAILED = 1
_INTERRUPTED = 130
_SHORT_HASH = 12


def progress_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--progress` and `--log-json`."""
    command = click.option("--log-json", is_flag=True, help="Write the log to stderr as JSON.")(
        command
    )
    return click.option(
        "--progress",
        type=click.Choice(["auto", "rich", "log", "json", "none"]),
        default="auto",
        show_default=True,
        help="How progress is shown on stderr; auto: rich on a terminal, else log lines.",
    )(command)


def observer_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--observer REF`, any number of times."""
    return click.option(
        "--observer",
        "observers",
        metavar="REF",
        multiple=True,
        help="An installed observer that watches the run, besides the project's; may be repeated.",
    )(command)


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
        _finish(result, as_json=as_json, place=place, store=session.store_file or Path(place))


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
        _finish(result, as_json=as_json, place=place, store=named)


def _finish(result: BenchmarkResult | RunHandle, *, as_json: bool, place: str, store: Path) -> None:
    """Print the result, and leave with the exit code that its status asks for.

    `place` is where the store is, `store` what `--store` has to be to find it.
    """
    from themis.runtime.orchestrator import RunHandle

    if isinstance(result, RunHandle):
        if as_json:
            print_json(attrs.asdict(result))
            return
        click.echo(f"run {result.run_id[:12]} is {result.status} on backend {result.backend!r}")
        return
    _print(result, as_json=as_json, place=place, store=store)
    if result.status == "interrupted":
        resume = _command(result, store, "resume")
        click.echo(f"interrupted; go on with: {resume}", err=True)
        sys.exit(_INTERRUPTED)
    if result.status in {"partial_failure", "failed"}:
        sys.exit(_FAILED)


def _print(result: BenchmarkResult, *, as_json: bool, place: str, store: Path) -> None:
    from themis.reporting.summary import headline, render_summary, summarise

    if as_json:
        print_json(summarise(result).to_dict())
        return
    click.echo(render_summary(headline(result), "text"))
    click.echo(f"\nEverything is recorded in {_shown(Path(place))}. Next:")
    for what, command in _next_commands(result, store):
        click.echo(f"  {what:<10}  {command}")


def _next_commands(result: BenchmarkResult, store: Path) -> Iterator[tuple[str, str]]:
    """What to look at with which command."""
    report = _command(result, store, "report")
    yield "all tables", report
    yield "as a page", f"{report} --format html --output report.html"
    trial = _example_trial(result)
    if trial is not None:
        yield "one trial", _command(result, store, "inspect trial", trial[:_SHORT_HASH])


def _example_trial(result: BenchmarkResult) -> str | None:
    """A trial worth looking at: the first that failed, else the first."""
    failed = next(result.iter_failures(), None)
    row = failed or next(result.iter_trial_summaries(), None)
    return None if row is None else str(row["trial_hash"])


def _command(result: BenchmarkResult, store: Path, name: str, *arguments: str) -> str:
    """A command about a run, as it has to be typed here."""
    words = [*_program(), *name.split(), result.run_id[:12], *arguments]
    if store.absolute() not in {Path(DEFAULT_STORE).absolute(), Path(PROJECT_FILE).absolute()}:
        words += ["--store", _shown(store)]
    return shlex.join(words)


def _program() -> list[str]:
    """How this program is called here; it need not be on the path."""
    if shutil.which("themis"):
        return ["themis"]
    return [sys.argv[0]] if Path(sys.argv[0]).name == "themis" else ["python", "-m", "themis"]


def _shown(store: Path) -> str:
    """The store's place, relative to the working folder where it is below it."""
    place, here = store.absolute(), Path.cwd()
    return str(place.relative_to(here)) if place.is_relative_to(here) else str(store)
