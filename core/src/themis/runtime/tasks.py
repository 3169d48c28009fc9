"""The tasks of bundles: pending work as plain JSON values, with all that is needed to do it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from themis.records.codec import to_plain

if TYPE_CHECKING:
    from themis.planning.plan import Score
    from themis.records import ExtractionRecord, Message, TrialSpec
    from themis.runtime.work import Work

__all__ = ["evaluation_tasks", "generation_task"]


def generation_task(work: Work, trial: TrialSpec) -> dict[str, Any]:
    """One candidate to be made; `trial` is what is to be sent."""
    return {
        **_place(work),
        "seed": work.seed,
        "model": trial.model.model_dump(mode="json"),
        "params": trial.params.model_dump(mode="json"),
        "messages": _messages(trial.prompt),
        "follow_ups": [_messages(turn) for turn in trial.follow_ups],
        "tools": [tool.model_dump(mode="json") for tool in trial.tools],
        "mcp_servers": [server.model_dump(mode="json") for server in trial.mcp_servers],
        "result": None,
    }


def evaluation_tasks(work: Work) -> Iterator[dict[str, Any]]:
    """The scores to be made of one candidate, those of each score spec together.

    Scores of a trial's candidates as a set are left to the run: a task holds one candidate.
    """
    candidate = work.candidate
    single = [entry for entry in work.scores if entry.metric.subject != "candidates"]
    if candidate is None:  # a trial of which only the set of candidates is to be scored
        return
    for score in work.slice_plan.scores:
        pending = [entry for entry in single if entry.score is score]
        if pending:
            yield {
                **_place(work),
                "evaluation_hash": score.key.hex(),
                "item": dict(work.payload_item.payload),
                "inference": to_plain(candidate.inference),
                "extractions": [to_plain(record) for record in _extractions(work, score)],
                "metrics": {
                    entry.metric.metric_id: {"metric": entry.metric.index, "key": entry.key.hex()}
                    for entry in pending
                },
                "result": None,
            }


def _place(work: Work) -> dict[str, Any]:
    return {
        "candidate_id": work.candidate_key.hex(),
        "trial_hash": work.trial_key.hex(),
        "trial": work.trial,
        "sample": work.sample,
        "item_id": work.payload_item.item_id,
    }


def _messages(messages: tuple[Message, ...]) -> list[Any]:
    return [to_plain(message) for message in messages]


def _extractions(work: Work, score: Score) -> tuple[ExtractionRecord, ...]:
    """What the score's parse found; nothing where it reads the raw output."""
    return () if score.parse is None else work.stored_parses[score.parse.key]
