"""Equal, or just too few items? Two one-sided tests within a margin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from themis.statistics.paired import SMALLEST_P, paired_t

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from themis.statistics.paired import PairedTest

__all__ = [
    "Equivalence",
    "check_margin",
    "equivalence_of_alike",
    "tost_from_se",
    "tost_paired",
    "tost_with_unseen",
]


@attrs.frozen(slots=True, kw_only=True)
class Equivalence:
    """Whether a difference lies within `low`..`high`, in the units of the scores.

    `p_lower` is of "not above low", `p_upper` of "not below high", `p_value` the larger: below
    0.05 the difference is shown to lie within, which is when the 90 % interval does.
    """

    low: float
    high: float
    p_lower: float | None
    p_upper: float | None
    p_value: float | None
    reason: str | None = None


def tost_from_se(delta: float, se: float, *, df: float, low: float, high: float) -> Equivalence:
    """Schuirmann's two one-sided t tests (1987), from a difference and its standard error.

    Raises:
        ValueError: low is not below high, or se is not positive.
    """
    from scipy.special import stdtr

    _check_bounds(low, high)
    if se <= 0:
        msg = f"a standard error of {se} leaves nothing to test; it must be positive"
        raise ValueError(msg)
    p_lower = max(float(stdtr(df, -(delta - low) / se)), SMALLEST_P)
    p_upper = max(float(stdtr(df, (delta - high) / se)), SMALLEST_P)
    return Equivalence(
        low=low, high=high, p_lower=p_lower, p_upper=p_upper, p_value=max(p_lower, p_upper)
    )


def tost_with_unseen(
    delta: float, se: float, *, units: int, margin: float, span: float
) -> Equivalence:
    """The same within -margin..margin, with room for the differences that no unit showed.

    Each one-sided test counts one unit more than the `units` that `delta` and `se` are of, whose
    difference is `span`, towards its own bound. Where most differences are equal, rare large ones
    may hide among those that were not drawn: units as alike as can be would then prove anything
    (a spread near 0), and so prove no more than that about 2.7 span/units is the largest that
    hides, which for right and wrong is what Tango's interval says. The larger `units`, the less it
    matters. `span` is the largest difference that the scores allow.

    Raises:
        ValueError: as `tost_from_se`.
    """
    low, high = (_one_more(delta, se, units=units, extra=extra) for extra in (-span, span))
    _check_bounds(-margin, margin)
    below = tost_from_se(*low, df=units - 1, low=-margin, high=margin).p_lower
    above = tost_from_se(*high, df=units - 1, low=-margin, high=margin).p_upper
    assert below is not None
    assert above is not None
    return Equivalence(
        low=-margin, high=margin, p_lower=below, p_upper=above, p_value=max(below, above)
    )


def equivalence_of_alike(delta: float, *, units: int, margin: float, span: float) -> Equivalence:
    """The same for `units` whose difference is `delta` each: exact, from their number alone.

    A true mean at a bound takes units that differ otherwise, by at most `span`; the fewest are a
    share q that differs by all of it: (1 - q) delta - q span = -margin, and the mirror image. That
    none of them was drawn has the probability (1 - q)^units, which is the p-value.

    Raises:
        ValueError: the margin is not positive, or `span` is not larger than it takes to differ.
    """
    _check_bounds(-margin, margin)
    if not span > abs(delta):
        msg = f"scores that span {span} leave no room for differences other than {delta}"
        raise ValueError(msg)
    shares = ((margin + delta) / (span + delta), (margin - delta) / (span - delta))
    below, above = (max(max(0.0, 1 - max(0.0, share)) ** units, SMALLEST_P) for share in shares)
    return Equivalence(
        low=-margin, high=margin, p_lower=below, p_upper=above, p_value=max(below, above)
    )


def _one_more(delta: float, se: float, *, units: int, extra: float) -> tuple[float, float]:
    """The mean and standard error of so many differences and one more."""
    more, away = units + 1, delta - extra
    spread = math.hypot(se * math.sqrt(units * (units - 1)), away * math.sqrt(units / more))
    return delta - away / more, spread / math.sqrt(units * more)


def tost_paired(
    baseline: Sequence[float],
    treatment: Sequence[float],
    *,
    low: float,
    high: float,
    clusters: Sequence[Hashable] | None = None,
) -> Equivalence:
    """The same for treatment - baseline on shared items."""
    _check_bounds(low, high)
    return tost_of(paired_t(baseline, treatment, clusters=clusters), low=low, high=high)


def tost_of(test: PairedTest, *, low: float, high: float) -> Equivalence:
    """Equivalence by the standard error of a t test that was made; None where it has none."""
    if test.delta_mean is None or not test.se or test.df is None:
        return Equivalence(
            low=low, high=high, p_lower=None, p_upper=None, p_value=None, reason=test.reason
        )
    return tost_from_se(test.delta_mean, test.se, df=test.df, low=low, high=high)


def check_margin(margin: float | None) -> None:
    """Raise ValueError unless `margin` is None or a finite number, not negative."""
    if margin is not None and not 0 <= margin < float("inf"):
        msg = f"a margin is the largest difference that does not matter, 0 or more; got {margin}"
        raise ValueError(msg)


def _check_bounds(low: float, high: float) -> None:
    if not low < high:
        msg = f"equivalence bounds must rise; got {low} to {high}"
        raise ValueError(msg)
