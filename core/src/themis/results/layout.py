"""The fixed shape of a planned run: its arms and its metric columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import select

from themis.errors import StorageError
from themis.records.canonical import decode
from themis.storage import schema
from themis.storage.column_text import storable

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

__all__ = ["Arm", "MetricColumn", "RunLayout", "load_layout", "unknown_run"]


@attrs.frozen(slots=True, kw_only=True)
class Arm:
    """One prompt variant, model and parameter set of a slice; `index` numbers it in the run."""

    index: int
    slice_id: str
    prompt_variant_id: str
    prompt_family: str | None
    model_id: str
    provider: str
    params_hash: str
    params: Mapping[str, Any]
    dimensions: Mapping[str, str]
    dataset_id: str | None


@attrs.frozen(slots=True, kw_only=True)
class MetricColumn:
    """One metric of one score of a slice; `index` numbers it in the run.

    `whole_trial`: it scores a trial once, not each of its samples. `judged`: it asks judges.
    """

    index: int
    metric_id: str
    score_name: str
    slice_id: str
    evaluation_hash: str
    transform_hash: str | None
    whole_trial: bool
    judged: bool


@attrs.frozen(slots=True, kw_only=True)
class RunLayout:
    """What is known of a run from the moment it is planned. `run` is its number in the store."""

    run: int
    run_id: str
    benchmark_id: str
    num_samples: int
    trial_count: int
    arms: tuple[Arm, ...]
    metrics: tuple[MetricColumn, ...]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The names of all dimensions of the run's slices, sorted."""
        return tuple(sorted({name for arm in self.arms for name in arm.dimensions}))

    @property
    def metric_ids(self) -> tuple[str, ...]:
        """The metric ids, in the order of the plan."""
        return tuple(dict.fromkeys(metric.metric_id for metric in self.metrics))

    @property
    def model_ids(self) -> tuple[str, ...]:
        """The model ids, in the order of the plan."""
        return tuple(dict.fromkeys(arm.model_id for arm in self.arms))

    @property
    def scores_one_metric_twice(self) -> bool:
        """Whether a slice has one metric id under two score names: two different numbers."""
        named = [(metric.slice_id, metric.metric_id) for metric in self.metrics]
        return len(set(named)) < len(named)

    def arms_of(self, metric: MetricColumn) -> tuple[Arm, ...]:
        """The arms that a metric column scores."""
        return tuple(arm for arm in self.arms if arm.slice_id == metric.slice_id)

    def check_metric(self, metric_id: str | None) -> None:
        """Raise ValueError, naming the known ones, if no column has this metric id."""
        if metric_id is not None and metric_id not in self.metric_ids:
            known = ", ".join(self.metric_ids) or "none"
            msg = f"run {self.run_id[:12]} has no metric {metric_id!r}; it has: {known}"
            raise ValueError(msg)

    def check_model(self, model_id: str | None) -> None:
        """Raise ValueError, naming the known ones, if no arm has this model id."""
        if model_id is not None and model_id not in self.model_ids:
            known = ", ".join(self.model_ids)
            msg = f"run {self.run_id[:12]} has no model {model_id!r}; it has: {known}"
            raise ValueError(msg)


def load_layout(connection: Connection, run_id: str) -> RunLayout:
    """The layout of a run.

    Raises:
        StorageError: the store has no such run.
    """
    runs = schema.runs
    row = connection.execute(select(runs).where(runs.c.run_id == run_id)).one_or_none()
    if row is None:
        raise unknown_run(run_id)
    return RunLayout(
        run=row.id,
        run_id=row.run_id,
        benchmark_id=row.benchmark_id,
        num_samples=row.num_samples,
        trial_count=row.trial_count,
        arms=_load_arms(connection, row.id),
        metrics=_load_metrics(connection, row.id),
    )


def unknown_run(run_id: str) -> StorageError:
    """The error to raise for a run that is not in the store."""
    msg = f"the store has no run {run_id!r}; `themis runs` lists those it has"
    return StorageError(msg)


def _load_arms(connection: Connection, run: int) -> tuple[Arm, ...]:
    table = schema.arms
    rows = connection.execute(select(table).where(table.c.run == run).order_by(table.c.arm))
    return tuple(
        Arm(
            index=row.arm,
            slice_id=row.slice_id,
            prompt_variant_id=row.prompt_variant_id,
            prompt_family=row.prompt_family,
            model_id=row.model_id,
            provider=row.provider,
            params_hash=row.params_hash,
            params=decode(row.params.encode()),
            dimensions=_labels(row.dimensions),
            dataset_id=row.dataset_id,
        )
        for row in rows
    )


def _labels(dimensions: str) -> dict[str, str]:
    """Dimensions as results show them, like the texts of other columns."""
    labels = decode(dimensions.encode())
    return {storable(name): storable(label) for name, label in labels.items()}


def _load_metrics(connection: Connection, run: int) -> tuple[MetricColumn, ...]:
    table = schema.metrics
    rows = connection.execute(select(table).where(table.c.run == run).order_by(table.c.metric))
    return tuple(
        MetricColumn(
            index=row.metric,
            metric_id=row.metric_id,
            score_name=row.score_name,
            slice_id=row.slice_id,
            evaluation_hash=row.evaluation_hash,
            transform_hash=row.transform_hash,
            whole_trial=bool(row.whole_trial),
            judged=row.stage == "judge",
        )
        for row in rows
    )
