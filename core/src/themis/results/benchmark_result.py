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
from themis.results.history import HistoryPoint, run_history
from themis.results.item_fields import item_field
from themis.results.leaderboard import (
    leaderboard_keys,
    metric_bounds,
    metric_directions,
    ranked,
    tiered,
)
from themis.results.on_error import check_on_error
from themis.results.pairing import Criteria
from themis.results.run_comparison import RunSide, compare_runs
from themis.results.score_sums import OnError
from themis.results.so_far import SoFar, compare_so_far

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
        cluster_by: str | None = None,
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
                them as 0, which for a metric to be minimized is an error: it would be the best
                score. `errors` says how many there are either way.
            cluster_by: An item field that names what items share (a passage, say): standard error
                and interval are over its values, as `method` and `n_clusters` say.

        Raises:
            ValueError: an unknown key, metric, item field or `on_error`; the message lists the
                known ones.
        """
        layout = self._source.layout
        metrics = self._overlay.metrics(layout, metric_id)
        check_on_error(on_error, metrics, metric_directions(self._source))
        clusters = None if cluster_by is None else item_field(self._source, cluster_by)
        with self._source.connection() as connection:
            return aggregate_scores(
                connection,
                layout,
                group_by=group_by,
                metrics=metrics,
                on_error=on_error,
                find_blocks=self._source.item_blocks,
                clusters=clusters,
            )

    def leaderboard(
        self,
        metric_id: str | None = None,
        *,
        on_error: OnError = "exclude",
        tiers: bool = True,
        cluster_by: str | None = None,
    ) -> list[Row]:
        """One row per metric and model, the best first in the metric's direction.

        Rows are those of `aggregate`, with `rank`, `direction` and, with `tiers`, `tier`,
        `best_rank` and `worst_rank`: the models of a tier cannot be told from its first by a paired
        comparison (Holm over every pair of models and metrics), and `contradicted_by` names those
        ranked below that it shows to be better. That reads every item's mean; over millions of
        scores, leave it out. `cluster_by` is that of `aggregate`, for both.

        Raises:
            ValueError: an unknown metric, item field or `on_error`; the message lists the known.
        """
        keys = leaderboard_keys(self._source.layout)
        rows = self.aggregate(
            group_by=keys, metric_id=metric_id, on_error=on_error, cluster_by=cluster_by
        )
        rows = ranked(rows, metric_directions(self._source))
        if not tiers:
            return rows
        compared = self.paired_compare(
            metric_id=metric_id,
            group_by="benchmark_id",
            p_value_correction="holm",
            on_error=on_error,
            cluster_by=cluster_by,
        )
        return tiered(rows, compared)

    def paired_compare(
        self,
        *,
        metric_id: str | None,
        group_by: str = "slice_id",
        baseline_model_id: str | None = None,
        treatment_model_id: str | None = None,
        p_value_correction: Adjustment = "none",
        on_error: OnError = "exclude",
        ci_level: float = 0.95,
        margin: float | None = None,
        power: float = 0.8,
        cluster_by: str | None = None,
    ) -> list[Row]:
        """One paired test per group, metric and pair of models.

        A pair is one item under one prompt variant and parameter set of one slice, its samples
        averaged. The interval and the p-value are of the same test of `delta_mean` (treatment less
        baseline), over items; `method` names it (see `themis.statistics.compare`). `verdict` is
        `improved`, `regressed`, `equivalent`, `inconclusive`, `missing` (the treatment has no
        score) or `not_comparable` (the baseline has none), by the adjusted p-values (that of
        equivalence too) in the metric's direction. `mde` is the difference that would have been
        found with `power`. The family of the correction is every row returned.

        Args:
            metric_id: The metric to compare; None: each of them.
            group_by: One key of `aggregate`, but for the model's own, item_id and status.
            baseline_model_id: None: every model (both None: every pair, in the order of the plan).
            treatment_model_id: None: every other model.
            p_value_correction: `none`, `holm` or `bh`.
            on_error: As in `aggregate`; with `exclude`, an item that one side lacks is dropped and
                counted (`dropped_baseline`, `dropped_treatment`); `errors` counts what failed.
            ci_level: The level of the interval and, as 1 - level, of the verdict.
            margin: The largest difference that does not matter, in the metric's units; with it,
                `equivalent` can be shown.
            power: The chance of finding a true difference of `mde`.
            cluster_by: An item field that names what items share (a passage, say): items with one
                value count as one unit of evidence, of which there are `n_clusters`.

        Raises:
            ValueError: an unknown model, metric, key, correction or item field; the message lists
                the known.
        """
        layout = self._source.layout
        metrics = self._overlay.metrics(layout, metric_id)
        check_on_error(on_error, metrics, metric_directions(self._source))
        pairs = model_pairs(layout, baseline=baseline_model_id, treatment=treatment_model_id)
        names = None if cluster_by is None else item_field(self._source, cluster_by)
        with self._source.connection() as connection:
            return compare_models(
                connection,
                layout,
                group_by=group_by,
                metrics=metrics,
                pairs=pairs,
                directions=metric_directions(self._source),
                criteria=Criteria(level=ci_level, margin=margin, power=power, cluster_names=names),
                correction=p_value_correction,
                on_error=on_error,
            )

    def compare_so_far(
        self,
        *,
        metric_id: str,
        baseline_model_id: str,
        treatment_model_id: str,
        ci_level: float = 0.95,
    ) -> SoFar:
        """Two models of a run that goes on; may be looked at, and acted on, at any time.

        The interval is wider than that of `paired_compare`, which is for a run that has ended.

        Raises:
            ValueError: an unknown model or metric; the message lists the known ones.
        """
        layout = self._source.layout
        metrics = self._overlay.metrics(layout, metric_id)
        [models] = model_pairs(layout, baseline=baseline_model_id, treatment=treatment_model_id)
        with self._source.connection() as connection:
            return compare_so_far(
                connection,
                layout,
                metrics=metrics,
                models=models,
                direction=self.run_side().directions[metric_id],  # type: ignore[arg-type]
                bounds=metric_bounds(self._source).get(metric_id),
                level=ci_level,
            )

    def compare_with(
        self,
        baseline: BenchmarkResult,
        *,
        metric_id: str | None = None,
        group_by: str | Sequence[str] = (),
        p_value_correction: Adjustment = "holm",
        on_error: OnError = "exclude",
        ci_level: float = 0.95,
        margin: float | None = None,
        power: float = 0.8,
        cluster_by: str | None = None,
    ) -> list[Row]:
        """This run against a baseline run, on the items that both have; one row per metric.

        A pair is one item of one slice under one model, prompt variant and parameter set. What each
        run has only one of may differ: two runs of one model each are compared model against model.
        Rows and arguments are those of `paired_compare`, without the models.

        Raises:
            ValueError: an unknown metric, key, correction or item field; the message lists the
                known.
        """
        side = self.run_side(metric_id)
        check_on_error(on_error, side.metrics, side.directions)
        names = None if cluster_by is None else item_field(self._source, cluster_by)
        return compare_runs(
            baseline.run_side(metric_id),
            side,
            group_by=group_by,
            criteria=Criteria(level=ci_level, margin=margin, power=power, cluster_names=names),
            correction=p_value_correction,
            on_error=on_error,
        )

    def history(self) -> list[HistoryPoint]:
        """The earlier runs of this benchmark in the store that ended, oldest first."""
        return run_history(self._store, self.benchmark_id, before=self.run_id)

    def other_run(self, run_id: str) -> BenchmarkResult:
        """Another run of the same store; the first digits of its id do.

        Raises:
            StorageError: the store has no such run.
        """
        return BenchmarkResult(self._store, self._store.run(run_id).run_id)

    def run_side(self, metric_id: str | None = None) -> RunSide:
        """What a comparison with another run reads of this one."""
        return RunSide(
            source=self._source,
            metrics=self._overlay.metrics(self._source.layout, metric_id),
            directions=metric_directions(self._source),
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

    def _ranking(self) -> list[Row]:
        return self.leaderboard(tiers=False)

    def __str__(self) -> str:
        """The leaderboard, and a line that says how many failed and how they count."""
        return text_summary(
            self.benchmark_id, self.status, self.leaderboard(tiers=False), self.counts()
        )

    def __repr__(self) -> str:
        try:
            return str(self)
        except StorageError as error:
            return f"<BenchmarkResult of run {self.run_id[:12]}: {error}>"

    def _repr_html_(self) -> str:
        return html_summary(
            self.benchmark_id, self.status, self.leaderboard(tiers=False), self.counts()
        )
