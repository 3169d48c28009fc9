"""Which transform and evaluation a result is seen through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from themis.results.layout import MetricColumn, RunLayout

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

    def _shows(self, column: MetricColumn) -> bool:
        return self.transform_hash in (None, column.transform_hash) and self.evaluation_hash in (
            None,
            column.evaluation_hash,
        )
