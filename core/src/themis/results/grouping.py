"""Group keys: what each names, and which scores fall into which group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from themis.results.layout import Arm, MetricColumn, RunLayout

__all__ = ["ROW_KEYS", "ScoreGroup", "check_group_by", "group_key", "group_order", "score_groups"]

Value = str | None

_ARM_KEYS: dict[str, Callable[[Arm], Value]] = {
    "slice_id": lambda arm: arm.slice_id,
    "prompt_variant_id": lambda arm: arm.prompt_variant_id,
    "model_id": lambda arm: arm.model_id,
}
_METRIC_KEYS: dict[str, Callable[[MetricColumn], Value]] = {
    "metric_id": lambda metric: metric.metric_id,
}
_YIELDING_ARM_KEYS: dict[str, Callable[[Arm], Value]] = {
    "prompt_family": lambda arm: arm.prompt_family,
    "provider": lambda arm: arm.provider,
    "params_hash": lambda arm: arm.params_hash,
    "dataset_id": lambda arm: arm.dataset_id,
}
_YIELDING_METRIC_KEYS: dict[str, Callable[[MetricColumn], Value]] = {
    "score_name": lambda metric: metric.score_name,
}
ROW_KEYS = ("item_id", "status")
"""The keys that differ from trial to trial; all others follow from arm and metric."""


@attrs.frozen(slots=True, kw_only=True)
class ScoreGroup:
    """The scores of one group: the rows of `metrics` (columns) by `arms`, by index.

    `key` has None in the place of a row key. `distinct_items` says that no item can be in it twice
    but by repeated samples.
    """

    key: tuple[Value, ...]
    metrics: tuple[int, ...]
    arms: tuple[int, ...]
    distinct_items: bool


def check_group_by(
    layout: RunLayout, group_by: str | Sequence[str], *, without: Sequence[str] = ()
) -> tuple[str, ...]:
    """The keys, each once and in order; ValueError that lists the known ones if one is unknown."""
    keys = (group_by,) if isinstance(group_by, str) else tuple(dict.fromkeys(group_by))
    fixed = {"benchmark_id", *ROW_KEYS, *_ARM_KEYS, *_METRIC_KEYS}
    known = fixed | {*_YIELDING_ARM_KEYS, *_YIELDING_METRIC_KEYS, *layout.dimensions}
    known -= set(without)
    unknown = [key for key in keys if key not in known]
    if unknown:
        named = ", ".join(repr(key) for key in unknown)
        msg = f"cannot group by {named}; the keys are: {', '.join(sorted(known))}"
        raise ValueError(msg)
    return keys


def score_groups(
    layout: RunLayout, keys: Sequence[str], metrics: Sequence[MetricColumn]
) -> list[ScoreGroup]:
    """The groups of the given metric columns' scores, by the keys that arm and metric determine."""
    members: dict[tuple[Value, ...], list[tuple[MetricColumn, Arm]]] = {}
    for metric in metrics:
        for arm in layout.arms_of(metric):
            key = group_key(layout, keys, arm=arm, metric=metric)
            members.setdefault(key, []).append((metric, arm))
    return [_group(key, pairs) for key, pairs in members.items()]


def group_key(
    layout: RunLayout, keys: Sequence[str], *, arm: Arm, metric: MetricColumn
) -> tuple[Value, ...]:
    """The values of the keys for the scores of one arm and metric column; row keys are None."""
    return tuple(_value(layout, name, arm=arm, metric=metric) for name in keys)


def group_order(values: Sequence[Value]) -> tuple[tuple[bool, str], ...]:
    """Sorts groups by their key values, None first."""
    return tuple((value is not None, value or "") for value in values)


def _group(key: tuple[Value, ...], pairs: Sequence[tuple[MetricColumn, Arm]]) -> ScoreGroup:
    return ScoreGroup(
        key=key,
        metrics=tuple(sorted({metric.index for metric, _ in pairs})),
        arms=tuple(sorted({arm.index for _, arm in pairs})),
        distinct_items=_distinct_items([arm for _, arm in pairs]),
    )


def _distinct_items(arms: Sequence[Arm]) -> bool:
    """One arm holds each item once; several do if each has another, named dataset."""
    datasets = {arm.dataset_id for arm in arms}
    return len(arms) == 1 or (None not in datasets and len(datasets) == len(arms))


def _value(layout: RunLayout, key: str, *, arm: Arm, metric: MetricColumn) -> Value:
    if key in ROW_KEYS:
        return None
    if key == "benchmark_id":
        return layout.benchmark_id
    if key in _ARM_KEYS:
        return _ARM_KEYS[key](arm)
    if key in _METRIC_KEYS:
        return _METRIC_KEYS[key](metric)
    if key in layout.dimensions:  # a dimension may have the name of one of the keys below
        return arm.dimensions.get(key)
    if key in _YIELDING_ARM_KEYS:
        return _YIELDING_ARM_KEYS[key](arm)
    return _YIELDING_METRIC_KEYS[key](metric)
