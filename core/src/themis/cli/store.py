"""`themis store`: check a store, derive its tables anew, weigh it, shrink it, copy it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from themis.cli.output import json_option, print_json
from themis.cli.run_store import named_place, open_place, store_option, store_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from themis.storage import RunStore, SqlRunStore
    from themis.storage.integrity import Verification
    from themis.storage.maintenance import StoreStats

__all__ = ["store"]

_KILO = 1024

T = TypeVar("T")


@click.group()
def store() -> None:
    """Look after the store that runs are recorded in."""


@store.command()
@store_option
@json_option
def verify(store: Path | None, as_json: bool) -> None:
    """Check every event, item and blob against its hash, and the tables against the events.

    Changes nothing. Exit code 1 when something is wrong.
    """
    import attrs

    from themis.storage.integrity import verify as verify_folder
    from themis.storage.integrity import verify_store

    found = _of_store(store, verify_folder, verify_store, read_only=True)
    if as_json:
        print_json({**attrs.asdict(found), "ok": found.ok})
    else:
        _show_verification(found)
    sys.exit(0 if found.ok else 1)


@store.command()
@store_option
@json_option
def rebuild(store: Path | None, as_json: bool) -> None:
    """Derive every table anew from the recorded events, in one transaction."""
    from themis.storage.maintenance import rebuild as rebuild_folder
    from themis.storage.maintenance import rebuild_store

    count = _of_store(store, rebuild_folder, rebuild_store)
    if as_json:
        print_json({"events": count})
    else:
        click.echo(f"derived the tables anew from {count:,} events")


@store.command()
@store_option
@json_option
def stats(store: Path | None, as_json: bool) -> None:
    """Count and weigh what is in the store: by table, kind of event, and run."""
    import attrs

    from themis.storage.maintenance import stats as weigh
    from themis.storage.maintenance import store_stats

    found = _of_store(store, weigh, store_stats, read_only=True)
    if as_json:
        print_json(attrs.asdict(found))
    else:
        _show_stats(found)


@store.command()
@store_option
@json_option
def vacuum(store: Path | None, as_json: bool) -> None:
    """Remove blobs that nothing refers to, and give free space back to the disk."""
    from themis.storage.maintenance import vacuum as vacuum_folder
    from themis.storage.maintenance import vacuum_store

    freed = _of_store(store, vacuum_folder, vacuum_store)
    if as_json:
        print_json({"bytes_freed": freed})
    else:
        click.echo(f"freed {_size(freed)}")


@store.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option(
    "--blobs",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of the blobs of a store that is given by its database's URL.",
)
@json_option
def copy(source: str, target: str, blobs: Path | None, as_json: bool) -> None:
    """Copy every run of the store FROM to the store TO, and verify the copy.

    A store is a folder, a project's file, or the URL of a PostgreSQL database (or env:NAME) with
    --blobs. What TO has already stays; a copy may be repeated, or go on where it was interrupted.
    Exit code 1 when the copy is not like the original.
    """
    import attrs

    from themis.storage.copying import compare_runs, copy_runs

    places = named_place(source, blobs), named_place(target, blobs)
    with open_place(places[0], read_only=True) as original, open_place(places[1]) as copied:
        done = copy_runs(original, copied)
        wrong = [*compare_runs(original, copied), *_damage(copied)]
    if as_json:
        print_json({**attrs.asdict(done), "ok": not wrong, "differences": wrong})
    else:
        click.echo(
            f"copied {done.events:,} events of {done.runs:,} new runs and {done.items:,} items; "
            f"{done.present:,} events were there already"
        )
        for line in wrong:
            click.echo(line)
        click.echo("the copy is not like the original" if wrong else "the copy is verified")
    sys.exit(1 if wrong else 0)


def _damage(store: RunStore) -> list[str]:
    from themis.storage import SqlRunStore
    from themis.storage.integrity import verify_store

    if not isinstance(store, SqlRunStore):
        return []  # what it holds was compared; how it holds it is its plugin's own affair
    return [f"{one.what}: {one.message}" for one in verify_store(store).findings]


def _of_store(
    store: Path | None,
    of_folder: Callable[[Path], T],
    of_open: Callable[[SqlRunStore], T],
    *,
    read_only: bool = False,
) -> T:
    """What is to be done to a SQLite store, by its folder, or to another one that is open."""
    from themis.specs import SqliteBlobStorageSpec
    from themis.storage import SqlRunStore

    place = store_place(store)
    storage = place.project.storage
    if isinstance(storage, SqliteBlobStorageSpec):
        return of_folder(place.folder / Path(storage.root_dir).expanduser())
    with open_place(place, read_only=read_only) as opened:
        if not isinstance(opened, SqlRunStore):
            msg = (
                f"`themis store` looks after stores in databases; {place.file} names "
                f"{storage.backend!r}"
            )
            raise click.UsageError(msg)
        return of_open(opened)


def _show_verification(found: Verification) -> None:
    click.echo(
        f"{found.events:,} events, {found.items:,} items, {found.blobs:,} blobs, "
        f"{found.projected_rows:,} projected rows"
    )
    for finding in found.findings:
        click.echo(f"{finding.what}: {finding.message}")
    if found.dropped:
        click.echo(f"and {found.dropped:,} more")
    click.echo("everything is as it was written" if found.ok else "the store is damaged")


def _show_stats(found: StoreStats) -> None:
    log = f" and {_size(found.log_bytes)} of log" if found.log_bytes else ""
    click.echo(f"{found.path}: {_size(found.database_bytes)}{log}")
    for title, usages in (("events", found.events), ("runs", found.runs)):
        click.echo(f"\n{title}")
        for name, usage in usages.items():
            click.echo(f"  {name[:24]:24} {usage.count:>10,} {_size(usage.bytes):>10}")
    click.echo(f"\n{'items':26} {found.items.count:>10,} {_size(found.items.bytes):>10}")
    click.echo(f"{'blobs':26} {found.blobs.count:>10,} {_size(found.blobs.bytes):>10}")
    if found.tables:
        click.echo("\ntables and indexes")
        for name, size in found.tables.items():
            click.echo(f"  {name[:35]:35} {_size(size):>10}")


def _size(count: int) -> str:
    """Bytes for people: `512 B`, `1.5 KB`, `20.3 MB`."""
    value = float(count)
    for unit in ("B", "KB", "MB"):
        if abs(value) < _KILO:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _KILO
    return f"{value:.1f} GB"
