"""One run against another on the items that both have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
from sqlalchemy import select

from themis.results.comparison_rows import ComparedGroup, family_rows
from themis.results.grouping import ROW_KEYS, check_group_by, group_key, group_order
from themis.results.layout import Arm, MetricColumn, RunLayout
from themis.results.pairing import Criteria, MatchedItems, SideScores, side_scores
from themis.results.score_sums import OnError
from themis.results.source import RunSource
from themis.statistics import Adjustment, Direction, adjust
from themis.storage import schema

__all__ = ["RunSide", "UnpairedItems", "compare_runs", "compared_groups", "unpaired_items"]

Key = tuple[str | None, ...]
Setting = tuple[Any, ...]
_NOT_GROUPS = ROW_KEYS


@attrs.frozen(slots=True, kw_only=True)
class RunSide:
    """One of two runs: what is read of it, and which way its metrics are better."""

    source: RunSource
    metrics: Sequence[MetricColumn]
    directions: Mapping[str, str]

    @property
    def layout(self) -> RunLayout:
        """The run's arms and columns."""
        return self.source.layout


@attrs.frozen(slots=True, kw_only=True)
class UnpairedItems:
    """The ids of items that only one of two runs has; an item that was edited is in both."""

    baseline: tuple[str, ...]
    candidate: tuple[str, ...]


def compare_runs(
    baseline: RunSide,
    candidate: RunSide,
    *,
    group_by: str | Sequence[str] = (),
    criteria: Criteria | None = None,
    correction: Adjustment = "none",
    on_error: OnError = "exclude",
) -> list[dict[str, Any]]:
    """One row per metric and group; `delta_mean` is candidate less baseline.

    A pair is one item of one slice under one model, prompt variant and parameter set, its samples
    averaged; what each run has only one of (a model, a prompt) may differ between them: it is what
    is being compared. The family of the correction is every row returned.

    Raises:
        ValueError: an unknown group key or correction; the message lists the known ones.
    """
    adjust([], correction)
    groups = compared_groups(
        baseline, candidate, group_by=group_by, criteria=criteria, on_error=on_error
    )
    return family_rows(groups, correction)


def compared_groups(
    baseline: RunSide,
    candidate: RunSide,
    *,
    group_by: str | Sequence[str] = (),
    criteria: Criteria | None = None,
    on_error: OnError = "exclude",
) -> list[ComparedGroup]:
    """The comparisons behind the rows, before any correction."""
    keys = check_group_by(baseline.layout, group_by, without=_NOT_GROUPS)
    check_group_by(candidate.layout, group_by, without=_NOT_GROUPS)
    columns = ["metric_id"]
    if baseline.layout.scores_one_metric_twice or candidate.layout.scores_one_metric_twice:
        columns.append("score_name")
    columns = [*(key for key in keys if key not in columns), *columns]
    free = _free_keys(baseline.layout, candidate.layout)
    before, after = (
        _side_by_group(side, columns, free=free, on_error=on_error)
        for side in (baseline, candidate)
    )
    groups = []
    for key in sorted({*before, *after}, key=group_order):
        named = dict(zip(columns, key, strict=True))
        direction: Direction = candidate.directions.get(str(named["metric_id"]), "maximize")  # type: ignore[assignment]
        matched = _matched(before.get(key, {}), after.get(key, {}))
        found = matched.compared(criteria or Criteria(), direction)
        groups.append(ComparedGroup(keys=named, found=found, errors=matched.errors))
    return groups


def unpaired_items(baseline: RunSide, candidate: RunSide) -> UnpairedItems:
    """The items of either run that the other lacks, by id, sorted."""
    before, after = _items(baseline), _items(candidate)
    return UnpairedItems(
        baseline=tuple(sorted(before[item] for item in before.keys() - after.keys())),
        candidate=tuple(sorted(after[item] for item in after.keys() - before.keys())),
    )


def _items(side: RunSide) -> dict[bytes, str]:
    trials = schema.trials
    found = select(trials.c.item_hash, trials.c.item_id).where(trials.c.run == side.layout.run)
    with side.source.connection() as connection:
        return {item: name for item, name in connection.execute(found.distinct())}  # noqa: C416


_SETTING = ("model_id", "prompt_variant_id", "params_hash", "slice_id")


def _free_keys(before: RunLayout, after: RunLayout) -> frozenset[str]:
    """What each run has just one of: it need not be the same in both."""
    return frozenset(
        key
        for key in _SETTING
        if all(len({getattr(arm, key) for arm in one.arms}) == 1 for one in (before, after))
    )


def _setting(arm: Arm, free: Iterable[str]) -> Setting:
    return tuple(getattr(arm, key) for key in _SETTING if key not in free)


def _side_by_group(
    side: RunSide, columns: Sequence[str], *, free: frozenset[str], on_error: OnError
) -> dict[Key, dict[Setting, SideScores]]:
    found: dict[Key, dict[Setting, SideScores]] = {}
    with side.source.connection() as connection:
        for metric in side.metrics:
            for setting, arms in _settings(side.layout.arms_of(metric), free).items():
                group = group_key(side.layout, columns, arm=arms[0], metric=metric)
                scores = side_scores(connection, side.layout, metric, arms=arms, on_error=on_error)
                found.setdefault(group, {})[setting] = scores
    return found


def _settings(arms: Iterable[Arm], free: frozenset[str]) -> dict[Setting, list[Arm]]:
    alike: dict[Setting, list[Arm]] = {}
    for arm in arms:
        alike.setdefault(_setting(arm, free), []).append(arm)
    return alike


def _matched(
    before: Mapping[Setting, SideScores], after: Mapping[Setting, SideScores]
) -> MatchedItems:
    matched = MatchedItems()
    for setting in dict.fromkeys([*before, *after]):
        matched.add(before.get(setting, SideScores()), after.get(setting, SideScores()))
    return matched
