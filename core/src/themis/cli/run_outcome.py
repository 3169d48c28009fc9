"""How a command that ran something ends: the result, what to look at next, and the exit code."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from themis.cli.experiment_file import kept_in
from themis.cli.output import print_json
from themis.cli.project_file import PROJECT_FILE
from themis.cli.run_store import DEFAULT_STORE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from themis.cli.progress_view import ProgressMode
    from themis.experiment.running import ExperimentRun
    from themis.results import BenchmarkResult
    from themis.runtime.orchestrator import RunHandle

__all__ = ["finish", "run_and_finish"]

_FAILED = 1
_INTERRUPTED = 130
_SHORT_HASH = 12


def run_and_finish(
    execution: ExperimentRun,
    store: Path | None,
    *,
    progress: ProgressMode,
    log_json: bool,
    as_json: bool,
) -> None:
    """Run, and `finish`.

    `store` is what `--store` says; None: the experiment's own store, or the project's where it has
    none.
    """
    from themis.cli.progress_view import open_progress_view
    from themis.results import BenchmarkResult
    from themis.runtime.logging import configure_logging
    from themis.storage import InMemoryRunStore

    configure_logging(as_json=log_json)
    execution = kept_in(execution, store)
    with execution.place.open() as opened:
        place = attrs.evolve(execution.place, given=opened)
        with open_progress_view(progress) as view:
            ran = attrs.evolve(execution, place=place, progress=view.update).run()
        named = store if store is not None and store.is_file() else Path(opened.place)
        kept = not isinstance(opened, InMemoryRunStore)
        result = BenchmarkResult(opened, ran.run_id)
        finish(result, as_json=as_json, place=opened.place, store=named if kept else None)


def finish(
    result: BenchmarkResult | RunHandle,
    *,
    as_json: bool,
    place: str,
    store: Path | None,
    ended: str | None = None,
) -> None:
    """Print the result, and leave with the exit code that its status asks for.

    `place` is where the store is, `store` what `--store` has to be to find it; None: it is in
    memory, and gone afterwards. `ended` says why the run was ended early, which is no failure.
    """
    from themis.runtime.orchestrator import RunHandle

    if isinstance(result, RunHandle):
        if as_json:
            print_json(attrs.asdict(result))
            return
        click.echo(f"run {result.run_id[:12]} is {result.status} on backend {result.backend!r}")
        return
    _print(result, as_json=as_json, place=place, store=store)
    if result.status == "interrupted" and ended is not None:
        click.echo(f"ended early: {ended}", err=True)
        return
    if result.status == "interrupted":
        if store is not None:
            resume = _command(result, store, "resume")
            click.echo(f"interrupted; go on with: {resume}", err=True)
        sys.exit(_INTERRUPTED)
    if result.status in {"partial_failure", "failed"}:
        sys.exit(_FAILED)


def _print(result: BenchmarkResult, *, as_json: bool, place: str, store: Path | None) -> None:
    from themis.reporting.summary import headline, render_summary, summarise

    if as_json:
        print_json(summarise(result).to_dict())
        return
    click.echo(render_summary(headline(result), "text"))
    if store is None:
        click.echo("\nNothing is kept: the store is in memory.")
        return
    click.echo(f"\nEverything is recorded in {_shown(Path(place))}. Next:")
    for what, command in _next_commands(result, store):
        click.echo(f"  {what:<10}  {command}")


def _next_commands(result: BenchmarkResult, store: Path) -> Iterator[tuple[str, str]]:
    """What to do with which command."""
    if result.status == "pending":
        yield "the rest", _command(result, store, "resume")
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
