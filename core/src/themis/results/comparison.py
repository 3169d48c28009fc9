"""Models against each other on the same items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import and_, select

from themis.results.grouping import ROW_KEYS, check_group_by, group_key, group_order
from themis.results.score_sums import OnError, score_value, trial_units
from themis.statistics import Adjustment, adjust, family_size, paired_t
from themis.storage import schema

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from themis.results.layout import Arm, MetricColumn, RunLayout

__all__ = ["compare_models", "model_pairs"]

Means = Mapping[bytes, float | None]
Group = tuple[str | None, ...]

_NOT_GROUPS = ("model_id", "provider", *ROW_KEYS)
"""Keys that differ between the two sides of a pair, or leave one pair per group."""


@attrs.define(slots=True)
class _Pairs:
    """The pairs of one group and two models; `None` in place of a mean is a failed item."""

    baseline: list[float] = attrs.field(factory=list)
    treatment: list[float] = attrs.field(factory=list)
    items: list[bytes] = attrs.field(factory=list)
    dropped_baseline: int = 0
    dropped_treatment: int = 0

    def add(self, before: Means, after: Means) -> None:
        """Match two models' items under one prompt, parameter set, slice and metric column."""
        for item in dict.fromkeys(chain(before, after)):
            left, right = before.get(item), after.get(item)
            if left is not None and right is not None:
                self.baseline.append(left)
                self.treatment.append(right)
                self.items.append(item)
            self.dropped_baseline += left is None
            self.dropped_treatment += right is None


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
    compare = _Comparison(connection=connection, layout=layout, pairs=pairs, on_error=on_error)
    found = compare.groups(columns, metrics)
    rows = [
        _row(dict(zip(columns, key, strict=True)), models=models, pairs=matched)
        for key in sorted(found, key=group_order)
        for models, matched in found[key].items()
    ]
    return _adjusted(rows, correction)


@attrs.frozen(slots=True, kw_only=True)
class _Comparison:
    """Matches the items of pairs of models, group by group."""

    connection: Connection
    layout: RunLayout
    pairs: Sequence[tuple[str, str]]
    on_error: OnError

    def groups(
        self, keys: Sequence[str], metrics: Sequence[MetricColumn]
    ) -> dict[Group, dict[tuple[str, str], _Pairs]]:
        """The matched pairs of every group, by pair of models."""
        found: dict[Group, dict[tuple[str, str], _Pairs]] = {}
        for metric in metrics:
            for setting in _settings(self.layout.arms_of(metric)):
                group = group_key(self.layout, keys, arm=setting[0], metric=metric)
                self._match(metric, setting, found.setdefault(group, {}))
        return found

    def _match(
        self,
        metric: MetricColumn,
        arms: Sequence[Arm],
        into: dict[tuple[str, str], _Pairs],
    ) -> None:
        """Add the pairs of arms that differ in their model alone."""
        wanted = {model for pair in self.pairs for model in pair}
        means = {
            model: self._item_means(metric, [arm for arm in arms if arm.model_id == model])
            for model in wanted
        }
        for baseline, treatment in self.pairs:
            matched = into.setdefault((baseline, treatment), _Pairs())
            matched.add(means[baseline], means[treatment])

    def _item_means(self, metric: MetricColumn, arms: Sequence[Arm]) -> dict[bytes, float | None]:
        """Each item's mean over its samples; None where every one of them failed."""
        if not arms:
            return {}
        units = trial_units(score_value(self.on_error))
        trials = schema.trials
        here = and_(trials.c.run == self.layout.run, trials.c.trial == units.c.trial)
        statement = select(trials.c.item_hash, units.c.n, units.c.total).join(trials, here)
        values = {"run": self.layout.run, "metrics": [metric.index], "shift": 0.0}
        rows = self.connection.execute(statement, {**values, "arms": [arm.index for arm in arms]})
        return _means((item, n, total) for item, n, total in rows)


def _settings(arms: Iterable[Arm]) -> list[list[Arm]]:
    """The arms, put together where they differ in nothing but the model."""
    alike: dict[tuple[str, str], list[Arm]] = {}
    for arm in arms:
        alike.setdefault((arm.prompt_variant_id, arm.params_hash), []).append(arm)
    return list(alike.values())


def _means(rows: Iterable[tuple[bytes, int, float]]) -> dict[bytes, float | None]:
    """Means by item; two arms of one model (two providers, say) are averaged like samples."""
    sums: dict[bytes, tuple[int, float]] = {}
    for item, n, total in rows:
        before = sums.get(item)
        sums[item] = (n, total) if before is None else (before[0] + n, before[1] + total)
    return {item: total / n if n else None for item, (n, total) in sums.items()}


def _row(
    keys: Mapping[str, str | None], *, models: tuple[str, str], pairs: _Pairs
) -> dict[str, Any]:
    test = paired_t(pairs.baseline, pairs.treatment, clusters=pairs.items)
    return {
        **keys,
        "baseline_model_id": models[0],
        "treatment_model_id": models[1],
        "pair_count": test.pair_count,
        "n_items": test.n_items,
        "dropped_baseline": pairs.dropped_baseline,
        "dropped_treatment": pairs.dropped_treatment,
        "baseline_mean": test.baseline_mean,
        "treatment_mean": test.treatment_mean,
        "delta_mean": test.delta_mean,
        "p_value": test.p_value,
        "ci_lower": test.ci_lower,
        "ci_upper": test.ci_upper,
        "ci_level": test.ci_level,
        "method": test.method,
        "reason": test.reason,
    }


def _adjusted(rows: list[dict[str, Any]], correction: Adjustment) -> list[dict[str, Any]]:
    p_values = [row["p_value"] for row in rows]
    for row, adjusted in zip(rows, adjust(p_values, correction), strict=True):
        row["adjusted_p_value"] = adjusted
        row["adjustment_method"] = correction
        row["family_size"] = family_size(p_values)
    return rows
