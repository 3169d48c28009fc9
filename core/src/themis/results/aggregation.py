"""Means of scores by group, with how sure they are and what failed beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from themis.results.clustering import ClusterNames, clustered_sums, remembered
from themis.results.grouping import ROW_KEYS, check_group_by, group_order, score_groups
from themis.results.score_sums import GroupQuery, OnError
from themis.statistics import Estimate, estimate_from_sums, estimate_of_clusters

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from themis.results.grouping import ScoreGroup
    from themis.results.item_blocks import ItemBlocks
    from themis.results.layout import MetricColumn, RunLayout

__all__ = ["aggregate_scores"]


def aggregate_scores(
    connection: Connection,
    layout: RunLayout,
    *,
    group_by: str | Sequence[str],
    metrics: Sequence[MetricColumn],
    on_error: OnError = "exclude",
    find_blocks: Callable[[Connection], ItemBlocks | None] | None = None,
    clusters: ClusterNames | None = None,
) -> list[dict[str, Any]]:
    """One row per group of the metric columns' scores, sorted by group, None first.

    A row has the group keys, `mean` (of `count` scores), `errors` (failed candidates and metrics),
    `se`, `ci_lower`, `ci_upper`, `ci_level`, `method`, `reason` and `n_items`: the standard error
    is over items, however many samples, prompts or models the scores of an item come from.
    `find_blocks` says whether items are told by trials' numbers, which is faster. With `clusters`
    the standard error is over what items belong to, of which there are `n_clusters`.

    Raises:
        ValueError: an unknown group key or `on_error`; the message lists the known ones.
    """
    keys = check_group_by(layout, group_by)
    row_keys = [key for key in keys if key in ROW_KEYS]
    groups = score_groups(layout, keys, metrics)
    mixed = clusters is None and not row_keys and any(not group.distinct_items for group in groups)
    query = GroupQuery(
        connection=connection,
        layout=layout,
        row_keys=row_keys,
        on_error=on_error,
        blocks=find_blocks(connection) if mixed and find_blocks else None,
    )
    names = None if clusters is None else remembered(clusters)
    rows = []
    for group in groups:
        shared = dict(zip(keys, group.key, strict=True))
        for row_key, figures in _estimated(query, group, names):
            named = {**shared, **dict(zip(row_keys, row_key, strict=True))}
            rows.append({**named, **figures})
    return sorted(rows, key=lambda row: group_order([row[key] for key in keys]))


def _estimated(
    query: GroupQuery, group: ScoreGroup, names: ClusterNames | None
) -> Iterator[tuple[tuple[str | None, ...], dict[str, Any]]]:
    """The figures of a group, for each value of its row keys."""
    if names is None:
        for plain in query.sums(group):
            yield plain.row_key, _figures(estimate_from_sums(plain.sums), plain.errors)
        return
    for found in clustered_sums(query, group, names):
        estimate = estimate_of_clusters(found.sums, items=found.items)
        figures = _figures(estimate, found.errors)
        yield found.row_key, {**figures, "n_clusters": found.sums.clusters}


def _figures(estimate: Estimate, errors: int) -> dict[str, Any]:
    return {
        "mean": estimate.mean,
        "count": estimate.n,
        "errors": errors,
        "se": estimate.se,
        "ci_lower": estimate.ci_lower,
        "ci_upper": estimate.ci_upper,
        "ci_level": estimate.ci_level,
        "method": estimate.method,
        "reason": estimate.reason,
        "n_items": estimate.n_items,
    }
