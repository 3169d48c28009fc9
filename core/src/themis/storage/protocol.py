"""What the runtime and the results need of a store, whatever database is behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

import attrs

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractContextManager
    from types import TracebackType

    from sqlalchemy.engine import Connection

    from themis.storage.events import Event, StoredEvent
    from themis.storage.items import Item
    from themis.storage.leases import Lease

__all__ = ["CandidateRow", "LeasingStore", "RunRow", "RunStore", "TrialRow"]


@attrs.frozen(slots=True)
class RunRow:
    """A run as `runs` has it. `id` is the `run` of its events; times are Unix milliseconds."""

    id: int
    run_id: str
    benchmark_id: str
    status: str
    reason: str | None
    num_samples: int
    trial_count: int
    created_at: int
    updated_at: int
    manifest_seq: int
    through_stage: str | None = None


@attrs.frozen(slots=True)
class TrialRow:
    """A planned trial; hashes are hex, and the item's id is as it was planned."""

    trial: int
    arm: int
    item_id: str
    item_hash: str
    trial_hash: str


@attrs.frozen(slots=True)
class CandidateRow:
    """A generated (or failed) candidate and the events that hold it; the hash is hex."""

    trial: int
    sample: int
    candidate_id: str
    ok: bool
    error_code: str | None
    generated_seq: int
    evaluated_seq: int | None


class RunStore(Protocol):
    """One store: durable, append-only, and readable while it is written.

    Reads never write. Every method raises StorageError when the store cannot be read
    (`storage_read`) or written (`storage_write`).
    """

    @property
    def place(self) -> str:
        """Where the store is, for messages."""
        ...

    def append(self, events: Sequence[Event], *, items: Sequence[Item] = ()) -> tuple[int, ...]:
        """Append and return the events' numbers once they are durable.

        An event whose artifacts are stored already is not written again: the number it has is
        returned.
        """
        ...

    def submit(self, events: Sequence[Event], *, items: Sequence[Item] = ()) -> Future[Any]:
        """`append` without waiting; blocks only while too much waits to be written."""
        ...

    async def submit_async(
        self, events: Sequence[Event], *, items: Sequence[Item] = ()
    ) -> asyncio.Future[Any]:
        """`submit` for coroutines; await what it returns for durability."""
        ...

    def put_items(self, items: Sequence[Item]) -> None:
        """Store item payloads durably, each once; nothing if the store keeps no payloads."""
        ...

    def get_items(self, hashes: Iterable[bytes]) -> dict[bytes, Any]:
        """The payloads of those items that are stored."""
        ...

    def known(self, keys: Iterable[bytes]) -> dict[bytes, int]:
        """For each successful artifact among `keys`, the event that holds it."""
        ...

    def event(self, seq: int) -> StoredEvent:
        """One event."""
        ...

    def events(self, seqs: Sequence[int]) -> dict[int, StoredEvent]:
        """Events by number."""
        ...

    def steps_of(self, candidate: bytes) -> list[StoredEvent]:
        """The recorded conversation steps of a candidate, in order."""
        ...

    def find_run(self, run_id: str) -> RunRow | None:
        """The run with this id, or the only one whose id begins so."""
        ...

    def run(self, run_id: str) -> RunRow:
        """`find_run`, which must find one."""
        ...

    def manifest(self, run: RunRow) -> dict[str, Any]:
        """What was planned, as it was recorded."""
        ...

    def runs(self) -> list[RunRow]:
        """Every run, oldest first."""
        ...

    def latest_status(self, run: int) -> str:
        """The run's status as last recorded."""
        ...

    def iter_trials(self, run: int, *, start: int = 0, chunk: int = 500) -> Iterator[TrialRow]:
        """The run's trials from `start` on, in order, read in chunks."""
        ...

    def iter_candidates(
        self, run: int, *, start: int = 0, chunk: int = 500
    ) -> Iterator[CandidateRow]:
        """The run's candidates from trial `start` on, in order, read in chunks of trials."""
        ...

    def save_progress(self, run_id: str, payload: Any) -> None:
        """Keep a run's latest progress; does not wait."""
        ...

    def load_progress(self, run_id: str) -> Any:
        """The run's latest saved progress, or None."""
        ...

    def reader(self) -> AbstractContextManager[Connection]:
        """A connection that cannot write and sees one state of the store."""
        ...

    def flush(self) -> None:
        """Return once all that was submitted is durable or has failed."""
        ...

    def close(self) -> None:
        """Write what waits and let go of the store; may be repeated."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class LeasingStore(RunStore, Protocol):
    """A store that workers share, each of them writing under a lease on its part of the work.

    An epoch that grows with each claim fences late writes off: whatever a worker writes once its
    lease has ended is refused by the store, in the transaction that would have committed it.
    """

    def claim(self, name: str, *, holder: str, seconds: float) -> Lease | None:
        """A lease on `name`; None while another holder has one that has not ended."""
        ...

    def renew(self, lease: Lease, *, seconds: float) -> Lease:
        """The same lease, ending `seconds` from now; LeaseLostError when it is over."""
        ...

    def release(self, lease: Lease) -> None:
        """End a lease, if it is still its holder's."""
        ...

    def under(self, lease: Lease) -> RunStore:
        """This store, writing under a lease; LeaseLostError once that is over."""
        ...
