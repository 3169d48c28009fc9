"""What an experiment gave: one mean per metric with how sure it is, and every case."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Self

import attrs

from themis.errors import StorageError
from themis.results.benchmark_result import BenchmarkResult
from themis.results.case_results import CaseResult, iter_cases
from themis.results.display import html_table
from themis.results.run_status import RunStatus
from themis.results.suspicions import unread_outputs
from themis.results.tables import format_value, printable, text_table

if TYPE_CHECKING:
    from themis.results.overlay import Overlay
    from themis.storage import RunStore

__all__ = ["MetricResult", "RunResult"]

_COLUMNS = ("metric", "mean", "interval", "n", "errors")
_MESSAGE_CHARACTERS = 200


@attrs.frozen(slots=True, kw_only=True)
class MetricResult:
    """A metric's mean over `n` scores of `n_items` cases, with its interval at `ci_level`.

    `errors` counts the failed candidates and scores that the mean leaves out. What is undefined is
    None, and `reason` says why; `method` names the interval's.
    """

    metric_id: str
    mean: float | None
    interval: tuple[float, float] | None
    n: int
    n_items: int
    errors: int
    ci_level: float
    method: str
    reason: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> MetricResult:
        """A row of `BenchmarkResult.aggregate`."""
        lower, upper = row["ci_lower"], row["ci_upper"]
        return cls(
            metric_id=row["metric_id"],
            mean=row["mean"],
            interval=None if lower is None or upper is None else (lower, upper),
            n=row["count"],
            n_items=row["n_items"],
            errors=row["errors"],
            ci_level=row["ci_level"],
            method=row["method"],
            reason=row["reason"],
        )

    def shown(self) -> dict[str, Any]:
        """The row of a table of metrics."""
        interval = f"none: {self.reason}"
        if self.interval is not None:
            lower, upper = map(format_value, self.interval)
            interval = f"{lower} to {upper} ({self.ci_level:.0%})"
        return {
            "metric": self.metric_id,
            "mean": self.mean,
            "interval": interval,
            "n": self.n,
            "errors": self.errors,
        }


class RunResult(BenchmarkResult):
    """An experiment's result. All that a BenchmarkResult says is there too.

    With `owns_store` the store is closed with the result: by `close()`, at the end of a `with`
    block, or when nothing refers to the result any more.
    """

    def __init__(
        self,
        store: RunStore,
        run_id: str,
        *,
        overlay: Overlay | None = None,
        owns_store: bool = False,
    ) -> None:
        super().__init__(store, run_id, overlay=overlay)
        self._closing = weakref.finalize(self, store.close) if owns_store else None

    def close(self) -> None:
        """Let go of a store that is the result's own; may be called twice."""
        if self._closing is not None:
            self._closing()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def status(self) -> RunStatus:
        """How the run stands."""
        return RunStatus.of(super().status)

    @property
    def completed_through_stage(self) -> str | None:
        """The last stage through which the run is complete; None: not even generation is."""
        return self._source.run_row().through_stage

    @property
    def metrics(self) -> dict[str, MetricResult]:
        """Each metric's mean with its interval, by metric id, in the order of the plan."""
        rows = {row["metric_id"]: row for row in self.aggregate(group_by="metric_id")}
        return {name: MetricResult.of(rows[name]) for name in self.metric_ids if name in rows}

    @property
    def metric_means(self) -> dict[str, float]:
        """The means by metric id, of the metrics that have one."""
        means = {name: found.mean for name, found in self.metrics.items()}
        return {name: mean for name, mean in means.items() if mean is not None}

    def iter_cases(self) -> Iterator[CaseResult]:
        """Every case with all that came of it, read page by page."""
        return iter_cases(self._source, self._overlay)

    @property
    def cases(self) -> tuple[CaseResult, ...]:
        """Every case; of a large run, `iter_cases` holds fewer at a time."""
        return tuple(self.iter_cases())

    @property
    def failures(self) -> list[dict[str, Any]]:
        """One row per failed candidate, then one per failed score."""
        return list(self.iter_failures())

    def __str__(self) -> str:
        """A small table of metrics, and a line that says how many failed and how they count."""
        rows = [metric.shown() for metric in self.metrics.values()]
        table = text_table(rows, _COLUMNS) if rows else "no scores yet"
        return f"{self._heading}\n{table}\n{self._note}"

    def __repr__(self) -> str:
        try:
            return str(self)
        except StorageError as error:
            return f"<RunResult of run {self.run_id[:12]}: {error}>"

    def _repr_html_(self) -> str:
        rows = [metric.shown() for metric in self.metrics.values()]
        table = html_table(rows, _COLUMNS) if rows else "<p>no scores yet</p>"
        note = escape(self._note)
        return f"<div><p><strong>{escape(self._heading)}</strong></p>{table}<p>{note}</p></div>"

    @property
    def _heading(self) -> str:
        return f"{printable(self.benchmark_id)}: {self.status} (run {self.run_id[:12]})"

    @property
    def _note(self) -> str:
        """How many failed, and whether the means are of more than one model."""
        models = len(self.model_ids)
        pooled = f" Means are over {models} models; leaderboard() tells them apart."
        counted = self.counts().sentence() + (pooled if models > 1 else "")
        return counted + self._unread() + self._first_failure()

    def _unread(self) -> str:
        """In how many outputs no answer was found, which no failure counts."""
        if not self.transform_hashes:
            return ""
        found = unread_outputs(self._source, self._overlay)
        texts = [printable(one.message) for one in found]
        return "".join(f" {text[0].upper()}{text[1:]}." for text in texts)

    def _first_failure(self) -> str:
        """What went wrong first, for a reader who would not look further."""
        failure = next(self.iter_failures(), None)
        if failure is None:
            return ""
        case, message = printable(failure["item_id"]), printable(failure["message"])
        return f" First failure, of case {case!r}: {message:.{_MESSAGE_CHARACTERS}}"
