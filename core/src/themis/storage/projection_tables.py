"""The statements that write the projection tables."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, bindparam, case, delete, literal_column, select, update

from themis.errors import ErrorCode, StorageError
from themis.records.canonical import canonical_bytes
from themis.storage.bulk import BulkStatement, for_each, insert_new, upsert
from themis.storage.column_text import storable
from themis.storage.reading import CHUNK, chunked
from themis.storage.schema import (
    CandidateStatus,
    ScoreStatus,
    arms,
    candidates,
    metrics,
    runs,
    scores,
    trials,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import ColumnElement, Delete, Select
    from sqlalchemy.engine import Connection, Dialect
    from sqlalchemy.sql.base import Executable

    from themis.storage.events import StoredEvent
    from themis.storage.outcomes import CandidateKey, OutcomeBatch, ScoreKey

__all__ = ["ProjectionTables"]

Row = tuple[Any, ...]


class ProjectionTables:
    """The projection tables of one database, as the fold writes them."""

    def __init__(self, dialect: Dialect) -> None:
        self._runs = insert_new(runs, dialect)
        self._arms = insert_new(arms, dialect)
        self._metrics = insert_new(metrics, dialect)
        self._trials = insert_new(trials, dialect)
        self._candidates = upsert(candidates, dialect)
        self._scores = upsert(scores, dialect)
        self._evaluated = for_each(_numbers("seq", "r", "t", "s"), _mark_evaluated, dialect)
        self._any_failed = BulkStatement(_ANY_FAILED, ("run",), dialect)
        self._clear = for_each(_numbers("r", "m", "a", "t", "s"), _clear_no_candidate, dialect)
        self._forget_score = for_each(_numbers("r", "m", "a", "t", "s"), _forget_score, dialect)
        self._forget_candidate = for_each(_numbers("r", "t", "s"), _forget_candidate, dialect)

    def add_run(self, connection: Connection, event: StoredEvent) -> None:
        value, run, at = event.value, event.seq, event.at
        head = (run, storable(value["run_id"]), storable(value["benchmark_id"]), "planned", None)
        self._runs.run(connection, [(*head, value["num_samples"], 0, at, at, run, None)])
        self._arms.run(
            connection, (_described(arms, run, n, arm) for n, arm in enumerate(value["arms"]))
        )
        self._metrics.run(
            connection, (_described(metrics, run, n, one) for n, one in enumerate(value["metrics"]))
        )

    def add_trials(self, connection: Connection, event: StoredEvent) -> None:
        start, planned = event.value["start"], event.value["trials"]
        self._trials.run(
            connection,
            (
                (
                    event.run,
                    trial,
                    arm,
                    storable(item),
                    bytes.fromhex(item_hash),
                    bytes.fromhex(key),
                )
                for trial, (arm, item, item_hash, key) in enumerate(planned, start)
            ),
        )
        end = start + len(planned)
        longer = case((runs.c.trial_count < end, end), else_=runs.c.trial_count)
        _change_run(connection, event, trial_count=longer)

    def set_status(self, connection: Connection, event: StoredEvent) -> None:
        status, reason = event.value["status"], event.value.get("reason")
        through = event.value.get("through")
        _change_run(
            connection, event, status=status, reason=storable(reason), through_stage=through
        )

    def withdraw(
        self,
        connection: Connection,
        *,
        candidates: Iterable[CandidateKey],
        scores: Iterable[ScoreKey],
    ) -> None:
        """Delete the rows of what is to be made again."""
        self._forget_score.run(connection, scores)
        self._forget_candidate.run(connection, candidates)

    def write(self, connection: Connection, batch: OutcomeBatch) -> None:
        recovered = self._failed_before(connection, batch.succeeded)
        self._clear.run(connection, (key for one in recovered for key in batch.score_keys(one)))
        self._forget_score.run(connection, batch.dropped)
        self._candidates.run(connection, _rows(batch.candidates))
        self._evaluated.run(connection, ((seq, *key) for key, seq in batch.evaluated.items()))
        self._scores.run(connection, _rows(batch.scores))

    def _failed_before(
        self, connection: Connection, places: Iterable[CandidateKey]
    ) -> list[CandidateKey]:
        """Those of `places` whose stored candidate is a failure."""
        wanted: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for run, trial, sample in places:
            wanted[run][trial].append(sample)
        return [
            (run, trial, sample)
            for run, samples in wanted.items()
            if self._any_failed.fetch(connection, (run,))
            for trial, sample in _failed(connection, run, samples)
            if sample in samples[trial]
        ]


def _numbers(*names: str) -> dict[str, BigInteger]:
    return {name: BigInteger() for name in names}


def _mark_evaluated(given: Mapping[str, ColumnElement[Any]]) -> Executable:
    return (
        update(candidates)
        .values(evaluated_seq=given["seq"])
        .where(
            candidates.c.run == given["r"],
            candidates.c.trial == given["t"],
            candidates.c.sample == given["s"],
        )
    )


def _clear_no_candidate(given: Mapping[str, ColumnElement[Any]]) -> Executable:
    return _forget_score(given).where(
        scores.c.status == literal_column(str(ScoreStatus.NO_CANDIDATE.value))
    )


def _forget_score(given: Mapping[str, ColumnElement[Any]]) -> Delete:
    return delete(scores).where(
        scores.c.run == given["r"],
        scores.c.metric == given["m"],
        scores.c.arm == given["a"],
        scores.c.trial == given["t"],
        scores.c.sample == given["s"],
    )


def _forget_candidate(given: Mapping[str, ColumnElement[Any]]) -> Delete:
    return delete(candidates).where(
        candidates.c.run == given["r"],
        candidates.c.trial == given["t"],
        candidates.c.sample == given["s"],
    )


def _change_run(connection: Connection, event: StoredEvent, **cells: Any) -> None:
    change = update(runs).where(runs.c.id == event.run).values(updated_at=event.at, **cells)
    if connection.execute(change).rowcount != 1:
        msg = f"run {event.run} of event {event.seq} ({event.kind}) was never planned"
        raise StorageError(msg, code=ErrorCode.STORAGE_WRITE)


def _described(table: Any, run: int, number: int, entry: Mapping[str, Any]) -> Row:
    cells: list[Any] = []
    for column in list(table.columns)[2:]:
        value = entry.get(column.name)
        if isinstance(value, dict):
            cells.append(canonical_bytes(value).decode())
        elif isinstance(value, bool) or (value is None and not column.nullable):
            cells.append(int(bool(value)))
        else:
            cells.append(storable(value))
    return (run, number, *cells)


def _rows(cells: Mapping[Any, Row]) -> Iterable[Row]:
    return (key + rest for key, rest in cells.items())


def _failed(connection: Connection, run: int, numbers: Iterable[int]) -> Iterable[Any]:
    """Trial and sample of the failed candidates among those of these trials."""
    for chunk in chunked(numbers, CHUNK):
        yield from connection.execute(_FAILED, {"run": run, "trials": chunk})


_OF_FAILED = select(candidates.c.trial, candidates.c.sample).where(
    candidates.c.run == bindparam("run"),
    candidates.c.status == literal_column(str(CandidateStatus.ERROR.value)),
)
_ANY_FAILED: Select[Any] = select(literal_column("1")).where(_OF_FAILED.exists())
_FAILED = _OF_FAILED.where(candidates.c.trial.in_(bindparam("trials", expanding=True)))
