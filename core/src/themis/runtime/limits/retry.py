"""Whether a failed call is tried again, and when.

Own code rather than stamina: stamina reports every retry through process-wide hooks, which print to
stdout unless the host program has configured structlog, and it fixes the wait when the call fails,
where a later refusal of another call must be able to lengthen it.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import attrs

from themis.errors import InferenceError, seconds_of

if TYPE_CHECKING:
    from themis.errors import ThemisError
    from themis.runtime.options import RuntimeOptions
    from themis.specs import ExecutionPolicySpec

__all__ = ["RetryPolicy"]


@attrs.frozen(slots=True, kw_only=True)
class RetryPolicy:
    """Exponential backoff with full jitter: each wait is uniform between 0 and its bound."""

    max_retries: int
    factor: float
    base_seconds: float
    cap_seconds: float
    max_retry_after_seconds: float
    codes: frozenset[str]
    rng: random.Random = attrs.field(factory=random.Random, repr=False)

    @classmethod
    def of(
        cls,
        policy: ExecutionPolicySpec,
        options: RuntimeOptions,
        *,
        rng: random.Random | None = None,
    ) -> RetryPolicy:
        """What the policy and the options say together."""
        return cls(
            max_retries=policy.max_retries,
            factor=policy.retry_backoff_factor,
            base_seconds=options.retry_base_seconds,
            cap_seconds=options.retry_cap_seconds,
            max_retry_after_seconds=options.max_retry_after_seconds,
            codes=frozenset(map(str, policy.retryable_error_codes)),
            rng=rng or random.Random(),  # noqa: S311 (jitter)
        )

    def for_judges(self, options: RuntimeOptions) -> RetryPolicy:
        """The same with what the options say of judges alone."""
        retries, factor, base = (
            options.judge_max_retries,
            options.judge_retry_backoff_factor,
            options.judge_retry_base_seconds,
        )
        return attrs.evolve(
            self,
            max_retries=self.max_retries if retries is None else retries,
            factor=self.factor if factor is None else factor,
            base_seconds=self.base_seconds if base is None else base,
        )

    def is_retryable(self, error: ThemisError) -> bool:
        """Whether another attempt can help: the error says so, or the policy names its code."""
        by_itself = isinstance(error, InferenceError) and error.retryable
        return by_itself or error.code.value in self.codes

    def delay(self, error: ThemisError, attempts: int) -> float | None:
        """Seconds to wait after `attempts` failed ones; None: do not try again.

        0 attempts: only probes of an open breaker have failed, and its cool-down is the wait.

        A Retry-After replaces the backoff: the provider's pause, which holds up all its calls, is
        the wait. If it is longer than the options allow, there is no other attempt.
        """
        if attempts > self.max_retries or not self.is_retryable(error):
            return None
        asked = retry_after(error)
        if asked is not None:
            return 0.0 if asked <= self.max_retry_after_seconds else None
        return self.rng.uniform(0.0, self.bound(attempts)) if attempts else 0.0

    def bound(self, attempts: int) -> float:
        """The longest backoff after `attempts` failed attempts, in seconds."""
        try:
            return min(self.cap_seconds, self.base_seconds * self.factor ** (attempts - 1))
        except OverflowError:
            return self.cap_seconds


def retry_after(error: ThemisError) -> float | None:
    """How long the provider asked to wait, in seconds; None if it did not, or not in numbers."""
    asked = seconds_of(error.retry_after) if isinstance(error, InferenceError) else None
    return max(0.0, asked) if asked is not None else None
