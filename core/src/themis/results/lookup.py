"""Finds a trial or candidate of a run by its id, or by the beginning of it."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Literal

import attrs
from sqlalchemy import select

from themis.errors import ErrorCode, ThemisError
from themis.results.trials import TrialRow, find_trials, trials_numbered
from themis.storage import schema

if TYPE_CHECKING:
    from themis.results.source import RunSource

__all__ = ["FoundRecord", "UnknownRecordError", "find_record", "find_trial"]

_SHORTEST = 8
_HASH_DIGITS = 64
_CANDIDATES = schema.candidates


class UnknownRecordError(ThemisError, KeyError):
    """No trial or candidate of the run has this id, or several begin with it."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code=ErrorCode.STORAGE_READ)

    def __str__(self) -> str:
        """The message itself (a KeyError would quote it)."""
        return self.message


@attrs.frozen(slots=True)
class FoundRecord:
    """What an id names: the trial, and for a candidate its id."""

    kind: Literal["trial", "candidate"]
    trial: TrialRow
    candidate_id: str | None = None


def find_record(source: RunSource, record_id: str) -> FoundRecord:
    """The trial or candidate whose id is `record_id`, or the only one whose id begins so.

    Slices may share a trial; its id then names the one of the first slice.

    Raises:
        UnknownRecordError: there is none, there are several, or it is no id at all.
    """
    low, high = _range(record_id)
    found = [FoundRecord("trial", trial) for trial in find_trials(source, lowest=low, highest=high)]
    found += _find_candidates(source, low, high)
    return _only(source, record_id, found)


def find_trial(source: RunSource, trial_hash: str) -> TrialRow:
    """The trial with this hash, or the only one whose hash begins so.

    Raises:
        UnknownRecordError: there is none, there are several, or it is no hash at all.
    """
    low, high = _range(trial_hash)
    trials = find_trials(source, lowest=low, highest=high)
    return _only(source, trial_hash, [FoundRecord("trial", trial) for trial in trials]).trial


def _find_candidates(source: RunSource, low: bytes, high: bytes) -> list[FoundRecord]:
    hashes = _CANDIDATES.c.candidate_hash
    statement = select(_CANDIDATES.c.trial, hashes).where(
        _CANDIDATES.c.run == source.layout.run, hashes >= low, hashes <= high
    )
    with source.connection() as connection:
        rows = connection.execute(statement.limit(_SHORTEST)).all()
    trials = trials_numbered(source, [row.trial for row in rows])
    return [FoundRecord("candidate", trials[trial], name.hex()) for trial, name in rows]


def _range(record_id: str) -> tuple[bytes, bytes]:
    """The first and the last hash that begin with `record_id`."""
    digits = record_id.lower()
    if not _SHORTEST <= len(digits) <= _HASH_DIGITS or not set(digits) <= set(string.hexdigits):
        msg = (
            f"{record_id!r} is no trial or candidate id: give {_SHORTEST} to {_HASH_DIGITS} "
            "hex digits of one"
        )
        raise UnknownRecordError(msg)
    low, high = digits.ljust(_HASH_DIGITS, "0"), digits.ljust(_HASH_DIGITS, "f")
    return bytes.fromhex(low), bytes.fromhex(high)


def _only(source: RunSource, record_id: str, found: list[FoundRecord]) -> FoundRecord:
    if found and len({_id(record) for record in found}) == 1:
        return min(found, key=lambda record: record.trial.number)
    run_id = source.layout.run_id[:12]
    if found:
        named = ", ".join(_named(record) for record in found[:5])
        msg = f"{record_id!r} names several records of run {run_id}: {named}; give more digits"
    else:
        msg = (
            f"run {run_id} has no trial or candidate {record_id!r}; `themis report {run_id}` names "
            "those that failed, `iter_trial_summaries()` lists all"
        )
    raise UnknownRecordError(msg)


def _named(record: FoundRecord) -> str:
    return f"{record.kind} {_id(record)[:16]}"


def _id(record: FoundRecord) -> str:
    return record.candidate_id or record.trial.trial_hash.hex()
