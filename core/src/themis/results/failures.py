"""What failed, one row each: candidates that were not made, scores that a metric did not give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, Table, and_, select

from themis.records import WHOLE_TRIAL, ExtractionRecord
from themis.results.candidates import ReadCandidate, read_candidates
from themis.results.paging import PAGE, pages
from themis.results.score_sums import of_metrics
from themis.results.trials import TrialRow, iter_trials
from themis.storage import schema
from themis.storage.reading import chunked
from themis.storage.schema import CandidateStatus, ScoreStatus

if TYPE_CHECKING:
    from sqlalchemy import Row

    from themis.results.layout import Arm, RunLayout
    from themis.results.overlay import Overlay
    from themis.results.source import RunSource

__all__ = ["iter_failed_candidates", "iter_failed_scores", "iter_invalid_extractions"]

_CANDIDATES = schema.candidates
_SCORES = schema.scores
_TRIALS = schema.trials


def iter_failed_candidates(source: RunSource) -> Iterator[dict[str, Any]]:
    """One row per candidate, or reduced one, that could not be made: where, and why."""
    failed = _CANDIDATES.c.status == CandidateStatus.ERROR.value
    order = (_CANDIDATES.c.trial, _CANDIDATES.c.sample)
    statement = _with_trial(_CANDIDATES, source.layout, _CANDIDATES.c.generated_seq)
    for rows in pages(source, statement.where(failed), order):
        events = source.events([row.generated_seq for row in rows])
        for row in rows:
            failure = events[row.generated_seq].value["failure"]
            yield {
                "kind": "candidate" if row.sample != WHOLE_TRIAL else "reduction",
                **_where(source.layout, row),
                "metric_id": None,
                "stage": failure["stage"],
                "code": failure["code"],
                "message": failure["message"],
                "attempts": failure.get("attempts", 1),
            }


def iter_failed_scores(source: RunSource, overlay: Overlay) -> Iterator[dict[str, Any]]:
    """One row per score that a metric failed to give: where, and why."""
    shown = of_metrics(overlay.metrics(source.layout))
    order = (_SCORES.c.metric, _SCORES.c.arm, _SCORES.c.trial, _SCORES.c.sample)
    columns = (_SCORES.c.metric, _SCORES.c.seq, _SCORES.c.position)
    statement = _with_trial(_SCORES, source.layout, *columns).where(
        shown, _SCORES.c.status == ScoreStatus.ERROR.value
    )
    for rows in pages(source, statement, order):
        events = source.events([row.seq for row in rows])
        for row in rows:
            error = events[row.seq].value["scores"][row.position]["error"]
            yield {
                "kind": "score",
                **_where(source.layout, row),
                "metric_id": source.layout.metrics[row.metric].metric_id,
                "stage": "score",
                "code": (error or {}).get("code") or "metric_computation",
                "message": error["message"] if error else "the value is not a finite number",
                "attempts": 1,
            }


def iter_invalid_extractions(source: RunSource, overlay: Overlay) -> Iterator[dict[str, Any]]:
    """One row per candidate and extractor chain of which no extractor succeeded."""
    for trials in chunked(iter_trials(source), PAGE):
        found = read_candidates(source, trials, overlay)
        for trial in trials:
            for candidate in found[trial.number]:
                yield from _invalid(source.layout, trial, candidate)


def _invalid(
    layout: RunLayout, trial: TrialRow, candidate: ReadCandidate
) -> Iterator[dict[str, Any]]:
    for transform_hash, chain in candidate.parses.items():
        if any(record.success for record in chain):
            continue
        inference = candidate.record.inference
        yield {
            "trial_hash": trial.trial_hash.hex(),
            "candidate_id": candidate.record.candidate_id,
            "sample_index": candidate.record.sample_index,
            **_arm_columns(layout, trial.arm),
            "item_id": trial.item_id,
            "transform_hash": transform_hash,
            "reasons": _reasons(chain),
            "raw_text": inference.raw_text if inference else None,
        }


def _reasons(chain: Sequence[ExtractionRecord]) -> dict[str, str | None]:
    return {record.extractor_id: record.failure_reason for record in chain}


def _with_trial(table: Table, layout: RunLayout, *columns: ColumnElement[Any]) -> Select[Any]:
    """`columns` of a table of samples, beside their trial and candidate (a set has none)."""
    trial = and_(_TRIALS.c.run == table.c.run, _TRIALS.c.trial == table.c.trial)
    candidate = and_(
        _CANDIDATES.c.run == table.c.run,
        _CANDIDATES.c.trial == table.c.trial,
        _CANDIDATES.c.sample == table.c.sample,
    )
    named = (_TRIALS.c.trial_hash, _TRIALS.c.item_id, _TRIALS.c.arm, _CANDIDATES.c.candidate_hash)
    joined = table.join(_TRIALS, trial)
    if table is not _CANDIDATES:
        joined = joined.outerjoin(_CANDIDATES, candidate)
    sample = (table.c.trial, table.c.sample)
    return select(*sample, *columns, *named).select_from(joined).where(table.c.run == layout.run)


def _where(layout: RunLayout, row: Row[Any]) -> dict[str, Any]:
    return {
        "trial_hash": row.trial_hash.hex(),
        "candidate_id": row.candidate_hash and row.candidate_hash.hex(),
        "sample_index": row.sample,
        **_arm_columns(layout, layout.arms[row.arm]),
        "item_id": row.item_id,
    }


def _arm_columns(layout: RunLayout, arm: Arm) -> Mapping[str, Any]:
    return {
        "benchmark_id": layout.benchmark_id,
        "slice_id": arm.slice_id,
        "prompt_variant_id": arm.prompt_variant_id,
        "model_id": arm.model_id,
    }
