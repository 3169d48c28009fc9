"""Each item's mean score, by metric and model, under the names that people use for items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from themis.results.frames import iter_rows

if TYPE_CHECKING:
    from themis.results.overlay import Overlay
    from themis.results.source import RunSource

__all__ = ["ItemName", "item_means"]

ItemName = tuple[str, str]
"""A slice's id and an item's: items of two slices may have one id."""


def item_means(
    source: RunSource, overlay: Overlay, *, metric_id: str | None
) -> dict[tuple[str, str], dict[ItemName, float]]:
    """By (metric id, model id): the mean of each item over its samples, prompts and parameters.

    Failed scores are left out.

    Raises:
        ValueError: an unknown metric; the message lists the known ones.
    """
    overlay.metrics(source.layout, metric_id)
    sums: dict[tuple[str, str], dict[ItemName, tuple[float, int]]] = {}
    for row in iter_rows(source, overlay, kind="scores"):
        if row["value"] is None or metric_id not in (None, row["metric_id"]):
            continue
        items = sums.setdefault((row["metric_id"], row["model_id"]), {})
        name = (row["slice_id"], row["item_id"])
        total, n = items.get(name, (0.0, 0))
        items[name] = (total + row["value"], n + 1)
    return {
        key: {name: total / n for name, (total, n) in items.items()} for key, items in sums.items()
    }
