"""Which models of a leaderboard cannot be told apart."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import attrs

__all__ = ["Tier", "leaderboard_tiers"]


@attrs.frozen(slots=True, kw_only=True)
class Tier:
    """A model's tier, from 1, and the ranks it could have: `best_rank` to `worst_rank`.

    `best_rank` is 1 plus the number of models shown to be better, `worst_rank` the number of
    models less those shown to be worse.
    """

    tier: int
    best_rank: int
    worst_rank: int


def leaderboard_tiers(
    ranked: Sequence[Hashable], *, apart: Callable[[Hashable, Hashable], bool]
) -> dict[Hashable, Tier]:
    """Tiers of models, the best first: each holds what cannot be told from the tier's first model.

    `apart(better, worse)` says whether a test shows the first of the two to be better, after a
    correction over all pairs: a difference the other way is not what the order says. Being in one
    tier is not being equal: two members may differ from each other.
    """
    told = {
        (better, worse): apart(better, worse)
        for place, better in enumerate(ranked)
        for worse in ranked[place + 1 :]
    }
    found, tier = {}, 1
    first = ranked[0] if ranked else None
    for place, model in enumerate(ranked):
        if place and told[first, model]:
            tier, first = tier + 1, model
        better = sum(told[other, model] for other in ranked[:place])
        worse = sum(told[model, other] for other in ranked[place + 1 :])
        found[model] = Tier(tier=tier, best_rank=1 + better, worst_rank=len(ranked) - worse)
    return found
