"""Hands pending work to somebody else as a bundle, and takes results back as ordinary events.

Importing is idempotent: an artifact that is there already is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import ItemError, SpecValidationError
from themis.planning.keys import candidate_key
from themis.plugin.hook_points import HookPoint
from themis.records import CandidateRecord, TrialRecord
from themis.records.codec import to_plain
from themis.runtime.arrivals import distinct
from themis.runtime.handoff_arrivals import (
    Arrival,
    evaluated_arrival,
    generated_arrival,
    iter_candidates,
    unknown,
)
from themis.runtime.handoff_files import EvaluationHandOff, GenerationHandOff, HandOffFile
from themis.runtime.hooks import HookError, Hooks
from themis.runtime.importing import ImportSummary
from themis.runtime.rendering import as_sent_now
from themis.runtime.source import WorkSource
from themis.runtime.stages import Stages
from themis.runtime.tasks import evaluation_tasks, generation_task
from themis.runtime.whole_trial import WholeTrial

if TYPE_CHECKING:
    from themis.records import TrialSpec
    from themis.runtime.planner import PlannedRun
    from themis.runtime.work import Work
    from themis.storage import RunStore

__all__ = ["HandOff"]


class HandOff:
    """Exports and imports bundles and candidates of one store."""

    def __init__(self, store: RunStore, hooks: Hooks) -> None:
        self._store = store
        self._hooks = hooks

    def export_generation(self, planned: PlannedRun) -> GenerationHandOff:
        """Every pending generation of a run; an item whose prompt fails is left to the run.

        Raises:
            SpecValidationError: hooks would change results that are made elsewhere.
        """
        self._refuse_hooks("post_inference")
        stages = Stages.between("generate", "generate")
        tasks = [
            generation_task(work, trial)
            for work in self._pending(planned, stages)
            if (trial := self._sent(work)) is not None
        ]
        return GenerationHandOff(run_id=planned.manifest.run_id, tasks=tuple(tasks))

    def export_evaluation(self, planned: PlannedRun) -> EvaluationHandOff:
        """Every pending score of a run whose candidate is there, and parsed.

        Raises:
            SpecValidationError: hooks would change scores that are made elsewhere.
        """
        self._refuse_hooks("pre_eval", "post_eval")
        tasks = [
            task
            for work in self._pending(planned, Stages.between("score", "judge"))
            for task in evaluation_tasks(work)
        ]
        return EvaluationHandOff(run_id=planned.manifest.run_id, tasks=tuple(tasks))

    def import_generation(
        self, bundle: GenerationHandOff, records: Iterable[TrialRecord | CandidateRecord]
    ) -> ImportSummary:
        """Results for a bundle's tasks, matched by candidate id."""
        run = self._run(bundle)
        _refuse_other_candidates(bundle.tasks)
        tasks = {task["candidate_id"]: task for task in bundle.tasks}
        arrivals = []
        for candidate in iter_candidates(records):
            task = _task_of(tasks, candidate.candidate_id)
            placed = attrs.evolve(
                candidate, sample_index=task["sample"], effective_seed=task["seed"]
            )
            arrivals.append(generated_arrival(run, placed, task))
        return self._import(arrivals, self._failures(run, arrivals))

    def import_evaluation(
        self, bundle: EvaluationHandOff, records: Iterable[TrialRecord | CandidateRecord]
    ) -> ImportSummary:
        """Scores for a bundle's tasks, matched by candidate, evaluation hash and metric id."""
        run = self._run(bundle)
        tasks = _evaluation_tasks(bundle)
        _refuse_other_metrics(
            tasks.values(), self._store.manifest(self._store.run(bundle.run_id))["metrics"]
        )
        arrivals = []
        for candidate in iter_candidates(records):
            if candidate.evaluation is None:
                raise unknown(candidate.candidate_id, "the record has no evaluation")
            task = tasks.get((candidate.candidate_id, candidate.evaluation.evaluation_hash))
            if task is None:
                raise unknown(candidate.candidate_id, "the bundle has no such evaluation task")
            arrivals.append(evaluated_arrival(run, candidate.evaluation, task))
        return self._import(arrivals, frozenset())

    def _refuse_hooks(self, *points: HookPoint) -> None:
        found = [point for point in points if getattr(self._hooks, point)]
        if found:
            msg = (
                f"this work cannot be handed off: pipeline hooks take part in {', '.join(found)}, "
                "and they run only here; run it here, or unregister the hooks"
            )
            raise SpecValidationError(msg)

    def _sent(self, work: Work) -> TrialSpec | None:
        if work.payload_item.failure is not None or work.arm.engine is None:
            return None
        try:
            return as_sent_now(work.trial_spec, work.arm, work.payload_item, self._hooks)
        except (ItemError, HookError):
            return None

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
                for entry in lane:
                    yield entry.work if isinstance(entry, WholeTrial) else entry

    def _run(self, bundle: HandOffFile) -> int:
        """The number of the run that the tasks are of: each names a trial as the store has it."""
        row = self._store.find_run(bundle.run_id)
        if row is None:
            msg = f"this store has no run {bundle.run_id!r}; plan its benchmark here first"
            raise SpecValidationError(msg)
        named = {task["trial"]: task for task in bundle.tasks}
        found = {
            trial.trial: trial.trial_hash
            for trial in self._store.iter_trials(row.id)
            if trial.trial in named
        }
        for number, task in named.items():
            if number not in found or found[number] != task["trial_hash"]:
                raise unknown(task["candidate_id"], "its trial is not the run's")
        return row.id

    def _failures(self, run: int, arrivals: Sequence[Arrival]) -> frozenset[bytes]:
        """The candidates of `arrivals` whose very failure the run has recorded already."""
        came = {a.keys[0]: a.failure for a in arrivals if a.failure is not None}
        if not came:
            return frozenset()
        rows = [row for row in self._store.iter_candidates(run) if not row.ok]
        seqs = {bytes.fromhex(row.candidate_id): row.generated_seq for row in rows}
        events = self._store.events([seqs[key] for key in came if key in seqs])
        return frozenset(
            key
            for key, failure in came.items()
            if key in seqs and events[seqs[key]].value["failure"] == to_plain(failure)
        )

    def _import(self, arrivals: Sequence[Arrival], recorded: Set[bytes]) -> ImportSummary:
        """Append the events that bring what the store does not have."""
        named = distinct(arrivals)
        known = self._store.known([key for arrival in named for key in arrival.keys])
        fresh = [
            arrival
            for arrival in named
            if not all(key in known or key in recorded for key in arrival.keys)
        ]
        if fresh:
            self._store.append([arrival.event for arrival in fresh])
        return ImportSummary(
            imported=len(fresh),
            already_present=len(named) - len(fresh),
            duplicates=len(arrivals) - len(named),
            imported_failures=sum(arrival.failed for arrival in fresh),
        )


def _refuse_other_candidates(tasks: Iterable[Mapping[str, Any]]) -> None:
    """A candidate's id is made of its trial, sample and seed; another would be of another run."""
    for task in tasks:
        trial = bytes.fromhex(task["trial_hash"])
        made = candidate_key(trial, sample=task["sample"], seed=task["seed"])
        if made.hex() != task["candidate_id"]:
            raise unknown(task["candidate_id"], "it is not that of its trial, sample and seed")


def _refuse_other_metrics(
    tasks: Iterable[Mapping[str, Any]], planned: Sequence[Mapping[str, Any]]
) -> None:
    """A metric is named by its number in the run, its id and its evaluation, which agree."""
    for task in tasks:
        for name, place in task["metrics"].items():
            row = planned[place["metric"]] if place["metric"] in range(len(planned)) else {}
            found = (row.get("metric_id"), row.get("evaluation_hash"))
            if found != (name, task["evaluation_hash"]):
                raise unknown(task["candidate_id"], f"metric {name!r:.80} is not the run's")


def _evaluation_tasks(bundle: EvaluationHandOff) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The tasks by candidate and evaluation; scores that differ in name alone share a hash."""
    tasks: dict[tuple[str, str], Mapping[str, Any]] = {}
    for task in bundle.tasks:
        name = (task["candidate_id"], task["evaluation_hash"])
        metrics = {**tasks.get(name, {}).get("metrics", {}), **task["metrics"]}
        tasks[name] = {**task, "metrics": metrics}
    return tasks


def _task_of(tasks: Mapping[str, Mapping[str, Any]], candidate_id: str) -> Mapping[str, Any]:
    task = tasks.get(candidate_id)
    if task is None:
        raise unknown(candidate_id, "the bundle has no such task")
    return task
