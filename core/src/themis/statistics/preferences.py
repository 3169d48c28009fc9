"""Pairwise preferences: strengths of models by who beat whom (Bradley and Terry 1952)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import attrs

__all__ = ["BradleyTerry", "NoMaximumError", "bradley_terry"]


class NoMaximumError(ValueError):
    """No finite strengths fit the games best: some players never lost to the others, or never met.

    `parts` are the groups within which each player both won and lost, directly or through others.
    """

    def __init__(self, parts: Sequence[Sequence[Hashable]]) -> None:
        self.parts = tuple(tuple(part) for part in parts)
        named = "; ".join(", ".join(map(str, part)) for part in self.parts)
        super().__init__(
            f"the games do not connect these parts both ways: {named}. "
            "Play games between them, compare within a part, or give alpha > 0"
        )


@attrs.frozen(slots=True, kw_only=True)
class BradleyTerry:
    """Log strengths that sum to 0, and the standard error of each.

    P(i beats j) = 1/(1 + exp(s_j - s_i)). `method` is `bradley_terry`, or
    `bradley_terry_regularised` where alpha was given. `covariance` is of the strengths, in the
    order of `strengths`.
    """

    strengths: Mapping[Hashable, float]
    standard_errors: Mapping[Hashable, float]
    covariance: tuple[tuple[float, ...], ...]
    games: int
    method: str

    def win_probability(self, first: Hashable, second: Hashable) -> float:
        """The chance that `first` beats `second`."""
        return 1 / (1 + math.exp(self.strengths[second] - self.strengths[first]))


def bradley_terry(
    games: Sequence[tuple[Hashable, Hashable]],
    *,
    players: Sequence[Hashable] | None = None,
    ties: Sequence[tuple[Hashable, Hashable]] = (),
    alpha: float = 0.0,
) -> BradleyTerry:
    """Maximum-likelihood strengths of games (winner, loser); a tie is half a win of each.

    `alpha` adds that many wins of every player over every other, which always has a maximum.

    Raises:
        NoMaximumError: the games have no maximum; it names the disconnected parts.
        ValueError: fewer than two players, a game against oneself, or a negative alpha.
    """
    names = list(dict.fromkeys([*(players or ()), *(name for game in games for name in game)]))
    names = list(dict.fromkeys([*names, *(name for tie in ties for name in tie)]))
    if len(names) < 2 or alpha < 0 or any(left == right for left, right in [*games, *ties]):
        msg = "two players or more, no game against oneself and alpha >= 0 are needed"
        raise ValueError(msg)
    wins = _win_matrix(names, games, ties, alpha)
    _check_connected(names, wins)
    strengths = _maximum(wins)
    covariance = _covariance(wins, strengths)
    return BradleyTerry(
        strengths=dict(zip(names, strengths.tolist(), strict=True)),
        standard_errors={
            name: math.sqrt(covariance[place, place]) for place, name in enumerate(names)
        },
        covariance=tuple(map(tuple, covariance.tolist())),
        games=len(games) + len(ties),
        method="bradley_terry_regularised" if alpha else "bradley_terry",
    )


def _win_matrix(names: Sequence[Hashable], games: Any, ties: Any, alpha: float) -> Any:
    import numpy as np

    place = {name: index for index, name in enumerate(names)}
    wins = np.full((len(names), len(names)), float(alpha))
    np.fill_diagonal(wins, 0.0)
    for winner, loser in games:
        wins[place[winner], place[loser]] += 1
    for left, right in ties:
        wins[place[left], place[right]] += 0.5
        wins[place[right], place[left]] += 0.5
    return wins


def _check_connected(names: Sequence[Hashable], wins: Any) -> None:
    """A maximum exists where everyone can be reached by wins from everyone (Ford 1957)."""
    from scipy.sparse.csgraph import connected_components

    count, labels = connected_components(wins > 0, directed=True, connection="strong")
    if count > 1:
        parts: dict[int, list[Hashable]] = {}
        for name, label in zip(names, labels, strict=True):
            parts.setdefault(int(label), []).append(name)
        raise NoMaximumError(sorted(parts.values(), key=lambda part: names.index(part[0])))


def _maximum(wins: Any) -> Any:
    """The strengths, centred; the first is held at 0 while the likelihood is climbed."""
    import numpy as np
    from scipy.optimize import minimize

    def loss(free: Any) -> tuple[Any, Any]:
        strengths = np.concatenate([[0.0], free])
        apart = np.subtract.outer(strengths, strengths)
        expected = (wins + wins.T) / (1 + np.exp(-apart))
        gradient = (expected - wins).sum(axis=1)
        return (wins * np.logaddexp(0, -apart)).sum(), gradient[1:]

    def curvature(free: Any) -> Any:
        return _information(wins, np.concatenate([[0.0], free]))[1:, 1:]

    start = np.zeros(len(wins) - 1)
    found = minimize(
        loss, start, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-9}
    )
    strengths = np.concatenate([[0.0], found.x])
    return strengths - strengths.mean()


def _information(wins: Any, strengths: Any) -> Any:
    """Fisher's information of all strengths: a graph Laplacian weighted by n p (1 - p)."""
    import numpy as np

    apart = np.subtract.outer(strengths, strengths)
    weights = (wins + wins.T) / (2 + 2 * np.cosh(apart))
    return np.diag(weights.sum(axis=1)) - weights


def _covariance(wins: Any, strengths: Any) -> Any:
    """The information's pseudo-inverse: the covariance of strengths that sum to 0."""
    import numpy as np

    return np.linalg.pinv(_information(wins, strengths), hermitian=True)
