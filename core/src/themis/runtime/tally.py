"""Counts a run's work for its progress, and tells its observers, once outcomes are durable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import attrs

from themis.records import MetricScore, StageName

if TYPE_CHECKING:
    from themis.runtime.evaluation import Evaluated
    from themis.runtime.generation import Generated
    from themis.runtime.observers import TelemetryBus
    from themis.runtime.progress import ProgressTracker
    from themis.runtime.reducing import Reduced
    from themis.runtime.source import WorkChunk
    from themis.runtime.stages import Stages
    from themis.runtime.work import Work

__all__ = ["Step", "Tally"]


class Step:
    """One stage of one candidate, under way: what is not queued for the store is dropped."""

    __slots__ = ("_handed_on", "_progress", "_stage")

    def __init__(self, progress: ProgressTracker, stage: StageName) -> None:
        self._progress = progress
        self._stage = stage
        self._handed_on = False

    def __enter__(self) -> Self:
        self._progress.started(self._stage)
        return self

    def __exit__(self, *raised: object) -> None:
        if not self._handed_on:
            self._progress.dropped(self._stage)

    def queued(self) -> None:
        """The outcome is on its way to the store."""
        self._handed_on = True


@attrs.frozen(slots=True, kw_only=True)
class Tally:
    """The counting side of a pipeline.

    `generate` counts candidates, `reduce` trials, and `score` what is evaluated: each sample, and
    each trial of which something is scored as a whole.
    """

    run_id: str
    progress: ProgressTracker
    bus: TelemetryBus | None
    stages: Stages

    def expect(self, candidates: int, *, reductions: int, evaluations: int) -> None:
        """How many there are of each in all."""
        if self.stages.generate:
            self.progress.expect("generate", candidates)
        if self.stages.reduce and reductions:
            self.progress.expect("reduce", reductions)
        if self.stages.evaluates:
            self.progress.expect("score", evaluations)

    def found(self, chunk: WorkChunk) -> None:
        """Work of a chunk that was done before."""
        if self.stages.generate:
            self.progress.already("generate", chunk.generated)
        if self.stages.reduce and chunk.reduced:
            self.progress.already("reduce", chunk.reduced)
        if self.stages.evaluates:
            self.progress.already("score", chunk.evaluated)

    def under_way(self, stage: StageName) -> Step:
        """Around one stage of a candidate."""
        return Step(self.progress, stage)

    def generated(self, work: Work, generated: Generated) -> None:
        """A generation is durable."""
        candidate = generated.candidate
        self.progress.finished("generate", candidate.failure.code if candidate.failure else None)
        usage = candidate.inference.token_usage if candidate.inference else None
        if usage is not None:
            self.progress.tokens(usage.prompt, usage.completion)
        nothing_to_score = candidate.failure is not None or not (work.parses or work.scores)
        if nothing_to_score and work.evaluated and self.stages.evaluates:
            self.progress.already("score", 1)
        self._publish("generated", work, status=candidate.status)

    def reduced(self, work: Work, reduced: Reduced) -> None:
        """A reduction is durable."""
        failure = reduced.failure
        self.progress.finished("reduce", failure.code if failure else None)
        if self.stages.evaluates and not (work.parses or work.scores):
            self.progress.already("score", 1)
        self._publish("reduced", work, status="error" if failure else "ok")

    def evaluated(self, work: Work, outcome: Evaluated) -> None:
        """An evaluation is durable."""
        failure = None
        for entry, score in outcome.scores:
            if isinstance(score, MetricScore):
                self.progress.score(entry.metric.metric_id, score.value)
            else:
                failure = score.code
        self.progress.finished("score", failure)
        self._publish("evaluated", work, status="error" if failure else "ok")

    def _publish(self, kind: str, work: Work, **more: object) -> None:
        if self.bus is None or not self.bus.wants(kind):
            return
        self.bus.publish(
            {
                "kind": kind,
                "run_id": self.run_id,
                "trial_hash": work.trial_key.hex(),
                "candidate_id": work.candidate_key.hex(),
                "sample_index": work.sample,
                "slice_id": work.slice_plan.spec.slice_id,
                "model_id": work.arm.model.model_id,
                "item_id": work.payload_item.item_id,
                **more,
            }
        )
