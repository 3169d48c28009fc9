"""A stored event in the words of the experiment API: one RunEvent per stage of a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import attrs

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

__all__ = ["STATUS", "TOLD_KINDS", "EventPlace", "told_of_case", "told_of_run"]

STATUS = "run_status"
"""The kind of stored event that says how a run stands."""


@attrs.frozen(slots=True, kw_only=True)
class EventPlace:
    """Which stored event it is: its run, number, time (Unix milliseconds) and key."""

    run_id: str
    seq: int
    at: int
    key: bytes | None = None

    def fields(self) -> dict[str, Any]:
        """What every RunEvent says."""
        return {"run_id": self.run_id, "seq": self.seq, "at": self.at / 1000}


def told_of_run(value: Mapping[str, Any], place: EventPlace) -> RunEvent:
    """What a stored event of the kind STATUS says."""
    kind = RunFailedEvent if value["status"] == "failed" else RunEvent
    return kind(**place.fields(), status=value["status"], reason=value["reason"])


def told_of_case(
    kind: str, value: Mapping[str, Any], place: EventPlace, *, dataset_id: str, case_id: str
) -> Iterator[RunEvent]:
    """What a stored event of one of TOLD_KINDS says of its case, in order."""
    shared = {
        **place.fields(),
        "dataset_id": dataset_id,
        "case_id": case_id,
        "candidate_id": (place.key or b"").hex(),
        "sample_index": value["sample"],
    }
    return _TOLD[kind](value, shared)


def _made(
    value: Mapping[str, Any],
    shared: Mapping[str, Any],
    *,
    completed: type[CaseEvent],
    failed: type[CaseFailedEvent],
) -> Iterator[RunEvent]:
    """A candidate that was generated or reduced, or why there is none."""
    failure = value["failure"]
    if failure is not None:
        yield failed(**shared, code=failure["code"], message=failure["message"])
    elif completed is ReductionCompletedEvent:
        yield ReductionCompletedEvent(**shared, source_candidate_ids=value["sources"])
    else:
        yield completed(**shared)


def _evaluated(value: Mapping[str, Any], shared: Mapping[str, Any]) -> Iterator[RunEvent]:
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


_Teller = Callable[[Mapping[str, Any], Mapping[str, Any]], Iterator[RunEvent]]

_TOLD: Mapping[str, _Teller] = {
    "generated": partial(_made, completed=GenerationCompletedEvent, failed=GenerationFailedEvent),
    "reduced": partial(_made, completed=ReductionCompletedEvent, failed=ReductionFailedEvent),
    "evaluated": _evaluated,
}

TOLD_KINDS = tuple(_TOLD)
"""The kinds of stored events that are about a case."""
