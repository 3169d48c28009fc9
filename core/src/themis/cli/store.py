"""`themis store`: check a store, derive its tables anew, weigh it, shrink it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from themis.cli.output import json_option, print_json
from themis.cli.run_store import store_option, store_place

if TYPE_CHECKING:
    from themis.storage.integrity import Verification
    from themis.storage.maintenance import StoreStats

__all__ = ["store"]

_KILO = 1024


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

    from themis.storage.integrity import verify as verify_store

    found = verify_store(_folder(store))
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
    from themis.storage.maintenance import rebuild as rebuild_store

    count = rebuild_store(_folder(store))
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

    found = weigh(_folder(store))
    if as_json:
        print_json(attrs.asdict(found))
    else:
        _show_stats(found)


@store.command()
@store_option
@json_option
def vacuum(store: Path | None, as_json: bool) -> None:
    """Remove blobs that nothing refers to, and give free space back to the disk."""
    from themis.storage.maintenance import vacuum as vacuum_store

    freed = vacuum_store(_folder(store))
    if as_json:
        print_json({"bytes_freed": freed})
    else:
        click.echo(f"freed {_size(freed)}")


def _folder(store: Path | None) -> Path:
    """The folder of a SQLite store, which is the only kind that these commands look after."""
    from themis.specs import SqliteBlobStorageSpec

    place = store_place(store)
    storage = place.project.storage
    if not isinstance(storage, SqliteBlobStorageSpec):
        msg = f"`themis store` looks after SQLite stores; {place.file} names {storage.backend!r}"
        raise click.UsageError(msg)
    return place.folder / Path(storage.root_dir).expanduser()


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
