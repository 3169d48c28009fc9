"""Turns outcomes into events, and tells progress and observers once they are durable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from themis.records import InferenceRecord, TraceStep
from themis.runtime.masking import Masks
from themis.runtime.outbox import Outbox
from themis.storage import Event, recording
from themis.storage.recording import ParseEntry, RunStatus, ScoreEntry

if TYPE_CHECKING:
    from themis.runtime.evaluation import Evaluated
    from themis.runtime.generation import Generated
    from themis.runtime.reducing import Reduced
    from themis.runtime.source import Adoption
    from themis.runtime.stages import RunStage
    from themis.runtime.work import Work
    from themis.storage import RunStore

__all__ = ["Recorder"]


class Recorder:
    """The run's way to the store. Events queue up and are committed in groups.

    Recording returns once there is room, not when the event is durable; `durable` is called then.
    A failed commit is kept, and calls `on_failure`: the run cannot go on. `on_durable` is called
    with every event, its number and the work it is about. No event holds what `masks` knows.
    """

    def __init__(
        self,
        store: RunStore,
        run: int,
        on_failure: Callable[[], object],
        on_durable: Callable[[Event, int, Work | None], object] | None = None,
        masks: Masks | None = None,
    ) -> None:
        self._store = store
        self._run = run
        self._masks = masks or Masks()
        self._on_durable = on_durable
        self._outbox = Outbox(store, on_failure=on_failure, on_durable=on_durable)

    def check(self) -> None:
        """Raise the store's failure, if there was one."""
        self._outbox.check()

    async def drain(self) -> None:
        """Wait until everything recorded is durable."""
        await self._outbox.drain()

    async def reused(self, adoption: Adoption) -> None:
        """This run takes artifacts of earlier events as its own."""
        await self._outbox.put(
            recording.reused(self._run, candidates=adoption.candidates, scores=adoption.scores)
        )

    async def steps(
        self,
        work: Work,
        turn: int,
        steps: Sequence[TraceStep],
        *,
        inference: InferenceRecord | None = None,
    ) -> None:
        """Make steps of a conversation durable; `inference` closes the turn."""
        event = recording.steps(
            self._run,
            candidate_id=work.candidate_key.hex(),
            trial=work.trial,
            sample=work.sample,
            turn=turn,
            steps=steps,
            inference=inference,
        )
        await self._outbox.append(self._masks.event(event))

    async def generated(
        self, work: Work, generated: Generated, durable: Callable[[], None]
    ) -> None:
        """A candidate, or why there is none."""
        candidate = generated.candidate
        event = recording.generated(
            self._run,
            candidate_id=work.candidate_key.hex(),
            trial=work.trial,
            sample=work.sample,
            seed=candidate.effective_seed,
            inference=candidate.inference,
            conversation=candidate.conversation,
            failure=candidate.failure,
            timeline=generated.timeline,
        )
        await self._outbox.put(self._masks.event(event), durable, work=work)

    async def reduced(self, work: Work, reduced: Reduced, durable: Callable[[], None]) -> None:
        """The one candidate of a trial, or why there is none."""
        event = recording.reduced(
            self._run,
            candidate_id=work.candidate_key.hex(),
            trial=work.trial,
            sources=reduced.sources,
            candidate=reduced.candidate,
            failure=reduced.failure,
            judge_audits=reduced.audits,
            timeline=reduced.timeline,
        )
        await self._outbox.put(self._masks.event(event), durable, work=work)

    async def evaluated(self, work: Work, outcome: Evaluated, durable: Callable[[], None]) -> None:
        """The parses and scores of one candidate."""
        event = recording.evaluated(
            self._run,
            candidate_id=work.candidate_key.hex(),
            trial=work.trial,
            sample=work.sample,
            parses=[
                ParseEntry(entry.parse.key.hex(), entry.key.hex(), records)
                for entry, records in outcome.parses
            ],
            scores=[
                ScoreEntry(entry.metric.index, entry.key.hex(), entry.score.key.hex(), score)
                for entry, score in outcome.scores
            ],
            judge_audits=outcome.audits,
            timeline=outcome.timeline,
        )
        await self._outbox.put(self._masks.event(event), durable, work=work)

    async def status(self, status: RunStatus, *, through: RunStage | None = None) -> None:
        """The run's state changed; durable on return, and what the store raises is raised here."""
        event = recording.run_status(self._run, status=status, through=through)
        [seq] = await asyncio.to_thread(self._store.append, [event])
        if self._on_durable is not None:
            self._on_durable(event, seq, None)
