"""Limits and faults: concurrency, rates, retries, breakers, deadlines."""

from __future__ import annotations

from themis.runtime.limits.breaker import BreakerState
from themis.runtime.limits.gate import CallGate, ProviderGate
from themis.runtime.limits.outcome import CallNotStarted, CallOutcome
from themis.runtime.limits.provider import ProviderStatus
from themis.runtime.limits.run_limits import RunLimits

__all__ = [
    "BreakerState",
    "CallGate",
    "CallNotStarted",
    "CallOutcome",
    "ProviderGate",
    "ProviderStatus",
    "RunLimits",
]
