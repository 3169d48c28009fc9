"""Executes a planned run on this machine: everything that is missing, then the run's status."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import StorageError
from themis.plugin.hook_points import takes_part
from themis.runtime.calls import ComponentCalls
from themis.runtime.cancellation import Cancellation, handle_signals
from themis.runtime.collector import calm_collector
from themis.runtime.components import Instances
from themis.runtime.evaluation import Evaluator
from themis.runtime.expected_scores import expected_scores
from themis.runtime.generation import Generator
from themis.runtime.hooks import Hooks
from themis.runtime.judging import JudgeService
from themis.runtime.leaving import in_time, raise_first
from themis.runtime.limits import RunLimits
from themis.runtime.logging import get_logger
from themis.runtime.measuring import Measurer
from themis.runtime.outcome import Outcome
from themis.runtime.partitions import RunPartitions
from themis.runtime.pipeline import Pipeline
from themis.runtime.progress import ProgressSnapshot, ProgressStatus, ProgressTracker
from themis.runtime.recording import Recorder
from themis.runtime.reducing import Reducer
from themis.runtime.source import WorkSource
from themis.runtime.stages import STAGES, RunStage, Stages
from themis.runtime.stopping import stop_early
from themis.runtime.tally import Tally
from themis.runtime.unexpected import UnexpectedFailures
from themis.runtime.watched import (
    WatchedEvaluator,
    WatchedGenerator,
    WatchedJudges,
    WatchedReducer,
)
from themis.storage.finished import outcome_counts

if TYPE_CHECKING:
    from themis.plugin import ExecutionBackend
    from themis.plugin.registry import PluginRegistry
    from themis.runtime.context import RuntimeContext
    from themis.runtime.observers import TelemetryBus
    from themis.runtime.planner import PlannedRun
    from themis.runtime.watching import Watch
    from themis.specs import ProjectSpec
    from themis.storage import RunStore

__all__ = ["Execution", "ProgressListener"]

ProgressListener = Callable[[ProgressSnapshot], None]
"""Called with a snapshot a few times a second; what it shows is already durable."""

_PROGRESS_SECONDS = 0.5
_WORKERS_PER_CALL = 2
"""A candidate in backoff or evaluation holds a worker, and none of the calls in flight."""


@attrs.define(slots=True, kw_only=True, eq=False)
class Execution:
    """One execution of one run."""

    planned: PlannedRun
    store: RunStore
    project: ProjectSpec
    registry: PluginRegistry
    context: RuntimeContext
    stages: Stages
    parallel_candidates: int
    bus: TelemetryBus | None = None
    listener: ProgressListener | None = None
    backend: ExecutionBackend | None = None
    watch: Watch | None = None
    progress: ProgressTracker = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.progress = ProgressTracker(self.planned.manifest.run_id)

    async def run(self) -> ProgressStatus:
        """Work until nothing is missing or the run is cancelled; the status is durable then."""
        cancellation = Cancellation()
        limits = RunLimits(self.project.execution_policy, self.context.options)
        if self.context.stop_when is not None:  # a rule that cannot be asked is an error now
            await asyncio.to_thread(self.context.stop_when, self.store, self._run_id)
        beside = [asyncio.create_task(self._report(limits)), *self._stopping(cancellation)]
        try:
            with handle_signals(cancellation, announce=_announce), calm_collector():
                return await self._execute(limits, cancellation)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            self._save()
            if self.watch is not None:
                await asyncio.to_thread(self.watch.close, self.progress.status)

    def _stopping(self, cancellation: Cancellation) -> list[asyncio.Task[None]]:
        """What ends the run early, if anything does."""
        rule = self.context.stop_when
        if rule is None:
            return []
        stopping = stop_early(rule, self.store, self._run_id, cancellation=cancellation)
        return [asyncio.create_task(stopping)]

    @property
    def _run_id(self) -> str:
        return self.planned.manifest.run_id

    async def _execute(self, limits: RunLimits, cancellation: Cancellation) -> ProgressStatus:
        work = asyncio.current_task()
        assert work is not None
        recorder = Recorder(
            self.store,
            self.planned.run,
            on_failure=work.cancel,
            on_durable=self.watch.recorded if self.watch is not None else None,
            masks=self.context.masks,
        )
        self.progress.status = "running"
        outcome: Outcome | None = None
        try:
            await recorder.status("running", through=self._stored_through())
            await self._work(limits, recorder, cancellation)
            outcome = await self._ended(cancellation)
            await recorder.status(outcome.status, through=outcome.through)
        except StorageError:
            raise
        except (Exception, asyncio.CancelledError):
            recorder.check()  # what the store has raised is what ended it
            await in_time(self._record_left(recorder, outcome))
            raise
        self.progress.status = outcome.status
        return outcome.status

    async def _work(
        self, limits: RunLimits, recorder: Recorder, cancellation: Cancellation
    ) -> None:
        """Do what is missing, until it is done or the run drains; it is durable then."""
        work = asyncio.current_task()
        assert work is not None
        instances = Instances(self.planned.plan)
        watch = asyncio.create_task(_watch(cancellation, limits, work))
        try:
            await self._pipeline(instances, limits, recorder, cancellation)
        except asyncio.CancelledError:
            recorder.check()
            if not cancellation.stopping.is_set():
                raise
            work.uncancel()
        except BaseExceptionGroup as group:
            raise_first(group)
        finally:
            watch.cancel()
            limits.close()
            await instances.close()
        await recorder.drain()

    async def _ended(self, cancellation: Cancellation) -> Outcome:
        if cancellation.draining.is_set():
            return Outcome("interrupted", self._stored_through())
        return await asyncio.to_thread(self._outcome)

    async def _record_left(self, recorder: Recorder, outcome: Outcome | None) -> None:
        """An exception ended the run, or whoever cancelled it: it is not running any more."""
        await recorder.drain()
        left = outcome or Outcome("interrupted", self._stored_through())
        await recorder.status(left.status, through=left.through)
        self.progress.status = left.status

    async def _pipeline(
        self,
        instances: Instances,
        limits: RunLimits,
        recorder: Recorder,
        cancellation: Cancellation,
    ) -> None:
        calls = ComponentCalls(
            instances=instances,
            limits=limits,
            options=self.context.options,
            secrets=self.context.secrets,
        )
        hooks = Hooks.of(self.registry.iter_hooks())
        measurer = self._measurer(calls)
        generator = self._generator(calls, hooks, recorder)
        evaluator = self._evaluator(measurer, hooks)
        tally = self._tally()
        unexpected = UnexpectedFailures(self.context.masks)

        def pipeline(trials: range | None) -> Pipeline:
            return Pipeline(
                source=self._source(trials),
                generator=generator,
                reducer=self._reducer(measurer),
                evaluator=evaluator,
                recorder=recorder,
                tally=tally,
                cancellation=cancellation,
                unexpected=unexpected,
                workers=_WORKERS_PER_CALL * self.project.execution_policy.max_in_flight_work_items,
                calls_wait=limits.calls_wait,
            )

        try:
            await self._run_through(pipeline)
        finally:
            calls.close()

    def _generator(self, calls: ComponentCalls, hooks: Hooks, recorder: Recorder) -> Generator:
        options: dict[str, Any] = {
            "calls": calls,
            "hooks": hooks,
            "recorder": recorder,
            "context": self.context,
            "recorded_steps": self.store.steps_of,
            "rerenders": all(
                entry.idempotent or not takes_part(entry.hook, "pre_inference")
                for entry in self.registry.iter_hook_registrations()
            ),
        }
        if self.watch is None:
            return Generator(**options)
        return WatchedGenerator(watch=self.watch, **options)

    def _measurer(self, calls: ComponentCalls) -> Measurer:
        seed = self.planned.plan.global_seed
        if self.watch is None:
            judges = JudgeService(calls=calls, global_seed=seed)
            return Measurer(calls=calls, judges=judges, runner=self.context.workflow_runner)
        watched = WatchedJudges(calls=calls, global_seed=seed, watch=self.watch)
        return Measurer(calls=calls, judges=watched, runner=self.context.workflow_runner)

    def _reducer(self, measurer: Measurer) -> Reducer:
        seed = self.planned.plan.global_seed
        if self.watch is None:
            return Reducer(measurer=measurer, global_seed=seed)
        return WatchedReducer(measurer=measurer, global_seed=seed, watch=self.watch)

    def _evaluator(self, measurer: Measurer, hooks: Hooks) -> Evaluator:
        if isinstance(measurer.judges, WatchedJudges):
            return WatchedEvaluator(measurer=measurer, hooks=hooks, watched=measurer.judges)
        return Evaluator(measurer=measurer, hooks=hooks)

    async def _run_through(self, pipeline: Callable[[range | None], Pipeline]) -> None:
        """All trials at once, or partition by partition as the backend decides."""
        if self.backend is None:
            await pipeline(None).run()
            return
        manifest = self.planned.manifest
        await self.backend.execute(
            RunPartitions(
                run_id=manifest.run_id,
                trial_count=manifest.trial_count,
                pipeline=lambda trials: pipeline(trials).run(),
            )
        )

    def _tally(self) -> Tally:
        manifest, plan = self.planned.manifest, self.planned.plan
        tally = Tally(
            run_id=manifest.run_id, progress=self.progress, bus=self.bus, stages=self.stages
        )
        samples = manifest.num_samples
        self.progress.expect_scores(expected_scores(plan, samples))
        parts = zip(plan.slices, manifest.datasets, strict=True)
        tally.expect(
            manifest.trial_count * samples,
            reductions=manifest.counts.get("reduce", 0),
            evaluations=sum(
                entry.item_count * len(part.arms) * part.evaluations(samples)
                for part, entry in parts
            ),
        )
        return tally

    def _source(self, trials: range | None) -> WorkSource:
        return WorkSource(
            plan=self.planned.plan,
            store=self.store,
            run=self.planned.run,
            items=self.planned.items,
            stages=self.stages,
            parallel_candidates=self.parallel_candidates,
            trials=trials,
        )

    def _outcome(self) -> Outcome:
        """`completed`, or how the run falls short of that, from what is recorded."""
        reductions = self.planned.manifest.counts.get("reduce", 0)
        with self.store.reader() as connection:
            counts = outcome_counts(connection, self.planned.run, reductions=reductions)
        return Outcome.of(counts, self.stages, before=self._stored_through())

    def _stored_through(self) -> RunStage | None:
        through = self.store.run(self.planned.manifest.run_id).through_stage
        return next((stage for stage in STAGES if stage == through), None)

    async def _report(self, limits: RunLimits) -> None:
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            self.progress.notes = limits.notes()
            self._save()

    def _save(self) -> None:
        snapshot = self.progress.snapshot()
        self.store.save_progress(snapshot.run_id, snapshot.to_dict())
        if self.listener is not None:
            self._tell(self.listener, snapshot)

    def _tell(self, listener: ProgressListener, snapshot: ProgressSnapshot) -> None:
        """A listener that fails is dropped: watching a run cannot end it."""
        try:
            listener(snapshot)
        except Exception as error:  # noqa: BLE001 (the caller's code)
            self.listener = None
            get_logger("themis.runtime").warning(
                "a progress listener raised; it is not called again",
                error=f"{type(error).__name__}: {error}",
            )


async def _watch(cancellation: Cancellation, limits: RunLimits, work: asyncio.Task[object]) -> None:
    """Pass a wish to end on: to the limits, then to the work itself."""
    await cancellation.draining.wait()
    limits.drain()
    await cancellation.stopping.wait()
    work.cancel()


def _announce(message: str) -> None:
    get_logger("themis.runtime").warning(message)
