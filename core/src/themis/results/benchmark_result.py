"""A benchmark's result: what is compared, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from themis.errors import StorageError
from themis.results.aggregation import aggregate_scores
from themis.results.artifacts import BUNDLE_KEYS, ArtifactBundle, write_artifacts
from themis.results.comparison import compare_models, model_pairs
from themis.results.display import html_summary, text_summary
from themis.results.experiment_result import ExperimentResult
from themis.results.leaderboard import leaderboard_keys, metric_directions, ranked
from themis.results.score_sums import OnError

if TYPE_CHECKING:
    from themis.statistics import Adjustment

__all__ = ["BenchmarkResult"]

Row = dict[str, Any]


class BenchmarkResult(ExperimentResult):
    """A benchmark's result: means, comparisons and the leaderboard, each with how sure it is."""

    @property
    def slice_ids(self) -> list[str]:
        """The slices, in the order of the plan."""
        return list(dict.fromkeys(arm.slice_id for arm in self._source.layout.arms))

    @property
    def prompt_variant_ids(self) -> list[str]:
        """The prompt variants that were used, in the order of the plan."""
        return list(dict.fromkeys(arm.prompt_variant_id for arm in self._source.layout.arms))

    @property
    def model_ids(self) -> list[str]:
        """The models, in the order of the plan."""
        return list(self._source.layout.model_ids)

    @property
    def metric_ids(self) -> list[str]:
        """The metrics that are shown, in the order of the plan."""
        metrics = self._overlay.metrics(self._source.layout)
        return list(dict.fromkeys(metric.metric_id for metric in metrics))

    @property
    def dimensions(self) -> list[str]:
        """The names of the slices' dimensions, sorted."""
        return list(self._source.layout.dimensions)

    @property
    def parameter_sets(self) -> dict[str, Mapping[str, Any]]:
        """The inference parameters that were swept, by their `params_hash`, in plan order."""
        return {arm.params_hash: arm.params for arm in self._source.layout.arms}

    @property
    def scores_one_metric_twice(self) -> bool:
        """Whether a slice has one metric id under two score names: group by `score_name` too."""
        return self._source.layout.scores_one_metric_twice

    def aggregate(
        self,
        *,
        group_by: str | Sequence[str],
        metric_id: str | None = None,
        on_error: OnError = "exclude",
    ) -> list[Row]:
        """The mean of each group's scores, computed in the database.

        Keys: metric_id, benchmark_id, slice_id, prompt_variant_id, model_id, item_id, status (of
        the trial), score_name, provider, prompt_family, params_hash, dataset_id and every dimension
        of a slice. Rows are sorted by group, None first, and have the group keys, `mean` of `count`
        scores, `errors`, `se`, `ci_lower`, `ci_upper`, `ci_level`, `method`, `reason` (why
        something is null) and `n_items`.

        Args:
            group_by: The keys, or one of them.
            metric_id: Only this metric's scores; None: all of them.
            on_error: `exclude` leaves failed candidates and metrics out of the mean; `zero` counts
                them as 0. `errors` says how many there are either way.

        Raises:
            ValueError: an unknown key, metric or `on_error`; the message lists the known ones.
        """
        layout = self._source.layout
        metrics = self._overlay.metrics(layout, metric_id)
        with self._source.connection() as connection:
            return aggregate_scores(
                connection, layout, group_by=group_by, metrics=metrics, on_error=on_error
            )

    def leaderboard(
        self, metric_id: str | None = None, *, on_error: OnError = "exclude"
    ) -> list[Row]:
        """One row per metric and model, the best first in the metric's direction.

        Rows are those of `aggregate`, with `rank` and `direction`.

        Raises:
            ValueError: an unknown metric or `on_error`; the message lists the known ones.
        """
        keys = leaderboard_keys(self._source.layout)
        rows = self.aggregate(group_by=keys, metric_id=metric_id, on_error=on_error)
        return ranked(rows, metric_directions(self._source))

    def paired_compare(
        self,
        *,
        metric_id: str | None,
        group_by: str = "slice_id",
        baseline_model_id: str | None = None,
        treatment_model_id: str | None = None,
        p_value_correction: Adjustment = "none",
        on_error: OnError = "exclude",
    ) -> list[Row]:
        """One paired test per group, metric and pair of models.

        A pair is one item under one prompt variant and parameter set of one slice, its samples
        averaged. The interval and the p-value are of the same test of `delta_mean` (treatment less
        baseline), over items. The family of the correction is every row returned.

        Args:
            metric_id: The metric to compare; None: each of them.
            group_by: One key of `aggregate`, but for the model's own, item_id and status.
            baseline_model_id: None: every model (both None: every pair, in the order of the plan).
            treatment_model_id: None: every other model.
            p_value_correction: `none`, `holm` or `bh`.
            on_error: As in `aggregate`; with `exclude`, an item that one side lacks is dropped and
                counted (`dropped_baseline`, `dropped_treatment`).

        Raises:
            ValueError: an unknown model, metric, key or correction; the message lists the known.
        """
        layout = self._source.layout
        metrics = self._overlay.metrics(layout, metric_id)
        pairs = model_pairs(layout, baseline=baseline_model_id, treatment=treatment_model_id)
        with self._source.connection() as connection:
            return compare_models(
                connection,
                layout,
                group_by=group_by,
                metrics=metrics,
                pairs=pairs,
                correction=p_value_correction,
                on_error=on_error,
            )

    def persist_artifacts(self, *, storage_root: str | Path) -> ArtifactBundle:
        """Write a small bundle to hand on into `storage_root/artifacts/<run_id>/`.

        `aggregate.json` and `summary.md` hold the means by model, slice, metric and prompt.
        """
        names = ["score_name"] if self._source.layout.scores_one_metric_twice else []
        described = {
            "run_id": self.run_id,
            "benchmark_id": self.benchmark_id,
            "status": self.status,
            "transform_hash": self.active_transform_hash,
            "evaluation_hash": self.active_evaluation_hash,
        }
        return write_artifacts(
            Path(storage_root) / "artifacts" / self.run_id,
            described=described,
            rows=self.aggregate(group_by=[*BUNDLE_KEYS, *names]),
            note=self.counts().sentence(),
        )

    def __str__(self) -> str:
        """The leaderboard, and a line that says how many failed and how they count."""
        return text_summary(self.benchmark_id, self.status, self.leaderboard(), self.counts())

    def __repr__(self) -> str:
        try:
            return str(self)
        except StorageError as error:
            return f"<BenchmarkResult of run {self.run_id[:12]}: {error}>"

    def _repr_html_(self) -> str:
        return html_summary(self.benchmark_id, self.status, self.leaderboard(), self.counts())
