"""Ratings of a run's models by the preferences that judges had for their answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from themis.results.item_means import item_means
from themis.statistics import bradley_terry, normal_interval

if TYPE_CHECKING:
    from themis.results.overlay import Overlay
    from themis.results.source import RunSource

__all__ = ["preference_ratings"]

_TIE = 0.5


def preference_ratings(
    source: RunSource, overlay: Overlay, *, metric_id: str, opponent: str, alpha: float
) -> list[dict[str, Any]]:
    """One row per player, the strongest first; see `BenchmarkResult.preference_ratings`."""
    found = item_means(source, overlay, metric_id=metric_id)
    preferences = {model: list(means.values()) for (_, model), means in found.items()}
    if not preferences:
        msg = f"{metric_id!r} has no score yet: there is no preference to rate by"
        raise ValueError(msg)
    if opponent in preferences:
        msg = f"{opponent!r} is a model of the run; name the opponent otherwise"
        raise ValueError(msg)
    _check_preferences(metric_id, preferences)
    rated = bradley_terry(
        [
            (model, opponent) if value > _TIE else (opponent, model)
            for model, values in preferences.items()
            for value in values
            if value != _TIE
        ],
        players=[*preferences, opponent],
        ties=[(model, opponent) for model, values in preferences.items() for _ in _ties(values)],
        alpha=alpha,
    )
    records = _records(preferences, opponent)
    rows = []
    for player, strength in rated.strengths.items():
        se = rated.standard_errors[player]
        lower, upper = normal_interval(strength, se)
        rows.append(
            {
                "metric_id": metric_id,
                "player": player,
                "strength": strength,
                "se": se,
                "ci_lower": lower,
                "ci_upper": upper,
                "ci_level": 0.95,
                **records[str(player)],
                "method": rated.method,
            }
        )
    return sorted(rows, key=lambda row: (-row["strength"], row["player"]))


def _ties(values: list[float]) -> list[float]:
    return [value for value in values if value == _TIE]


def _records(preferences: Mapping[str, list[float]], opponent: str) -> dict[str, dict[str, int]]:
    """How many items each player won, lost and tied."""
    counts = {
        model: Counter("ties" if v == _TIE else "wins" if v > _TIE else "losses" for v in values)
        for model, values in preferences.items()
    }
    own = {
        model: {name: count[name] for name in ("wins", "losses", "ties")}
        for model, count in counts.items()
    }
    whole = sum(counts.values(), Counter[str]())
    other = {"wins": whole["losses"], "losses": whole["wins"], "ties": whole["ties"]}
    return {**own, opponent: other}


def _check_preferences(metric_id: str, preferences: Mapping[str, list[float]]) -> None:
    values = [value for found in preferences.values() for value in found]
    if min(values) < 0 or max(values) > 1:
        msg = (
            f"{metric_id!r} is no preference: its values reach from {min(values):g} to "
            f"{max(values):g}, and a preference lies between 0 (never) and 1 (always)"
        )
        raise ValueError(msg)
