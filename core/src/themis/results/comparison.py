"""Models of one run against each other on the same items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import attrs

from themis.results.comparison_rows import ComparedGroup, family_rows
from themis.results.grouping import ROW_KEYS, check_group_by, group_key, group_order
from themis.results.pairing import Criteria, MatchedItems, SideScores, side_scores
from themis.results.score_sums import OnError
from themis.statistics import Adjustment, Direction, adjust

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from themis.results.layout import Arm, MetricColumn, RunLayout

__all__ = ["arm_settings", "compare_models", "model_pairs"]

Group = tuple[str | None, ...]

_NOT_GROUPS = ("model_id", "provider", *ROW_KEYS)
"""Keys that differ between the two sides of a pair, or leave one pair per group."""


def model_pairs(
    layout: RunLayout, *, baseline: str | None, treatment: str | None
) -> list[tuple[str, str]]:
    """The (baseline, treatment) pairs to compare; None on a side means every other model.

    Raises:
        ValueError: an unknown model, or one model on both sides.
    """
    layout.check_model(baseline)
    layout.check_model(treatment)
    if baseline is not None and baseline == treatment:
        msg = f"baseline and treatment are both {baseline!r}; compare two different models"
        raise ValueError(msg)
    if baseline is None and treatment is None:
        return list(combinations(layout.model_ids, 2))
    before = layout.model_ids if baseline is None else (baseline,)
    after = layout.model_ids if treatment is None else (treatment,)
    return [(left, right) for left in before for right in after if left != right]


def compare_models(
    connection: Connection,
    layout: RunLayout,
    *,
    group_by: str,
    metrics: Sequence[MetricColumn],
    pairs: Sequence[tuple[str, str]],
    directions: Mapping[str, str],
    criteria: Criteria,
    correction: Adjustment = "none",
    on_error: OnError = "exclude",
) -> list[dict[str, Any]]:
    """Paired tests per group, metric and pair of models; the family is every row returned.

    A pair is one item under one prompt variant, parameter set, slice and metric column, its samples
    averaged. Several pairs of one item (several prompts, say) are one unit of evidence.
    """
    adjust([], correction)  # an unknown correction is an error before any work
    keys = check_group_by(layout, group_by, without=_NOT_GROUPS)
    columns = ["metric_id", "score_name"] if layout.scores_one_metric_twice else ["metric_id"]
    columns = [*(key for key in keys if key not in columns), *columns]
    compare = _Matching(connection=connection, layout=layout, pairs=pairs, on_error=on_error)
    found = compare.groups(columns, metrics)
    groups = [
        _compared(dict(zip(columns, key, strict=True)), models, matched, directions, criteria)
        for key in sorted(found, key=group_order)
        for models, matched in found[key].items()
    ]
    return [_with_spec_names(row) for row in family_rows(groups, correction)]


@attrs.frozen(slots=True, kw_only=True)
class _Matching:
    """Matches the items of pairs of models, group by group."""

    connection: Connection
    layout: RunLayout
    pairs: Sequence[tuple[str, str]]
    on_error: OnError

    def groups(
        self, keys: Sequence[str], metrics: Sequence[MetricColumn]
    ) -> dict[Group, dict[tuple[str, str], MatchedItems]]:
        """The matched pairs of every group, by pair of models."""
        found: dict[Group, dict[tuple[str, str], MatchedItems]] = {}
        for metric in metrics:
            for setting in arm_settings(self.layout.arms_of(metric)):
                group = group_key(self.layout, keys, arm=setting[0], metric=metric)
                self._match(metric, setting, found.setdefault(group, {}))
        return found

    def _match(
        self,
        metric: MetricColumn,
        arms: Sequence[Arm],
        into: dict[tuple[str, str], MatchedItems],
    ) -> None:
        """Add the pairs of arms that differ in their model alone."""
        wanted = {model for pair in self.pairs for model in pair}
        sides = {model: self._side(metric, arms, model) for model in wanted}
        for baseline, treatment in self.pairs:
            matched = into.setdefault((baseline, treatment), MatchedItems())
            matched.add(sides[baseline], sides[treatment])

    def _side(self, metric: MetricColumn, arms: Sequence[Arm], model: str) -> SideScores:
        mine = [arm for arm in arms if arm.model_id == model]
        return side_scores(self.connection, self.layout, metric, arms=mine, on_error=self.on_error)


def arm_settings(arms: Iterable[Arm]) -> list[list[Arm]]:
    """The arms, put together where they differ in nothing but the model."""
    alike: dict[tuple[str, str], list[Arm]] = {}
    for arm in arms:
        alike.setdefault((arm.prompt_variant_id, arm.params_hash), []).append(arm)
    return list(alike.values())


def _compared(
    keys: Mapping[str, str | None],
    models: tuple[str, str],
    matched: MatchedItems,
    directions: Mapping[str, str],
    criteria: Criteria,
) -> ComparedGroup:
    direction: Direction = directions[str(keys["metric_id"])]  # type: ignore[assignment]
    named = {**keys, "baseline_model_id": models[0], "treatment_model_id": models[1]}
    return ComparedGroup(
        keys=named, found=matched.compared(criteria, direction), errors=matched.errors
    )


def _with_spec_names(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the benchmark API's names too, where statistics say `candidate`."""
    return {
        **row,
        "treatment_mean": row["candidate_mean"],
        "dropped_treatment": row["dropped_candidate"],
    }
