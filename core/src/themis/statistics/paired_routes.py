"""Which test pairs get, by what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from themis.statistics.discordant import mcnemar, tango_z
from themis.statistics.paired import SMALLEST_P, PairedTest, paired_t, sign_flip_constant_p
from themis.statistics.routes import Route, figures_of, t_equivalence_p
from themis.statistics.sign_flip import sign_flip_interval, sign_flip_test

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = ["paired_route"]

FEW_DISCORDANT = 100
"""Up to this many discordant 0/1 pairs the exact count is used; beyond, t is as good."""
FEW_PAIRS = 8
"""With fewer pairs than this a t test leans wholly on normality; all sign patterns are counted."""


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
        moved = int((before != after).sum())
        if moved <= FEW_DISCORDANT or moved == len(before):
            return _mcnemar(before, after, level=level, margin=margin)
    test = paired_t(before, after, clusters=None if single else clusters, level=level)
    if single and test.df is not None and test.pair_count < FEW_PAIRS:
        return _sign_flip(after - before, test, margin=margin)
    if test.se == 0:
        return _constant(test, margin=margin)
    return _route(test, t_equivalence_p(test, margin))


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
    return _route(test, max(float(ndtr(-above)), float(ndtr(below))))


def _sign_flip(deltas: Any, test: PairedTest, *, margin: float | None) -> Route:
    """All sign patterns; the mean and its standard error stay those of the t test."""
    found = sign_flip_test(deltas)
    limits = sign_flip_interval(deltas, level=test.ci_level)
    reason = None if limits else "too few items for an interval at this level: p is exact"
    lower, upper = limits or (None, None)
    test = attrs.evolve(
        test,
        p_value=found.p_two_sided,
        ci_lower=lower,
        ci_upper=upper,
        statistic=None,
        df=None,
        method=found.method,
        reason=reason,
    )
    if not margin:
        return _route(test, None)
    above = sign_flip_test(deltas + margin).p_greater
    below = sign_flip_test(margin - deltas).p_greater
    both = None if above is None or below is None else max(above, below)
    return _route(test, both)


def _constant(test: PairedTest, *, margin: float | None) -> Route:
    """Differences that are all equal: equivalence by the sign flips of how far within they lie."""
    if not margin or test.delta_mean is None:
        return _route(test, None)
    inside = abs(test.delta_mean) < margin
    p_value = max(sign_flip_constant_p(test.n_items) / 2, SMALLEST_P) if inside else 1.0
    return _route(attrs.evolve(test, method="sign_flip_exact"), p_value)


def _route(test: PairedTest, equivalence_p: float | None) -> Route:
    figures = figures_of(test, candidate_mean=test.treatment_mean, n_items=test.n_items)
    return Route(figures=figures, equivalence_p=equivalence_p)
