"""The statistics with one set of choices: level, margin, correction."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

import attrs

from themis.statistics.comparing import Comparison, compare, compare_unpaired
from themis.statistics.equivalence import check_margin
from themis.statistics.estimate import Estimate, check_level, mean_estimate
from themis.statistics.means import mean_of
from themis.statistics.multiplicity import Adjustment, adjust
from themis.statistics.power import check_power
from themis.statistics.verdicts import Direction, Verdict, check_direction

__all__ = ["FamilyComparison", "StatsEngine"]

Score = float | None
Scores = Sequence[Score] | Mapping[Hashable, Score | Sequence[Score]]
"""Scores in order, or by item: one of each item, or one per sample."""


@attrs.frozen(slots=True, kw_only=True)
class FamilyComparison:
    """One comparison of several: `adjusted_p_value` and `verdict` are those of the family.

    The family is all that one call compared; what has no p-value counts too.
    """

    name: Hashable
    comparison: Comparison
    adjusted_p_value: float | None
    adjustment_method: Adjustment
    family_size: int
    verdict: Verdict


@attrs.frozen(slots=True, kw_only=True)
class StatsEngine:
    """Summarises scores and compares them, with one set of choices throughout.

    `ci_level` is the level of intervals and, as 1 - level, of verdicts; `margin` the largest
    difference that does not matter, in the units of the scores; `correction` (`none`, `holm`,
    `bh`) is applied over all that one call of `compare_all` compares; `power` is the chance that a
    difference of `mde` is found. None and NaN are no score: they are left out and counted.

    engine = StatsEngine(margin=0.02)
    engine.summarise([1, 0, 1, 1]).ci_lower
    engine.compare({"q1": 0.0, "q2": 1.0}, {"q1": 1.0, "q2": 1.0}).verdict

    Raises:
        ValueError: an option is out of range or unknown.
    """

    ci_level: float = 0.95
    correction: Adjustment = "holm"
    margin: float | None = None
    power: float = 0.8
    direction: Direction = "maximize"

    def __attrs_post_init__(self) -> None:
        check_level(self.ci_level)
        check_margin(self.margin)
        check_direction(self.direction)
        adjust([], self.correction)
        check_power(self.power)

    def summarise(self, scores: Scores, *, clusters: Sequence[Hashable] | None = None) -> Estimate:
        """The mean of scores with its interval; samples of one item count once.

        `clusters[i]` names the unit of score i (of a sequence); of a mapping, items are the units.
        """
        if isinstance(scores, Mapping):
            flat = [(item, score) for item, given in scores.items() for score in _samples(given)]
            clusters, values = [item for item, _ in flat], [score for _, score in flat]
        else:
            values = list(scores)
        if clusters is not None and len(clusters) != len(values):
            msg = f"{len(values)} values with {len(clusters)} clusters: give one cluster per value"
            raise ValueError(msg)
        kept = [place for place, score in enumerate(values) if _is_score(score)]
        units = None if clusters is None else [clusters[place] for place in kept]
        found = [score for score in (values[place] for place in kept) if score is not None]
        return mean_estimate(found, clusters=units, level=self.ci_level)

    def compare(
        self,
        baseline: Scores,
        candidate: Scores,
        *,
        clusters: Sequence[Hashable] | Mapping[Hashable, Hashable] | None = None,
        direction: Direction | None = None,
    ) -> Comparison:
        """Candidate - baseline. Sequences are of the same items in the same order.

        Mappings are paired by item, an item's samples averaged; where the two share no item they
        are compared as independent, which `method` says. `clusters` names the unit of each place,
        or of each item, where several are not independent.

        Raises:
            ValueError: sequences of differing length.
            TypeError: a sequence against a mapping, or clusters that do not fit the scores.
        """
        options = {
            "level": self.ci_level,
            "direction": direction or self.direction,
            "margin": self.margin,
            "power": self.power,
        }
        if isinstance(baseline, Mapping) and isinstance(candidate, Mapping):
            named = _unit_names(clusters)
            return _compare_by_item(_item_means(baseline), _item_means(candidate), named, options)
        if isinstance(baseline, Mapping) or isinstance(candidate, Mapping):
            msg = "one side is by item and the other in order: give both in the same way"
            raise TypeError(msg)
        if isinstance(clusters, Mapping):
            msg = "scores in order need clusters in order: one name per place"
            raise TypeError(msg)
        return compare(baseline, candidate, clusters=clusters, **options)  # type: ignore[arg-type]

    def compare_all(
        self,
        sides: Mapping[Hashable, tuple[Scores, Scores]],
        *,
        directions: Mapping[Hashable, Direction] | None = None,
    ) -> list[FamilyComparison]:
        """Several (baseline, candidate) comparisons by name, corrected as one family."""
        known = directions or {}
        found = {
            name: self.compare(before, after, direction=known.get(name))
            for name, (before, after) in sides.items()
        }
        size, all_found = len(found), found.values()
        adjusted = adjust([one.p_value for one in all_found], self.correction, size=size)
        equivalence = adjust([one.equivalence_p for one in all_found], self.correction, size=size)
        return [
            FamilyComparison(
                name=name,
                comparison=one,
                adjusted_p_value=p,
                adjustment_method=self.correction,
                family_size=size,
                verdict=one.with_adjusted_p(p, equivalence_p=alike).verdict,
            )
            for (name, one), p, alike in zip(found.items(), adjusted, equivalence, strict=True)
        ]


def _samples(given: Score | Sequence[Score]) -> Sequence[Score]:
    return given if isinstance(given, Sequence) else (given,)


def _is_score(score: Score) -> bool:
    return score is not None and not math.isnan(score)


def _item_means(scores: Mapping[Hashable, Score | Sequence[Score]]) -> dict[Hashable, Score]:
    """Each item's mean over its samples; None where none is a score."""
    means: dict[Hashable, Score] = {}
    for item, given in scores.items():
        known = [score for score in _samples(given) if score is not None and not math.isnan(score)]
        means[item] = mean_of(known) if known else None
    return means


def _unit_names(
    clusters: Sequence[Hashable] | Mapping[Hashable, Hashable] | None,
) -> Mapping[Hashable, Hashable]:
    if clusters is None or isinstance(clusters, Mapping):
        return clusters or {}
    msg = "scores by item need clusters by item: a mapping of item to unit"
    raise TypeError(msg)


def _compare_by_item(
    before: Mapping[Hashable, Score],
    after: Mapping[Hashable, Score],
    named: Mapping[Hashable, Hashable],
    options: Mapping[str, object],
) -> Comparison:
    if before and after and not before.keys() & after.keys():
        return compare_unpaired(
            list(before.values()),
            list(after.values()),
            baseline_clusters=[named.get(item, item) for item in before],
            candidate_clusters=[named.get(item, item) for item in after],
            **options,  # type: ignore[arg-type]
        )
    items = list(dict.fromkeys([*before, *after]))
    return compare(
        [before.get(item) for item in items],
        [after.get(item) for item in items],
        clusters=[named.get(item, item) for item in items],
        **options,  # type: ignore[arg-type]
    )
