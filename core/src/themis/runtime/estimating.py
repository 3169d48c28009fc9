"""What a run would take: work items, tokens and cost of what the store does not have yet."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from themis.errors import ItemError
from themis.planning.estimate import CostEstimate, ModelEstimate, PriceTable, StageEstimate
from themis.planning.tokens import TokenCounter
from themis.runtime.survey import SURVEYED, Survey, is_listed, survey

if TYPE_CHECKING:
    from themis.planning.items import PlannedItem
    from themis.planning.plan import Arm
    from themis.runtime.planner import RunPlanner
    from themis.specs import ExperimentSpec

__all__ = ["estimate"]

_CHUNK = 2_000
_PROMPTS_PER_ARM = 200


def estimate(
    planner: RunPlanner, experiment: ExperimentSpec, prices: PriceTable | None
) -> CostEstimate:
    """Work, tokens and cost of what the store does not have yet."""
    found = survey(planner, experiment)
    totals = dict.fromkeys(SURVEYED, 0)
    done = dict(totals)
    pending: dict[int, list[bytes]] = {}
    entries = found.candidates()
    counted: set[bytes] = set()  # slices that share items and arms share their artifacts
    while chunk := list(islice(entries, _CHUNK)):
        every = [key for keys in chunk for names in keys.stages.values() for key in names]
        known = planner.store.known(every)
        for keys in chunk:
            new = [key for key in keys.stages["generate"] if key not in counted]
            for stage, names in keys.stages.items():
                fresh = [name for name in names if name not in counted]
                counted.update(fresh)
                totals[stage] += len(fresh)
                done[stage] += sum(name in known for name in fresh)
            if any(key not in known for key in new):
                pending.setdefault(keys.arm.index, []).append(keys.item)
    models, assumptions = _models(found, pending, prices)
    return CostEstimate(
        run_id=found.run_id,
        stages={
            stage: StageEstimate(totals[stage], done[stage])
            for stage in totals
            if is_listed(stage, totals[stage])
        },
        models=models,
        assumptions=assumptions,
    )


def _models(
    found: Survey, pending: dict[int, list[bytes]], prices: PriceTable | None
) -> tuple[tuple[ModelEstimate, ...], tuple[str, ...]]:
    calls: dict[str, list[int]] = {}
    assumptions: dict[str, None] = {}
    for index, items in pending.items():
        arm = found.plan.arms[index]
        prompt, how = _prompt_tokens(arm, items, found.items)
        totals = calls.setdefault(arm.model.model_id, [0, 0, 0])
        totals[0] += len(items)
        totals[1] += prompt
        totals[2] += len(items) * arm.params.max_tokens
        assumptions.update(dict.fromkeys(how))
    if calls:
        assumptions["completion tokens: the most that max_tokens allows"] = None
        assumptions["judge calls, tool rounds and follow-up turns are not in the tokens"] = None
    models = tuple(
        ModelEstimate(
            model_id=model,
            calls=count,
            prompt_tokens=prompt,
            completion_tokens_at_most=completion,
            cost_at_most=_cost(prices, model, prompt, completion),
        )
        for model, (count, prompt, completion) in calls.items()
    )
    return models, tuple(assumptions)


def _prompt_tokens(
    arm: Arm, items: list[bytes], payloads: dict[bytes, PlannedItem]
) -> tuple[int, list[str]]:
    """Prompt tokens of all of an arm's pending calls, from at most a few hundred prompts."""
    step = max(1, len(items) // _PROMPTS_PER_ARM)
    sample = items[::step][:_PROMPTS_PER_ARM]
    counter = TokenCounter.for_arm(arm)
    counted = [
        count for key in sample if (count := _count(arm, payloads[key], counter)) is not None
    ]
    how = [f"prompt tokens of {arm.model.model_id}: {counter.method}"]
    if len(sample) < len(items):
        how.append(f"prompt tokens: extrapolated from {len(sample)} prompts per arm")
    mean = sum(counted) / len(counted) if counted else 0.0
    return round(mean * len(items)), how


def _count(arm: Arm, item: PlannedItem, counter: TokenCounter) -> int | None:
    """One prompt's tokens; None for an item whose prompt cannot be rendered (it is never sent)."""
    try:
        return sum(counter.count(message.text) for message in arm.render(item))
    except ItemError:
        return None


def _cost(prices: PriceTable | None, model: str, prompt: int, completion: int) -> float | None:
    price = (prices or {}).get(model)
    if price is None:
        return None
    return (prompt * price.prompt + completion * price.completion) / 1_000_000
