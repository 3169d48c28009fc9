"""`themis quickcheck`: a first look at a run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from themis.cli.output import json_option, print_json, printable
from themis.cli.run_store import open_run_store, store_option

__all__ = ["quickcheck"]


@click.command()
@click.argument("run_id", metavar="RUN", required=False)
@store_option
@json_option
def quickcheck(run_id: str | None, store: Path | None, as_json: bool) -> None:
    """Look at RUN (the latest, if none is named) before its figures are believed.

    Shows counts, means with intervals, and what is suspicious: equal scores, empty or equal
    outputs, parses that found nothing, failures. Nothing is run; scores are looked at in full,
    outputs in some hundred trials spread over the run.

    Exit code 1 if there is a problem; notes leave it at 0.
    """
    from themis.results import quickcheck as look

    with open_run_store(store) as opened:
        found = look(opened, run_id)
    if as_json:
        print_json(found.to_dict())
    else:
        click.echo(printable(str(found)))
    sys.exit(0 if found.ok else 1)
