"""Version 1: the first schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["VERSION", "statements"]

VERSION = 1

_WORDS = {
    "sqlite": {
        "numbered": "INTEGER",
        "id": "INTEGER",
        "bytes": "BLOB",
        "clustered": " WITHOUT ROWID",
    },
    "postgresql": {"numbered": "BIGSERIAL", "id": "BIGINT", "bytes": "BYTEA", "clustered": ""},
}

_STATEMENTS = (
    "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)",
    """CREATE TABLE events (
        seq {numbered} NOT NULL PRIMARY KEY, run BIGINT, kind TEXT NOT NULL, key {bytes},
        at BIGINT NOT NULL, encoding SMALLINT NOT NULL, payload {bytes} NOT NULL,
        hash {bytes} NOT NULL)""",
    "CREATE INDEX events_steps ON events (key) WHERE kind = 'steps'",
    """CREATE TABLE items (
        item_hash {bytes} NOT NULL PRIMARY KEY, encoding SMALLINT NOT NULL,
        payload {bytes} NOT NULL, hash {bytes} NOT NULL)""",
    """CREATE TABLE runs (
        id {id} NOT NULL PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, benchmark_id TEXT NOT NULL,
        status TEXT NOT NULL, reason TEXT, num_samples INTEGER NOT NULL,
        trial_count INTEGER NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
        manifest_seq BIGINT NOT NULL)""",
    """CREATE TABLE arms (
        run BIGINT NOT NULL, arm BIGINT NOT NULL, slice_id TEXT NOT NULL,
        prompt_variant_id TEXT NOT NULL, prompt_family TEXT, model_id TEXT NOT NULL,
        provider TEXT NOT NULL, params_hash TEXT NOT NULL, params TEXT NOT NULL,
        dimensions TEXT NOT NULL, dataset_id TEXT, PRIMARY KEY (run, arm)){clustered}""",
    """CREATE TABLE metrics (
        run BIGINT NOT NULL, metric BIGINT NOT NULL, metric_id TEXT NOT NULL,
        score_name TEXT NOT NULL, slice_id TEXT NOT NULL, evaluation_hash TEXT NOT NULL,
        transform_hash TEXT, PRIMARY KEY (run, metric)){clustered}""",
    """CREATE TABLE trials (
        run BIGINT NOT NULL, trial BIGINT NOT NULL, arm INTEGER NOT NULL, item_id TEXT NOT NULL,
        item_hash {bytes} NOT NULL, trial_hash {bytes} NOT NULL, PRIMARY KEY (run, trial)
        ){clustered}""",
    "CREATE INDEX trials_trial_hash ON trials (trial_hash)",
    """CREATE TABLE candidates (
        run BIGINT NOT NULL, trial BIGINT NOT NULL, sample BIGINT NOT NULL,
        candidate_hash {bytes} NOT NULL, status SMALLINT NOT NULL, error_code TEXT,
        generated_seq BIGINT NOT NULL, evaluated_seq BIGINT, prompt_tokens INTEGER,
        completion_tokens INTEGER, latency_ms DOUBLE PRECISION, PRIMARY KEY (run, trial, sample)
        ){clustered}""",
    """CREATE INDEX candidates_failed ON candidates (status, run, trial, sample)
        WHERE status = 1""",
    """CREATE TABLE scores (
        run BIGINT NOT NULL, metric BIGINT NOT NULL, arm BIGINT NOT NULL, trial BIGINT NOT NULL,
        sample BIGINT NOT NULL, value DOUBLE PRECISION, status SMALLINT NOT NULL,
        seq BIGINT NOT NULL, position SMALLINT NOT NULL,
        PRIMARY KEY (run, metric, arm, trial, sample)){clustered}""",
    """CREATE TABLE artifacts (
        level BIGINT NOT NULL, key {bytes} NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (level, key)
        ){clustered}""",
    """CREATE TABLE progress (
        run_id TEXT NOT NULL PRIMARY KEY, payload {bytes} NOT NULL, at BIGINT NOT NULL)""",
)


def statements(dialect_name: str) -> Sequence[str]:
    """The statements that make an empty database a store."""
    words = _WORDS[dialect_name]
    return [statement.format(**words) for statement in _STATEMENTS]
