"""What a run would take: work items by stage, tokens, and cost when prices are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from themis.errors import SpecIssue, SpecValidationError

__all__ = [
    "CostEstimate",
    "ModelEstimate",
    "Price",
    "PriceTable",
    "RunEstimate",
    "StageEstimate",
    "read_prices",
]


@attrs.frozen(slots=True, kw_only=True)
class Price:
    """Currency units per million tokens."""

    prompt: float
    completion: float


PriceTable = Mapping[str, Price]
"""Prices by model id."""


@attrs.frozen(slots=True)
class StageEstimate:
    """One stage's work items: all, and those whose artifacts the store has."""

    total: int
    done: int

    @property
    def pending(self) -> int:
        """Work items that would run."""
        return self.total - self.done


@attrs.frozen(slots=True, kw_only=True)
class ModelEstimate:
    """One model's pending calls. Completion tokens are the most that max_tokens allows."""

    model_id: str
    calls: int
    prompt_tokens: int
    completion_tokens_at_most: int
    cost_at_most: float | None = None


@attrs.frozen(slots=True, kw_only=True)
class CostEstimate:
    """What `estimate` found; `assumptions` say how each figure came about."""

    run_id: str
    stages: Mapping[str, StageEstimate]
    models: tuple[ModelEstimate, ...]
    assumptions: tuple[str, ...]

    @property
    def prompt_tokens(self) -> int:
        """Prompt tokens of all pending calls."""
        return sum(model.prompt_tokens for model in self.models)

    @property
    def completion_tokens_at_most(self) -> int:
        """The most completion tokens that all pending calls may give."""
        return sum(model.completion_tokens_at_most for model in self.models)

    @property
    def cost_at_most(self) -> float | None:
        """The most that the pending calls may cost; None when a price is missing."""
        costs = [model.cost_at_most for model in self.models]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "run_id": self.run_id,
            "stages": {
                name: {"total": s.total, "done": s.done, "pending": s.pending}
                for name, s in self.stages.items()
            },
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens_at_most": self.completion_tokens_at_most,
            "cost_at_most": self.cost_at_most,
            "models": [attrs.asdict(model) for model in self.models],
            "assumptions": list(self.assumptions),
        }


RunEstimate = CostEstimate
"""What the experiment API calls it."""


def read_prices(table: Mapping[str, Any]) -> PriceTable:
    """A price table as files write it: `{model: {prompt: 2.5, completion: 10}}` per million tokens.

    Raises:
        SpecValidationError: with an issue per entry that is not a pair of prices.
    """
    prices: dict[str, Price] = {}
    issues: list[SpecIssue] = []
    for model, entry in table.items():
        numbers = entry if isinstance(entry, Mapping) else {}
        values = [numbers.get(name) for name in ("prompt", "completion")]
        if set(numbers) == {"prompt", "completion"} and all(map(_is_price, values)):
            prices[model] = Price(prompt=float(values[0] or 0), completion=float(values[1] or 0))
        else:
            issues.append(
                SpecIssue(
                    "give two prices per million tokens: {prompt = 2.5, completion = 10}",
                    key=f"prices.{model}",
                )
            )
    if issues:
        raise SpecValidationError("\n".join(map(str, issues)), issues=issues)
    return prices


def _is_price(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
