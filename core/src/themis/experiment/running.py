"""Runs an experiment: here and now, or beside a running event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from themis.errors import SpecValidationError, StorageError
from themis.experiment.parts import RunPart
from themis.planning.estimate import RunEstimate
from themis.planning.snapshot import RunSnapshot
from themis.plugin.lifecycle import LIFECYCLE_HOOKS
from themis.results import RunResult
from themis.runtime.context import RuntimeContext
from themis.runtime.orchestrator import Orchestrator, PreparedRun
from themis.runtime.rendering import blocking
from themis.specs import ProjectSpec
from themis.storage import InMemoryRunStore, RunStore

if TYPE_CHECKING:
    from themis.experiment.compiling import CompiledExperiment
    from themis.experiment.runtime_config import RuntimeConfig
    from themis.experiment.stores import StorePlace
    from themis.experiment.wording import Wording
    from themis.plugin import TracingProvider
    from themis.runtime.execution import ProgressListener

__all__ = ["ExperimentRun", "beside", "listed_subscribers"]

T = TypeVar("T")


@attrs.frozen(slots=True, kw_only=True)
class ExperimentRun:
    """One execution of a compiled experiment, or of a part of it, in a store."""

    compiled: CompiledExperiment
    runtime: RuntimeConfig
    seed: int
    provenance: Mapping[str, Any]
    place: StorePlace
    base_dir: Path
    part: RunPart = attrs.field(factory=RunPart)
    subscribers: Sequence[object] = ()
    tracing_provider: TracingProvider | None = None
    progress: ProgressListener | None = None
    observers: Sequence[str] = ()
    wording: Wording | None = None

    def in_its_words(self) -> AbstractContextManager[None]:
        """Findings about the plan that are raised within are said of what was written."""
        return nullcontext() if self.wording is None else self.wording.used()

    def run(self) -> RunResult:
        """Do what is missing, and give the result; blocks."""
        store = self.place.open()
        try:
            prepared = self._prepare(store)
            if prepared.execution is not None:
                blocking(prepared.execution.run())
            return self._result(store, prepared)
        except BaseException:
            self._abandon(store)
            raise

    async def run_async(self) -> RunResult:
        """`run` on a thread with a loop of its own: the caller's loop goes on meanwhile."""
        store = await asyncio.to_thread(self.place.open)
        try:
            prepared = await asyncio.to_thread(self._prepare, store)
            if prepared.execution is not None:
                await beside(prepared.execution.run())
            return await asyncio.to_thread(self._result, store, prepared)
        except BaseException:
            self._abandon(store)
            raise

    def snapshot(self) -> RunSnapshot:
        """What the run would be: planned in memory, nothing is kept."""
        with InMemoryRunStore() as store, self.in_its_words():
            return RunSnapshot.of(self.orchestrator(store).plan(self.compiled.spec))

    def estimate(self) -> RunEstimate:
        """What the run would take, less what its store has; runs nothing.

        A store that is not there yet is not made.
        """
        with self.place.glance() as store, self.in_its_words():
            return self.orchestrator(store).estimate(self.compiled.spec)

    def orchestrator(self, store: RunStore) -> Orchestrator:
        """What plans and prepares the run in a store."""
        return Orchestrator.from_project_spec(
            self._project(),
            registry=self.compiled.registry,
            dataset_provider=self.compiled.provider,
            storage_bundle=store,
            base_dir=self.base_dir,
            provenance={
                **self.provenance,
                **self.compiled.provenance(),
                "storage": self.place.described().model_dump(mode="json"),
            },
        )

    def _prepare(self, store: RunStore) -> PreparedRun:
        context = RuntimeContext(
            options=self.runtime.options(),
            subscribers=self.subscribers,
            tracing_provider=self.tracing_provider,
            observers=self.observers,
        )
        rerun = self.runtime.existing_run_policy == "rerun" and not self.part.known
        with self.in_its_words():
            orchestrator = self.orchestrator(store)
            self._check_policy(store, orchestrator)
            return orchestrator.prepare(
                self.compiled.spec,
                stages=self.part.stages,
                again="generate" if rerun else self.part.again,
                runtime=context,
                progress=self.progress,
            )

    def _check_policy(self, store: RunStore, orchestrator: Orchestrator) -> None:
        """Refuse a run that may not be there yet, or must be; nothing is written for it."""
        if not self.part.known and self.runtime.existing_run_policy != "error":
            return
        run_id = orchestrator.run_id(self.compiled.spec)
        there = store.find_run(run_id) is not None
        if there and not self.part.known:
            msg = (
                f"run {run_id[:12]} is in the store at {store.place} already, and "
                'existing_run_policy is "error"; "auto" goes on with what it lacks'
            )
            raise StorageError(msg)
        if self.part.known and not there:
            msg = (
                f"the store at {store.place} has no run {run_id[:12]} of this experiment, so there "
                "is nothing to do again; run() it first, or name the store that has it"
            )
            raise StorageError(msg)

    def _project(self) -> ProjectSpec:
        return ProjectSpec(
            global_seed=self.seed,
            execution_policy=self.runtime.policy(),
            storage=self.place.spec(),
        )

    def _result(self, store: RunStore, prepared: PreparedRun) -> RunResult:
        store.flush()
        reading = self.place.reading(store)
        return RunResult(reading, prepared.run_id, owns_store=self.place.owned)

    def _abandon(self, store: RunStore) -> None:
        if self.place.owned:
            store.close()


def listed_subscribers(given: object) -> tuple[object, ...]:
    """Those who are told what happens: one, or several.

    Raises:
        SpecValidationError: it is neither.
    """
    if given is None:
        return ()
    if any(hasattr(given, name) for name in (*LIFECYCLE_HOOKS, "start_span")):
        return (given,)
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes, Mapping)):
        return tuple(given)
    msg = (
        f"subscribers is a {type(given).__name__}; give an object with at least one of the methods "
        f"{', '.join(LIFECYCLE_HOOKS)}, or a list of such objects"
    )
    raise SpecValidationError(msg)


async def beside(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in a loop of its own on another thread, while this loop goes on.

    Cancelling cancels the work too, and returns when it has ended.
    """
    thread = _Beside(work)
    try:
        return await asyncio.shield(thread.future)
    except asyncio.CancelledError:
        thread.cancel()
        await asyncio.wait([thread.future])
        raise


class _Beside:
    """The thread, and the future of what it gives."""

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self._waiting = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self._waiting.create_future()
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
        self._cancelled = False
        threading.Thread(target=self._run, args=(work,), name="themis-run", daemon=True).start()

    def cancel(self) -> None:
        """Ask the work to end."""
        self._cancelled = True
        if self._running is not None:
            loop, task = self._running
            loop.call_soon_threadsafe(task.cancel)

    def _run(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            value = asyncio.run(self._watched(work))
        except BaseException as error:  # noqa: BLE001 (handed to the loop that waits)
            self._waiting.call_soon_threadsafe(self._fail, error)
        else:
            self._waiting.call_soon_threadsafe(self._succeed, value)

    async def _watched(self, work: Coroutine[Any, Any, Any]) -> Any:
        task = asyncio.current_task()
        assert task is not None
        self._running = (asyncio.get_running_loop(), task)
        if self._cancelled:
            work.close()
            raise asyncio.CancelledError
        return await work

    def _succeed(self, value: Any) -> None:
        if not self.future.done():
            self.future.set_result(value)

    def _fail(self, error: BaseException) -> None:
        if self.future.done():
            return
        if isinstance(error, asyncio.CancelledError):
            self.future.cancel()
        else:
            self.future.set_exception(error)
