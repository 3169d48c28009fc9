"""Everything that one provider's calls share, whichever stage or model they belong to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from themis.errors import ErrorCode, InferenceError
from themis.runtime.limits.breaker import BreakerState, CircuitBreaker
from themis.runtime.limits.retry import retry_after
from themis.runtime.limits.slots import AdaptiveSlots, Permit, Slots
from themis.runtime.limits.windows import RateWindow, Reservation

if TYPE_CHECKING:
    from themis.errors import ThemisError
    from themis.runtime.options import RuntimeOptions
    from themis.specs import ExecutionPolicySpec

__all__ = ["ProviderLoad", "ProviderStatus"]


@attrs.frozen(slots=True, kw_only=True)
class ProviderStatus:
    """One provider at one moment.

    `limit` is how many calls may be in flight now, `ceiling` how many the options allow;
    `paused_seconds` is what remains of a Retry-After.
    """

    provider: str
    in_flight: int
    limit: int
    ceiling: int
    paused_seconds: float
    breaker: BreakerState
    last_error: str | None

    def note(self) -> str | None:
        """What a progress view says of the provider; None if all is well."""
        if self.breaker is BreakerState.GIVEN_UP:
            return f"{self.provider}: given up ({self.last_error})"
        if self.breaker is not BreakerState.CLOSED:
            return f"{self.provider}: not answering, waiting to try again ({self.last_error})"
        if self.paused_seconds > 0:
            return f"{self.provider}: asked us to wait, {self.paused_seconds:.0f} s left"
        if self.limit < self.ceiling:
            return f"{self.provider}: refuses more than about {self.limit} calls at once"
        return None


class ProviderLoad:
    """A provider's slots, windows, Retry-After and breaker, as one limit."""

    __slots__ = (
        "_ceiling", "_max_retry_after", "_requests", "_resumes_at", "_serial", "_slots", "_tokens",
        "breaker", "name",
    )  # fmt: skip

    def __init__(
        self,
        provider: str,
        policy: ExecutionPolicySpec,
        options: RuntimeOptions,
        *,
        address: str | None = None,
    ) -> None:
        ceiling = options.provider_concurrency.get(provider, policy.max_in_flight_work_items)
        self.name = provider if address is None else f"{provider} at {address}"
        self._ceiling = ceiling
        self.breaker = CircuitBreaker(
            policy.circuit_breaker_threshold,
            cooldown=options.breaker_cooldown_seconds,
            cooldown_cap=options.breaker_cooldown_cap_seconds,
            probes=options.breaker_probes,
            first_answer_seconds=options.first_answer_seconds,
        )
        self._slots = AdaptiveSlots(ceiling) if options.adaptive else Slots(ceiling)
        self._requests = _window(options.provider_rate_limits.get(provider))
        self._tokens = _window(options.provider_token_limits.get(provider))
        self._max_retry_after = options.max_retry_after_seconds
        self._resumes_at = -math.inf
        self._serial = 0

    def opens_at(self, now: float, tokens: int) -> float:
        """When a call may start; see Limit."""
        at = max(self._resumes_at, self._slots.opens_at(now, tokens), self.breaker.opens_at(now))
        if self._requests is not None:
            at = max(at, self._requests.opens_at(now, 1))
        if self._tokens is not None:
            at = max(at, self._tokens.opens_at(now, tokens))
        return at

    def enter(self, permit: Permit, tokens: int) -> None:
        """A call starts."""
        self._serial += 1
        permit.serial = self._serial
        self._slots.enter(permit, tokens)
        self.breaker.enter(permit)
        if self._requests is not None:
            self._requests.reserve(permit.started, 1)
        if self._tokens is not None:
            permit.reserved = self._tokens.reserve(permit.started, tokens)

    def leave(self, permit: Permit) -> None:
        """A call has ended."""
        self._slots.leave(permit)
        self.breaker.leave()

    def succeeded(self, permit: Permit, now: float, used_tokens: int | None) -> None:
        """A call was answered; `used_tokens` replaces its estimate if it is known."""
        self.breaker.succeeded()
        if isinstance(self._slots, AdaptiveSlots):
            self._slots.succeeded(permit, now)
        if used_tokens is not None:
            self._settle(permit, used_tokens)

    def failed(self, permit: Permit, now: float, error: ThemisError) -> None:
        """A call failed: slow down, pause, or open the breaker, as the error asks."""
        self.breaker.failed(error, permit, now)
        pause = retry_after(error) or 0.0
        if error.code is ErrorCode.PROVIDER_RATE_LIMIT:
            self._settle(permit, 0)
            if isinstance(self._slots, AdaptiveSlots):
                self._slots.refused(permit, self._serial, now, pause)
        if pause > self._max_retry_after:
            self.breaker.give_up(self._too_long(pause, error))
        self._resumes_at = max(self._resumes_at, now + pause)

    def status(self, now: float) -> ProviderStatus:
        """What the provider's calls are doing."""
        last = self.breaker.last_error
        return ProviderStatus(
            provider=self.name,
            in_flight=self._slots.in_flight,
            limit=self._slots.limit,
            ceiling=self._ceiling,
            paused_seconds=max(0.0, self._resumes_at - now),
            breaker=self.breaker.state,
            last_error=None if last is None else last.message,
        )

    def refusal(self) -> InferenceError:
        """Why a call to a provider that was given up is not made."""
        last = self.breaker.last_error
        cause = f" ({last.code.value}: {last.message})" if last is not None else ""
        message = (
            f"no call was made: provider {self.name!r} was given up{cause}; "
            "when it works again, resume the run"
        )
        return InferenceError(message, code=ErrorCode.CIRCUIT_BREAKER, retryable=False)

    def _settle(self, permit: Permit, tokens: int) -> None:
        if self._tokens is not None and isinstance(permit.reserved, Reservation):
            self._tokens.settle(permit.reserved, tokens)

    def _too_long(self, pause: float, error: ThemisError) -> ThemisError:
        return InferenceError(
            f"it asks to wait {pause:g} s, more than max_retry_after_seconds="
            f"{self._max_retry_after:g}: {error.message}",
            code=error.code,
            retryable=False,
        )


def _window(limit: float | None) -> RateWindow | None:
    return None if limit is None else RateWindow(limit)
