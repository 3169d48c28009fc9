"""Stores: reads, and the one writer, put together."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from themis.errors import ErrorCode, StorageError
from themis.storage.group_commit import GroupCommit
from themis.storage.leases import LeaseTable
from themis.storage.run_reads import RunReads
from themis.storage.submissions import Limits
from themis.storage.writer import EventWriter

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine, Sequence
    from concurrent.futures import Future
    from types import TracebackType

    from sqlalchemy.engine import Engine

    from themis.storage.blobs import BlobStore
    from themis.storage.events import Event
    from themis.storage.items import Item
    from themis.storage.leases import Lease
    from themis.storage.payloads import PayloadFormat
    from themis.storage.submissions import Seqs

__all__ = ["SqlRunStore"]


class SqlRunStore(RunReads):
    """A `RunStore` on SQLAlchemy engines: one for reads, one (None: read-only) that writes.

    Takes over `held`, to be closed last: locks and connections that live as long as the store. Use
    it as a context manager, or call `close`.
    """

    blobs: BlobStore
    """Where large payloads are."""
    writing: Engine | None
    """The engine that writes; None when the store was opened read-only."""

    def __init__(
        self,
        *,
        reading: Engine,
        writing: Engine | None,
        payloads: PayloadFormat,
        place: str,
        held: ExitStack,
        store_item_payloads: bool = True,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(reading, payloads, place=place)
        self._keeps_items = store_item_payloads
        self._lease: Lease | None = None
        self._leases: LeaseTable | None = None
        self._writer = None
        if writing is not None:
            limits = limits or Limits()
            commits = GroupCommit(writing, payloads, place=place, retry_after=limits.retry_after)
            self._writer = EventWriter(commits, place=place, limits=limits)
        self._held = held.pop_all()

    @property
    def reading(self) -> Engine:
        """The engine that reads, whose connections cannot write."""
        return self._reading

    @property
    def place(self) -> str:
        """Where the store is, for messages."""
        return self._place

    @property
    def read_only(self) -> bool:
        """Whether writing is refused."""
        return self._writer is None

    def file_bytes(self) -> tuple[int, int] | None:
        """Bytes of the database's file and of its log, where they are files of this machine."""
        return None

    def append(self, events: Sequence[Event], *, items: Sequence[Item] = ()) -> Seqs:
        """Append and return the events' numbers once they are durable.

        An event whose artifacts are stored already is not written again: the number it has is
        returned. Blocks; not for an event loop's thread.
        """
        kept = self._kept(items)
        return self._writing().submit(events, items=kept, hurry=True, lease=self._lease).result()

    def submit(self, events: Sequence[Event], *, items: Sequence[Item] = ()) -> Future[Seqs]:
        """`append` without waiting; blocks only while too much waits to be written."""
        return self._writing().submit(events, items=self._kept(items), lease=self._lease)

    def submit_async(
        self, events: Sequence[Event], *, items: Sequence[Item] = ()
    ) -> Coroutine[Any, Any, asyncio.Future[Seqs]]:
        """`submit` for coroutines; await what it returns for durability."""
        return self._writing().submit_async(events, items=self._kept(items), lease=self._lease)

    def put_items(self, items: Sequence[Item]) -> None:
        """Store item payloads durably, each once; nothing if the store keeps no payloads."""
        if kept := self._kept(items):
            self.append((), items=kept)

    def save_progress(self, run_id: str, payload: Any) -> None:
        """Keep a run's latest progress; does not wait, and is not an event."""
        self._writing().note_progress(run_id, payload)

    def flush(self) -> None:
        """Return once all that was submitted is durable or has failed."""
        self._writing().flush()

    def claim(self, name: str, *, holder: str, seconds: float) -> Lease | None:
        """A lease on `name`; None while another holder has one that has not ended."""
        return self._leasing().claim(name, holder=holder, seconds=seconds)

    def renew(self, lease: Lease, *, seconds: float) -> Lease:
        """The same lease, ending `seconds` from now; LeaseLostError when it is over."""
        return self._leasing().renew(lease, seconds=seconds)

    def release(self, lease: Lease) -> None:
        """End a lease, if it is still its holder's."""
        self._leasing().release(lease)

    def under(self, lease: Lease) -> Self:
        """This store, writing under a lease: what is written once that is over is refused.

        The refusal is a LeaseLostError. Closing what this gives closes nothing.
        """
        view = copy.copy(self)
        view._lease = lease  # noqa: SLF001 (its own)
        return view

    def close(self) -> None:
        """Write what waits and let go of the store; may be repeated."""
        if self._lease is not None:
            return
        if self._writer is not None:
            self._writer.close()
        self._reading.dispose()
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _writing(self) -> EventWriter:
        if self._writer is None:
            msg = f"the store at {self._place} was opened read-only; open it for writing"
            raise StorageError(msg, code=ErrorCode.STORAGE_WRITE)
        return self._writer

    def _leasing(self) -> LeaseTable:
        self._writing()
        if self._leases is None:
            self._leases = LeaseTable(self._leasing_engine(), place=self._place)
        return self._leases

    def _leasing_engine(self) -> Engine:
        """An engine that writes from any thread, beside the one that the writer uses."""
        assert self.writing is not None
        return self.writing

    def _kept(self, items: Sequence[Item]) -> Sequence[Item]:
        return items if self._keeps_items else ()
