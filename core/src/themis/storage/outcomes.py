"""The fold of outcome events (generated, evaluated, reused) over one batch, before any SQL.

Events are taken in order; of several about one row, the last counts. What comes out are the rows to
write, so the cost depends on the batch alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from themis.records import WHOLE_TRIAL
from themis.storage.events import StoredEvent
from themis.storage.schema import CandidateStatus, ScoreStatus
from themis.storage.trial_arms import UnplannedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "KEY_PREFIX",
    "OutcomeBatch",
    "RunShape",
    "artifact_keys",
    "find_score",
    "run_of",
    "withdrawn_keys",
]

CandidateKey = tuple[int, int, int]
ScoreKey = tuple[int, int, int, int, int]
Row = tuple[Any, ...]

_COUNT_MAX = 2**31 - 1
_OK, _FAILED = CandidateStatus.OK.value, CandidateStatus.ERROR.value
_SCORED, _UNSCORED = ScoreStatus.OK.value, ScoreStatus.ERROR.value
_NO_CANDIDATE = ScoreStatus.NO_CANDIDATE.value
_PLANNED = frozenset({"run_planned", "run_continued", "run_judged", "trials_planned"})
KEY_PREFIX = 16
"""Hex digits of a score's key that `reused` events carry: enough within one event."""


@attrs.frozen(slots=True)
class RunShape:
    """What is fixed about a run once it is planned: each arm's slice, each slice's metrics.

    Metrics that score each sample and those that score a trial as a whole are told apart.
    """

    slice_of_arm: Mapping[int, str]
    metrics_of_slice: Mapping[tuple[str, bool], Sequence[int]]

    def metrics_of(self, arm: int, sample: int) -> Sequence[int]:
        """Numbers of the metrics that score this sample (or the trial) of this arm."""
        return self.metrics_of_slice.get((self.slice_of_arm[arm], sample == WHOLE_TRIAL), ())


@attrs.define(slots=True)
class OutcomeBatch:
    """Rows to write for one batch.

    `evaluated` are candidates of earlier batches that now have an evaluation; `succeeded` are
    those generated anew, whose rows of an earlier failure must go; `failed` failed in this batch.
    `dropped` are scores that a failure of this batch took the place of before a success: whatever
    an earlier batch stored of them must go.
    """

    shape_of: Callable[[int], RunShape]
    arm_of: Callable[[int, int], int]
    candidates: dict[CandidateKey, Row] = attrs.field(factory=dict)
    evaluated: dict[CandidateKey, int] = attrs.field(factory=dict)
    succeeded: set[CandidateKey] = attrs.field(factory=set)
    failed: set[CandidateKey] = attrs.field(factory=set)
    scores: dict[ScoreKey, Row] = attrs.field(factory=dict)
    dropped: set[ScoreKey] = attrs.field(factory=set)

    def generated(self, event: StoredEvent) -> None:
        """A candidate or a reduced one, or the failure to get one."""
        self._candidate(_place(event), event)

    def evaluated_by(self, event: StoredEvent) -> None:
        """Scores, and the parses behind them."""
        place = _place(event)
        self._mark_evaluated(place, event.seq)
        for position, entry in enumerate(event.value["scores"]):
            cells = score_cells(entry, event.seq, position)
            self._score(place, entry["metric"], cells)

    def reused(self, event: StoredEvent, sources: Mapping[int, StoredEvent]) -> None:
        """Candidates and scores that events of other runs (`sources`, by seq) already hold."""
        run = run_of(event)
        for trial, sample, seq in event.value["candidates"]:
            self._candidate((run, trial, sample), sources[seq])
        for trial, sample, metric, seq, key in event.value["scores"]:
            place = (run, trial, sample)
            position, entry = find_score(sources[seq], key)
            self._mark_evaluated(place, seq)
            self._score(place, metric, score_cells(entry, seq, position))

    def _candidate(self, place: CandidateKey, source: StoredEvent) -> None:
        arm = self.arm_of(place[0], place[1])
        self.candidates[place] = candidate_cells(source)
        self.evaluated.pop(place, None)
        if source.value["status"] != "ok":
            self._no_candidate(place, arm, source.seq)
            return
        self.succeeded.add(place)
        if place in self.failed:
            self._drop_no_candidate(place)

    def _mark_evaluated(self, place: CandidateKey, seq: int) -> None:
        cells = self.candidates.get(place)
        if cells is None:
            self.evaluated[place] = seq
        else:
            self.candidates[place] = (*cells[:4], seq, *cells[5:])

    def _score(self, place: CandidateKey, metric: int, cells: Row) -> None:
        run, trial, sample = place
        self.scores[(run, metric, self.arm_of(run, trial), trial, sample)] = cells

    def _no_candidate(self, place: CandidateKey, arm: int, seq: int) -> None:
        self.succeeded.discard(place)
        self.failed.add(place)
        for metric in self.shape_of(place[0]).metrics_of(arm, place[2]):
            self._score(place, metric, (None, _NO_CANDIDATE, seq, 0))

    def _drop_no_candidate(self, place: CandidateKey) -> None:
        for key in self.score_keys(place):
            if key in self.scores and self.scores[key][1] == _NO_CANDIDATE:
                del self.scores[key]
                self.dropped.add(key)

    def score_keys(self, place: CandidateKey) -> list[ScoreKey]:
        """The keys of every score the candidate can have."""
        run, trial, sample = place
        arm = self.arm_of(run, trial)
        metrics = self.shape_of(run).metrics_of(arm, sample)
        return [(run, metric, arm, trial, sample) for metric in metrics]


def _place(event: StoredEvent) -> CandidateKey:
    return (run_of(event), event.value["trial"], event.value["sample"])


def run_of(event: StoredEvent) -> int:
    """The event's run, which only imported candidates do without."""
    if event.run is None:
        msg = "its run"
        raise UnplannedError(msg)
    return event.run


def candidate_cells(source: StoredEvent) -> Row:
    """The cells of a `candidates` row behind its key, from the event that generated it."""
    value = source.value
    inference = value.get("inference") or {}
    usage = (source.kind == "generated" and inference.get("token_usage")) or {}
    failure = value.get("failure") or {}
    return (
        source.key,
        _OK if value["status"] == "ok" else _FAILED,
        failure.get("code"),
        source.seq,
        None,
        _count(usage.get("prompt")),
        _count(usage.get("completion")),
        _finite(inference.get("latency_ms")) if source.kind == "generated" else None,
    )


def score_cells(entry: Mapping[str, Any], seq: int, position: int) -> Row:
    """The cells of a `scores` row behind its key: value, status, seq, position."""
    value = None if entry["error"] is not None else _finite(entry["value"])
    return (value, _UNSCORED if value is None else _SCORED, seq, position)


def _finite(value: Any) -> float | None:
    """The number as a column holds it; whatever else a component returned has no number."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number + 0.0 if math.isfinite(number) else None  # -0.0 is stored as 0.0


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= _COUNT_MAX else None


def find_score(source: StoredEvent, key: str) -> tuple[int, Mapping[str, Any]]:
    """Position and entry of the score whose key begins with `key` (hex)."""
    for position, entry in enumerate(source.value["scores"]):
        if entry["key"].startswith(key):
            return position, entry
    msg = f"score {key} of event {source.seq}"
    raise UnplannedError(msg)


def withdrawn_keys(value: Any) -> list[bytes]:
    """The keys of the artifacts that a `withdrawn` event takes back."""
    named = [entry[-1] for group in ("candidates", "scores") for entry in value[group]]
    return [bytes.fromhex(key) for key in (*named, *value["parses"])]


def artifact_keys(kind: str, key: bytes | None, value: Any) -> list[bytes]:
    """The keys of the successful artifacts that an event holds."""
    if kind in {"generated", "reduced"}:
        return [key] if key is not None and value["status"] == "ok" else []
    if kind == "evaluated":
        parses = [bytes.fromhex(entry["key"]) for entry in value["parses"]]
        return parses + [
            bytes.fromhex(entry["key"])
            for entry in value["scores"]
            if entry["error"] is None and _finite(entry["value"]) is not None
        ]
    return [key] if key is not None and kind in _PLANNED else []
