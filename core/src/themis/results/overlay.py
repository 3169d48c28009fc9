"""Which transform and evaluation a result is seen through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from themis.results.layout import MetricColumn, RunLayout
    from themis.results.source import RunSource

__all__ = ["Overlay"]


@attrs.frozen(slots=True, kw_only=True)
class Overlay:
    """None shows everything; a hash shows what belongs to that transform or evaluation alone."""

    transform_hash: str | None = None
    evaluation_hash: str | None = None

    def metrics(self, layout: RunLayout, metric_id: str | None = None) -> list[MetricColumn]:
        """The metric columns that are shown, of one metric id or of all.

        Raises:
            ValueError: no column of the run has this metric id; the message lists them.
        """
        layout.check_metric(metric_id)
        return [
            column
            for column in layout.metrics
            if self._shows(column) and metric_id in (None, column.metric_id)
        ]

    def transforms(self, source: RunSource) -> dict[str, list[str]]:
        """The extractor chains shown, by slice; of an evaluation, those that its scores read."""
        if self.evaluation_hash is not None:
            read: dict[str, list[str]] = {}
            for column in self.metrics(source.layout):
                if column.transform_hash is not None:
                    read.setdefault(column.slice_id, []).append(column.transform_hash)
            return read
        return {
            slice_id: [chain for chain in chains if self.transform_hash in (None, chain)]
            for slice_id, chains in source.transforms.items()
        }

    def _shows(self, column: MetricColumn) -> bool:
        return self.transform_hash in (None, column.transform_hash) and self.evaluation_hash in (
            None,
            column.evaluation_hash,
        )
