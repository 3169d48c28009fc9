"""Candidates put together again from the events that hold their parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from sqlalchemy import select

from themis.planning.keys import parse_key
from themis.records import (
    WHOLE_TRIAL,
    CandidateRecord,
    ConversationTrace,
    EvaluationRecord,
    ExtractionRecord,
    FailureRecord,
    InferenceRecord,
    JudgeAuditTrail,
    ObservabilityLink,
    RecordTimeline,
    ReducedCandidate,
    TimelineStage,
)
from themis.records.codec import from_plain
from themis.storage import schema
from themis.storage.reading import chunked
from themis.storage.recording import read_parse, read_score
from themis.storage.schema import CandidateStatus, ScoreStatus

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.engine import Connection

    from themis.results.layout import RunLayout
    from themis.results.overlay import Overlay
    from themis.results.source import RunSource
    from themis.results.trials import TrialRow
    from themis.storage import StoredEvent

__all__ = ["ReadCandidate", "WholeScores", "read_candidates", "read_whole_scores"]

_CANDIDATES = schema.candidates
_SCORES = schema.scores
_IN_ONE_QUERY = 500

T = TypeVar("T")


@attrs.frozen(slots=True, kw_only=True)
class ReadCandidate:
    """A candidate, and beside it its links, its events and its parses by transform hash."""

    record: CandidateRecord
    links: tuple[ObservabilityLink, ...]
    events: tuple[StoredEvent, ...]
    parses: Mapping[str, tuple[ExtractionRecord, ...]]


@attrs.frozen(slots=True)
class WholeScores:
    """The scores of a trial as a whole, and the judge calls behind them."""

    evaluation: EvaluationRecord | None
    judge_audits: tuple[JudgeAuditTrail, ...]


@attrs.frozen(slots=True, kw_only=True)
class _Shown:
    """What of an event is this run's, seen through an overlay.

    An event of another run, whose scores this one reuses, may hold more than that. Of the run's own
    events every parse is shown, unless the overlay has chosen: `chosen` says that it has.
    """

    run: int
    transforms: frozenset[str]
    metric_ids: frozenset[str]
    chosen: bool

    @classmethod
    def of(cls, source: RunSource, overlay: Overlay) -> _Shown:
        shown = overlay.transforms(source).values()
        columns = overlay.metrics(source.layout)
        return cls(
            run=source.layout.run,
            transforms=frozenset(chain for chains in shown for chain in chains),
            metric_ids=frozenset(column.metric_id for column in columns),
            chosen=overlay.transform_hash is not None or overlay.evaluation_hash is not None,
        )

    def parse(self, event: StoredEvent, transform_hash: str) -> bool:
        own = event.run == self.run and not self.chosen
        return own or transform_hash in self.transforms


@attrs.frozen(slots=True, kw_only=True)
class _Places:
    """Where the parts of one candidate are: event numbers, and positions within them."""

    row: Row[Any]
    scores: Sequence[tuple[int, int]]
    parses: Sequence[int]

    def seqs(self) -> list[int]:
        """All events to read."""
        evaluated = () if self.row.evaluated_seq is None else (self.row.evaluated_seq,)
        seqs = {*evaluated, *self.parses, *(seq for seq, _ in self.scores)}
        return [self.row.generated_seq, *sorted(seqs - {self.row.generated_seq})]


def read_candidates(
    source: RunSource, trials: Sequence[TrialRow], overlay: Overlay
) -> dict[int, list[ReadCandidate]]:
    """The candidates of some trials by trial number, each in the order of its samples.

    A trial's reduced candidate is the last one.
    Scores and extractions are those the overlay shows.
    """
    places = _find(source, trials, overlay)
    events = source.events([seq for place in places for seq in place.seqs()])
    shown = _Shown.of(source, overlay)
    found: dict[int, list[ReadCandidate]] = {trial.number: [] for trial in trials}
    for place in sorted(places, key=lambda place: place.row.sample == WHOLE_TRIAL):
        found[place.row.trial].append(_assembled(place, events, shown))
    return found


def _find(source: RunSource, trials: Sequence[TrialRow], overlay: Overlay) -> list[_Places]:
    layout = source.layout
    with source.connection() as connection:
        rows = _candidate_rows(connection, layout, trials)
        scores = _score_places(connection, layout, trials, overlay)
    parses = _parse_places(source, rows, trials, overlay)
    return [
        _Places(
            row=row,
            scores=scores.get((row.trial, row.sample), ()),
            parses=parses.get(row.candidate_hash, ()),
        )
        for row in rows
    ]


def _candidate_rows(
    connection: Connection, layout: RunLayout, trials: Sequence[TrialRow]
) -> list[Row[Any]]:
    wanted = select(_CANDIDATES).where(_CANDIDATES.c.run == layout.run)
    return [
        row
        for numbers in chunked((trial.number for trial in trials), _IN_ONE_QUERY)
        for row in connection.execute(
            wanted.where(_CANDIDATES.c.trial.in_(numbers)).order_by(
                _CANDIDATES.c.trial, _CANDIDATES.c.sample
            )
        )
    ]


def _score_places(
    connection: Connection, layout: RunLayout, trials: Sequence[TrialRow], overlay: Overlay
) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """(event, position) of every score that is shown, by (trial, sample), in metric order."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    columns = (_SCORES.c.trial, _SCORES.c.sample, _SCORES.c.seq, _SCORES.c.position)
    for metric in overlay.metrics(layout):
        for arm, numbers in _by_arm(trials, metric.slice_id).items():
            statement = select(*columns).where(
                _SCORES.c.run == layout.run,
                _SCORES.c.metric == metric.index,
                _SCORES.c.arm == arm,
                _SCORES.c.trial.in_(numbers),
                _SCORES.c.status != ScoreStatus.NO_CANDIDATE.value,
            )
            for trial, sample, seq, position in connection.execute(statement):
                found.setdefault((trial, sample), []).append((seq, position))
    return found


def _by_arm(trials: Iterable[TrialRow], slice_id: str) -> dict[int, list[int]]:
    numbers: dict[int, list[int]] = {}
    for trial in trials:
        if trial.arm.slice_id == slice_id:
            numbers.setdefault(trial.arm.index, []).append(trial.number)
    return numbers


def _parse_places(
    source: RunSource, rows: Sequence[Row[Any]], trials: Sequence[TrialRow], overlay: Overlay
) -> dict[bytes, list[int]]:
    """The events of the parses that are shown, by candidate hash."""
    slices = {trial.number: trial.arm.slice_id for trial in trials}
    shown = overlay.transforms(source)
    keys = {
        parse_key(row.candidate_hash, bytes.fromhex(chain)): row.candidate_hash
        for row in rows
        for chain in shown.get(slices[row.trial], ())
    }
    found: dict[bytes, list[int]] = {}
    for key, seq in source.known(keys).items():
        found.setdefault(keys[key], []).append(seq)
    return found


def _assembled(place: _Places, events: Mapping[int, StoredEvent], shown: _Shown) -> ReadCandidate:
    row = place.row
    origin, *later = (events[seq] for seq in place.seqs())
    value = origin.value
    parses = _parses(later, shown)
    stages = [stage for event in (origin, *later) for stage in event.value["timeline"]]
    kind, more = CandidateRecord, {}
    if row.sample == WHOLE_TRIAL:
        kind, more = ReducedCandidate, _reduction(value)
    record = kind(
        candidate_id=row.candidate_hash.hex(),
        sample_index=row.sample,
        effective_seed=value.get("seed"),
        inference=_maybe(value.get("inference"), InferenceRecord),
        conversation=_maybe(value.get("conversation"), ConversationTrace),
        extractions=tuple(record for chain in parses.values() for record in chain),
        evaluation=_evaluation([events[seq].value["scores"][at] for seq, at in place.scores]),
        judge_audits=(*_own_audits(origin), *_audits(later, shown)),
        timeline=RecordTimeline(tuple(from_plain(stage, TimelineStage) for stage in stages)),
        status="error" if row.status == CandidateStatus.ERROR else "ok",
        failure=_maybe(value.get("failure"), FailureRecord),
        **more,
    )
    links = tuple(from_plain(link, ObservabilityLink) for link in value.get("links", ()))
    return ReadCandidate(record=record, links=links, events=(origin, *later), parses=parses)


def _reduction(value: Mapping[str, Any]) -> dict[str, Any]:
    """What a reduced candidate has beside what every candidate has."""
    return {"source_candidate_ids": tuple(value["sources"]), "details": value["details"]}


def _own_audits(origin: StoredEvent) -> tuple[JudgeAuditTrail, ...]:
    """The judge calls that a reduction made."""
    return tuple(from_plain(one, JudgeAuditTrail) for one in origin.value.get("judge_audits", ()))


def read_whole_scores(
    source: RunSource, trials: Sequence[TrialRow], overlay: Overlay
) -> dict[int, WholeScores]:
    """The scores of some trials as a whole: of their reduced candidate, or their candidates."""
    with source.connection() as connection:
        places = _score_places(connection, source.layout, trials, overlay)
    whole = {trial: at for (trial, sample), at in places.items() if sample == WHOLE_TRIAL}
    events = source.events(sorted({seq for at in whole.values() for seq, _ in at}))
    shown = _Shown.of(source, overlay)
    return {
        trial.number: _whole_scores(whole.get(trial.number, ()), events, shown) for trial in trials
    }


def _whole_scores(
    places: Sequence[tuple[int, int]], events: Mapping[int, StoredEvent], shown: _Shown
) -> WholeScores:
    evaluation = _evaluation([events[seq].value["scores"][at] for seq, at in places])
    read = [events[seq] for seq in sorted({seq for seq, _ in places})]
    return WholeScores(evaluation, _audits(read, shown))


def _parses(
    events: Iterable[StoredEvent], shown: _Shown
) -> dict[str, tuple[ExtractionRecord, ...]]:
    """The extractions of each chain that is shown, by its hash."""
    return {
        entry["transform_hash"]: read_parse(entry).extractions
        for event in events
        for entry in event.value["parses"]
        if shown.parse(event, entry["transform_hash"])
    }


def _audits(events: Iterable[StoredEvent], shown: _Shown) -> tuple[JudgeAuditTrail, ...]:
    trails = (
        from_plain(entry, JudgeAuditTrail)
        for event in events
        for entry in event.value.get("judge_audits", ())
    )
    return tuple(trail for trail in trails if trail.metric_id in shown.metric_ids)


def _evaluation(entries: Sequence[Mapping[str, Any]]) -> EvaluationRecord | None:
    """All scores shown; `evaluation_hash` is empty where they are of several passes."""
    if not entries:
        return None
    read = [read_score(entry) for entry in entries]
    hashes = {entry.evaluation_hash for entry in read}
    scores = tuple(entry.score for entry in read)
    return EvaluationRecord(hashes.pop() if len(hashes) == 1 else "", scores)


def _maybe(data: Any, kind: type[T]) -> T | None:
    return None if data is None else from_plain(data, kind)
