"""What a stored run is, and where it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from themis.planning.manifest import RunManifest
from themis.planning.snapshot import RunSnapshot

if TYPE_CHECKING:
    from themis.storage import RunStore

__all__ = ["get_run_snapshot"]


def get_run_snapshot(store: RunStore, run_id: str) -> RunSnapshot:
    """The identity and provenance that a run was planned with.

    Args:
        store: A store that has the run.
        run_id: The run's id, or its beginning.

    Raises:
        StorageError: the store has no such run, or several begin so.
    """
    return RunSnapshot.of(RunManifest.from_dict(store.manifest(store.run(run_id))))
