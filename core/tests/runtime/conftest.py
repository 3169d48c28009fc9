from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import structlog
from hypothesis import settings

from themis.runtime.limits import RunLimits
from themis.runtime.options import RuntimeOptions
from themis.specs import ExecutionPolicySpec

# a busy machine is no failure of the code
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")


@pytest.fixture(autouse=True)
def _logs_of_a_library() -> None:
    """A command that another test ran in this process has configured the logs."""
    structlog.reset_defaults()


@pytest.fixture
def make_limits() -> Callable[..., RunLimits]:
    """Limits of ExecutionPolicySpec's fields and, by `options`, of RuntimeOptions' fields."""

    def make(*, options: dict[str, object] | None = None, **policy: object) -> RunLimits:
        return RunLimits(
            ExecutionPolicySpec(**policy), RuntimeOptions(**(options or {})), rng=random.Random(7)
        )

    return make
