"""A first look at a run: its counts, its means with intervals, and what is suspicious of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import StorageError
from themis.results.run_result import MetricResult, RunResult
from themis.results.run_status import RunStatus
from themis.results.source import RunSource
from themis.results.suspicions import Suspicion, suspicions
from themis.results.tables import printable, text_table
from themis.storage.sqlite_store import SqliteRunStore

if TYPE_CHECKING:
    from themis.results.counts import RunCounts
    from themis.storage import RunStore

__all__ = ["QuickCheck", "quickcheck"]

_COLUMNS = ("metric", "mean", "interval", "n", "errors")


@attrs.frozen(slots=True, kw_only=True)
class QuickCheck:
    """What a first look at a run shows; printed, it is a small table and a list of suspicions."""

    run_id: str
    benchmark_id: str
    status: RunStatus
    through_stage: str | None
    counts: RunCounts
    metrics: tuple[MetricResult, ...]
    suspicions: tuple[Suspicion, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no problem; notes do not count."""
        return all(one.level != "problem" for one in self.suspicions)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            **attrs.asdict(self, recurse=True),
            "status": str(self.status),
            "ok": self.ok,
            "note": self.counts.sentence(),
        }

    def __str__(self) -> str:
        name = printable(self.benchmark_id)
        through = f", complete through {self.through_stage}" if self.through_stage else ""
        lines = [f"{name}: {self.status}{through} (run {self.run_id[:12]})"]
        if self.metrics:
            lines.append(text_table([one.shown() for one in self.metrics], _COLUMNS))
        lines.append(self.counts.sentence())
        lines += [f"{one.level}: {printable(one.message)}" for one in self.suspicions]
        if not self.suspicions:
            lines.append("nothing suspicious")
        return "\n".join(lines)


def quickcheck(store: RunStore | str | Path, run_id: str | None = None) -> QuickCheck:
    """Look at a run before its figures are believed; nothing is run, and little is read.

    Args:
        store: A store, or the path of one.
        run_id: The run's id, or its beginning; None: the latest run of the store.

    Raises:
        StorageError: there is no such store or run.
    """
    with _opened(store) as opened:
        source = RunSource(opened, _chosen(opened, run_id))
        row = source.run_row()
        result = RunResult(opened, row.run_id)
        counts = result.counts()
        found = list(suspicions(source, counts))
        return QuickCheck(
            run_id=row.run_id,
            benchmark_id=row.benchmark_id,
            status=RunStatus.of(row.status),
            through_stage=row.through_stage,
            counts=counts,
            metrics=tuple(result.metrics.values()),
            suspicions=tuple(sorted(found, key=lambda one: one.level != "problem")),
        )


@contextmanager
def _opened(store: RunStore | str | Path) -> Iterator[RunStore]:
    if not isinstance(store, (str, Path)):
        yield store
        return
    with SqliteRunStore(Path(store), read_only=True) as opened:
        yield opened


def _chosen(store: RunStore, run_id: str | None) -> str:
    if run_id is not None:
        return store.run(run_id).run_id
    runs = store.runs()
    if not runs:
        msg = f"the store at {store.place} has no runs yet"
        raise StorageError(msg)
    return runs[-1].run_id
