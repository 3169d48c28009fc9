"""`themis history`: the runs that later ones are judged by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from themis.cli.output import json_option, print_json
from themis.cli.run_store import open_place, open_run_store, store_option, store_place

if TYPE_CHECKING:
    from themis.results.history import HistoryPoint

__all__ = ["history"]


@click.group()
def history() -> None:
    """See and say which runs of a benchmark count as its history."""


@history.command("list")
@click.argument("benchmark")
@store_option
@json_option
def list_(benchmark: str, store: Path | None, as_json: bool) -> None:
    """List the runs of BENCHMARK that ended, oldest first, and whether they count."""
    from themis.results.history import run_history
    from themis.results.tables import text_table

    with open_run_store(store) as opened:
        points = run_history(opened, benchmark)
    if as_json:
        print_json([point.to_dict() for point in points])
    elif points:
        click.echo(text_table([_row(point) for point in points]))
    else:
        click.echo(f"the store has no run of {benchmark!r} that ended", err=True)


@history.command()
@click.argument("run", metavar="RUN")
@store_option
@click.option("--reason", default="accepted by hand", show_default=True, help="Why it counts.")
def accept(run: str, store: Path | None, reason: str) -> None:
    """Let RUN, which a gate rejected, count as history from now on."""
    from themis.results.history import judge_run

    with open_place(store_place(store)) as opened:
        full = opened.run(run).run_id
        judge_run(opened, full, accepted=True, reason=reason)
    click.echo(f"run {full[:12]} counts as history")


def _row(point: HistoryPoint) -> dict[str, Any]:
    return {
        "run": point.run_id[:12],
        "label": point.label,
        "planned": point.created_at.strftime("%Y-%m-%d %H:%M"),
        "status": point.status,
        "counts": point.accepted,
        "reason": point.reason,
    }
