from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import attrs
import pytest

from themis.runtime.limits import RunLimits
from themis.runtime.options import RuntimeOptions


@attrs.frozen(kw_only=True)
class Policy:
    max_retries: int = 3
    retry_backoff_factor: float = 2.0
    circuit_breaker_threshold: int = 5
    max_in_flight_work_items: int = 32
    retryable_error_codes: Sequence[str] = ()


@pytest.fixture
def make_policy() -> type[Policy]:
    return Policy


@pytest.fixture
def make_limits() -> Callable[..., RunLimits]:
    """Limits of a policy's fields and, by `options`, of RuntimeOptions' fields."""

    def make(*, options: dict[str, object] | None = None, **policy: object) -> RunLimits:
        return RunLimits(Policy(**policy), RuntimeOptions(**(options or {})), rng=random.Random(7))

    return make
