"""How one metric came to its scores of one case: every judge call, as it was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import select

from themis.records import (
    WHOLE_TRIAL,
    JudgeAuditEntry,
    JudgeAuditTrail,
    MetricScore,
    ScoreError,
)
from themis.records.codec import to_plain
from themis.results.candidates import read_candidates, read_whole_scores
from themis.results.lookup import UnknownRecordError
from themis.results.overlay import Overlay
from themis.results.source import RunSource
from themis.results.trials import TrialRow, trials_numbered
from themis.storage import schema
from themis.storage.column_text import storable

if TYPE_CHECKING:
    from themis.records import EvaluationRecord
    from themis.storage import RunStore

__all__ = ["EvaluationExecution", "SampleEvaluation", "get_evaluation_execution"]

_TRIALS = schema.trials
_LISTED = 8


@attrs.frozen(slots=True, kw_only=True)
class SampleEvaluation:
    """A metric's score of one sample, or (-1) of the case as a whole, and the calls behind it.

    `candidate_id` is None where the candidates are scored as a set. Each call has the prompt, the
    judge's reply, the judgment that was read out of it, and its score or error.
    """

    sample_index: int
    candidate_id: str | None
    scores: tuple[MetricScore | ScoreError, ...]
    calls: tuple[JudgeAuditEntry, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "sample_index": self.sample_index,
            "candidate_id": self.candidate_id,
            "scores": [to_plain(score) for score in self.scores],
            "calls": [to_plain(call) for call in self.calls],
        }


@attrs.frozen(slots=True, kw_only=True)
class EvaluationExecution:
    """One metric of one case: what was asked, answered, judged and scored."""

    run_id: str
    dataset_id: str
    case_id: str
    metric_id: str
    model_id: str
    trial_hash: str
    samples: tuple[SampleEvaluation, ...]

    @property
    def calls(self) -> tuple[JudgeAuditEntry, ...]:
        """Every judge call, sample by sample."""
        return tuple(call for sample in self.samples for call in sample.calls)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        fields = attrs.asdict(self, recurse=False)
        return {**fields, "samples": [sample.to_dict() for sample in self.samples]}


def get_evaluation_execution(
    store: RunStore,
    run_id: str,
    case_id: str,
    metric_id: str,
    *,
    dataset_id: str | None = None,
    case_key: str | None = None,
) -> EvaluationExecution:
    """The recorded evaluation of one case by one metric; nothing is run.

    Args:
        store: A store that has the run.
        run_id: The run's id, or its beginning.
        case_id: The case.
        metric_id: The metric; of one that asks no judge there are scores, and no calls.
        dataset_id: The dataset, where several have such a case.
        case_key: The trial's hash, or its first 8 or more digits, where one dataset has the case
            under several models or prompts.

    Raises:
        StorageError: the store has no such run.
        UnknownRecordError: no case has this id, or several; the message lists the choices.
        ValueError: the run has no such metric; the message lists those it has.
    """
    source = RunSource(store, store.run(run_id).run_id)
    overlay = Overlay()
    source.layout.check_metric(metric_id)
    trial = _find(source, case_id, dataset_id=dataset_id, case_key=case_key)
    return EvaluationExecution(
        run_id=source.layout.run_id,
        dataset_id=trial.arm.slice_id,
        case_id=trial.item_id,
        metric_id=metric_id,
        model_id=trial.arm.model_id,
        trial_hash=trial.trial_hash.hex(),
        samples=tuple(_samples(source, trial, overlay, metric_id)),
    )


def _find(
    source: RunSource, case_id: str, *, dataset_id: str | None, case_key: str | None
) -> TrialRow:
    trials = [
        trial
        for trial in _named(source, case_id)
        if dataset_id in (None, trial.arm.slice_id)
        and (case_key is None or trial.trial_hash.hex().startswith(case_key.lower()))
    ]
    if len(trials) == 1:
        return trials[0]
    run = source.layout.run_id[:12]
    if trials:
        choices = "; ".join(_choice(trial) for trial in trials[:_LISTED])
        more = f" and {len(trials) - _LISTED} more" if len(trials) > _LISTED else ""
        msg = f"run {run} has case {case_id!r} {len(trials)} times; give one of: {choices}{more}"
        raise UnknownRecordError(msg)
    place = f" of dataset {dataset_id!r}" if dataset_id is not None else ""
    key = f" with case_key {case_key!r}" if case_key is not None else ""
    datasets = ", ".join(dict.fromkeys(arm.slice_id for arm in source.layout.arms))
    msg = f"run {run} has no case {case_id!r}{place}{key}; its datasets are: {datasets}"
    raise UnknownRecordError(msg)


def _named(source: RunSource, case_id: str) -> list[TrialRow]:
    """The trials of a case by its id; where no case has it, by the id as results show it."""
    found: list[int] = []
    for name in dict.fromkeys((storable(case_id), case_id)):
        if not found:
            found = _numbers_of(source, name)
    trials = trials_numbered(source, found)
    return [trials[number] for number in found]


def _numbers_of(source: RunSource, item_id: str) -> list[int]:
    numbers = select(_TRIALS.c.trial).where(
        _TRIALS.c.run == source.layout.run, _TRIALS.c.item_id == item_id
    )
    with source.connection() as connection:
        return list(connection.scalars(numbers.order_by(_TRIALS.c.trial)))


def _choice(trial: TrialRow) -> str:
    arm = trial.arm
    return (
        f"dataset_id={arm.slice_id!r}, case_key={trial.trial_hash.hex()[:16]!r} "
        f"(model {arm.model_id}, prompt {arm.prompt_variant_id})"
    )


def _samples(
    source: RunSource, trial: TrialRow, overlay: Overlay, metric_id: str
) -> Iterator[SampleEvaluation]:
    """What has a score of the metric: samples, then the case as a whole."""
    candidates = [one.record for one in read_candidates(source, [trial], overlay)[trial.number]]
    whole = read_whole_scores(source, [trial], overlay)[trial.number]
    reduced = [one for one in candidates if one.sample_index == WHOLE_TRIAL]
    for record in candidates:
        if record not in reduced and (scores := _scores(record.evaluation, metric_id)):
            yield SampleEvaluation(
                sample_index=record.sample_index,
                candidate_id=record.candidate_id,
                scores=scores,
                calls=_calls(record.judge_audits, metric_id),
            )
    if scores := _scores(whole.evaluation, metric_id):
        yield SampleEvaluation(
            sample_index=WHOLE_TRIAL,
            candidate_id=reduced[0].candidate_id if reduced else None,
            scores=scores,
            calls=_calls(whole.judge_audits, metric_id),
        )


def _scores(
    evaluation: EvaluationRecord | None, metric_id: str
) -> tuple[MetricScore | ScoreError, ...]:
    scores: Sequence[MetricScore | ScoreError] = evaluation.scores if evaluation else ()
    return tuple(score for score in scores if score.metric_id == metric_id)


def _calls(trails: Iterable[JudgeAuditTrail], metric_id: str) -> tuple[JudgeAuditEntry, ...]:
    return tuple(call for trail in trails if trail.metric_id == metric_id for call in trail.entries)
