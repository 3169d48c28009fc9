"""What has to hold of a store after any fault."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from themis.errors import StorageError
from themis.storage import SqlRunStore, schema
from themis.storage.integrity import verify, verify_database

__all__ = ["Outcomes", "broken", "is_found", "outcomes"]

Outcomes = dict[str, list[tuple[Any, ...]]]

_KEPT = {
    "runs": ("run_id", "status", "trial_count"),
    "arms": None,
    "metrics": None,
    "trials": None,
    "candidates": ("trial", "sample", "candidate_hash", "status", "error_code", "prompt_tokens"),
    "scores": ("metric", "arm", "trial", "sample", "value", "status"),
}
"""The columns that two runs of one plan share: neither numbers of events nor times."""


def broken(store: SqlRunStore, acknowledged: Iterable[int] = ()) -> list[str]:
    """Everything that is wrong.

    Projections differ from a fold of the events, a row or blob differs from its hash, something
    acknowledged is missing, or a candidate is there twice.
    """
    found = verify_database(store.reading, store.blobs, place=store.place)
    wrong = [f"{one.what}: {one.message}" for one in found.findings]
    with store.reader() as connection:
        numbers = set(connection.scalars(select(schema.events.c.seq)))
        twice = (
            select(schema.events.c.key)
            .where(schema.events.c.kind == "generated")
            .group_by(schema.events.c.key)
            .having(func.count() > 1)
        )
        wrong += [f"candidate {key.hex()} is there twice" for key in connection.scalars(twice)]
    wrong += [f"event {seq} was acknowledged and is lost" for seq in set(acknowledged) - numbers]
    return wrong


def outcomes(store: SqlRunStore) -> Outcomes:
    """The projections of a store with one run, as far as two runs of one plan agree in them."""
    found: Outcomes = {}
    with store.reader() as connection:
        for name, columns in _KEPT.items():
            table = schema.metadata.tables[name]
            chosen = columns or [one.name for one in table.columns if one.name != "run"]
            query = select(*(table.c[column] for column in chosen))
            found[name] = sorted(map(tuple, connection.execute(query)), key=repr)
    return found


def is_found(root: Path) -> bool:
    """Whether damage to a store's files is found: by a verification, or since it cannot be read."""
    try:
        return not verify(root).ok
    except StorageError:
        return True
