"""`themis export` and `themis import`: one stage of a run, from store to store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from themis.cli.output import json_option, print_json
from themis.cli.run_store import open_place, open_run_store, store_option, store_place

if TYPE_CHECKING:
    from themis.bundles import Bundle

__all__ = ["export_bundle", "import_bundle"]

_EXPORTS = {
    "generation": "Write the candidates of RUN, failed ones among them, to a file.",
    "reduction": "Write the reduced candidates of RUN to a file.",
    "parse": "Write what was read out of RUN's candidates to a file.",
    "score": "Write the scores of RUN that ask no judge to a file.",
    "evaluation": "Write the scores of RUN that ask judges, with every judge call, to a file.",
}
_IMPORTS = {
    "generation": "Take the candidates in FILE into the store, which need not know the run.",
    "reduction": "Take the reduced candidates in FILE into a store that has the candidates.",
    "parse": "Take the parses in FILE into a store that has the candidates.",
    "score": "Take the scores in FILE into a store that has the candidates.",
    "evaluation": "Take the judged scores in FILE into a store that has the candidates.",
}


@click.group()
def export_bundle() -> None:
    """Write one stage of a run to a bundle: a file that another store takes in.

    A bundle holds the run's plan, its items and the outcomes of the stage, each with its key and
    hash. Nothing is run, and the store is not changed.
    """


@click.group()
def import_bundle() -> None:
    """Take a bundle into the store, as if its run had been made here.

    Every key and hash is checked first. Importing again changes nothing. Import the stages in their
    order: generation, reduction, parse, score, evaluation. Then `themis resume RUN` does what is
    left, and `themis report RUN` and `themis compare` know the run.
    """


def _add_export(stage: str, text: str) -> None:
    @export_bundle.command(stage, help=text)
    @click.argument("run_id", metavar="RUN")
    @click.option(
        "--output",
        "-o",
        type=click.Path(dir_okay=False, path_type=Path),
        required=True,
        help="The bundle's file (JSON Lines); its folders are made.",
    )
    @store_option
    @json_option
    def export(run_id: str, output: Path, store: Path | None, as_json: bool) -> None:
        from themis import bundles

        with open_run_store(store) as opened:
            bundle: Bundle = getattr(bundles, f"export_{stage}_bundle")(opened, run_id)
        try:
            bundle.write(output)
        except OSError as error:
            click.echo(f"error: {output} cannot be written: {error.strerror or error}", err=True)
            sys.exit(2)
        _show_export(bundle, output, as_json=as_json)


def _show_export(bundle: Bundle, output: Path, *, as_json: bool) -> None:
    counts = bundle.counts()
    if as_json:
        found = {"run_id": bundle.run_id, "stage": bundle.stage, "file": str(output)}
        print_json({**found, "content_hash": bundle.content_hash, "counts": counts})
        return
    failed = f", {counts['failures']} of them failures" if counts["failures"] else ""
    click.echo(f"{bundle.stage} of run {bundle.run_id[:12]}: {counts['records']} records{failed}")
    click.echo(f"wrote {output}", err=True)


def _add_import(stage: str, text: str) -> None:
    more = "Exit code 1 if records were left out: they are made of other outputs than are here."
    described = text if stage == "generation" else f"{text}\n\n{more}"

    @import_bundle.command(stage, help=described)
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @store_option
    @json_option
    def take(file: Path, store: Path | None, as_json: bool) -> None:
        from themis import bundles

        kind: Any = getattr(bundles, f"{stage.capitalize()}Bundle")
        bundle = kind.read(file)
        with open_place(store_place(store)) as opened:
            summary = getattr(bundles, f"import_{stage}_bundle")(opened, bundle)
        _show_import(bundle, attrs.asdict(summary), as_json=as_json)


def _show_import(bundle: Bundle, done: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        print_json({"run_id": bundle.run_id, "stage": bundle.stage, **done})
    else:
        failures = done["imported_failures"]
        failed = f" ({failures} of them failures)" if failures else ""
        click.echo(
            f"{bundle.stage} of run {bundle.run_id[:12]}: {done['imported']} imported{failed}, "
            f"{done['already_present']} already there, {done['outdated']} left out"
        )
    if done["outdated"]:
        click.echo("what was left out is made of other outputs than the store has", err=True)
        sys.exit(1)


for _stage, _text in _EXPORTS.items():
    _add_export(_stage, _text)
    _add_import(_stage, _IMPORTS[_stage])
