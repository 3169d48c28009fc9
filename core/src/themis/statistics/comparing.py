"""One model, or run, against another: the entry that chooses the test.

| the scores | the test |
|---|---|
| pairs, 0 or 1, at most 100 discordant, or nearly all alike | McNemar mid-p, Tango's interval |
| fewer than 8 pairs | exact sign-flip permutation, and the interval that it gives |
| other pairs; several pairs of a cluster | paired t (over clusters) |
| no pairs, 0 or 1 | Newcombe's interval, and the p that it gives |
| other scores without pairs | Welch's t (over clusters) |
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from themis.statistics.detectable import detectable
from themis.statistics.equivalence import check_margin
from themis.statistics.estimate import check_level
from themis.statistics.paired_routes import paired_route
from themis.statistics.unpaired_routes import unpaired_route
from themis.statistics.verdicts import Direction, Verdict, check_direction, verdict_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from themis.statistics.routes import Route

__all__ = ["Comparison", "compare", "compare_unpaired"]


@attrs.frozen(slots=True, kw_only=True)
class Comparison:
    """The difference candidate - baseline, in the units of the scores, and how sure it is.

    `pair_count` pairs of `n_items` independent units; where the units are `n_clusters` of what
    items belong to (`comparison_of_clusters`), `n_items` counts the items. `dropped_baseline` and
    `dropped_candidate` count the pairs that had no score on that side (for unpaired scores: the
    scores that were none). The interval, the p-value and `method` are of one test. `mde` is the
    least true difference that would have been found with `power` were the scores to vary as they
    do, None where the items are too few for any; `equivalence_p` is of "it is not within
    `margin`": of pairs by `tost_with_unseen` (by `equivalence_of_alike` where all differences are
    the same, right and wrong by Tango's score test), None where all scores are the same. What is
    undefined is None, and `reason` says why.
    """

    pair_count: int
    n_items: int
    n_baseline: int
    n_candidate: int
    dropped_baseline: int
    dropped_candidate: int
    baseline_mean: float | None
    candidate_mean: float | None
    delta_mean: float | None
    se: float | None
    p_value: float | None
    ci_lower: float | None
    ci_upper: float | None
    ci_level: float
    method: str
    reason: str | None
    margin: float | None
    equivalence_p: float | None
    mde: float | None
    power: float
    direction: Direction
    verdict: Verdict
    n_clusters: int | None = None

    def with_adjusted_p(
        self, p_value: float | None, *, equivalence_p: float | None = None
    ) -> Comparison:
        """The same with the verdict that adjusted p-values give; its own stay as they were.

        `equivalence_p` is the adjusted one of that test; None: it was not adjusted.
        """
        if self.verdict in {"missing", "not_comparable"}:
            return self
        equivalence_p = self.equivalence_p if equivalence_p is None else equivalence_p
        return attrs.evolve(self, verdict=_verdict(self, p_value, equivalence_p))


def compare(
    baseline: Sequence[float | None],
    candidate: Sequence[float | None],
    *,
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
    direction: Direction = "maximize",
    margin: float | None = None,
    power: float = 0.8,
) -> Comparison:
    """Compare scores of the same items: `baseline[i]` and `candidate[i]` are of one item.

    None and NaN are no score; such pairs are dropped and counted. `clusters[i]` names the unit
    that pair i belongs to, where several are not independent.

    Raises:
        ValueError: differing lengths, an infinite score, or an option out of range.
    """
    _check_options(level, direction, margin)
    if len(baseline) != len(candidate):
        msg = f"{len(baseline)} baseline and {len(candidate)} candidate values: give one per pair"
        raise ValueError(msg)
    if clusters is not None and len(clusters) != len(baseline):
        msg = f"{len(baseline)} pairs with {len(clusters)} clusters: give one cluster per pair"
        raise ValueError(msg)
    before, after = _scores(baseline), _scores(candidate)
    have_before, have_after = _present(before), _present(after)
    kept = have_before & have_after
    units = clusters
    if clusters is not None and not kept.all():
        units = [name for name, keep in zip(clusters, kept, strict=True) if keep]
    route = paired_route(before[kept], after[kept], clusters=units, level=level, margin=margin)
    counts: dict[str, Any] = {
        "pair_count": int(kept.sum()),
        "n_baseline": int(have_before.sum()),
        "n_candidate": int(have_after.sum()),
        "dropped_baseline": int((~have_before).sum()),
        "dropped_candidate": int((~have_after).sum()),
    }
    return _comparison(route, counts, direction=direction, margin=margin, power=power)


def compare_unpaired(
    baseline: Sequence[float | None],
    candidate: Sequence[float | None],
    *,
    baseline_clusters: Sequence[Hashable] | None = None,
    candidate_clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
    direction: Direction = "maximize",
    margin: float | None = None,
    power: float = 0.8,
) -> Comparison:
    """Compare scores of different items; `pair_count` is 0. None and NaN are no score.

    Raises:
        ValueError: an infinite score, clusters of another length, or an option out of range.
    """
    _check_options(level, direction, margin)
    before, left = _unpaired_side(baseline, baseline_clusters)
    after, right = _unpaired_side(candidate, candidate_clusters)
    route = unpaired_route(before, after, clusters=(left, right), level=level, margin=margin)
    counts: dict[str, Any] = {
        "pair_count": 0,
        "n_baseline": len(before),
        "n_candidate": len(after),
        "dropped_baseline": len(baseline) - len(before),
        "dropped_candidate": len(candidate) - len(after),
    }
    return _comparison(route, counts, direction=direction, margin=margin, power=power)


def _comparison(
    route: Route,
    counts: dict[str, Any],
    *,
    direction: Direction,
    margin: float | None,
    power: float,
) -> Comparison:
    sides = counts["n_baseline"], counts["n_candidate"]
    mde, unknown = detectable(route.figures, sides=sides, df=route.df, power=power)
    reason = route.figures["reason"] or unknown
    known = Comparison(
        **counts,
        **{**route.figures, "reason": reason},
        margin=margin,
        equivalence_p=route.equivalence_p,
        mde=mde,
        power=power,
        direction=direction,
        verdict="inconclusive",
    )
    return attrs.evolve(known, verdict=_first_verdict(known))


def _first_verdict(known: Comparison) -> Verdict:
    if known.n_candidate == 0 and known.n_baseline > 0:
        return "missing"
    if known.delta_mean is None:
        return "not_comparable"
    return _verdict(known, known.p_value, known.equivalence_p)


def _verdict(known: Comparison, p_value: float | None, equivalence_p: float | None) -> Verdict:
    return verdict_of(
        known.delta_mean,
        p_value=p_value,
        equivalence_p=equivalence_p,
        margin=known.margin,
        direction=known.direction,
        level=known.ci_level,
    )


def _check_options(level: float, direction: str, margin: float | None) -> None:
    check_level(level)
    check_direction(direction)
    check_margin(margin)


def _scores(values: Sequence[float | None]) -> Any:
    """The scores as an array, NaN where there is none; an infinite one is an error."""
    import numpy as np

    array = np.asarray(values, dtype=float)
    if np.isinf(array).any():
        place = int(np.flatnonzero(np.isinf(array))[0])
        msg = f"value {place} is {array[place]}: leave out or count what is not finite"
        raise ValueError(msg)
    return array


def _present(scores: Any) -> Any:
    import numpy as np

    return ~np.isnan(scores)


def _unpaired_side(values: Sequence[float | None], clusters: Any) -> tuple[Any, Any]:
    scores = _scores(values)
    if clusters is None:
        return scores[_present(scores)], None
    if len(clusters) != len(scores):
        msg = f"{len(scores)} values with {len(clusters)} clusters: give one cluster per value"
        raise ValueError(msg)
    named = [name for name, score in zip(clusters, scores, strict=True) if not math.isnan(score)]
    return scores[_present(scores)], named
