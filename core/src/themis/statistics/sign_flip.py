"""Fisher's permutation test of paired differences: flip their signs in every way.

It assumes only that, were there no difference, each delta might as well have had the other sign.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from themis.statistics.estimate import SAME, check_level, finite_array
from themis.statistics.paired import SMALLEST_P, sign_flip_constant_p

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SignFlipTest", "sign_flip_interval", "sign_flip_test"]

MOST_EXACT = 20
"""Up to this many non-zero differences all sign patterns are tried: a million."""
_TIE = 1e-10
"""Relative to the sum of all: sums as close as this are equal but for rounding."""
_CHUNK = 4_000_000


@attrs.frozen(slots=True, kw_only=True)
class SignFlipTest:
    """How many of `total` sign patterns reach the observed mean, and the p-values that gives.

    `method` is `sign_flip_exact` (every pattern) or `sign_flip_monte_carlo` (a seeded sample; the
    observed pattern counts as one of them, so p is never 0). `p_greater` is one-sided: of a mean
    this high or higher.
    """

    mean: float | None
    exceed_greater: int | None
    exceed_two_sided: int | None
    total: int | None
    p_greater: float | None
    p_two_sided: float | None
    method: str = "none"
    reason: str | None = None


def sign_flip_test(
    deltas: Sequence[float], *, draws: int = 20_000, seed: int = 0, exact_to: int = MOST_EXACT
) -> SignFlipTest:
    """The permutation test of mean(deltas) = 0 (Fisher 1935).

    Exact up to `exact_to` non-zero differences and where all are equal; else from `draws` patterns.
    """
    values = finite_array(deltas)
    moved = values[values != 0]
    if not len(moved):
        reason = "no item differs: nothing to test" if len(values) else "no differences"
        mean = 0.0 if len(values) else None
        return SignFlipTest(
            mean=mean,
            exceed_greater=None,
            exceed_two_sided=None,
            total=None,
            p_greater=None,
            p_two_sided=None,
            reason=reason,
        )
    mean = float(values.mean())
    if len(moved) > exact_to and _constant(moved):
        return _constant_test(mean, len(moved))
    if len(moved) <= exact_to:
        return _counted(mean, *_exact_counts(moved), method="sign_flip_exact")
    counts = _sampled_counts(moved, draws=draws, seed=seed)
    return _counted(mean, *counts, method="sign_flip_monte_carlo")


def sign_flip_interval(
    deltas: Sequence[float], *, level: float = 0.95
) -> tuple[float, float] | None:
    """The means that the exact two-sided test does not reject, for at most 20 differences.

    Its limits are order statistics of the means of all non-empty subsets (Hartigan 1969). None
    where the level cannot be reached: fewer than 6 differences at 0.95.
    """
    check_level(level)
    values = finite_array(deltas)
    if len(values) > MOST_EXACT:
        msg = f"{len(values)} differences: the exact interval is for at most {MOST_EXACT}"
        raise ValueError(msg)
    place = math.floor((1 - level) / 2 * 2 ** len(values) + 1e-9)
    if place < 1:
        return None
    means = _subset_means(values)
    return float(means[place - 1]), float(means[-place])


def _constant(moved: Any) -> bool:
    return bool(moved.max() - moved.min() <= SAME * abs(moved).max())


def _constant_test(mean: float, n: int) -> SignFlipTest:
    p = sign_flip_constant_p(n)
    lower = max(p / 2, SMALLEST_P)
    return SignFlipTest(
        mean=mean,
        exceed_greater=1 if mean > 0 else 2**n,
        exceed_two_sided=2,
        total=2**n,
        p_greater=lower if mean > 0 else 1.0,
        p_two_sided=p,
        method="sign_flip_exact",
    )


def _counted(mean: float, greater: int, both: int, total: int, *, method: str) -> SignFlipTest:
    return SignFlipTest(
        mean=mean,
        exceed_greater=greater,
        exceed_two_sided=both,
        total=total,
        p_greater=greater / total,
        p_two_sided=both / total,
        method=method,
    )


def _exact_counts(moved: Any) -> tuple[int, int, int]:
    import numpy as np

    sums = np.zeros(1)
    for size in np.abs(moved):
        sums = np.concatenate([sums - size, sums + size])
    return (*_exceeding(sums, moved), len(sums))


def _sampled_counts(moved: Any, *, draws: int, seed: int) -> tuple[int, int, int]:
    """Counts over `draws` random patterns and the observed one."""
    import numpy as np

    rng = np.random.default_rng(seed)
    sizes, greater, both = np.abs(moved), 1, 1
    step = max(1, _CHUNK // len(moved))
    for start in range(0, draws, step):
        rows = min(step, draws - start)
        signs = rng.integers(0, 2, size=(rows, len(moved)), dtype=np.int8)
        found = _exceeding((2 * signs - 1) @ sizes, moved)
        greater, both = greater + found[0], both + found[1]
    return greater, both, draws + 1


def _exceeding(sums: Any, moved: Any) -> tuple[int, int]:
    import numpy as np

    observed, slack = float(moved.sum()), _TIE * float(np.abs(moved).sum())
    greater = int((sums >= observed - slack).sum())
    return greater, int((np.abs(sums) >= abs(observed) - slack).sum())


def _subset_means(values: Any) -> Any:
    """The means of all non-empty subsets, sorted."""
    import numpy as np

    sums, sizes = np.zeros(1), np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
        sizes = np.concatenate([sizes, sizes + 1])
    return np.sort(sums[1:] / sizes[1:])
