"""A run's stored events in the words of the experiment API, one per stage of a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from themis.records.run_events import (
    CaseEvent,
    CaseFailedEvent,
    EvaluationCompletedEvent,
    EvaluationFailedEvent,
    GenerationCompletedEvent,
    GenerationFailedEvent,
    ParseCompletedEvent,
    ParseFailedEvent,
    ReductionCompletedEvent,
    ReductionFailedEvent,
    RunEvent,
    RunFailedEvent,
    ScoreCompletedEvent,
    ScoreFailedEvent,
)
from themis.results.paging import PAGE, pages
from themis.results.source import RunSource
from themis.results.trials import TrialRow, trials_numbered
from themis.storage import schema

if TYPE_CHECKING:
    from themis.storage import RunStore, StoredEvent

__all__ = ["iter_run_events"]

_EVENTS = schema.events


def iter_run_events(store: RunStore, run_id: str) -> Iterator[RunEvent]:
    """What happened in a run, in the order in which it became durable.

    What the run took over from earlier ones happened there, and is not told again.

    Raises:
        StorageError: the store has no such run.
    """
    source = RunSource(store, run_id)
    own = select(_EVENTS.c.seq).where(
        _EVENTS.c.run == source.layout.run, _EVENTS.c.kind.in_((*_TOLD, "run_status"))
    )
    for rows in pages(source, own, (_EVENTS.c.seq,), size=PAGE):
        events = source.events([row.seq for row in rows])
        yield from _told(source, [events[row.seq] for row in rows])


def _told(source: RunSource, events: Sequence[StoredEvent]) -> Iterator[RunEvent]:
    numbers = {event.value["trial"] for event in events if "trial" in event.value}
    trials = trials_numbered(source, sorted(numbers))
    for event in events:
        shared = {"run_id": source.layout.run_id, "seq": event.seq, "at": event.at / 1000}
        if event.kind == "run_status":
            yield _status(event.value, shared)
            continue
        trial = trials[event.value["trial"]]
        yield from _TOLD[event.kind](event, {**shared, **_place(event, trial)})


def _place(event: StoredEvent, trial: TrialRow) -> dict[str, Any]:
    return {
        "dataset_id": trial.arm.slice_id,
        "case_id": trial.item_id,
        "candidate_id": (event.key or b"").hex(),
        "sample_index": event.value["sample"],
    }


def _status(value: Mapping[str, Any], shared: Mapping[str, Any]) -> RunEvent:
    kind = RunFailedEvent if value["status"] == "failed" else RunEvent
    return kind(**shared, status=value["status"], reason=value["reason"])


def _made(
    event: StoredEvent,
    shared: Mapping[str, Any],
    *,
    completed: type[CaseEvent],
    failed: type[CaseFailedEvent],
) -> Iterator[RunEvent]:
    """A candidate that was generated or reduced, or why there is none."""
    failure = event.value["failure"]
    if failure is not None:
        yield failed(**shared, code=failure["code"], message=failure["message"])
    elif completed is ReductionCompletedEvent:
        yield ReductionCompletedEvent(**shared, source_candidate_ids=event.value["sources"])
    else:
        yield completed(**shared)


def _evaluated(event: StoredEvent, shared: Mapping[str, Any]) -> Iterator[RunEvent]:
    value = event.value
    for parse in value["parses"]:
        yield _parse(parse, shared)
    asked = Counter[str]()
    for trail in value.get("judge_audits", ()):
        asked[trail["metric_id"]] += len(trail["entries"])
    for score in value["scores"]:
        yield _score(score, shared, calls=asked.get(score["metric_id"]))


def _parse(entry: Mapping[str, Any], shared: Mapping[str, Any]) -> RunEvent:
    named = {**shared, "transform_hash": entry["transform_hash"]}
    found = next((one for one in entry["extractions"] if one["success"]), None)
    if found is not None:
        return ParseCompletedEvent(**named, parsed_answer=found["parsed_answer"])
    reasons = (one["failure_reason"] or "no reason given" for one in entry["extractions"])
    return ParseFailedEvent(**named, message="; ".join(reasons))


def _score(entry: Mapping[str, Any], shared: Mapping[str, Any], *, calls: int | None) -> RunEvent:
    """`calls` is how many judges were asked; None for a metric that asks none."""
    named: dict[str, Any] = {**shared, "metric_id": entry["metric_id"]}
    judged: dict[str, Any] = {} if calls is None else {"judge_calls": calls}
    error = entry["error"]
    if error is not None:
        failed = ScoreFailedEvent if calls is None else EvaluationFailedEvent
        return failed(**named, **judged, code=error["code"], message=error["message"])
    completed = ScoreCompletedEvent if calls is None else EvaluationCompletedEvent
    return completed(**named, **judged, value=entry["value"])


_Teller = Callable[["StoredEvent", Mapping[str, Any]], Iterator[RunEvent]]

_TOLD: Mapping[str, _Teller] = {
    "generated": partial(_made, completed=GenerationCompletedEvent, failed=GenerationFailedEvent),
    "reduced": partial(_made, completed=ReductionCompletedEvent, failed=ReductionFailedEvent),
    "evaluated": _evaluated,
}
