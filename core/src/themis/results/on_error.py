"""Whether failures may count as 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from themis.results.layout import MetricColumn
    from themis.results.score_sums import OnError

__all__ = ["check_on_error"]


def check_on_error(
    on_error: OnError, metrics: Iterable[MetricColumn], directions: Mapping[str, str]
) -> None:
    """Raise ValueError if a failure would be the best score that there is.

    A latency of 0 is unbeatable: a model that never answers would win.
    """
    named = dict.fromkeys(metric.metric_id for metric in metrics)
    minimized = [name for name in named if directions.get(name) == "minimize"]
    if on_error == "zero" and minimized:
        msg = (
            f'on_error="zero" would make a failure the best score of {", ".join(minimized)}, which '
            'is to be minimized: give the metric_id of another, or on_error="exclude"'
        )
        raise ValueError(msg)
