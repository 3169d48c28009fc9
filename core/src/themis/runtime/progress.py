"""How far a run has come: plain counters while it runs, a snapshot for whoever asks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import attrs

from themis.errors import ErrorCode
from themis.records.timeline import StageName

__all__ = [
    "ExpectedScores",
    "ProgressSnapshot",
    "ProgressStatus",
    "ProgressTracker",
    "RunningMean",
    "StageProgress",
]

ProgressStatus = Literal[
    "pending", "running", "completed", "partial_failure", "failed", "interrupted"
]
_RATE_SECONDS = 30.0


@attrs.frozen(slots=True, kw_only=True)
class StageProgress:
    """One stage's work items. `done` includes `failed`, and what an earlier run had done."""

    done: int = 0
    total: int | None = None
    failed: int = 0
    in_flight: int = 0


@attrs.frozen(slots=True, kw_only=True)
class ExpectedScores:
    """What is known of a metric's scores: their bounds, if finite, and how many an item has.

    The scores of one item, by several models, prompts or samples, are not independent.
    """

    bounds: tuple[float, float] | None = None
    per_item: int = 1


@attrs.frozen(slots=True, kw_only=True)
class RunningMean:
    """A metric's mean over what this execution has scored so far, with an interval.

    The interval holds at every look at once, at 95 %: however often one looks, and whenever one
    stops. It is over items, and takes them to come in random order; failed scores are ignored.
    `method` names its route: `beta_binomial_confidence_sequence` for a metric with bounds,
    `asymptotic_confidence_sequence` for others, which say nothing before fifty items; None without
    an interval. It is for watching a run: results come from the store.
    """

    metric_id: str
    count: int
    mean: float
    ci_lower: float | None = None
    ci_upper: float | None = None
    method: str | None = None


@attrs.frozen(slots=True, kw_only=True)
class ProgressSnapshot:
    """One moment of a run. Times are Unix seconds, `rate` is candidates a second (recent)."""

    run_id: str
    status: ProgressStatus
    stages: Mapping[StageName, StageProgress] = attrs.field(factory=dict)
    rate: float | None = None
    eta_seconds: float | None = None
    failures: Mapping[str, int] = attrs.field(factory=dict)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    metrics: tuple[RunningMean, ...] = ()
    notes: tuple[str, ...] = ()
    started_at: float = 0.0
    updated_at: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, for `store.save_progress`."""
        return attrs.asdict(self)

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> ProgressSnapshot:
        """What `to_dict` gave, after a journey through JSON."""
        fields = dict(payload)
        stages = {name: StageProgress(**stage) for name, stage in fields.pop("stages").items()}
        metrics = tuple(RunningMean(**metric) for metric in fields.pop("metrics"))
        notes = tuple(fields.pop("notes"))
        return cls(stages=stages, metrics=metrics, notes=notes, **fields)


_ANY_SCORES = ExpectedScores()


class _Welford:
    """Running mean and variance in one pass (Welford 1962); the rest waits until someone looks."""

    __slots__ = ("bounds", "count", "mean", "per_item", "squares")

    def __init__(self, expected: ExpectedScores) -> None:
        self.bounds = expected.bounds
        self.per_item = expected.per_item
        self.count = 0
        self.mean = 0.0
        self.squares = 0.0

    def add(self, value: float) -> None:
        """Take one value in; one outside the bounds shows that there are none."""
        self.count += 1
        gap = value - self.mean
        self.mean += gap / self.count
        self.squares += gap * (value - self.mean)
        if self.bounds is not None and not self.bounds[0] <= value <= self.bounds[1]:
            self.bounds = None

    def running_mean(self, metric_id: str) -> RunningMean:
        """The mean so far, with the interval that its bounds allow."""
        known = RunningMean(metric_id=metric_id, count=self.count, mean=self.mean)
        interval = self._interval()
        if interval is None:
            return known
        name = "asymptotic" if self.bounds is None else "beta_binomial"
        method = f"{name}_confidence_sequence"
        return attrs.evolve(known, ci_lower=interval[0], ci_upper=interval[1], method=method)

    def _interval(self) -> tuple[float, float] | None:
        """Over as many independent items as these scores are worth at the least."""
        from themis.statistics import anytime_interval, bounded_anytime_interval

        items = self.count / self.per_item
        if self.bounds is None:
            return anytime_interval(self.mean, math.sqrt(self.squares / self.count), n=items)
        low, high = self.bounds
        mean = min(max(self.mean, low), high)  # rounding may take it past a bound by a hair
        return bounded_anytime_interval(mean, n=items, low=low, high=high)


class _Stage:
    __slots__ = ("done", "failed", "in_flight", "total")

    def __init__(self, total: int | None, done: int) -> None:
        self.total = total
        self.done = done
        self.failed = 0
        self.in_flight = 0

    def progress(self) -> StageProgress:
        return StageProgress(
            done=self.done, total=self.total, failed=self.failed, in_flight=self.in_flight
        )


class ProgressTracker:
    """Counts what the pipeline reports; a snapshot is made only when asked for.

    Call `finished` only for what is durable. Used from one thread.
    """

    __slots__ = (
        "_clock", "_expected", "_failures", "_marks", "_means", "_stages", "_started_at", "_wall",
        "completion_tokens", "notes", "prompt_tokens", "run_id", "status",
    )  # fmt: skip

    def __init__(
        self,
        run_id: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.run_id = run_id
        self.status: ProgressStatus = "pending"
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.notes: tuple[str, ...] = ()
        self._clock = clock
        self._wall = wall
        self._started_at = wall()
        self._stages: dict[StageName, _Stage] = {}
        self._failures: dict[str, int] = {}
        self._expected: dict[str, ExpectedScores] = {}
        self._means: dict[str, _Welford] = {}
        self._marks: list[tuple[float, int]] = []

    def expect(self, stage: StageName, total: int | None, *, done: int = 0) -> None:
        """A stage has `total` work items (None: not known), of which `done` are there already."""
        self._stages[stage] = _Stage(total, done)

    def expect_scores(self, expected: Mapping[str, ExpectedScores]) -> None:
        """What is known of each metric's scores; without it, they are unbounded and one an item."""
        self._expected.update(expected)

    def already(self, stage: StageName, count: int) -> None:
        """So many work items of `stage` turn out to need no work."""
        self._stages[stage].done += count

    def started(self, stage: StageName) -> None:
        """A work item of `stage` has begun."""
        self._stages[stage].in_flight += 1

    def finished(self, stage: StageName, failure: ErrorCode | None = None) -> None:
        """A work item that had begun has ended, well or with a failure."""
        counts = self._stages[stage]
        counts.in_flight -= 1
        counts.done += 1
        if failure is not None:
            counts.failed += 1
            self._failures[failure.value] = self._failures.get(failure.value, 0) + 1

    def dropped(self, stage: StageName) -> None:
        """A work item that had begun was cut off, and is still to do."""
        self._stages[stage].in_flight -= 1

    def tokens(self, prompt: int | None, completion: int | None) -> None:
        """Add what one call used."""
        self.prompt_tokens += prompt or 0
        self.completion_tokens += completion or 0

    def score(self, metric_id: str, value: float | None) -> None:
        """Take one value into its metric's running mean; None and NaN are left out."""
        if value is None or not math.isfinite(value):
            return
        mean = self._means.get(metric_id)
        if mean is None:
            mean = self._means[metric_id] = _Welford(self._expected.get(metric_id, _ANY_SCORES))
        mean.add(value)

    def snapshot(self) -> ProgressSnapshot:
        """The run at this moment."""
        rate = self._rate()
        return ProgressSnapshot(
            run_id=self.run_id,
            status=self.status,
            stages={name: stage.progress() for name, stage in self._stages.items()},
            rate=rate,
            eta_seconds=self._eta(rate),
            failures=dict(self._failures),
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            metrics=tuple(mean.running_mean(name) for name, mean in self._means.items()),
            notes=self.notes,
            started_at=self._started_at,
            updated_at=self._wall(),
        )

    def _rate(self) -> float | None:
        """Work items of the last stage a second, over about the last half minute."""
        last = self._last_stage()
        if last is None:
            return None
        now = self._clock()
        self._marks.append((now, last.done))
        while len(self._marks) > 2 and self._marks[1][0] <= now - _RATE_SECONDS:
            del self._marks[0]
        since, before = self._marks[0]
        return (last.done - before) / (now - since) if now > since else None

    def _eta(self, rate: float | None) -> float | None:
        last = self._last_stage()
        if last is None or last.total is None or not rate:
            return None
        return max(0, last.total - last.done) / rate

    def _last_stage(self) -> _Stage | None:
        order: tuple[StageName, ...] = get_args(StageName)
        known = [
            self._stages[name]
            for name in ("score", "parse", "reduce", "generate")
            if name in self._stages
        ]
        return (
            known[0] if known else next((self._stages[n] for n in order if n in self._stages), None)
        )
