from __future__ import annotations

import asyncio

import attrs
import pytest

from themis.errors import InferenceError
from themis.runtime.limits import BreakerState, ProviderStatus

FINE = ProviderStatus(
    provider="openai",
    in_flight=3,
    limit=32,
    ceiling=32,
    paused_seconds=0.0,
    breaker=BreakerState.CLOSED,
    last_error="refused",
)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({}, None),
        ({"limit": 12}, "openai: refuses more than about 12 calls at once"),
        ({"paused_seconds": 3.2}, "openai: asked us to wait, 3 s left"),
        (
            {"breaker": BreakerState.OPEN},
            "openai: not answering, waiting to try again (refused)",
        ),
        ({"breaker": BreakerState.GIVEN_UP}, "openai: given up (refused)"),
    ],
)
def test_a_note_says_what_is_wrong_with_a_provider(changes, note):
    assert attrs.evolve(FINE, **changes).note() == note


def test_a_run_notes_only_the_providers_that_are_not_well(make_limits):
    async def refuse():
        raise InferenceError("busy", retry_after=20, retryable=False)

    async def main():
        limits = make_limits()
        await limits.provider_gate("fine", "generate").call(lambda: "answer")
        await limits.provider_gate("busy", "generate").call(refuse)
        return limits.notes()

    assert asyncio.run(main()) == ("busy: asked us to wait, 20 s left",)
