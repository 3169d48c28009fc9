"""A run written into a store without running anything: for tests of what reads results.

with InMemoryRunStore() as store:
    run = RecordedRun(outcome=lambda cell: float(cell.model == "alpha"))
    result = BenchmarkResult(store, run.record(store))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import attrs

from themis.records import (
    ConversationTrace,
    ExtractionRecord,
    FailureRecord,
    InferenceRecord,
    Message,
    MetricScore,
    ObservabilityLink,
    ScoreError,
    StageName,
    TimelineStage,
    TokenUsage,
    TraceStep,
)
from themis.records.canonical import content_hash, digest
from themis.storage import (
    Event,
    Item,
    ParseEntry,
    PlannedArm,
    PlannedMetric,
    PlannedTrial,
    RunStatus,
    RunStore,
    ScoreEntry,
    evaluated,
    generated,
    run_planned,
    run_status,
    trials_planned,
)
from themis.storage.reading import chunked

__all__ = ["Outcome", "RecordedCell", "RecordedRun"]

_EVENTS = 5_000
"""So many are in memory at once."""

Outcome = float | FailureRecord | ScoreError | None
"""A score, a candidate that was not made, a metric that failed, or None: not tried yet."""


@attrs.frozen(slots=True, kw_only=True)
class RecordedCell:
    """One score to be: what `outcome` and `text` are asked about."""

    slice_id: str
    item_id: str
    model: str
    prompt: str
    temperature: float
    sample: int
    metric_id: str
    score_name: str


@attrs.frozen(slots=True, kw_only=True)
class RecordedRun:
    """A run of every combination of slices, prompts, models, temperatures, items and samples.

    `outcome` says how each cell ended; whether its candidate was made is asked of the first metric.
    `text` is what the model said: a text with a question mark has no extraction. `metrics` are
    (metric id, score name) pairs, the same in every slice; scores of one name are one evaluation.
    `payload` is what an item holds beside its id.
    `spec` is what the manifest holds of the experiment; by default, what reads of results look up.
    """

    outcome: Callable[[RecordedCell], Outcome] = lambda _: 1.0
    text: Callable[[RecordedCell], str] = lambda cell: f"{cell.model} on {cell.item_id}"
    name: str = "run"
    benchmark_id: str = "bench"
    models: Sequence[str] = ("alpha", "beta")
    prompts: Sequence[str] = ("direct",)
    slices: Sequence[str] = ("main",)
    items: Sequence[str] = ("i1", "i2", "i3")
    temperatures: Sequence[float] = (0.0,)
    metrics: Sequence[tuple[str, str]] = (("accuracy", "answers"),)
    directions: Mapping[str, str] = attrs.field(factory=dict)
    bounds: Mapping[str, tuple[float, float]] = attrs.field(factory=dict)
    dimensions: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    datasets: Mapping[str, str] = attrs.field(factory=dict)
    num_samples: int = 1
    status: RunStatus = "completed"
    spec: Mapping[str, Any] | None = None
    payload: Callable[[str], Mapping[str, Any]] = lambda item_id: {
        "question": f"What of {item_id}?"
    }

    @property
    def run_id(self) -> str:
        """The run's id, made from its name."""
        return content_hash(self.name, kind="recorded run")

    def record(self, store: RunStore) -> str:
        """Append the run's events and items to a store; gives the run's id."""
        arms, metrics = self._arms(), self._metrics()
        planned = run_planned(
            run_id=self.run_id,
            benchmark_id=self.benchmark_id,
            manifest=self._manifest(),
            arms=arms,
            metrics=metrics,
            num_samples=self.num_samples,
        )
        [run] = store.append([planned])
        trials = list(self._trials(arms))
        items = [Item.of(item_id, self.payload(item_id)) for item_id in self.items]
        store.append([trials_planned(run, start=0, trials=trials)], items=items)
        candidates = (
            event
            for number, trial in enumerate(trials)
            for sample in range(self.num_samples)
            for event in self._candidate(run, number, arms[trial.arm], trial, sample)
        )
        for events in chunked(candidates, _EVENTS):
            store.append(events)
        store.append([run_status(run, status=self.status)])
        return self.run_id

    def evaluation_hash(self, score_name: str) -> str:
        """The evaluation of all metrics under one score name."""
        return content_hash(score_name, kind="evaluation")

    def transform_hash(self, score_name: str) -> str:
        """The extractor chain that the metrics under one score name read."""
        return content_hash(score_name, kind="transform")

    def _arms(self) -> list[PlannedArm]:
        sweep = product(self.slices, self.prompts, self.models, self.temperatures)
        return [
            PlannedArm(
                slice_id=slice_id,
                prompt_variant_id=prompt,
                model_id=model,
                provider="demo",
                params_hash=content_hash(temperature, kind="params"),
                params={"temperature": temperature},
                dimensions=dict(self.dimensions.get(slice_id, {})),
                dataset_id=self.datasets.get(slice_id),
            )
            for slice_id, prompt, model, temperature in sweep
        ]

    def _metrics(self) -> list[PlannedMetric]:
        return [
            PlannedMetric(
                metric_id=metric_id,
                score_name=score_name,
                slice_id=slice_id,
                evaluation_hash=self.evaluation_hash(score_name),
                transform_hash=self.transform_hash(score_name),
            )
            for slice_id, (metric_id, score_name) in product(self.slices, self.metrics)
        ]

    def _manifest(self) -> dict[str, Any]:
        metrics = [
            {
                "metric_id": name,
                "direction": self.directions.get(name, "maximize"),
                "bounds": self.bounds.get(name),
            }
            for name, _ in self.metrics
        ]
        spec = self._spec() if self.spec is None else self.spec
        return {"run_id": self.run_id, "spec": spec, "metrics": metrics, "global_seed": 0}

    def _spec(self) -> dict[str, Any]:
        template = {"role": "user", "content": "{{ item.question }}"}
        return {
            "models": [{"model_id": name, "provider": "demo"} for name in self.models],
            "slices": [{"slice_id": name, "generation": {}} for name in self.slices],
            "prompt_variants": [{"id": name, "messages": [template]} for name in self.prompts],
        }

    def _trials(self, arms: Sequence[PlannedArm]) -> Iterator[PlannedTrial]:
        for slice_id, item_id in product(self.slices, self.items):
            item_hash = Item.of(item_id, self.payload(item_id)).item_hash
            for number, arm in enumerate(arms):
                if arm.slice_id == slice_id:
                    key = digest(b"trial", self.run_id.encode(), b"%d" % number, item_hash)
                    yield PlannedTrial(number, item_id, item_hash.hex(), key.hex())

    def _candidate(
        self, run: int, number: int, arm: PlannedArm, trial: PlannedTrial, sample: int
    ) -> Iterator[Event]:
        cells = [
            RecordedCell(
                slice_id=arm.slice_id,
                item_id=trial.item_id,
                model=arm.model_id,
                prompt=arm.prompt_variant_id,
                temperature=arm.params["temperature"],
                sample=sample,
                metric_id=metric_id,
                score_name=score_name,
            )
            for metric_id, score_name in self.metrics
        ]
        outcomes = [self.outcome(cell) for cell in cells]
        if outcomes[0] is None:
            return
        key = digest(b"candidate", bytes.fromhex(trial.trial_hash), b"%d" % sample)
        place = {"candidate_id": key.hex(), "trial": number, "sample": sample}
        yield self._generated(run, place, cells[0], outcomes[0])
        if not isinstance(outcomes[0], FailureRecord):
            yield self._evaluated(run, place, cells, outcomes)

    def _generated(
        self, run: int, place: Mapping[str, Any], cell: RecordedCell, outcome: Outcome
    ) -> Event:
        if isinstance(outcome, FailureRecord):
            stage = _stage("generate", "demo", error=outcome.message)
            return generated(run, **place, seed=cell.sample, failure=outcome, timeline=[stage])
        text = self.text(cell)
        usage = TokenUsage(prompt=10, completion=5, total=15)
        asked = ConversationTrace.of_messages([Message("user", f"What of {cell.item_id}?")])
        return generated(
            run,
            **place,
            seed=cell.sample,
            inference=InferenceRecord(raw_text=text, latency_ms=12.5, token_usage=usage),
            conversation=asked.then(TraceStep.of_message(Message("assistant", text))),
            timeline=[_stage("generate", "demo")],
            links=[ObservabilityLink(provider="tracer", external_id=f"span-{place['trial']}")],
        )

    def _evaluated(
        self,
        run: int,
        place: Mapping[str, Any],
        cells: Sequence[RecordedCell],
        outcomes: Sequence[Outcome],
    ) -> Event:
        columns = self._columns(cells[0].slice_id)
        candidate = bytes.fromhex(place["candidate_id"])
        names = dict.fromkeys(cell.score_name for cell in cells)
        return evaluated(
            run,
            **place,
            parses=[self._parse(candidate, name, self.text(cells[0])) for name in names],
            scores=[
                self._score(candidate, cell, column, outcome)
                for cell, column, outcome in zip(cells, columns, outcomes, strict=True)
            ],
            timeline=[_stage("parse", "first_number"), _stage("score", "metrics")],
        )

    def _columns(self, slice_id: str) -> list[int]:
        """The numbers of a slice's metric columns."""
        return [number for number, row in enumerate(self._metrics()) if row.slice_id == slice_id]

    def _parse(self, candidate: bytes, score_name: str, text: str) -> ParseEntry:
        transform = self.transform_hash(score_name)
        key = digest(b"parse", candidate, bytes.fromhex(transform))
        extraction = ExtractionRecord(
            extractor_id="first_number",
            success="?" not in text,
            parsed_answer=None if "?" in text else text,
            failure_reason="there is no number" if "?" in text else None,
        )
        return ParseEntry(transform, key.hex(), (extraction,))

    def _score(
        self, candidate: bytes, cell: RecordedCell, column: int, outcome: Outcome
    ) -> ScoreEntry:
        score: MetricScore | ScoreError
        if isinstance(outcome, ScoreError):
            score = outcome
        else:
            assert not isinstance(outcome, FailureRecord), "only the first metric's cell says so"
            score = MetricScore(metric_id=cell.metric_id, value=outcome)
        key = digest(b"score", candidate, cell.metric_id.encode(), cell.score_name.encode())
        return ScoreEntry(column, key.hex(), self.evaluation_hash(cell.score_name), score)


def _stage(stage: StageName, component: str, *, error: str | None = None) -> TimelineStage:
    return TimelineStage(
        stage=stage,
        component=component,
        status="ok" if error is None else "error",
        start=100.0,
        end=100.5,
        duration_ms=500.0,
        error=error,
    )
