"""Events on their way to the store: what is recorded in one turn of the loop goes there together.

A submission of its own for each event (a future, a lock, two callbacks) costs as much as the event.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from themis.errors import StorageError

if TYPE_CHECKING:
    from themis.runtime.work import Work
    from themis.storage import Event, RunStore

__all__ = ["Outbox"]

_TOGETHER = 64
"""Events that are sent without waiting for the end of the turn."""

_Entry = tuple["Event", Callable[[], None] | None, "Work | None"]


class Outbox:
    """Hands events to a store in order. The first failure is kept, and calls `on_failure`.

    `on_durable` is called with every event, its number and the work it is about. Events that cannot
    be stored together are sent again one by one, so that one takes no other with it.
    """

    def __init__(
        self,
        store: RunStore,
        *,
        on_failure: Callable[[], object],
        on_durable: Callable[[Event, int, Work | None], object] | None = None,
    ) -> None:
        self._store = store
        self._on_failure = on_failure
        self._on_durable = on_durable
        self._waiting: list[_Entry] = []
        self._sending: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._open: set[asyncio.Future[Any]] = set()
        self._failure: BaseException | None = None

    def check(self) -> None:
        """Raise the store's failure, if there was one."""
        if self._failure is not None:
            raise self._failure

    async def put(
        self,
        event: Event,
        durable: Callable[[], None] | None = None,
        *,
        work: Work | None = None,
    ) -> None:
        """Take one event, once there is room; `durable` is called when it is committed."""
        self._waiting.append((event, durable, work))
        if len(self._waiting) >= _TOGETHER:
            await self._send()
        elif self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send())

    async def append(self, event: Event) -> None:
        """Send one event at once; durable on return, and what the store raises is raised here."""
        await (await self._submit([(event, None, None)]))

    async def drain(self) -> None:
        """Wait until everything taken is durable."""
        while self._waiting or self._open:
            await self._send()
            if sent := set(self._open):
                with contextlib.suppress(StorageError):  # the events' own futures tell of it
                    await asyncio.to_thread(self._store.flush)
                await asyncio.wait(sent)
            await asyncio.sleep(0)
        self.check()

    async def _send(self) -> None:
        async with self._turn:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._try_to_submit(batch)

    async def _try_to_submit(self, batch: Sequence[_Entry]) -> None:
        try:
            await self._submit(batch)
        except Exception as error:  # noqa: BLE001 (a store may be a plugin; the run ends with it)
            self._failed(error)

    async def _submit(self, batch: Sequence[_Entry]) -> asyncio.Future[Any]:
        future = await self._store.submit_async([event for event, _, _ in batch])
        self._keep(future)
        future.add_done_callback(lambda done: self._settled(done, batch))
        return future

    def _keep(self, future: asyncio.Future[Any]) -> None:
        self._open.add(future)
        future.add_done_callback(self._open.discard)

    def _settled(self, future: asyncio.Future[Any], batch: Sequence[_Entry]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self._committed(batch, future.result())
        elif len(batch) > 1:
            self._keep(asyncio.get_running_loop().create_task(self._one_by_one(batch)))
        else:
            self._failed(error)

    def _committed(self, batch: Sequence[_Entry], seqs: Sequence[int]) -> None:
        for (event, durable, work), seq in zip(batch, seqs, strict=True):
            if self._on_durable is not None:
                self._on_durable(event, seq, work)
            if durable is not None:
                durable()

    async def _one_by_one(self, batch: Sequence[_Entry]) -> None:
        for entry in batch:
            await self._try_to_submit([entry])

    def _failed(self, error: BaseException) -> None:
        if self._failure is None:
            self._failure = error
            self._on_failure()
