"""One trial or candidate, for a program to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from themis.records.codec import to_plain
from themis.reporting.record_text import render_record

if TYPE_CHECKING:
    from themis.records import CandidateRecord, TrialSpec
    from themis.results import RecordTimelineView

__all__ = ["record_to_dict", "render_record"]


def record_to_dict(view: RecordTimelineView, *, only_timeline: bool = False) -> dict[str, Any]:
    """Plain JSON values of a view; with `only_timeline`, its ids, status and stages."""
    named = {
        "record_id": view.record_id,
        "record_type": view.record_type,
        "trial_hash": view.trial_hash,
        "candidate_id": view.candidate_id,
        "status": view.status,
        "timeline": to_plain(view.timeline).get("stages", []),
    }
    if only_timeline:
        return named
    return {
        **named,
        "lineage": dict(view.lineage),
        "trial_spec": _spec_to_dict(view.trial_spec),
        "item_payload": view.item_payload,
        "candidates": [_candidate_to_dict(candidate) for candidate in view.candidates],
        "judge_audit": [to_plain(trail) for trail in view.judge_audit],
        "observability": to_plain(view.observability).get("links", []),
        "related_events": [attrs.asdict(event) for event in view.related_events],
    }


def _spec_to_dict(spec: TrialSpec) -> dict[str, Any]:
    plain = attrs.asdict(spec, recurse=False)
    plain["model"] = spec.model.model_dump(mode="json")
    plain["params"] = spec.params.model_dump(mode="json")
    plain["prompt"] = [to_plain(message) for message in spec.prompt]
    plain["follow_ups"] = [[to_plain(message) for message in turn] for turn in spec.follow_ups]
    plain["tools"] = [tool.model_dump(mode="json") for tool in spec.tools]
    plain["mcp_servers"] = [server.model_dump(mode="json") for server in spec.mcp_servers]
    return {**plain, "dimensions": dict(spec.dimensions)}


def _candidate_to_dict(candidate: CandidateRecord) -> dict[str, Any]:
    return {
        "candidate_id": candidate.candidate_id,
        "sample_index": candidate.sample_index,
        "effective_seed": candidate.effective_seed,
        "status": candidate.status,
        "failure": _plain(candidate.failure),
        "inference": _plain(candidate.inference),
        "conversation": _plain(candidate.conversation),
        "extractions": [to_plain(record) for record in candidate.extractions],
        "evaluation": _plain(candidate.evaluation),
    }


def _plain(record: Any) -> dict[str, Any] | None:
    return None if record is None else to_plain(record)
