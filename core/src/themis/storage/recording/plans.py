"""The events of a run itself: what was planned, where it went on, and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

from themis.records.canonical import digest
from themis.storage.events import Event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "PlannedArm",
    "PlannedMetric",
    "PlannedTrial",
    "RunStatus",
    "continuation_key",
    "judgement_key",
    "run_continued",
    "run_judged",
    "run_planned",
    "run_status",
    "trials_key",
    "trials_planned",
]

RunStatus = Literal[
    "planned", "pending", "running", "completed", "partial_failure", "failed", "interrupted"
]


@attrs.frozen(slots=True, kw_only=True)
class PlannedArm:
    """One arm of a run: a slice under one prompt variant, model and parameter set."""

    slice_id: str
    prompt_variant_id: str
    model_id: str
    provider: str
    params_hash: str
    prompt_family: str | None = None
    params: dict[str, Any] = attrs.field(factory=dict)
    dimensions: dict[str, str] = attrs.field(factory=dict)
    dataset_id: str | None = None


@attrs.frozen(slots=True, kw_only=True)
class PlannedMetric:
    """One metric of one score spec of one slice."""

    metric_id: str
    score_name: str
    slice_id: str
    evaluation_hash: str
    transform_hash: str | None = None
    whole_trial: bool = False
    stage: str | None = None


@attrs.frozen(slots=True)
class PlannedTrial:
    """One trial: its arm's number, its item, and the key of all that determines generation."""

    arm: int
    item_id: str
    item_hash: str
    trial_hash: str


def run_planned(
    *,
    run_id: str,
    benchmark_id: str,
    manifest: Mapping[str, Any],
    arms: Sequence[PlannedArm],
    metrics: Sequence[PlannedMetric],
    num_samples: int,
) -> Event:
    """The start of a run. Its seq is the `run` of all the run's events.

    Appending it again for the same `run_id` gives the seq it already has.
    """
    value = {
        "run_id": run_id,
        "benchmark_id": benchmark_id,
        "manifest": manifest,
        "arms": [attrs.asdict(arm, recurse=False) for arm in arms],
        "metrics": [attrs.asdict(metric, recurse=False) for metric in metrics],
        "num_samples": num_samples,
    }
    return Event.of("run_planned", value, run=None, key=digest(b"run", run_id.encode()))


def run_continued(run: int, *, run_id: str, number: int, provenance: Mapping[str, Any]) -> Event:
    """The run goes on under another provenance than before, for the `number`th time (from 0).

    Appending it again gives the seq it already has.
    """
    value = {"number": number, "provenance": provenance}
    return Event.of("run_continued", value, run=run, key=continuation_key(run_id, number))


def continuation_key(run_id: str, number: int) -> bytes:
    """The key under which the `number`th continuation of a run is found."""
    return digest(b"continued", run_id.encode(), b"%d" % number)


def run_judged(run: int, *, run_id: str, number: int, accepted: bool, reason: str) -> Event:
    """Whether the run counts as history for later ones: the `number`th word on it (from 0).

    Appending it again gives the seq it already has.
    """
    value = {"number": number, "accepted": accepted, "reason": reason}
    return Event.of("run_judged", value, run=run, key=judgement_key(run_id, number))


def judgement_key(run_id: str, number: int) -> bytes:
    """The key under which the `number`th judgement of a run is found."""
    return digest(b"judged", run_id.encode(), b"%d" % number)


def trials_planned(run: int, *, start: int, trials: Sequence[PlannedTrial]) -> Event:
    """Trials `start`, `start + 1`, ...: at most some hundreds, so that none is a huge payload."""
    value = {
        "start": start,
        "trials": [[one.arm, one.item_id, one.item_hash, one.trial_hash] for one in trials],
    }
    return Event.of("trials_planned", value, run=run, key=trials_key(run, start))


def trials_key(run: int, start: int) -> bytes:
    """The key of the event that plans the run's trials from `start` on."""
    return digest(b"trials", b"%d" % run, b"%d" % start)


def run_status(
    run: int, *, status: RunStatus, reason: str | None = None, through: str | None = None
) -> Event:
    """A run's new status, why, and through which stage it is whole."""
    return Event.of("run_status", {"status": status, "reason": reason, "through": through}, run=run)
