"""Hands pending work to somebody else as a bundle, and takes results back as ordinary events.

Importing is idempotent: an artifact that is there already is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import SpecValidationError
from themis.planning.keys import candidate_key
from themis.records import CandidateRecord, EvaluationRecord, TrialRecord, TrialSpec
from themis.records.codec import to_plain
from themis.runtime.bundles import Bundle, EvaluationBundle, GenerationBundle
from themis.runtime.outcomes import as_score
from themis.runtime.source import Stages, WorkSource
from themis.storage import Event, recording
from themis.storage.recording import ScoreEntry

if TYPE_CHECKING:
    from themis.runtime.planner import PlannedRun
    from themis.runtime.work import Work
    from themis.storage import RunStore

__all__ = ["HandOff", "ImportSummary"]


@attrs.frozen(slots=True, kw_only=True)
class ImportSummary:
    """What an import did: records taken, and those whose artifacts were there already."""

    imported: int
    already_present: int


@attrs.frozen(slots=True)
class _Arrival:
    """An event that an import would append, and the artifacts it brings."""

    event: Event
    keys: list[bytes]


class HandOff:
    """Exports and imports bundles and candidates of one store."""

    def __init__(self, store: RunStore) -> None:
        self._store = store

    def export_generation(self, planned: PlannedRun) -> GenerationBundle:
        """Every pending generation of a run."""
        stages = Stages(parse=False, score=False)
        tasks = [_generation_task(work) for work in self._pending(planned, stages)]
        return GenerationBundle(run_id=planned.manifest.run_id, tasks=tuple(tasks))

    def export_evaluation(self, planned: PlannedRun) -> EvaluationBundle:
        """Every pending score of a run whose candidate is there; parses are done first."""
        tasks = [
            task
            for work in self._pending(planned, Stages(generate=False))
            for task in _evaluation_tasks(work)
        ]
        return EvaluationBundle(run_id=planned.manifest.run_id, tasks=tuple(tasks))

    def import_candidates(self, records: Sequence[TrialRecord]) -> ImportSummary:
        """Candidates under their trials' keys, for runs that have no generation stage."""
        return self._import(
            _generated(None, candidate, _imported_key(record.trial_spec, candidate), trial=0)
            for record in records
            for candidate in record.candidates
        )

    def import_generation(
        self, bundle: GenerationBundle, records: Iterable[TrialRecord | CandidateRecord]
    ) -> ImportSummary:
        """Results for a bundle's tasks, matched by candidate id."""
        run = self._run(bundle)
        tasks = {task["candidate_id"]: task for task in bundle.tasks}
        arrivals = []
        for candidate in _candidates(records):
            task = _task_of(tasks, candidate.candidate_id)
            placed = attrs.evolve(
                candidate, sample_index=task["sample"], effective_seed=task["seed"]
            )
            key = bytes.fromhex(candidate.candidate_id)
            arrivals.append(_generated(run, placed, key, trial=task["trial"]))
        return self._import(arrivals)

    def import_evaluation(
        self, bundle: EvaluationBundle, records: Iterable[TrialRecord | CandidateRecord]
    ) -> ImportSummary:
        """Scores for a bundle's tasks, matched by candidate, evaluation hash and metric id."""
        run = self._run(bundle)
        tasks = {(task["candidate_id"], task["evaluation_hash"]): task for task in bundle.tasks}
        arrivals = []
        for candidate in _candidates(records):
            if candidate.evaluation is None:
                raise _unknown(candidate.candidate_id, "the record has no evaluation")
            task = tasks.get((candidate.candidate_id, candidate.evaluation.evaluation_hash))
            if task is None:
                raise _unknown(candidate.candidate_id, "the bundle has no such evaluation task")
            arrivals.append(_evaluated(run, candidate.evaluation, task))
        return self._import(arrivals)

    def _pending(self, planned: PlannedRun, stages: Stages) -> Iterable[Work]:
        source = WorkSource(
            plan=planned.plan,
            store=self._store,
            run=planned.run,
            items=planned.items,
            stages=stages,
            parallel_candidates=1,
        )
        for chunk in source.chunks(frozenset(arm.index for arm in planned.plan.arms)):
            for lane in chunk.lanes:
                yield from lane

    def _run(self, bundle: Bundle) -> int:
        row = self._store.find_run(bundle.run_id)
        if row is None:
            msg = f"this store has no run {bundle.run_id!r}; plan its benchmark here first"
            raise SpecValidationError(msg)
        return row.id

    def _import(self, incoming: Iterable[_Arrival]) -> ImportSummary:
        """Append the events that bring an artifact which the store does not have."""
        arrivals = list(incoming)
        known = self._store.known([key for arrival in arrivals for key in arrival.keys])
        fresh = [a.event for a in arrivals if not all(key in known for key in a.keys)]
        if fresh:
            self._store.append(fresh)
        return ImportSummary(imported=len(fresh), already_present=len(arrivals) - len(fresh))


def _generation_task(work: Work) -> dict[str, Any]:
    messages = work.arm.render(work.payload_item)
    return {
        "candidate_id": work.candidate_key.hex(),
        "trial_hash": work.trial_key.hex(),
        "trial": work.trial,
        "sample": work.sample,
        "seed": work.seed,
        "item_id": work.payload_item.item_id,
        "model": work.arm.model.model_dump(mode="json"),
        "params": work.arm.params.model_dump(mode="json"),
        "messages": [to_plain(message) for message in messages],
        "metrics": [entry.metric.index for entry in work.all_scores()],
        "result": None,
    }


def _evaluation_tasks(work: Work) -> Iterable[dict[str, Any]]:
    candidate = work.candidate
    assert candidate is not None
    for score in work.slice_plan.scores:
        pending = [entry for entry in work.scores if entry.score is score]
        if pending:
            yield {
                "candidate_id": work.candidate_key.hex(),
                "trial_hash": work.trial_key.hex(),
                "trial": work.trial,
                "sample": work.sample,
                "evaluation_hash": score.key.hex(),
                "item": {"item_id": work.payload_item.item_id, **work.payload_item.payload},
                "inference": to_plain(candidate.inference),
                "metrics": {
                    entry.metric.metric_id: {"metric": entry.metric.index, "key": entry.key.hex()}
                    for entry in pending
                },
                "result": None,
            }


def _candidates(records: Iterable[TrialRecord | CandidateRecord]) -> Iterator[CandidateRecord]:
    for record in records:
        if isinstance(record, CandidateRecord):
            yield record
        else:
            yield from record.candidates


def _imported_key(trial: TrialSpec, candidate: CandidateRecord) -> bytes:
    """The key under which a run looks for this candidate: with its seed, if it has one."""
    try:
        parent = bytes.fromhex(trial.trial_hash)
    except ValueError:
        parent = b""
    if len(parent) != 32:
        msg = (
            f"trial_hash {trial.trial_hash!r} is no hash; take trial specs from "
            "Orchestrator.trials(spec)"
        )
        raise SpecValidationError(msg)
    return candidate_key(parent, sample=candidate.sample_index, seed=candidate.effective_seed)


def _generated(run: int | None, candidate: CandidateRecord, key: bytes, *, trial: int) -> _Arrival:
    if candidate.status == "ok" and candidate.inference is None:
        raise _unknown(candidate.candidate_id, "a successful candidate needs an inference")
    failure = candidate.failure
    if candidate.status != "ok" and failure is None:
        raise _unknown(candidate.candidate_id, "a failed candidate needs a failure")
    event = recording.generated(
        run,
        candidate_id=key.hex(),
        trial=trial,
        sample=candidate.sample_index,
        seed=candidate.effective_seed,
        inference=candidate.inference,
        conversation=candidate.conversation,
        failure=failure,
        timeline=candidate.timeline.stages if candidate.timeline else (),
    )
    return _Arrival(event, [key])


def _evaluated(run: int, evaluation: EvaluationRecord, task: Mapping[str, Any]) -> _Arrival:
    entries = []
    for score in evaluation.scores:
        asked = task["metrics"].get(score.metric_id)
        if asked is None:
            known = ", ".join(sorted(task["metrics"]))
            raise _unknown(
                task["candidate_id"], f"metric {score.metric_id!r} was not asked for ({known})"
            )
        checked = as_score(score, metric=score.metric_id)
        name = evaluation.evaluation_hash
        entries.append(ScoreEntry(asked["metric"], asked["key"], name, checked))
    event = recording.evaluated(
        run,
        candidate_id=task["candidate_id"],
        trial=task["trial"],
        sample=task["sample"],
        scores=entries,
    )
    return _Arrival(event, [bytes.fromhex(entry.key) for entry in entries])


def _task_of(tasks: Mapping[str, Mapping[str, Any]], candidate_id: str) -> Mapping[str, Any]:
    task = tasks.get(candidate_id)
    if task is None:
        raise _unknown(candidate_id, "the bundle has no such task")
    return task


def _unknown(candidate_id: str, reason: str) -> SpecValidationError:
    return SpecValidationError(f"candidate {candidate_id!r} cannot be imported: {reason}")
