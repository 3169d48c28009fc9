"""The store's tables, the same on SQLite and PostgreSQL.

`events` and `items` are what was recorded; `progress` is a scratch value per run, `leases` are the
workers' own. Every other table
is a projection: a fold of the events in `seq` order (see `themis.storage.projection`), never
written in any other way. Hashes are 32 raw bytes, times are Unix milliseconds.

`run` is everywhere the `seq` of the run's `run_planned` event, which is `runs.id`. Within a run,
trials, arms and metrics are numbered from 0.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

__all__ = [
    "PROJECTIONS",
    "CandidateStatus",
    "Encoding",
    "RawBytes",
    "ScoreStatus",
    "arms",
    "artifacts",
    "candidates",
    "events",
    "items",
    "leases",
    "metadata",
    "metrics",
    "progress",
    "runs",
    "schema_version",
    "scores",
    "trials",
]


class Encoding(IntEnum):
    """How `payload` holds canonical bytes: as they are, compressed, or as a blob's hash."""

    RAW = 0
    ZSTD = 1
    BLOB = 2


class CandidateStatus(IntEnum):
    """`candidates.status`."""

    OK = 0
    ERROR = 1


class ScoreStatus(IntEnum):
    """`scores.status`. Only OK rows have a value; the others are counted beside the mean."""

    OK = 0
    ERROR = 1
    NO_CANDIDATE = 2


class RawBytes(LargeBinary):
    """Bytes handed to and taken from the driver as they are: no wrapper object per value."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:  # noqa: ARG002 (SQLAlchemy's signature)
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> None:  # noqa: ARG002 (the same)
        return None


metadata = MetaData()


def _hash(name: str, **options: Any) -> Column[bytes]:
    return Column(name, RawBytes(32), **{"nullable": False, **options})


def _id(name: str, *, numbered: bool) -> Column[int]:
    # Only a column declared exactly INTEGER is SQLite's own row number.
    kind = BigInteger().with_variant(Integer, "sqlite")
    return Column(name, kind, primary_key=True, autoincrement=numbered)


def _key(name: str) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


def _seq(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _small(name: str) -> Column[int]:
    return Column(name, SmallInteger, nullable=False)


def _payload() -> tuple[Column[int], Column[bytes], Column[bytes]]:
    """Encoding, stored bytes, and a SHA-256 that covers the whole row."""
    return _small("encoding"), Column("payload", RawBytes, nullable=False), _hash("hash")


schema_version = Table("schema_version", metadata, _key("version"), _seq("applied_at"))

events = Table(
    "events",
    metadata,
    _id("seq", numbered=True),
    _seq("run", nullable=True),
    _text("kind"),
    _hash("key", nullable=True),
    _seq("at"),
    *_payload(),
)
"""Append-only. `key` is the artifact's or candidate's key, where the event is about one."""

Index(
    "events_steps",
    events.c.key,
    sqlite_where=events.c.kind == text("'steps'"),
    postgresql_where=events.c.kind == text("'steps'"),
)

items = Table("items", metadata, _hash("item_hash", primary_key=True), *_payload())

runs = Table(
    "runs",
    metadata,
    _id("id", numbered=False),
    Column("run_id", Text, nullable=False, unique=True),
    _text("benchmark_id"),
    _text("status"),
    _text("reason", nullable=True),
    Column("num_samples", Integer, nullable=False),
    Column("trial_count", Integer, nullable=False),
    _seq("created_at"),
    _seq("updated_at"),
    _seq("manifest_seq"),
    _text("through_stage", nullable=True),
)
"""`status`: planned, running, completed, partial_failure, failed or interrupted. `through_stage` is
the last stage through which the run was whole when its status was recorded."""

arms = Table(
    "arms",
    metadata,
    _key("run"),
    _key("arm"),
    _text("slice_id"),
    _text("prompt_variant_id"),
    _text("prompt_family", nullable=True),
    _text("model_id"),
    _text("provider"),
    _text("params_hash"),
    _text("params"),
    _text("dimensions"),
    _text("dataset_id", nullable=True),
    sqlite_with_rowid=False,
)
"""`params` and `dimensions` are JSON text, keys sorted."""

metrics = Table(
    "metrics",
    metadata,
    _key("run"),
    _key("metric"),
    _text("metric_id"),
    _text("score_name"),
    _text("slice_id"),
    _text("evaluation_hash"),
    _text("transform_hash", nullable=True),
    Column("whole_trial", SmallInteger, nullable=False, server_default=text("0")),
    _text("stage", nullable=True),
    sqlite_with_rowid=False,
)
"""One row per metric of a score spec of a slice; both hashes are hex.

`whole_trial` is 1 where it scores a trial once, not each of its samples. `stage` is `judge` where
it asks a judge.
"""

trials = Table(
    "trials",
    metadata,
    _key("run"),
    _key("trial"),
    Column("arm", Integer, nullable=False),
    _text("item_id"),
    _hash("item_hash"),
    _hash("trial_hash"),
    Index("trials_trial_hash", "trial_hash"),
    sqlite_with_rowid=False,
)

candidates = Table(
    "candidates",
    metadata,
    _key("run"),
    _key("trial"),
    _key("sample"),
    _hash("candidate_hash"),
    _small("status"),
    _text("error_code", nullable=True),
    _seq("generated_seq"),
    _seq("evaluated_seq", nullable=True),
    Column("prompt_tokens", Integer),
    Column("completion_tokens", Integer),
    Column("latency_ms", Double),
    sqlite_with_rowid=False,
)
"""`generated_seq` is the event the candidate came from (of another run, if it was reused).

The reduced candidate of a trial is its row of sample -1 (`WHOLE_TRIAL`); no count of candidates
includes it.
"""

# It leads with the constant status so that SQLite prefers it to the primary key.
Index(
    "candidates_failed",
    candidates.c.status,
    candidates.c.run,
    candidates.c.trial,
    candidates.c.sample,
    sqlite_where=candidates.c.status == text("1"),
    postgresql_where=candidates.c.status == text("1"),
)

scores = Table(
    "scores",
    metadata,
    _key("run"),
    _key("metric"),
    _key("arm"),
    _key("trial"),
    _key("sample"),
    Column("value", Double),
    _small("status"),
    _seq("seq"),
    _small("position"),
    sqlite_with_rowid=False,
)
"""The key leads with what results group by, so that on SQLite the table is its own covering index.

`seq` is the event that holds the score, at `position` of its `scores` list (for NO_CANDIDATE: the
event of the failed generation; position 0). To read one trial's scores, name its metrics and arm.
"""

artifacts = Table(
    "artifacts",
    metadata,
    _key("level"),
    _hash("key", primary_key=True),
    _seq("seq"),
    sqlite_with_rowid=False,
)
"""Where each successful artifact is. Failures are not here, so they are tried again.

Keys are random, so each new one would touch a page of its own. They gather in level 0, which stays
small, and move on to level 1 in sorted order (`themis.storage.artifact_index`): 6 us a key with two
million stored, against 21.
"""

progress = Table(
    "progress",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("payload", RawBytes, nullable=False),
    _seq("at"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    _text("holder"),
    _seq("epoch"),
    _seq("expires_at"),
)
"""Who may work on what, until when; `epoch` grows with every claim. Rows stay when leases end."""

PROJECTIONS = (runs, arms, metrics, trials, candidates, scores, artifacts)
