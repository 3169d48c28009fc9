"""Executes a plan's missing work: streamed, one group of workers per engine, no stage barriers.

Each engine has its own workers, which pull from a shared feed; a slow or failing provider never
stands in another's way. A worker takes a candidate through generation and evaluation and goes on
at once: what it queued for the store is counted as done when the store says it is durable.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import StorageError
from themis.records import CandidateRecord, TrialSpec
from themis.runtime.feed import LaneFeed
from themis.runtime.limits import CallNotStarted
from themis.runtime.measuring import Setting
from themis.runtime.reducing import no_members
from themis.runtime.whole_trial import WholeTrial

if TYPE_CHECKING:
    from themis.planning.plan import Arm
    from themis.runtime.cancellation import Cancellation
    from themis.runtime.evaluation import Evaluated, Evaluator
    from themis.runtime.generation import Generated, Generator
    from themis.runtime.recording import Recorder
    from themis.runtime.reducing import Reduced, Reducer
    from themis.runtime.source import WorkChunk, WorkSource
    from themis.runtime.tally import Step, Tally
    from themis.runtime.unexpected import UnexpectedFailures
    from themis.runtime.work import Work

__all__ = ["Pipeline"]

_JUDGED_PER_WORKER = 4


@attrs.define(slots=True, kw_only=True, eq=False)
class Pipeline:
    """One execution of one run's missing work by `workers` workers per engine.

    `calls_wait` says whether calls to engines wait for their turn.
    """

    source: WorkSource
    generator: Generator
    reducer: Reducer
    evaluator: Evaluator
    recorder: Recorder
    tally: Tally
    cancellation: Cancellation
    unexpected: UnexpectedFailures
    workers: int
    calls_wait: Callable[[], bool]
    _judging: asyncio.Semaphore = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._judging = asyncio.Semaphore(_JUDGED_PER_WORKER * self.workers)

    async def run(self) -> None:
        """Work until nothing is missing, the run is drained, or the store fails."""
        with ThreadPoolExecutor(1, thread_name_prefix="themis-feed") as executor:
            for arms in self._rounds():
                async with asyncio.TaskGroup() as group:
                    for alike in _by_engine(arms):
                        group.create_task(self._run_group(alike, executor))
                await self.recorder.drain()
                if self.cancellation.draining.is_set():
                    return

    def _rounds(self) -> list[list[Arm]]:
        """The arms, those that another slice has too in later rounds: they adopt what it made."""
        rounds: list[list[Arm]] = []
        seen: Counter[bytes] = Counter()
        for arm in self.source.plan.arms:
            if seen[arm.key] == len(rounds):
                rounds.append([])
            rounds[seen[arm.key]].append(arm)
            seen[arm.key] += 1
        return rounds

    async def _run_group(self, arms: frozenset[int], executor: ThreadPoolExecutor) -> None:
        feed = LaneFeed(self.source.chunks(arms), executor=executor, on_chunk=self._adopt)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.workers):
                    group.create_task(self._worker(feed, group))
        finally:
            await feed.close()

    async def _adopt(self, chunk: WorkChunk) -> None:
        if chunk.adoption:
            await self.recorder.reused(chunk.adoption)
        self.tally.found(chunk)

    async def _worker(self, feed: LaneFeed, group: asyncio.TaskGroup) -> None:
        async for lane in feed:
            for work in lane:
                if self.cancellation.draining.is_set():
                    return
                if isinstance(work, WholeTrial):
                    await self._go_on(work, group)
                else:
                    await self._process(work, group)

    async def _process(self, work: Work, group: asyncio.TaskGroup) -> None:
        candidate = work.candidate
        if candidate is not None:
            try:
                trial = await self.generator.trial_of(work, candidate)
            except StorageError:
                raise
            except Exception as error:  # noqa: BLE001 (it is this item's failure)
                await self._unscored(work, error)
                await self._settled(work, candidate, work.trial_spec(), group)
                return
        else:
            made = await self._generate(work)
            if made is None:
                return
            candidate, trial = made
            if self.calls_wait():
                await asyncio.sleep(0)  # those that can start now go before what was answered
        if candidate.status != "ok" or not (work.parses or work.scores):
            await self._settled(work, candidate, trial, group)
        elif any(entry.metric.judged for entry in work.scores):
            await self._in_background(self._evaluate(work, candidate, trial, group), group)
        else:
            await self._evaluate(work, candidate, trial, group)

    async def _generate(self, work: Work) -> tuple[CandidateRecord, TrialSpec] | None:
        """The candidate and its trial; None when the run drains before the call was made."""
        with self.tally.under_way("generate") as step:
            try:
                generated = await self.generator.generate(work)
                await self._record_generated(work, generated, step)
            except CallNotStarted:
                return None
            except StorageError:
                raise
            except Exception as error:  # noqa: BLE001 (it is this item's failure)
                generated = self.unexpected.generated(work, error)
                await self._record_generated(work, generated, step)
        return generated.candidate, generated.trial

    async def _record_generated(self, work: Work, generated: Generated, step: Step) -> None:
        step.queued()
        await self.recorder.generated(
            work, generated, lambda: self.tally.generated(work, generated)
        )

    async def _in_background(
        self, judged: Coroutine[Any, Any, None], group: asyncio.TaskGroup
    ) -> None:
        """Work that waits for judges holds no worker; as many of it as may wait are begun."""
        await self._judging.acquire()

        async def run() -> None:
            try:
                await judged
            finally:
                self._judging.release()

        group.create_task(run())

    async def _evaluate(
        self, work: Work, candidate: CandidateRecord, trial: TrialSpec, group: asyncio.TaskGroup
    ) -> None:
        if await self._evaluated(work, candidate, trial, None):
            await self._settled(work, candidate, trial, group)

    async def _evaluated(
        self,
        work: Work,
        candidate: CandidateRecord | None,
        trial: TrialSpec,
        whole: WholeTrial | None,
    ) -> bool:
        """Whether the outcome is on its way to the store; not when the run drains first."""
        with self.tally.under_way("score") as step:
            try:
                outcome = await self.evaluator.evaluate(work, candidate, trial, whole=whole)
                await self._record_evaluated(work, outcome, step)
            except CallNotStarted:
                return False
            except StorageError:
                raise
            except Exception as error:  # noqa: BLE001 (it is this item's failure)
                await self._record_evaluated(work, self.unexpected.evaluated(work, error), step)
        return True

    async def _record_evaluated(self, work: Work, outcome: Evaluated, step: Step) -> None:
        step.queued()
        await self.recorder.evaluated(work, outcome, lambda: self.tally.evaluated(work, outcome))

    async def _unscored(self, work: Work, error: Exception) -> None:
        """Nothing could be evaluated, for a reason that nobody foresaw."""
        with self.tally.under_way("score") as step:
            await self._record_evaluated(work, self.unexpected.evaluated(work, error), step)

    async def _settled(
        self, work: Work, candidate: CandidateRecord, trial: TrialSpec, group: asyncio.TaskGroup
    ) -> None:
        """A sample is through; the last one of its trial goes on with what is done once."""
        whole = work.whole
        if whole is None:
            return
        if whole.work.item is None:
            whole.work.item = work.item
        whole.trial = trial
        if whole.settle(work, candidate):
            await self._go_on(whole, group)

    async def _go_on(self, whole: WholeTrial, group: asyncio.TaskGroup) -> None:
        reduction = whole.work.reduction
        judged = any(entry.metric.judged for entry in whole.work.scores)
        if judged or (whole.reduces and reduction is not None and reduction.judged):
            await self._in_background(self._finish(whole), group)
        else:
            await self._finish(whole)

    async def _finish(self, whole: WholeTrial) -> None:
        """Reduce, then evaluate: whatever of it is missing."""
        try:
            if whole.failures:
                await self._narrow(whole)
            trial = whole.trial or await self._trial_of(whole)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 (it is this trial's failure)
            await self._unfinished(whole, error)
            return
        work = whole.work
        candidate = work.candidate
        if whole.reduces:
            reduced = await self._reduce(whole, trial)
            if reduced is None:
                return
            candidate = reduced.candidate
            if candidate is None:  # what scores the reduced candidate has none to score
                work.parses, work.scores = (), work.set_scores()
        if work.parses or work.scores:
            await self._evaluated(work, candidate, trial, whole)

    async def _unfinished(self, whole: WholeTrial, error: Exception) -> None:
        work = whole.work
        if whole.reduces:
            with self.tally.under_way("reduce") as step:
                await self._record_reduced(work, self.unexpected.reduced(work, error), step)
            work.parses, work.scores = (), work.set_scores()
        if work.parses or work.scores:
            await self._unscored(work, error)

    async def _narrow(self, whole: WholeTrial) -> None:
        adoption = await asyncio.to_thread(self.source.look_again, whole)
        if adoption:
            await self.recorder.reused(adoption)

    async def _trial_of(self, whole: WholeTrial) -> TrialSpec:
        seen = next(iter(whole.members), whole.work.candidate)
        if seen is None:  # every sample has failed, in an earlier execution
            return whole.work.trial_spec()
        return await self.generator.trial_of(whole.work, seen)

    async def _reduce(self, whole: WholeTrial, trial: TrialSpec) -> Reduced | None:
        """What came of the reduction; None when the run drains first."""
        work = whole.work
        reduction = work.reduction
        assert reduction is not None
        setting = Setting(trial, work.payload_item, None)
        with self.tally.under_way("reduce") as step:
            try:
                reduced = (
                    await self.reducer.reduce(
                        reduction, whole.members, setting, key=work.candidate_key
                    )
                    if whole.candidates
                    else no_members(whole.failures)
                )
                await self._record_reduced(work, reduced, step)
            except CallNotStarted:
                return None
            except StorageError:
                raise
            except Exception as error:  # noqa: BLE001 (it is this trial's failure)
                reduced = self.unexpected.reduced(work, error)
                await self._record_reduced(work, reduced, step)
        return reduced

    async def _record_reduced(self, work: Work, reduced: Reduced, step: Step) -> None:
        step.queued()
        await self.recorder.reduced(work, reduced, lambda: self.tally.reduced(work, reduced))


def _by_engine(arms: Sequence[Arm]) -> list[frozenset[int]]:
    """The arms of each engine."""
    groups: dict[tuple[str, str | None] | None, list[int]] = {}
    for arm in arms:
        service = (arm.engine.name, arm.engine.address) if arm.engine else None
        groups.setdefault(service, []).append(arm.index)
    return [frozenset(indexes) for indexes in groups.values()]
