"""What a benchmark sweeps, and where in the sweep each metric is best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from themis.results.variables import Variable

if TYPE_CHECKING:
    from themis.results import BenchmarkResult
    from themis.results.layout import Arm

__all__ = ["input_variables", "optimum"]

_ARM_KEYS = ("model_id", "prompt_variant_id", "slice_id", "params_hash")


def input_variables(result: BenchmarkResult) -> list[dict[str, Any]]:
    """Model, prompt variant and slice, each inference parameter that varies, each dimension."""
    names = ["model_id", "prompt_variant_id", "slice_id", *_swept(result), *result.dimensions]
    return [{"name": name, "units": None} for name in dict.fromkeys(names)]


def optimum(
    result: BenchmarkResult, variable: Variable
) -> tuple[float | None, dict[str, Any] | None]:
    """The best mean over the sweep in the metric's direction, and the inputs that gave it.

    Both are None for a metric without a direction or without scores.
    """
    if variable.direction == "none":
        return None, None
    keys = [*_ARM_KEYS] if variable.score_name is None else ["score_name", *_ARM_KEYS]
    rows = [
        row
        for row in result.aggregate(group_by=keys, metric_id=variable.metric_id)
        if row["mean"] is not None and row.get("score_name") == variable.score_name
    ]
    if not rows:
        return None, None
    best = (max if variable.direction == "maximize" else min)(rows, key=lambda row: row["mean"])
    arms = result.run_side().layout.arms
    arm = next(arm for arm in arms if all(getattr(arm, key) == best[key] for key in _ARM_KEYS))
    return best["mean"], _inputs(result, arm)


def _inputs(result: BenchmarkResult, arm: Arm) -> dict[str, Any]:
    inputs: dict[str, Any] = {name: getattr(arm, name) for name in _ARM_KEYS[:3]}
    inputs |= {name: arm.params.get(name.removeprefix("params.")) for name in _swept(result)}
    return inputs | {name: arm.dimensions.get(name) for name in result.dimensions}


def _swept(result: BenchmarkResult) -> list[str]:
    """The inference parameters of which there are several values, as `params.<name>`."""
    sets = list(result.parameter_sets.values())
    names = sorted({name for params in sets for name in params})
    return [
        f"params.{name}" for name in names if len({repr(params.get(name)) for params in sets}) > 1
    ]
