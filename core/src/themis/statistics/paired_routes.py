"""Which test pairs get, by what they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from themis.statistics.discordant import mcnemar, tango_z
from themis.statistics.equivalence import equivalence_of_alike, tost_with_unseen
from themis.statistics.paired import SMALLEST_P, PairedTest, paired_t
from themis.statistics.routes import Route, figures_of
from themis.statistics.sign_flip import sign_flip_interval, sign_flip_test

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = ["paired_route"]

FEW_DISCORDANT = 100
"""Up to this many discordant 0/1 pairs the exact count is used; beyond, t is as good."""
FEW_OTHERS = 40
"""With fewer pairs than this besides the wins (or losses) t may reach past a difference of 1."""
FEW_PAIRS = 8
"""With fewer pairs than this a t test leans wholly on normality; all sign patterns are counted."""
UNSEEN = "the scores span nothing, so nothing bounds what was not seen: equivalence is undefined"


def paired_route(
    before: Any,
    after: Any,
    *,
    clusters: Sequence[Hashable] | None,
    level: float,
    margin: float | None,
) -> Route:
    """The test of finite pairs, as arrays; `clusters` names each pair's unit."""
    single = clusters is None or len(set(clusters)) == len(clusters)
    if single and len(before) and _binary(before) and _binary(after):
        wins, losses = int((after > before).sum()), int((after < before).sum())
        others = len(before) - max(wins, losses)
        if wins + losses <= FEW_DISCORDANT or others < FEW_OTHERS:
            return _mcnemar(before, after, level=level, margin=margin)
    test = paired_t(before, after, clusters=None if single else clusters, level=level)
    equivalence_p = _equivalence_p(test, margin, span=_span(before, after))
    if single and test.df is not None and test.pair_count < FEW_PAIRS:
        return _route(_sign_flipped(after - before, test), equivalence_p)
    if test.se == 0 and margin and equivalence_p is None:
        return _route(attrs.evolve(test, reason=f"{test.reason}; {UNSEEN}"), None)
    return _route(test, equivalence_p)


def _binary(scores: Any) -> bool:
    return bool(((scores == 0) | (scores == 1)).all())


def _mcnemar(before: Any, after: Any, *, level: float, margin: float | None) -> Route:
    wins, losses = int((after > before).sum()), int((after < before).sum())
    n = len(before)
    test = mcnemar(wins, losses, ones=int((before * after).sum()), n=n, level=level)
    if not margin:
        return _route(test, None)
    from scipy.special import ndtr

    bound = min(margin, 1 - 1e-12)
    above = tango_z(wins, losses, n=n, difference=-bound)
    below = tango_z(wins, losses, n=n, difference=bound)
    return _route(test, max(float(ndtr(-above)), float(ndtr(below)), SMALLEST_P))


def _sign_flipped(deltas: Any, test: PairedTest) -> PairedTest:
    """All sign patterns; the mean and its standard error stay those of the t test."""
    found = sign_flip_test(deltas)
    limits = sign_flip_interval(deltas, level=test.ci_level)
    reason = None if limits else "too few items for an interval at this level: p is exact"
    lower, upper = limits or (None, None)
    return attrs.evolve(
        test,
        p_value=found.p_two_sided,
        ci_lower=lower,
        ci_upper=upper,
        statistic=None,
        df=None,
        method=found.method,
        reason=reason,
    )


def _span(before: Any, after: Any) -> float:
    """How far the lowest of all scores is from the highest."""
    if not len(before):
        return 0.0
    return float(max(before.max(), after.max())) - float(min(before.min(), after.min()))


def _equivalence_p(test: PairedTest, margin: float | None, *, span: float) -> float | None:
    """The p of equivalence; None without a margin, and where the scores leave it undefined."""
    delta = test.delta_mean
    if not margin or test.se is None or delta is None or not math.isfinite(span):
        return None
    if test.se > 0:
        found = tost_with_unseen(delta, test.se, units=test.n_items, margin=margin, span=span)
        return found.p_value
    if span <= abs(delta):
        return None
    return equivalence_of_alike(delta, units=test.n_items, margin=margin, span=span).p_value


def _route(test: PairedTest, equivalence_p: float | None) -> Route:
    figures = figures_of(test, candidate_mean=test.treatment_mean, n_items=test.n_items)
    return Route(figures=figures, equivalence_p=equivalence_p, df=test.df)
