"""Ending a run before its end, because what was asked is answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from themis.runtime.logging import get_logger

if TYPE_CHECKING:
    from themis.runtime.cancellation import Cancellation
    from themis.storage import RunStore

__all__ = ["StopRule", "StopWhenDecided", "stop_early"]

StopRule = Callable[["RunStore", str], "str | None"]
"""Given the store and the run's id: why the run may end now, or None. Called on another thread."""

_EVERY_SECONDS = 0.5
_SHARE = 20
"""A rule that takes long is asked so seldom that it takes a twentieth of the time."""


@attrs.define(slots=True, kw_only=True)
class StopWhenDecided:
    """Ends a run when one of two models is shown to be ahead.

    The comparison is `BenchmarkResult.compare_so_far`, which may be looked at any number of times:
    ending by it finds a difference that is not there with a chance of 1 - ci_level at most. That
    holds for metrics with bounds, whatever the scores; others end no run. `reason` says why the run
    was ended; None: it was not.
    """

    metric_id: str
    baseline_model_id: str
    treatment_model_id: str
    ci_level: float = 0.95
    reason: str | None = None

    def __call__(self, store: RunStore, run_id: str) -> str | None:
        """Look at what is recorded.

        Raises:
            ValueError: the run has no such model or metric, or the metric has no bounds.
        """
        from themis.results import BenchmarkResult

        found = BenchmarkResult(store, run_id).compare_so_far(
            metric_id=self.metric_id,
            baseline_model_id=self.baseline_model_id,
            treatment_model_id=self.treatment_model_id,
            ci_level=self.ci_level,
        )
        if not found.holds_always:
            msg = (
                f"{self.metric_id} declares no lowest and highest value, and without them no "
                "interval may be acted on at every look; let the run end, or name another metric"
            )
            raise ValueError(msg)
        if found.decided:
            self.reason = (
                f"{self.metric_id} is decided after {found.n_items} items: "
                f"{self.treatment_model_id} less {self.baseline_model_id} is "
                f"{found.delta_mean:+.4g} ({found.ci_lower:+.4g} to {found.ci_upper:+.4g})"
            )
        return self.reason


async def stop_early(
    rule: StopRule, store: RunStore, run_id: str, *, cancellation: Cancellation
) -> None:
    """Ask the rule now and again, until the run may end; then start nothing new.

    A rule that raises is asked no more: watching a run cannot end it otherwise than was asked for.
    """
    try:
        while not await _may_end(rule, store, run_id, cancellation=cancellation):
            pass
    except Exception as error:  # noqa: BLE001 (the caller's code)
        get_logger("themis.runtime").warning(
            "a stop rule raised; it is not asked again", error=f"{type(error).__name__}: {error}"
        )


async def _may_end(
    rule: StopRule, store: RunStore, run_id: str, *, cancellation: Cancellation
) -> bool:
    """Ask once, and rest if the answer is no."""
    started = time.monotonic()
    reason = await asyncio.to_thread(rule, store, run_id)
    if reason is not None:
        get_logger("themis.runtime").warning(f"the run ends: {reason}")
        cancellation.drain()
        return True
    await asyncio.sleep(max(_EVERY_SECONDS, _SHARE * (time.monotonic() - started)))
    return False
