"""Executes a plan's missing work: streamed, one group of workers per engine, no stage barriers.

Each engine has its own workers, which pull from a shared feed; a slow or failing provider never
stands in another's way. A worker takes a candidate through generation and evaluation and goes on
at once: what it queued for the store is counted as done when the store says it is durable.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import attrs

from themis.records import CandidateRecord, TrialSpec
from themis.runtime.feed import LaneFeed
from themis.runtime.limits import CallNotStarted

if TYPE_CHECKING:
    from themis.planning.plan import Arm
    from themis.runtime.cancellation import Cancellation
    from themis.runtime.evaluation import Evaluator
    from themis.runtime.generation import Generator
    from themis.runtime.recording import Recorder
    from themis.runtime.source import WorkChunk, WorkSource
    from themis.runtime.tally import Tally
    from themis.runtime.work import Work

__all__ = ["Pipeline"]

_JUDGED_PER_WORKER = 4


@attrs.define(slots=True, kw_only=True, eq=False)
class Pipeline:
    """One execution of one run's missing work by `workers` workers per engine."""

    source: WorkSource
    generator: Generator
    evaluator: Evaluator
    recorder: Recorder
    tally: Tally
    cancellation: Cancellation
    workers: int
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
                await self._process(work, group)

    async def _process(self, work: Work, group: asyncio.TaskGroup) -> None:
        candidate = work.candidate
        if candidate is not None:
            trial = await self.generator.trial_of(work, candidate)
        else:
            made = await self._generate(work)
            if made is None:
                return
            candidate, trial = made
        if candidate.status != "ok" or not (work.parses or work.scores):
            return
        if any(entry.metric.judged for entry in work.scores):
            await self._judging.acquire()
            group.create_task(self._judged(work, candidate, trial))
        else:
            await self._evaluate(work, candidate, trial)

    async def _generate(self, work: Work) -> tuple[CandidateRecord, TrialSpec] | None:
        """The candidate and its trial; None when the run drains before the call was made."""
        with self.tally.under_way("generate") as step:
            try:
                generated = await self.generator.generate(work)
            except CallNotStarted:
                return None
            step.queued()
            await self.recorder.generated(
                work, generated, lambda: self.tally.generated(work, generated)
            )
        return generated.candidate, generated.trial

    async def _judged(self, work: Work, candidate: CandidateRecord, trial: TrialSpec) -> None:
        try:
            await self._evaluate(work, candidate, trial)
        finally:
            self._judging.release()

    async def _evaluate(self, work: Work, candidate: CandidateRecord, trial: TrialSpec) -> None:
        with self.tally.under_way("score") as step:
            try:
                outcome = await self.evaluator.evaluate(work, candidate, trial)
            except CallNotStarted:
                return
            step.queued()
            await self.recorder.evaluated(
                work, outcome, lambda: self.tally.evaluated(work, outcome)
            )


def _by_engine(arms: Sequence[Arm]) -> list[frozenset[int]]:
    """The arms of each engine."""
    groups: dict[tuple[str, str | None] | None, list[int]] = {}
    for arm in arms:
        service = (arm.engine.name, arm.engine.address) if arm.engine else None
        groups.setdefault(service, []).append(arm.index)
    return [frozenset(indexes) for indexes in groups.values()]
