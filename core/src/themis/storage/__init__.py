"""The durable record of runs: append-only events, projections of them, items and blobs."""

from themis.storage.continuations import continuations, judgements
from themis.storage.events import Event, StoredEvent
from themis.storage.items import Item
from themis.storage.leases import Lease, LeaseLostError
from themis.storage.lock import WriterLock
from themis.storage.protocol import CandidateRow, LeasingStore, RunRow, RunStore, TrialRow
from themis.storage.recording import (
    ParseEntry,
    PlannedArm,
    PlannedMetric,
    PlannedTrial,
    ReusedCandidate,
    ReusedScore,
    RunStatus,
    ScoreEntry,
    evaluated,
    generated,
    read_parse,
    read_score,
    reused,
    run_continued,
    run_judged,
    run_planned,
    run_status,
    steps,
    trials_planned,
)
from themis.storage.run_store import SqlRunStore
from themis.storage.schema import CandidateStatus, ScoreStatus
from themis.storage.sqlite_store import (
    InMemoryRunStore,
    SqliteRunStore,
    open_store,
    sqlite_store,
)

__all__ = [
    "CandidateRow",
    "CandidateStatus",
    "Event",
    "InMemoryRunStore",
    "Item",
    "Lease",
    "LeaseLostError",
    "LeasingStore",
    "ParseEntry",
    "PlannedArm",
    "PlannedMetric",
    "PlannedTrial",
    "ReusedCandidate",
    "ReusedScore",
    "RunRow",
    "RunStatus",
    "RunStore",
    "ScoreEntry",
    "ScoreStatus",
    "SqlRunStore",
    "SqliteRunStore",
    "StoredEvent",
    "TrialRow",
    "WriterLock",
    "continuations",
    "evaluated",
    "generated",
    "judgements",
    "open_store",
    "read_parse",
    "read_score",
    "reused",
    "run_continued",
    "run_judged",
    "run_planned",
    "run_status",
    "sqlite_store",
    "steps",
    "trials_planned",
]
