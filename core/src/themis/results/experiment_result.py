"""What a run gave, read from the store: nothing here runs anything, and nothing writes to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import select

from themis.results.counts import RunCounts, count_run
from themis.results.failures import (
    iter_failed_candidates,
    iter_failed_scores,
    iter_invalid_extractions,
)
from themis.results.lookup import find_record, find_trial
from themis.results.overlay import Overlay
from themis.results.source import RunSource
from themis.results.timeline_view import RecordTimelineView, read_trial, timeline_view
from themis.results.trials import iter_trials, trial_summary
from themis.storage import schema

if TYPE_CHECKING:
    from themis.records import TrialRecord
    from themis.results.human_labels import HumanLabel
    from themis.statistics import Scale
    from themis.storage import RunStore

__all__ = ["ExperimentResult"]

Row = dict[str, Any]


class ExperimentResult:
    """A run's trials, failures and scores, seen whole or through one transform or evaluation.

    Made from a store that stays open while the result is used; what it says is how the run stands
    at that moment, so a running one can be watched.

    Raises:
        StorageError: the store has no run `run_id`.
    """

    def __init__(self, store: RunStore, run_id: str, *, overlay: Overlay | None = None) -> None:
        self._store = store
        self._source = RunSource(store, run_id)
        self._overlay = overlay or Overlay()

    @property
    def run_id(self) -> str:
        """The run's id, in full."""
        return self._source.layout.run_id

    @property
    def benchmark_id(self) -> str:
        """The benchmark that was run."""
        return self._source.layout.benchmark_id

    @property
    def status(self) -> str:
        """`planned`, `running`, `completed`, `partial_failure`, `failed` or `interrupted`."""
        return self._source.run_row().status

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What the run was planned with: the spec, components, datasets and provenance."""
        return self._source.manifest

    @property
    def trial_hashes(self) -> list[str]:
        """Every trial, in the order of the plan."""
        trials = schema.trials
        hashes = select(trials.c.trial_hash).where(trials.c.run == self._source.layout.run)
        with self._source.connection() as connection:
            return [value.hex() for value in connection.scalars(hashes.order_by(trials.c.trial))]

    @property
    def transform_hashes(self) -> list[str]:
        """The extractor chains of the run, scored or not, in the order of the plan."""
        chains = self._source.transforms.values()
        return list(dict.fromkeys(chain for each in chains for chain in each))

    @property
    def evaluation_hashes(self) -> list[str]:
        """The evaluation passes of the run, in the order of the plan."""
        return list(dict.fromkeys(m.evaluation_hash for m in self._source.layout.metrics))

    @property
    def active_transform_hash(self) -> str | None:
        """The transform that this result is seen through; None: all."""
        return self._overlay.transform_hash

    @property
    def active_evaluation_hash(self) -> str | None:
        """The evaluation that this result is seen through; None: all."""
        return self._overlay.evaluation_hash

    def for_transform(self, transform_hash: str) -> Self:
        """The same result, seen through one extractor chain.

        Raises:
            ValueError: the run has no such transform; the message lists those it has.
        """
        _check_known(transform_hash, self.transform_hashes, what="transform")
        return type(self)(self._store, self.run_id, overlay=Overlay(transform_hash=transform_hash))

    def for_evaluation(self, evaluation_hash: str) -> Self:
        """The same result, seen through one evaluation pass.

        Raises:
            ValueError: the run has no such evaluation; the message lists those it has.
        """
        _check_known(evaluation_hash, self.evaluation_hashes, what="evaluation")
        overlay = Overlay(evaluation_hash=evaluation_hash)
        return type(self)(self._store, self.run_id, overlay=overlay)

    def counts(self) -> RunCounts:
        """How many candidates were planned, made and failed, and how many scores failed."""
        layout = self._source.layout
        with self._source.connection() as connection:
            return count_run(connection, layout, self._overlay.metrics(layout))

    def iter_trial_summaries(self) -> Iterator[Row]:
        """One row per trial: trial_hash, benchmark_id, slice_id, prompt_variant_id, model_id,
        item_id, status (`ok`, `error`, `partial`, `skipped`: no candidate yet) and dimensions.
        """  # noqa: D205 (one list, two lines)
        for trial in iter_trials(self._source):
            yield trial_summary(self._source.layout, trial)

    def iter_failures(self) -> Iterator[Row]:
        """One row per failed candidate, then one per failed score: where, stage, code, message."""
        yield from iter_failed_candidates(self._source)
        yield from iter_failed_scores(self._source, self._overlay)

    def iter_invalid_extractions(self) -> Iterator[Row]:
        """One row per candidate and extractor chain that found nothing: where, why, the output."""
        yield from iter_invalid_extractions(self._source, self._overlay)

    def get_trial(self, trial_hash: str) -> TrialRecord:
        """A trial with its candidates; the first 8 or more digits of the hash do.

        Raises:
            UnknownRecordError: the run has no such trial, or several begin so.
        """
        return read_trial(self._source, find_trial(self._source, trial_hash), self._overlay)

    def view_timeline(self, record_id: str) -> RecordTimelineView:
        """All that is recorded of a trial or candidate; the first 8 or more digits do.

        Raises:
            UnknownRecordError: the run has no such trial or candidate, or several begin so.
        """
        return timeline_view(self._source, find_record(self._source, record_id), self._overlay)

    def iter_rows(self, kind: str = "scores") -> Iterator[Row]:
        """The rows of `to_dataframe(kind)`, one by one and without a data frame's package.

        Raises:
            ValueError: an unknown kind; the message lists the known ones.
        """
        from themis.results.frames import iter_rows

        yield from iter_rows(self._source, self._overlay, kind=kind)

    def to_dataframe(self, kind: str = "scores", *, backend: str | None = None) -> Any:
        """`scores`, `candidates` or `trials` as a pandas or polars data frame.

        `backend` is `pandas` or `polars`; None takes the first that is installed.

        Raises:
            ValueError: an unknown kind or backend; the message lists the known ones.
            OptionalDependencyError: the backend is not installed; the message names the extra.
        """
        from themis.results.frames import data_frame

        return data_frame(self._source, self._overlay, kind=kind, backend=backend)

    def export_parquet(self, path: str | Path, *, kind: str = "scores") -> Path:
        """Write `scores`, `candidates` or `trials` to a Parquet file; its folders are made.

        Raises:
            ValueError: an unknown kind; the message lists the known ones.
            OptionalDependencyError: pyarrow is not installed; the message names the extra.
        """
        from themis.results.frames import write_parquet

        return write_parquet(self._source, self._overlay, kind=kind, path=Path(path))

    def judge_agreement(
        self, *, metric_id: str | None = None, scale: Scale = "interval"
    ) -> list[Row]:
        """How far the judges of a metric agree beyond chance, from the recorded judge calls.

        Per metric, Krippendorff's alpha of all judges, Fleiss' kappa of three and more, and Cohen's
        of every two (weighted by the squared distances of the scale). A unit is one question about
        one answer; calls `grade-1` and `grade-2` of a workflow are one question to two judges.
        Intervals are over items, however many units each has. Rows have metric_id, judges and the
        fields of `themis.statistics.Agreement`.

        Raises:
            ValueError: no judge's verdict was recorded, or an unknown metric or scale.
        """
        from themis.results.judge_agreement import judge_agreement

        return judge_agreement(self._source, self._overlay, metric_id=metric_id, scale=scale)

    def preference_ratings(
        self, metric_id: str, *, opponent: str = "opponent", alpha: float = 0.0
    ) -> list[Row]:
        """Bradley-Terry strengths by a metric of preferences, the strongest player first.

        Each item is a game of a model against what its answers were compared with, the `opponent`:
        won where the metric's mean over the item's samples is above 0.5, a tie at it. Strengths are
        log odds that sum to 0, with `se` and a 95 % interval; wins, losses and ties count items.

        Raises:
            NoMaximumError: a model won or lost every game; `alpha` > 0 (0.5, say) helps.
            ValueError: an unknown metric, or one with values outside 0..1.
        """
        from themis.results.preference_ratings import preference_ratings

        return preference_ratings(
            self._source, self._overlay, metric_id=metric_id, opponent=opponent, alpha=alpha
        )

    def calibration(
        self, confidence: str, *, metric_id: str | None = None, bins: int = 10
    ) -> list[Row]:
        """Whether answers are right as often as they are sure; one row per model.

        `confidence` is a metric, or a field of the parsed answer, with values from 0 to 1;
        `metric_id` says what is right (None: the run's only other metric). Rows have n, n_items,
        left_out (answers without one of the two), mean_confidence, accuracy, brier and ece, bins
        and reason. Intervals (`brier_ci_lower` and so on) are over items; why there is none is in
        `brier_reason` and so on.

        Raises:
            ValueError: no answer has both, a confidence or an outcome is outside 0..1, or the
                metric is unknown.
        """
        from themis.results.confidence import confidence_calibration

        return confidence_calibration(
            self._source, self._overlay, confidence=confidence, metric_id=metric_id, bins=bins
        )

    def labelled_means(
        self, labels: str | Path | Iterable[HumanLabel], *, metric_id: str | None = None
    ) -> list[Row]:
        """The mean that people would give, out of few labels and the metric's scores of all items.

        `labels` is a .jsonl or .csv file with item_id and label (and model_id, slice_id where the
        run has several), or such labels. The labelled items must have been drawn at random. Rows,
        one per metric and model, have the fields of `themis.statistics.PredictionPowered`, and
        `labels_without_score`.

        Raises:
            ValueError: the file is no file of labels, no label matches, or the metric is unknown.
        """
        from themis.results.human_labels import labelled_means, read_labels

        given = read_labels(Path(labels)) if isinstance(labels, (str, Path)) else labels
        return labelled_means(self._source, self._overlay, labels=given, metric_id=metric_id)


def _check_known(value: str, known: Sequence[str], *, what: str) -> None:
    if value not in known:
        listed = ", ".join(known) or "none"
        msg = f"the run has no {what} {value!r}; it has: {listed}"
        raise ValueError(msg)
